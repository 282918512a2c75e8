// The count (docs/protocol.md section 10): from accepted ballots to aggregates, tally hash,
// decryption shares, votes and the result. Sources: Chaum and Pedersen, CRYPTO 1992 (equality of
// logarithms); Pedersen 1991 (decryption by any qualifying set).
//
// Pure functions, thread-safe on const data; sums, proofs and searches run on all cores. Ballots
// have been judged before they come here.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "election/ballot.hpp"
#include "election/ceremony.hpp"
#include "election/manifest.hpp"
#include "election/result_rules.hpp"
#include "election/signed_document.hpp"
#include "election/two_round_rule.hpp"

namespace isoloir {

// ---- Aggregates

// Sums of the ballots of one district or unit, option by option.
struct Aggregate {
  explicit Aggregate(std::size_t options = 0) : sums(options) {}
  // One ballot, as many options. Of thousands, verification/aggregate.hpp is much faster.
  void add(std::span<const Ciphertext> ballot);
  void add(const Aggregate& other);

  std::uint64_t ballots = 0;
  std::vector<Ciphertext> sums;
};

struct TallyAnchors {          // what the tally hash binds besides the sums
  std::uint32_t log_size = 0;  // of the freeze checkpoint
  Digest log_root{};
  Digest box_root{};
};

struct CountingUnit {
  std::uint32_t contest = 0;
  std::uint32_t unit = 0;  // place after merging
  TallyUnit where;
  Aggregate total;
};

using DistrictAggregates =
    std::map<std::pair<std::uint32_t, std::uint32_t>, Aggregate>;  // (contest, district)

struct Tally {
  Fingerprint fingerprint;
  TallyAnchors anchors;
  std::vector<CountingUnit> units;  // of all contests, ascending
  ByteArray<64> hash{};             // T
};

// Merges the units of every contest, sums and hashes. A district that is not given has no ballots.
// Errors: count.district (no such contest or district), count.options (not as many as the contest
// has), count.ballots (more than 2^32 - 1).
Expected<Tally> make_tally(const Manifest& manifest, const TallyAnchors& anchors,
                           const DistrictAggregates& districts);

// May this bureau's holders make shares for this tally: of its `count` events in the log there is
// one, it carries T, says that the bijection was checked, and is signed by members who fulfil the
// opening rule (checks V16 and V18). `events`: every event of the log, in any order. Errors:
// count.not_opened (no count event), count.second_event, count.tally (of another T),
// count.bijection, count.signature, count.opening_rule.
Status count_opened(const Manifest& manifest, const Tally& tally, std::uint32_t bureau,
                    const std::vector<SignedDocument>& events);

// ---- Shares

// One good `shares` document.
struct ShareDocument {
  std::uint32_t bureau = 0;
  std::uint32_t group = 0;
  std::uint32_t index = 0;
  std::vector<Point> partial;  // D of each unit with ballots, option by option, ascending
};

// This holder's document: text of the signed document. The caller has bound the state to T
// (HolderState::bind_tally) and sealed it before. Error: count.holder (the manifest's bureau has no
// member with this holder's keys at its place).
Expected<std::string> make_shares(const Manifest& manifest, const Tally& tally,
                                  std::uint32_t bureau, const HolderState& holder, Random& random);

// The verdict on one document. It is good or left out as a whole. Errors: shares.form,
// shares.member (no such bureau, group or member), shares.signature (not signed by that member
// alone), shares.tally (of another tally), shares.set (not exactly one share for each option of
// each unit with ballots, ascending), shares.identity (alpha is the identity, D or B is not),
// shares.proof (says where).
Expected<ShareDocument> judge_shares(const Manifest& manifest, const Tally& tally,
                                     std::string_view text);
// Whether this error of judge_shares is about what its author signed for this tally: only then may
// the document be held against her.
bool is_wrong_of_member(std::string_view code);

// ---- Decryption

using Votes = std::vector<std::vector<std::uint64_t>>;  // by unit of the tally, by option

// All units of all contests, from good shares in any order; the same member's shares count once.
//
// Every qualifying set gives the same result exactly when, for each group and each ciphertext, all
// good partials lie on one polynomial of degree below the threshold. So each partial beyond the
// first t is compared with the value that the first t interpolate at its place: this covers all
// sets, however many, at one interpolation a holder.
//
// Errors: count.threshold (a group has too few good shares: which), count.sets (two qualifying sets
// differ: where), count.range (a result is not between 0 and the ballots of its unit), count.sum
// (the results of a unit do not add up to its ballots).
Expected<Votes> decrypt(const Manifest& manifest, const Tally& tally,
                        const std::vector<ShareDocument>& shares);

// lambda of member `indices[position]` for the value at `at` (0 decrypts). Indices are distinct.
Scalar lagrange(const std::vector<std::uint32_t>& indices, std::size_t position, std::uint32_t at);

std::string tally_json(const Tally& tally, const Votes& votes);  // tally.json

// ---- Result

struct ContestFigures {
  std::uint64_t registered = 0;  // the roster in force at the close
  std::uint64_t sign_offs = 0;
  std::vector<std::uint32_t> lots;  // options in the order drawn, when a tie went to the lot
};

struct LeftOut {  // a shares document that was not good
  std::uint32_t bureau = 0;
  std::uint32_t group = 0;
  std::uint32_t index = 0;
  std::string reason;  // code of judge_shares
};

// Whether the contest, whatever the votes, can have a result. Errors: result.rule, result.seats,
// result.options (lists where the rule wants candidates, or the other way round), those of
// attribute_seats and decide_majority.
Status check_attribution(const Contest& contest);

// What the rule two-round-majority is asked in this contest. `votes`: of each option.
MajorityQuestion majority_question(const Contest& contest, std::uint64_t registered,
                                   const std::vector<std::uint64_t>& votes);

// Error: count.tie, when a tie of any contest in result.json waits for its lot: until it is drawn
// the count is not closed (R211-122).
Status check_ties_settled(const Json& result);

// `left_out` of result.json.
Json left_out_json(std::vector<LeftOut> left_out);

// result.json, canonical, as section 10 lays it out. Errors: those of check_turnout,
// attribute_seats and decide_majority, result.contests (not one figure a contest), result.rule
// (unknown), result.lots (no list of the contest).
Expected<std::string> make_result(const Manifest& manifest, const Tally& tally, const Votes& votes,
                                  const std::vector<ContestFigures>& figures,
                                  std::vector<LeftOut> left_out);

}  // namespace isoloir
