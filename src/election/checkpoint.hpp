// Checkpoints and receipts of the receipt log: C2SP signed-note, tlog-checkpoint and tlog-proof
// (docs/protocol.md section 8).
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/merkle.hpp"
#include "election/ballot.hpp"
#include "election/receipt_key.hpp"

namespace isoloir {

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root{};

  std::string body() const;  // the signed text, three lines
};

// What a key of a signed-note may be called; an origin line is such a name.
bool is_key_name(std::string_view name);

// signed-note's verifier key of a log, `<origin>+<key id, 8 hex>+<base64 of 1 ‖ key>`.
std::string log_vkey(std::string_view origin, const ByteArray<32>& log_key);

// The note with one Ed25519 signature line, key name = origin.
std::string sign_checkpoint(const Checkpoint& checkpoint, const Ed25519KeyPair& key);

// Parses the note and requires a good signature of the log's key and the origin; signatures of
// unknown keys are ignored, as signed-note says. Errors: checkpoint.form, checkpoint.origin,
// checkpoint.signature.
Expected<Checkpoint> open_checkpoint(std::string_view note, std::string_view origin,
                                     const ByteArray<32>& log_key);

// Entries of the log.
inline constexpr std::uint8_t entry_ballot = 1;
inline constexpr std::uint8_t entry_pad = 2;
inline constexpr std::uint8_t entry_event = 3;
inline constexpr std::uint8_t entry_batch = 4;
Bytes ballot_entry(const ReceiptKey& receipt_key, const Tracker& tracker);  // 65 bytes
Bytes pad_entry(const ByteArray<32>& pad);
Bytes document_entry(std::uint8_t kind, std::string_view canonical_text);

struct Receipt {
  Bytes entry;
  std::uint64_t index = 0;
  std::vector<Digest> proof;
  std::string checkpoint_note;

  std::string text() const;                               // c2sp.org/tlog-proof@v1
  static Expected<Receipt> parse(std::string_view text);  // error: receipt.form
};

// A receipt judged by itself: entry of type 1 ending in the tracker it claims, inclusion,
// signature. Gives the tracker. Errors: those of open_checkpoint, receipt.entry, receipt.inclusion.
Expected<Tracker> check_receipt(const Receipt& receipt, std::string_view origin,
                                const ByteArray<32>& log_key);

}  // namespace isoloir
