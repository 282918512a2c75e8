// What a voter has lost of identifier and password, again by herself (reissue design, procedures B
// and C; L2). Requirement numbers are those of the design.
//
// What is asked for is taken down and answered the same way whoever asks (requirements 32 to 35);
// `work`, at the server's beat, finds out whether a voter of the roll did, and says what can be
// said to the address on file alone. A password is made here and leaves by text message; an
// identifier leaves by e-mail; nothing holds both (requirement 9). Thread-safe.
#pragma once

#include "election/credential.hpp"
#include "reissue/engine.hpp"
#include "reissue/token.hpp"
#include "service/asked_requests.hpp"
#include "service/key_sign_in.hpp"
#include "service/reissue.hpp"

namespace isoloir {

struct NewPassword {
  std::string reference;
  TimeMs made_at = 0;
  std::string phone_end;  // last two digits of the phone on file, to which it was sent
};

class Recoveries {
 public:
  // `alert`: see Reissues.
  Recoveries(State& state, const RecoveryPolicy& policy, const CredentialForms& forms,
             const SignInPolicy& tries, const TextSource& texts, Reissues::Alert alert = {})
      : state_(state),
        policy_(policy),
        forms_(forms),
        tries_(tries),
        texts_(texts),
        alert_(std::move(alert)) {}

  // B, first half: the link goes to `email` if it is on file for the voter with this consular
  // number (digits). Gives the reference of the request. The same again within a minute gets the
  // same reference and is one request: a second click.
  std::string ask_password(std::string_view number, std::string_view email,
                           const RecoveryPlace& place);

  // B, second half, once: who holds the link and knows the identifier (normalised). Refusals:
  // reissue.link_unknown, link_expired, link_used, link_superseded, link_cancelled (as
  // Reissues::open), reissue.wrong_proof (tries_left, at: another try), reissue.delayed (at),
  // reissue.closed, reissue.limit, reissue.contest_limit (of the whole contest), reissue.blocked,
  // reissue.apart (the identifier was recovered not long ago: the assistance), reissue.no_phone.
  ReissueResult<NewPassword> renew(std::string_view token, std::string_view identifier);

  // C: the identifier goes to the address on file of the voter whose consular number (digits) and
  // password these are; the proof is made with the recovery key, under the session's nonce, which
  // is used up. Gives the reference. Refusals: code.nonce, reissue.delayed (at): too many tries
  // with this number from this network, whoever it is.
  ReissueResult<std::string> ask_identifier(const Session& session, std::string_view number,
                                            const CodeProof& proof, std::int64_t proof_life_ms,
                                            const RecoveryPlace& place);

  // Whether nobody could have `what` again now: before the vote opens, where policy says so, and
  // once it is closed.
  enum class Recovered { identifier, password };
  bool shut(Recovered what);

  // At every beat: answers what was asked, and makes a password anew, once, whose message could not
  // be delivered (the design's procedure B); then tells the voter.
  void work();

 private:
  struct Asked;
  struct Made;
  struct OpenLink;
  void answer(const Bytes& id, const Asked& asked);
  std::optional<ReissueRefusal> answer_password(store::Transaction& transaction,
                                                const Asked& asked);
  std::optional<ReissueRefusal> answer_identifier(store::Transaction& transaction,
                                                  const Asked& asked);
  // The flow of a link that lives, in the state that the click brings; writes nothing but that a
  // link is over.
  tl::expected<OpenLink, ReissueRefusal> find_open(store::Transaction& transaction,
                                                   const reissue::Token& token);
  ReissueResult<NewPassword> renew_in(store::Transaction& transaction, const reissue::Token& token,
                                      const reissue::KnownIdentifier& known, const Made& made);
  // Tells the voter at the address on file why it is no.
  void say_no(store::Transaction& transaction, const std::string& voter, const std::string& email,
              const ReissueRefusal& refused, const Asked& asked);
  void retry_messages();
  void tell_silence();
  void make_again(const std::string& voter, const Bytes& flow, std::int64_t tries);
  // A fresh password and its credential; `number`: of the recovery key. About 20 ms.
  Made make(std::string_view identifier, std::string_view number) const;
  bool swap(store::Transaction& transaction, const std::string& voter, const Bytes& flow,
            const std::string& language, const std::string& phone, const Made& made, TimeMs now);
  // Where a text message to this voter would go; nothing where none can.
  std::optional<std::string> phone_of(store::Transaction& transaction, const std::string& voter);
  // A mail has a subject, a text message none.
  struct Words {
    std::string_view body;
    std::string_view subject = {};
  };
  void tell(store::Transaction& transaction, const std::string& voter,
            const std::string& destination, std::string_view kind, const Words& words,
            std::string_view language, const Json& values, bool proven = true);
  // What a refusal is told by; nothing for what the page itself says to everybody.
  static std::optional<Words> why_not(bool password, std::string_view code);

  State& state_;
  const RecoveryPolicy& policy_;
  const CredentialForms forms_;
  const SignInPolicy tries_;
  const TextSource& texts_;
  const Reissues::Alert alert_;
  AskedRequests requests_{state_};
};

// Why this voter cannot have `what` again by herself now, whoever asks: reissue.blocked,
// reissue.closed, reissue.limit, reissue.apart (`at`: until when), reissue.no_phone,
// recovery.no_email, recovery.no_number; nothing: she can.
std::optional<ReissueRefusal> recovery_refused(State& state, store::Transaction& transaction,
                                               const RecoveryPolicy& policy,
                                               Recoveries::Recovered what,
                                               const std::string& voter);

// Whether the text messages of B and C fit one segment (requirement 45). Error: message.too_long.
Status check_recovery_texts(const TextSource& texts, const CredentialForms& forms);

}  // namespace isoloir
