// The portal's site: which address does what, for whom. Pages by mustache views, the voting space's
// JSON interface, the receipt log's tiles. Policy comes from the portal's file; this code never
// asks which portal it serves.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "base/limits.hpp"
#include "courier/outbox.hpp"
#include "http/form.hpp"
#include "http/server.hpp"
#include "portal/portal.hpp"
#include "service/accounts.hpp"
#include "service/bureau.hpp"
#include "service/self_service.hpp"
#include "service/voting.hpp"
#include "web/information.hpp"
#include "web/refusals.hpp"
#include "web/render.hpp"
#include "web/statements.hpp"

namespace isoloir::web {

// What `isoloir demo` adds: a landing page, and the messages that voters would have received.
// Absent in `isoloir serve`, whose addresses then do not exist.
struct DemoPages {
  Json landing;  // data of views/demo.mustache
};

// Thread-safe. Everything given outlives it; pages and statements are those that the portal names.
class Site final : public http::Handler {
 public:
  Site(State& state, Log& log, const Portal& portal, const Renderer& renderer,
       std::optional<DemoPages> demo, const SelfService& services,
       InformationPages information = {}, Statements statements = {});
  ~Site() override;

  http::Lane lane(const http::Request& request) override;
  http::Response handle(const http::Request& request) override;
  bool passing(const std::exception& exception) const override;
  http::Response busy_page(const http::Request& request) override;
  http::Response error_page(int status, const http::Request* request) override;

  Sessions& sessions() { return sessions_; }
  // How the vote stands, for the strip of every page: read at each beat and before each page that
  // reads the database, so that no other waits for it.
  void read_standing();

  struct Visit;  // one request: language, session, cookies to set

 private:
  using Action = http::Response (Site::*)(Visit&);
  struct Route {
    http::Method method;
    std::string_view path;  // a final '*' matches the rest
    http::Lane lane;
    bool signed_in;  // else 303 to sign-in, or 401 for /api/
    Action action;
  };
  struct Standing;
  static std::span<const Route> routes();
  const Route* find(http::Method method, const http::Request& request) const;
  static Visit arrive(const http::Request& request);  // its language; no session yet
  void find_session(Visit& visit);

  // Pages
  http::Response home(Visit& visit);
  http::Response sign_in_form(Visit& visit);
  http::Response sign_in_post(Visit& visit);
  http::Response sign_out(Visit& visit);
  http::Response signed_out(Visit& visit);
  http::Response voting_space(Visit& visit);
  // The page that stands in place of the voting space, when nobody can vote just now.
  std::optional<http::Response> voting_space_shut(Visit& visit);
  http::Response tracker_form(Visit& visit);
  http::Response tracker_post(Visit& visit);
  http::Response result(Visit& visit);
  http::Response information(Visit& visit);  // a page of the portal's own, or a picture of one
  http::Response demo_landing(Visit& visit);

  // Writing to the help desk
  http::Response help_form(Visit& visit);
  http::Response help_post(Visit& visit);
  http::Response help_sent(Visit& visit);
  http::Response help_page(Visit& visit, const HelpForm& typed, Json data);
  // What views/request_fields.mustache wants of both forms; what was wrong, in words.
  void add_topics(Json& data, const std::vector<HelpTopic>& topics, const HelpForm& typed,
                  Language language) const;
  Json form_errors(const HelpFaults& faults, Language language) const;

  // Claims on the roll or a candidacy
  http::Response claim_form(Visit& visit);
  http::Response claim_post(Visit& visit);
  http::Response claim_sent(Visit& visit);
  http::Response claim_follow_form(Visit& visit);
  http::Response claim_follow_post(Visit& visit);
  http::Response claim_status(Visit& visit);
  http::Response claim_page(Visit& visit, const HelpForm& typed, Json data);
  Json claim_data(const StoredClaim& claim, Language language) const;

  // Reissue of a voting code
  http::Response reissue_choice(Visit& visit);
  http::Response reissue_question(Visit& visit);
  http::Response reissue_question_post(Visit& visit);
  http::Response reissue_sent(Visit& visit);
  http::Response identification(Visit& visit);          // to FranceConnect
  http::Response identification_return(Visit& visit);   // and back
  http::Response identification_refused(Visit& visit);  // what came of it
  http::Response identification_logout(Visit& visit);
  http::Response identification_signed_out(Visit& visit);
  http::Response not_identified(const Visit& visit, const ReissueRefusal& refusal);
  void add_logout(Json& data, const Visit& visit) const;
  http::Response reissue_link(Visit& visit);
  http::Response reissue_cancel_form(Visit& visit);
  http::Response reissue_cancel_post(Visit& visit);
  http::Response api_reissue_open(Visit& visit);
  http::Response api_reissue_resume(Visit& visit);
  http::Response api_reissue_issue(Visit& visit);
  http::Response api_reissue_noted(Visit& visit);
  http::Response api_reissue_status(Visit& visit);
  http::Response inbox(Visit& visit);
  http::Response inbox_message(Visit& visit);

  // Recovery of a password or an identifier
  http::Response password_form(Visit& visit);
  http::Response password_post(Visit& visit);
  http::Response password_requested(Visit& visit);
  http::Response password_link(Visit& visit);
  http::Response api_password(Visit& visit);
  http::Response identifier_form(Visit& visit);
  http::Response api_identifier(Visit& visit);
  http::Response both_lost(Visit& visit);

  // Of the voter's own contests
  http::Response my_contests(Visit& visit);
  http::Response statement(Visit& visit);
  http::Response electoral_roll(Visit& visit);
  http::Response my_account(Visit& visit);
  http::Response my_sessions_post(Visit& visit);  // ends the others

  // Accounts on the portal: a link, a password, a question
  http::Response account_link_form(Visit& visit);
  http::Response account_link_post(Visit& visit);
  http::Response account_link_requested(Visit& visit);
  http::Response account_link(Visit& visit);
  http::Response api_account_open(Visit& visit);
  http::Response account_password(Visit& visit);
  http::Response account_password_post(Visit& visit);
  http::Response account_question(Visit& visit);
  http::Response account_question_post(Visit& visit);
  http::Response account_done(Visit& visit);
  http::Response account_block_form(Visit& visit);
  http::Response account_block_post(Visit& visit);

  // The contact check, before the vote
  http::Response contact_link(Visit& visit);
  http::Response api_contact(Visit& visit);

  // Interface of the voting space
  http::Response api_sign_in(Visit& visit);  // with keys: identifier and password
  http::Response api_voting_code(Visit& visit);
  http::Response api_contests(Visit& visit);
  http::Response api_confirmation(Visit& visit);
  http::Response api_confirmation_news(Visit& visit);
  using ConfirmationAction =
      std::function<Expected<ConfirmationSent>(std::uint32_t contest, const Json& body)>;
  http::Response with_contest(Visit& visit, const ConfirmationAction& action);
  http::Response api_ballot(Visit& visit);
  http::Response api_receipt(Visit& visit);
  http::Response api_extend(Visit& visit);

  // Files and public data
  http::Response asset_file(Visit& visit);
  http::Response captcha_file(Visit& visit);
  http::Response manifest_file(Visit& visit);
  http::Response log_file(Visit& visit);
  http::Response receipt_check(Visit& visit);
  http::Response cosignature_post(Visit& visit);
  http::Response health(Visit& visit);

  Json vote_strip(Language language) const;
  // When the vote closes or was closed: a bureau may close it before its hour.
  TimeMs closing_of(TimeMs closes_at, std::optional<TimeMs> grace_ends_at) const;
  http::Response page(Visit& visit, std::string_view view, Json data, int status = 200,
                      const SafeHtml& document = {});
  Json information_menu(const Visit& visit) const;
  // Null for who has none.
  const std::string* statement_name(std::uint32_t contest, const ContestOption& option) const;
  Json captcha_data(Visit& visit);
  Json session_data(const Visit& visit) const;
  // What the voting space's document wants, whoever signs in and how.
  Json space_data(Visit& visit);
  // Where signing in opens the vote: the document that asks for identifier and password.
  http::Response key_sign_in_page(Visit& visit);
  bool signs_in_with_keys() const { return portal_.scheme != SignInScheme::email_password; }
  // As it was typed there, normalised; nothing for what is no identifier.
  std::optional<std::string> typed_identifier(const std::string& typed) const;
  // Burnt whatever it says, so that one captcha serves one try. True where the portal has none.
  bool captcha_good(const Visit& visit, const std::string& id, std::string_view digits);
  http::Response sign_in_page(Visit& visit, Json errors, std::string_view email,
                              std::string_view to, bool ended);
  http::Response reissue_refused(Visit& visit, std::string_view reason);
  http::Response reissue_question_again(const Visit& visit, const Json& data);
  std::string_view reissue_shut(const std::string& voter) const;
  // Where a new code can be asked for; empty where the assistance alone can help.
  std::string reissue_url(const ReissueStatus& status) const;
  ReissueStatus reissue_status(const Visit& visit) const;
  Json pending_reissue(const Visit& visit) const;
  http::Response reissue_not_sent(Visit& visit, const ReissueRefusal& refusal, Json data);
  http::Response after_code(Visit& visit, const Expected<CodeVerdict>& verdict);
  Json confirmation_refused(const Visit& visit, std::uint32_t contest, const Error& error);
  Json next_try(Visit& visit, Json answer);             // with a new captcha and nonce
  Json next_try_signed_out(Visit& visit, Json answer);  // and the session that they belong to
  // The page that stands in place of a recovery's, when there is none just now.
  std::optional<http::Response> recovery_shut(Visit& visit, Recoveries::Recovered what);
  http::Response password_page(Visit& visit, Json data);
  // The page that stands in place of an account's, when there is none just now.
  std::optional<http::Response> account_shut(Visit& visit);
  http::Response account_link_page(Visit& visit, Json data);
  http::Response account_password_page(Visit& visit, const AccountView& view, Json data);
  http::Response account_question_page(Visit& visit, const AccountView& view, Json data);
  http::Response account_other_link(Visit& visit, const AccountView& view);
  std::optional<AccountView> account_view(const Visit& visit) const;
  // After a step: the next one, or why there is none.
  http::Response account_next(Visit& visit, const ReissueResult<AccountView>& result);
  KeySignInPolicy key_policy() const;
  std::string csrf_error(Visit& visit, const http::Form& form) const;

  State& state_;
  Log& log_;
  const Portal& portal_;
  const Renderer& renderer_;
  std::optional<DemoPages> demo_;
  Reissues* reissues_;
  Identifications* identifications_;
  Recoveries* recoveries_;
  Confirmations* confirmations_;
  HelpRequests* help_;
  AccountLinks* accounts_;
  Claims* claims_;
  ContactCheck* contact_;
  const InformationPages information_;
  const Statements statements_;
  const std::optional<TimeMs> codes_replaced_at_;  // before the opening: nothing adds to it
  Sessions sessions_;
  Captchas captchas_;
  mutable std::mutex phases_mutex_;
  VotePhases phases_;                                             // under it
  Refusals refused_ballots_{limits::refused_ballots_per_minute};  // of a voter
};

}  // namespace isoloir::web
