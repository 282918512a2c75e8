// V10 to V15 and V23 to V24: the box, ballot by ballot on all cores, its root and counts, receipts.
#include <algorithm>
#include <numeric>

#include "verification/ballot_judge.hpp"
#include "verification/state.hpp"

namespace isoloir::verification {
namespace {

// The check that a ballot fails by itself; 0 for none.
int check_of(const Error& error) {
  if (error.code == "ballot.signature") return 11;
  if (error.code == "ballot.option_proof") return 12;
  if (error.code == "ballot.sum_proof") return 13;
  if (error.code == "ballot.alpha" || error.code == "ballot.key") return 14;
  return 10;
}

// What is kept of each ballot of a piece.
struct Row {
  std::optional<Error> error;
  Point key;  // unless the ballot is refused by V10
  Digest leaf{};
  Tracker tracker;
};

// Judges of one place, each lent to one thread at a time. They keep the sums of what they judge.
class Judges {
 public:
  explicit Judges(const BallotPlace& place) : place_(place) {}

  std::vector<Status> judge(std::span<const ByteView> ballots, std::span<const Tracker> trackers) {
    BallotJudge judge = take();
    auto verdicts = judge.judge(ballots, trackers);
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(judge));
    return verdicts;
  }

  Aggregate sums() {
    BallotJudge all(place_, random_);
    for (const auto& judge : free_) all.add_sums_of(judge);
    return all.sums();
  }

 private:
  BallotJudge take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return BallotJudge(place_, random_);
    BallotJudge judge = std::move(free_.back());
    free_.pop_back();
    return judge;
  }

  const BallotPlace place_;
  SystemRandom random_;
  std::mutex mutex_;
  std::vector<BallotJudge> free_;
};

// Judges a file piece by piece, each on all cores; what follows from the order of its ballots is
// looked at piece after piece.
class BoxFile {
 public:
  BoxFile(State& state, const Place& place)
      : state_(state),
        place_(place),
        path_(export_path::box(place.first, place.second)),
        size_(ballot_bytes(contest().options.size())),
        judges_({state.fingerprint, place.first, place.second, contest().options.size(),
                 state.manifest.bureau_of(contest()).key}) {}

  // Adds the file to the state. Errors are those of V10, of the first ballot that has one.
  Status run(MerkleAccumulator& box, std::uint64_t total) {
    const auto piece = [&](ByteView bytes) { return judge_piece(bytes, box, total); };
    if (auto good = state_.file_in_pieces(path_, size_ * state_.ballots_in_piece, piece); !good) {
      return good;
    }
    state_.contest_ballots[place_.first] += judged_;
    state_.districts.emplace(place_, judges_.sums());
    return {};
  }

 private:
  const Contest& contest() const { return state_.manifest.contests[place_.first]; }

  Status judge_piece(ByteView bytes, MerkleAccumulator& box, std::uint64_t total) {
    if (state_.index.find(path_)->second.size % size_ != 0) {
      return fail("ballot.length", path_ + " is no whole number of ballots");
    }
    rows_.assign(bytes.size() / size_, {});
    in_ranges(
        rows_.size(), BallotJudge::ballots_at_once,
        [&](std::size_t begin, std::size_t end) { judge_rows(bytes, begin, end); },
        [&](std::size_t done) { state_.tell(10, state_.ballots += done, total); });
    for (const auto& row : rows_) {
      if (auto good = check_row(row); !good) return good;
      box.append(row.leaf);
      if (state_.anchors.receipts_given) state_.trackers.insert(row.tracker);
      state_.reissued_that_voted[place_.first] += state_.keys.reissued(row.key);
      last_key_ = row.key;
      ++judged_;
    }
    return {};
  }

  void judge_rows(ByteView bytes, std::size_t begin, std::size_t end) {
    std::vector<ByteView> ballots;
    std::vector<Tracker> trackers;
    for (std::size_t i = begin; i < end; ++i) {
      ballots.push_back(bytes.subspan(i * size_, size_));
      trackers.push_back(tracker_of(ballots.back()));
    }
    const auto verdicts = judges_.judge(ballots, trackers);
    for (std::size_t i = begin; i < end; ++i) {
      const ByteView ballot = ballots[i - begin];
      auto& row = rows_[i];
      if (const auto& verdict = verdicts[i - begin]; !verdict) row.error = verdict.error();
      row.leaf = leaf_hash(ballot);
      row.tracker = trackers[i - begin];
      if (row.error && check_of(*row.error) == 10) continue;
      row.key = key_of(ballot);  // which the judge has decoded
      if (!row.error && !state_.keys.in_force(row.key, place_)) {
        row.error = Error{"ballot.key", "by a key that is not in force in " + describe(place_), {}};
      }
    }
  }

  // The first offender of each check in the order of the file.
  Status check_row(const Row& row) {
    if (row.error) {
      const int check = check_of(*row.error);
      const Error named{row.error->code, where() + row.error->message, {}};
      if (check == 10) return fail(named);
      state_.found.emplace(check, named);
    }
    if (!last_key_ || *last_key_ < row.key) return {};
    if (row.key < *last_key_) {
      return fail("ballot.order", where() + "not in the order of the keys");
    }
    state_.found.emplace(14, Error{"ballot.second", where() + "the second of its key", {}});
    return {};
  }
  std::string where() const { return path_ + ", ballot " + std::to_string(judged_) + ": "; }

  State& state_;
  const Place place_;
  const std::string path_;
  const std::size_t size_;
  Judges judges_;
  std::vector<Row> rows_;
  std::uint64_t judged_ = 0;
  std::optional<Point> last_key_;
};

Outcome found(const State& state, int check) {
  const auto error = state.found.find(check);
  if (error != state.found.end()) return fail(error->second);
  return numbered(state.ballots, "ballot");
}

}  // namespace

// ---- V10 to V14

Outcome check_ballots(State& state) {
  const auto& manifest = state.manifest;
  state.contest_ballots.assign(manifest.contests.size(), 0);
  state.reissued_that_voted.assign(manifest.contests.size(), 0);
  std::uint64_t total = 0;
  for (const auto kind : state.kinds) total += kind == LeafKind::ballot;
  MerkleAccumulator box;
  for (const auto& roster : manifest.rosters) {
    const Place place{roster.contest, roster.district};
    BoxFile file(state, place);
    if (const auto good = file.run(box, total); !good) return fail(good.error());
  }
  state.box_root = box.root();
  return numbered(state.ballots, "ballot");
}

Outcome check_ballot_signatures(State& state) {
  return found(state, 11);
}
Outcome check_option_proofs(State& state) {
  return found(state, 12);
}
Outcome check_sum_proofs(State& state) {
  return found(state, 13);
}
// Trackers are unique because keys are: two ballots with one tracker are the same bytes.
Outcome check_ballot_keys(State& state) {
  return found(state, 14);
}

// ---- V15: box

Outcome check_box(State& state) {
  const auto& freeze = state.freeze;
  if (state.box_root != freeze.box_root) {
    return fail("box.root", "the box has another root than the freeze says");
  }
  for (std::size_t k = 0; k < freeze.ballots.size(); ++k) {
    if (freeze.ballots[k] != state.contest_ballots[k]) {
      return fail("box.ballots", "contest " + std::to_string(k) + " has " +
                                     std::to_string(state.contest_ballots[k]) +
                                     " ballots, the freeze says " +
                                     std::to_string(freeze.ballots[k]));
    }
  }
  const auto until = state.kinds.begin() + static_cast<std::ptrdiff_t>(state.freeze_place);
  const auto pads =
      static_cast<std::uint64_t>(std::count(state.kinds.begin(), until, LeafKind::pad));
  if (pads != freeze.pads) {
    return fail("box.pads", "there are " + std::to_string(pads) +
                                " pads before the freeze, it says " + std::to_string(freeze.pads));
  }
  return "root " + hex_encode(state.box_root);
}

// ---- V23: sign-offs

Outcome check_sign_offs(State& state) {
  for (std::size_t k = 0; k < state.contest_ballots.size(); ++k) {
    if (state.freeze.sign_offs[k] != state.contest_ballots[k]) {
      return fail("sign_offs.count", "contest " + std::to_string(k) + " has " +
                                         std::to_string(state.freeze.sign_offs[k]) +
                                         " sign-offs and " +
                                         std::to_string(state.contest_ballots[k]) + " ballots");
    }
  }
  const auto& all = state.freeze.sign_offs;
  return numbered(std::accumulate(all.begin(), all.end(), std::uint64_t{0}), "sign-off");
}

// ---- V24: receipts

namespace {

// The proof leads to a checkpoint of this log, so the entry is in the final tree at its place.
Status check_receipt_of(const State& state, std::string_view text,
                        const std::vector<Witness>& witnesses) {
  const auto receipt = Receipt::parse(text);
  if (!receipt) return fail(receipt.error());
  const auto tracker =
      check_receipt(*receipt, state.manifest.log_origin, state.manifest.checkpoint_key);
  if (!tracker) return fail(tracker.error());
  const auto checkpoint = open_checkpoint(receipt->checkpoint_note, state.manifest.log_origin,
                                          state.manifest.checkpoint_key);
  if (count_cosignatures(receipt->checkpoint_note, witnesses) < state.manifest.witness_threshold) {
    return fail("receipt.witnesses", "its checkpoint has not the cosignatures that it needs");
  }
  if (!state.is_of_log(*checkpoint)) {
    return fail("receipt.view",
                "its checkpoint is signed by the log, yet " + why_not_of_log(state, *checkpoint));
  }
  if (!state.trackers.contains(*tracker)) {
    return fail("receipt.box", "its ballot, tracker " + tracker_text(*tracker) +
                                   ", is not in the box: this receipt proves it");
  }
  return {};
}

}  // namespace

Outcome check_receipts(State& state) {
  if (!state.anchors.receipts_given) return "none given";
  const auto witnesses = parse_witnesses(state.manifest.witnesses);
  std::uint64_t done = 0;
  for (const auto& [name, text] : state.anchors.receipts) {
    if (const auto good = check_receipt_of(state, text, witnesses); !good) {
      return fail(good.error().code, name + ": " + good.error().message);
    }
    state.tell(24, ++done, state.anchors.receipts.size());
  }
  return numbered(done, "receipt");
}

}  // namespace isoloir::verification
