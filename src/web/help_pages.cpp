// "AIDE ?": the form to the help desk, open to all. Where no channel carries messages the page
// gives telephone and address instead: it promises nothing that cannot happen.
#include "base/limits.hpp"
#include "reissue/throttle.hpp"
#include "web/forms.hpp"

namespace isoloir::web {
namespace {

constexpr std::string_view help_cookie = "help-sent";

http::Response tell_sent(State& state, const Session& session, const HelpForm& typed,
                         const HelpSent& sent, bool beside) {
  return tell(state, session, "/help/sent", help_cookie,
              {{"reference", sent.reference},
               {"email", typed.email},
               {"acknowledged", sent.acknowledged},
               {"in_space", beside}});
}

}  // namespace

HelpForm read_help_form(const http::Form& form) {
  const auto field = [&](std::string_view name) {
    return std::string(form.get(name).value_or(""));
  };
  return {field("topic"), field("name"), field("email"), field("phone"), field("text"), ""};
}

void Site::add_topics(Json& data, const std::vector<HelpTopic>& topics, const HelpForm& typed,
                      Language language) const {
  data["topics"] = Json::array();
  for (const auto topic : topics) {
    const std::string name(name_of(topic));
    data["topics"].push_back({{"value", name},
                              {"label", renderer_.text(text_of(topic), language)},
                              {"chosen", name == typed.topic}});
  }
  data["first_topic"] = data["topics"][0]["value"];
  data.update({{"name", typed.name},
               {"email", typed.email},
               {"phone", typed.phone},
               {"text", typed.text},
               {"limit", limits::help_text_characters},
               {"limit_digits", std::to_string(limits::help_text_characters)}});
}

Json Site::form_errors(const HelpFaults& faults, Language language) const {
  Json errors = Json::object();
  const Json values = {{"piece", faults.piece},
                       {"characters", faults.characters},
                       {"limit", limits::help_text_characters}};
  for (const auto& [field, id] : faults.by_field) {
    errors[field] = renderer_.text(id, language, values);
  }
  return errors;
}

// What was typed stands in the fields again, whatever was wrong with it.
http::Response Site::help_page(Visit& visit, const HelpForm& typed, Json data) {
  data["with_claims"] = portal_.claims && !data.value("in_space", false);
  data["form"] = true;
  data["captcha"] = captcha_data(visit);
  add_topics(data, help_topics(portal_.credentials), typed, visit.language);
  return page(visit, "help", std::move(data));
}

http::Response Site::help_form(Visit& visit) {
  if (!portal_.assistance || portal_.assistance->email.empty()) {
    return error_page(404, &visit.request);
  }
  Json data = {{"with_identifier", portal_.credentials.identifier.has_value()},
               {"code_alone", portal_.credentials.roll_number},
               {"in_space", beside_a_vote(visit)}};
  if (help_) return help_page(visit, {}, std::move(data));
  data["help_email"] = portal_.assistance->email;
  return page(visit, "help", std::move(data));
}

http::Response Site::help_post(Visit& visit) {
  if (!portal_.assistance || portal_.assistance->email.empty()) {
    return error_page(404, &visit.request);
  }
  if (!help_) return http::Response::redirect_303("/help");
  const auto form = http::read_form(visit.request);
  if (!form || !has_only(*form, {"csrf", "topic", "name", "email", "phone", "text", "captcha_id",
                                 "captcha", "beside"})) {
    return error_page(400, &visit.request);
  }
  const auto typed = read_help_form(*form);
  const bool beside = form->get("beside").has_value();
  Json data = {{"with_identifier", portal_.credentials.identifier.has_value()},
               {"code_alone", portal_.credentials.roll_number},
               {"in_space", beside}};
  if (!csrf_error(visit, *form).empty()) {
    data["page_old"] = true;
    return help_page(visit, typed, std::move(data));
  }
  const std::string page_id(form->get("captcha_id").value_or(""));
  const HelpSender sender{visit.session->id, page_id, visit.request.client_address,
                          std::string(language_code(visit.language)), ""};
  if (const auto before = help_->earlier(sender, typed)) {
    return tell_sent(state_, *visit.session, typed, *before, beside);
  }
  Json errors = form_errors(help_->judge(typed), visit.language);
  const auto digits = form->get("captcha").value_or("");
  if (!captcha_good(visit, page_id, digits)) {
    errors["captcha"] = true;
    errors["captcha_empty"] = digits.empty();
  }
  if (errors.empty()) {
    const auto sent = help_->send(sender, typed);
    if (sent) return tell_sent(state_, *visit.session, typed, *sent, beside);
    errors["throttled"] = true;
    data["retry_at"] = reissue::next_full_minute(sent.error());
  }
  data["errors"] = std::move(errors);
  return help_page(visit, typed, std::move(data));
}

http::Response Site::help_sent(Visit& visit) {
  Json data = told(state_, visit, help_cookie);
  if (data.empty()) return http::Response::redirect_303("/help");
  return page(visit, "help_sent", std::move(data));
}

}  // namespace isoloir::web
