// The portal's pages: sign-in, home, the voting space's document, the tracker, the result.
#include <fmt/format.h>

#include "service/bureau.hpp"
#include "web/visit.hpp"

namespace isoloir::web {
namespace {

CodePolicy code_policy(const Portal& portal) {
  return {portal.code_tries, portal.code_proof_minutes * minute_ms};
}

// Rounded up, so that zeros stand for the hour itself.
Json remaining(std::int64_t ms) {
  const std::int64_t minutes = (std::max<std::int64_t>(ms, 0) + minute_ms - 1) / minute_ms;
  return {{"days", fmt::format("{:02}", minutes / (24 * 60))},
          {"hours", fmt::format("{:02}", minutes / 60 % 24)},
          {"minutes", fmt::format("{:02}", minutes % 60)}};
}

bool frozen(State& state) {
  const auto found = state.database().read([](store::Transaction& t) -> Expected<bool> {
    return t.query("SELECT 1 FROM contest_phase WHERE phase <> 'frozen'").empty();
  });
  return *found;
}

// The tracker in the name of a downloaded receipt, "preuve-de-vote-0-YV8D….tlog-proof", which may
// have been numbered on its way: "… (1).tlog-proof".
std::string_view within_file_name(std::string_view typed) {
  const auto end = typed.rfind(".tlog-proof");
  if (end == std::string_view::npos) return typed;
  typed = typed.substr(0, end);
  typed = typed.substr(0, typed.find(" ("));
  return typed.substr(typed.rfind('-') + 1);
}

bool looks_like_email(std::string_view text) {
  const auto at = text.find('@');
  return at != 0 && at != std::string_view::npos && at + 1 < text.size();
}

}  // namespace

// A form's CSRF token, in constant time. Empty when right.
std::string Site::csrf_error(Visit& visit, const http::Form& form) const {
  if (!visit.session) return "session";
  const auto sent = form.get("csrf").value_or("");
  return equal_constant_time(as_bytes(sent), as_bytes(visit.session->csrf)) ? "" : "csrf";
}

bool Site::captcha_good(const Visit& visit, const std::string& id, std::string_view digits) {
  return portal_.captcha_minutes == 0 || captchas_.check(*visit.session, id, digits);
}

std::optional<std::string> Site::typed_identifier(const std::string& typed) const {
  if (const auto& form = portal_.credentials.identifier) {
    const auto code = Code::parse(typed, *form);
    return code ? std::optional(code->normalised()) : std::nullopt;
  }
  // The browser has normalised it, because keys are made of it.
  const bool good = !typed.empty() && typed.size() <= limits::roll_number &&
                    std::all_of(typed.begin(), typed.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
                    });
  return good ? std::optional(typed) : std::nullopt;
}

// Null where the portal has none.
Json Site::captcha_data(Visit& visit) {
  ensure_session(visit, sessions_);
  if (portal_.captcha_minutes == 0) return nullptr;
  const auto challenge = captchas_.issue(*visit.session);
  return {{"id", challenge.id},
          {"image_url", "/captcha/" + challenge.id + ".png"},
          {"audio_url", "/captcha/" + challenge.id + ".wav"}};
}

http::Response Site::sign_in_page(Visit& visit, Json errors, std::string_view email,
                                  std::string_view to, bool ended) {
  const auto query = http::read_query(visit.request);
  Json data = {{"captcha", captcha_data(visit)},
               {"email", email},
               {"to", to},
               {"account_url", accounts_ ? "/account-link" : ""},
               {"session_ended", ended},
               {"identification_lost", ended && query && query->get("ended") == "identification"}};
  data["with_claims"] = portal_.claims.has_value();
  data.update(information_menu(visit));
  if (!errors.empty()) data["errors"] = std::move(errors);
  return page(visit, "sign_in", std::move(data));
}

http::Response Site::sign_in_form(Visit& visit) {
  if (signs_in_with_keys()) return http::Response::redirect_303("/");
  const auto query = http::read_query(visit.request);
  const auto to = way_on(query ? query->get("to").value_or("/") : "/");
  if (visit.signed_in()) return http::Response::redirect_303(std::string(to));
  return sign_in_page(visit, Json::object(), "", to, query && query->get("ended"));
}

http::Response Site::sign_in_post(Visit& visit) {
  if (signs_in_with_keys()) return error_page(404, &visit.request);
  const auto form = http::read_form(visit.request);
  if (!form) return error_page(400, &visit.request);
  const std::string_view email = form->get("email").value_or("");
  const std::string_view password = form->get("password").value_or("");
  const auto to = way_on(form->get("to").value_or("/"));
  // The page stood open longer than its session: start again with what was typed, the password
  // apart.
  if (!csrf_error(visit, *form).empty()) {
    return sign_in_page(visit, Json::object(), email, to, true);
  }
  Json errors = Json::object();
  if (!looks_like_email(email)) errors["email"] = true;
  if (password.empty()) errors["password"] = true;
  // Burnt whatever it says, so that one captcha serves one try.
  const auto digits = form->get("captcha").value_or("");
  if (!captchas_.check(*visit.session, form->get("captcha_id").value_or(""), digits)) {
    errors["captcha"] = true;
    errors["captcha_empty"] = digits.empty();
  }
  if (!errors.empty()) return sign_in_page(visit, std::move(errors), email, to, false);

  const SignInPolicy policy{portal_.sign_in_failures, portal_.sign_in_first_delay_seconds * 1000LL};
  const auto who = sign_in(state_, policy, email, password, visit.request.client_address);
  auto opened = who ? sessions_.rotate(*visit.session, *who) : std::nullopt;
  if (!opened) {
    const bool delayed = !who && who.error().code == "sign_in.delayed";
    return sign_in_page(visit, {{delayed ? "throttled" : "credentials", true}}, email, to, false);
  }
  visit.token = opened->token.text();
  visit.session = std::move(opened->session);
  return http::Response::redirect_303(std::string(to)).without_cookie(next_session_cookie);
}

http::Response Site::sign_out(Visit& visit) {
  const auto form = http::read_form(visit.request);
  if (!form) return error_page(400, &visit.request);
  // Whatever page the form is from, one older than the session included: who presses Quitter
  // leaves. Our cookies do not come with a form on another site.
  if (visit.session) sessions_.end(*visit.session);
  visit.token.reset();
  visit.next_taken = false;
  auto response = http::Response::redirect_303("/signed-out");
  // A form on another site comes without our cookies: it must not wipe a ballot that is on its way.
  if (visit.request.cookies().empty()) return response;
  response.without_cookie(session_cookie);
  response.without_cookie(next_session_cookie);
  response.without_cookie(reissue_cookie);  // a code half made here is not for who comes next
  response.without_cookie("account");
  // A colleague's computer is a lawful polling place: nothing stays.
  response.set_header("Clear-Site-Data", "\"cache\", \"storage\"");
  return response;
}

http::Response Site::signed_out(Visit& visit) {
  Json data = Json::object();
  add_logout(data, visit);
  return page(visit, "signed_out", std::move(data));
}

// What a voter's contests, or all of them before she signs in, allow just now, all together: one of
// the six is true.
struct Site::Standing {
  explicit Standing(const Visit& visit, State& state) : hours(hours_of(state)) {
    bool any_open = false, any_sealed = false, any_suspended = false;
    const auto add = [&](const std::string& phase) {
      any_open = any_open || phase == "open" || phase == "grace";
      any_sealed = any_sealed || phase == "sealed";
      any_suspended = any_suspended || phase == "suspended";
    };
    if (visit.signed_in()) {
      const auto contests = contests_of(state, visit.voter());
      registered = !contests.empty();
      for (const auto& contest : contests) add(contest.phase);
    } else {
      for (const auto& phase : phases_of(state).contests) add(phase);
    }
    const bool over = hours.grace_ends_at.has_value();
    const bool inside = visit.signed_in() && visit.session->space_opened_at.has_value();
    open = any_open && !over;
    finishing = any_open && over && inside;
    before = any_sealed && !any_open;
    suspended = any_suspended && !any_open && (!over || inside);
    none = !registered && !over;
    closed = !open && !finishing && !before && !suspended && !none;
  }

  Hours hours;
  bool open = false;
  bool finishing = false;  // closed, for all but who was let in before
  bool before = false;
  bool suspended = false;
  bool none = false;       // she was struck off every roll, and the vote is not over
  bool registered = true;  // on some roll
  bool closed = false;
};

http::Response Site::home(Visit& visit) {
  if (signs_in_with_keys()) return key_sign_in_page(visit);
  if (!visit.signed_in()) return http::Response::redirect_303(sign_in_path(visit));
  const Standing standing(visit, state_);
  const auto& hours = standing.hours;
  const TimeMs now = state_.now();
  const TimeMs until = standing.before ? hours.opens_at : hours.closes_at;
  const auto reissue = reissue_status(visit);
  const bool blocked = reissue.kind == ReissueStatus::Kind::blocked;
  Json data = {{"voter_name", voter_profile(state_, visit.voter())->display_name},
               {"opens_at", hours.opens_at},
               {"closes_at", closing_of(hours.closes_at, hours.grace_ends_at)},
               {"now_at", now},
               {"remaining", remaining(until - now)},
               {"reached", until <= now},
               {"open", standing.open},
               {"reissue_url", standing.open ? reissue_url(reissue) : ""},
               {"code_blocked", blocked},
               {"code_invalidated",
                !blocked && !code_state(state_, code_policy(portal_), visit.voter()).valid},
               {"finishing", standing.finishing},
               {"finish_until_at", hours.grace_ends_at.value_or(0)},
               {"before", standing.before},
               {"closed", standing.closed},
               {"suspended", standing.suspended},
               {"no_contest", standing.none},
               {"with_roll", portal_.roll_online && standing.registered},
               {"with_claims", portal_.claims.has_value()},
               {"result_available", published_result(state_).has_value()}};
  data.update(information_menu(visit));
  return page(visit, "home", std::move(data));
}

std::optional<http::Response> Site::voting_space_shut(Visit& visit) {
  const Standing standing(visit, state_);
  const auto& hours = standing.hours;
  if (standing.before) {
    Json data = {
        {"opens_at", hours.opens_at},
        {"closes_at", hours.closes_at},
        {"password_lost", recoveries_ && !recoveries_->shut(Recoveries::Recovered::password)},
        {"identifier_lost", recoveries_ && !recoveries_->shut(Recoveries::Recovered::identifier)}};
    if (signs_in_with_keys()) data.update(information_menu(visit));
    return page(visit, "not_yet_open", std::move(data));
  }
  if (standing.suspended) return page(visit, "suspended", Json::object());
  // Home says so; where keys sign in, that page tells it when she has.
  if (standing.none && !signs_in_with_keys()) return http::Response::redirect_303("/");
  if (!standing.closed) return std::nullopt;
  return page(visit, "closed",
              {{"closes_at", closing_of(hours.closes_at, hours.grace_ends_at)},
               {"result_available", published_result(state_).has_value()}});
}

Json Site::session_data(const Visit& visit) const {
  return {{"ends_ms", std::to_string(visit.session->ends_at)},
          {"warning_ms", std::to_string(portal_.session_warning_minutes * minute_ms)},
          {"now_ms", std::to_string(state_.now())}};
}

Json Site::space_data(Visit& visit) {
  const auto& manifest = state_.manifest();
  Json data = {{"captcha", captcha_data(visit)},
               {"election_id", hex_encode(manifest.election_id.bytes)},
               {"manifest_url", "/election/manifest.json"},
               {"tracker_url", manifest.origin + "/suivi"},
               {"fingerprint_hex", hex_encode(state_.fingerprint().bytes)},
               {"session", session_data(visit)},
               {"code_length", std::to_string(portal_.credentials.code.length())},
               {"session_binding_hex", hex_encode(visit.session->id)},
               {"nonce_hex", hex_encode(sessions_.new_nonce(*visit.session))}};
  data["code_checked"] = portal_.credentials.code.checked;
  if (confirmations_) {
    data["confirmation"] = {{"digits", std::to_string(confirmations_->digits())}};
  }
  return data;
}

http::Response Site::key_sign_in_page(Visit& visit) {
  if (auto shut = voting_space_shut(visit)) return std::move(*shut);
  const auto hours = hours_of(state_);
  const TimeMs now = state_.now();
  Json data = space_data(visit);
  const auto& forms = portal_.credentials;
  const auto& identifier = forms.identifier;
  data["keys"] = {
      {"identifier_by_" + std::string(identifier ? name_of(forms.identifier_by) : "roll"), true},
      {"password_by_" + std::string(name_of(forms.code_by)), true},
      {"identifier_length", identifier ? identifier->length() : 0},
      {"password_length", forms.code.length()}};
  data["identifier_length"] = identifier ? std::to_string(identifier->length()) : "roll";
  data["time_zone"] = portal_.time_zone;
  data["opens_at"] = hours.opens_at;
  data["closes_at"] = hours.closes_at;
  data["now_at"] = now;
  data["open"] = !hours.grace_ends_at;
  data["remaining"] = remaining(hours.closes_at - now);
  data["reached"] = hours.closes_at <= now;
  data["quit"] = true;
  data["recovery"] = recoveries_ != nullptr;
  data.update(information_menu(visit));
  return page(visit, "voting_space", std::move(data));
}

http::Response Site::voting_space(Visit& visit) {
  if (signs_in_with_keys()) return key_sign_in_page(visit);
  if (auto shut = voting_space_shut(visit)) return std::move(*shut);
  const auto hours = hours_of(state_);
  const auto code = code_state(state_, code_policy(portal_), visit.voter());
  const auto reissue = reissue_status(visit);
  if (reissue.kind == ReissueStatus::Kind::blocked) {
    return page(visit, "code_blocked", {{"since_at", reissue.at}});
  }
  Json data = space_data(visit);
  data.update({{"handle", visit.voter()},
               {"voter_name", voter_profile(state_, visit.voter())->display_name},
               {"closes_at", hours.closes_at},
               {"invalidated", !code.valid},
               {"invalidated_at", code.changed_at},
               {"renewed", reissue.issued_at.has_value()},
               {"since_at", reissue.issued_at.value_or(0)},
               {"reissue_url", reissue_url(reissue)},
               {"tries_left", code.tries_left}});
  return page(visit, "voting_space", std::move(data));
}

http::Response Site::tracker_form(Visit& visit) {
  return page(visit, "tracker", {{"in_space", beside_a_vote(visit)}});
}

http::Response Site::tracker_post(Visit& visit) {
  const auto form = http::read_form(visit.request);
  if (!form) return error_page(400, &visit.request);
  const std::string typed(form->get("tracker").value_or(""));
  Json data = {{"tracker", typed}};
  const auto tracker = parse_tracker(within_file_name(typed));
  if (!tracker) {
    data["errors"] = {{http::trim(typed).empty() ? "empty" : "malformed", true}};
  } else if (const auto entry = entry_of(state_, *tracker); entry && log_.holds(*entry)) {
    data["found"] = true;
    data["in_box"] = frozen(state_);
  } else if (frozen(state_) && is_held(state_, *tracker)) {
    // The link key is gone with the close of the count; the box itself is public by then.
    data["found"] = true;
    data["in_box"] = true;
  } else {
    data["not_found"] = true;
  }
  return page(visit, "tracker", std::move(data));
}

}  // namespace isoloir::web
