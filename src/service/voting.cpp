#include "service/voting.hpp"

#include <algorithm>

#include "election/credential.hpp"
#include "service/confirmation.hpp"
#include "service/election_log.hpp"
#include "service/journal.hpp"
#include "service/waiting_keys.hpp"

namespace isoloir {
namespace {

using store::Transaction;

std::string journal_name(State& state, const std::string& voter) {
  return hex_encode(state.peppered("journal", {as_bytes(voter)}));
}

ByteArray<32> link_lookup(State& state, const std::string& voter, std::uint32_t contest) {
  Bytes number;
  append_u32(number, contest);
  return state.link_key().lookup("link", {as_bytes(voter), number});
}
ByteArray<32> tracker_lookup(const LinkKey& link_key, const Tracker& tracker) {
  return link_key.lookup("tracker", {tracker.bytes});
}

// Under the link key until the freeze, in the box after it.
bool is_held(State& state, Transaction& transaction, const Tracker& tracker) {
  if (!transaction.query("SELECT 1 FROM box WHERE tracker = $1", {ByteView(tracker.bytes)})
           .empty()) {
    return true;
  }
  const auto link_key = state.held_link_key();
  return link_key && !transaction
                          .query("SELECT 1 FROM ballot WHERE lookup_tracker = $1",
                                 {ByteView(tracker_lookup(*link_key, tracker))})
                          .empty();
}

bool has_voted(Transaction& transaction, const std::string& voter, std::uint32_t contest) {
  return !transaction
              .query("SELECT 1 FROM sign_off WHERE contest = $1 AND voter = $2", {contest, voter})
              .empty();
}
std::string phase_of(Transaction& transaction, std::uint32_t contest) {
  return transaction.query("SELECT phase FROM contest_phase WHERE contest = $1", {contest})[0].text(
      0);
}

// Whether a ballot may still come from this session. Who was let in before closing may finish
// during the grace period.
Status phase_allows(const std::string& phase, bool in_space) {
  if (phase == "open" || (phase == "grace" && in_space)) return {};
  if (phase == "sealed") return fail("voting.not_open", "the vote is not open", "voting.not_open");
  if (phase == "suspended") {
    return fail("voting.suspended", "the contest is suspended", "voting.suspended");
  }
  return fail("voting.closed", "the vote is closed", "voting.closed");
}

struct CodeRow {
  Point key;
  bool invalidated = false;
  std::int64_t failures = 0;
  std::optional<TimeMs> replaced_at;  // the key that was given is an older one: no try was counted
};

// Uses the nonce up and raises the failure counter before the key is compared with the one in force
// (requirement 24). Who proves an older code of hers guesses nothing: that is not counted.
Expected<CodeRow> begin_code_try(State& state, const CodePolicy& policy, const Session& session,
                                 const CodeProof& given, bool proven) {
  return state.database().write([&](Transaction& transaction) -> Expected<CodeRow> {
    const auto nonce =
        transaction.query("SELECT nonce, nonce_at FROM session WHERE id = $1 AND voter = $2",
                          {ByteView(session.id), *session.voter});
    if (nonce.empty() || nonce[0].is_null(0) || nonce[0].array<32>(0) != given.nonce ||
        nonce[0].integer(1) + policy.proof_life_ms < state.now()) {
      return fail("code.nonce", "not the fresh nonce of this session");
    }
    transaction.execute("UPDATE session SET nonce = NULL WHERE id = $1", {ByteView(session.id)});
    auto older = proven ? replaced_code(transaction, given.key) : std::nullopt;
    if (older && older->voter != *session.voter) older.reset();
    const auto row = transaction.query(
        "UPDATE voting_code SET failures = failures + $2 WHERE voter = $1 RETURNING sign_in_key, "
        "state, failures",
        {*session.voter, older ? 0 : 1});
    if (row.empty()) return fail("code.nonce", "this voter has no voting code");
    CodeRow code{*Point::decode(row[0].blob(0)), row[0].text(1) != "valid", row[0].integer(2), {}};
    if (older) code.replaced_at = older->at;
    return code;
  });
}

// Writes the verdict on the key that was judged, if that code is still the voter's: a block or a
// new code that came in between stands. False then.
bool end_code_try(State& state, const Session& session, const Point& judged, bool right,
                  bool invalidates) {
  const auto stands = state.database().write([&](Transaction& transaction) -> Expected<bool> {
    const TimeMs now = state.now();
    bool same = true;
    if (right) {
      same = transaction.execute(
                 "UPDATE voting_code SET failures = 0 WHERE voter = $1 AND sign_in_key = $2 AND "
                 "state = 'valid'",
                 {*session.voter, ByteView(judged.encoded())}) == 1;
      if (same) {
        transaction.execute("UPDATE session SET space_opened_at = $2 WHERE id = $1",
                            {ByteView(session.id), whole_minute(now)});
      }
    } else if (invalidates) {
      same = transaction.execute(
                 "UPDATE voting_code SET state = 'invalidated', changed_at = $2 WHERE voter = $1 "
                 "AND sign_in_key = $3 AND state = 'valid'",
                 {*session.voter, now, ByteView(judged.encoded())}) == 1;
    }
    // Voters vote soon after: no finer than the sign-off.
    journal(transaction, whole_minute(now),
            {{"step", !same         ? "voting code changed meanwhile"
                      : right       ? "voting code accepted"
                      : invalidates ? "voting code invalidated"
                                    : "voting code wrong"},
             {"voter", journal_name(state, *session.voter)}});
    return same;
  });
  return *stands;
}

// What the writes take of a ballot that is good.
struct GoodBallot {
  std::uint32_t contest;
  std::uint32_t district;
  Point key;
};

// What a ballot is to be judged against, which it says itself: all that can be refused at no cost.
Expected<BallotPlace> place_of(State& state, ByteView bytes) {
  const auto& manifest = state.manifest();
  const auto header = read_ballot_header(bytes);
  if (!header) return fail(header.error());
  if (header->fingerprint != state.fingerprint()) {
    return fail("ballot.fingerprint", "the ballot is of another election");
  }
  const Contest* contest = manifest.contest(header->contest);
  if (!contest) return fail("ballot.contest", "there is no such contest");
  if (header->district >= contest->districts.size()) {
    return fail("ballot.district", "there is no such district");
  }
  const std::size_t options = contest->options.size();
  if (bytes.size() != ballot_bytes(options)) {
    return fail("ballot.length", "not the length of a ballot of this contest");
  }
  return BallotPlace{header->fingerprint, header->contest, header->district, options,
                     manifest.bureau_of(*contest).key};
}

// In the roster of its contest and district, on the board or on its way there.
bool is_in_force(State& state, Transaction& transaction, const GoodBallot& ballot) {
  return !transaction
              .query(
                  "SELECT 1 FROM roster_key WHERE ballot_key = $1 AND contest = $2 AND district "
                  "= $3 AND in_force = 1",
                  {ByteView(ballot.key.encoded()), ballot.contest, ballot.district})
              .empty() ||
         is_waiting_in_force(state, transaction, ballot.key, ballot.contest, ballot.district);
}

// The checks of protocol section 7 that need the database, then the writes; all in the caller's
// transaction. Who refuses has written nothing but a try of the confirmation code.
Status record_ballot(State& state, Transaction& transaction, const Session& session,
                     const GoodBallot& ballot, ByteView bytes, const Tracker& tracker,
                     const GivenConfirmation* confirmation) {
  if (is_held(state, transaction, tracker)) return {};  // the same bytes again: the same receipt
  const std::string& voter = *session.voter;
  if (auto allowed = may_cast(state, transaction, session, ballot.contest); !allowed) {
    return allowed;
  }
  const auto by_voter = link_lookup(state, voter, ballot.contest);
  const auto link =
      transaction.query("SELECT sealed FROM link WHERE lookup = $1", {ByteView(by_voter)});
  const auto own_key =
      link.empty() ? std::nullopt : state.link_key().unseal(link[0].blob(0), by_voter);
  const Bytes key(ballot.key.encoded().begin(), ballot.key.encoded().end());
  if (own_key != key || !is_in_force(state, transaction, ballot)) {
    return fail("ballot.key", "not the key of this voter in this contest", "ballot.key");
  }
  if (confirmation) {
    auto confirmed =
        confirmation->confirmations.use(transaction, voter, ballot.contest, confirmation->code);
    if (!confirmed) return confirmed;
  }

  const auto by_tracker = tracker_lookup(state.link_key(), tracker);
  const auto by_key = state.link_key().lookup("ballot key", {key});
  transaction.execute("INSERT INTO ballot (lookup_tracker, lookup_key, sealed) VALUES ($1, $2, $3)",
                      {ByteView(by_tracker), ByteView(by_key),
                       state.link_key().seal(bytes, by_tracker, state.random())});
  // The only row that says who voted where and when: to the minute, as it is shown, so that it ties
  // to nothing finer. For the same reason the journal says nothing of a vote.
  const TimeMs now = whole_minute(state.now());
  transaction.execute("INSERT INTO sign_off (contest, voter, at, salt) VALUES ($1, $2, $3, $4)",
                      {ballot.contest, voter, now, state.random().bytes(16)});
  if (confirmation) {
    confirmation->confirmations.tell_sign_off(transaction, voter, ballot.contest, now,
                                              confirmation->language);
  }
  transaction.execute("DELETE FROM link WHERE lookup = $1", {ByteView(by_voter)});
  const auto leaf = leaf_hash(ballot_entry(state.link_key().receipt_key(), tracker));
  put_pending_leaf(state, transaction, leaf);
  return {};
}

}  // namespace

std::optional<ReplacedCode> replaced_code(Transaction& transaction, const Point& key) {
  const auto rows = transaction.query(
      "SELECT voter, replaced_at, (SELECT COUNT(*) FROM replacement WHERE at = replaced_at) FROM "
      "replaced_code WHERE sign_in_key = $1",
      {ByteView(key.encoded())});
  if (rows.empty()) return std::nullopt;
  return ReplacedCode{rows[0].text(0), rows[0].integer(1), rows[0].integer(2) != 0};
}

std::optional<TimeMs> codes_replaced_at(State& state) {
  return *state.database().read([](Transaction& transaction) -> Expected<std::optional<TimeMs>> {
    const auto rows = transaction.query("SELECT at FROM replacement ORDER BY at DESC LIMIT 1");
    return rows.empty() ? std::nullopt : std::optional<TimeMs>(rows[0].integer(0));
  });
}

// After the close nobody new enters, though a contest that was suspended then may be resumed. The
// closing hour counts as soon as it strikes, not when the next beat writes it down.
Status may_enter(State& state, const std::string& voter, bool inside) {
  Status refusal = fail("voting.closed", "the vote is closed", "voting.closed");
  const auto hours = hours_of(state);
  if (!inside && (hours.grace_ends_at || state.now() >= hours.closes_at)) return refusal;
  const auto contests = contests_of(state, voter);
  if (contests.empty()) return fail("voting.no_contest", "she is on the roll of no contest");
  for (const auto& contest : contests) {
    const auto allowed = phase_allows(contest.phase, inside);
    if (allowed || contest.phase == "suspended") return {};
    refusal = allowed;
  }
  return refusal;
}

Expected<CodeVerdict> open_voting_space(State& state, const CodePolicy& policy,
                                        const Session& session, const CodeProof& given) {
  ISOLOIR_ASSERT(session.voter.has_value());
  if (const auto allowed = may_enter(state, *session.voter, session.space_opened_at.has_value());
      !allowed) {
    return fail(allowed.error());
  }
  const bool proven = schnorr_verify(
      sign_in_statement(state.fingerprint(), given.nonce, session.id, state.manifest().origin),
      given.key, given.proof);
  const auto code = begin_code_try(state, policy, session, given, proven);
  if (!code) return fail(code.error());
  if (code->invalidated) return CodeVerdict{CodeVerdict::Kind::invalidated, 0, 0};
  const auto left =
      static_cast<std::uint32_t>(std::max<std::int64_t>(policy.tries - code->failures, 0));
  if (code->replaced_at) return CodeVerdict{CodeVerdict::Kind::replaced, left, *code->replaced_at};
  const bool right = proven && given.key == code->key;
  const bool invalidates = !right && code->failures >= policy.tries;
  if (!end_code_try(state, session, code->key, right, invalidates)) {
    return CodeVerdict{CodeVerdict::Kind::invalidated, 0, 0};
  }
  if (right) return CodeVerdict{CodeVerdict::Kind::accepted, policy.tries, 0};
  if (invalidates) return CodeVerdict{CodeVerdict::Kind::invalidated, 0, 0};
  return CodeVerdict{CodeVerdict::Kind::wrong, left, 0};
}

CodeState code_state(State& state, const CodePolicy& policy, const std::string& voter) {
  const auto found = state.database().read([&](Transaction& transaction) -> Expected<CodeState> {
    const auto rows = transaction.query(
        "SELECT state, failures, changed_at FROM voting_code WHERE voter = $1", {voter});
    if (rows.empty()) return CodeState{};
    const auto failures = std::min<std::int64_t>(rows[0].integer(1), policy.tries);
    return CodeState{rows[0].text(0) == "valid",
                     static_cast<std::uint32_t>(policy.tries - failures), rows[0].integer(2)};
  });
  return *found;
}

std::vector<VoterContestState> contests_of(State& state, const std::string& voter) {
  const auto found = state.database().read(
      [&](Transaction& transaction) -> Expected<std::vector<VoterContestState>> {
        std::vector<VoterContestState> contests;
        for (const auto& row : transaction.query(
                 "SELECT c.contest, c.district, p.phase, s.at FROM voter_contest c JOIN "
                 "contest_phase p ON p.contest = c.contest LEFT JOIN sign_off s ON s.contest = "
                 "c.contest AND s.voter = c.voter WHERE c.voter = $1 ORDER BY c.contest",
                 {voter})) {
          contests.push_back({static_cast<std::uint32_t>(row.integer(0)),
                              static_cast<std::uint32_t>(row.integer(1)), row.text(2),
                              row.optional_integer(3)});
        }
        return contests;
      });
  return *found;
}

TimeMs grace_end(const State& state, Transaction& transaction) {
  const auto hours =
      transaction.query("SELECT closes_at, grace_ends_at FROM hours WHERE id = 1")[0];
  const TimeMs grace_ms = TimeMs{state.manifest().grace_seconds} * 1000;
  return hours.optional_integer(1).value_or(hours.integer(0) + grace_ms);
}

Status may_cast(State& state, Transaction& transaction, const Session& session,
                std::uint32_t contest) {
  const std::string& voter = *session.voter;
  if (transaction
          .query("SELECT 1 FROM voter_contest WHERE voter = $1 AND contest = $2", {voter, contest})
          .empty()) {
    return fail("ballot.not_registered", "she is not on the roll of this contest");
  }
  if (has_voted(transaction, voter, contest)) {
    return fail("ballot.already_voted", "signed off already", "ballot.already_voted");
  }
  const auto opened = transaction.query("SELECT space_opened_at FROM session WHERE id = $1",
                                        {ByteView(session.id)});
  const bool in_space = !opened.empty() && !opened[0].is_null(0);
  if (!in_space) {
    return fail("ballot.key", "the voting space is not open in this session", "ballot.key");
  }
  if (auto allowed = phase_allows(phase_of(transaction, contest), in_space); !allowed) {
    return allowed;
  }
  if (state.now() >= grace_end(state, transaction)) {
    return fail("voting.closed", "the grace period is over", "voting.closed");
  }
  return {};
}

Expected<Tracker> cast_ballot(State& state, const Session& session, ByteView bytes,
                              const GivenConfirmation* confirmation) {
  ISOLOIR_ASSERT(session.voter.has_value());
  // Proofs are dear, so what needs none comes first.
  if (is_held(state, tracker_of(bytes))) return tracker_of(bytes);
  auto place = place_of(state, bytes);
  if (!place) return fail(place.error());
  const auto allowed = state.database().read([&](Transaction& transaction) -> Expected<Status> {
    return may_cast(state, transaction, session, place->contest);
  });
  if (!*allowed) return fail(allowed->error());
  const std::uint32_t district = *std::exchange(place->district, {});  // with those of all others
  if (const auto good = state.ballot_windows().judge(*place, bytes); !good) {
    return fail(good.error());
  }
  const GoodBallot ballot{place->contest, district, key_of(bytes)};
  const Tracker tracker = tracker_of(bytes);
  // A refusal is committed too: a try of the confirmation code stays counted.
  const auto recorded = state.database().write([&](Transaction& transaction) -> Expected<Status> {
    return record_ballot(state, transaction, session, ballot, bytes, tracker, confirmation);
  });
  if (!*recorded) return fail(recorded->error());
  return tracker;
}

bool is_held(State& state, const Tracker& tracker) {
  return *state.database().read([&](Transaction& transaction) -> Expected<bool> {
    return is_held(state, transaction, tracker);
  });
}

std::optional<Bytes> entry_of(State& state, const Tracker& tracker) {
  const auto link_key = state.held_link_key();
  if (!link_key) return std::nullopt;
  const auto shown = state.database().read([&](Transaction& transaction) -> Expected<bool> {
    const auto hours = transaction.query("SELECT exported_at FROM hours WHERE id = 1");
    return hours[0].is_null(0) && is_held(state, transaction, tracker);
  });
  if (!*shown) return std::nullopt;
  return ballot_entry(link_key->receipt_key(), tracker);
}

Hours hours_of(State& state) {
  const auto found = state.database().read([](Transaction& transaction) -> Expected<Hours> {
    const auto row =
        transaction.query("SELECT opens_at, closes_at, grace_ends_at FROM hours WHERE id = 1")[0];
    return Hours{row.integer(0), row.integer(1), row.optional_integer(2)};
  });
  return *found;
}

}  // namespace isoloir
