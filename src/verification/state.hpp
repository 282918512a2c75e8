// What the checks of a verification hand on to each other; used by src/verification/*.cpp alone.
// A check reads what the checks it needs have written, and nothing else.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "election/ballot.hpp"
#include "election/checkpoint.hpp"
#include "election/cosignature.hpp"
#include "election/count.hpp"
#include "election/signed_document.hpp"
#include "verification/verification.hpp"

namespace isoloir::verification {

using Place = std::pair<std::uint32_t, std::uint32_t>;  // (contest, district)
std::string describe(const Place& place);
// "1 leaf", "2 leaves"; by an s where `several` is not given.
std::string numbered(std::uint64_t number, std::string_view one, std::string_view several = {});

// The keys of the election: the registrar's rosters (V4), then batches, enrolments and strike-offs
// in the order of the log (V8, V9).
class KeyBook {
 public:
  struct Entry {
    Point key;
    Place place;
  };
  // False when a key is there twice.
  bool set_rosters(std::vector<Entry> entries);
  bool ever_used(const Point& key) const { return place_of(key).has_value(); }
  bool in_force(const Point& key, const Place& place) const {
    return place_of(key) == place && !gone_.contains(key);
  }
  bool reissued(const Point& key) const { return reissued_.contains(key); }
  void enrol(const Point& key, const Place& place) { late_.emplace(key, place); }
  void reissue(const Point& key, const Place& place) {
    late_.emplace(key, place);
    reissued_.insert(key);
  }
  void remove(const Point& key) { gone_.insert(key); }
  std::uint64_t registered(std::uint32_t contest) const;

 private:
  std::optional<Place> place_of(const Point& key) const;

  std::vector<Entry> rosters_;  // ascending by key
  std::map<Point, Place> late_;
  std::set<Point> reissued_;
  std::set<Point> gone_;
};

struct Event {
  std::string name;
  TimeMs at = 0;
  std::uint32_t bureau = 0;
  std::optional<std::uint32_t> contest;
  Json data;
  std::vector<Point> signers;
};

struct Freeze {
  Digest box_root{};
  std::vector<std::uint64_t> ballots;
  std::uint64_t pads = 0;
  std::vector<std::uint64_t> sign_offs;
};

enum class LeafKind : std::uint8_t { ballot, pad, event, batch };

// A piece of a box: several batches a core, some ten megabytes and more.
std::size_t ballots_read_at_once();

struct State {
  State(const ExportReader& from, const Anchors& given, const VerificationProgress& told,
        Report& to)
      : reader(from), anchors(given), progress(told), report(to) {}

  const ExportReader& reader;
  const Anchors& anchors;
  const VerificationProgress& progress;
  Report& report;

  std::size_t ballots_in_piece = ballots_read_at_once();
  bool before_count = false;                       // tally and result may be missing
  ExportIndex index;                               // V1
  Manifest manifest;                               // V2
  Fingerprint fingerprint;                         // V2
  KeyBook keys;                                    // V4, V8, V9
  std::vector<Digest> leaves;                      // V5
  std::vector<Checkpoint> checkpoints;             // V5
  std::vector<LeafKind> kinds;                     // V6, by position
  std::vector<std::uint64_t> event_places;         // V6: position in the log, by number
  std::vector<std::uint64_t> batch_places;         // V6
  std::vector<Event> events;                       // V7
  Freeze freeze;                                   // V7
  std::uint64_t freeze_place = 0;                  // V7: of the event, in the log
  Checkpoint freeze_checkpoint;                    // V7
  std::uint64_t ballots = 0;                       // V10
  std::vector<std::uint64_t> contest_ballots;      // V10
  std::vector<std::uint64_t> reissued_that_voted;  // V10
  DistrictAggregates districts;                    // V10
  Digest box_root{};                               // V10
  std::set<Tracker> trackers;                      // V10, when receipts are given
  std::map<int, Error> found;                      // V8: of V9; V10: of V11 to V14; V20: of V21
  std::optional<Tally> tally;                      // V17
  std::vector<ShareDocument> shares;               // V19
  std::vector<LeftOut> left_out;                   // V19
  Votes votes;                                     // V20

  // The file as the index says, whatever has become of it since V1. Errors: export.missing,
  // export.changed.
  Expected<std::string> file(std::string_view path) const;
  // The same in pieces of at most so many bytes, for files of any size. A piece is seen before the
  // whole is known to be the file that the index describes, so what was made of it counts only when
  // this succeeds. An error of `piece` stops the reading, and is given once the rest has been
  // hashed.
  Status file_in_pieces(std::string_view path, std::size_t bytes_most,
                        const std::function<Status(ByteView)>& piece) const;
  // Canonical JSON in it.
  Expected<Json> json(std::string_view path) const;
  // Of the tree that the log had at that size, whether checkpoints.json lists it or not; after V5.
  bool is_of_log(const Checkpoint& checkpoint) const;
  std::size_t count_paths(std::string_view prefix, std::string_view suffix) const;
  bool holds_count() const;      // any of tally, shares, result and minutes; after V1
  bool nothing_counted() const;  // nor has anybody signed a count; after V7
  void tell(int check, std::uint64_t done, std::uint64_t total) const {
    if (progress) progress(check, done, total);
  }
};

// As verify_export, with boxes read in pieces of so many ballots: for tests, whose boxes are small.
Report verify_in_pieces(const ExportReader& reader, const Anchors& anchors,
                        const VerificationProgress& progress, std::size_t ballots_in_piece);

// Gives what was checked, in a few words.
using Outcome = Expected<std::string>;

Outcome check_anchors(State& state);       // V0
Outcome check_files(State& state);         // V1
Outcome check_manifest(State& state);      // V2
Status read_manifest(State& state);        // V2 without the seal
Outcome check_ceremony(State& state);      // V3
Outcome check_rosters(State& state);       // V4
Outcome check_log(State& state);           // V5
Outcome check_leaves(State& state);        // V6
Outcome check_events(State& state);        // V7
Outcome check_batches(State& state);       // V8
Outcome check_roll_changes(State& state);  // V9
Outcome check_ballots(State& state);       // V10; judges V11 to V14 on the way
Outcome check_ballot_signatures(State& state);
Outcome check_option_proofs(State& state);
Outcome check_sum_proofs(State& state);
Outcome check_ballot_keys(State& state);  // V14
Outcome check_box(State& state);          // V15
Outcome check_bijection(State& state);    // V16
Outcome check_aggregates(State& state);   // V17
Outcome check_tally(State& state);        // V18
Outcome check_shares(State& state);       // V19
Outcome check_decryption(State& state);   // V20
Outcome check_sums(State& state);         // V21
Outcome check_result(State& state);       // V22
Outcome check_sign_offs(State& state);    // V23
Outcome check_receipts(State& state);     // V24
Outcome check_minutes(State& state);      // V25

// What is to be said of a checkpoint that is not of the log.
std::string why_not_of_log(const State& state, const Checkpoint& checkpoint);

// Idle, where V1 has passed.
bool holds_no_minutes(const State& state);

// result.json, and what the log holds of documents; after V22.
struct SignedRecord {
  std::string result;
  std::vector<SignedDocument> events;
  std::vector<SignedDocument> batches;
};
Expected<SignedRecord> read_signed_record(const State& state);

// The tally of the box, once V7 and V10 have passed. Errors: those of make_tally.
Expected<Tally> tally_of_box(const State& state);

// How much of the election rests on the server's honesty; after all checks.
std::vector<ContestTrust> measure_trust(const State& state);

// The presidents and secretaries of a bureau, or the presidents alone.
bool holds_office(const Bureau& bureau, const Point& key, bool president_only = false);

// Keys of 32 bytes, ascending, canonical and not the identity. Error: keys.form.
Expected<std::vector<Point>> read_keys(std::string_view path, std::string_view bytes);

// Runs work(begin, end) over ranges of at most `grain` below count on all cores, and then
// done(items) under a lock. Work does not throw.
void in_ranges(std::size_t count, std::size_t grain,
               const std::function<void(std::size_t, std::size_t)>& work,
               const std::function<void(std::size_t)>& done);

}  // namespace isoloir::verification
