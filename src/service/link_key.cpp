#include "service/link_key.hpp"

#include "base/files.hpp"

namespace isoloir {

Expected<LinkKey> LinkKey::read(const std::filesystem::path& file) {
  auto text = read_file(file);
  if (!text) {
    return fail("link_key.missing", file.string() + ": the link key of this election is not there");
  }
  const Secret<std::string> held(std::move(*text));
  std::string_view hex = held.reveal();
  if (hex.ends_with('\n')) hex.remove_suffix(1);
  const auto bytes = hex_decode_array<32>(hex);
  if (!bytes) return fail("link_key.form", file.string() + ": not a link key");
  return LinkKey(SymmetricKey(*bytes));
}

void LinkKey::write(const std::filesystem::path& file) const {
  const Secret<std::string> text(hex_encode(key_.reveal()) + "\n");
  write_file(file, text.reveal(), FileMode::secret);
}

ByteArray<32> LinkKey::lookup(std::string_view column,
                              std::initializer_list<ByteView> value) const {
  Bytes joined;
  for (const auto part : value) {
    append_u32(joined, static_cast<std::uint32_t>(part.size()));
    append(joined, part);
  }
  return hmac_sha256(key_.reveal(), {as_bytes(column), ByteArray<1>{0}, joined});
}

}  // namespace isoloir
