#include "verification/verification.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "crypto/sha256.hpp"
#include "verification/ballot_judge.hpp"
#include "verification/sealing.hpp"
#include "verification/state.hpp"

namespace isoloir {
namespace verification {

std::string describe(const Place& place) {
  return "contest " + std::to_string(place.first) + ", district " + std::to_string(place.second);
}

std::string numbered(std::uint64_t number, std::string_view one, std::string_view several) {
  const auto text = std::to_string(number) + " ";
  if (number != 1 && !several.empty()) return text + std::string(several);
  return text + std::string(one) + (number == 1 ? "" : "s");
}

void in_ranges(std::size_t count, std::size_t grain,
               const std::function<void(std::size_t, std::size_t)>& work,
               const std::function<void(std::size_t)>& done) {
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  const std::size_t threads = std::min(cores, (count + grain - 1) / grain);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  const auto run = [&] {
    for (std::size_t begin = 0; (begin = next.fetch_add(grain)) < count;) {
      const std::size_t end = std::min(count, begin + grain);
      work(begin, end);
      const std::lock_guard lock(mutex);
      done(end - begin);
    }
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(run);
  run();
}

std::size_t ballots_read_at_once() {
  return 4 * BallotJudge::ballots_at_once * std::max(8u, std::thread::hardware_concurrency());
}

Expected<std::string> State::file(std::string_view path) const {
  const auto listed = index.find(std::string(path));
  if (listed == index.end()) return fail("export.missing", std::string(path) + " is not listed");
  auto content = reader.read(path);
  if (content && digest_of(*content) != listed->second) {
    return fail("export.changed", std::string(path) + " is not the file that the index describes");
  }
  return content;
}

Status State::file_in_pieces(std::string_view path, std::size_t bytes_most,
                             const std::function<Status(ByteView)>& piece) const {
  const auto listed = index.find(std::string(path));
  if (listed == index.end()) return fail("export.missing", std::string(path) + " is not listed");
  auto opened = reader.open(path);
  if (!opened) return fail(opened.error());
  Sha256 hash;
  FileDigest digest;
  Bytes rooms[2];
  const auto read = [&](Bytes& room) {
    auto bytes = opened->next(bytes_most, room);
    if (bytes) {
      digest.size += bytes->size();
      hash.add(*bytes);
    }
    return bytes;
  };
  Status good;
  auto bytes = read(rooms[0]);
  for (std::size_t other = 1; bytes && !bytes->empty(); other = 1 - other) {
    // Read and hashed ahead: one core hashes hardly faster than many judge.
    auto following = std::async(std::launch::async, read, std::ref(rooms[other]));
    if (good) good = piece(*bytes);
    bytes = following.get();
  }
  if (!bytes) return fail(bytes.error());
  digest.sha256 = hash.digest();
  if (digest != listed->second) {
    return fail("export.changed", std::string(path) + " is not the file that the index describes");
  }
  return good;
}

Expected<Json> State::json(std::string_view path) const {
  const auto content = file(path);
  if (!content) return fail(content.error());
  auto json = parse_canonical_json(*content);
  if (!json) return fail(json.error().code, std::string(path) + ": " + json.error().message);
  return json;
}

std::size_t State::count_paths(std::string_view prefix, std::string_view suffix) const {
  std::size_t count = 0;
  for (auto it = index.lower_bound(std::string(prefix));
       it != index.end() && it->first.starts_with(prefix); ++it) {
    count += it->first.ends_with(suffix);
  }
  return count;
}

bool State::is_of_log(const Checkpoint& checkpoint) const {
  if (checkpoint.size > leaves.size()) return false;
  const auto listed = std::find_if(checkpoints.begin(), checkpoints.end(),
                                   [&](const Checkpoint& c) { return c.size == checkpoint.size; });
  const auto root = listed != checkpoints.end()
                        ? listed->root
                        : merkle_root(std::span(leaves).first(checkpoint.size));
  return root == checkpoint.root;
}

std::string why_not_of_log(const State& state, const Checkpoint& checkpoint) {
  return checkpoint.size > state.leaves.size()
             ? "it is of more entries than the export has: the export is older, or shortened"
             : "the export has another tree of as many entries: two views";
}

bool holds_office(const Bureau& bureau, const Point& key, bool president_only) {
  for (const auto& group : bureau.groups) {
    for (const auto& member : group.members) {
      if (member.signing_key != key) continue;
      if (member.role == BureauRole::president) return true;
      if (member.role == BureauRole::secretary && !president_only) return true;
    }
  }
  return false;
}

// ---- V0: anchors

namespace {

// A note that was copied: with the newline that editors and forms leave out or write otherwise, and
// without the byte order mark of some.
std::string as_published(std::string note) {
  constexpr std::string_view byte_order_mark = "\uFEFF";
  if (note.starts_with(byte_order_mark)) note.erase(0, byte_order_mark.size());
  for (auto at = note.find("\r\n"); at != std::string::npos; at = note.find("\r\n", at)) {
    note.erase(at, 1);
  }
  note.erase(note.find_last_not_of(" \t\n\v\f\r") + 1);
  return note + "\n";
}

}  // namespace

Outcome check_anchors(State& state) {
  const auto& anchors = state.anchors;
  if (anchors.fingerprint && *anchors.fingerprint != state.fingerprint) {
    return fail("anchor.fingerprint", "the export is of another election: its fingerprint is " +
                                          hex_encode(state.fingerprint.bytes));
  }
  std::optional<Checkpoint> given;
  if (anchors.checkpoint) {
    const auto opened = open_checkpoint(as_published(*anchors.checkpoint),
                                        state.manifest.log_origin, state.manifest.checkpoint_key);
    if (!opened) return fail(opened.error().code, "the given one: " + opened.error().message);
    if (!state.is_of_log(*opened)) {
      return fail("anchor.checkpoint", "the given checkpoint of " + std::to_string(opened->size) +
                                           " entries is signed by the log, yet " +
                                           why_not_of_log(state, *opened));
    }
    given = *opened;
  }
  auto& missing = state.report.anchoring;
  if (!anchors.fingerprint) missing = "no fingerprint given";
  if (!given) missing += std::string(missing.empty() ? "" : ", ") + "no checkpoint given";
  // An earlier checkpoint says nothing of the entries after it, and so of the box.
  if (given && given->size <= state.freeze_place) {
    missing += std::string(missing.empty() ? "" : ", ") + "the checkpoint given is of " +
               std::to_string(given->size) + " entries, before the box was frozen";
  }
  state.report.anchored = missing.empty();
  return missing.empty() ? "fingerprint and checkpoint of " + std::to_string(given->size) +
                               " entries are those given"
                         : missing;
}

// ---- V1: files

namespace {

constexpr std::size_t hashed_at_once = std::size_t{1} << 20;

struct Layout {
  std::set<std::string> required;
  std::set<std::string> allowed;
};

Layout layout_of(const State& state, const Manifest& manifest) {
  Layout layout;
  auto& required = layout.required;
  const auto sealing = sealing_paths(manifest);
  required.insert(sealing.begin(), sealing.end());
  for (const auto path : {export_path::leaves, export_path::pads, export_path::checkpoints}) {
    required.emplace(path);
  }
  const bool counted = !state.before_count && state.holds_count();
  for (const auto path : {export_path::tally, export_path::result}) {
    (counted ? required : layout.allowed).emplace(path);
  }
  for (std::size_t b = 0; b < manifest.bureaus.size(); ++b) {
    for (std::size_t g = 0; g < manifest.bureaus[b].groups.size(); ++g) {
      for (std::size_t j = 1; j <= manifest.bureaus[b].groups[g].members.size(); ++j) {
        layout.allowed.insert(export_path::shares(b, g, j));
      }
    }
    layout.allowed.insert(export_path::minutes(b));
  }
  const auto batches = state.count_paths("reissue/", ".json");
  for (const auto& roster : manifest.rosters) {
    required.insert(export_path::box(roster.contest, roster.district));
    for (std::size_t n = 0; n < batches; ++n) {  // which of them is for V8 to say
      layout.allowed.insert(export_path::batch_removed(n, roster.contest, roster.district));
      layout.allowed.insert(export_path::batch_added(n, roster.contest, roster.district));
    }
  }
  for (std::size_t n = 0; n < batches; ++n) required.insert(export_path::batch(n));
  const auto events = state.count_paths("events/", "");
  for (std::size_t n = 0; n < events; ++n) required.insert(export_path::event(n));
  return layout;
}

Status check_layout(const State& state, const Manifest& manifest) {
  const Layout layout = layout_of(state, manifest);
  for (const auto& path : layout.required) {
    if (!state.index.contains(path)) return fail("export.missing", path + " is missing");
  }
  for (const auto& [path, digest] : state.index) {
    if (!layout.required.contains(path) && !layout.allowed.contains(path)) {
      return fail("export.stranger", path + " is no file of an export of this election");
    }
  }
  return {};
}

}  // namespace

Outcome check_files(State& state) {
  const auto text = state.reader.read(export_path::index);
  if (!text) return fail(text.error());
  auto index = parse_export_index(*text);
  if (!index) return fail(index.error().code, "index.json: " + index.error().message);
  state.index = std::move(*index);
  for (const auto& path : state.reader.paths()) {
    if (path != export_path::index && !state.index.contains(path)) {
      return fail("export.unlisted", path + " is not listed in index.json");
    }
  }
  std::uint64_t total = 0;
  for (const auto& [path, digest] : state.index) total += digest.size;
  std::uint64_t done = 0;
  for (const auto& [path, digest] : state.index) {
    if (path.ends_with(".json")) {
      const auto json = state.json(path);
      if (!json) return fail(json.error());
    } else if (const auto same =
                   state.file_in_pieces(path, hashed_at_once, [](ByteView) { return Status(); });
               !same) {
      return fail(same.error());
    }
    state.tell(1, done += digest.size, total);
  }
  const auto manifest = state.file(export_path::manifest);
  if (!manifest) return fail(manifest.error());
  if (const auto parsed = Manifest::parse(*manifest)) {
    if (const auto good = check_layout(state, *parsed); !good) return fail(good.error());
  }
  return numbered(state.index.size(), "file") + ", " + numbered(total, "byte");
}

// ---- V2: manifest and seal

Status read_manifest(State& state) {
  const auto text = state.file(export_path::manifest);
  if (!text) return fail(text.error());
  auto manifest = Manifest::parse(*text);
  if (!manifest) return fail(manifest.error().code, "manifest.json: " + manifest.error().message);
  state.manifest = std::move(*manifest);
  state.fingerprint = {sha256(as_bytes(*text))};
  state.report.fingerprint = state.fingerprint;
  state.report.guardian = state.manifest.guardian_key.has_value();
  state.report.witness_threshold = state.manifest.witness_threshold;
  if (const auto good = check_form(state.manifest, *text); !good) {
    return fail(good.error().code, "manifest.json: " + good.error().message);
  }
  return {};
}

Outcome check_manifest(State& state) {
  if (const auto read = read_manifest(state); !read) return fail(read.error());
  const auto text = state.file(export_path::seal);
  if (!text) return fail(text.error());
  const auto sealing = check_seal(state.manifest, *text);
  if (!sealing) return fail(sealing.error());
  if (!sealing->complete()) {
    return fail("seal.signer", "seal.json is not signed by " + sealing->unsigned_members.front());
  }
  const auto file = [&](const std::string& path) { return state.file(path); };
  if (const auto good = check_broken_seals(state.manifest, file); !good) return fail(good.error());
  return "fingerprint " + hex_encode(state.fingerprint.bytes);
}

// ---- V3: ceremony

namespace {

// The message lies under the name of its own slot; that all slots are there is V1's.
bool named_after_slot(std::string_view text, const CeremonySlot& slot) {
  static constexpr std::string_view types[ceremony_rounds] = {
      "ceremony-hello", "ceremony-hash", "ceremony-commitments", "ceremony-agreement",
      "ceremony-possession"};
  const auto document = SignedDocument::parse(text);
  return document && text_field(document->body(), "type") == types[slot.round] &&
         u32_field(document->body(), "group") == slot.group &&
         u32_field(document->body(), "index") == slot.index;
}

}  // namespace

Outcome check_ceremony(State& state) {
  std::size_t count = 0;
  std::set<std::string> keys;
  for (std::size_t b = 0; b < state.manifest.bureaus.size(); ++b) {
    const auto& bureau = state.manifest.bureaus[b];
    // One ceremony twice would leave the second bureau without members of its own.
    if (!keys.insert(hex_encode(bureau.key.encoded())).second) {
      return fail("ceremony.twice", "two bureaus have one key");
    }
    std::vector<std::string> messages;
    for (std::uint32_t g = 0; g < bureau.groups.size(); ++g) {
      for (std::uint32_t j = 1; j <= bureau.groups[g].members.size(); ++j) {
        for (std::uint32_t round = 0; round < ceremony_rounds; ++round) {
          const auto path = export_path::ceremony(b, round, g, j);
          auto text = state.file(path);
          if (!text) return fail(text.error());
          if (!named_after_slot(*text, {round, g, j})) {
            return fail("ceremony.slot", path + " is another message than its name says");
          }
          messages.push_back(std::move(*text));
        }
      }
    }
    if (const auto good = verify_ceremony(state.manifest.election_id, bureau, messages); !good) {
      return fail(good.error().code, "bureau " + std::to_string(b) + ": " + good.error().message);
    }
    count += messages.size();
  }
  return numbered(count, "message") + ", " + numbered(state.manifest.bureaus.size(), "bureau");
}

}  // namespace verification

// ---- All of them

namespace {

using verification::Outcome;
using verification::State;

struct Check {
  int number;
  const char* name;
  std::vector<int> needs;  // checks whose findings it reads
  Outcome (*run)(State&);
  bool of_count = false;                 // has nothing to judge before the count
  bool (*idle)(const State&) = nullptr;  // when it needs nothing, and passes
};

// In the order in which they run: V0 reads the log, and the events where they are good.
const std::vector<Check>& all_checks() {
  using namespace verification;
  static const std::vector<Check> checks = {
      {1, "files", {}, check_files},
      {2, "manifest and seal", {1}, check_manifest},
      {3, "ceremony", {2}, check_ceremony},
      {4, "rosters", {2}, check_rosters},
      {5, "log", {2}, check_log},
      {6, "leaves", {5}, check_leaves},
      {7, "events", {6}, check_events},
      {0, "anchors", {2, 5}, check_anchors},
      {8, "reissues", {4, 6, 7}, check_batches},
      {9, "enrolments and strike-offs", {4, 7, 8}, check_roll_changes},
      {10, "ballots", {4, 8, 9}, check_ballots},
      {11, "ballot signatures", {10}, check_ballot_signatures},
      {12, "option proofs", {10, 11}, check_option_proofs},
      {13, "sum proofs", {10, 11, 12}, check_sum_proofs},
      {14, "one ballot a key", {10}, check_ballot_keys},
      {15, "box", {7, 10}, check_box},
      {16, "bijection", {7}, check_bijection, true},
      {17, "aggregates", {7, 10}, check_aggregates, true},
      {18, "tally", {7, 17}, check_tally, true},
      {19, "decryption shares", {17}, check_shares, true},
      {20, "decryption", {19}, check_decryption, true},
      {21, "sums and ranges", {20}, check_sums, true},
      {22, "result", {20, 21}, check_result, true},
      {23, "sign-offs", {7, 10}, check_sign_offs},
      {24, "receipts", {5, 10}, check_receipts},
      {25, "minutes", {8, 22}, check_minutes, false, holds_no_minutes},
  };
  return checks;
}

}  // namespace

const CheckReport* Report::first_failure() const {
  const auto found = std::find_if(checks.begin(), checks.end(), [](const CheckReport& check) {
    return check.verdict == Verdict::failed;
  });
  return found == checks.end() ? nullptr : &*found;
}

namespace {

// The checks up to `last`, into the report of the state.
void run_checks(State& state, int last) {
  Report& report = state.report;
  std::set<int> passed;
  for (const auto& check : all_checks()) {
    if (check.number > last) continue;
    CheckReport entry{check.number, check.name, Verdict::not_run, {}, {}};
    const bool idle = check.idle && check.idle(state);
    const auto missing = std::find_if(check.needs.begin(), check.needs.end(), [&](int needed) {
      return !idle && !passed.contains(needed);
    });
    if (missing != check.needs.end()) {
      entry.detail = "needs V" + std::to_string(*missing);
    } else if (check.of_count && state.nothing_counted()) {
      entry.detail = "nothing has been counted yet";
      report.counted = false;
    } else if (const auto outcome = check.run(state)) {
      passed.insert(check.number);
      entry.verdict = Verdict::passed;
      entry.detail = *outcome;
    } else {
      entry.verdict = Verdict::failed;
      entry.code = outcome.error().code;
      entry.detail = outcome.error().message;
    }
    report.checks.push_back(std::move(entry));
  }
  std::sort(report.checks.begin(), report.checks.end(),
            [](const CheckReport& a, const CheckReport& b) { return a.number < b.number; });
  report.anchored = report.anchored && report.consistent();
}

// Trackers are unique (V14), so leaves are: each ballot has its own among the log's ballots, and
// none is left over.
Status check_bijection_with(const State& state, const ReceiptKey& receipt_key) {
  std::set<Digest> unclaimed;
  for (std::size_t i = 0; i < state.leaves.size(); ++i) {
    if (state.kinds[i] == verification::LeafKind::ballot) unclaimed.insert(state.leaves[i]);
  }
  for (const auto& roster : state.manifest.rosters) {
    const auto path = export_path::box(roster.contest, roster.district);
    const auto size = ballot_bytes(state.manifest.contests[roster.contest].options.size());
    std::size_t number = 0;
    const auto claim = [&](ByteView ballots) -> Status {
      for (std::size_t at = 0; at + size <= ballots.size(); at += size, ++number) {
        const auto tracker = tracker_of(ballots.subspan(at, size));
        if (unclaimed.erase(leaf_hash(ballot_entry(receipt_key, tracker))) == 0) {
          return fail("count.bijection",
                      path + ", ballot " + std::to_string(number) + " has no leaf in the log");
        }
      }
      return {};
    };
    const auto claimed = state.file_in_pieces(path, size * state.ballots_in_piece, claim);
    if (!claimed) return fail(claimed.error());
  }
  if (!unclaimed.empty()) {
    return fail("count.bijection",
                std::to_string(unclaimed.size()) + " ballots of the log are not in the box");
  }
  return {};
}

Expected<std::vector<SignedDocument>> all_documents(const State& state, std::size_t count,
                                                    std::string (*path)(std::size_t)) {
  std::vector<SignedDocument> documents;
  for (std::size_t n = 0; n < count; ++n) {
    const auto text = state.file(path(n));
    if (!text) return fail(text.error());
    auto document = SignedDocument::parse(*text);
    if (!document) return fail(document.error());
    documents.push_back(std::move(*document));
  }
  return documents;
}
Expected<std::vector<SignedDocument>> all_events(const State& state) {
  return all_documents(state, state.event_places.size(), export_path::event);
}

std::string words_of(const CheckReport& failure) {
  return "V" + std::to_string(failure.number) + " " + failure.name + ": " + failure.detail + " (" +
         failure.code + ")";
}

constexpr int last_check_of_all = 25;
constexpr int last_check_before_count = 15;

}  // namespace

Expected<verification::SignedRecord> verification::read_signed_record(const State& state) {
  auto result = state.file(export_path::result);
  if (!result) return fail(result.error());
  auto events = all_events(state);
  if (!events) return fail(events.error());
  auto batches = all_documents(state, state.batch_places.size(), export_path::batch);
  if (!batches) return fail(batches.error());
  return SignedRecord{std::move(*result), std::move(*events), std::move(*batches)};
}

Report verify_export(const ExportReader& reader, const Anchors& anchors,
                     const VerificationProgress& progress) {
  return verification::verify_in_pieces(reader, anchors, progress,
                                        verification::ballots_read_at_once());
}

Report verification::verify_in_pieces(const ExportReader& reader, const Anchors& anchors,
                                      const VerificationProgress& progress,
                                      std::size_t ballots_in_piece) {
  Report report;
  State state(reader, anchors, progress, report);
  state.ballots_in_piece = ballots_in_piece;
  run_checks(state, last_check_of_all);
  if (report.consistent() && report.counted) {
    report.trust = measure_trust(state);
    if (auto text = state.file(export_path::result)) {
      report.result = CountedResult{state.manifest, std::move(*text)};
    }
  }
  return report;
}

Expected<CheckedCount> verify_before_count(const ExportReader& reader, const Anchors& anchors,
                                           const ReceiptKey& receipt_key,
                                           const VerificationProgress& progress) {
  Report report;
  State state(reader, anchors, progress, report);
  state.before_count = true;
  run_checks(state, last_check_before_count);
  if (const auto* failure = report.first_failure()) {
    return fail("count.verification", words_of(*failure));
  }
  if (!report.anchored) return fail("count.anchors", report.anchoring);
  if (auto good = check_bijection_with(state, receipt_key); !good) return fail(good.error());
  auto tally = verification::tally_of_box(state);
  if (!tally) return fail(tally.error());
  auto events = all_events(state);
  if (!events) return fail(events.error());
  return CheckedCount{state.manifest, std::move(*tally), std::move(*events)};
}

Expected<CheckedResult> verify_for_minutes(const ExportReader& reader, const Anchors& anchors,
                                           const VerificationProgress& progress) {
  Report report;
  State state(reader, anchors, progress, report);
  run_checks(state, last_check_of_all);
  if (const auto* failure = report.first_failure())
    return fail("minutes.verification", words_of(*failure));
  if (!report.counted) return fail("minutes.count", "nothing has been counted yet");
  if (!report.anchored) return fail("minutes.anchors", report.anchoring);
  auto record = verification::read_signed_record(state);
  if (!record) return fail(record.error());
  std::map<std::uint32_t, SignedDocument> minutes;
  for (std::uint32_t b = 0; b < state.manifest.bureaus.size(); ++b) {
    if (!state.index.contains(export_path::minutes(b))) continue;
    const auto text = state.file(export_path::minutes(b));
    if (!text) return fail(text.error());
    minutes.emplace(b, *SignedDocument::parse(*text));
  }
  return CheckedResult{state.manifest,
                       std::move(record->result),
                       std::move(record->events),
                       std::move(record->batches),
                       state.checkpoints.back(),
                       std::move(state.index),
                       std::move(minutes)};
}

}  // namespace isoloir
