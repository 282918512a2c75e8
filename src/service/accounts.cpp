#include "service/accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/unicode.hpp"
#include "crypto/hash.hpp"
#include "election/consular_number.hpp"
#include "service/electoral_roll.hpp"
#include "service/identifier.hpp"
#include "service/journal.hpp"
#include "service/reissue_flow.hpp"
#include "service/sign_in_tries.hpp"

namespace isoloir {
namespace {

using store::Transaction;

store::Value mac_or_null(State& state, std::string_view purpose, const std::string& value) {
  if (value.empty()) return {};
  return ByteView(state.peppered(purpose, {as_bytes(value)}));
}

// Codes that were all replaced before the opening: who types one of them is told when.
void insert_replaced(Transaction& transaction, const VoterKeys& keys) {
  for (const auto& [key, at] : keys.replaced) {
    transaction.execute(
        "INSERT INTO replaced_code (sign_in_key, voter, replaced_at) VALUES ($1, $2, $3)",
        {ByteView(key.encoded()), keys.id, at});
    transaction.execute("INSERT INTO replacement (at) VALUES ($1) ON CONFLICT DO NOTHING", {at});
  }
}

// Identifiers, for the operator to look up; not all of a wrong roll's.
class Named {
 public:
  void add(std::string_view id) {
    if (++count_ <= shown_max) ids_ += (ids_.empty() ? "" : ", ") + std::string(id);
  }
  std::string after(std::string_view what) const {
    if (count_ == 0) return {};
    return fmt::format("; {}: {}{}", what, ids_,
                       count_ > shown_max ? fmt::format(" and {} more", count_ - shown_max) : "");
  }

 private:
  static constexpr std::size_t shown_max = 10;
  std::string ids_;
  std::size_t count_ = 0;
};

std::vector<VoterContest> places_of(const VoterKeys& keys) {
  std::vector<VoterContest> places;
  for (const auto& key : keys.ballot_keys) places.push_back({key.contest, key.district});
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace

Status check_import(const Roll& roll, const std::vector<VoterKeys>& keys) {
  std::map<std::string_view, const VoterKeys*> left;
  for (const auto& item : keys) left[item.id] = &item;
  const bool twice = left.size() != keys.size();
  Named without, other, unlike;
  for (const auto& voter : roll.voters) {
    const auto found = left.find(voter.id);
    if (found == left.end()) {
      without.add(voter.id);
    } else {
      const auto& item = *found->second;
      const bool secret = !item.identifier.empty() && item.identifier != roll_handle(voter.id);
      const bool recoverable = secret && !consular_number(voter).empty();
      if (item.recovery_key.has_value() != recoverable) unlike.add(voter.id);
      if (places_of(item) != voter.contests) other.add(voter.id);
      left.erase(found);
    }
  }
  Named beyond;
  for (const auto& [id, unused] : left) beyond.add(id);
  const auto differences = without.after("without codes") + beyond.after("not on the roll") +
                           other.after("codes for other contests or another district") +
                           unlike.after("codes made with or without a consular number");
  if (!differences.empty() || twice) {
    return fail("import.voters",
                "the roll is not the one that the codes were made from" + differences);
  }
  return check_identifiers(keys);
}

namespace {

// The keys must be exactly those whose roots the registrar signed and the manifest holds, and each
// voter's keys must be for the voter's own contests.
Status check_keys(const Manifest& manifest, const Roll& roll, const std::vector<VoterKeys>& keys) {
  if (auto good = check_import(roll, keys); !good) return good;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Point>> rosters;
  for (const auto& item : keys) {
    for (const auto& key : item.ballot_keys) {
      rosters[{key.contest, key.district}].push_back(key.key);
    }
  }
  for (const auto& entry : manifest.rosters) {
    auto& roster = rosters[{entry.contest, entry.district}];
    std::sort(roster.begin(), roster.end());
    if (roster.size() != entry.size ||
        roster_root(manifest.election_id, entry.contest, entry.district, roster) != entry.root) {
      return fail("import.roster", "the keys are not those that the manifest's roster commits to");
    }
  }
  return {};
}

}  // namespace

std::string email_key(std::string_view email) {
  return nfkc_casefold(email).value_or("");
}

RollFields roll_fields(State& state, const Voter& voter, bool address_signs_in) {
  return {{"id", "identifiant", voter.id},
          {"title", "civilite", voter.title},
          {"birth_name", "nom_naissance", voter.birth_name},
          {"usage_name", "nom_usage", voter.usage_name},
          {"given_names", "prenoms", voter.given_names},
          {"gender", "sexe", voter.gender},
          {"birth_date", "date_naissance", voter.birth_date},
          {"birth_place", "commune_naissance", voter.birth_place},
          {"birth_country", "pays_naissance", voter.birth_country},
          {"email", "courriel", voter.email},
          {"email_key", "courriel",
           address_signs_in ? store::Value(email_key(voter.email)) : store::Value()},
          {"phone", "telephone", voter.phone},
          {"numen_mac", "numen", mac_or_null(state, "numen", voter.numen)},
          {"nir_mac", "nir10", mac_or_null(state, "nir10", voter.nir10)}};
}

void insert_voter(State& state, Transaction& transaction, const Voter& voter,
                  bool address_signs_in) {
  std::string columns, places;
  store::Values values;
  for (auto& field : roll_fields(state, voter, address_signs_in)) {
    columns += (values.empty() ? "" : ", ") + std::string(field.name);
    values.push_back(std::move(field.value));
    places += (values.size() == 1 ? "$" : ", $") + std::to_string(values.size());
  }
  transaction.execute("INSERT INTO voter (" + columns + ") VALUES (" + places + ")", values);
}

void insert_identity(State& state, Transaction& transaction, const Voter& voter,
                     const VoterKeys& keys) {
  if (!keys.identifier.empty()) insert_identifier(state, transaction, voter.id, keys.identifier);
  if (keys.recovery_key) insert_recovery(state, transaction, voter, *keys.recovery_key);
}

void insert_code(State& state, Transaction& transaction, const VoterKeys& keys) {
  transaction.execute(
      "INSERT INTO voting_code (voter, sign_in_key, state, failures, changed_at) VALUES ($1, $2, "
      "'valid', 0, $3)",
      {keys.id, ByteView(keys.sign_in_key.encoded()), state.now()});
}

void insert_place(State& state, Transaction& transaction, const std::string& voter,
                  const BallotKey& place) {
  transaction.execute("INSERT INTO voter_contest (voter, contest, district) VALUES ($1, $2, $3)",
                      {voter, place.contest, place.district});
  Bytes contest;
  append_u32(contest, place.contest);
  const auto lookup = state.link_key().lookup("link", {as_bytes(voter), contest});
  transaction.execute(
      "INSERT INTO link (lookup, sealed) VALUES ($1, $2)",
      {ByteView(lookup), state.link_key().seal(place.key.encoded(), lookup, state.random())});
}

void insert_roster_key(Transaction& transaction, const BallotKey& place) {
  transaction.execute(
      "INSERT INTO roster_key (ballot_key, contest, district, in_force) VALUES ($1, $2, $3, 1)",
      {ByteView(place.key.encoded()), place.contest, place.district});
}

Status import_roll(State& state, const Roll& roll, const std::vector<VoterKeys>& keys) {
  if (auto checked = check_keys(state.manifest(), roll, keys); !checked) return checked;
  std::map<std::string_view, const VoterKeys*> by_id;
  for (const auto& item : keys) by_id[item.id] = &item;
  return state.database().write([&](Transaction& transaction) -> Status {
    const bool address_signs_in = !have_identifiers(keys);
    std::vector<BallotKey> ballot_keys;
    for (const auto& voter : roll.voters) {
      const auto& own = *by_id.at(voter.id);
      insert_voter(state, transaction, voter, address_signs_in);
      insert_code(state, transaction, own);
      insert_identity(state, transaction, voter, own);
      insert_replaced(transaction, own);
      for (const auto& place : own.ballot_keys) {
        insert_place(state, transaction, voter.id, place);
        ballot_keys.push_back(place);
      }
      insert_roll_entries(transaction, voter.id,
                          roll_names(voter.usage_name, voter.birth_name, voter.given_names));
    }
    // Where a row lies in the database's file must not follow the order of the voters.
    std::sort(ballot_keys.begin(), ballot_keys.end(),
              [](const BallotKey& a, const BallotKey& b) { return a.key < b.key; });
    for (const auto& place : ballot_keys) insert_roster_key(transaction, place);
    for (const auto& row : transaction.query("SELECT at FROM replacement ORDER BY at")) {
      journal(transaction, state.now(), {{"step", "codes replaced"}, {"at", row.integer(0)}});
    }
    journal(transaction, state.now(), {{"step", "roll imported"}, {"voters", roll.voters.size()}});
    return {};
  });
}

std::size_t carry_accounts(State& state, store::Database& from) {
  const auto rows = *from.read([](Transaction& transaction) -> Expected<store::Rows> {
    return transaction.query(
        "SELECT a.voter, a.password_salt, a.password_mac, a.question, a.answer_salt, a.answer_mac, "
        "v.birth_name, v.given_names, v.birth_date, v.email, a.blocked_at FROM account a JOIN "
        "voter "
        "v ON v.id = a.voter");
  });
  return *state.database().write([&](Transaction& transaction) -> Expected<std::size_t> {
    std::size_t count = 0;
    for (const auto& row : rows) {
      const auto same = transaction.query(
          "SELECT 1 FROM voter WHERE id = $1 AND birth_name = $2 AND given_names = $3 AND "
          "birth_date = $4 AND email = $5",
          {row[0], row[6], row[7], row[8], row[9]});
      if (same.empty()) continue;
      count += transaction.execute(
          "INSERT INTO account (voter, password_salt, password_mac, question, answer_salt, "
          "answer_mac, blocked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
          {row[0], row[1], row[2], row[3], row[4], row[5], row[10]});
    }
    return count;
  });
}

Status check_account(const NewAccount& account) {
  if (auto good = check_account_password(account.password, {}); !good) return good;
  return check_question(account.question, account.answer);
}

Status create_account(State& state, const NewAccount& account) {
  return create_accounts(state, {account}, [](std::size_t) {});
}

Status create_accounts(State& state, const std::vector<NewAccount>& accounts,
                       const std::function<void(std::size_t done)>& progress) {
  struct Stretched {
    StretchedSecret password, answer;
  };
  std::vector<Stretched> rows(accounts.size());
  for (const auto& account : accounts) {
    if (auto good = check_account(account); !good) return good;
  }
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    rows[i] = {stretch(state, AccountSecret::password, accounts[i].password),
               stretch(state, AccountSecret::answer, accounts[i].answer)};
    progress(i + 1);
  }
  return state.database().write([&](Transaction& transaction) -> Status {
    for (std::size_t i = 0; i < accounts.size(); ++i) {
      if (transaction.query("SELECT 1 FROM voter WHERE id = $1", {accounts[i].voter}).empty()) {
        return fail("account.unknown_voter", "no such voter on the roll");
      }
      const auto& voter = accounts[i].voter;
      write_account(transaction, voter, rows[i].password, accounts[i].question, rows[i].answer);
      // What rested on the account before is over, a block of its owner too.
      transaction.execute("UPDATE account SET blocked_at = NULL WHERE voter = $1", {voter});
      transaction.execute("DELETE FROM session WHERE voter = $1", {voter});
      transaction.execute(
          "UPDATE reissue_flow SET cancel_mac = NULL WHERE voter = $1 AND procedure = 'account'",
          {voter});
      const TimeMs now = flows::steady_now(state, transaction);
      flows::withdraw_all(state, transaction, voter, flows::Procedure::account, now);
      flows::withdraw_all(state, transaction, voter, flows::Procedure::credential, now);
    }
    return {};
  });
}

bool answer_matches(State& state, const std::string& voter, std::string_view answer) {
  const auto stored = state.database().read(
      [&](Transaction& transaction) -> Expected<std::optional<StretchedSecret>> {
        const auto rows = transaction.query(
            "SELECT answer_salt, answer_mac FROM account WHERE voter = $1", {voter});
        if (rows.empty()) return std::nullopt;
        return StretchedSecret{rows[0].array<16>(0), rows[0].array<32>(1)};
      });
  const bool same =
      stretches_to(state, AccountSecret::answer, answer, stored->value_or(StretchedSecret()));
  return same && stored->has_value() && !fold_answer(answer).empty();
}

Expected<SignedIn> sign_in(State& state, const SignInPolicy& policy, std::string_view email,
                           std::string_view password, std::string_view client_address) {
  const std::string key = email_key(email);
  const SignInTries tries(state, policy, key, client_address);
  if (tries.begin()) return fail("sign_in.delayed", "wait", "sign_in.delayed");

  struct Account {
    std::string voter;
    StretchedSecret password;
    bool blocked = true;
  };
  const auto account = state.database().read([&](Transaction& transaction) -> Expected<Account> {
    const auto rows = transaction.query(
        "SELECT a.voter, a.password_salt, a.password_mac, a.blocked_at FROM account a JOIN "
        "voter v ON v.id = a.voter WHERE v.email_key = $1",
        {key});
    if (rows.empty()) return Account();
    return Account{
        rows[0].text(0), {rows[0].array<16>(1), rows[0].array<32>(2)}, !rows[0].is_null(3)};
  });
  // An unknown address costs the same work as a known one.
  if (!stretches_to(state, AccountSecret::password, password, account->password) ||
      account->blocked) {
    return fail("sign_in.refused", "address or password wrong", "sign_in.refused");
  }
  tries.succeed(account->voter, state.now());
  return SignedIn{account->voter, account->password.mac};
}

std::optional<VoterProfile> voter_profile(State& state, const std::string& voter) {
  const auto found =
      state.database().read([&](Transaction& transaction) -> Expected<std::optional<VoterProfile>> {
        const auto rows = transaction.query(
            "SELECT v.title, v.usage_name, v.birth_name, v.given_names, a.question FROM voter v "
            "LEFT JOIN account a ON a.voter = v.id WHERE v.id = $1",
            {voter});
        if (rows.empty()) return std::nullopt;
        const auto& row = rows[0];
        const std::string& name = row.text(1).empty() ? row.text(2) : row.text(1);
        return VoterProfile{voter, row.text(0) + " " + name + " " + row.text(3),
                            row.optional_text(4).value_or("")};
      });
  return *found;
}

PersonalData personal_data(State& state, const std::string& voter) {
  return *state.database().read([&](Transaction& transaction) -> Expected<PersonalData> {
    const auto row = transaction.query(
        "SELECT title, usage_name, birth_name, given_names, birth_date, birth_place, "
        "birth_country, email, phone, numen_mac, nir_mac FROM voter WHERE id = $1",
        {voter})[0];
    return PersonalData{row.text(0), row.text(1),     row.text(2),     row.text(3),
                        row.text(4), row.text(5),     row.text(6),     row.text(7),
                        row.text(8), !row.is_null(9), !row.is_null(10)};
  });
}

}  // namespace isoloir
