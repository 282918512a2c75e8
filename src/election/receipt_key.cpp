#include "election/receipt_key.hpp"

#include "base/files.hpp"
#include "crypto/hash.hpp"

namespace isoloir {
namespace {

constexpr std::string_view file_magic = "ISOLOIR-RECEIPTS-1 ";

}  // namespace

ReceiptKey ReceiptKey::of_link_key(const SymmetricKey& link_key) {
  return ReceiptKey(SymmetricKey(hmac_sha256(link_key.reveal(), {as_bytes("receipt")})));
}

Expected<ReceiptKey> ReceiptKey::read(const std::filesystem::path& file) {
  auto text = read_file(file);
  if (!text) return fail("receipt_key.missing", file.string() + ": the receipt key is not there");
  const Secret<std::string> held(std::move(*text));
  std::string_view rest = held.reveal();
  const bool good = rest.starts_with(file_magic) && rest.ends_with('\n');
  const auto key = good ? hex_decode_array<32>(
                              rest.substr(file_magic.size(), rest.size() - file_magic.size() - 1))
                        : std::nullopt;
  if (!key) return fail("receipt_key.form", file.string() + ": not a receipt key");
  return of_bytes(*key);
}

void ReceiptKey::write(const std::filesystem::path& file) const {
  const Secret<std::string> text(std::string(file_magic) + hex_encode(key_.reveal()) + "\n");
  write_file(file, text.reveal(), FileMode::secret);
}

ByteArray<32> ReceiptKey::nonce(const ByteArray<32>& tracker) const {
  return hmac_sha256(key_.reveal(), {tracker});
}

}  // namespace isoloir
