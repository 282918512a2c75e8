#include "board/log.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/files.hpp"

namespace isoloir {
namespace {

constexpr std::size_t smallest_round = 16;
constexpr std::size_t tile_width = 256;
constexpr std::size_t tile_height = 8;

std::size_t round_size(std::size_t waiting) {
  std::size_t size = smallest_round;
  while (size < waiting) size *= 4;
  return size;
}

}  // namespace

struct Log::Round {
  struct Leaf {
    Digest hash;
    std::optional<ByteArray<32>> pad;
  };
  std::vector<Leaf> leaves;
  std::vector<std::int64_t> events;
  std::vector<std::int64_t> batches;
};

Log::Log(store::Database& database, std::string origin, Ed25519KeyPair key, Random& random,
         TakeLeaves take_leaves, std::filesystem::path signed_file)
    : database_(database),
      origin_(std::move(origin)),
      key_(std::move(key)),
      random_(random),
      take_leaves_(std::move(take_leaves)),
      signed_file_(std::move(signed_file)) {
  load();
  check_signed_file();
}

void Log::check_signed_file() const {
  if (signed_file_.empty() || !std::filesystem::exists(signed_file_)) return;
  const auto note = read_file(signed_file_);
  const auto checkpoint =
      note ? open_checkpoint(*note, origin_, key_.key) : Expected<Checkpoint>(fail(note.error()));
  if (!checkpoint) {
    throw std::runtime_error(signed_file_.string() + " is not a checkpoint of this election's log");
  }
  if (checkpoint->size > tree_.size() || checkpoint->root != tree_.root(checkpoint->size)) {
    throw std::runtime_error(
        "the database is older than what its log has signed (" + std::to_string(checkpoint->size) +
        " entries in " + signed_file_.string() + ", " + std::to_string(tree_.size()) +
        " here): bring the newest copy of the database, see docs/operations.md");
  }
}

void Log::load() {
  const auto loaded = database_.read([&](store::Transaction& transaction) -> Status {
    for (const auto& row : transaction.query("SELECT leaf FROM log_leaf ORDER BY position")) {
      tree_.append(row.array<32>(0));
    }
    const auto last =
        transaction.query("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1");
    if (last.empty()) return {};
    const auto checkpoint = open_checkpoint(last[0].text(1), origin_, key_.key);
    if (!checkpoint || checkpoint->size != tree_.size() ||
        checkpoint->root != tree_.root(tree_.size())) {
      return fail("log.behind",
                  "the log is not the one of its last signed checkpoint: the database is damaged, "
                  "bring its newest good copy, see docs/operations.md");
    }
    note_ = last[0].text(1);
    return {};
  });
  if (!loaded) throw std::runtime_error(loaded.error().message);
}

Log::Round Log::gather(store::Transaction& transaction, bool pad_always) const {
  Round round;
  for (const auto& row :
       transaction.query("SELECT number, text FROM event WHERE logged = 0 ORDER BY number")) {
    round.events.push_back(row.integer(0));
    round.leaves.push_back({leaf_hash(document_entry(entry_event, row.text(1))), std::nullopt});
  }
  for (const auto& row : transaction.query(
           "SELECT number, text FROM reissue_batch WHERE logged = 0 ORDER BY number")) {
    round.batches.push_back(row.integer(0));
    round.leaves.push_back({leaf_hash(document_entry(entry_batch, row.text(1))), std::nullopt});
  }
  const auto unsorted = static_cast<std::ptrdiff_t>(round.leaves.size());
  for (const auto& leaf : take_leaves_(transaction)) round.leaves.push_back({leaf, std::nullopt});
  if (round.leaves.empty() && !pad_always) return round;
  for (auto size = round_size(round.leaves.size()); round.leaves.size() < size;) {
    const auto pad = random_.array<32>();
    round.leaves.push_back({leaf_hash(pad_entry(pad)), pad});
  }
  std::sort(round.leaves.begin() + unsorted, round.leaves.end(),
            [](const Round::Leaf& a, const Round::Leaf& b) { return a.hash < b.hash; });
  return round;
}

// A round that this process signed is in the database whole, or not at all; one that it did not
// sign is another sequencer's, and stays fenced off.
void Log::take_up_lost_round() {
  if (offered_.empty()) return;
  std::vector<Digest> added;
  const auto found = database_.read([&](store::Transaction& transaction) -> Expected<bool> {
    const auto last = transaction.query("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1");
    if (last.empty() || last[0].text(0) != offered_) return false;
    for (const auto& row :
         transaction.query("SELECT leaf FROM log_leaf WHERE position >= $1 ORDER BY position",
                           {static_cast<std::int64_t>(size())})) {
      added.push_back(row.array<32>(0));
    }
    return true;
  });
  if (*found) {
    const std::unique_lock lock(mutex_);
    for (const auto& leaf : added) tree_.append(leaf);
    note_ = offered_;
  }
  offered_.clear();
}

void Log::append_round(bool pad_always) {
  const std::lock_guard sequencing(sequencing_);
  take_up_lost_round();
  std::vector<Digest> added;
  std::string note;
  const auto done = database_.write([&](store::Transaction& transaction) -> Status {
    added.clear();
    const Round round = gather(transaction, pad_always);
    if (round.leaves.empty()) return {};
    auto position = static_cast<std::int64_t>(size());
    const auto stored = transaction.query("SELECT COUNT(*) FROM log_leaf")[0].integer(0);
    if (stored != position) return fail("log.fenced", "another sequencer has appended");
    MerkleAccumulator accumulator = tree_.accumulator();
    for (const auto& leaf : round.leaves) {
      transaction.execute("INSERT INTO log_leaf (position, leaf) VALUES ($1, $2)",
                          {position, ByteView(leaf.hash)});
      if (leaf.pad) {
        transaction.execute("INSERT INTO log_pad (position, pad) VALUES ($1, $2)",
                            {position, ByteView(*leaf.pad)});
      }
      accumulator.append(leaf.hash);
      added.push_back(leaf.hash);
      ++position;
    }
    for (const auto number : round.events) {
      transaction.execute("UPDATE event SET logged = 1 WHERE number = $1", {number});
    }
    for (const auto number : round.batches) {
      transaction.execute("UPDATE reissue_batch SET logged = 1 WHERE number = $1", {number});
    }
    note = sign_checkpoint({origin_, accumulator.size(), accumulator.root()}, key_);
    offered_ = note;
    transaction.execute("INSERT INTO checkpoint (size, note) VALUES ($1, $2)",
                        {static_cast<std::int64_t>(accumulator.size()), note});
    return {};
  });
  if (!done) throw std::runtime_error(done.error().message);
  if (added.empty()) return;
  {
    const std::unique_lock lock(mutex_);
    for (const auto& leaf : added) tree_.append(leaf);
    note_ = note;
    offered_.clear();
  }
  if (!signed_file_.empty()) write_file(signed_file_, note, FileMode::shared);
}

std::string Log::checkpoint_note() const {
  const std::shared_lock lock(mutex_);
  return note_;
}
std::uint64_t Log::size() const {
  const std::shared_lock lock(mutex_);
  return tree_.size();
}

std::optional<Receipt> Log::receipt(const Bytes& entry) const {
  const auto leaf = leaf_hash(entry);
  const auto position =
      database_.read([&](store::Transaction& transaction) -> Expected<std::optional<std::int64_t>> {
        const auto rows =
            transaction.query("SELECT position FROM log_leaf WHERE leaf = $1", {ByteView(leaf)});
        if (rows.empty()) return std::nullopt;
        return rows[0].integer(0);
      });
  const std::shared_lock lock(mutex_);
  // A row can be durable a moment before this process's tree has grown to it.
  if (!position->has_value() || static_cast<std::uint64_t>(**position) >= tree_.size()) {
    return std::nullopt;
  }
  const auto index = static_cast<std::uint64_t>(**position);
  return Receipt{entry, index, tree_.inclusion(index, tree_.size()), note_};
}

std::optional<Bytes> Log::tile(std::size_t level, std::uint64_t index, std::size_t width) const {
  if (width == 0 || width > tile_width || level > 7) return std::nullopt;
  const std::shared_lock lock(mutex_);
  Bytes bytes;
  for (std::uint64_t i = 0; i < width; ++i) {
    const auto* node = tree_.node(level * tile_height, index * tile_width + i);
    if (!node) return std::nullopt;
    append(bytes, *node);
  }
  return bytes;
}

}  // namespace isoloir
