#include "board/log.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/files.hpp"
#include "base/limits.hpp"

namespace isoloir {
namespace {

constexpr std::size_t smallest_round = 16;
constexpr std::size_t tile_width = 256;
constexpr std::size_t tile_height = 8;
constexpr TimeMs overdue_ms = minute_ms;  // a witness comes by every ten seconds

std::size_t round_size(std::size_t waiting) {
  std::size_t size = smallest_round;
  while (size < waiting) size *= 4;
  return size;
}

bool is_long_since(const std::optional<TimeMs>& waiting_since, TimeMs now) {
  return waiting_since && now - *waiting_since > overdue_ms;
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

std::string Log::Signed::text() const {
  std::string text = note;
  for (const auto& line : lines) text += line;
  return text;
}

bool Log::Signed::is_witnessed(std::uint32_t threshold) const {
  const auto came =
      std::count_if(lines.begin(), lines.end(), [](const auto& line) { return !line.empty(); });
  return static_cast<std::uint64_t>(came) >= threshold;
}

bool Log::Standing::is_overdue(TimeMs now) const {
  return is_long_since(waiting_since, now);
}
bool Log::Standing::OfWitness::is_overdue(TimeMs now) const {
  return is_long_since(waiting_since, now);
}

Log::Log(store::Database& database, std::string origin, Ed25519KeyPair key, Random& random,
         const Clock& clock, TakeLeaves take_leaves, std::filesystem::path signed_file,
         WitnessPolicy policy)
    : database_(database),
      origin_(std::move(origin)),
      key_(std::move(key)),
      random_(random),
      clock_(clock),
      take_leaves_(std::move(take_leaves)),
      signed_file_(std::move(signed_file)),
      policy_(std::move(policy)),
      last_(policy_.witnesses.size()) {
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

// A checkpoint of the database, with the cosignatures that it has there.
Log::Signed Log::read_signed(store::Transaction& transaction, const std::string& note,
                             std::uint64_t number) const {
  const auto checkpoint = open_checkpoint(note, origin_, key_.key);
  if (!checkpoint) throw std::runtime_error("a stored checkpoint is damaged");
  Signed result{*checkpoint, number, clock_.now(), note, {}, {}};
  read_cosignatures(transaction, result);
  return result;
}

void Log::read_cosignatures(store::Transaction& transaction, Signed& one) const {
  one.lines.assign(policy_.witnesses.size(), {});
  one.witnessed_at.reset();
  for (const auto& row :
       transaction.query("SELECT witness, line, at FROM cosignature WHERE size = $1 ORDER BY at",
                         {static_cast<std::int64_t>(one.checkpoint.size)})) {
    for (std::size_t i = 0; i < policy_.witnesses.size(); ++i) {
      if (row.blob(0) != Bytes(policy_.witnesses[i].key.begin(), policy_.witnesses[i].key.end())) {
        continue;
      }
      one.lines[i] = row.text(1);
      if (!one.witnessed_at && one.is_witnessed(policy_.threshold)) {
        one.witnessed_at = row.integer(2);
      }
    }
  }
}

void Log::sign_on(Signed newest) {
  recent_.push_back(std::move(newest));
  if (recent_.size() > limits::cosignable_checkpoints) recent_.pop_front();
  if (recent_.back().is_witnessed(policy_.threshold)) {
    witnessed_ = recent_.back();
    waiting_since_.reset();
  } else if (!waiting_since_) {
    waiting_since_ = recent_.back().at;
  }
  for (std::size_t i = 0; i < last_.size(); ++i) {
    auto& since = last_[i].waiting_since;
    if (!recent_.back().lines[i].empty()) {
      since.reset();
    } else if (!since) {
      since = recent_.back().at;
    }
  }
}

void Log::sign_on(const std::string& note) {
  sign_on({{origin_, tree_.size(), tree_.root(tree_.size())},
           recent_.empty() ? 1 : recent_.back().number + 1,
           clock_.now(),
           note,
           std::vector<std::string>(policy_.witnesses.size()),
           {}});
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
    const auto count_up_to = [&](std::int64_t size) {
      return static_cast<std::uint64_t>(
          transaction.query("SELECT COUNT(*) FROM checkpoint WHERE size <= $1", {size})[0].integer(
              0));
    };
    const auto newest =
        transaction.query("SELECT note FROM checkpoint ORDER BY size DESC LIMIT $1",
                          {static_cast<std::int64_t>(limits::cosignable_checkpoints)});
    const auto witnessed = transaction.query(
        "SELECT c.note, c.size FROM checkpoint c JOIN cosignature s ON s.size = c.size GROUP BY "
        "c.size "
        "HAVING COUNT(*) >= $1 ORDER BY c.size DESC LIMIT 1",
        {static_cast<std::int64_t>(policy_.threshold)});
    if (!witnessed.empty()) {
      auto found =
          read_signed(transaction, witnessed[0].text(0), count_up_to(witnessed[0].integer(1)));
      if (found.is_witnessed(policy_.threshold)) witnessed_ = std::move(found);
    }
    const auto count = count_up_to(static_cast<std::int64_t>(tree_.size()));
    for (auto row = newest.size(); row-- > 0;) {
      sign_on(read_signed(transaction, newest[row].text(0), count - row));
    }
    for (std::size_t i = 0; i < last_.size(); ++i) {
      const auto newest_of = transaction.query(
          "SELECT size, at FROM cosignature WHERE witness = $1 ORDER BY size DESC LIMIT 1",
          {ByteView(policy_.witnesses[i].key)});
      if (newest_of.empty()) continue;
      last_[i].number = count_up_to(newest_of[0].integer(0));
      last_[i].at = newest_of[0].integer(1);
    }
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
    sign_on(offered_);
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
    sign_on(note);
    offered_.clear();
  }
  if (!signed_file_.empty()) write_file(signed_file_, note, FileMode::shared);
}

std::string Log::checkpoint_note() const {
  const std::shared_lock lock(mutex_);
  return recent_.empty() ? std::string() : recent_.back().text();
}
std::string Log::witnessed_note() const {
  const std::shared_lock lock(mutex_);
  return witnessed_ ? witnessed_->text() : std::string();
}
Log::Standing Log::standing() const {
  const std::shared_lock lock(mutex_);
  const auto count = recent_.empty() ? 0 : recent_.back().number;
  Standing standing{policy_.threshold, tree_.size(), 0, {}, count, waiting_since_, {}};
  if (witnessed_) {
    standing.witnessed_size = witnessed_->checkpoint.size;
    standing.witnessed_at = witnessed_->witnessed_at;
    standing.waiting = count - witnessed_->number;
  }
  for (std::size_t i = 0; i < last_.size(); ++i) {
    standing.witnesses.push_back(
        {policy_.witnesses[i].name, last_[i].at, count - last_[i].number, last_[i].waiting_since});
  }
  return standing;
}
std::uint64_t Log::size() const {
  const std::shared_lock lock(mutex_);
  return tree_.size();
}

std::optional<std::uint64_t> Log::position_of(const Bytes& entry) const {
  const auto leaf = leaf_hash(entry);
  return *database_.read(
      [&](store::Transaction& transaction) -> Expected<std::optional<std::uint64_t>> {
        const auto rows =
            transaction.query("SELECT position FROM log_leaf WHERE leaf = $1", {ByteView(leaf)});
        if (rows.empty()) return std::nullopt;
        return static_cast<std::uint64_t>(rows[0].integer(0));
      });
}

// A row can be durable a moment before this process's tree has grown to it.
bool Log::holds(const Bytes& entry) const {
  const auto position = position_of(entry);
  return position && *position < size();
}

std::optional<Receipt> Log::receipt(const Bytes& entry) const {
  const auto position = position_of(entry);
  const std::shared_lock lock(mutex_);
  if (!position || !witnessed_ || *position >= witnessed_->checkpoint.size) return std::nullopt;
  return Receipt{entry, *position, tree_.inclusion(*position, witnessed_->checkpoint.size),
                 witnessed_->text()};
}

// Looked at before any signature is: what is no note of ours costs a comparison.
Status Log::take_cosignatures(std::string_view note) {
  const auto split = note.rfind("\n\n");
  if (split == std::string_view::npos) return fail("cosignature.form", "this is no signed note");
  const auto body = note.substr(0, split + 1);
  Signed kept;
  {
    const std::shared_lock lock(mutex_);
    const auto found = std::find_if(recent_.begin(), recent_.end(), [&](const Signed& one) {
      return one.checkpoint.body() == body;
    });
    if (found == recent_.end()) {
      return fail("cosignature.checkpoint", "this is none of the log's newest checkpoints");
    }
    kept = *found;
  }
  // One of each witness, and the log's own.
  const auto signatures = note.substr(split + 2);
  const auto signature_lines = std::count(signatures.begin(), signatures.end(), '\n');
  if (static_cast<std::size_t>(signature_lines) > limits::witnesses + 1) {
    return fail("cosignature.form", "more signatures than there can be witnesses");
  }
  const auto lines = new_cosignatures(note, policy_.witnesses, kept.lines);
  if (!lines) return fail(lines.error());
  if (std::all_of(lines->begin(), lines->end(), [](const auto& line) { return line.empty(); })) {
    return {};
  }
  const auto size = kept.checkpoint.size;
  const auto now = clock_.now();
  // Of two lines of one witness that come at once the database keeps the first, and memory what is
  // in the database.
  const auto done = database_.write([&](store::Transaction& transaction) -> Status {
    for (std::size_t i = 0; i < lines->size(); ++i) {
      if ((*lines)[i].empty()) continue;
      transaction.execute(
          "INSERT INTO cosignature (size, witness, line, at) VALUES ($1, $2, $3, $4) "
          "ON CONFLICT DO NOTHING",
          {static_cast<std::int64_t>(size), ByteView(policy_.witnesses[i].key), (*lines)[i], now});
    }
    read_cosignatures(transaction, kept);
    return {};
  });
  if (!done) return done;
  const std::unique_lock lock(mutex_);
  const auto place = std::find_if(recent_.begin(), recent_.end(),
                                  [&](const Signed& one) { return one.checkpoint.size == size; });
  if (place == recent_.end()) return {};
  auto& one = *place;
  const auto next = std::next(place);
  const auto next_at = next == recent_.end() ? std::optional<TimeMs>() : next->at;
  for (std::size_t i = 0; i < one.lines.size(); ++i) {
    if (!one.lines[i].empty() || kept.lines[i].empty()) continue;
    one.lines[i] = kept.lines[i];
    if (one.number > last_[i].number) last_[i] = {one.number, now, next_at};
  }
  if (!one.is_witnessed(policy_.threshold)) return {};
  if (!one.witnessed_at) one.witnessed_at = kept.witnessed_at;
  if (witnessed_ && size < witnessed_->checkpoint.size) return {};
  witnessed_ = one;
  waiting_since_ = next_at;
  return {};
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
