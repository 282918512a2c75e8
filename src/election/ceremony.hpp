// The key ceremony of the trustees (docs/protocol.md section 9): one Pedersen generation for each
// group of a bureau, all in one ceremony of five rounds. Source: Pedersen, EUROCRYPT 1991, with
// proofs of knowledge of each coefficient against rogue keys, and exactly t commitments announced
// by their hash.
//
// Pure: messages and states come in and go out as values; disks, sticks and people are the
// caller's. Nothing here is thread-safe while it is changed.
//
// Groups are numbered from 0, members from 1, as in the manifest.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "election/manifest.hpp"
#include "election/signed_document.hpp"

namespace isoloir {

inline constexpr std::uint32_t ceremony_rounds = 5;

struct CeremonyPlan {
  struct Member {
    std::string name;
    BureauRole role = BureauRole::delegate;
    friend bool operator==(const Member&, const Member&) = default;
  };
  struct Group {
    std::string name;
    std::uint32_t threshold = 0;
    std::vector<Member> members;
    friend bool operator==(const Group&, const Group&) = default;
  };
  ElectionId election;
  ByteArray<16> ceremony{};  // new for every attempt
  std::string bureau_name;
  std::vector<Group> groups;

  // Canonical JSON {"bureau", "ceremony", "election_id", "groups": [{"members": [{"name",
  // "role"}...], "name", "threshold"}...], "type": "ceremony-plan"}. Error: ceremony.plan.
  static Expected<CeremonyPlan> parse(std::string_view text);
  std::string text() const;
  // What a bureau of the manifest must have planned, for a verifier.
  static CeremonyPlan of(const ElectionId& election, const ByteArray<16>& ceremony,
                         const Bureau& bureau);
  friend bool operator==(const CeremonyPlan&, const CeremonyPlan&) = default;
};

// The place of one message; each is filled once.
struct CeremonySlot {
  std::uint32_t round = 0;
  std::uint32_t group = 0;
  std::uint32_t index = 0;
  friend auto operator<=>(const CeremonySlot&, const CeremonySlot&) = default;
  std::string file_name() const;  // "2-00-01.json"
};

struct CeremonyResult {
  struct Group {
    Point key;                        // Y_g
    std::vector<Point> signing_keys;  // of member j at j - 1
    std::vector<Point> share_keys;    // Y_j
  };
  ByteArray<64> transcript{};
  std::vector<Group> groups;
  Point key;  // Y
};

// The messages of one ceremony, each judged when it is added: an instance only ever holds good
// messages. A round begins when the one before is complete.
//
// Errors of add: ceremony.form (truncated, malformed), ceremony.replayed (of another ceremony),
// ceremony.slot (no such group or member), ceremony.order (its round has not begun),
// ceremony.equivocation (another message is already in its slot), ceremony.identity (name or role
// is not the plan's), ceremony.duplicate_sender (a key that another member has, or one key for both
// signing and encryption), ceremony.sender (not signed by the member alone),
// ceremony.coefficients (not exactly t),
// ceremony.commitment_hash, ceremony.possession (a coefficient without its proof: a rogue key),
// ceremony.key (Y, a Y_g or a Y_j is the identity), ceremony.transcript, ceremony.share_key,
// ceremony.share_possession.
class CeremonyRecord {
 public:
  explicit CeremonyRecord(CeremonyPlan plan);
  // The texts in any order; the same text twice is one message.
  static Expected<CeremonyRecord> read(CeremonyPlan plan, const std::vector<std::string>& texts);

  Status add(std::string_view text);

  const CeremonyPlan& plan() const { return plan_; }
  const std::map<CeremonySlot, std::string>& messages() const { return messages_; }
  bool complete(std::uint32_t round) const;
  std::uint32_t round() const;                // the first that is not complete, or ceremony_rounds
  std::vector<CeremonySlot> missing() const;  // of that round
  std::string describe(const CeremonySlot& slot) const;  // "Delegates 2 (Zoé)"

  const ByteArray<64>& transcript() const;              // once round 2 is complete
  const CeremonyResult& keys() const { return keys_; }  // what is known so far

  // What one member has said, as far as the record holds it.
  struct Box {
    Point key;
    ByteArray<48> sealed{};
  };
  struct Sender {
    Point signing_key;
    Point encryption_key;
    ByteArray<64> hash{};
    std::vector<Point> commitments;
    std::map<std::uint32_t, Box> boxes;  // by receiver
  };
  const Sender& sender(std::uint32_t group, std::uint32_t index) const;

 private:
  Sender& place(const CeremonySlot& slot);
  Status judge(const SignedDocument& document, const CeremonySlot& slot);
  Status judge_hello(const SignedDocument& document, const CeremonySlot& slot);
  Status judge_hash(const Json& body, const CeremonySlot& slot);
  Status judge_commitments(const Json& body, const CeremonySlot& slot);
  Status judge_agreement(const Json& body, const CeremonySlot& slot) const;
  Status judge_possession(const Json& body, const CeremonySlot& slot) const;
  Status derive_keys();

  CeremonyPlan plan_;
  std::map<CeremonySlot, std::string> messages_;
  std::vector<std::vector<Sender>> senders_;
  CeremonyResult keys_;
};

// What one holder keeps under its activation code: signing key, one-time encryption key,
// polynomial, then its share x_j; its own messages; the one tally that it has made shares for.
class HolderState {
 public:
  // Draws all keys. The member must be in the plan.
  static HolderState create(const CeremonyPlan& plan, std::uint32_t group, std::uint32_t index,
                            Random& random);
  // Error: holder.form.
  static Expected<HolderState> decode(ByteView bytes);
  Secret<Bytes> encode() const;
  HolderState clone() const;

  const ElectionId& election() const { return election_; }
  std::uint32_t group() const { return group_; }
  std::uint32_t index() const { return index_; }
  const KeyPair& signing() const { return signing_; }
  const std::vector<std::string>& sent() const { return sent_; }  // by round
  bool finished() const { return sent_.size() == ceremony_rounds; }
  bool abandoned() const { return abandoned_; }
  const SecretScalar& share() const;  // x_j, once round 3 is done

  // The only tally that this holder attests and makes shares for. The first call decides and must
  // be sealed before signature or share leaves; the same tally again is good. A copy of the private
  // file made earlier knows nothing of it. Error: holder.second_tally.
  Status bind_tally(const ByteArray<64>& tally);
  const std::optional<ByteArray<64>>& bound_tally() const { return tally_; }

 private:
  friend class HolderStep;
  HolderState() = default;

  ElectionId election_;
  Digest plan_hash_{};
  std::uint32_t group_ = 0;
  std::uint32_t index_ = 0;
  KeyPair signing_;
  KeyPair encryption_;
  std::vector<SecretScalar> coefficients_;  // empty once round 3 is done
  std::optional<SecretScalar> share_;
  std::vector<std::string> sent_;
  std::optional<ByteArray<64>> tally_;
  bool abandoned_ = false;
};

// Makes the holder's next message when its round has begun, and keeps it in the state: seal the new
// state first, then let the message out. Nothing when the holder must wait for others, or has sent
// everything. The record must hold every message that the holder has sent; on an error the state is
// unchanged.
//
// Errors: holder.plan (the state is of another plan or a changed one), holder.abandoned,
// holder.framed (a message in this holder's name differs from what it sent), holder.older_state (a
// message of this holder is there that this state has not sent: an old copy), ceremony.wrong_share
// (names the sender: see complain).
Expected<std::optional<std::string>> next_message(const CeremonyRecord& record, HolderState& state,
                                                  Random& random);

// The record as this holder reads it: the given texts and its own. Errors: as CeremonyRecord and
// holder.framed.
Expected<CeremonyRecord> read_as_holder(CeremonyPlan plan, std::vector<std::string> texts,
                                        const HolderState& state);

// Everything verified, in any order of texts. Errors: those of CeremonyRecord,
// ceremony.incomplete (says who is missing).
Expected<CeremonyResult> finish(const CeremonyPlan& plan, const std::vector<std::string>& messages);

Bureau to_manifest_bureau(const CeremonyPlan& plan, const CeremonyResult& result);

// Check V3: these messages are a whole good ceremony and give exactly this bureau. Errors: those of
// finish, ceremony.manifest (what differs).
Status verify_ceremony(const ElectionId& election, const Bureau& bureau,
                       const std::vector<std::string>& messages);

// Complaint: the receiver publishes the secret of its one-time encryption key, canonical JSON
// {"ceremony", "group", "index", "secret", "type": "ceremony-complaint"}; the attempt is over.
// Error: ceremony.no_complaint (every share is good). The state is abandoned and must be sealed
// before the complaint leaves.
Expected<std::string> complain(const CeremonyRecord& record, HolderState& state);

// Who lied, by opening every box for the complainer again; round 2 must be complete. Senders whose
// boxes are bad, or none: then the complainer lied. Errors: ceremony.form, ceremony.replayed,
// ceremony.slot, ceremony.order, ceremony.complaint_key (the secret is not the one of the
// complainer's key: the complaint says nothing).
Expected<std::vector<CeremonySlot>> judge_complaint(const CeremonyRecord& record,
                                                    std::string_view complaint);

// A whole ceremony in one process: demo, rehearsal, tests. Holders by group, then index.
struct LocalCeremony {
  std::vector<std::string> messages;
  std::vector<HolderState> holders;
  CeremonyResult result;
};
LocalCeremony run_ceremony_locally(const CeremonyPlan& plan, Random& random);

}  // namespace isoloir
