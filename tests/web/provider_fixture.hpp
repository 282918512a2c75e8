// A site whose voters can be identified by an OpenID provider: one of this process that says what
// it is told to, and holds back what it is told to, so that nothing waits for time to pass.
#pragma once

#include <cjose/cjose.h>

#include <condition_variable>
#include <set>

#include "web/site_fixture.hpp"

namespace isoloir::web {

// The code that it is given is the nonce of the ID token that it answers; both tokens are signed.
class FakeProvider : public http::Handler {
 public:
  explicit FakeProvider(Clock& clock) : clock_(clock), server_({}, *this) {
    cjose_err ignored{};
    key_ = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &ignored);
    cjose_jwk_set_kid(key_, "one", 3, &ignored);
    EXPECT_TRUE(server_.start());
  }
  ~FakeProvider() override {
    release();
    server_.stop();
    cjose_jwk_release(key_);
  }

  std::string issuer() const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + "/api/v2";
  }
  openid::Registration registration() const {
    openid::Registration registration;
    registration.issuer = issuer();
    registration.client_id = "isoloir";
    registration.scopes = {"openid"};
    registration.acr_values = {"eidas1"};
    return registration;
  }
  // Set before it is asked.
  Json person = {{"family_name", "ÉLECTEUR"}, {"given_name", "Camille 0"},
                 {"gender", "female"},        {"birthdate", "1985-02-28"},
                 {"birthplace", "75056"},     {"birthcountry", "99100"}};
  std::size_t padding = 0;  // of the ID token, in bytes
  std::string userinfo_type = "application/jwt";

  // What is asked there is answered once it is released.
  void hold(const std::string& place) {
    const std::lock_guard lock(mutex_);
    held_.insert(place);
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_.clear();
    changed_.notify_all();
  }
  void down() { server_.stop(); }
  std::size_t asked(const std::string& place) {
    const std::lock_guard lock(mutex_);
    return asked_[place];
  }

  http::Lane lane(const http::Request&) override { return http::Lane::database; }
  http::Response busy_page(const http::Request&) override { return http::Response::text("busy"); }
  http::Response error_page(int status, const http::Request*) override {
    return http::Response::text("error", status);
  }
  http::Response handle(const http::Request& request) override {
    const auto place = request.path.substr(request.path.rfind('/') + 1);
    {
      std::unique_lock lock(mutex_);
      ++asked_[place];
      changed_.notify_all();
      changed_.wait(lock, [&] { return !held_.contains(place); });
    }
    if (place == "openid-configuration") return http::Response::json(description().dump());
    if (place == "jwks") return http::Response::json(keys());
    if (place == "token") return http::Response::json(tokens(request).dump());
    auto claims = person;
    claims.update({{"iss", issuer()}, {"aud", "isoloir"}, {"sub", "subject"}});
    auto response = http::Response::text(sign(claims));
    response.set_header("Content-Type", userinfo_type);
    return response;
  }

 private:
  Json description() const {
    return {{"issuer", issuer()},
            {"authorization_endpoint", issuer() + "/authorize"},
            {"token_endpoint", issuer() + "/token"},
            {"userinfo_endpoint", issuer() + "/userinfo"},
            {"jwks_uri", issuer() + "/jwks"},
            {"end_session_endpoint", issuer() + "/session/end"}};
  }
  std::string keys() const {
    cjose_err ignored{};
    char* text = cjose_jwk_to_json(key_, false, &ignored);
    const std::string key = text;
    std::free(text);
    return "{\"keys\":[" + key + "]}";
  }
  Json tokens(const http::Request& request) const {
    const auto form = http::read_form(request);
    const auto now = clock_.now() / 1000;
    return {{"access_token", "access"},
            {"token_type", "Bearer"},
            {"id_token", sign({{"iss", issuer()},
                               {"aud", "isoloir"},
                               {"sub", "subject"},
                               {"nonce", std::string(form->get("code").value_or(""))},
                               {"acr", "eidas1"},
                               {"iat", now},
                               {"exp", now + 60},
                               {"padding", std::string(padding, 'x')}})}};
  }
  std::string sign(const Json& claims) const {
    cjose_err ignored{};
    const std::string payload = claims.dump();
    cjose_header_t* header = cjose_header_new(&ignored);
    cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_ES256, &ignored);
    cjose_header_set(header, CJOSE_HDR_KID, "one", &ignored);
    cjose_jws_t* jws =
        cjose_jws_sign(key_, header, reinterpret_cast<const std::uint8_t*>(payload.data()),
                       payload.size(), &ignored);
    const char* text = nullptr;
    EXPECT_TRUE(jws && cjose_jws_export(jws, &text, &ignored));
    std::string compact = text ? text : "";
    cjose_jws_release(jws);
    cjose_header_release(header);
    return compact;
  }

  Clock& clock_;
  cjose_jwk_t* key_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> held_;
  std::map<std::string, std::size_t> asked_;
  http::Server server_;
};

struct ProviderFixture : SiteFixture {
  ProviderFixture() {
    portal.reissue->methods = {ReissueMethod::question, ReissueMethod::franceconnect};
    for (std::size_t v = 0; v < roll.voters.size(); ++v) is_born(v);
    server->stop();
    http::ServerOptions options;
    options.trusted_proxies.push_back(*http::AddressRange::parse("127.0.0.1"));
    server = std::make_unique<http::Server>(std::move(options), identifying_site);
    EXPECT_TRUE(server->start());
  }
  ~ProviderFixture() override {
    provider.release();
    server->stop();
  }

  void is_born(std::size_t voter) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute(
          "UPDATE voter SET birth_name = 'Électeur', given_names = $2, birth_date = '1985-02-28', "
          "gender = 'F', birth_place = '75056', birth_country = '99100' WHERE id = $1",
          {roll.voters[voter].id, "Camille " + std::to_string(voter)});
      return {};
    }));
  }
  static std::string location(const http::ClientResponse& answer) {
    const auto* found = http::find_header(answer.headers, "Location");
    if (found) return *found;
    const auto* refresh = http::find_header(answer.headers, "Refresh");
    constexpr std::string_view at_once = "0; url=";
    return refresh && refresh->starts_with(at_once) ? refresh->substr(at_once.size()) : "";
  }
  // One value of an address's query.
  static std::string value(const std::string& url, std::string_view name) {
    http::Request request;
    request.query = url.substr(std::min(url.find('?') + 1, url.size()));
    const auto query = http::read_query(request);
    return std::string(query ? query->get(name).value_or("") : "");
  }
  // To the provider, and the address with which it sends the browser back.
  std::string return_for(Browser& device) {
    const auto there = location(device.get("/reissue/franceconnect"));
    EXPECT_TRUE(there.starts_with(provider.issuer() + "/authorize?")) << there;
    return std::string(Identifications::return_path) + "?state=" + value(there, "state") +
           "&code=" + value(there, "nonce");
  }
  // The page to which an answer leads, or the answer.
  static std::string told(Browser& device, const http::ClientResponse& answer) {
    const auto to = location(answer);
    return to.empty() ? answer.body : device.get(to).body;
  }

  FakeProvider provider{clock};
  openid::Client client{provider.registration(), {Secret(std::string("secret")), {}}, clock};
  Identifications identifications{*state, client, reissue_service};
  Site identifying_site{
      *state,   *log,         portal,
      renderer, std::nullopt, {.reissues = &reissue_service, .identifications = &identifications},
      {},       statements};
};

}  // namespace isoloir::web
