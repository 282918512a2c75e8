#include "service/roll_correction.hpp"

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "election/roll.hpp"
#include "service/accounts.hpp"
#include "service/claim.hpp"
#include "service/confirmation.hpp"
#include "service/contact_check.hpp"
#include "service/electoral_roll.hpp"
#include "service/reissue.hpp"
#include "service/reissue_flow.hpp"

namespace isoloir {
namespace {

using store::Transaction;

constexpr std::string_view email_cell = "courriel";
constexpr std::string_view phone_cell = "telephone";

// In the order in which the roll has them.
struct CorrectableCell {
  std::string_view column;  // of docs/roll.md
  std::string_view field;   // of the table voter
};
constexpr CorrectableCell correctable[] = {
    {"civilite", "title"},      {"nom_naissance", "birth_name"}, {"nom_usage", "usage_name"},
    {"prenoms", "given_names"}, {email_cell, "email"},           {phone_cell, "phone"}};

struct OnRoll {
  std::string voter;
  bool address_signs_in = false;
  std::map<std::string_view, std::string> cells;  // by column
  std::string names() const {
    return roll_names(cells.at("nom_usage"), cells.at("nom_naissance"), cells.at("prenoms"));
  }
};

Expected<OnRoll> find_on_roll(Transaction& transaction, std::string_view voter) {
  std::string columns = "SELECT id, email_key";
  for (const auto& one : correctable) columns += ", " + std::string(one.field);
  const auto rows =
      transaction.query(columns + " FROM voter WHERE id = $1 COLLATE NOCASE", {std::string(voter)});
  if (rows.empty()) {
    return fail("roll.unknown_voter", std::string(voter) + ": no such identifier on the roll");
  }
  OnRoll found{rows[0].text(0), !rows[0].is_null(1), {}};
  std::size_t place = 2;
  for (const auto& one : correctable) found.cells[one.column] = rows[0].text(place++);
  return found;
}

// Two mailboxes of one name are one, as for who signs in.
Status check_address_free(Transaction& transaction, const OnRoll& person,
                          const std::string& email) {
  const auto others = transaction.query("SELECT 1 FROM voter WHERE email_key = $1 AND id != $2",
                                        {email_key(email), person.voter});
  if (others.empty()) return {};
  return fail("roll.email_taken", "another voter signs in with this address");
}

Expected<Correction> judge(Transaction& transaction, const OnRoll& person, const RollCells& cells,
                           TimeMs now) {
  const auto hours =
      transaction.query("SELECT grace_ends_at, closes_at FROM hours WHERE id = 1")[0];
  if (!hours.is_null(0) || hours.integer(1) <= now) {
    return fail("roll.closed", "the vote is over: the roll stays as it voted");
  }
  const auto address = person.address_signs_in ? RollAddress::signs_in : RollAddress::optional;
  Correction correction;
  correction.voter = person.voter;
  const auto& in_use = person.cells.at("nom_usage");
  correction.name = person.cells.at("civilite") + " " +
                    (in_use.empty() ? person.cells.at("nom_naissance") : in_use) + " " +
                    person.cells.at("prenoms");
  for (const auto& [column, unused] : correctable) {
    const auto typed = cells.find(column);
    if (typed == cells.end()) continue;
    auto after = read_roll_cell(column, typed->second, address);
    if (!after) return fail(after.error());
    const auto& before = person.cells.at(column);
    if (*after == before) continue;
    const bool of_email = column == email_cell;
    if (of_email && person.address_signs_in) {
      if (auto free = check_address_free(transaction, person, *after); !free) {
        return fail(free.error());
      }
    }
    correction.of_address = correction.of_address || of_email || column == phone_cell;
    correction.cells.push_back({std::string(column), before, std::move(*after)});
  }
  if (correction.cells.empty()) return fail("roll.unchanged", "the roll says so already");
  return correction;
}

// In both languages, as hers is not known here.
int tell(State& state, const TextSource& texts, Transaction& transaction, const OnRoll& before,
         const OnRoll& after, bool invited, TimeMs now) {
  const Json values = {{"corrected_at", now}};
  const auto* const body = invited ? "message.roll_moved_body" : "message.roll_corrected_body";
  const std::set<std::string> addresses = {before.cells.at(email_cell), after.cells.at(email_cell)};
  int told = 0;
  for (const auto& address : addresses) {
    if (address.empty()) continue;
    outbox_of(state).queue(
        transaction, now,
        {before.voter, "roll-corrected", MessageChannel::email, address,
         texts.text("message.roll_corrected_subject", "fr", Json::object()),
         texts.text(body, "fr", values) + "\n\n———\n\n" + texts.text(body, "en", values),
         now + limits::message_life_ms});
    ++told;
  }
  return told;
}

// Nothing that was sent to where she is not reached any more is good for anything, nor is what may
// have been opened with it. Whether she is invited to open her account anew.
bool withdraw_what_was_sent(State& state, Transaction& transaction, const OnRoll& before,
                            const OnRoll& after, bool links, TimeMs now) {
  const auto& voter = before.voter;
  flows::withdraw_all(state, transaction, voter, flows::Procedure::account, now);
  flows::withdraw_all(state, transaction, voter, flows::Procedure::credential, now);
  forget_confirmations(state, transaction, voter);
  for (const auto& [column, channel] :
       {std::pair(email_cell, MessageChannel::email), std::pair(phone_cell, MessageChannel::sms)}) {
    if (before.cells.at(column) != after.cells.at(column)) {
      restart_contact_check(transaction, voter, channel, now);
    }
  }
  if (email_key(before.cells.at(email_cell)) == email_key(after.cells.at(email_cell))) return false;
  // Of what came to an end too: whoever reads the address before could block what she opens anew.
  transaction.execute("UPDATE reissue_flow SET cancel_mac = NULL WHERE voter = $1", {voter});
  transaction.execute("DELETE FROM session WHERE voter = $1", {voter});
  if (!before.address_signs_in) return false;
  transaction.execute("UPDATE voter SET email_key = $2 WHERE id = $1",
                      {voter, email_key(after.cells.at(email_cell))});
  if (!links) return false;
  transaction.execute("DELETE FROM account WHERE voter = $1", {voter});
  transaction.execute("UPDATE voter SET invited_at = NULL WHERE id = $1", {voter});
  return true;
}

}  // namespace

Expected<std::string> voter_on_roll(Transaction& transaction, std::string_view identifier) {
  const auto rows = transaction.query("SELECT id FROM voter WHERE id = $1 COLLATE NOCASE",
                                      {std::string(identifier)});
  if (!rows.empty()) return rows[0].text(0);
  return fail("roll.unknown_voter", std::string(identifier) + ": no such identifier on the roll");
}

Expected<Correction> plan_correction(State& state, std::string_view voter, const RollCells& cells) {
  return state.database().read([&](Transaction& transaction) -> Expected<Correction> {
    const auto person = find_on_roll(transaction, voter);
    if (!person) return fail(person.error());
    return judge(transaction, *person, cells, flows::steady_now(state, transaction));
  });
}

Expected<Correction> correct_roll(State& state, std::string_view voter, const RollCells& cells,
                                  std::string_view claim, const TextSource* texts, bool links) {
  const auto reference = claim_reference(state, claim);
  if (!reference) return fail(reference.error());
  prepare_electoral_roll(state);
  return state.database().write([&](Transaction& transaction) -> Expected<Correction> {
    const auto before = find_on_roll(transaction, voter);
    if (!before) return fail(before.error());
    const TimeMs now = flows::steady_now(state, transaction);
    auto correction = judge(transaction, *before, cells, now);
    if (!correction) return correction;
    Json columns = Json::array();
    for (const auto& cell : correction->cells) {
      const auto* known =
          std::find_if(std::begin(correctable), std::end(correctable),
                       [&](const CorrectableCell& one) { return one.column == cell.column; });
      transaction.execute("UPDATE voter SET " + std::string(known->field) + " = $2 WHERE id = $1",
                          {before->voter, cell.after});
      columns.push_back(cell.column);
    }
    const auto after = find_on_roll(transaction, before->voter);
    if (before->names() != after->names()) {
      replace_roll_entries(transaction, before->voter, before->names(), after->names());
    }
    if (correction->of_address) {
      correction->invited = withdraw_what_was_sent(state, transaction, *before, *after, links, now);
      if (texts)
        correction->told =
            tell(state, *texts, transaction, *before, *after, correction->invited, now);
    }
    Json row = {{"columns", std::move(columns)}};
    if (!reference->empty()) row["claim"] = *reference;
    flows::note(state, transaction, now, "roll corrected", before->voter, std::move(row));
    return correction;
  });
}

}  // namespace isoloir
