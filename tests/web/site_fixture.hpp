// The portal's site behind a real listener, with voters' browsers at addresses of their own.
#pragma once

#include <regex>

#include "http/client.hpp"
#include "http/server.hpp"
#include "service/reissue_fixture.hpp"
#include "web/assets.hpp"
#include "web/message_texts.hpp"
#include "web/site.hpp"

namespace isoloir::web {

struct SiteFixture : ReissueFixture {
  explicit SiteFixture(Statements given = {}) : statements(std::move(given)) {
    portal.reissue = policy;  // which the service follows
    http::ServerOptions options;
    options.address = "127.0.0.1";
    options.trusted_proxies.push_back(*http::AddressRange::parse("127.0.0.1"));
    server = std::make_unique<http::Server>(std::move(options), site);
    EXPECT_TRUE(server->start());
  }
  ~SiteFixture() override { server->stop(); }

  using Fields = std::vector<std::pair<std::string, std::string>>;

  // One device: cookies, an address.
  struct Browser {
    SiteFixture& fixture;
    std::string address = "192.0.2.1";
    http::Client client{"127.0.0.1", fixture.server->port()};
    http::Headers more = {};  // sent with every request

    http::Headers headers() const {
      auto all = more;
      all.push_back({"X-Forwarded-For", address});
      return all;
    }
    http::ClientResponse get(std::string_view target) {
      const auto answer = client.get(target, headers());
      EXPECT_TRUE(answer) << target << ": " << answer.error().message;
      return *answer;
    }
    http::ClientResponse post(std::string_view target, const Fields& fields) {
      const auto answer = client.post_form(target, {fields}, headers());
      EXPECT_TRUE(answer) << target << ": " << answer.error().message;
      return *answer;
    }
    http::ClientResponse post_text(std::string_view target, std::string_view body,
                                   std::string_view type = "application/x-www-form-urlencoded") {
      auto with_type = headers();
      with_type.push_back({"Content-Type", std::string(type)});
      with_type.push_back({"X-Requested-With", "isoloir"});
      const auto answer = client.request("POST", target, with_type, body);
      EXPECT_TRUE(answer) << target << ": " << answer.error().message;
      return *answer;
    }
    Json post_json(std::string_view target, const Json& body) {
      const auto answer = post_text(target, canonical_json(body), "application/json");
      EXPECT_EQ(answer.status, 200) << target;
      return Json::parse(answer.body);
    }
    // Gives the answer of the sign-in form, captcha solved. `page` holds the form.
    http::ClientResponse send_sign_in(const std::string& page, std::string_view email,
                                      std::string_view password) {
      const auto id = hidden(page, "captcha_id");
      return post("/sign-in", {{"csrf", hidden(page, "csrf")},
                               {"email", std::string(email)},
                               {"password", std::string(password)},
                               {"captcha_id", id},
                               {"captcha", fixture.captcha_digits(id)}});
    }
    void sign_in(std::size_t voter) {
      const auto answer =
          send_sign_in(get("/sign-in").body, fixture.roll.voters[voter].email, "Isoloir-1234-abcd");
      EXPECT_EQ(answer.status, 303) << "sign-in";
    }
    // Sends the question's form; gives the page to which the answer leads.
    http::ClientResponse ask(const Fields& form) {
      const auto answer = post("/reissue/question", form);
      const auto* location = http::find_header(answer.headers, "Location");
      EXPECT_EQ(answer.status, 303);
      return get(location ? *location : "/");
    }
    Fields question_form(std::size_t voter) {
      return {{"csrf", hidden(get("/reissue/question").body, "csrf")},
              {"answer", std::string(right_answer)},
              {"identity", right_number(voter)},
              {"channel", "email"},
              {"phone", ""},
              {"email", personal_email(voter)}};
    }
    Json open_link(const std::string& token) {
      auto answer = post_json("/api/reissue/open", {{"token", token}});
      if (answer["status"] == "again") {
        answer = post_json("/api/reissue/open", {{"token", token}});
      }
      return answer;
    }
    // The page on which the voting code is typed, as it stands open in one tab.
    struct CodePage {
      std::string csrf, binding, nonce, captcha;
    };
    CodePage code_page() {
      const auto page = get("/voting-space").body;
      return {data(page, "csrf"), data(page, "session-binding"), data(page, "nonce"),
              hidden(page, "captcha_id")};
    }
    // Types a code there, captcha solved; the page takes what the answer brings for the next try.
    http::ClientResponse send_code(CodePage& page, const KeyPair& key) {
      const auto& state = *fixture.state;
      const auto statement =
          sign_in_statement(state.fingerprint(), *hex_decode_array<32>(page.nonce),
                            *hex_decode_array<32>(page.binding), state.manifest().origin);
      const auto proof = schnorr_prove(statement, key.secret.reveal(), fixture.random);
      const auto answer = post_as(page, "/api/voting-code",
                                  {{"captchaId", page.captcha},
                                   {"captcha", fixture.captcha_digits(page.captcha)},
                                   {"nonce", page.nonce},
                                   {"key", hex_encode(key.key.encoded())},
                                   {"proof", hex_encode(proof.encoded())}});
      if (const auto json = parse_json(answer.body); json && json->contains("nonce")) {
        page.nonce = json->at("nonce");
        page.captcha = json->at("captchaId");
      }
      return answer;
    }
    http::ClientResponse post_as(const CodePage& page, std::string_view target, const Json& body) {
      more.push_back({"X-CSRF-Token", page.csrf});
      auto answer = post_text(target, canonical_json(body), "application/json");
      more.pop_back();
      return answer;
    }
  };
  Browser browser(std::string address = "192.0.2.1") { return {*this, std::move(address)}; }

  // The value of a hidden field. (std::regex takes most of a test's time under the sanitizers.)
  static std::string hidden(std::string_view page, const std::string& name) {
    const auto field = page.find("name=\"" + name + "\"");
    return quoted_after(page.substr(0, page.find('>', field)), " value=\"", field, name);
  }
  // The value of a data-… attribute.
  static std::string data(std::string_view page, const std::string& name) {
    return quoted_after(page, "data-" + name + "=\"", 0, name);
  }
  static std::string quoted_after(std::string_view text, std::string_view mark, std::size_t from,
                                  const std::string& name) {
    const auto at = text.find(mark, from);
    EXPECT_NE(at, std::string_view::npos) << name;
    if (at == std::string_view::npos) return {};
    const auto value = text.substr(at + mark.size());
    return std::string(value.substr(0, value.find('"')));
  }
  std::string captcha_digits(const std::string& id) {
    return *state->database().read([&](store::Transaction& t) -> Expected<std::string> {
      return t.query("SELECT digits FROM captcha WHERE id = $1", {id}).at(0).text(0);
    });
  }
  // Keys of a new code for what an opened link names, as the browser sends them.
  Json new_keys(const Json& opened) {
    FlowView view;
    view.token_hash = opened.at("tokenHash");
    for (const auto& contest : opened.at("contests")) view.contests.push_back({contest, 0});
    const auto keys =
        keys_for(view, derive_credential(Code::generate(random), std::string(opened.at("handle")),
                                         state->manifest().election_id));
    Json ballot_keys = Json::array();
    for (const auto& item : keys.ballot_keys) {
      ballot_keys.push_back({{"contest", item.contest},
                             {"key", hex_encode(item.key.encoded())},
                             {"proof", hex_encode(item.proof.encoded())}});
    }
    return {{"signInKey", hex_encode(keys.sign_in_key.encoded())},
            {"signInProof", hex_encode(keys.sign_in_proof.encoded())},
            {"ballotKeys", std::move(ballot_keys)}};
  }

  // Everything of an answer that another voter could compare: what is random in each is blanked,
  // its length kept; the date is the clock's.
  static std::string comparable(const http::ClientResponse& answer) {
    static const std::regex random_text(
        "(data-now=\"|name=\"csrf\" "
        "value=\"|name=\"captcha_id\"[^>]*value=\"|/captcha/|__Host-[a-z-]+=|"
        "data-reference=\"|<code class=\"code-text\">|"
        "\"(?:captchaId|csrf|nonce|reference|sessionBinding)\":\")([A-Za-z0-9_-]+)");
    std::string text = std::to_string(answer.status) + "\n";
    for (const auto& [name, value] : answer.headers) {
      if (name != "Date") text += name + ": " + value + "\n";
    }
    text += "\n" + answer.body;
    std::string blanked;
    std::size_t end = 0;
    for (std::sregex_iterator it(text.begin(), text.end(), random_text), last; it != last; ++it) {
      const auto at = static_cast<std::size_t>(it->position(2));
      blanked += text.substr(end, at - end) + std::string(it->str(2).size(), '*');
      end = at + it->str(2).size();
    }
    return blanked + text.substr(end);
  }

  // Of whichever portal a test makes of this one.
  static RequestDesk desk() {
    using enum HelpTopic;
    Portal any;
    any.assistance = {"", {}, "desk@portal.example"};
    auto desk = help_desk(any);
    desk.topics = {identifier, password, code, sign_in, voting, other};
    return desk;
  }

  static Portal portal_with_claims(TimeMs now) {
    auto portal = *Portal::parse(fixture_portal, "fixture.toml");
    portal.claims = ClaimsPolicy{"claims@portal.example", now + 5 * minute_ms, now + hour_ms};
    return portal;
  }

  Portal portal = portal_with_claims(clock.now());
  Renderer renderer{asset};
  MessageTexts message_texts{renderer, portal};
  Reissues reissue_service{*state, policy, message_texts};
  HelpRequests help_service{*state, portal, message_texts, desk()};
  Claims claims{*state, portal, message_texts};
  const Statements statements;
  Site site{*state,       *log,
            portal,       renderer,
            std::nullopt, {.reissues = &reissue_service, .help = &help_service, .claims = &claims},
            {},           statements};
  std::unique_ptr<http::Server> server;
};

}  // namespace isoloir::web
