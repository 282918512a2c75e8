// V4 to V9: rosters, the log, its leaves, events, reissues, enrolments and strike-offs.
#include <algorithm>
#include <atomic>

#include "crypto/hash.hpp"
#include "multiexp/engine.hpp"
#include "verification/state.hpp"

namespace isoloir::verification {

// ---- Keys

bool KeyBook::set_rosters(std::vector<Entry> entries) {
  rosters_ = std::move(entries);
  std::sort(rosters_.begin(), rosters_.end(),
            [](const Entry& a, const Entry& b) { return a.key < b.key; });
  return std::adjacent_find(rosters_.begin(), rosters_.end(), [](const Entry& a, const Entry& b) {
           return a.key == b.key;
         }) == rosters_.end();
}

std::optional<Place> KeyBook::place_of(const Point& key) const {
  const auto found =
      std::lower_bound(rosters_.begin(), rosters_.end(), key,
                       [](const Entry& entry, const Point& k) { return entry.key < k; });
  if (found != rosters_.end() && found->key == key) return found->place;
  const auto late = late_.find(key);
  return late == late_.end() ? std::nullopt : std::optional(late->second);
}

std::uint64_t KeyBook::registered(std::uint32_t contest) const {
  std::uint64_t count = 0;
  for (const auto& entry : rosters_) count += entry.place.first == contest;
  for (const auto& [key, place] : late_) count += place.first == contest;
  for (const auto& key : gone_) count -= place_of(key)->first == contest;
  return count;
}

namespace {

// The number of the first of `count` keys that is no canonical point, or the identity; else count.
std::size_t first_bad_key(ByteView bytes, std::size_t count) {
  const auto& engine = multiexp::best_engine();
  std::size_t first = count;
  std::mutex mutex;
  const auto decode = [&](std::size_t begin, std::size_t end) {
    std::vector<const std::uint8_t*> encodings;
    for (std::size_t i = begin; i < end; ++i) encodings.push_back(bytes.data() + 32 * i);
    std::vector<multiexp::AffinePoint> points(encodings.size());
    const auto good = engine.decode(encodings, points.data(), multiexp::Identity::refused);
    if (begin + good == end) return;
    const std::lock_guard lock(mutex);
    first = std::min(first, begin + good);
  };
  in_ranges(count, 1024, decode, [](std::size_t) {});
  return first;
}

}  // namespace

Expected<std::vector<Point>> read_keys(std::string_view path, std::string_view text) {
  const ByteView bytes = as_bytes(text);
  const auto malformed = [&](std::string why) {
    return fail("keys.form", std::string(path) + ": " + std::move(why));
  };
  if (bytes.size() % 32 != 0) return malformed("no whole number of keys");
  const std::size_t count = bytes.size() / 32;
  const std::size_t bad = first_bad_key(bytes, count);
  std::vector<Point> keys;
  keys.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto place = [&] { return "key " + std::to_string(i); };
    if (i == bad) return malformed(place() + " is no canonical point, or the identity");
    const auto key = Point::of_canonical(*to_array<32>(bytes.subspan(32 * i, 32)));
    if (!keys.empty() && !(keys.back() < key)) return malformed(place() + " is out of order");
    keys.push_back(key);
  }
  return keys;
}

// ---- V4: rosters

Outcome check_rosters(State& state) {
  const auto& manifest = state.manifest;
  const auto text = state.file(export_path::roster_document);
  if (!text) return fail(text.error());
  const auto document = SignedDocument::parse_and_verify(*text, "roster", manifest.election_id);
  if (!document) return fail(document.error().code, "roster.json: " + document.error().message);
  if (document->signers() != std::vector<Point>{manifest.registrar_key}) {
    return fail("roster.signer", "roster.json is not signed by the registrar alone");
  }
  const Json body = {{"type", "roster"},
                     {"election_id", hex_encode(manifest.election_id.bytes)},
                     {"rosters", Json::parse(manifest.text())["roster"]}};
  if (document->body() != body) {
    return fail("roster.manifest", "the registrar has signed other rosters than the manifest's");
  }
  std::vector<KeyBook::Entry> all;
  std::uint64_t done = 0;
  for (const auto& roster : manifest.rosters) {
    const auto path = export_path::roster(roster.contest, roster.district);
    const auto bytes = state.file(path);
    if (!bytes) return fail(bytes.error());
    const auto keys = read_keys(path, *bytes);
    if (!keys) return fail(keys.error());
    if (keys->size() != roster.size) {
      return fail("roster.size", path + " has " + std::to_string(keys->size()) +
                                     " keys, the manifest says " + std::to_string(roster.size));
    }
    if (roster_root(manifest.election_id, roster.contest, roster.district, *keys) != roster.root) {
      return fail("roster.root", path + " has another root than the manifest's");
    }
    for (const auto& key : *keys) all.push_back({key, {roster.contest, roster.district}});
    state.tell(4, ++done, manifest.rosters.size());
  }
  const auto count = all.size();
  if (!state.keys.set_rosters(std::move(all))) {
    return fail("roster.unique", "a key stands in two rosters");
  }
  return numbered(count, "key") + " in " + numbered(manifest.rosters.size(), "roster");
}

// ---- V5: log

Outcome check_log(State& state) {
  const auto bytes = state.file(export_path::leaves);
  if (!bytes) return fail(bytes.error());
  const auto notes = state.json(export_path::checkpoints);
  if (!notes) return fail(notes.error());
  if (bytes->size() % 32 != 0) return fail("log.leaves", "leaves.bin is no whole number of leaves");
  if (!notes->is_array() || notes->empty()) {
    return fail("log.checkpoints", "checkpoints.json holds no checkpoint");
  }
  MerkleAccumulator tree;
  for (const auto& note : *notes) {
    const auto name = "checkpoint " + std::to_string(state.checkpoints.size());
    if (!note.is_string()) return fail("log.checkpoints", name + " is no text");
    const auto& text = note.get_ref<const std::string&>();
    const auto checkpoint =
        open_checkpoint(text, state.manifest.log_origin, state.manifest.checkpoint_key);
    if (!checkpoint) {
      return fail(checkpoint.error().code, name + ": " + checkpoint.error().message);
    }
    if (checkpoint->size <= tree.size() || checkpoint->size > bytes->size() / 32) {
      return fail("log.size", name + " is of " + std::to_string(checkpoint->size) +
                                  " entries: not more than the one before, or more than there are");
    }
    while (tree.size() < checkpoint->size) {
      const auto leaf = as_bytes(*bytes).subspan(32 * state.leaves.size(), 32);
      state.leaves.push_back(*to_array<32>(leaf));
      tree.append(state.leaves.back());
    }
    if (tree.root() != checkpoint->root) {
      return fail("log.root", name + " has another root than the leaves");
    }
    state.checkpoints.push_back(*checkpoint);
    state.tell(5, state.checkpoints.size(), notes->size());
  }
  if (state.leaves.size() * 32 != bytes->size()) {
    return fail("log.size", "there are leaves after the last checkpoint");
  }
  // Whoever cosigned the last one has seen that all before it, and all leaves, are its beginning;
  // a witness that was away for some rounds takes nothing from that.
  const auto cosigned = count_cosignatures(notes->back().get_ref<const std::string&>(),
                                           parse_witnesses(state.manifest.witnesses));
  if (cosigned < state.manifest.witness_threshold) {
    return fail("log.witnesses",
                "the last checkpoint has fewer cosignatures than the manifest wants");
  }
  state.report.log = state.checkpoints.back();
  return numbered(state.leaves.size(), "leaf", "leaves") + ", " +
         numbered(state.checkpoints.size(), "checkpoint");
}

// ---- V6: leaves

namespace {

using KnownLeaves = std::map<Digest, std::pair<LeafKind, std::size_t>>;

// The leaves of the events or batches, by number.
Status add_documents(const State& state, LeafKind kind, std::size_t count, KnownLeaves& known) {
  for (std::size_t n = 0; n < count; ++n) {
    const bool event = kind == LeafKind::event;
    const auto path = event ? export_path::event(n) : export_path::batch(n);
    const auto text = state.file(path);
    if (!text) return fail(text.error());
    const auto entry = document_entry(event ? entry_event : entry_batch, *text);
    if (!known.emplace(leaf_hash(entry), std::pair(kind, n)).second) {
      return fail("log.twice", path + " is the same document as another");
    }
  }
  return {};
}

// As many as the box files can hold; that they do is V10's.
std::uint64_t ballots_by_size(const State& state) {
  std::uint64_t count = 0;
  for (const auto& roster : state.manifest.rosters) {
    const auto found = state.index.find(export_path::box(roster.contest, roster.district));
    const auto options = state.manifest.contests[roster.contest].options.size();
    if (found != state.index.end()) count += found->second.size / ballot_bytes(options);
  }
  return count;
}

Status classify(State& state, const KnownLeaves& known, ByteView pads) {
  constexpr auto nowhere = ~std::uint64_t{0};
  state.event_places.assign(state.count_paths("events/", ".json"), nowhere);
  state.batch_places.assign(state.count_paths("reissue/", ".json"), nowhere);
  std::size_t next_pad = 0;
  const auto pad_leaf = [&] { return leaf_hash(pad_entry(*to_array<32>(pads.first(32)))); };
  std::optional<Digest> pad;
  if (!pads.empty()) pad = pad_leaf();
  std::vector<Digest> ballots;
  for (std::uint64_t i = 0; i < state.leaves.size(); ++i) {
    const auto& leaf = state.leaves[i];
    const auto found = known.find(leaf);
    if (pad == leaf) {
      state.kinds.push_back(LeafKind::pad);
      ++next_pad;
      pads = pads.subspan(32);
      pad = pads.empty() ? std::nullopt : std::optional(pad_leaf());
    } else if (found != known.end()) {
      const auto [kind, number] = found->second;
      auto& place = (kind == LeafKind::event ? state.event_places : state.batch_places)[number];
      if (place != nowhere) return fail("log.twice", "an event or batch is in the log twice");
      place = i;
      state.kinds.push_back(kind);
    } else {
      state.kinds.push_back(LeafKind::ballot);
      ballots.push_back(leaf);
    }
  }
  std::sort(ballots.begin(), ballots.end());
  if (const auto twice = std::adjacent_find(ballots.begin(), ballots.end());
      twice != ballots.end()) {
    return fail("log.twice", "the leaf " + hex_encode(*twice) + " is in the log twice");
  }
  if (!pads.empty()) {
    return fail("log.pads", "pad " + std::to_string(next_pad) +
                                " of pads.bin is not in the log, or not in its order");
  }
  const auto absent = [&](const std::vector<std::uint64_t>& places) {
    return std::find(places.begin(), places.end(), nowhere) - places.begin();
  };
  if (const auto n = static_cast<std::size_t>(absent(state.event_places));
      n < state.event_places.size()) {
    return fail("log.event", export_path::event(n) + " is not in the log");
  }
  if (const auto n = static_cast<std::size_t>(absent(state.batch_places));
      n < state.batch_places.size()) {
    return fail("log.batch", export_path::batch(n) + " is not in the log");
  }
  if (const auto due = ballots_by_size(state); ballots.size() != due) {
    return fail("log.unexplained", std::to_string(ballots.size()) +
                                       " leaves are no pad, event or batch, and the box holds " +
                                       std::to_string(due) + " ballots");
  }
  return {};
}

}  // namespace

Outcome check_leaves(State& state) {
  const auto pads = state.file(export_path::pads);
  if (!pads) return fail(pads.error());
  if (pads->size() % 32 != 0) return fail("log.pads", "pads.bin is no whole number of pads");
  KnownLeaves known;
  for (const auto& [kind, prefix] :
       {std::pair(LeafKind::event, "events/"), std::pair(LeafKind::batch, "reissue/")}) {
    const auto count = state.count_paths(prefix, ".json");
    if (const auto good = add_documents(state, kind, count, known); !good)
      return fail(good.error());
  }
  if (const auto good = classify(state, known, as_bytes(*pads)); !good) return fail(good.error());
  const auto of = [&](LeafKind kind) {
    return static_cast<std::uint64_t>(std::count(state.kinds.begin(), state.kinds.end(), kind));
  };
  return numbered(of(LeafKind::ballot), "ballot") + ", " + numbered(of(LeafKind::pad), "pad") +
         ", " + numbered(of(LeafKind::event), "event") + ", " +
         numbered(of(LeafKind::batch), "batch", "batches");
}

// ---- V8 and V9: reissues, enrolments and strike-offs, in the order of the log

namespace {

Expected<std::vector<Point>> read_list(const State& state, const std::string& path,
                                       std::uint32_t size, const Place& place,
                                       const std::optional<std::string>& root) {
  const auto bytes = state.file(path);
  if (!bytes) return fail(bytes.error());
  auto keys = read_keys(path, *bytes);
  if (!keys) return keys;
  if (keys->size() != size) return fail("reissue.size", path + " has not the size of its batch");
  if (root !=
      hex_encode(roster_root(state.manifest.election_id, place.first, place.second, *keys))) {
    return fail("reissue.root", path + " has another root than its batch");
  }
  return keys;
}

// All removals of a batch are judged against what was in force before it.
struct BatchKeys {
  std::vector<std::pair<Point, Place>> removed;
  std::vector<std::pair<Point, Place>> added;
};

Status read_unit(const State& state, std::size_t n, const Json& unit, const Place* before,
                 Place& place, BatchKeys& keys) {
  const auto path = export_path::batch(n);
  const auto contest = u32_field(unit, "contest");
  const auto district = u32_field(unit, "district");
  const auto size = u32_field(unit, "size");
  if (!has_exactly(unit, {"added_root", "contest", "district", "removed_root", "size"}) ||
      !contest || !district || !size || *size == 0) {
    return fail("reissue.form", path + ": a unit is malformed");
  }
  place = {*contest, *district};
  const auto* known = state.manifest.contest(*contest);
  if (!known || *district >= known->districts.size() || (before && place <= *before)) {
    return fail("reissue.form", path + ": units are unknown or not ascending");
  }
  const auto removed = read_list(state, export_path::batch_removed(n, *contest, *district), *size,
                                 place, text_field(unit, "removed_root"));
  if (!removed) return fail(removed.error());
  const auto added = read_list(state, export_path::batch_added(n, *contest, *district), *size,
                               place, text_field(unit, "added_root"));
  if (!added) return fail(added.error());
  for (const auto& key : *removed) keys.removed.emplace_back(key, place);
  for (const auto& key : *added) keys.added.emplace_back(key, place);
  return {};
}

// Enrolments and strike-offs, each judged by what stands before it in the log. What is refused
// changes nothing, and is told by V9.
class RollChanges {
 public:
  explicit RollChanges(State& state) : state_(state) {}

  // Those that stand before this place in the log.
  void until(std::uint64_t position) {
    for (; next_ < state_.events.size() && state_.event_places[next_] < position; ++next_) {
      const auto& name = state_.events[next_].name;
      if (name != "enrol" && name != "strike-off") continue;
      if (const auto good = judge(state_.events[next_]); !good) tell(next_, good.error());
    }
  }
  // A batch at this place in the log brings the key.
  void reissue(const Point& key, const Place& place, std::uint64_t position) {
    state_.keys.reissue(key, place);
    const auto struck = awaited_.find(key);
    if (struck == awaited_.end() || struck->second.place != place ||
        !in_one_round(state_.event_places[struck->second.event], position)) {
      return;
    }
    state_.keys.remove(key);
    awaited_.erase(struck);
  }
  void finish() {
    until(state_.leaves.size());
    const auto first = std::min_element(
        awaited_.begin(), awaited_.end(),
        [](const auto& a, const auto& b) { return a.second.event < b.second.event; });
    if (first != awaited_.end()) tell(first->second.event, not_in_force(first->second.place));
  }

 private:
  struct StruckOff {
    std::size_t event;
    Place place;
  };

  Status judge(const Event& event) {
    const auto key = point_field(event.data, "key");
    const auto district = u32_field(event.data, "district");
    if (!key || *district >= state_.manifest.contests[*event.contest].districts.size()) {
      return fail("roll.form", "names no district and key of its contest");
    }
    const Place place{*event.contest, *district};
    const bool new_key = !state_.keys.ever_used(*key) && !awaited_.contains(*key);
    if (event.name == "enrol") {
      if (!new_key) return fail("roll.enrol", "enrols a key that is used elsewhere");
      state_.keys.enrol(*key, place);
    } else if (state_.keys.in_force(*key, place)) {
      state_.keys.remove(*key);
    } else if (new_key) {
      awaited_.emplace(*key, StruckOff{next_, place});
    } else {
      return fail(not_in_force(place));
    }
    return {};
  }
  static Error not_in_force(const Place& place) {
    return {"roll.strike_off",
            "strikes off a key that is not in force in " + describe(place) +
                " where it stands in the log",
            {}};
  }
  void tell(std::size_t event, const Error& error) {
    state_.found.emplace(9, Error{error.code, export_path::event(event) + " " + error.message, {}});
  }
  // Nothing but events and batches stands between.
  bool in_one_round(std::uint64_t event, std::uint64_t batch) const {
    const auto at = [&](std::uint64_t i) {
      return state_.kinds.begin() + static_cast<std::ptrdiff_t>(i);
    };
    return std::none_of(at(event), at(batch), [](LeafKind kind) {
      return kind == LeafKind::ballot || kind == LeafKind::pad;
    });
  }

  State& state_;
  std::size_t next_ = 0;  // event
  // Keys that were not in force: a batch of the same round must bring them.
  std::map<Point, StruckOff> awaited_;
};

Status apply_batch(State& state, std::size_t n, const BatchKeys& keys, RollChanges& changes) {
  const auto path = export_path::batch(n);
  const auto position = state.batch_places[n];
  changes.until(position);
  for (const auto& [key, place] : keys.removed) {
    if (!state.keys.in_force(key, place)) {
      return fail("reissue.removed", path + " removes a key that is not in force in " +
                                         describe(place) + " where it stands in the log");
    }
  }
  for (const auto& [key, place] : keys.removed) state.keys.remove(key);
  for (const auto& [key, place] : keys.added) {
    if (state.keys.ever_used(key)) {
      return fail("reissue.added", path + " adds a key that was used before to " + describe(place));
    }
    changes.reissue(key, place, position);
  }
  return {};
}

// Keys that the batch brings, by contest.
using BroughtKeys = std::map<std::uint32_t, std::uint64_t>;

BroughtKeys brought_by(const BatchKeys& keys) {
  BroughtKeys brought;
  for (const auto& [key, place] : keys.added) ++brought[place.first];
  return brought;
}

// A person has at most one key in a contest, and counts once.
bool can_be_of(std::uint32_t persons, const BroughtKeys& brought) {
  std::uint64_t fewest = 0, most = 0;
  for (const auto& [contest, count] : brought) {
    fewest = std::max(fewest, count);
    most += count;
  }
  return persons >= fewest && persons <= most;
}

// Above reissue_max an officer of the contest's bureau has signed too.
Status check_maximum(const State& state, const SignedDocument& batch, std::size_t n,
                     const BroughtKeys& brought, std::map<std::uint32_t, std::uint64_t>& total) {
  const auto signers = batch.signers();
  for (const auto& [k, count] : brought) {
    const auto& contest = state.manifest.contests[k];
    const auto& bureau = state.manifest.bureau_of(contest);
    total[k] += count;
    if (total[k] > contest.reissue_max &&
        std::none_of(signers.begin(), signers.end(),
                     [&](const Point& key) { return holds_office(bureau, key); })) {
      return fail("reissue.maximum", export_path::batch(n) + " brings contest " +
                                         std::to_string(k) + " to " + std::to_string(total[k]) +
                                         " reissues, above its maximum, without its bureau");
    }
  }
  return {};
}

Status check_batch_signers(const Manifest& manifest, const SignedDocument& batch,
                           const BroughtKeys& brought) {
  for (const auto& key : batch.signers()) {
    const auto in_office = [&](const BroughtKeys::value_type& of) {
      return holds_office(manifest.bureau_of(manifest.contests[of.first]), key);
    };
    const bool known = key == manifest.board_key || key == manifest.guardian_key ||
                       std::any_of(brought.begin(), brought.end(), in_office);
    if (!known) return fail("reissue.signer", "signed by a key that has no part in it");
  }
  if (!batch.signed_by(manifest.board_key))
    return fail("reissue.signer", "not signed by the board");
  if (manifest.guardian_key && !batch.signed_by(*manifest.guardian_key)) {
    return fail("reissue.signer", "not signed by the guardian");
  }
  return {};
}

}  // namespace

Outcome check_batches(State& state) {
  RollChanges changes(state);
  std::map<std::uint32_t, std::uint64_t> total;
  std::size_t lists = 0;
  std::pair<TimeMs, std::uint64_t> before;
  for (std::size_t n = 0; n < state.batch_places.size(); ++n) {
    const auto path = export_path::batch(n);
    const auto text = state.file(path);
    if (!text) return fail(text.error());
    const auto batch = SignedDocument::parse_and_verify(*text, "reissue-batch", state.fingerprint);
    if (!batch) return fail(batch.error().code, path + ": " + batch.error().message);
    const auto& body = batch->body();
    const auto at = integer_field(body, "at");
    const auto persons = u32_field(body, "persons");
    const auto root = text_field(body, "register_root");
    if (!has_exactly(body, {"at", "number", "persons", "register_root", "type", "units"}) || !at ||
        u32_field(body, "number") != n || !persons || !root || !hex_decode_array<32>(*root) ||
        !body["units"].is_array() || body["units"].empty()) {
      return fail("reissue.form", path + " is malformed, has another number, or no units");
    }
    const auto position = state.batch_places[n];
    if (*at < before.first || position < before.second || position >= state.freeze_place) {
      return fail("reissue.order", path + " is out of order, or after the freeze");
    }
    before = {*at, position};
    BatchKeys keys;
    Place last;
    bool first = true;
    for (const auto& unit : body["units"]) {
      Place place;
      if (auto good = read_unit(state, n, unit, first ? nullptr : &last, place, keys); !good) {
        return fail(good.error());
      }
      last = place;
      first = false;
    }
    lists += 2 * body["units"].size();
    const auto brought = brought_by(keys);
    if (!can_be_of(*persons, brought)) {
      return fail("reissue.persons", path + " says a number of persons that its keys do not allow");
    }
    if (const auto good = check_batch_signers(state.manifest, *batch, brought); !good) {
      return fail(good.error().code, path + ": " + good.error().message);
    }
    if (auto good = apply_batch(state, n, keys, changes); !good) return fail(good.error());
    if (auto good = check_maximum(state, *batch, n, brought, total); !good) {
      return fail(good.error());
    }
  }
  if (state.count_paths("reissue/", ".bin") != lists) {
    return fail("reissue.lists", "there are lists of keys that no batch speaks of");
  }
  changes.finish();
  return numbered(state.batch_places.size(), "batch", "batches");
}

Outcome check_roll_changes(State& state) {
  const auto error = state.found.find(9);
  if (error != state.found.end()) return fail(error->second);
  const auto number_of = [&](std::string_view name) {
    return static_cast<std::uint64_t>(
        std::count_if(state.events.begin(), state.events.end(),
                      [&](const Event& event) { return event.name == name; }));
  };
  return numbered(number_of("enrol"), "enrolment") + ", " +
         numbered(number_of("strike-off"), "strike-off");
}

}  // namespace isoloir::verification
