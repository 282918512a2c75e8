// The voter's account on the portal: asking for a link, the link, password and question, the
// notice's block. Whoever asks, the answers are the same to the byte (reissue requirements 32 to
// 35); what is so is said to the address on file.
#include "base/limits.hpp"
#include "web/forms.hpp"
#include "web/json_body.hpp"

namespace isoloir::web {
namespace {

constexpr std::string_view account_cookie = "account";  // opener of a link
constexpr std::string_view account_requested_cookie = "account-requested";
constexpr std::string_view own_question = "own";

// What a link, or a step after it, came to.
struct AccountEnd {
  std::string_view code;
  std::string_view status;  // for the browser's code, which has the same texts
  std::string_view title;
  std::string_view text;
  bool ask_again = false;
  bool sign_in = false;
};
constexpr AccountEnd account_ends[] = {
    {"reissue.link_unknown", "unknown", "account.unknown_title", "account.unknown_text", true},
    {"reissue.link_expired", "expired", "account.expired_title", "account.expired_text", true},
    {"reissue.link_used", "used", "account.used_title", "account.used_text", true, true},
    {"reissue.link_superseded", "superseded", "account.superseded_title", "account.superseded_text",
     true},
    {"reissue.link_elsewhere", "elsewhere", "account.elsewhere_title", "account.elsewhere_text",
     true},
    {"reissue.link_cancelled", "blocked", "account.blocked_title", "account.blocked_text"},
    {"reissue.blocked", "blocked", "account.blocked_title", "account.blocked_text"},
    {"reissue.closed", "closed", "account.closed_title", "account.closed_text"}};

const AccountEnd& end_of(std::string_view code) {
  for (const auto& end : account_ends) {
    if (end.code == code) return end;
  }
  return account_ends[0];
}

bool is_in_form(std::string_view code) {
  return code.starts_with("account.");
}
// Another link was opened in this browser since the page was: it is shown, whose it is.
constexpr std::string_view other_link = "account.other_link";

}  // namespace

// ---- Asking for a link

std::optional<http::Response> Site::account_shut(Visit& visit) {
  if (signs_in_with_keys()) return error_page(404, &visit.request);
  if (!accounts_) return page(visit, "account_shut", {{"no_service", true}});
  switch (accounts_->shut()) {
    case AccountLinks::Shut::no:
      return std::nullopt;
    case AccountLinks::Shut::before:
      return page(visit, "account_shut",
                  {{"before", true}, {"from_at", portal_.account->invitations_from}});
    case AccountLinks::Shut::closed:
      break;
  }
  return page(visit, "account_shut", {{"closed", true}});
}

http::Response Site::account_link_page(Visit& visit, Json data) {
  data["captcha"] = captcha_data(visit);
  add_rates(data, portal_.account->requests);
  return page(visit, "account_link", std::move(data));
}

http::Response Site::account_link_form(Visit& visit) {
  if (auto shut = account_shut(visit)) return std::move(*shut);
  return account_link_page(visit, Json::object());
}

http::Response Site::account_link_post(Visit& visit) {
  if (auto shut = account_shut(visit)) return std::move(*shut);
  const auto form = http::read_form(visit.request);
  if (!form || !has_only(*form, {"csrf", "email", "captcha_id", "captcha"})) {
    return error_page(400, &visit.request);
  }
  const auto email = http::trim(form->get("email").value_or(""));
  Json data = {{"email", email.substr(0, limits::email_bytes)}};
  if (!csrf_error(visit, *form).empty()) {  // the page is older than its session
    data["page_old"] = true;
    return account_link_page(visit, std::move(data));
  }
  Json errors = Json::object();
  if (!looks_like_address(email)) errors["email"] = true;
  const auto digits = form->get("captcha").value_or("");
  if (!captcha_good(visit, std::string(form->get("captcha_id").value_or("")), digits)) {
    errors["captcha"] = true;
    errors["captcha_empty"] = digits.empty();
  }
  if (!errors.empty()) {
    data["errors"] = std::move(errors);
    return account_link_page(visit, std::move(data));
  }
  const auto reference = accounts_->ask(
      email, {visit.request.client_address, std::string(language_code(visit.language))});
  return tell(state_, *visit.session, "/account-link/requested", account_requested_cookie,
              {{"reference", reference}, {"asked_at", state_.now()}});
}

http::Response Site::account_link_requested(Visit& visit) {
  if (!accounts_ || !visit.session) return http::Response::redirect_303("/account-link");
  Json data = told(state_, visit, account_requested_cookie);
  if (data.empty()) return http::Response::redirect_303("/account-link");
  data["asked_at"] = format_time(data["asked_at"].get<TimeMs>(), visit.language);
  data["minutes"] = portal_.account->password_link_ms / minute_ms;
  data["days"] = portal_.account->activation_link_ms / day_ms;
  data["with_claims"] = portal_.claims.has_value();
  return page(visit, "account_requested", std::move(data));
}

// ---- The link

// The same for every link, so that asking for it does nothing (requirements 14, 15).
http::Response Site::account_link(Visit& visit) {
  if (!accounts_) return http::Response::redirect_303("/account-link");
  return page(visit, "account", Json::object());
}

// As api_reissue_open: the opener is the browser's before the link is spent.
http::Response Site::api_account_open(Visit& visit) {
  const auto body = parse_json(visit.request.body);
  if (!body || !body->is_object() || !accounts_ || !from_our_page(visit.request)) {
    return error_page(400, &visit.request);
  }
  const auto token = field(*body, "token");
  if (token.empty()) return error_page(400, &visit.request);
  const auto opened = accounts_->open(token, visit.request.cookie(account_cookie).value_or(""),
                                      language_code(visit.language));
  if (opened) return json_answer({{"status", "opened"}});
  if (opened.error().code == "reissue.opener") {
    return json_answer({{"status", "again"}})
        .with_cookie(account_cookie, accounts_->new_opener(), http::SameSite::strict);
  }
  const auto& refused = opened.error();
  Json answer = {{"status", end_of(refused.code).status}};
  if (refused.at > 0) answer["at"] = format_time(refused.at, visit.language);
  return json_answer(answer);
}

// ---- Password and question

std::optional<AccountView> Site::account_view(const Visit& visit) const {
  const auto opener = visit.request.cookie(account_cookie);
  return accounts_ && opener ? accounts_->view(*opener) : std::nullopt;
}

// Requirement 1: who has not come this far is sent to the start.
http::Response Site::account_next(Visit& visit, const ReissueResult<AccountView>& result) {
  using Step = AccountView::Step;
  if (result) {
    return http::Response::redirect_303(result->step == Step::password   ? "/account/password"
                                        : result->step == Step::question ? "/account/question"
                                                                         : "/account/done");
  }
  const auto& refused = result.error();
  if (refused.code == "reissue.order") return http::Response::redirect_303("/account/password");
  const auto& end = end_of(refused.code);
  const Json values = {{"at", refused.at > 0 ? format_time(refused.at, visit.language) : ""}};
  return page(visit, "account_shut",
              {{"end_title", renderer_.text(end.title, visit.language)},
               {"end_text", renderer_.text(end.text, visit.language, values)},
               {"ask_again", end.ask_again},
               {"sign_in", end.sign_in}});
}

http::Response Site::account_password_page(Visit& visit, const AccountView& view, Json data) {
  ensure_session(visit, sessions_);
  data["name"] = view.name;
  data["reference"] = view.reference;
  data["activation"] = view.activation;
  data["until_at"] = view.at;
  return page(visit, "account_password", std::move(data));
}

// The step at which the browser's own link is, empty, and why: nothing of the other's form goes
// over.
http::Response Site::account_other_link(Visit& visit, const AccountView& view) {
  using Step = AccountView::Step;
  if (view.step == Step::done) return account_next(visit, view);
  if (view.step == Step::question)
    return account_question_page(visit, view, {{"other_link", true}});
  return account_password_page(visit, view, {{"other_link", true}});
}

http::Response Site::account_password(Visit& visit) {
  const auto view = account_view(visit);
  if (!view) return http::Response::redirect_303("/account");
  if (view->step == AccountView::Step::done) return http::Response::redirect_303("/account/done");
  return account_password_page(visit, *view, Json::object());
}

http::Response Site::account_password_post(Visit& visit) {
  const auto form = http::read_form(visit.request);
  if (!form || !has_only(*form, {"csrf", "reference", "password"})) {
    return error_page(400, &visit.request);
  }
  const auto view = account_view(visit);
  if (!view) return http::Response::redirect_303("/account");
  if (form->get("reference") != view->reference) return account_other_link(visit, *view);
  if (!csrf_error(visit, *form).empty()) {
    return account_password_page(visit, *view, {{"page_old", true}});
  }
  const auto chosen = accounts_->choose_password(
      *visit.request.cookie(account_cookie), form->get("reference").value_or(""),
      form->get("password").value_or(""),
      {visit.request.client_address, std::string(language_code(visit.language))});
  if (!chosen && chosen.error().code == other_link) return account_other_link(visit, *view);
  if (!chosen && is_in_form(chosen.error().code)) {
    const auto what = renderer_.text(chosen.error().message_id, visit.language);
    return account_password_page(visit, *view, {{"errors", {{"password", what}}}});
  }
  return account_next(visit, chosen);
}

http::Response Site::account_question_page(Visit& visit, const AccountView& view, Json data) {
  ensure_session(visit, sessions_);
  data["name"] = view.name;
  data["reference"] = view.reference;
  data["until_at"] = view.at;
  data["limit_digits"] = std::to_string(limits::account_question_characters);
  const auto chosen = data.value("chosen", "");
  data["questions"] = Json::array();
  const auto& questions = portal_.account->questions;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto value = std::to_string(i);
    const auto& text = questions[i];
    data["questions"].push_back({{"value", value},
                                 {"label", visit.language == Language::french ? text.fr : text.en},
                                 {"chosen", value == chosen}});
  }
  data["own_chosen"] = chosen == own_question;
  return page(visit, "account_question", std::move(data));
}

http::Response Site::account_question(Visit& visit) {
  const auto view = account_view(visit);
  if (!view) return http::Response::redirect_303("/account");
  if (view->step != AccountView::Step::question) return account_next(visit, *view);
  return account_question_page(visit, *view, Json::object());
}

http::Response Site::account_question_post(Visit& visit) {
  const auto form = http::read_form(visit.request);
  if (!form || !has_only(*form, {"csrf", "reference", "question", "own", "answer"})) {
    return error_page(400, &visit.request);
  }
  const auto view = account_view(visit);
  if (!view) return http::Response::redirect_303("/account");
  if (form->get("reference") != view->reference) return account_other_link(visit, *view);
  const std::string chosen(form->get("question").value_or(""));
  const std::string own(http::trim(form->get("own").value_or("")));
  Json data = {{"chosen", chosen}, {"own", own.substr(0, limits::reissue_field_bytes)}};
  if (!csrf_error(visit, *form).empty()) {
    data["page_old"] = true;
    return account_question_page(visit, *view, std::move(data));
  }
  std::string question;
  const auto& questions = portal_.account->questions;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (chosen != std::to_string(i)) continue;
    question = visit.language == Language::french ? questions[i].fr : questions[i].en;
  }
  if (chosen == own_question) question = own;
  Json errors = Json::object();
  const auto text = [&](std::string_view id) { return renderer_.text(id, visit.language); };
  if (question.empty()) {
    errors[chosen == own_question ? "own" : "question"] =
        text(chosen == own_question ? "account.question_empty" : "account.question_none");
  }
  if (errors.empty()) {
    const auto done = accounts_->choose_question(
        *visit.request.cookie(account_cookie), form->get("reference").value_or(""), question,
        form->get("answer").value_or(""),
        {visit.request.client_address, std::string(language_code(visit.language))});
    if (!done && done.error().code == other_link) return account_other_link(visit, *view);
    if (done || !is_in_form(done.error().code)) return account_next(visit, done);
    const bool of_question = done.error().code.starts_with("account.question");
    errors[of_question ? "own" : "answer"] = text(done.error().message_id);
  }
  data["errors"] = std::move(errors);
  return account_question_page(visit, *view, std::move(data));
}

http::Response Site::account_done(Visit& visit) {
  const auto view = account_view(visit);
  if (!view) return http::Response::redirect_303("/sign-in");
  if (view->step != AccountView::Step::done) return account_next(visit, *view);
  return page(visit, "account_done",
              {{"activation", view->activation},
               {"name", view->name},
               {"done_at", view->at},
               {"reference", view->reference}});
}

// ---- The notice's block

http::Response Site::account_block_form(Visit& visit) {
  if (signs_in_with_keys()) return error_page(404, &visit.request);
  return page(visit, "account_block", Json::object());
}

// Neither session nor CSRF token: see reissue_cancel_post.
http::Response Site::account_block_post(Visit& visit) {
  if (signs_in_with_keys()) return error_page(404, &visit.request);
  const auto form = http::read_form(visit.request);
  if (!form || !form->get("token") || !has_only(*form, {"token"})) {
    return error_page(400, &visit.request);
  }
  const auto blocked = block_account(state_, *form->get("token"));
  if (!blocked) return page(visit, "account_block", {{"unknown", true}});
  return page(visit, "account_block", {{"done", true}, {"reference", *blocked}});
}

}  // namespace isoloir::web
