// "Formuler une réclamation": the form, open to all because who is missing on the roll cannot sign
// in, and the page that follows a claim by its reference and address. Where no channel carries
// messages the page gives the address to write to.
#include "base/limits.hpp"
#include "reissue/throttle.hpp"
#include "web/forms.hpp"

namespace isoloir::web {
namespace {

constexpr std::string_view claim_sent_cookie = "claim-sent";
constexpr std::string_view claim_followed_cookie = "claim-followed";

}  // namespace

Json Site::claim_data(const StoredClaim& claim, Language language) const {
  const auto& [row, form] = claim.request;
  const auto* contest = contest_of(state_.manifest(), form);
  const auto text = [&](std::string_view id) { return renderer_.text(id, language); };
  Json data = {{"reference", row.reference},
               {"asked_at", row.at},
               {"topic", text(text_of(*help_topic(row.topic)))},
               {"contest", !contest                       ? ""
                           : language == Language::french ? contest->name.fr
                                                          : contest->name.en},
               {"said", form.text},
               {"answered", claim.answer.has_value()},
               {"state", text("claim.state_received")}};
  if (claim.answer) {
    data["state"] = text(text_of(claim.answer->decision));
    data["answered_at"] = claim.answer->at;
    data["answer"] = claim.answer->text;
  }
  return data;
}

// What was typed stands in the fields again, whatever was wrong with it.
http::Response Site::claim_page(Visit& visit, const HelpForm& typed, Json data) {
  const TimeMs now = state_.now();
  data.update({{"roll_until_at", portal_.claims->roll_until},
               {"candidacy_until_at", portal_.claims->candidacy_until},
               {"roll_over", now >= portal_.claims->roll_until},
               {"candidacy_over", now >= portal_.claims->candidacy_until}});
  const bool over = data["roll_over"] && data["candidacy_over"];
  data["over"] = over;
  data["mine"] = Json::array();
  if (claims_ && visit.signed_in()) {
    for (const auto& claim : claims_->of_voter(visit.voter())) {
      data["mine"].push_back(claim_data(claim, visit.language));
    }
  }
  data["with_mine"] = !data["mine"].empty();
  data["followed_online"] = claims_ != nullptr;
  if (!claims_ && !over) data["claims_email"] = portal_.claims->email;
  // What decides is one look at the clock: between two a deadline may pass.
  const auto topics = claims_ ? claims_->topics() : std::vector<HelpTopic>();
  data["form"] = !topics.empty();
  if (!topics.empty()) {
    data["claim"] = true;
    data["captcha"] = captcha_data(visit);
    add_topics(data, topics, typed, visit.language);
    data["contests"] = Json::array();
    const auto& contests = state_.manifest().contests;
    for (std::size_t k = 0; k < contests.size(); ++k) {
      const auto& name = contests[k].name;
      data["contests"].push_back({{"number", std::to_string(k)},
                                  {"title", visit.language == Language::french ? name.fr : name.en},
                                  {"chosen", typed.contest == std::to_string(k)}});
    }
  }
  return page(visit, "claim", std::move(data));
}

http::Response Site::claim_form(Visit& visit) {
  if (!portal_.claims) return error_page(404, &visit.request);
  HelpForm typed;
  if (visit.signed_in()) {
    const auto person = personal_data(state_, visit.voter());
    typed.name = voter_profile(state_, visit.voter())->display_name;
    typed.email = person.email;
  }
  return claim_page(visit, typed, Json::object());
}

http::Response Site::claim_post(Visit& visit) {
  if (!portal_.claims) return error_page(404, &visit.request);
  if (!claims_) return http::Response::redirect_303("/claim");
  const auto form = http::read_form(visit.request);
  if (!form || !has_only(*form, {"csrf", "topic", "contest", "name", "email", "phone", "text",
                                 "captcha_id", "captcha"})) {
    return error_page(400, &visit.request);
  }
  auto typed = read_help_form(*form);
  typed.contest = std::string(form->get("contest").value_or(""));
  Json data = Json::object();
  if (!csrf_error(visit, *form).empty()) {
    data["page_old"] = true;
    return claim_page(visit, typed, std::move(data));
  }
  const std::string page_id(form->get("captcha_id").value_or(""));
  const HelpSender sender{visit.session->id, page_id, visit.request.client_address,
                          std::string(language_code(visit.language)),
                          visit.signed_in() ? visit.voter() : ""};
  const auto tell_claim = [&](const HelpSent& sent) {
    return tell(state_, *visit.session, "/claim/sent", claim_sent_cookie,
                {{"reference", sent.reference},
                 {"email", typed.email},
                 {"acknowledged", sent.acknowledged}});
  };
  if (const auto before = claims_->requests().earlier(sender, typed)) return tell_claim(*before);
  auto errors = form_errors(claims_->judge(typed), visit.language);
  const auto digits = form->get("captcha").value_or("");
  if (!captcha_good(visit, page_id, digits)) {
    errors["captcha"] = true;
    errors["captcha_empty"] = digits.empty();
  }
  if (errors.empty()) {
    const auto sent = claims_->requests().send(sender, typed);
    if (sent) return tell_claim(*sent);
    errors["throttled"] = true;
    data["retry_at"] = reissue::next_full_minute(sent.error());
  }
  data["errors"] = std::move(errors);
  return claim_page(visit, typed, std::move(data));
}

http::Response Site::claim_sent(Visit& visit) {
  Json data = told(state_, visit, claim_sent_cookie);
  if (data.empty()) return http::Response::redirect_303("/claim");
  return page(visit, "claim_sent", std::move(data));
}

http::Response Site::claim_follow_form(Visit& visit) {
  if (!claims_) return error_page(404, &visit.request);
  ensure_session(visit, sessions_);
  return page(visit, "claim_follow", Json::object());
}

http::Response Site::claim_follow_post(Visit& visit) {
  if (!claims_) return error_page(404, &visit.request);
  const auto form = http::read_form(visit.request);
  if (!form || !has_only(*form, {"csrf", "reference", "email"})) {
    return error_page(400, &visit.request);
  }
  const auto reference = http::trim(form->get("reference").value_or(""));
  const auto email = http::trim(form->get("email").value_or(""));
  Json data = {{"reference", reference.substr(0, limits::email_bytes)},
               {"email", email.substr(0, limits::email_bytes)}};
  const auto again = [&](std::string_view what) {
    ensure_session(visit, sessions_);
    data["errors"] = {{std::string(what), true}};
    return page(visit, "claim_follow", std::move(data));
  };
  if (!csrf_error(visit, *form).empty()) return again("page_old");
  TimeMs wait_until = 0;
  const auto claim = claims_->find(reference, email, visit.request.client_address, wait_until);
  if (wait_until > 0) {
    data["retry_at"] = reissue::next_full_minute(wait_until);
    return again("throttled");
  }
  if (!claim) return again("unknown");
  return tell(state_, *visit.session, "/claim/status", claim_followed_cookie,
              {{"reference", claim->request.row.reference}});
}

http::Response Site::claim_status(Visit& visit) {
  const Json followed = told(state_, visit, claim_followed_cookie);
  if (!claims_ || followed.empty()) return http::Response::redirect_303("/claim/follow");
  const auto claim = read_claim(state_, std::string(followed["reference"]));
  if (!claim) return http::Response::redirect_303("/claim/follow");
  return page(visit, "claim_status", claim_data(*claim, visit.language));
}

}  // namespace isoloir::web
