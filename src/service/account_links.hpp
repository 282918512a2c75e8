// How a voter opens her account on the portal, and is given another password when it is forgotten:
// a single-use link to the address that signs in, a password, and for a new account a challenge
// question with its secret answer. Requirement numbers are those of the reissue design.
//
// Links to activate leave by themselves for everybody on the roll; whoever lost hers, or forgot the
// password, types the address on a page that answers the same way whoever asks, and the server's
// beat sends what fits. Opened, a link belongs to one browser. What matters happens in one
// transaction each. Thread-safe.
#pragma once

#include "portal/account_policy.hpp"
#include "reissue/token.hpp"
#include "service/asked_requests.hpp"
#include "service/reissue.hpp"
#include "service/sign_in_tries.hpp"

namespace isoloir {

struct AccountView {
  enum class Step { password, question, done };
  Step step = Step::password;
  bool activation = false;  // the account is new: the question comes after the password
  std::string name;         // as the roll has it
  std::string reference;
  TimeMs at = 0;  // until when it goes on, or of done: since when
};

struct AccountChoice;

class AccountLinks {
 public:
  AccountLinks(State& state, const AccountPolicy& policy, const SignInPolicy& tries,
               const TextSource& texts)
      : state_(state), policy_(policy), tries_(tries), texts_(texts) {}

  enum class Shut { no, before, closed };  // before: no link has left yet
  Shut shut();

  // Gives the reference of the request, which the next beat answers.
  std::string ask(std::string_view email, const RecoveryPlace& place);

  // As Reissues::new_opener and Reissues::open; and reissue.blocked (by the voter), reissue.closed.
  std::string new_opener();
  ReissueResult<AccountView> open(std::string_view token, std::string_view opener,
                                  std::string_view language);

  // Nothing for an opener of no living flow: back to the start (requirement 1).
  std::optional<AccountView> view(std::string_view opener);

  // The next two give what comes next. The same again, once done, gets the same answer for ten
  // minutes, so that a lost answer loses nothing; another password or answer does not
  // (reissue.link_used). Refusals: those of check_account_password or check_question, with their
  // text's id; reissue.link_unknown (no such opener), those of a link's state, reissue.blocked,
  // reissue.closed; account.other_link: `reference` is not that of the opener's flow, because
  // another link was opened in that browser since: nothing changes. `place`: whose failures to sign
  // in are forgotten (requirement 27).
  ReissueResult<AccountView> choose_password(std::string_view opener, std::string_view reference,
                                             std::string_view password, const RecoveryPlace& place);
  // A question before its password: reissue.order.
  ReissueResult<AccountView> choose_question(std::string_view opener, std::string_view reference,
                                             const std::string& question, std::string_view answer,
                                             const RecoveryPlace& place);

  // At every beat: answers what was asked, and sends the next links to activate.
  void work();

 private:
  void answer(const Bytes& id, const Json& asked);
  void answer_in(store::Transaction& transaction, const Json& asked);
  void invite();
  ReissueResult<AccountView> complete(std::string_view opener, const std::string& voter,
                                      const AccountChoice& chosen, const RecoveryPlace& place);
  ReissueResult<AccountView> complete_in(store::Transaction& transaction,
                                         const reissue::Token& opener, const AccountChoice& chosen);
  bool is_what_was_chosen(const std::string& voter, const AccountChoice& chosen) const;

  State& state_;
  const AccountPolicy& policy_;
  const SignInPolicy tries_;
  const TextSource& texts_;
  AskedRequests requests_{state_};
};

// The link in the notice: the account signs nobody in any more, and no link of it works, until the
// assistance has lifted that. Again is no error. Gives the reference. Refusal:
// reissue.link_unknown (none, or of an account that is no more).
ReissueResult<std::string> block_account(State& state, std::string_view token);

// What the assistance can do: another link, to the address on file, at the server's next beat,
// however often one was asked for. An account that its owner has blocked is taken down with it, so
// that she chooses password and question anew, and no earlier notice blocks the new one. Nobody but
// her sees the link (requirement 10). Errors: account.unknown_voter, account.no_address,
// account.closed (the vote is over).
Status send_account_link(State& state, const std::string& voter);

}  // namespace isoloir
