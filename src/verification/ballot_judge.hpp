// Ballots judged fast (docs/protocol.md section 6, last paragraph), with the verdict that libsodium
// would give equation by equation.
//
// Of many ballots one sum of multiples is taken, of all their equations under random coefficients.
// Where it is not the identity the ballots are halved until the bad ones stand alone, and those are
// judged by libsodium, whose verdict counts: what is fast can only accept, and accepts a bad ballot
// with a probability of about 2^-128.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "election/ballot.hpp"
#include "election/count.hpp"

namespace isoloir {

// What a ballot is judged against: where it lies and the key of its contest's bureau.
struct BallotPlace {
  Fingerprint fingerprint;
  std::uint32_t contest = 0;
  std::optional<std::uint32_t> district;  // nothing: of any, by what the ballot says itself
  std::size_t options = 0;
  Point election_key;
};

// By libsodium alone. Errors: those of Ballot::decode, ballot.fingerprint, ballot.place (of another
// contest or district), those of verify_ballot, in this order.
Status judge_ballot(const BallotPlace& place, ByteView ballot);

// Its voter's key, of a ballot that the judge has taken, or refused by another error than those of
// Ballot::decode.
Point key_of(ByteView ballot);

enum class JudgeEngine { best, portable, fma, ifma };
// "portable", "fma", "ifma"; nothing where the processor lacks it.
std::optional<std::string> name_of(JudgeEngine engine);

// One a thread: not thread-safe. Judges of different threads do not meet.
class BallotJudge {
 public:
  // How many ballots together pay: more do not fit in a core's cache.
  static constexpr std::size_t ballots_at_once = 128;

  // `random` outlives the judge. The engine is one that is there.
  BallotJudge(const BallotPlace& place, Random& random, JudgeEngine engine = JudgeEngine::best);
  BallotJudge(BallotJudge&&) noexcept;
  ~BallotJudge();

  // Of each, the verdict of judge_ballot.
  std::vector<Status> judge(std::span<const ByteView> ballots);
  // The same of ballots whose trackers the caller has, so that none is hashed for it again.
  std::vector<Status> judge(std::span<const ByteView> ballots, std::span<const Tracker> trackers);
  // Those that are good; of the others libsodium's judgement, which takes many times as long, is
  // the caller's to ask for.
  std::vector<bool> find_good(std::span<const ByteView> ballots);

  // Sums of all ballots of this place that could be read, whatever has been found of their proofs:
  // all but those with an error of Ballot::decode, ballot.fingerprint or ballot.place.
  Aggregate sums() const;
  void add_sums_of(const BallotJudge& other);  // of the same place

 private:
  std::vector<bool> find_good(std::span<const ByteView> ballots, std::span<const Tracker> trackers);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace isoloir
