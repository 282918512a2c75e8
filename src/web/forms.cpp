#include "web/forms.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/sealing.hpp"

namespace isoloir::web {
namespace {

SymmetricKey told_key(State& state, const Session& session) {
  return SymmetricKey(state.peppered("told to a browser", {session.id}));
}

}  // namespace

bool has_only(const http::Form& form, std::initializer_list<std::string_view> names) {
  return std::all_of(form.fields.begin(), form.fields.end(), [&](const auto& field) {
    return std::find(names.begin(), names.end(), field.first) != names.end();
  });
}

bool looks_like_address(std::string_view text) {
  const auto at = text.find('@');
  return text.size() <= limits::email_bytes && at != 0 && at != std::string_view::npos &&
         at + 1 < text.size() && text.find_first_of(" ,;<>\"\r\n\t") == std::string_view::npos;
}

void add_rates(Json& data, const RateLimit& requests) {
  data["rates"] = requests.per_hour != 0 && requests.per_day != 0;
  data["per_hour"] = requests.per_hour;
  data["per_day"] = requests.per_day;
}

http::Response tell(State& state, const Session& session, std::string path, std::string_view cookie,
                    const Json& told) {
  const auto sealed = seal(told_key(state, session), as_bytes(canonical_json(told)),
                           as_bytes(cookie), state.random());
  return http::Response::redirect_303(std::move(path))
      .with_cookie(cookie, base64url_encode(sealed));
}

Json told(State& state, const Site::Visit& visit, std::string_view cookie) {
  const auto sealed = base64url_decode(visit.request.cookie(cookie).value_or(""));
  if (!sealed || !visit.session) return Json::object();
  const auto text = unseal(told_key(state, *visit.session), *sealed, as_bytes(cookie));
  return text ? *parse_json(as_text(*text)) : Json::object();
}

}  // namespace isoloir::web
