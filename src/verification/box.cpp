// V10 to V15 and V23 to V24: the box, ballot by ballot on all cores, its root and counts, receipts.
#include <algorithm>
#include <numeric>

#include "verification/state.hpp"

namespace isoloir::verification {
namespace {

constexpr std::size_t ballots_at_once = 64;

// The check that a ballot fails by itself; 0 for none.
struct Judged {
  int check = 0;
  Error error;
  Ballot ballot;
};

int check_of(const Error& error) {
  if (error.code == "ballot.signature") return 11;
  if (error.code == "ballot.option_proof") return 12;
  if (error.code == "ballot.sum_proof") return 13;
  if (error.code == "ballot.alpha") return 14;
  return 10;
}

Judged judge(const State& state, const Place& place, ByteView bytes) {
  const auto& contest = state.manifest.contests[place.first];
  auto ballot = Ballot::decode(bytes, contest.options.size());
  if (!ballot) return {10, ballot.error(), {}};
  const auto refuse = [](int check, std::string code, std::string why, Ballot&& it) {
    return Judged{check, {std::move(code), std::move(why), {}}, std::move(it)};
  };
  if (ballot->fingerprint != state.fingerprint) {
    return refuse(10, "ballot.fingerprint", "of another election", std::move(*ballot));
  }
  if (Place(ballot->contest, ballot->district) != place) {
    return refuse(10, "ballot.place", "of another contest or district", std::move(*ballot));
  }
  if (const auto good = verify_ballot(*ballot, state.manifest.bureau_of(contest).key); !good) {
    return {check_of(good.error()), good.error(), std::move(*ballot)};
  }
  if (!state.keys.in_force(ballot->key, place, state.freeze_checkpoint.size)) {
    return refuse(14, "ballot.key", "by a key that is not in force in " + describe(place),
                  std::move(*ballot));
  }
  return {0, {}, std::move(*ballot)};
}

// What is kept of each ballot of one file.
struct Row {
  std::uint8_t check = 0;
  Point key;
  Digest leaf{};
  Tracker tracker;
};

class BoxFile {
 public:
  BoxFile(State& state, const Place& place, std::string content)
      : state_(state),
        place_(place),
        path_(export_path::box(place.first, place.second)),
        content_(std::move(content)),
        size_(ballot_bytes(state.manifest.contests[place.first].options.size())),
        rows_(content_.size() / size_) {}

  // Adds the file to the state. Errors are those of V10.
  Status run(MerkleAccumulator& box, std::uint64_t total) {
    if (content_.size() % size_ != 0) {
      return fail("ballot.length", path_ + " is no whole number of ballots");
    }
    const auto options = state_.manifest.contests[place_.first].options.size();
    Aggregate sums(options);
    std::mutex mutex;
    in_ranges(
        rows_.size(), ballots_at_once,
        [&](std::size_t begin, std::size_t end) {
          Aggregate part(options);
          for (std::size_t i = begin; i < end; ++i) judge_row(i, part);
          const std::lock_guard lock(mutex);
          sums.add(part);
        },
        [&](std::size_t done) { state_.tell(10, state_.ballots += done, total); });
    if (auto good = check_rows(); !good) return good;
    for (const auto& row : rows_) {
      box.append(row.leaf);
      if (state_.anchors.receipts_given) state_.trackers.insert(row.tracker);
      state_.reissued_that_voted[place_.first] += state_.keys.reissued(row.key);
    }
    state_.contest_ballots[place_.first] += rows_.size();
    state_.districts.emplace(place_, std::move(sums));
    return {};
  }

 private:
  ByteView bytes(std::size_t i) const { return as_bytes(content_).subspan(i * size_, size_); }

  void judge_row(std::size_t i, Aggregate& part) {
    const Judged judged = judge(state_, place_, bytes(i));
    auto& row = rows_[i];
    row.check = static_cast<std::uint8_t>(judged.check);
    row.key = judged.ballot.key;
    row.leaf = leaf_hash(bytes(i));
    if (state_.anchors.receipts_given) row.tracker = tracker_of(bytes(i));
    if (judged.check != 10) part.add(judged.ballot.options);
  }

  // The first offender of each check in the order of the file.
  Status check_rows() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (const int check = rows_[i].check;
          check == 10 || (check && !state_.found.contains(check))) {
        const Error error = judge(state_, place_, bytes(i)).error;
        const Error named{error.code, where(i) + error.message, {}};
        if (check == 10) return fail(named);
        state_.found.emplace(check, named);
      }
      if (i == 0 || rows_[i - 1].key < rows_[i].key) continue;
      if (rows_[i].key < rows_[i - 1].key) {
        return fail("ballot.order", where(i) + "not in the order of the keys");
      }
      state_.found.emplace(14, Error{"ballot.second", where(i) + "the second of its key", {}});
    }
    return {};
  }
  std::string where(std::size_t i) const { return path_ + ", ballot " + std::to_string(i) + ": "; }

  State& state_;
  const Place place_;
  const std::string path_;
  const std::string content_;
  const std::size_t size_;
  std::vector<Row> rows_;
};

Outcome found(const State& state, int check) {
  const auto error = state.found.find(check);
  if (error != state.found.end()) return fail(error->second);
  return std::to_string(state.ballots) + " ballots";
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
    auto content = state.file(export_path::box(roster.contest, roster.district));
    if (!content) return fail(content.error());
    BoxFile file(state, place, std::move(*content));
    if (const auto good = file.run(box, total); !good) return fail(good.error());
  }
  state.box_root = box.root();
  return std::to_string(state.ballots) + " ballots";
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
  const auto event = std::find_if(state.events.begin(), state.events.end(),
                                  [](const Event& e) { return e.name == "freeze"; });
  const auto place = state.event_places[static_cast<std::size_t>(event - state.events.begin())];
  const auto pads = static_cast<std::uint64_t>(
      std::count(state.kinds.begin(), state.kinds.begin() + static_cast<std::ptrdiff_t>(place),
                 LeafKind::pad));
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
  return std::to_string(std::accumulate(all.begin(), all.end(), std::uint64_t{0})) + " sign-offs";
}

// ---- V24: receipts

namespace {

// The proof leads to a checkpoint of the export, so the entry is in the final tree at its place.
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
  if (std::none_of(state.checkpoints.begin(), state.checkpoints.end(), [&](const Checkpoint& c) {
        return c.size == checkpoint->size && c.root == checkpoint->root;
      })) {
    return fail("receipt.view",
                "its checkpoint is signed by the log, yet it is none of the export: two views");
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
  return std::to_string(done) + (done == 1 ? " receipt" : " receipts");
}

}  // namespace isoloir::verification
