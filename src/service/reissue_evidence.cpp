#include "service/reissue_evidence.hpp"

#include "base/unicode.hpp"
#include "service/accounts.hpp"
#include "service/identifier.hpp"

namespace isoloir {
namespace {

using reissue::Token;
using reissue::TokenPurpose;

// NUMEN and social security numbers are compared in upper case and without what people put between
// groups of digits.
std::string normalised_number(std::string_view typed) {
  std::string number;
  for (const char c : nfkc_casefold(typed.substr(0, 64)).value_or("")) {
    if (c == ' ' || c == '-' || c == '.') continue;
    number.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return number;
}

// The roll holds the first ten characters of the social security number (docs/roll.md); its card
// shows 13, or 15 with the key.
std::string_view nir10_of(std::string_view number) {
  return number.size() == 13 || number.size() == 15 ? number.substr(0, 10) : number;
}

bool number_matches(State& state, const std::string& voter, std::string_view typed) {
  const std::string number = normalised_number(typed);
  const auto numen = state.peppered("numen", {as_bytes(number)});
  const auto nir = state.peppered("nir10", {as_bytes(nir10_of(number))});
  const auto row =
      state.database().read([&](store::Transaction& transaction) -> Expected<store::Rows> {
        return transaction.query("SELECT numen_mac, nir_mac FROM voter WHERE id = $1", {voter});
      });
  if (row->empty()) return false;
  const bool by_numen = equal_constant_time(numen, row->at(0).optional_blob(0).value_or(Bytes(32)));
  const bool by_nir = equal_constant_time(nir, row->at(0).optional_blob(1).value_or(Bytes(32)));
  return by_numen || by_nir;
}

}  // namespace

EvidenceVerifier::Civil EvidenceVerifier::civil(store::Transaction& transaction,
                                                const std::string& voter,
                                                const PivotIdentity& vouched) {
  Civil verdict;
  bool own = false;
  // Dates are compared by year first, as the day may be presumed.
  for (const auto& row : transaction.query(
           "SELECT id, birth_name, given_names, birth_date, gender, birth_place, birth_country "
           "FROM voter WHERE substr(birth_date, 1, 4) = $1",
           {vouched.birth_date.substr(0, 4)})) {
    const RollIdentity on_roll{row.text(1), row.text(2), row.text(3),
                               row.text(4), row.text(5), row.text(6)};
    if (!may_be_same_person(vouched, on_roll)) continue;
    if (row.text(0) == voter) {
      own = tells_people_apart(on_roll);
    } else {
      verdict.another = true;
    }
  }
  if (own && !verdict.another) verdict.identity = reissue::CivilIdentity();
  return verdict;
}

EvidenceVerifier::Person EvidenceVerifier::person(State& state, const std::string& voter,
                                                  std::string_view answer,
                                                  std::string_view identity) {
  const bool answered = answer_matches(state, voter, answer);
  const bool numbered = number_matches(state, voter, identity);
  Person person;
  if (answered) person.answer = reissue::SecretAnswer();
  if (numbered) person.number = reissue::PersonNumber();
  return person;
}

std::optional<EvidenceVerifier::OnRoll> EvidenceVerifier::on_roll(State& state,
                                                                  store::Transaction& transaction,
                                                                  std::string_view number,
                                                                  std::string_view email) {
  const auto typed = nfkc_casefold(email);
  std::optional<OnRoll> found;
  for (const auto& voter : voters_of_consular_number(state, transaction, number)) {
    const auto stored = transaction.query("SELECT email FROM voter WHERE id = $1", {voter})[0];
    if (stored.text(0).empty() || !typed || nfkc_casefold(stored.text(0)) != typed) continue;
    if (found) return std::nullopt;
    found = OnRoll{voter, stored.text(0), {}, {}};
  }
  return found;
}

std::optional<reissue::KnownIdentifier> EvidenceVerifier::identifier(
    State& state, store::Transaction& transaction, const std::string& voter,
    std::string_view typed) {
  if (voter_of_identifier(state, transaction, typed) != voter) return std::nullopt;
  return reissue::KnownIdentifier();
}

std::optional<EvidenceVerifier::ByPassword> EvidenceVerifier::by_password(
    State& state, store::Transaction& transaction, std::string_view number, const Point& key) {
  for (const auto& voter : voters_of_consular_number(state, transaction, number)) {
    const auto row =
        transaction.query("SELECT recovery_key FROM recovery WHERE voter = $1", {voter})[0];
    if (equal_constant_time(row.blob(0), key.encoded())) return ByPassword{voter, {}, {}};
  }
  return std::nullopt;
}

std::optional<EvidenceVerifier::ByAddress> EvidenceVerifier::by_address(
    State&, store::Transaction& transaction, std::string_view email) {
  const auto rows =
      transaction.query("SELECT id, email FROM voter WHERE email_key = $1", {email_key(email)});
  if (rows.empty()) return std::nullopt;
  return ByAddress{rows[0].text(0), rows[0].text(1), {}};
}

std::optional<reissue::LinkToken> EvidenceVerifier::link(State& state, TokenPurpose purpose,
                                                         const Token& token, ByteView stored) {
  ISOLOIR_ASSERT(purpose == TokenPurpose::link || purpose == TokenPurpose::password ||
                 purpose == TokenPurpose::account);
  if (!equal_constant_time(token_mac(state, purpose, token), stored)) return {};
  return reissue::LinkToken();
}

std::optional<reissue::AccountOpener> EvidenceVerifier::account_opener(State& state,
                                                                       const Token& opener,
                                                                       ByteView stored) {
  const auto mac = token_mac(state, TokenPurpose::account_opener, opener);
  if (!equal_constant_time(mac, stored)) return {};
  return reissue::AccountOpener();
}

std::optional<reissue::CancelToken> EvidenceVerifier::cancel(State& state, TokenPurpose purpose,
                                                             const Token& token, ByteView stored) {
  ISOLOIR_ASSERT(purpose == TokenPurpose::cancel || purpose == TokenPurpose::account_cancel);
  if (!equal_constant_time(token_mac(state, purpose, token), stored)) return {};
  return reissue::CancelToken();
}

std::optional<reissue::KeyPossession> EvidenceVerifier::possession(State& state,
                                                                   const ByteArray<32>& token_hash,
                                                                   const NewKeys& keys) {
  const auto proven = [&](const Point& key, const SchnorrProof& proof,
                          std::optional<std::uint32_t> contest) {
    return schnorr_verify(possession_statement(state.fingerprint(), token_hash, contest), key,
                          proof);
  };
  if (!proven(keys.sign_in_key, keys.sign_in_proof, std::nullopt)) return {};
  for (const auto& item : keys.ballot_keys) {
    if (!proven(item.key, item.proof, item.contest)) return {};
  }
  return reissue::KeyPossession();
}

ByteArray<32> token_mac(State& state, TokenPurpose purpose, const Token& token) {
  Bytes version;
  append_u32(version, token_key_version);
  const auto key = state.peppered("reissue token key", {version});
  return reissue::token_mac(key, purpose, state.manifest().election_id, token);
}

Transcript possession_statement(const Fingerprint& fingerprint, const ByteArray<32>& token_hash,
                                std::optional<std::uint32_t> contest) {
  Transcript statement(SealedRole::key_possession, fingerprint);
  statement.add(ByteView(token_hash))
      .add(std::string_view(contest ? "ballot" : "sign-in"))
      .add(contest.value_or(0));
  return statement;
}

}  // namespace isoloir
