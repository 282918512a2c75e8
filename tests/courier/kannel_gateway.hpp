// Kannel as docs/kannel.conf.example sets it up, an operator's message centre behind it
// (smpp_centre.mjs) and who takes its reports, all started by a test, in a folder of its own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/canonical_json.hpp"
#include "base/files.hpp"
#include "base/places.hpp"
#include "base/temporary_folder.hpp"
#include "courier/kannel_route.hpp"
#include "courier/peer.hpp"
#include "courier/sms_report.hpp"
#include "http/client.hpp"
#include "http/server.hpp"

namespace isoloir::test {

inline bool wait_until(const std::function<bool()>& true_at_last, int seconds = 30) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!true_at_last()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

inline SymmetricKey report_key() {
  return SymmetricKey(ByteArray<32>{7});
}

// Takes what Kannel calls.
class Reports final : public http::Handler {
 public:
  Reports() { EXPECT_TRUE(server_.start()); }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + "/report";
  }
  std::vector<SmsReport> of(const std::string& message_id) {
    const std::lock_guard lock(mutex_);
    std::vector<SmsReport> found;
    for (const auto& report : reports_) {
      if (report.message_id == message_id) found.push_back(report);
    }
    return found;
  }
  std::optional<SmsReport> of(const std::string& message_id, SmsState state) {
    for (const auto& report : of(message_id)) {
      if (report.state == state) return report;
    }
    return std::nullopt;
  }
  std::string queries() {  // all of them, as received
    const std::lock_guard lock(mutex_);
    return queries_;
  }
  void refuse_one() {  // as while the program is being restarted
    const std::lock_guard lock(mutex_);
    refuse_ = true;
  }

  http::Lane lane(const http::Request&) override { return http::Lane::light; }
  http::Response busy_page(const http::Request&) override { return http::Response::text(""); }
  http::Response error_page(int, const http::Request*) override { return http::Response::text(""); }
  http::Response handle(const http::Request& request) override {
    const std::lock_guard lock(mutex_);
    if (std::exchange(refuse_, false)) return http::Response::text("", 503);
    queries_ += request.query + "\n";
    const auto report = parse_sms_report(request.query, report_key());
    EXPECT_TRUE(report) << request.query;
    if (report) reports_.push_back(*report);
    return http::Response::text("");
  }

 private:
  std::mutex mutex_;
  std::vector<SmsReport> reports_;
  std::string queries_;
  bool refuse_ = false;
  http::Server server_{{}, *this};
};

class KannelGateway {
 public:
  static constexpr std::string_view password = "GoodPassword5";
  static constexpr std::string_view operator_password = "Operat7r";  // SMPP takes 8 characters

  // `countries`: of smpp_centre.mjs.
  explicit KannelGateway(bool with_centre = true, std::string countries = "{}")
      : countries_(std::move(countries)) {
    for (const auto* sub : {"log", "store", "reports"}) {
      std::filesystem::create_directories(folder_ / sub);
    }
    write_file(folder_ / "kannel.conf", configuration(), FileMode::secret);
    if (with_centre) start_centre();
    bearerbox_.emplace(command("bearerbox"), folder_ / "log" / "bearerbox.out");
    EXPECT_TRUE(bearerbox_->listens(smsbox_port_));
    // That try was a box to it, for a moment.
    EXPECT_TRUE(wait_until([&] {
      const auto page = status();
      return !page.empty() && page.find("smsbox:") == npos;
    }));
    smsbox_.emplace(command("smsbox"), folder_ / "log" / "smsbox.out");
    // It listens before it is connected; a request that comes between is cut off.
    EXPECT_TRUE(wait_until([&] { return status().find("smsbox:") != npos; }));
    if (with_centre) {
      EXPECT_TRUE(wait_until([&] { return status().find("(online") != npos; }));
    }
  }
  ~KannelGateway() {
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "bearerbox " << (bearerbox_->running() ? "runs" : "has ended") << ", smsbox "
                    << (smsbox_->running() ? "runs" : "has ended") << "\n"
                    << logs() << status();
    }
    if (smsbox_) smsbox_->stop(SIGKILL);
    if (bearerbox_) bearerbox_->stop(SIGKILL);
    centre_.reset();
  }

  void start_centre() {
    centre_.emplace(std::vector<std::string>{source_dir() + "/scripts/node",
                                             source_dir() + "/tests/courier/smpp_centre.mjs",
                                             std::to_string(centre_port_), countries_},
                    folder_ / "centre.jsonl");
    EXPECT_TRUE(centre_->listens(centre_port_));
  }
  Peer& bearerbox() { return *bearerbox_; }

  KannelSettings settings(std::string report_url = {}) const {
    KannelSettings settings;
    settings.name = "kannel-1";
    settings.url = "http://127.0.0.1:" + std::to_string(sendsms_port_) + "/cgi-bin/sendsms";
    settings.user = "isoloir";
    settings.password = Secret<std::string>(std::string(password));
    settings.smsc = "operator";
    settings.sender = "Scrutin2026";
    settings.report_url = std::move(report_url);
    settings.report_key = report_key();
    return settings;
  }

  // What has reached the centre, for this number or for all.
  std::vector<Json> reached(std::string_view number = {}) const {
    std::vector<Json> found;
    const auto text = read_file(folder_ / "centre.jsonl").value_or("");
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != npos; at = end + 1) {
      auto line = Json::parse(text.substr(at, end - at), nullptr, false);
      if (!line.is_object()) continue;
      if (number.empty() || line["number"] == number.substr(1)) found.push_back(std::move(line));
    }
    return found;
  }

  std::string status() const {
    const auto page =
        http::Client("127.0.0.1", admin_port_).get("/status.txt?password=status-password-1");
    return page ? page->body : "";
  }
  // All that Kannel has written, logs and output.
  std::string logs() const { return contents("log"); }
  // Messages that have not gone, and reports awaited.
  std::string store() const { return contents("store"); }

 private:
  static constexpr auto npos = std::string::npos;

  std::vector<std::string> command(const std::string& box) const {
    // -v 4: as Debian's own start script does.
    return {"/usr/sbin/" + box, "-v", "4", "--", (folder_ / "kannel.conf").string()};
  }
  std::string contents(const char* sub) const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / sub)) {
      if (entry.is_regular_file()) all += read_file(entry.path()).value_or("");
    }
    return all;
  }
  // The shipped file with the machine's own values, so that neither drifts from the other.
  std::string configuration() const {
    auto text = read_file(test::source_dir() + "/docs/kannel.conf.example").value_or("");
    const auto change = [&](std::string_view from, const std::string& to) {
      const auto at = text.find(from);
      ASSERT_NE(at, npos) << "docs/kannel.conf.example lacks " << from;
      text.replace(at, from.size(), to);
      ASSERT_EQ(text.find(from, at + to.size()), npos) << "twice: " << from;
    };
    const auto port = [](std::uint16_t number) { return std::to_string(number); };
    change("admin-port = 13000", "admin-port = " + port(admin_port_));
    change("smsbox-port = 13001", "smsbox-port = " + port(smsbox_port_));
    change("sendsms-port = 13013", "sendsms-port = " + port(sendsms_port_));
    // Whole, as another port may begin with the same four digits.
    change("\nport = 2775\n", "\nport = " + port(centre_port_) + "\n");
    change("use-ssl = true", "use-ssl = false");
    change("OPERATOR-HOST", "127.0.0.1");
    change("OPERATOR-USER", "isoloir");
    change("OPERATOR-PASSWORD", std::string(operator_password));
    change("SENDSMS-PASSWORD", std::string(password));
    change("ADMIN-PASSWORD", "admin-password-1");
    change("STATUS-PASSWORD", "status-password-1");
    change("/var/log/kannel/bearerbox.log", (folder_ / "log/bearerbox.log").string());
    change("/var/log/kannel/smsbox.log", (folder_ / "log/smsbox.log").string());
    change("/run/kannel/store", (folder_ / "store").string());
    change("/run/kannel/reports", (folder_ / "reports").string());
    // Times, which a test does not wait for.
    change("sms-resend-freq = 60", "sms-resend-freq = 1");
    change("sms-resend-retry = 30", "sms-resend-retry = 2");
    change("http-queue-delay = 10", "http-queue-delay = 1");
    change("reconnect-delay = 10", "reconnect-delay = 1");
    for (const auto* machines_own : {"\naccess-log", " /var/", " /run/"}) {
      const auto at = text.find(machines_own, text.find("group = core"));
      EXPECT_EQ(at, npos) << "docs/kannel.conf.example: "
                          << text.substr(std::min(at, text.size()), 40);
    }
    return text;
  }
  const std::string countries_;
  const TemporaryFolder folder_;
  const std::uint16_t admin_port_ = unused_port();
  const std::uint16_t smsbox_port_ = unused_port();
  const std::uint16_t sendsms_port_ = unused_port();
  const std::uint16_t centre_port_ = unused_port();
  std::optional<Peer> centre_, bearerbox_, smsbox_;
};

}  // namespace isoloir::test
