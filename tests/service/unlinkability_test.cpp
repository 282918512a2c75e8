// What is never stored (docs/protocol.md section 12): whoever has the database, its write-ahead log
// and copies of both after every single vote and reissue, the pepper, the tiles and the export, but
// not the link key, ties voters to ballots no better than by chance. The attacks are a script that
// knows nothing of the tables: it reads orders, places in files and what changes together. Each is
// shown to succeed on a database that does leak.
#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "board/log.hpp"
#include "election/ballot.hpp"
#include "service/bureau.hpp"
#include "service/confirmation.hpp"
#include "service/export.hpp"
#include "service/reissue_fixture.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t voters = 20;
// Of `voters` guesses made at random one is right on average; that 14 or more are has a probability
// below 10^-11, which leaves room for some thousand pairs of orders.
constexpr std::size_t beyond_chance = 14;
// Within one batch of 10 or more a guess is right with probability 1/10 at most.
constexpr double together_beyond_chance = 3.0;

using Marks = std::vector<std::vector<std::string>>;  // of each voter, or of each voter's ballot
using Order = std::vector<std::size_t>;

// Where a mark stands in a text.
struct Seen {
  std::size_t count = 0, first = 0, last = 0;
};

// Of each mark, all found in one reading of the text.
std::vector<std::vector<Seen>> seen_in(std::string_view text, const Marks& marks) {
  struct Mark {
    std::string_view text;
    Seen* seen;
  };
  const auto pair = [](std::string_view of, std::size_t at) {
    return std::size_t{static_cast<unsigned char>(of[at])} << 8 |
           static_cast<unsigned char>(of[at + 1]);
  };
  std::vector<std::vector<Seen>> seen;
  for (const auto& of_one : marks) seen.emplace_back(of_one.size());
  std::vector<std::vector<Mark>> by_start(1 << 16);
  for (std::size_t i = 0; i < marks.size(); ++i) {
    for (std::size_t kind = 0; kind < marks[i].size(); ++kind) {
      by_start[pair(marks[i][kind], 0)].push_back({marks[i][kind], &seen[i][kind]});
    }
  }
  std::vector<char> begins;  // the inner loop's: a plain table
  for (const auto& starting : by_start) begins.push_back(starting.empty() ? 0 : 1);
  const char* const begin = begins.data();
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  const std::size_t end = text.size();
  for (std::size_t at = 0, start = end > 0 ? bytes[0] : 0; at + 1 < end; ++at) {
    start = (start << 8 | bytes[at + 1]) & 0xffff;
    if (begin[start] == 0) continue;
    for (const auto& mark : by_start[start]) {
      if (text.substr(at, mark.text.size()) != mark.text) continue;
      if (mark.seen->count++ == 0) mark.seen->first = at;
      mark.seen->last = at;
    }
  }
  return seen;
}

// Who appears in which order in a text: by the first or the last place of each of the marks.
// Nothing unless all do.
std::vector<Order> orders_in(std::string_view text, const Marks& marks) {
  std::vector<Order> orders;
  const auto seen = seen_in(text, marks);
  for (std::size_t kind = 0; kind < marks[0].size(); ++kind) {
    for (const bool last : {false, true}) {
      std::vector<std::pair<std::size_t, std::size_t>> places;
      for (std::size_t i = 0; i < marks.size(); ++i) {
        const auto& mark = seen[i].at(kind);
        if (mark.count > 0) places.emplace_back(last ? mark.last : mark.first, i);
      }
      if (places.size() != marks.size()) continue;
      std::sort(places.begin(), places.end());
      Order order;
      for (const auto& [place, i] : places) order.push_back(i);
      orders.push_back(order);
      orders.emplace_back(order.rbegin(), order.rend());
    }
  }
  return orders;
}

// Whose marks are there more often than before, in each text after the first.
std::vector<std::set<std::size_t>> grown(const Marks& marks,
                                         const std::vector<std::string>& texts) {
  std::vector<std::set<std::size_t>> found;
  std::vector<std::vector<Seen>> before;
  for (const auto& text : texts) {
    auto after = seen_in(text, marks);
    if (!before.empty()) {
      found.emplace_back();
      for (std::size_t i = 0; i < marks.size(); ++i) {
        for (std::size_t kind = 0; kind < marks[i].size(); ++kind) {
          if (after[i][kind].count > before[i][kind].count) found.back().insert(i);
        }
      }
    }
    before = std::move(after);
  }
  return found;
}

// The best that matching one order with another ever does.
std::size_t best_match(const std::set<Order>& of_voters, const std::set<Order>& of_ballots) {
  std::size_t best = 0;
  for (const auto& left : of_voters) {
    for (const auto& right : of_ballots) {
      std::size_t right_guesses = 0;
      for (std::size_t i = 0; i < left.size(); ++i) right_guesses += left[i] == right[i];
      best = std::max(best, right_guesses);
    }
  }
  return best;
}

struct Unlinkability : ReissueFixture {
  Unlinkability() : ReissueFixture(voters) {}

  // Database and write-ahead log as they lie on the disk, and the tables in them.
  void copy_disk() {
    std::string contents;
    for (const auto& table : tables()) contents += table;
    copied_tables.push_back(std::move(contents));
    std::string disk;
    for (const char* name : {"isoloir.sqlite", "isoloir.sqlite-wal"}) {
      if (fs::exists(folder / name)) disk += *read_file(folder / name);
    }
    copies.push_back(std::move(disk));
  }

  // Every table as SQL gives it, by rowid where there is one.
  std::vector<std::string> tables() {
    return *state->database().read([](store::Transaction& t) -> Expected<std::vector<std::string>> {
      std::vector<std::string> all;
      for (const auto& table :
           t.query("SELECT name, sql LIKE '%WITHOUT ROWID%' FROM sqlite_master WHERE type = "
                   "'table' AND name NOT LIKE 'sqlite_%'")) {
        std::string names;
        for (const auto& column :
             t.query("SELECT name FROM pragma_table_info($1)", {table.text(0)})) {
          names += (names.empty() ? "" : " || '|' || ") +
                   ("COALESCE(quote(" + column.text(0) + "), '')");
        }
        std::string text;
        for (const auto& row : t.query("SELECT " + names + " FROM " + table.text(0) +
                                       (table.integer(1) != 0 ? "" : " ORDER BY rowid"))) {
          text += row.text(0) + "\n";
        }
        all.push_back(std::move(text));
      }
      return all;
    });
  }

  // What shows a voter: salts are random, names are in clear.
  Marks voter_marks() {
    Marks marks;
    for (const auto& voter : roll.voters) {
      marks.push_back({voter.email, hex_encode(state->peppered("journal", {as_bytes(voter.id)})),
                       "'" + voter.id + "'"});
      (void)state->database().read([&](store::Transaction& t) -> Status {
        const auto salt = t.query("SELECT salt FROM sign_off WHERE voter = $1", {voter.id});
        const Bytes bytes = salt.empty() ? random.bytes(16) : salt[0].blob(0);
        marks.back().push_back(std::string(as_text(bytes)));
        marks.back().push_back(quoted(bytes));
        return {};
      });
    }
    return marks;
  }
  // What shows a ballot, in bytes and as SQL quotes it. `cast_ballots` in the order of the voters.
  Marks ballot_marks() const {
    Marks marks;
    for (const auto& bytes : cast_ballots) {
      const ByteView view(bytes);
      marks.emplace_back();
      for (const auto part : {view.subspan(44, 32), view.subspan(76, 32)}) {
        marks.back().push_back(std::string(as_text(part)));
        marks.back().push_back(quoted(part));
      }
      const auto tracker = tracker_of(bytes);
      marks.back().push_back(std::string(as_text(tracker.bytes)));
      marks.back().push_back(quoted(tracker.bytes));
      const auto leaf = leaves.find(tracker.bytes);
      if (leaf == leaves.end()) continue;
      marks.back().push_back(std::string(as_text(leaf->second)));
      marks.back().push_back(quoted(leaf->second));
    }
    return marks;
  }
  static std::string quoted(ByteView bytes) {
    std::string hex = hex_encode(bytes);
    std::transform(hex.begin(), hex.end(), hex.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return hex;
  }

  // By order in any file, any table, the export, and the times of the sign-offs.
  std::size_t by_order() {
    std::set<Order> of_voters;
    std::set<Order> of_ballots;
    auto sources = tables();
    sources.push_back(copies.front());
    sources.push_back(copies[copies.size() / 2]);
    sources.push_back(copies.back());
    for (const auto& file : fs::recursive_directory_iterator(folder / "export")) {
      if (file.is_regular_file()) sources.push_back(*read_file(file.path()));
    }
    of_voters.insert(voting_order);
    for (const auto& text : sources) {
      for (auto& order : orders_in(text, voter_marks())) of_voters.insert(std::move(order));
      for (auto& order : orders_in(text, ballot_marks())) of_ballots.insert(std::move(order));
    }
    EXPECT_GE(of_voters.size(), 3u) << "the script reads";
    EXPECT_GE(of_ballots.size(), 1u) << "the script reads";
    return best_match(of_voters, of_ballots);
  }

  // By what changes together between two copies: the sum over the voters of the probability to pick
  // the right ballot.
  double by_change() {
    const auto people = voter_marks();
    const auto ballots = ballot_marks();
    std::map<std::size_t, double> best;
    for (const auto* series : {&copies, &copied_tables}) {
      const auto appeared = grown(ballots, *series);
      const auto moved = grown(people, *series);
      for (std::size_t i = 0; i < appeared.size(); ++i) {
        if (appeared[i].empty()) continue;
        const double probability = 1.0 / static_cast<double>(appeared[i].size());
        for (const auto voter : moved[i]) {
          if (appeared[i].contains(voter)) best[voter] = std::max(best[voter], probability);
        }
      }
    }
    return std::accumulate(best.begin(), best.end(), 0.0,
                           [](double sum, const auto& item) { return sum + item.second; });
  }

  // With all that policy can ask: a code that validates the vote, and the message that confirms it.
  void cast_one(const Session& session, std::size_t voter) {
    Confirmations confirmations(*state, confirming, texts);
    ASSERT_TRUE(confirmations.ask(session, 0, false, "fr"));
    std::string code;
    for (const auto& message : inbox()) {
      if (message.kind != "confirmation-code" || message.destination != roll.voters[voter].email) {
        continue;
      }
      code = message.body.substr(message.body.find("code=") + 5, confirming.digits);
    }
    const GivenConfirmation given{confirmations, code, "fr"};
    const auto taken = cast_ballot(*state, session, cast_ballots[voter], &given);
    ASSERT_TRUE(taken) << taken.error().code;
    const auto tracker = tracker_of(cast_ballots[voter]);
    leaves[tracker.bytes] = leaf_hash(ballot_entry(state->link_key().receipt_key(), tracker));
  }

  // By what one transaction wrote, as one image of the write-ahead log tells: the sum over the
  // voters of the probability to pick the right ballot.
  double by_transaction(std::string_view wal) {
    const auto u32 = [&](std::size_t at) { return read_u32(as_bytes(wal.substr(at, 4))); };
    const std::size_t page_size = u32(8);
    const auto generation = wal.substr(16, 8);
    std::vector<std::string> transactions(1);
    for (std::size_t at = 32; at + 24 + page_size <= wal.size(); at += 24 + page_size) {
      if (wal.substr(at + 8, 8) != generation) break;
      transactions.back() += wal.substr(at + 24, page_size);
      if (u32(at + 4) != 0) transactions.emplace_back();  // a commit
    }
    const auto people = voter_marks();
    const auto ballots = ballot_marks();
    std::set<std::size_t> known_people;
    std::set<std::size_t> known_ballots;
    double sum = 0;
    for (const auto& pages : transactions) {
      std::set<std::size_t> new_ballots;
      const auto ballots_here = seen_in(pages, ballots);
      const auto people_here = seen_in(pages, people);
      for (std::size_t i = 0; i < ballots.size(); ++i) {
        const bool here = std::any_of(ballots_here[i].begin(), ballots_here[i].end(),
                                      [](const Seen& mark) { return mark.count > 0; });
        if (here && known_ballots.insert(i).second) new_ballots.insert(i);
      }
      for (std::size_t i = 0; i < people.size(); ++i) {
        // The salt of the sign-off: the other marks were there before the vote.
        if (people_here[i][3].count == 0 || !known_people.insert(i).second) continue;
        if (new_ballots.contains(i)) sum += 1.0 / static_cast<double>(new_ballots.size());
      }
    }
    EXPECT_EQ(known_people.size(), voters) << "the script reads";
    EXPECT_EQ(known_ballots.size(), voters) << "the script reads";
    return sum;
  }

  // `leak`: rows that a careless table would hold, written beside each vote and each reissue.
  void run(const std::function<void(std::size_t, ByteView key)>& leak = {}) {
    set_phase(0, "sealed");
    set_phase(1, "sealed");
    clock.set(fixture_opens);
    tick(*state, *log);
    cast_ballots.resize(voters);
    voting_order.resize(voters);
    std::iota(voting_order.begin(), voting_order.end(), std::size_t{0});
    for (std::size_t i = voters - 1; i > 0; --i) {
      std::swap(voting_order[i], voting_order[random.below(static_cast<std::uint32_t>(i + 1))]);
    }
    copy_disk();
    for (std::size_t i = 0; i < limits::reissue_batch_minimum; ++i) {
      clock.advance(minute);
      const auto voter = voting_order[i];
      replace_code(voter);
      if (leak) leak(voter, credential(voter).ballot_key(0).key.encoded());
      copy_disk();
    }
    clock.advance(24 * hour);
    tick(*state, *log);
    log->append_round(true);
    copy_disk();
    for (const auto voter : voting_order) {
      clock.advance(minute);
      const auto session = in_space(voter);
      cast_ballots[voter] = ballot(voter, 0, voter % 3);
      cast_one(session, voter);
      if (leak) leak(voter, ByteView(cast_ballots[voter]).subspan(44, 32));
      copy_disk();
      (void)inbox();  // a beat: the confirmation of the sign-off goes out
      copy_disk();
    }
    log->append_round(true);
    copy_disk();
    clock.set(fixture_closes);
    tick(*state, *log);
    clock.advance(hour);
    tick(*state, *log);
    log->append_round(false);
    state->destroy_link_key();
    copy_disk();
    ASSERT_TRUE(write_export(*state, folder / "export"));
  }

  ConfirmationPolicy confirming;
  std::vector<std::string> copies;
  std::vector<std::string> copied_tables;
  std::vector<Bytes> cast_ballots;
  std::map<ByteArray<32>, Digest> leaves;  // by tracker, as a holder of the receipt key knows them
  Order voting_order;
};

TEST_F(Unlinkability, NoBetterThanChanceWithoutTheLinkKey) {
  run();
  EXPECT_LT(by_order(), beyond_chance);
  EXPECT_LT(by_change(), together_beyond_chance);
}

// All vote within one round and one minute, then the round comes; one image, taken then.
TEST_F(Unlinkability, NoTransactionNamesAVoterAndHerPlaceInTheLog) {
  set_phase(0, "sealed");
  set_phase(1, "sealed");
  clock.set(fixture_opens);
  tick(*state, *log);
  cast_ballots.resize(voters);
  std::vector<Session> sessions;
  for (std::size_t voter = 0; voter < voters; ++voter) {
    sessions.push_back(in_space(voter));
    cast_ballots[voter] = ballot(voter, 0, voter % 3);
  }
  state->database().erase_traces();  // an empty log, which starts anew once nobody reads
  const auto voted = state->database().read([&](store::Transaction& reader) -> Status {
    reader.query("SELECT 1 FROM voter");
    for (std::size_t voter = 0; voter < voters; ++voter) cast_one(sessions[voter], voter);
    log->append_round(true);
    return {};
  });
  ASSERT_TRUE(voted);
  EXPECT_LT(by_transaction(*read_file(folder / "isoloir.sqlite-wal")), together_beyond_chance);
}

TEST_F(Unlinkability, TheScriptFindsALeakOfOrder) {
  // As PostgreSQL's or SQLite's own row numbers would: two tables filled in the same order.
  (void)state->database().write([](store::Transaction& t) -> Status {
    t.script("CREATE TABLE leak_ballot (key BLOB)");
    return {};
  });
  run();
  (void)state->database().write([&](store::Transaction& t) -> Status {
    for (const auto voter : voting_order) {
      t.execute("INSERT INTO leak_ballot (key) VALUES ($1)",
                {ByteView(cast_ballots[voter]).subspan(44, 32)});
    }
    return {};
  });
  EXPECT_EQ(by_order(), voters);
}

TEST_F(Unlinkability, TheScriptFindsALeakByChange) {
  (void)state->database().write([](store::Transaction& t) -> Status {
    t.script("CREATE TABLE leak_key (key BLOB PRIMARY KEY) WITHOUT ROWID");
    return {};
  });
  run([&](std::size_t, ByteView key) {
    (void)state->database().write([&](store::Transaction& t) -> Status {
      t.execute("INSERT OR IGNORE INTO leak_key (key) VALUES ($1)", {key});
      return {};
    });
  });
  EXPECT_GT(by_change(), 0.9 * voters);
}

}  // namespace
}  // namespace isoloir
