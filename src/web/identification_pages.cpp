// FranceConnect on the way to a new voting code: there, back, what came of it, and signing out
// there (requirements 56 to 60). The provider's page is reached by a link, since a form's
// redirection to another site would want it in the content security policy of every page.
#include "reissue/throttle.hpp"
#include "web/forms.hpp"

namespace isoloir::web {
namespace {

constexpr std::string_view logout_cookie = "franceconnect";
constexpr std::string_view logout_state_cookie = "franceconnect-logout";  // on the way there
constexpr std::string_view refused_cookie = "franceconnect-refused";

// See Other, to an address that the provider's description gives.
http::Response to_provider(std::string url) {
  http::Response response;
  response.status = 303;
  response.headers.push_back({"Location", std::move(url)});
  return response;
}

// Not by a page of another site, which could make a voter's browser spend her tries.
bool from_elsewhere(const http::Request& request) {
  const auto site = request.header("Sec-Fetch-Site");
  return site && *site != "same-origin" && *site != "none";
}

std::string_view reason_of(std::string_view code) {
  if (code == "identity.aborted") return "aborted";
  if (code == "identity.unavailable") return "unavailable";
  if (code == "identity.stale") return "stale";
  if (code == "identity.delegate") return "delegate";
  if (code == "reissue.identity") return "mismatch";
  if (code == "reissue.throttled") return "throttled";
  return "failed";
}

}  // namespace

http::Response Site::identification(Visit& visit) {
  if (!identifications_ || !reissue_shut(visit.voter()).empty() || from_elsewhere(visit.request)) {
    return http::Response::redirect_303("/reissue");
  }
  auto url = identifications_->begin(*visit.session);
  if (!url) return not_identified(visit, url.error());
  return to_provider(std::move(*url));
}

http::Response Site::not_identified(const Visit& visit, const ReissueRefusal& refusal) {
  if (refusal.code == "reissue.closed" || refusal.code == "reissue.limit" ||
      refusal.code == "reissue.blocked") {
    return http::Response::redirect_303("/reissue");  // which says why
  }
  return tell(
      state_, *visit.session, "/franceconnect/refus", refused_cookie,
      {{"reason", reason_of(refusal.code)}, {"retry_at", reissue::next_full_minute(refusal.at)}});
}

// The address holds the provider's code, good once: the page that answers it leaves it at once. It
// is a page and no redirection, because what follows a redirection from another site comes without
// cookies that are for this site alone (SameSite=Strict): the flow's, or that of a flow which is
// open in this browser already.
http::Response Site::identification_return(Visit& visit) {
  if (!identifications_) return http::Response::redirect_303("/reissue");
  const auto query = http::read_query(visit.request);
  if (!query) return error_page(400, &visit.request);
  const auto field = [&](std::string_view name) {
    const auto value = query->get(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  };
  const auto outcome = identifications_->finish(
      *visit.session, {field("state"), field("code"), field("iss"), field("error"),
                       visit.request.client_address, std::string(language_code(visit.language))});
  if (!outcome) return busy_page(visit.request);
  const auto told = outcome->opened ? http::Response::redirect_303("/r")
                                    : not_identified(visit, outcome->opened.error());
  const auto next = *http::find_header(told.headers, "Location");
  auto response = page(visit, "identity_returned", {{"next", next}});
  response.set_header("Refresh", "0; url=" + next);
  for (const auto& header : told.headers) {
    if (header.name == "Set-Cookie") response.headers.push_back(header);
  }
  if (outcome->opened) {
    response.with_cookie(reissue_cookie, outcome->opened->opener, http::SameSite::strict)
        .with_cookie(next_session_cookie, outcome->opened->next_session);
  }
  if (!outcome->logout.empty()) response.with_cookie(logout_cookie, outcome->logout);
  return response;
}

http::Response Site::identification_refused(Visit& visit) {
  const Json refused = told(state_, visit, refused_cookie);
  if (refused.empty()) return http::Response::redirect_303("/reissue");
  Json data = {{refused.at("reason").get<std::string>(), true},
               {"retry_at", refused.at("retry_at")}};
  // An answer that came too late may be of a code that was made since.
  const auto status = reissue_status(visit);
  data["nothing_changed"] = !data.contains("stale") || !status.issued_at;
  data["issued"] = !data["nothing_changed"].get<bool>();
  data["issued_at"] = status.issued_at.value_or(0);
  data["pending"] = pending_reissue(visit);
  const auto& methods = portal_.reissue->methods;
  if (std::find(methods.begin(), methods.end(), ReissueMethod::question) != methods.end()) {
    data["question_url"] = "/reissue/question";
  }
  add_logout(data, visit);
  return page(visit, "identity_refused", std::move(data));
}

void Site::add_logout(Json& data, const Visit& visit) const {
  const auto held = visit.request.cookie(logout_cookie);
  if (!held) return;
  if (*held == Identifications::logout_by_hand) {
    data["logout_by_hand"] = true;
  } else {
    data["logout_url"] = "/franceconnect/deconnexion";
  }
}

http::Response Site::identification_logout(Visit& visit) {
  const auto held = visit.request.cookie(logout_cookie);
  if (!identifications_ || !held || from_elsewhere(visit.request)) {
    return http::Response::redirect_303("/");
  }
  auto logout = identifications_->logout(*held);
  if (!logout) {
    // Of this pepper no longer, or not to be sent: not the provider's silence.
    const bool silent = logout.error().code != "identity.logout";
    Json data = {{silent ? "failed" : "unknown", true}};
    add_logout(data, visit);
    return page(visit, "identity_signed_out", std::move(data));
  }
  // What is held stays until she is back: the provider may not have done it.
  return to_provider(std::move(logout->url)).with_cookie(logout_state_cookie, logout->state);
}

// Anybody can open this address: only who comes from the provider is told that she is signed out.
http::Response Site::identification_signed_out(Visit& visit) {
  const auto query = http::read_query(visit.request);
  const auto state = query ? query->get("state") : std::nullopt;
  const auto awaited = visit.request.cookie(logout_state_cookie);
  if (!state || !awaited || *state != *awaited) {
    Json data = {{"unknown", true}};
    add_logout(data, visit);
    return page(visit, "identity_signed_out", std::move(data));
  }
  const bool made = visit.signed_in() && reissue_status(visit).issued_at.has_value();
  return page(visit, "identity_signed_out", {{"done", true}, {"made", made}})
      .without_cookie(logout_cookie)
      .without_cookie(logout_state_cookie);
}

}  // namespace isoloir::web
