#include "web/site.hpp"

#include <algorithm>
#include <array>

#include "web/assets.hpp"
#include "web/visit.hpp"

namespace isoloir::web {
namespace {

constexpr std::string_view language_cookie = "lang";

SessionLimits session_limits(const Portal& portal) {
  return {portal.session_idle_minutes * minute_ms, portal.session_absolute_minutes * minute_ms};
}

bool is_api(const http::Request& request) {
  return request.path.starts_with("/api/");
}

bool is_demo(std::string_view path) {
  return path == "/demo" || path == "/inbox" || path.starts_with("/inbox/");
}

}  // namespace

Json groups_of_four(std::string_view hex) {
  Json groups = Json::array();
  for (std::size_t i = 0; i < hex.size(); i += 4) groups.push_back(std::string(hex.substr(i, 4)));
  return groups;
}

Site::Site(State& state, Log& log, const Portal& portal, const Renderer& renderer,
           std::optional<DemoPages> demo, const SelfService& services, InformationPages information,
           Statements statements)
    : state_(state),
      log_(log),
      portal_(portal),
      renderer_(renderer),
      demo_(std::move(demo)),
      reissues_(services.reissues),
      identifications_(services.identifications),
      recoveries_(services.recoveries),
      confirmations_(services.confirmations),
      help_(services.help),
      accounts_(services.accounts),
      claims_(services.claims),
      contact_(services.contact),
      information_(std::move(information)),
      statements_(std::move(statements)),
      codes_replaced_at_(codes_replaced_at(state)),
      sessions_(state, session_limits(portal)),
      captchas_(state, portal.captcha_minutes * minute_ms),
      phases_(phases_of(state)) {}

Site::~Site() = default;

std::span<const Site::Route> Site::routes() {
  using http::Lane;
  using http::Method;
  static constexpr Route table[] = {
      {Method::get, "/", Lane::database, false, &Site::home},
      {Method::get, "/sign-in", Lane::database, false, &Site::sign_in_form},
      {Method::post, "/sign-in", Lane::crypto, false, &Site::sign_in_post},
      {Method::post, "/sign-out", Lane::database, false, &Site::sign_out},
      {Method::get, "/signed-out", Lane::light, false, &Site::signed_out},
      {Method::get, "/voting-space", Lane::database, true, &Site::voting_space},
      {Method::get, "/vote", Lane::database, true, &Site::voting_space},
      {Method::get, "/vote/*", Lane::database, true, &Site::voting_space},
      {Method::get, "/tracker", Lane::database, false, &Site::tracker_form},
      {Method::post, "/tracker", Lane::database, false, &Site::tracker_post},
      {Method::get, "/suivi", Lane::database, false,
       &Site::tracker_form},  // in receipts, as a QR code
      {Method::get, "/receipt-check", Lane::light, false, &Site::receipt_check},
      {Method::get, "/help", Lane::database, false, &Site::help_form},
      {Method::post, "/help", Lane::database, false, &Site::help_post},
      {Method::get, "/help/sent", Lane::database, false, &Site::help_sent},
      {Method::get, "/claim", Lane::database, false, &Site::claim_form},
      {Method::post, "/claim", Lane::database, false, &Site::claim_post},
      {Method::get, "/claim/sent", Lane::database, false, &Site::claim_sent},
      {Method::get, "/claim/follow", Lane::database, false, &Site::claim_follow_form},
      {Method::post, "/claim/follow", Lane::database, false, &Site::claim_follow_post},
      {Method::get, "/claim/status", Lane::database, false, &Site::claim_status},
      {Method::get, "/result", Lane::database, false, &Site::result},
      {Method::get, "/reissue", Lane::database, true, &Site::reissue_choice},
      {Method::get, "/reissue/question", Lane::database, true, &Site::reissue_question},
      {Method::post, "/reissue/question", Lane::crypto, true, &Site::reissue_question_post},
      {Method::get, "/reissue/sent", Lane::database, true, &Site::reissue_sent},
      {Method::get, "/reissue/franceconnect", Lane::outbound, true, &Site::identification},
      {Method::get, Identifications::return_path, Lane::outbound, true,
       &Site::identification_return},
      {Method::get, "/franceconnect/refus", Lane::database, true, &Site::identification_refused},
      {Method::get, "/franceconnect/deconnexion", Lane::outbound, false,
       &Site::identification_logout},
      {Method::get, Identifications::signed_out_path, Lane::database, false,
       &Site::identification_signed_out},
      {Method::get, "/r", Lane::light, false, &Site::reissue_link},
      {Method::get, "/reissue/cancel", Lane::light, false, &Site::reissue_cancel_form},
      {Method::post, "/reissue/cancel", Lane::database, false, &Site::reissue_cancel_post},
      {Method::post, "/api/reissue/open", Lane::database, false, &Site::api_reissue_open},
      {Method::post, "/api/reissue/resume", Lane::database, false, &Site::api_reissue_resume},
      {Method::post, "/api/reissue/issue", Lane::crypto, false, &Site::api_reissue_issue},
      {Method::post, "/api/reissue/noted", Lane::database, false, &Site::api_reissue_noted},
      {Method::get, "/api/reissue/status", Lane::database, true, &Site::api_reissue_status},
      {Method::get, "/password-renewal", Lane::database, false, &Site::password_form},
      {Method::post, "/password-renewal", Lane::database, false, &Site::password_post},
      {Method::get, "/password-renewal/requested", Lane::database, false,
       &Site::password_requested},
      {Method::get, "/password-renewal/link", Lane::database, false, &Site::password_link},
      {Method::post, "/api/password-renewal", Lane::crypto, false, &Site::api_password},
      {Method::get, "/identifier-recovery", Lane::database, false, &Site::identifier_form},
      {Method::post, "/api/identifier-recovery", Lane::crypto, false, &Site::api_identifier},
      {Method::get, "/both-lost", Lane::light, false, &Site::both_lost},
      {Method::get, "/my-contests", Lane::database, true, &Site::my_contests},
      {Method::get, "/my-account", Lane::database, true, &Site::my_account},
      {Method::post, "/my-account/sessions", Lane::database, true, &Site::my_sessions_post},
      {Method::get, "/statements/*", Lane::database, true, &Site::statement},
      {Method::get, "/electoral-roll", Lane::database, true, &Site::electoral_roll},
      {Method::get, "/account-link", Lane::database, false, &Site::account_link_form},
      {Method::post, "/account-link", Lane::database, false, &Site::account_link_post},
      {Method::get, "/account-link/requested", Lane::database, false,
       &Site::account_link_requested},
      {Method::get, "/account", Lane::light, false, &Site::account_link},
      {Method::post, "/api/account/open", Lane::database, false, &Site::api_account_open},
      {Method::get, "/account/password", Lane::database, false, &Site::account_password},
      {Method::post, "/account/password", Lane::crypto, false, &Site::account_password_post},
      {Method::get, "/account/question", Lane::database, false, &Site::account_question},
      {Method::post, "/account/question", Lane::crypto, false, &Site::account_question_post},
      {Method::get, "/account/done", Lane::database, false, &Site::account_done},
      {Method::get, "/account/block", Lane::light, false, &Site::account_block_form},
      {Method::post, "/account/block", Lane::database, false, &Site::account_block_post},
      {Method::get, "/contact", Lane::light, false, &Site::contact_link},
      {Method::post, "/api/contact", Lane::database, false, &Site::api_contact},
      {Method::post, "/api/sign-in", Lane::crypto, false, &Site::api_sign_in},
      {Method::post, "/api/voting-code", Lane::crypto, true, &Site::api_voting_code},
      {Method::get, "/api/contests", Lane::database, true, &Site::api_contests},
      {Method::post, "/api/confirmation", Lane::database, true, &Site::api_confirmation},
      {Method::post, "/api/confirmation/news", Lane::database, true, &Site::api_confirmation_news},
      {Method::post, "/api/ballot", Lane::ballots, true, &Site::api_ballot},
      {Method::post, "/api/receipt", Lane::database, true, &Site::api_receipt},
      {Method::post, "/api/session/extend", Lane::database, true, &Site::api_extend},
      {Method::get, "/assets/*", Lane::light, false, &Site::asset_file},
      {Method::get, "/captcha/*", Lane::crypto, false, &Site::captcha_file},
      {Method::get, "/election/manifest.json", Lane::light, false, &Site::manifest_file},
      {Method::get, "/log/*", Lane::light, false, &Site::log_file},
      {Method::post, "/log/*", Lane::crypto, false, &Site::cosignature_post},
      {Method::get, "/healthz", Lane::light, false, &Site::health},
      {Method::get, "/information/*", Lane::light, false, &Site::information},
      {Method::get, "/demo", Lane::light, false, &Site::demo_landing},
      {Method::get, "/inbox", Lane::database, false, &Site::inbox},
      {Method::get, "/inbox/*", Lane::database, false, &Site::inbox_message},
  };
  return table;
}

const Site::Route* Site::find(http::Method method, const http::Request& request) const {
  const auto matches = [&](const Route& route) {
    if (route.method != method) return false;
    if (!route.path.ends_with('*')) return route.path == request.path;
    return std::string_view(request.path).starts_with(route.path.substr(0, route.path.size() - 1));
  };
  const auto table = routes();
  const auto found = std::find_if(table.begin(), table.end(), matches);
  return found == table.end() ? nullptr : &*found;
}

http::Lane Site::lane(const http::Request& request) {
  const auto* route = find(request.method, request);
  return route ? route->lane : http::Lane::light;
}

http::Response Site::handle(const http::Request& request) {
  const auto* route = find(request.method, request);
  if (!route || (is_demo(request.path) && !demo_)) return error_page(404, &request);
  Visit visit = arrive(request);
  if (route->lane != http::Lane::light) {
    find_session(visit);
    if (!is_api(request)) read_standing();
  }
  if (route->signed_in && !visit.signed_in()) {
    if (is_api(request)) return session_over();
    return http::Response::redirect_303(sign_in_path(visit));
  }
  http::Response response = (this->*route->action)(visit);
  if (visit.token) response.with_cookie(session_cookie, *visit.token);
  if (visit.next_taken) response.without_cookie(next_session_cookie);
  return response;
}

// The session of the cookie; when that died because the voting code was replaced, the one that goes
// on in its place in the browser that asked for the new code (reissue requirement 54).
void Site::find_session(Visit& visit) {
  const auto& request = visit.request;
  // Asking for the state of things is no sign of a person; everything else is.
  constexpr std::array<std::string_view, 4> asked_by_itself = {
      "/api/contests", "/api/receipt", "/api/reissue/status", "/api/confirmation/news"};
  const bool touch = std::find(asked_by_itself.begin(), asked_by_itself.end(), request.path) ==
                     asked_by_itself.end();
  if (const auto cookie = request.cookie(session_cookie)) {
    visit.session = sessions_.find(*cookie, touch);
  }
  if (visit.session) return;
  if (const auto next = request.cookie(next_session_cookie)) {
    visit.session = sessions_.find(*next, touch);
    if (!visit.session) return;
    visit.token = *next;
    visit.next_taken = true;
  }
}

Site::Visit Site::arrive(const http::Request& request) {
  Visit visit{.request = request, .session = {}, .token = {}};
  if (const auto remembered = request.cookie(language_cookie)) {
    visit.language = language_from_code(*remembered).value_or(Language::french);
  }
  // A page that was not left while the other language was asked for elsewhere keeps its own.
  if (const auto* shown =
          is_api(request) ? http::find_header(request.headers, "Accept-Language") : nullptr) {
    visit.language = language_from_code(*shown).value_or(visit.language);
  }
  const auto query = http::read_query(request);
  const auto chosen = query ? query->get("lang") : std::nullopt;
  if (const auto language = chosen ? language_from_code(*chosen) : std::nullopt) {
    visit.language = *language;
    visit.language_chosen = true;
  }
  return visit;
}

// A full disk or another program's lock: nothing of the request was kept, and it may come again.
bool Site::passing(const std::exception& exception) const {
  const auto* error = dynamic_cast<const store::StoreError*>(&exception);
  return error && error->passing();
}

void Site::read_standing() {
  auto phases = phases_of(state_);
  const std::scoped_lock lock(phases_mutex_);
  phases_ = std::move(phases);
}

TimeMs Site::closing_of(TimeMs closes_at, std::optional<TimeMs> grace_ends_at) const {
  if (!grace_ends_at) return closes_at;
  return *grace_ends_at - TimeMs{state_.manifest().grace_seconds} * 1000;
}

Json Site::vote_strip(Language language) const {
  const auto phases = [&] {
    const std::scoped_lock lock(phases_mutex_);
    return phases_;
  }();
  const TimeMs now = state_.now();
  Json halted = Json::array();
  for (std::size_t k = 0; k < phases.contests.size(); ++k) {
    const auto& name = state_.manifest().contests[k].name;
    if (phases.contests[k] == "suspended")
      halted.push_back(language == Language::french ? name.fr : name.en);
  }
  const bool suspended = phases.all("suspended");
  const bool before = !suspended && phases.all("sealed");
  const bool closed = phases.grace_ends_at.has_value() || now >= phases.closes_at;
  const bool finishing = closed && now < phases.grace_ends_at.value_or(0) && phases.any("grace");
  const bool open = !before && !closed && !suspended;
  const TimeMs closes_at = closing_of(phases.closes_at, phases.grace_ends_at);
  return {{"opens_at", phases.opens_at},
          {"closes_at", closes_at},
          {"until_at", before      ? phases.opens_at
                       : finishing ? *phases.grace_ends_at
                                   : closes_at},
          {"now_at", now},
          {"before", before},
          {"open", open},
          {"suspended", suspended && !closed},
          {"finishing", finishing},
          {"closed", closed && !finishing},
          {"with_halted",
           !halted.empty() && (closed ? now < phases.grace_ends_at.value_or(0) : !suspended)},
          {"halted", halted}};
}

http::Response Site::page(Visit& visit, std::string_view view, Json data, int status,
                          const SafeHtml& document) {
  data["portal_title"] =
      visit.language == Language::french ? portal_.election.fr : portal_.election.en;
  // Where the language links lead, by GET: an address that takes forms alone has no page.
  data["path"] = find(http::Method::get, visit.request) ? visit.request.path : std::string("/");
  data["fingerprint"] = {{"groups", groups_of_four(hex_encode(state_.fingerprint().bytes))}};
  if (const auto& help = portal_.assistance) {
    data["assistance_phone"] = help->phone;
    data["assistance_tel"] = help->phone;
    data["assistance_hours"] = visit.language == Language::french ? help->hours.fr : help->hours.en;
    if (!help->email.empty()) data["help_url"] = "/help";
    data["help_here"] = visit.request.path == "/help";
    std::erase_if(data["assistance_tel"].get_ref<std::string&>(),
                  [](char c) { return c != '+' && (c < '0' || c > '9'); });
  }
  // What is typed or shown there would be lost.
  data["help_apart"] = view == "voting_space" || view == "link" || view == "account_password" ||
                       view == "account_question";
  if (codes_replaced_at_) {
    data["replaced_at"] = *codes_replaced_at_;
    data["replaced_keys"] = portal_.credentials.identifier.has_value();
  }
  data["vote"] = vote_strip(visit.language);
  // Home says itself how the vote stands as a whole.
  if (view == "home" && !data["vote"]["with_halted"].get<bool>()) data.erase("vote");
  // There each contest says itself how it stands, also when that changes.
  if (view == "voting_space") data["vote"]["with_halted"] = false;
  data["demo"] = demo_.has_value();
  data["signed_in"] = visit.signed_in();
  if (visit.signed_in()) data["quit"] = true;
  // Beside a vote, in a tab of its own: leaving here would end the vote there.
  if (data.value("in_space", false)) data["quit"] = false;
  if (visit.session) data["csrf"] = visit.session->csrf;
  auto response =
      http::Response::html(renderer_.page(view, data, visit.language, document), status);
  if (visit.language_chosen) response.with_cookie(language_cookie, language_code(visit.language));
  return response;
}

http::Response Site::busy_page(const http::Request& request) {
  const auto later = std::to_string(limits::retry_after_seconds);
  if (is_api(request)) {
    return http::Response::json("{\"status\":\"busy\"}", 503).set_header("Retry-After", later);
  }
  Visit visit = arrive(request);
  Json data = {{"retry_seconds", limits::retry_after_seconds}};
  // The provider's answer was not used yet, or is just being looked at for this very session: it
  // can be brought again.
  if (request.path == Identifications::return_path) {
    data["retry_url"] = request.path + "?" + request.query;
  }
  return page(visit, "busy", std::move(data), 503).set_header("Retry-After", later);
}

http::Response Site::error_page(int status, const http::Request* request) {
  static const http::Request nowhere = [] {
    http::Request root;
    root.path = "/";
    return root;
  }();
  const http::Request& shown = request ? *request : nowhere;
  if (is_api(shown)) return http::Response::json("{\"status\":\"error\"}", status);
  Visit visit = arrive(shown);
  const std::string_view view = status == 404 || status == 405 ? "not_found"
                                : status < 500                 ? "bad_request"
                                                               : "server_error";
  return page(visit, view, Json::object(), status);
}

bool beside_a_vote(const Site::Visit& visit) {
  const auto query = http::read_query(visit.request);
  return query && query->get("beside") && visit.signed_in() && visit.session->space_opened_at;
}

http::Response json_answer(const Json& json) {
  return http::Response::json(canonical_json(json), 200);
}

bool from_our_page(const http::Request& request) {
  const auto type = request.header("Content-Type").value_or("");
  return request.header("X-Requested-With") == "isoloir" &&
         http::equal_ignoring_case(http::trim(type.substr(0, type.find(';'))), "application/json");
}

http::Response session_over() {
  return http::Response::json("{\"status\":\"signed_out\"}", 401);
}

std::string sign_in_path(const Site::Visit& visit) {
  // Who comes back from FranceConnect was signed in when she left.
  const bool returned = visit.request.path == Identifications::return_path;
  const bool ended = returned || (!visit.session && visit.request.cookie(session_cookie));
  const auto to = way_on(visit.request.path);
  std::string path = "/sign-in";
  if (ended) path += returned ? "?ended=identification" : "?ended=1";
  if (to != "/") path += (ended ? "&to=" : "?to=") + std::string(to);
  return path;
}

std::string_view way_on(std::string_view path) {
  constexpr std::array<std::string_view, 7> ways = {
      "/voting-space", "/reissue",        "/reissue/question", "/reissue/sent",
      "/my-contests",  "/electoral-roll", "/my-account"};
  // Back from FranceConnect without a session: what came back serves nobody any more.
  if (path.starts_with("/franceconnect/") || path == "/reissue/franceconnect") return "/reissue";
  const auto* found = std::find(ways.begin(), ways.end(), path);
  return found == ways.end() ? "/" : *found;
}

void ensure_session(Site::Visit& visit, Sessions& sessions) {
  if (visit.session) return;
  auto opened = sessions.open();
  visit.token = opened.token.text();
  visit.session = std::move(opened.session);
}

}  // namespace isoloir::web
