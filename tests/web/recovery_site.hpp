// The site of a portal whose voters sign in with identifier and password, behind a real listener.
#pragma once

#include <mutex>

#include "service/recovery_fixture.hpp"
#include "web/site_fixture.hpp"

namespace isoloir::web {

inline std::string keys_portal() {
  std::string toml(fixture_portal);
  const auto replace = [&](std::string_view from, std::string_view to) {
    const auto at = toml.find(from);
    ISOLOIR_ASSERT(at != std::string::npos);
    toml.replace(at, from.size(), to);
  };
  replace("email-password", "identifier-password");
  replace("[voting_code]\ntries = 5\nproof_minutes = 10\n", R"toml([credentials]
identifier_characters = 12
identifier_by = "email"
password_characters = 12
password_by = "sms"
proof_minutes = 10
[reissue]
apart_hours = 24
[reissue.password]
email_link_minutes = 120
per_election = 3
requests = { minute = 1, hour = 3, day = 6 }
wrong_proofs_per_day = 5
first_delay_seconds = 60
destination = { minute = 1, hour = 3, day = 5, voters = 2 }
phone_countries = ["33"]
[reissue.identifier]
per_election = 3
requests = { minute = 1, hour = 3, day = 6 }
destination = { minute = 1, hour = 3, day = 5, voters = 2 }
[messages]
email_sender = "vote@portal.example"
sms_sender = "Vote"
per_second = { email = 50, sms = 30, kept_percent = 30 }
)toml");
  return toml;
}

struct RecoverySite : RecoveryFixture {
  explicit RecoverySite(std::size_t voters) : RecoveryFixture(voters) {
    policy = *portal.recovery;
    http::ServerOptions options;
    options.address = "127.0.0.1";
    options.report = [this](std::string_view line) {
      const std::lock_guard lock(reported_mutex);
      reported += std::string(line) + "\n";
    };
    server = std::make_unique<http::Server>(std::move(options), site);
    EXPECT_TRUE(server->start());
  }
  ~RecoverySite() override { server->stop(); }

  http::ClientResponse get(http::Client& client, std::string_view target) {
    const auto answer = client.get(target, {});
    EXPECT_TRUE(answer) << answer.error().message;
    return *answer;
  }
  std::string digits(const std::string& captcha) {
    return *state->database().read([&](store::Transaction& t) -> Expected<std::string> {
      return t.query("SELECT digits FROM captcha WHERE id = $1", {captcha}).at(0).text(0);
    });
  }
  using Fields = std::vector<std::pair<std::string, std::string>>;
  Fields form(const std::string& page, const std::string& typed_number, const std::string& typed) {
    const auto id = SiteFixture::hidden(page, "captcha_id");
    return {{"csrf", SiteFixture::hidden(page, "csrf")},
            {"number", typed_number},
            {"email", typed},
            {"captcha_id", id},
            {"captcha", digits(id)}};
  }

  Portal portal = *Portal::parse(keys_portal(), "keys.toml");
  Renderer renderer{asset};
  MessageTexts message_texts{renderer, portal};
  Site site{*state, *log, portal, renderer, std::nullopt, {.recoveries = service.get()}};
  std::mutex reported_mutex;
  std::string reported;  // the server's lines
  std::unique_ptr<http::Server> server;
};

}  // namespace isoloir::web
