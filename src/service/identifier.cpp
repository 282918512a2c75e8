#include "service/identifier.hpp"

#include <set>

#include "crypto/sealing.hpp"
#include "election/consular_number.hpp"

namespace isoloir {
namespace {

ByteArray<32> lookup_of(State& state, std::string_view identifier) {
  return state.peppered("identifier", {as_bytes(identifier)});
}

SymmetricKey sealing_key(State& state) {
  return SymmetricKey(state.peppered("identifier key", {}));
}

enum class NumberKind { numic, numel };
ByteArray<32> number_lookup(State& state, NumberKind kind, std::string_view number) {
  return state.peppered(kind == NumberKind::numic ? "numic" : "numel", {as_bytes(number)});
}
ByteArray<32> number_lookup(State& state, const Voter& voter) {
  return number_lookup(state, voter.numic.empty() ? NumberKind::numel : NumberKind::numic,
                       consular_number(voter));
}
SymmetricKey number_key(State& state) {
  return SymmetricKey(state.peppered("consular number key", {}));
}

}  // namespace

bool have_identifiers(const std::vector<VoterKeys>& keys) {
  return !keys.empty() && !keys.front().identifier.empty();
}

Status check_identifiers(const std::vector<VoterKeys>& keys) {
  std::set<std::string_view> seen;
  for (const auto& one : keys) {
    if (one.identifier.empty() == have_identifiers(keys)) {
      return fail("import.identifiers", "some voters have an identifier to sign in with, some not");
    }
    if (!one.identifier.empty() && !seen.insert(one.identifier).second) {
      return fail("import.identifiers", "two voters have one identifier");
    }
  }
  return {};
}

void insert_identifier(State& state, store::Transaction& transaction, const std::string& voter,
                       const std::string& identifier) {
  const auto lookup = lookup_of(state, identifier);
  transaction.execute("INSERT INTO identifier (voter, lookup, sealed) VALUES ($1, $2, $3)",
                      {voter, ByteView(lookup),
                       seal(sealing_key(state), as_bytes(identifier), lookup, state.random())});
}

std::optional<std::string> voter_of_identifier(State& state, store::Transaction& transaction,
                                               std::string_view identifier) {
  const auto found = voter_at_identifier(state, transaction, identifier);
  if (!found || !found->named) return std::nullopt;
  return found->voter;
}

std::optional<NextVoter> voter_at_identifier(State& state, store::Transaction& transaction,
                                             std::string_view identifier) {
  const auto lookup = lookup_of(state, identifier);
  const auto rows = transaction.query(
      "SELECT voter, lookup FROM identifier WHERE lookup >= $1 ORDER BY lookup LIMIT 1",
      {ByteView(lookup)});
  if (rows.empty()) return std::nullopt;
  return NextVoter{rows[0].text(0), rows[0].array<32>(1) == lookup};
}

std::string identifier_of(State& state, store::Transaction& transaction, const std::string& voter) {
  const auto rows =
      transaction.query("SELECT lookup, sealed FROM identifier WHERE voter = $1", {voter});
  if (rows.empty()) return {};
  const auto identifier = unseal(sealing_key(state), rows[0].blob(1), rows[0].blob(0));
  return identifier ? std::string(as_text(*identifier)) : std::string();
}

void insert_recovery(State& state, store::Transaction& transaction, const Voter& voter,
                     const Point& recovery_key) {
  const auto& number = consular_number(voter);
  const auto lookup = number_lookup(state, voter);
  transaction.execute(
      "INSERT INTO recovery (voter, lookup, sealed, recovery_key) VALUES ($1, $2, $3, $4)",
      {voter.id, ByteView(lookup),
       seal(number_key(state), as_bytes(number), as_bytes(voter.id), state.random()),
       ByteView(recovery_key.encoded())});
}

std::optional<std::string> voter_of_consular_number(State& state, store::Transaction& transaction,
                                                    const Voter& voter) {
  const auto rows = transaction.query("SELECT voter FROM recovery WHERE lookup = $1",
                                      {ByteView(number_lookup(state, voter))});
  if (rows.empty()) return std::nullopt;
  return rows[0].text(0);
}

bool recovers_by(State& state, store::Transaction& transaction, const Voter& voter, bool with_one) {
  const auto rows = transaction.query("SELECT lookup FROM recovery WHERE voter = $1", {voter.id});
  if (rows.empty() || !with_one) return rows.empty() == !with_one;
  return rows[0].array<32>(0) == number_lookup(state, voter);
}

bool hold_recovery_key(store::Transaction& transaction, const std::vector<Point>& keys) {
  std::string places;
  store::Values values;
  for (const auto& key : keys) {
    values.emplace_back(ByteView(key.encoded()));
    places += (values.size() == 1 ? "$" : ", $") + std::to_string(values.size());
  }
  return !transaction
              .query("SELECT 1 FROM recovery WHERE recovery_key IN (" + places + ") LIMIT 1",
                     values)
              .empty();
}

std::vector<std::string> voters_of_consular_number(State& state, store::Transaction& transaction,
                                                   std::string_view number) {
  const auto numic = number_lookup(state, NumberKind::numic, number);
  const auto numel = number_lookup(state, NumberKind::numel, number);
  std::vector<std::string> voters;
  for (const auto& row : transaction.query("SELECT voter FROM recovery WHERE lookup IN ($1, $2)",
                                           {ByteView(numic), ByteView(numel)})) {
    voters.push_back(row.text(0));
  }
  return voters;
}

std::optional<std::string> consular_number_of(State& state, store::Transaction& transaction,
                                              const std::string& voter) {
  const auto rows = transaction.query("SELECT sealed FROM recovery WHERE voter = $1", {voter});
  if (rows.empty()) return std::nullopt;
  const auto number = unseal(number_key(state), rows[0].blob(0), as_bytes(voter));
  if (!number) return std::nullopt;
  return std::string(as_text(*number));
}

Status check_forms(State& state, const CredentialForms& forms) {
  struct Held {
    std::string voter;
    std::string identifier;
  };
  const auto held =
      *state.database().read([&](store::Transaction& t) -> Expected<std::optional<Held>> {
        const auto rows = t.query("SELECT voter, lookup, sealed FROM identifier LIMIT 1");
        if (rows.empty()) return std::nullopt;
        const auto identifier = unseal(sealing_key(state), rows[0].blob(2), rows[0].blob(1));
        return Held{rows[0].text(0), identifier ? std::string(as_text(*identifier)) : ""};
      });
  const auto other = [](const std::string& why) { return fail("portal.other", why); };
  if (held.has_value() != (forms.identifier || forms.roll_number)) {
    return other(held ? "this election's voters sign in with an identifier, and portal.toml says "
                        "otherwise: [sign_in] scheme"
                      : "this election's voters have no identifiers, and portal.toml asks for one: "
                        "[sign_in] scheme");
  }
  if (!held) return {};
  if (forms.roll_number != (held->identifier == roll_handle(held->voter))) {
    return other(
        "this election's voters sign in with another identifier than portal.toml says: "
        "[sign_in] scheme");
  }
  if (forms.identifier && held->identifier.size() != forms.identifier->length()) {
    return other("identifiers of this election have " + std::to_string(held->identifier.size()) +
                 " characters, and portal.toml says otherwise: [credentials]");
  }
  return {};
}

}  // namespace isoloir
