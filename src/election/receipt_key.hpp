// The receipt key (docs/protocol.md section 8): what ties a ballot of the box to its leaf in the
// log, and nothing else. It comes from the link key one way, so that who checks the bijection
// before the count need not hold what ties voters to ballots.
//
// Whoever has it knows the round of the log in which each ballot came: it is destroyed with the
// link key, on every machine.
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "crypto/sealing.hpp"

namespace isoloir {

class ReceiptKey {
 public:
  // HMAC-SHA-256(L, "receipt").
  static ReceiptKey of_link_key(const SymmetricKey& link_key);
  static ReceiptKey of_bytes(const ByteArray<32>& bytes) { return ReceiptKey(SymmetricKey(bytes)); }

  // One line, "ISOLOIR-RECEIPTS-1 " and 64 hex digits, mode 0600. Errors: receipt_key.missing,
  // receipt_key.form. Throws std::filesystem::filesystem_error.
  static Expected<ReceiptKey> read(const std::filesystem::path& file);
  void write(const std::filesystem::path& file) const;

  // Of one ballot: HMAC-SHA-256(L_receipt, tracker).
  ByteArray<32> nonce(const ByteArray<32>& tracker) const;

 private:
  explicit ReceiptKey(SymmetricKey key) : key_(std::move(key)) {}
  SymmetricKey key_;
};

}  // namespace isoloir
