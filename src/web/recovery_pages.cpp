// Lost password, lost identifier, both lost (reissue design, procedures B and C). Whoever asks, the
// answers are the same to the byte (requirements 32 to 35); what is so is said to the address on
// file.
#include "base/limits.hpp"
#include "election/consular_number.hpp"
#include "reissue/throttle.hpp"
#include "web/forms.hpp"
#include "web/json_body.hpp"

namespace isoloir::web {
namespace {

constexpr std::string_view requested_cookie = "password-requested";

Json number_problem(std::string_view typed) {
  if (http::trim(typed).empty()) return "empty";
  return read_consular_number(typed) ? Json() : Json("form");
}

std::string_view recovery_status(std::string_view code) {
  if (code == "reissue.wrong_proof") return "wrong";
  if (code == "reissue.delayed") return "delayed";
  if (code == "reissue.link_expired") return "expired";
  if (code == "reissue.link_used") return "used";
  if (code == "reissue.link_superseded") return "superseded";
  if (code == "reissue.link_cancelled" || code == "reissue.blocked") return "blocked";
  if (code == "reissue.limit") return "limit";
  if (code == "reissue.contest_limit") return "full";
  if (code == "reissue.apart") return "apart";
  if (code == "reissue.no_phone") return "no_phone";
  if (code == "reissue.closed") return "closed";
  return "unknown";
}

}  // namespace

std::optional<http::Response> Site::recovery_shut(Visit& visit, Recoveries::Recovered what) {
  if (!portal_.credentials.identifier)
    return error_page(404, &visit.request);  // nothing here to lose
  if (recoveries_ && !recoveries_->shut(what)) return std::nullopt;
  const auto hours = hours_of(state_);
  const bool over = hours.grace_ends_at || state_.now() >= hours.closes_at;
  return page(visit, "recovery_shut",
              {{"no_service", !recoveries_},
               {"closed", recoveries_ && over},
               {"before", recoveries_ && !over && state_.now() < hours.opens_at},
               {"opens_at", hours.opens_at},
               {"suspended", recoveries_ && !over && state_.now() >= hours.opens_at}});
}

// ---- B: the request

http::Response Site::password_page(Visit& visit, Json data) {
  data["captcha"] = captcha_data(visit);
  add_rates(data, portal_.recovery->password.requests);
  data["minutes"] = portal_.recovery->password.email_link_ms / minute_ms;
  return page(visit, "password_renewal", std::move(data));
}

http::Response Site::password_form(Visit& visit) {
  if (auto shut = recovery_shut(visit, Recoveries::Recovered::password)) return std::move(*shut);
  return password_page(visit, Json::object());
}

http::Response Site::password_post(Visit& visit) {
  if (auto shut = recovery_shut(visit, Recoveries::Recovered::password)) return std::move(*shut);
  const auto form = http::read_form(visit.request);
  if (!form || !has_only(*form, {"csrf", "number", "email", "captcha_id", "captcha"})) {
    return error_page(400, &visit.request);
  }
  const auto number = form->get("number").value_or("");
  const auto email = http::trim(form->get("email").value_or(""));
  Json data = {{"number", number.substr(0, limits::roll_phone_bytes)},
               {"email", email.substr(0, limits::email_bytes)}};
  if (!csrf_error(visit, *form).empty()) {  // the page is older than its session
    data["page_old"] = true;
    return password_page(visit, std::move(data));
  }
  Json errors = Json::object();
  if (const auto problem = number_problem(number); !problem.is_null()) {
    errors["number"] = true;
    errors["number_" + problem.get<std::string>()] = true;
  }
  if (!looks_like_address(email)) errors["email"] = true;
  const auto digits = form->get("captcha").value_or("");
  if (!captchas_.check(*visit.session, form->get("captcha_id").value_or(""), digits)) {
    errors["captcha"] = true;
    errors["captcha_empty"] = digits.empty();
  }
  if (!errors.empty()) {
    data["errors"] = std::move(errors);
    return password_page(visit, std::move(data));
  }
  const auto reference = recoveries_->ask_password(
      *read_consular_number(number), email,
      {visit.request.client_address, std::string(language_code(visit.language))});
  return tell(state_, *visit.session, "/password-renewal/requested", requested_cookie,
              {{"reference", reference}, {"asked_at", state_.now()}});
}

http::Response Site::password_requested(Visit& visit) {
  if (!recoveries_ || !visit.session) return http::Response::redirect_303("/password-renewal");
  Json data = told(state_, visit, requested_cookie);
  if (data.empty()) return http::Response::redirect_303("/password-renewal");
  data["asked_at"] = format_time(data["asked_at"].get<TimeMs>(), visit.language);
  data["minutes"] = portal_.recovery->password.email_link_ms / minute_ms;
  return page(visit, "password_requested", std::move(data));
}

// ---- B: the link

// The same for every link, so that asking for it does nothing (requirements 14, 15).
http::Response Site::password_link(Visit& visit) {
  if (!recoveries_) return http::Response::redirect_303("/password-renewal");
  return page(visit, "password_link",
              {{"captcha", captcha_data(visit)},
               {"identifier_length", portal_.credentials.identifier->length()}});
}

http::Response Site::api_password(Visit& visit) {
  const auto body = parse_json(visit.request.body);
  if (!body || !body->is_object() || !recoveries_ || !from_our_page(visit.request)) {
    return error_page(400, &visit.request);
  }
  const auto again = [&](Json answer) {
    answer["csrf"] = visit.session->csrf;
    answer["captchaId"] = captchas_.issue(*visit.session).id;
    return json_answer(answer);
  };
  if (!visit.session || !csrf_good(visit.request, *visit.session)) {
    ensure_session(visit, sessions_);
    return again({{"status", "page_old"}});
  }
  if (!captcha_good(visit, field(*body, "captchaId"), field(*body, "captcha"))) {
    return again({{"status", "captcha_wrong"}});
  }
  const auto token = field(*body, "token");
  const auto identifier = Code::parse(field(*body, "identifier"), *portal_.credentials.identifier);
  if (token.empty() || !identifier) return error_page(400, &visit.request);
  const auto renewed = recoveries_->renew(token, identifier->normalised());
  if (renewed) {
    return json_answer({{"status", "renewed"},
                        {"reference", renewed->reference},
                        {"at", format_time(renewed->made_at, visit.language)},
                        {"phoneEnd", renewed->phone_end}});
  }
  const auto& refused = renewed.error();
  Json answer = {{"status", recovery_status(refused.code)}};
  if (refused.at > 0) {
    const bool wait = refused.code == "reissue.wrong_proof" || refused.code == "reissue.delayed";
    answer["at"] =
        format_time(wait ? reissue::next_full_minute(refused.at) : refused.at, visit.language);
  }
  if (refused.code == "reissue.wrong_proof") answer["triesLeft"] = refused.tries_left;
  return again(std::move(answer));
}

// ---- C

http::Response Site::identifier_form(Visit& visit) {
  if (auto shut = recovery_shut(visit, Recoveries::Recovered::identifier)) return std::move(*shut);
  Json data = space_data(visit);
  data["password_length"] = portal_.credentials.code.length();
  add_rates(data, portal_.recovery->identifier.requests);
  return page(visit, "identifier_recovery", std::move(data));
}

http::Response Site::api_identifier(Visit& visit) {
  const auto body = parse_json(visit.request.body);
  if (!body || !body->is_object() || !recoveries_ || !from_our_page(visit.request)) {
    return error_page(400, &visit.request);
  }
  const auto again = [&](std::string_view status) {
    return json_answer(next_try_signed_out(visit, {{"status", status}}));
  };
  if (!visit.session || !csrf_good(visit.request, *visit.session)) {
    ensure_session(visit, sessions_);
    return again("page_old");
  }
  if (recoveries_->shut(Recoveries::Recovered::identifier)) {
    return json_answer({{"status", "closed"}});
  }
  if (!captcha_good(visit, field(*body, "captchaId"), field(*body, "captcha"))) {
    return again("captcha_wrong");
  }
  const auto proof = code_proof(*body);
  const auto number = read_consular_number(field(*body, "number"));
  if (!proof || !number) return error_page(400, &visit.request);
  const auto reference = recoveries_->ask_identifier(
      *visit.session, *number, *proof, key_policy().proof_life_ms,
      {visit.request.client_address, std::string(language_code(visit.language))});
  if (!reference && reference.error().code == "reissue.delayed") {
    return json_answer(next_try_signed_out(
        visit, {{"status", "delayed"},
                {"minutes", (reference.error().at - state_.now() + minute_ms - 1) / minute_ms}}));
  }
  if (!reference) return again("page_old");
  return json_answer({{"status", "requested"}, {"reference", *reference}});
}

http::Response Site::both_lost(Visit& visit) {
  if (!portal_.credentials.identifier) return error_page(404, &visit.request);
  return page(visit, "both_lost", Json::object());
}

}  // namespace isoloir::web
