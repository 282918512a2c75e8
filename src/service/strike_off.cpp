#include "service/strike_off.hpp"

#include "base/limits.hpp"
#include "courier/outbox.hpp"
#include "service/electoral_roll.hpp"
#include "service/reissue_flow.hpp"
#include "service/waiting_keys.hpp"

namespace isoloir {
namespace {

using store::Transaction;

ByteArray<32> lookup_of_link(State& state, const std::string& voter, std::uint32_t contest) {
  Bytes number;
  append_u32(number, contest);
  return state.link_key().lookup("link", {as_bytes(voter), number});
}

// The key that she would vote with; nothing once she has, or was struck off.
std::optional<Point> linked_key(State& state, Transaction& transaction, const std::string& voter,
                                std::uint32_t contest) {
  const auto lookup = lookup_of_link(state, voter, contest);
  const auto rows =
      transaction.query("SELECT sealed FROM link WHERE lookup = $1", {ByteView(lookup)});
  if (rows.empty()) return std::nullopt;
  const auto key = state.link_key().unseal(rows[0].blob(0), lookup);
  ISOLOIR_ASSERT(key.has_value());
  return *Point::decode(*key);
}

bool holds(State& state, Transaction& transaction, const std::string& voter,
           const RollPlace& place) {
  const auto own = place_of(state, transaction, voter, place.contest);
  return own && *own == place;
}

tl::unexpected<Error> voted_already() {
  return fail("roll.voted",
              "who has this place has voted in this contest already: only a judge decides");
}

bool in_force(Transaction& transaction, const RollPlace& place) {
  return !transaction
              .query(
                  "SELECT 1 FROM roster_key WHERE ballot_key = $1 AND contest = $2 AND district = "
                  "$3 AND in_force = 1",
                  {ByteView(place.key.encoded()), place.contest, place.district})
              .empty();
}

// In both languages, as hers is not known here.
void tell(State& state, Transaction& transaction, const TextSource& texts, const std::string& voter,
          std::uint32_t contest, TimeMs now) {
  const auto email = transaction.query("SELECT email FROM voter WHERE id = $1", {voter})[0].text(0);
  if (email.empty()) return;
  const auto& name = state.manifest().contests[contest].name;
  const auto said = [&](std::string_view language, const std::string& of) {
    return texts.text("message.struck_off_body", language, {{"contest", of}, {"struck_at", now}});
  };
  outbox_of(state).queue(
      transaction, now,
      {voter, "struck-off", MessageChannel::email, email,
       texts.text("message.struck_off_subject", "fr", Json::object()),
       said("fr", name.fr) + "\n\n———\n\n" + said("en", name.en), now + limits::message_life_ms});
}

// Why nobody has it that could be struck off.
Status why_nobody(Transaction& transaction, const RollPlace& place) {
  if (in_force(transaction, place)) return voted_already();
  return fail("roll.key", "this key is not in force in this contest and district: draft again");
}

}  // namespace

Expected<RollPlace> place_of(State& state, Transaction& transaction, const std::string& voter,
                             std::uint32_t contest) {
  const auto rows = transaction.query(
      "SELECT c.district, s.at FROM voter_contest c LEFT JOIN sign_off s ON s.contest = c.contest "
      "AND s.voter = c.voter WHERE c.voter = $1 AND c.contest = $2",
      {voter, contest});
  if (rows.empty()) {
    return fail("roll.not_registered",
                voter + " is not on the roll of contest " + std::to_string(contest));
  }
  if (!rows[0].is_null(1)) return voted_already();
  const auto key = linked_key(state, transaction, voter, contest);
  if (!key) return fail("roll.closed", "the box is frozen: nobody is struck off any more");
  return RollPlace{contest, static_cast<std::uint32_t>(rows[0].integer(0)),
                   key_on_board(state, transaction, *key)};
}

std::optional<std::string> holder_of(State& state, Transaction& transaction,
                                     const RollPlace& place) {
  for (const auto& waiting : waiting_keys(state, transaction)) {
    if (waiting.removed == place.key) return waiting.voter;
  }
  for (const auto& row :
       transaction.query("SELECT voter FROM voter_contest WHERE contest = $1 AND district = $2",
                         {place.contest, place.district})) {
    if (linked_key(state, transaction, row.text(0), place.contest) == place.key) return row.text(0);
  }
  return std::nullopt;
}

void note_strike_off(State& state, const std::string& voter, const std::vector<RollPlace>& places) {
  Json contests = Json::array();
  for (const auto& place : places) contests.push_back(place.contest);
  (void)state.database().write([&](Transaction& transaction) -> Status {
    flows::note(state, transaction, flows::steady_now(state, transaction), "strike-off drafted",
                voter, {{"contests", contests}});
    return {};
  });
}

Status strike_off(State& state, Transaction& transaction, const std::string& holder,
                  const RollPlace& place, const TextSource* texts) {
  if (!in_force(transaction, place)) return why_nobody(transaction, place);
  std::optional<std::string> voter = holder;
  if (!holds(state, transaction, holder, place)) voter = holder_of(state, transaction, place);
  if (!voter || !holds(state, transaction, *voter, place)) return why_nobody(transaction, place);
  withdraw_waiting_key(state, transaction, *linked_key(state, transaction, *voter, place.contest));
  transaction.execute("DELETE FROM link WHERE lookup = $1",
                      {ByteView(lookup_of_link(state, *voter, place.contest))});
  transaction.execute("UPDATE roster_key SET in_force = 0 WHERE ballot_key = $1",
                      {ByteView(place.key.encoded())});
  remove_roll_entry(transaction, *voter, place.contest);
  transaction.execute("DELETE FROM voter_contest WHERE voter = $1 AND contest = $2",
                      {*voter, place.contest});
  transaction.execute("DELETE FROM confirmation WHERE voter = $1 AND contest = $2",
                      {*voter, place.contest});
  const TimeMs now = flows::steady_now(state, transaction);
  flows::note(state, transaction, now, "struck off", *voter, {{"contest", place.contest}});
  if (texts) tell(state, transaction, *texts, *voter, place.contest, now);
  return {};
}

}  // namespace isoloir
