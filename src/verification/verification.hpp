// Verification of a whole election from its export (docs/protocol.md section 11), checks V0 to V25
// by number.
//
// Every check that can run does: one that needs what a failed one would have given is reported as
// not run. The verdict depends neither on threads nor on the order in which rows are read; the
// first offender in the order of the export is named. Memory: the log's leaf hashes, the keys of
// the roster, and a piece of a box file at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "election/checkpoint.hpp"
#include "election/count.hpp"
#include "election/export.hpp"
#include "election/manifest.hpp"
#include "election/receipt_key.hpp"

namespace isoloir {

struct Anchors {
  std::optional<Fingerprint> fingerprint;       // from the minutes
  std::optional<std::string> checkpoint;        // a note, from the minutes
  std::map<std::string, std::string> receipts;  // by name, for the report
  bool receipts_given = false;
};

enum class Verdict { passed, failed, not_run };

struct CheckReport {
  int number = 0;
  std::string name;
  Verdict verdict = Verdict::not_run;
  std::string code;    // of the error, when failed
  std::string detail;  // what was checked, or the first offender
};

// What the system's honesty rests on, contest by contest.
struct ContestTrust {
  std::uint32_t contest = 0;
  std::uint64_t reissued_that_voted = 0;  // keys added during the vote that voted
  // The fewest votes more for one list or candidate that would have brought another outcome: the
  // last seat lost, somebody else elected or standing in round two. Nothing where none would.
  std::optional<std::uint64_t> margin;
};

// What the election says, as accepted: the text is that of result.json.
struct CountedResult {
  Manifest manifest;
  std::string result;
};

struct Report {
  std::vector<CheckReport> checks;  // ascending, V0 to V25
  // Fingerprint and checkpoint were given, and the checkpoint is one that holds the freeze.
  bool anchored = false;
  std::string anchoring;  // what is missing, when not anchored
  bool counted = true;    // false: from before the count, and V16 to V22 have not run

  std::optional<Fingerprint> fingerprint;  // of the export
  std::optional<Checkpoint> log;           // its last one, where V5 is good
  std::optional<bool> guardian;            // once the manifest is read
  std::uint32_t witness_threshold = 0;
  // When all checks have passed, those of the count among them.
  std::vector<ContestTrust> trust;
  std::optional<CountedResult> result;  // nothing where the file has changed since

  const CheckReport* first_failure() const;
  bool consistent() const { return first_failure() == nullptr; }
};

// Called from several threads, one at a time: check, what is done of it, what there is to do.
using VerificationProgress =
    std::function<void(int check, std::uint64_t done, std::uint64_t total)>;

Report verify_export(const ExportReader& reader, const Anchors& anchors,
                     const VerificationProgress& progress = {});

// What holders check before they sign a tally or make shares, each on a machine of its own: V0 to
// V15 of an export that need not hold tally, shares and result yet, anchored, and with the receipt
// key that ballot -> nonce -> leaf is a bijection of the box onto the log's ballots (protocol
// sections 8 and 10). The tally is computed from the box.
//
// Errors: count.verification (which check, and why), count.anchors (fingerprint or checkpoint is
// missing, or the checkpoint is older than the freeze), count.bijection (which ballot or leaf),
// those of make_tally.
struct CheckedCount {
  Manifest manifest;
  Tally tally;
  std::vector<SignedDocument> events;  // all that the log holds
};
Expected<CheckedCount> verify_before_count(const ExportReader& reader, const Anchors& anchors,
                                           const ReceiptKey& receipt_key,
                                           const VerificationProgress& progress = {});

// What officers check before they sign their minutes: all of it, anchored, and counted.
//
// Errors: minutes.verification (which check, and why), minutes.anchors (fingerprint or checkpoint
// is missing, or the checkpoint is older than the freeze), minutes.count (nothing has been
// counted).
struct CheckedResult {
  Manifest manifest;
  std::string result;  // result.json
  std::vector<SignedDocument> events;
  std::vector<SignedDocument> batches;
  Checkpoint checkpoint;  // the last one
  ExportIndex index;
  std::map<std::uint32_t, SignedDocument> minutes;  // by bureau
};
Expected<CheckedResult> verify_for_minutes(const ExportReader& reader, const Anchors& anchors,
                                           const VerificationProgress& progress = {});

}  // namespace isoloir
