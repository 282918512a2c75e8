// The receipt log (docs/protocol.md section 8): the sequencer that appends rounds to it, and what
// is served from it.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "base/clock.hpp"
#include "election/checkpoint.hpp"
#include "election/cosignature.hpp"
#include "store/database.hpp"

namespace isoloir {

// Takes the ballots' leaves that wait out of the database, in the transaction of their round. May
// throw; nothing is taken then.
using TakeLeaves = std::function<std::vector<Digest>(store::Transaction&)>;

// Who may cosign checkpoints, and how many must before a receipt is made on one.
struct WitnessPolicy {
  std::vector<Witness> witnesses;
  std::uint32_t threshold = 0;
};

// One per process that sequences; other processes only insert what waits. Thread-safe.
class Log {
 public:
  // Rebuilds the tree from the database. Throws std::runtime_error when the last stored checkpoint,
  // or the one in the file `signed_file`, is not the tree's: a log behind what it has signed must
  // not start, or it would sign a second history. The file is what a restored database cannot take
  // back; it is written after each round, and may be absent.
  Log(store::Database& database, std::string origin, Ed25519KeyPair key, Random& random,
      const Clock& clock, TakeLeaves take_leaves, std::filesystem::path signed_file = {},
      WitnessPolicy policy = {});

  // One round: events and reissue batches that wait, then ballots' leaves and pads sorted by hash,
  // filled up to the next of 16, 64, 256 …. Without anything waiting, a round of pads alone when
  // `pad_always` (during the vote), else nothing. Throws StoreError; std::runtime_error when
  // another sequencer has appended; std::filesystem::filesystem_error when the round is done but
  // `signed_file` cannot be written. Whatever it throws, calling again is safe: a round whose
  // answer was lost after the commit is found in the database and taken up.
  void append_round(bool pad_always);

  // The newest, with the cosignatures that came so far; empty before the first round.
  std::string checkpoint_note() const;
  // The newest that as many witnesses as the policy asks have cosigned; empty before there is one.
  std::string witnessed_note() const;
  std::uint64_t size() const;
  struct Standing {
    std::uint32_t threshold = 0;
    std::uint64_t size = 0;
    std::uint64_t witnessed_size = 0;
    std::optional<TimeMs> witnessed_at;  // when the last cosignature that it needed came
    std::uint64_t waiting = 0;           // checkpoints that came since
    // When the first of these was signed, or later this process began; when rounds are appended is
    // written down nowhere.
    std::optional<TimeMs> waiting_since;
    struct OfWitness {
      std::string name;
      std::optional<TimeMs> at;  // when its cosignature of the newest checkpoint that has one came
      std::uint64_t behind = 0;  // checkpoints that came since
      std::optional<TimeMs> waiting_since{};  // as above, of the first of these
      bool is_overdue(TimeMs now) const;      // however many others sign
    };
    std::vector<OfWitness> witnesses;
    // Long enough that somebody should see to it.
    bool is_overdue(TimeMs now) const;
  };
  Standing standing() const;

  // Keeps the cosignatures of witnesses in a note of this log, which need not bear the log's own
  // signature; those of others are passed over, and so, unjudged, are further ones of a witness
  // whose line for this checkpoint is held. Errors: cosignature.form, cosignature.checkpoint (not
  // one of the newest limits::cosignable_checkpoints, or of another log), cosignature.signature
  // (one that names a witness is not good: none is kept), cosignature.stranger (of no witness).
  // Throws StoreError.
  Status take_cosignatures(std::string_view note);

  // Whether the entry's leaf is in the log.
  bool holds(const Bytes& entry) const;
  // The receipt of an entry on the newest witnessed checkpoint; nothing while its leaf waits for a
  // round, or the round for its witnesses.
  std::optional<Receipt> receipt(const Bytes& entry) const;
  // A tile of tlog-tiles: `width` hashes (1 to 256) of tile `index` at `level`; nothing when there
  // is no such tile.
  std::optional<Bytes> tile(std::size_t level, std::uint64_t index, std::size_t width) const;

 private:
  struct Round;
  struct Signed {
    Checkpoint checkpoint;
    std::uint64_t number = 0;        // of checkpoints, from 1
    TimeMs at = 0;                   // when it was signed, or loaded
    std::string note;                // the log's signature alone
    std::vector<std::string> lines;  // of each witness, empty before it comes
    std::optional<TimeMs> witnessed_at;
    std::string text() const;
    bool is_witnessed(std::uint32_t threshold) const;
  };
  struct LastOfWitness {
    std::uint64_t number = 0;  // of the newest checkpoint that it has cosigned; 0: none
    std::optional<TimeMs> at;
    std::optional<TimeMs> waiting_since;
  };
  void load();
  Signed read_signed(store::Transaction& transaction, const std::string& note,
                     std::uint64_t number) const;
  void read_cosignatures(store::Transaction& transaction, Signed& one) const;
  void sign_on(Signed newest);  // this and the next under the mutex
  void sign_on(const std::string& note);
  std::optional<std::uint64_t> position_of(const Bytes& entry) const;
  void take_up_lost_round();
  void check_signed_file() const;
  Round gather(store::Transaction& transaction, bool pad_always) const;

  store::Database& database_;
  const std::string origin_;
  const Ed25519KeyPair key_;
  Random& random_;
  const Clock& clock_;
  const TakeLeaves take_leaves_;
  const std::filesystem::path signed_file_;
  const WitnessPolicy policy_;
  std::mutex sequencing_;            // one round at a time; guards the next
  std::string offered_;              // the note of a round of which no answer came
  mutable std::shared_mutex mutex_;  // guards what is below
  MerkleTree tree_;
  std::deque<Signed> recent_;  // ascending; the last is the newest of all
  std::optional<Signed> witnessed_;
  std::optional<TimeMs> waiting_since_;
  std::vector<LastOfWitness> last_;  // of each witness
};

}  // namespace isoloir
