// The site of a portal whose voters open their accounts themselves, behind a real listener.
#pragma once

#include "web/site_fixture.hpp"

namespace isoloir::web {

inline AccountPolicy account_policy() {
  AccountPolicy policy;
  policy.invitations_from = fixture_opens - 20 * day_ms;
  policy.questions = {{"What make was your first car?", "Votre première voiture ?"}};
  return policy;
}

// Three voters with an account, the others without: E4.
struct AccountHttp : VotingFixture {
  explicit AccountHttp(std::size_t voters = 4) : VotingFixture(voters) {
    clock.set(fixture_opens + hour);
    set_phase(0, "open");
    set_phase(1, "open");
    for (std::size_t v = 0; v < 3; ++v) {
      EXPECT_TRUE(create_account(
          *state, {roll.voters[v].id, "Isoloir-1234-abcd", "Première voiture ?", "Deux-Chevaux"}));
    }
    portal.account = policy;
    http::ServerOptions options;
    options.address = "127.0.0.1";
    server = std::make_unique<http::Server>(std::move(options), site);
    EXPECT_TRUE(server->start());
  }
  ~AccountHttp() override { server->stop(); }

  struct Device {
    AccountHttp& fixture;
    http::Client client{"127.0.0.1", fixture.server->port()};

    http::ClientResponse get(std::string_view target, const http::Headers& more = {}) {
      const auto answer = client.get(target, more);
      EXPECT_TRUE(answer) << target << ": " << answer.error().message;
      return *answer;
    }
    http::ClientResponse post(std::string_view target,
                              const std::vector<std::pair<std::string, std::string>>& fields) {
      const auto answer = client.post_form(target, {fields}, {});
      EXPECT_TRUE(answer) << target << ": " << answer.error().message;
      return *answer;
    }
    http::ClientResponse post_json(std::string_view target, std::string_view body) {
      const auto answer = client.request(
          "POST", target, {{"Content-Type", "application/json"}, {"X-Requested-With", "isoloir"}},
          body);
      EXPECT_TRUE(answer);
      return *answer;
    }
    std::string open(const std::string& token) {
      const auto body = canonical_json({{"token", token}});
      auto answer = Json::parse(post_json("/api/account/open", body).body);
      if (answer["status"] == "again") {
        answer = Json::parse(post_json("/api/account/open", body).body);
      }
      return answer["status"];
    }
    // Where an answer leads, or its status.
    static std::string leads(const http::ClientResponse& answer) {
      const auto* location = http::find_header(answer.headers, "Location");
      return location ? *location : std::to_string(answer.status);
    }
    using Fields = std::vector<std::pair<std::string, std::string>>;
    // What the form at this address sends besides what is typed.
    Fields form(std::string_view target, const Fields& typed) {
      const auto page = get(target).body;
      Fields fields = {{"csrf", SiteFixture::hidden(page, "csrf")},
                       {"reference", SiteFixture::hidden(page, "reference")}};
      fields.insert(fields.end(), typed.begin(), typed.end());
      return fields;
    }
    std::string choose(const std::string& password) {
      return leads(post("/account/password", form("/account/password", {{"password", password}})));
    }
    std::string answer(const std::string& text) {
      return leads(
          post("/account/question",
               form("/account/question", {{"question", "0"}, {"own", ""}, {"answer", text}})));
    }
  };
  Device device() { return {*this}; }

  std::string digits(const std::string& captcha) {
    return *state->database().read([&](store::Transaction& t) -> Expected<std::string> {
      return t.query("SELECT digits FROM captcha WHERE id = $1", {captcha}).at(0).text(0);
    });
  }
  http::ClientResponse ask(Device& one, const std::string& typed) {
    const auto page = one.get("/account-link").body;
    const auto id = SiteFixture::hidden(page, "captcha_id");
    return one.post("/account-link", {{"csrf", SiteFixture::hidden(page, "csrf")},
                                      {"email", typed},
                                      {"captcha_id", id},
                                      {"captcha", digits(id)}});
  }
  // All that somebody sees who asks, from a browser of her own.
  std::string seen(const std::string& typed) {
    auto one = device();
    const auto answer = ask(one, typed);
    EXPECT_EQ(answer.status, 303);
    const auto requested = one.get("/account-link/requested");
    EXPECT_EQ(requested.status, 200);
    static const std::regex sealed("__Host-account-requested=[A-Za-z0-9_-]+");
    const auto* cookie = http::find_header(answer.headers, "Set-Cookie");
    static const std::regex hours("[0-9]{2}h[0-9]{2}");  // time goes on
    return std::to_string(cookie ? cookie->size() : 0) +
           std::regex_replace(SiteFixture::comparable(answer), sealed, "*") +
           std::regex_replace(SiteFixture::comparable(requested), hours, "*");
  }
  std::string token_for(std::size_t voter) {
    clock.advance(minute);
    (void)accounts.ask(roll.voters[voter].email, {"192.0.2.1", "fr"});
    accounts.work();
    return token_in("account-link", voter);
  }
  std::string token_in(std::string_view kind, std::size_t voter) {
    InboxTransport transport;
    outbox_of(*state).deliver(transport, state->now());
    for (const auto& message : read_inbox(*state)) {
      if (message.kind != kind || message.destination != roll.voters[voter].email) continue;
      return message.body.substr(message.body.find('#') + 1, 43);
    }
    ADD_FAILURE() << "no message " << kind;
    return {};
  }

  AccountPolicy policy = account_policy();
  Portal portal = *Portal::parse(fixture_portal, "fixture.toml");
  Renderer renderer{asset};
  MessageTexts message_texts{renderer, portal};
  AccountLinks accounts{*state, policy, SignInPolicy{}, message_texts};
  Site site{*state, *log, portal, renderer, std::nullopt, {.accounts = &accounts}};
  std::unique_ptr<http::Server> server;
};

}  // namespace isoloir::web
