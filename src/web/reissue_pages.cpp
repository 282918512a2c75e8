// Pages of procedure A of the reissue design, for who is signed in to the portal: the choice, the
// challenge question, what was sent; and those that a link opens without any session: the link
// itself, the notice's block. Then the demonstration's inbox.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "reissue/throttle.hpp"
#include "web/visit.hpp"

namespace isoloir::web {
namespace {

// What was typed and may be shown again: neither answer nor number.
Json shown_again(const http::Form& form) {
  const auto channel = form.get("channel").value_or("");
  return {{"sms", channel == "sms"},
          {"mail", channel == "email"},
          {"phone", form.get("phone").value_or("")},
          {"email", form.get("email").value_or("")}};
}

// Repeated fields are refused by the form's reader; this refuses "email[]" and all that the page
// does not send (requirement 37).
bool has_only(const http::Form& form, std::initializer_list<std::string_view> names) {
  return std::all_of(form.fields.begin(), form.fields.end(), [&](const auto& field) {
    return std::find(names.begin(), names.end(), field.first) != names.end();
  });
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

// The name under which views/reissue_refused.mustache tells why, or nothing.
std::string_view final_refusal(std::string_view code) {
  if (code == "reissue.closed") return "closed";
  if (code == "reissue.limit") return "used_up";
  if (code == "reissue.blocked") return "blocked";
  return {};
}

// The addresses in a message, which are ours alone: each ends at white space.
Json links_in(std::string_view body, std::string_view origin) {
  Json links = Json::array();
  for (auto at = body.find(origin); at != std::string_view::npos; at = body.find(origin, at + 1)) {
    const auto link = body.substr(at, body.find_first_of(" \t\r\n", at) - at);
    if (link.size() > origin.size()) links.push_back(std::string(link));
  }
  return links;
}

Json inbox_item(const InboxMessage& message, std::size_t number) {
  const bool sms = message.channel == MessageChannel::sms;
  return {{"url", fmt::format("/inbox/{}", number)},
          {"to", message.destination},
          {"subject", sms ? message.body.substr(0, message.body.find('\n')) : message.subject},
          {"sms", sms},
          {"sent_at", message.created_at}};
}

}  // namespace

http::Response Site::reissue_refused(Visit& visit, std::string_view reason) {
  return page(visit, "reissue_refused", {{std::string(reason), true}});
}

http::Response Site::reissue_choice(Visit& visit) {
  if (!reissues_) return reissue_refused(visit, "no_sender");
  const auto status = reissues_->status(visit.voter());
  if (status.kind == ReissueStatus::Kind::blocked) return reissue_refused(visit, "blocked");
  Json data = {{"question_url", "/reissue/question"}};
  if (status.kind == ReissueStatus::Kind::issued) {
    data["issued"] = {{"reference", status.reference}, {"since_at", status.at}};
  }
  return page(visit, "reissue_choice", std::move(data));
}

http::Response Site::reissue_question_page(Visit& visit, Json data) {
  data["question"] = voter_profile(state_, visit.voter())->question;
  return page(visit, "reissue_question", std::move(data));
}

http::Response Site::reissue_question(Visit& visit) {
  if (!reissues_) return http::Response::redirect_303("/reissue");
  return reissue_question_page(visit, Json::object());
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
    return reissue_question_page(visit, std::move(data));
  }
  Json errors = missing_fields(*form);
  const bool captcha = form->get("captcha_id").has_value();
  // Burnt whatever it says, so that one captcha serves one try.
  if (captcha && !captchas_.check(*visit.session, *form->get("captcha_id"),
                                  form->get("captcha").value_or(""))) {
    errors["captcha"] = true;
  }
  if (!errors.empty()) {
    if (captcha) data["captcha"] = captcha_data(visit);
    data["errors"] = std::move(errors);
    return reissue_question_page(visit, std::move(data));
  }
  const bool sms = form->get("channel") == "sms";
  const auto sent = reissues_->request(
      *visit.session,
      {std::string(*form->get("answer")), std::string(*form->get("identity")),
       sms ? ReissueChannel::sms : ReissueChannel::email,
       std::string(form->get(sms ? "phone" : "email").value_or("")), visit.request.client_address,
       std::string(language_code(visit.language)), captcha});
  if (!sent) return reissue_not_sent(visit, sent.error(), std::move(data));
  return page(visit, "reissue_sent",
              {{"sms", sms},
               {"mail", !sms},
               {"destination", sent->destination},
               {"reference", sent->reference},
               {"expires_at", sent->link_expires_at}})
      .with_cookie(next_session_cookie, sent->next_session);
}

http::Response Site::reissue_not_sent(Visit& visit, const ReissueRefusal& refusal, Json data) {
  if (const auto reason = final_refusal(refusal.code); !reason.empty()) {
    return reissue_refused(visit, reason);
  }
  Json errors = Json::object();
  data["retry_at"] = reissue::next_full_minute(refusal.at);
  if (refusal.code == "reissue.captcha") {
    data["captcha"] = captcha_data(visit);
    data["captcha_asked"] = true;
  } else if (refusal.code == "reissue.wrong_proof") {
    errors["proof"] = true;
    data["tries_left"] = refusal.tries_left;
  } else if (refusal.code == "reissue.delayed") {
    errors["delayed"] = true;
  } else if (refusal.code == "reissue.destination") {
    errors["destination"] = renderer_.text(refusal.message_id, visit.language);
    data[data["sms"].get<bool>() ? "phone_wrong" : "email_wrong"] = true;
  } else {
    errors[refusal.at > 0 ? "throttled_until" : "throttled"] = true;
    data["last_link"] = reissues_->status(visit.voter()).kind == ReissueStatus::Kind::sent;
  }
  if (!errors.empty()) data["errors"] = std::move(errors);
  return reissue_question_page(visit, std::move(data));
}

// The same for every link, so that asking for it, however often, does nothing (requirements 14,
// 15).
http::Response Site::reissue_link(Visit& visit) {
  return page(visit, "link", {{"manifest_url", "/election/manifest.json"}});
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
  const auto cancelled = reissues_ ? reissues_->cancel(*form->get("token"))
                                   : ReissueResult<CancelledReissue>(tl::make_unexpected(
                                         ReissueRefusal{"reissue.link_unknown", {}}));
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
  for (std::size_t i = 0; i < messages.size(); ++i) {
    items.push_back(inbox_item(messages[i], messages.size() - i));
  }
  return page(visit, "inbox", {{"count", messages.size()}, {"messages", std::move(items)}});
}

// Numbered from the oldest, so that an address stays that of its message while others arrive.
http::Response Site::inbox_message(Visit& visit) {
  const auto messages = read_inbox(state_);
  const std::string_view text = std::string_view(visit.request.path).substr(7);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0 ||
      number > messages.size()) {
    return error_page(404, &visit.request);
  }
  const auto& message = messages[messages.size() - number];
  Json item = inbox_item(message, number);
  item["body"] = message.body;
  item["links"] = links_in(message.body, state_.manifest().origin);
  return page(visit, "inbox", {{"message", std::move(item)}});
}

}  // namespace isoloir::web
