#include "board/follower.hpp"

#include <algorithm>

#include "base/canonical_json.hpp"

namespace isoloir {
namespace {

constexpr std::string_view memory_format = "isoloir-witness/2";
constexpr std::uint64_t hashes_per_tile = 256;

Json json_of(const WitnessMemory& memory) {
  Json peaks = Json::array();
  for (const auto& peak : memory.tree.peaks()) peaks.push_back(hex_encode(peak));
  Json fork;
  if (memory.fork) {
    fork = {{"reason", memory.fork->reason},
            {"seen_at", memory.fork->seen_at},
            {"shown", memory.fork->shown}};
  }
  return {{"format", memory_format},   {"fingerprint", hex_encode(memory.fingerprint.bytes)},
          {"fork", std::move(fork)},   {"log_key", hex_encode(memory.log_key)},
          {"note", memory.note},       {"origin", memory.origin},
          {"peaks", std::move(peaks)}, {"size", memory.tree.size()},
          {"witness", memory.witness}};
}

// Throws Json::exception where a field is missing or of another type.
std::optional<WitnessMemory> memory_of(const Json& json) {
  WitnessMemory memory;
  const auto fingerprint = hex_decode_array<32>(json.at("fingerprint").get<std::string>());
  const auto key = hex_decode_array<32>(json.at("log_key").get<std::string>());
  if (json.at("format") != memory_format || !fingerprint || !key) return std::nullopt;
  memory.fingerprint = {*fingerprint};
  memory.log_key = *key;
  memory.origin = json.at("origin").get<std::string>();
  memory.note = json.at("note").get<std::string>();
  memory.witness = json.at("witness").get<std::string>();
  std::vector<Digest> peaks;
  for (const auto& peak : json.at("peaks")) {
    const auto digest = hex_decode_array<32>(peak.get<std::string>());
    if (!digest) return std::nullopt;
    peaks.push_back(*digest);
  }
  auto tree = MerkleAccumulator::of(json.at("size").get<std::uint64_t>(), std::move(peaks));
  if (!tree) return std::nullopt;
  memory.tree = std::move(*tree);
  if (const auto& fork = json.at("fork"); !fork.is_null()) {
    memory.fork =
        WitnessMemory::Fork{fork.at("reason").get<std::string>(), fork.at("seen_at").get<TimeMs>(),
                            fork.at("shown").get<std::string>()};
  }
  return memory;
}

// The leaves from `tree`'s size up to `size` are read and appended; `at`, where given, sees the
// tree of every size on the way.
Status grow(MerkleAccumulator& tree, std::uint64_t size, const ReadTile& read_tile,
            const std::function<void(const MerkleAccumulator&)>& at = {}) {
  while (tree.size() < size) {
    const auto index = tree.size() / hashes_per_tile;
    const auto width = std::min(hashes_per_tile, size - index * hashes_per_tile);
    const auto path = tile_path(0, index, static_cast<std::size_t>(width));
    const auto bytes = read_tile(path);
    if (!bytes) return fail(bytes.error());
    if (bytes->size() != 32 * width) {
      return fail("follow.tile", path + " has " + std::to_string(bytes->size()) + " bytes");
    }
    for (auto i = tree.size() % hashes_per_tile; i < width; ++i) {
      tree.append(*to_array<32>(as_bytes(*bytes).subspan(32 * static_cast<std::size_t>(i), 32)));
      if (at) at(tree);
    }
  }
  return {};
}

Error fork_error(const std::string& reason) {
  const auto message = [&]() -> std::string {
    if (reason == "fork.smaller") {
      return "the log has signed two histories: a smaller tree that is no beginning of what it had";
    }
    if (reason == "fork.root") return "the log has signed two trees of the same size";
    return "the log has signed two histories: what it had before is no beginning of what it has";
  };
  return {reason, message(), {}};
}

Status keep_fork(WitnessMemory& memory, const std::string& reason, const std::string& note,
                 TimeMs now) {
  memory.fork = WitnessMemory::Fork{reason, now, note};
  return fail(fork_error(reason));
}

// The tree did not grow into what was signed. Read whole, the tiles say why: either they lead to
// the signed root, and then over another tree than the one that was seen; or they do not.
Status explain(WitnessMemory& memory, const Checkpoint& shown, const std::string& note, TimeMs now,
               const ReadTile& read_tile) {
  MerkleAccumulator whole;
  bool seen = memory.tree.size() == 0;
  const auto read = grow(whole, shown.size, read_tile, [&](const MerkleAccumulator& tree) {
    if (tree.size() == memory.tree.size()) seen = tree.root() == memory.tree.root();
  });
  if (!read) return read;
  if (whole.root() != shown.root || seen) {
    return fail("follow.tiles", "the log's tiles do not lead to the root that it has signed");
  }
  return keep_fork(memory, "fork.inconsistent", note, now);
}

// Fewer entries than were seen contradict nothing: a cache may have kept an old checkpoint. Only
// tiles that lead to the tree that was seen can tell whether this one is its beginning.
Status judge_smaller(WitnessMemory& memory, const Checkpoint& shown, const std::string& note,
                     TimeMs now, const ReadTile& read_tile) {
  MerkleAccumulator whole;
  Digest then = whole.root();
  const auto read = grow(whole, memory.tree.size(), read_tile, [&](const MerkleAccumulator& tree) {
    if (tree.size() == shown.size) then = tree.root();
  });
  if (!read) return read;
  if (whole.root() != memory.tree.root()) {
    return fail("follow.tiles", "the log's tiles do not lead to the root that was seen before");
  }
  if (then != shown.root) return keep_fork(memory, "fork.smaller", note, now);
  return fail("follow.stale", "the log shows an old checkpoint, of " + std::to_string(shown.size) +
                                  " entries; " + std::to_string(memory.tree.size()) +
                                  " were seen before");
}

}  // namespace

std::string tile_path(std::size_t level, std::uint64_t index, std::size_t width) {
  const auto digits = [](std::uint64_t number) {
    const auto text = std::to_string(number);
    return std::string(3 - text.size(), '0') + text;
  };
  std::string path = digits(index % 1000);
  while ((index /= 1000) > 0) path = "x" + digits(index % 1000) + "/" + path;
  path = "tile/" + std::to_string(level) + "/" + path;
  return width == hashes_per_tile ? path : path + ".p/" + std::to_string(width);
}

std::string WitnessMemory::text() const {
  return canonical_json(json_of(*this));
}

Expected<WitnessMemory> WitnessMemory::parse(std::string_view text) {
  const auto malformed = [] {
    return fail("witness.state", "this is no file in which a witness keeps what it has seen");
  };
  const auto json = parse_canonical_json(text);
  if (!json) return malformed();
  try {
    auto memory = memory_of(*json);
    if (!memory || memory->text() != text) return malformed();
    if (!memory->note.empty()) {
      const auto kept = open_checkpoint(memory->note, memory->origin, memory->log_key);
      if (!kept || kept->size != memory->tree.size() || kept->root != memory->tree.root()) {
        return malformed();
      }
    }
    return std::move(*memory);
  } catch (const Json::exception&) {
    return malformed();
  }
}

Status follow(WitnessMemory& memory, const std::string& note, TimeMs now,
              const ReadTile& read_tile) {
  if (memory.fork) return fail(fork_error(memory.fork->reason));
  const auto shown = open_checkpoint(note, memory.origin, memory.log_key);
  if (!shown) return fail(shown.error());
  if (!memory.note.empty()) {
    if (shown->size < memory.tree.size()) {
      return judge_smaller(memory, *shown, note, now, read_tile);
    }
    if (shown->size == memory.tree.size()) {
      if (shown->root == memory.tree.root()) return {};
      return keep_fork(memory, "fork.root", note, now);
    }
  }
  MerkleAccumulator tree = memory.tree;
  if (const auto read = grow(tree, shown->size, read_tile); !read) return read;
  if (tree.root() != shown->root) return explain(memory, *shown, note, now, read_tile);
  memory.tree = std::move(tree);
  memory.note = note;
  return {};
}

}  // namespace isoloir
