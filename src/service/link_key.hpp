// The link key L (docs/protocol.md section 12): whatever ties a voter to a ballot exists only under
// it. It lives in memory and in an escrow apart from the database and its backups; once it is
// destroyed the ties are gone.
#pragma once

#include <filesystem>

#include "election/receipt_key.hpp"

namespace isoloir {

class LinkKey {
 public:
  static LinkKey generate(Random& random) { return LinkKey(Secret(random.array<32>())); }
  // The escrow file of a demonstration or a single server: 64 hex digits and a newline, mode 0600,
  // beside the state and never in it. Errors: link_key.missing, link_key.form.
  static Expected<LinkKey> read(const std::filesystem::path& file);
  void write(const std::filesystem::path& file) const;

  // Overwrites the file in place, then removes it; a file that is not there is destroyed already.
  // Throws std::filesystem::filesystem_error.
  static void destroy(const std::filesystem::path& file);

  // A look-up column: HMAC-SHA-256(L, column || 0 || each part behind its length).
  ByteArray<32> lookup(std::string_view column, std::initializer_list<ByteView> value) const;
  Bytes seal(ByteView plaintext, ByteView lookup, Random& random) const {
    return isoloir::seal(key_, plaintext, lookup, random);
  }
  std::optional<Bytes> unseal(ByteView sealed, ByteView lookup) const {
    return isoloir::unseal(key_, sealed, lookup);
  }
  const ReceiptKey& receipt_key() const { return receipt_key_; }

 private:
  explicit LinkKey(SymmetricKey key)
      : key_(std::move(key)), receipt_key_(ReceiptKey::of_link_key(key_)) {}
  SymmetricKey key_;
  ReceiptKey receipt_key_;
};

}  // namespace isoloir
