#include "verification/ballot_judge.hpp"

#include <algorithm>

#include "verification/ballot_batch.hpp"

namespace isoloir {
namespace {

const multiexp::Engine* engine_of(JudgeEngine engine) {
  switch (engine) {
    case JudgeEngine::best:
      return &multiexp::best_engine();
    case JudgeEngine::portable:
      return &multiexp::portable_engine();
    case JudgeEngine::fma:
      return multiexp::fma_engine();
    case JudgeEngine::ifma:
      return multiexp::ifma_engine();
  }
  ISOLOIR_ASSERT(false);
}

const multiexp::Engine& engine_there(JudgeEngine engine) {
  const auto* const found = engine_of(engine);
  ISOLOIR_ASSERT(found != nullptr);
  return *found;
}

// The equations say nothing of this.
bool alphas_distinct(ByteView ballot, std::size_t options) {
  const verification::BallotLayout layout{options};
  std::vector<ByteView> alphas;
  for (std::size_t i = 0; i < options; ++i) alphas.push_back(ballot.subspan(layout.option(i), 32));
  const auto less = [](ByteView a, ByteView b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  };
  const auto same = [](ByteView a, ByteView b) {
    return std::equal(a.begin(), a.end(), b.begin());
  };
  std::sort(alphas.begin(), alphas.end(), less);
  return std::adjacent_find(alphas.begin(), alphas.end(), same) == alphas.end();
}

std::vector<Tracker> trackers_of(std::span<const ByteView> ballots) {
  std::vector<Tracker> trackers;
  for (const auto ballot : ballots) trackers.push_back(tracker_of(ballot));
  return trackers;
}

}  // namespace

Status judge_ballot(const BallotPlace& place, ByteView bytes) {
  const auto ballot = Ballot::decode(bytes, place.options);
  if (!ballot) return fail(ballot.error());
  if (ballot->fingerprint != place.fingerprint) {
    return fail("ballot.fingerprint", "of another election");
  }
  if (ballot->contest != place.contest || (place.district && ballot->district != *place.district)) {
    return fail("ballot.place", "of another contest or district");
  }
  return verify_ballot(*ballot, place.election_key);
}

Point key_of(ByteView ballot) {
  return Point::of_canonical(*to_array<32>(ballot.subspan(verification::BallotLayout::key, 32)));
}

std::optional<std::string> name_of(JudgeEngine engine) {
  const auto* const found = engine_of(engine);
  if (!found) return std::nullopt;
  return found->name;
}

struct BallotJudge::State {
  const BallotPlace place;
  Random& random;
  verification::BallotBatch batch;
  verification::CiphertextSums sums;

  // Marks those of the loaded ballots that are good. What does not hold is halved; where the first
  // half holds after all, the other one cannot.
  void find_good(std::size_t first, std::size_t count, bool known_bad,
                 std::vector<bool>& good) const {
    if (count == 0) return;
    if (!known_bad && batch.holds(first, count)) {
      std::fill_n(good.begin() + static_cast<std::ptrdiff_t>(first), count, true);
    } else if (count > 1) {
      const std::size_t half = count / 2;
      find_good(first, half, false, good);
      const bool first_good = std::all_of(good.begin() + static_cast<std::ptrdiff_t>(first),
                                          good.begin() + static_cast<std::ptrdiff_t>(first + half),
                                          [](bool is) { return is; });
      find_good(first + half, count - half, first_good, good);
    }
  }
};

BallotJudge::BallotJudge(const BallotPlace& place, Random& random, JudgeEngine engine)
    : state_(new State{place,
                       random,
                       {place, engine_there(engine)},
                       verification::CiphertextSums(place.options)}) {}
BallotJudge::BallotJudge(BallotJudge&&) noexcept = default;
BallotJudge::~BallotJudge() = default;

std::vector<Status> BallotJudge::judge(std::span<const ByteView> ballots) {
  return judge(ballots, trackers_of(ballots));
}

std::vector<Status> BallotJudge::judge(std::span<const ByteView> ballots,
                                       std::span<const Tracker> trackers) {
  const auto good = find_good(ballots, trackers);
  std::vector<Status> verdicts(ballots.size());
  for (std::size_t i = 0; i < ballots.size(); ++i) {
    if (!good[i]) verdicts[i] = judge_ballot(state_->place, ballots[i]);
  }
  return verdicts;
}

std::vector<bool> BallotJudge::find_good(std::span<const ByteView> ballots) {
  return find_good(ballots, trackers_of(ballots));
}

std::vector<bool> BallotJudge::find_good(std::span<const ByteView> ballots,
                                         std::span<const Tracker> trackers) {
  auto& batch = state_->batch;
  batch.load(ballots);
  const auto& numbers = batch.numbers();
  std::vector<ByteView> loaded;
  std::vector<Tracker> loaded_trackers;
  for (const auto number : numbers) {
    loaded.push_back(ballots[number]);
    loaded_trackers.push_back(trackers[number]);
  }
  verification::CoefficientStream coefficients(state_->random, state_->place.fingerprint,
                                               loaded_trackers);
  batch.weigh(coefficients);
  std::vector<bool> equations_hold(numbers.size());
  state_->find_good(0, numbers.size(), false, equations_hold);
  batch.add_to(state_->sums);

  std::vector<bool> good(ballots.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    good[numbers[i]] = equations_hold[i] && alphas_distinct(loaded[i], state_->place.options);
  }
  return good;
}

Aggregate BallotJudge::sums() const {
  return state_->sums.encoded();
}

void BallotJudge::add_sums_of(const BallotJudge& other) {
  state_->sums.add(other.state_->sums);
}

}  // namespace isoloir
