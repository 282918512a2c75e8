// Pages of procedure A of the reissue design, for who is signed in to the portal: the choice, the
// challenge question, what was sent; and those that a link opens without any session: the link
// itself, the notice's block. Then the demonstration's inbox.
// A form sent again could cost a try, hence web/forms.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "reissue/throttle.hpp"
#include "service/help_desk.hpp"
#include "web/forms.hpp"

namespace isoloir::web {
namespace {

constexpr std::string_view form_cookie = "reissue-form";  // an answer that asks for the form again
constexpr std::string_view sent_cookie = "reissue-sent";  // where the link was sent
constexpr std::size_t address_bytes_max = 254;            // RFC 5321, section 4.5.3.1.3

// What was typed and may be shown again: neither answer nor number.
Json shown_again(const http::Form& form) {
  const auto channel = form.get("channel").value_or("");
  const auto address = [&](std::string_view name) {
    const auto typed = form.get(name).value_or("");
    return typed.size() <= address_bytes_max ? typed : std::string_view();
  };
  return {{"sms", channel == "sms"},
          {"mail", channel == "email"},
          {"phone", address("phone")},
          {"email", address("email")},
          {"again", true}};
}

Json missing_fields(const http::Form& form) {
  Json errors = Json::object();
  for (const char* name : {"answer", "identity"}) {
    if (form.get(name).value_or("").empty()) errors[name] = true;
  }
  const auto channel = form.get("channel").value_or("");
  if (channel != "sms" && channel != "email") errors["channel"] = true;
  return errors;
}

// Whatever is typed: the page of the choice says why.
bool final_refusal(std::string_view code) {
  return code == "reissue.closed" || code == "reissue.limit" || code == "reissue.blocked";
}

// A message cut into text and links, which are ours alone: each ends at white space.
Json parts_of(std::string_view body, std::string_view origin) {
  Json parts = Json::array();
  while (!body.empty()) {
    const auto at = body.find(std::string(origin) + "/");
    if (at != 0) parts.push_back({{"text", std::string(body.substr(0, at))}});
    if (at == std::string_view::npos) break;
    const auto link = body.substr(at, body.find_first_of(" \t\r\n", at) - at);
    parts.push_back({{"link", std::string(link)}});
    body.remove_prefix(at + link.size());
  }
  return parts;
}

// Cut after each "@" and ".", where a line may end.
Json address_parts(std::string_view address) {
  Json parts = Json::array();
  while (!address.empty()) {
    const auto end = std::min(address.find_first_of("@."), address.size() - 1) + 1;
    parts.push_back(std::string(address.substr(0, end)));
    address.remove_prefix(end);
  }
  return parts;
}

// The beginning of a text message that a person would read: not its link.
std::string sms_title(std::string_view body, std::string_view origin) {
  const auto text = body.substr(0, std::min(body.find('\n'), body.find(origin)));
  return std::string(text.substr(0, text.find_last_not_of(" ,:") + 1));
}

Json inbox_item(const InboxMessage& message, std::string_view origin) {
  const bool sms = message.channel == MessageChannel::sms;
  return {{"url", "/inbox/" + message.id},
          {"to", address_parts(message.destination)},
          {"subject", sms ? sms_title(message.body, origin) : message.subject},
          {"reply_to", address_parts(message.reply_to)},
          {"answered", !message.reply_to.empty()},
          {"sms", sms},
          {"sent_at", message.created_at}};
}

}  // namespace

http::Response Site::reissue_refused(Visit& visit, std::string_view reason) {
  return page(visit, "reissue_refused", {{std::string(reason), true}});
}

// What self-service would refuse whatever is typed, so that nobody fills in a form in vain: as
// views/reissue_refused.mustache names it, or nothing.
std::string_view Site::reissue_shut(const std::string& voter) const {
  if (!reissues_) return "no_sender";
  const auto desk = desk_of(state_, {portal_.reissue ? &*portal_.reissue : nullptr, nullptr},
                            {portal_.code_tries, 0}, voter);
  if (!desk) return {};
  if (desk->code == VoterDesk::Code::blocked) return "blocked";
  using Next = VoterDesk::Next;
  if (desk->next == Next::not_yet || desk->next == Next::over || desk->next == Next::closed) {
    return "closed";
  }
  return desk->next == Next::limit ? "used_up" : "";
}

std::string Site::reissue_url(const ReissueStatus& status) const {
  return reissues_ && status.kind != ReissueStatus::Kind::blocked ? "/reissue" : "";
}

ReissueStatus Site::reissue_status(const Visit& visit) const {
  return reissues_ ? reissues_->status(visit.voter()) : ReissueStatus{};
}

// A link that is on its way or open: a new request would kill it.
Json Site::pending_reissue(const Visit& visit) const {
  const auto status = reissues_->status(visit.voter());
  const bool pending =
      status.kind == ReissueStatus::Kind::sent || status.kind == ReissueStatus::Kind::opened;
  if (!pending) return nullptr;
  // The flow is open in one browser, by its cookie: in another the voter starts again.
  const auto opener = visit.request.cookie(reissue_cookie);
  const auto view = opener ? reissues_->view(*opener) : std::nullopt;
  return {{"reference", status.reference},
          {"identified", status.identified},
          {"here", view && view->reference == status.reference}};
}

http::Response Site::reissue_choice(Visit& visit) {
  if (const auto reason = reissue_shut(visit.voter()); !reason.empty()) {
    return reissue_refused(visit, reason);
  }
  const auto status = reissues_->status(visit.voter());
  Json data = {{"pending", pending_reissue(visit)}};
  for (const auto method : portal_.reissue->methods) {
    switch (method) {
      case ReissueMethod::question:
        data["question_url"] = "/reissue/question";
        break;
      case ReissueMethod::franceconnect:
        if (!identifications_) break;
        data["franceconnect_url"] = "/reissue/franceconnect";
        data["franceconnect_site"] = "https://franceconnect.gouv.fr/";
    }
  }
  data["two_ways"] = data.contains("question_url") && data.contains("franceconnect_url");
  data["no_way"] = !data.contains("question_url") && !data.contains("franceconnect_url");
  if (status.issued_at) {
    data["issued"] = {{"reference", status.issued_reference},
                      {"since_at", *status.issued_at},
                      {"codes", status.codes_left}};
  }
  return page(visit, "reissue_choice", std::move(data));
}

http::Response Site::reissue_question(Visit& visit) {
  if (!reissue_shut(visit.voter()).empty()) return http::Response::redirect_303("/reissue");
  Json data = told(state_, visit, form_cookie);
  if (data.value("captcha_wanted", false)) data["captcha"] = captcha_data(visit);
  if (const auto wrong = data.find("destination_wrong"); wrong != data.end()) {
    data["errors"]["destination"] = renderer_.text(wrong->get<std::string>(), visit.language);
  }
  data["question"] = voter_profile(state_, visit.voter())->question;
  data["pending"] = pending_reissue(visit);
  data["session"] = session_data(visit);
  auto response = page(visit, "reissue_question", std::move(data));
  // Said once, and once more in another language.
  if (visit.request.cookie(form_cookie) && !visit.language_chosen) {
    response.without_cookie(form_cookie);
  }
  return response;
}

http::Response Site::reissue_question_post(Visit& visit) {
  if (!reissues_) return http::Response::redirect_303("/reissue");
  const auto form = http::read_form(visit.request);
  if (!form || !has_only(*form, {"csrf", "answer", "identity", "channel", "phone", "email",
                                 "captcha_id", "captcha"})) {
    return error_page(400, &visit.request);
  }
  Json data = shown_again(*form);
  if (!csrf_error(visit, *form).empty()) {
    data["page_old"] = true;
    return reissue_question_again(visit, data);
  }
  Json errors = missing_fields(*form);
  const bool captcha = form->get("captcha_id").has_value();
  const auto digits = form->get("captcha").value_or("");
  // Burnt whatever it says, so that one captcha serves one try.
  if (captcha && !captchas_.check(*visit.session, *form->get("captcha_id"), digits)) {
    errors["captcha"] = true;
    errors["captcha_empty"] = digits.empty();
  }
  if (!errors.empty()) {
    data["captcha_wanted"] = captcha;
    data["errors"] = std::move(errors);
    return reissue_question_again(visit, data);
  }
  const bool sms = form->get("channel") == "sms";
  const auto sent = reissues_->request(
      *visit.session,
      {std::string(*form->get("answer")), std::string(*form->get("identity")),
       sms ? ReissueChannel::sms : ReissueChannel::email,
       std::string(form->get(sms ? "phone" : "email").value_or("")), visit.request.client_address,
       std::string(language_code(visit.language)), captcha});
  if (!sent) return reissue_not_sent(visit, sent.error(), std::move(data));
  return tell(state_, *visit.session, "/reissue/sent", sent_cookie,
              {{"sms", sms},
               {"mail", !sms},
               {"destination", sent->destination},
               {"reference", sent->reference},
               {"asked_at", state_.now()},
               {"expires_at", sent->link_expires_at}})
      .with_cookie(next_session_cookie, sent->next_session);
}

http::Response Site::reissue_question_again(const Visit& visit, const Json& data) {
  return tell(state_, *visit.session, "/reissue/question", form_cookie, data);
}

http::Response Site::reissue_not_sent(Visit& visit, const ReissueRefusal& refusal, Json data) {
  if (final_refusal(refusal.code)) return http::Response::redirect_303("/reissue");
  Json errors = Json::object();
  data["retry_at"] = reissue::next_full_minute(refusal.at);
  if (refusal.code == "reissue.captcha") {
    data["captcha_wanted"] = true;
    data["captcha_asked"] = true;
  } else if (refusal.code == "reissue.wrong_proof") {
    errors["proof"] = true;
    data["tries_left"] = refusal.tries_left;
  } else if (refusal.code == "reissue.delayed") {
    errors["delayed"] = true;
  } else if (refusal.code == "reissue.destination") {
    data["destination_wrong"] = refusal.message_id;
    data[data["sms"].get<bool>() ? "phone_wrong" : "email_wrong"] = true;
  } else {
    errors[refusal.at > 0 ? "throttled_until" : "throttled"] = true;
    data["last_link"] = reissues_->status(visit.voter()).kind == ReissueStatus::Kind::sent;
  }
  if (!errors.empty()) data["errors"] = std::move(errors);
  return reissue_question_again(visit, data);
}

// The last request of this voter: where its link was sent is known to the browser that asked.
http::Response Site::reissue_sent(Visit& visit) {
  using Kind = ReissueStatus::Kind;
  if (!reissues_) return http::Response::redirect_303("/reissue");
  const auto status = reissues_->status(visit.voter());
  Json data = told(state_, visit, sent_cookie);
  if (status.kind == Kind::none) {
    if (data.empty()) return http::Response::redirect_303("/reissue");
    data["expired"] = true;
  } else if (data.value("reference", "") != status.reference) {
    data = {{"reference", status.reference}};
  }
  data["opened"] = status.kind == Kind::opened;
  data["created"] = status.kind == Kind::issued;
  data["blocked"] = status.kind == Kind::blocked;
  data["waiting"] = status.kind == Kind::sent || status.kind == Kind::opened;
  data["at"] = format_time(status.at, visit.language);
  data["message"] =
      message_fate(renderer_, Carried::link, status.message, state_.now(), visit.language);
  return page(visit, "reissue_sent", std::move(data));
}

// The same for every link, so that asking for it, however often, does nothing (requirements 14,
// 15).
http::Response Site::reissue_link(Visit& visit) {
  Json data = {{"manifest_url", "/election/manifest.json"}};
  add_logout(data, visit);
  return page(visit, "link", std::move(data));
}

http::Response Site::reissue_cancel_form(Visit& visit) {
  return page(visit, "reissue_cancel", Json::object());
}

// Neither session nor CSRF token, so that the page may stand open for hours: who can send the
// link's token may block, and nobody else can make a browser send it.
http::Response Site::reissue_cancel_post(Visit& visit) {
  const auto form = http::read_form(visit.request);
  if (!form || !form->get("token") || !has_only(*form, {"token"})) {
    return error_page(400, &visit.request);
  }
  const auto cancelled = cancel_reissue(state_, *form->get("token"));
  if (!cancelled) return page(visit, "reissue_cancel", {{"unknown", true}});
  std::string bureaus;
  for (const auto contest : cancelled->voted_since) {
    const auto& manifest = state_.manifest();
    const auto& name = manifest.bureau_of(manifest.contests.at(contest)).name;
    if (bureaus.find(name) == std::string::npos) bureaus += (bureaus.empty() ? "" : ", ") + name;
  }
  const auto hours = hours_of(state_);
  const bool over = hours.grace_ends_at || state_.now() >= hours.closes_at;
  return page(visit, "reissue_cancel",
              {{"done", true},
               {"blocked", !cancelled->too_late},
               {"too_late", cancelled->too_late},
               {"can_vote", bureaus.empty() && !over},
               {"voted", !bureaus.empty()},
               {"bureau", bureaus}});
}

http::Response Site::inbox(Visit& visit) {
  const auto messages = read_inbox(state_);
  Json items = Json::array();
  for (const auto& message : messages) {
    items.push_back(inbox_item(message, state_.manifest().origin));
  }
  return page(visit, "inbox", {{"count", messages.size()}, {"messages", std::move(items)}});
}

http::Response Site::inbox_message(Visit& visit) {
  const auto id = std::string_view(visit.request.path).substr(7);
  for (const auto& message : read_inbox(state_)) {
    if (message.id != id) continue;
    const auto& origin = state_.manifest().origin;
    Json item = inbox_item(message, origin);
    item["body"] = parts_of(message.body, origin);
    return page(visit, "inbox", {{"message", std::move(item)}});
  }
  return error_page(404, &visit.request);
}

}  // namespace isoloir::web
