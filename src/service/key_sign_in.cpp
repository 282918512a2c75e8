#include "service/key_sign_in.hpp"

#include "election/credential.hpp"
#include "service/identifier.hpp"

namespace isoloir {
namespace {

using store::Transaction;

struct Known {
  std::string voter;
  Point key;
  bool valid = false;
};
struct Found {
  std::optional<Known> known;            // whose identifier it is
  std::optional<ReplacedCode> replaced;  // the key that was given is an older one of somebody's
};

// Reads as much for nobody's identifier, and drops it (requirement 33).
Found find(State& state, const KeySignIn& given) {
  return *state.database().read([&](Transaction& transaction) -> Expected<Found> {
    Found found{std::nullopt, replaced_code(transaction, given.proof.key)};
    const auto next = voter_at_identifier(state, transaction, given.identifier);
    if (!next) return found;
    const auto rows = transaction.query(
        "SELECT sign_in_key, state FROM voting_code WHERE voter = $1", {next->voter});
    if (rows.empty()) return found;
    Known known{next->voter, *Point::decode(rows[0].blob(0)), rows[0].text(1) == "valid"};
    if (next->named) found.known = std::move(known);
    return found;
  });
}

}  // namespace

bool use_up_nonce(State& state, std::int64_t proof_life_ms, const Session& session,
                  const ByteArray<32>& nonce) {
  const auto used = state.database().write([&](Transaction& transaction) -> Expected<bool> {
    return transaction.execute(
               "UPDATE session SET nonce = NULL WHERE id = $1 AND nonce = $2 AND nonce_at >= $3",
               {ByteView(session.id), ByteView(nonce), state.now() - proof_life_ms}) == 1;
  });
  return *used;
}

Expected<KeyVerdict> sign_in_by_keys(State& state, const KeySignInPolicy& policy,
                                     const Session& session, const KeySignIn& given,
                                     std::string_view client_address) {
  using Kind = KeyVerdict::Kind;
  if (!use_up_nonce(state, policy.proof_life_ms, session, given.proof.nonce)) {
    return fail("code.nonce", "not the fresh nonce of this session");
  }
  const SignInTries tries(state, policy.tries, given.identifier, client_address);
  const auto until = tries.begin();
  const KeyVerdict no = until ? KeyVerdict{Kind::delayed, {}, *until} : KeyVerdict{};
  if (until && !policy.code_alone) return no;
  // Whether the identifier is known or not: the proof is what takes time.
  const bool proven = schnorr_verify(sign_in_statement(state.fingerprint(), given.proof.nonce,
                                                       session.id, state.manifest().origin),
                                     given.proof.key, given.proof.proof);
  const auto [known, replaced] = find(state, given);
  if (!proven) return no;
  // Identifier and password both were replaced, before the opening. The same whoever's identifier
  // was typed, and the try stays counted: who proves such a pair may have typed another's.
  if (replaced && replaced->with_all) {
    return KeyVerdict{Kind::withdrawn, {}, codes_replaced_at(state).value_or(replaced->at)};
  }
  if (!known) return no;
  const bool older = replaced && replaced->voter == known->voter;
  if (!older && given.proof.key != known->key) return no;
  if (older || !known->valid) {  // who proves a key of hers guesses nothing
    tries.forgive();
    return older ? KeyVerdict{Kind::replaced, {}, replaced->at} : KeyVerdict{Kind::blocked, {}, 0};
  }
  const bool inside = session.voter == known->voter && session.space_opened_at.has_value();
  if (auto allowed = may_enter(state, known->voter, inside); !allowed) {
    return fail(allowed.error());
  }
  // Voters vote soon after: no finer than the sign-off.
  tries.succeed(known->voter, whole_minute(state.now()));
  return KeyVerdict{Kind::accepted, known->voter, 0};
}

}  // namespace isoloir
