// The operator's site of a small election, its outbox and routing the real ones; carriers say what
// they are told to say, the clock is set by hand.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <regex>

#include "base/local_time.hpp"
#include "service/reissue.hpp"
#include "service/voting_fixture.hpp"
#include "web/assets.hpp"
#include "web/operator_site.hpp"

namespace isoloir::web {

inline constexpr std::string_view operator_token = "a token of more than twenty characters";
inline const std::string nbsp = "\u00a0";

struct SpeakingCarrier final : Carrier {
  explicit SpeakingCarrier(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  SendOutcome carry(const OutgoingMessage& message) override {
    taken.push_back(message.id);
    return answer;
  }
  SendOutcome answer = Delivery::accepted;
  std::vector<std::string> taken{};  // ids, in order

 private:
  std::string name_;
};

struct OperatorSiteTest : VotingFixture {
  OperatorSiteTest() : VotingFixture(1) {
    clock.set(*from_hour("2022-12-01T14:25:00"));
    std::vector<std::unique_ptr<Carrier>> relays;
    relays.push_back(add("relay-1"));
    std::vector<SmsRoute> routes;
    routes.push_back({add("route-a"), {}, true});
    open_site(std::move(relays), std::move(routes));
  }
  void open_site(std::vector<std::unique_ptr<Carrier>> relays, std::vector<SmsRoute> routes) {
    site.reset();
    routing.emplace(std::move(relays), std::move(routes), RouteFloor{}, clock,
                    [](std::string_view) {});
    OperatorSettings settings;
    settings.token = Secret(std::string(operator_token));
    settings.title = {"Elections 2022", "Élections 2022"};
    settings.report_wait_ms = 3 * minute_ms;
    settings.voters = voters;
    settings.log = [this] { return log_standing; };
    site.emplace(messages_of(*state), *routing, renderer, std::move(settings));
  }
  // As if the operator had called a relay so.
  void rename_relay(const std::string& name) {
    std::vector<std::unique_ptr<Carrier>> relays;
    relays.push_back(std::make_unique<SpeakingCarrier>(name));
    open_site(std::move(relays), {});
  }
  static Expected<TimeMs> from_hour(std::string_view local) {
    return from_local_time(local, "Europe/Paris");
  }
  std::unique_ptr<SpeakingCarrier> add(const std::string& name) {
    auto carrier = std::make_unique<SpeakingCarrier>(name);
    carriers[name] = carrier.get();
    return carrier;
  }

  http::Response get(std::string path, std::string query = "", bool with_token = true) {
    http::Request request;
    request.path = std::move(path);
    request.query = std::move(query);
    if (with_token) {
      const auto pair = "anybody:" + std::string(operator_token);
      request.headers.push_back({"Authorization", "Basic " + base64_encode(as_bytes(pair))});
    }
    return site->handle(request);
  }
  std::string page(std::string query = "") {
    const auto answer = get("/", std::move(query));
    EXPECT_EQ(answer.status, 200);
    return answer.body;
  }
  std::string alarms(std::string query = "") {
    const auto all = page(std::move(query));
    const auto from = all.find("<h2 "), to = all.find("<table", from);
    return all.substr(from, to - from);
  }

  void queue(int count, const std::string& destination, TimeMs not_before = 0) {
    const bool sms = destination.starts_with("+");
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      for (int i = 0; i < count; ++i) {
        NewMessage message{"E1",
                           "reissue-link",
                           sms ? MessageChannel::sms : MessageChannel::email,
                           (sms ? "" : std::to_string(i)) + destination,
                           "subject",
                           "a body nobody else reads",
                           clock.now() + day_ms};
        if (sms) message.destination += std::to_string(10'000'000 + i);
        message.not_before = not_before;
        outbox_of(*state).queue(t, clock.now(), message);
      }
      return {};
    }));
  }
  void leave() { outbox_of(*state).deliver(*routing, clock.now()); }
  // Of what `carrier` took last, the first `count`.
  void say(const std::string& carrier, int count, DeliveryReport::State what) {
    auto& taken = carriers[carrier]->taken;
    for (int i = 0; i < count && !taken.empty(); ++i) {
      const auto id = *hex_decode(taken.back());
      DeliveryReport report{{}, carrier, what, Reason::none};
      std::copy(id.begin(), id.end(), report.message.begin());
      EXPECT_TRUE(outbox_of(*state).report(report, clock.now(),
                                           [](const OutgoingMessage&) { return false; }));
      taken.pop_back();
    }
  }
  // What Argentina saw: of 36 text messages whose fate is known 4 were delivered.
  void argentina() {
    queue(40, "+54911");
    leave();
    say("route-a", 4, DeliveryReport::State::delivered);
    say("route-a", 32, DeliveryReport::State::failed);
  }

  // The cells of a row of the table with that caption, without the marks; nothing where there is
  // none.
  static std::vector<std::string> row(const std::string& page, const std::string& caption,
                                      const std::string& name) {
    const auto table = page.find(caption + "</caption>");
    if (table == std::string::npos) return {};
    const auto end = page.find("</table>", table);
    const auto from = page.find("<th scope=\"row\" class=\"govuk-table__header\">" + name, table);
    if (from > end) return {};
    const auto text = page.substr(from, page.find("</tr>", from) - from);
    std::vector<std::string> cells;
    const std::regex cell("<td[^>]*>(.*)</td>"), tag("<title>.*</title>|<[^>]*>");
    for (std::sregex_iterator it(text.begin(), text.end(), cell), last; it != last; ++it) {
      cells.push_back(std::regex_replace(it->str(1), tag, ""));
    }
    return cells;
  }

  std::map<std::string, SpeakingCarrier*> carriers;
  Renderer renderer{asset};
  std::shared_ptr<http::ServerFigures> voters = std::make_shared<http::ServerFigures>();
  Log::Standing log_standing;
  std::optional<Routing> routing;
  std::optional<OperatorSite> site;
};

}  // namespace isoloir::web
