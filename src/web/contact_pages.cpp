// Where a message of the contact check leads: a page with two buttons, and what comes of one.
#include <algorithm>

#include "web/json_body.hpp"

namespace isoloir::web {
namespace {

std::string_view heard_status(const ContactHeard& heard, ContactAnswer answer) {
  switch (heard.kind) {
    case ContactHeard::Kind::heard:
      return name_of(answer);
    case ContactHeard::Kind::over:
      return "over";
    case ContactHeard::Kind::moved:
      return "moved";
    case ContactHeard::Kind::unknown:
      break;
  }
  return "unknown";
}

}  // namespace

// The same for every link, so that asking for it, however often, does nothing (requirements 14,
// 15).
http::Response Site::contact_link(Visit& visit) {
  if (!contact_) return error_page(404, &visit.request);
  const auto& forms = portal_.credentials;
  const auto sent_by = [&](Handover way) {
    Json sent = {{"identifier", forms.identifier && forms.identifier_by == way},
                 {"password", forms.identifier && forms.code_by == way},
                 {"code", !forms.identifier && forms.code_by == way},
                 {"account", portal_.account && way == Handover::email},
                 {"confirmation", portal_.confirmation && way == Handover::email}};
    sent["any"] = std::find(sent.begin(), sent.end(), true) != sent.end();
    return sent;
  };
  Json data = {{"opens_at", vote_strip(visit.language)["opens_at"]},
               {"by_mail", sent_by(Handover::email)},
               {"by_sms", sent_by(Handover::sms)}};
  return page(visit, "contact", std::move(data));
}

// Neither session nor CSRF token: see reissue_cancel_post.
http::Response Site::api_contact(Visit& visit) {
  const auto body = parse_json(visit.request.body);
  if (!contact_ || !body || !body->is_object() || body->size() != 2 ||
      !from_our_page(visit.request)) {
    return error_page(400, &visit.request);
  }
  const auto token = field(*body, "token");
  const auto answer = contact_answer(field(*body, "answer"));
  if (token.empty() || !answer) return error_page(400, &visit.request);
  const auto heard = contact_->hear(token, *answer);
  Json said = {{"status", heard_status(heard, *answer)}};
  if (heard.kind == ContactHeard::Kind::heard) said["channel"] = name_of(heard.channel);
  if (heard.at > 0) said["at"] = format_time(heard.at, visit.language);
  return json_answer(said);
}

}  // namespace isoloir::web
