#include "service/link_key.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.hpp"

namespace isoloir {

Expected<LinkKey> LinkKey::read(const std::filesystem::path& file) {
  auto text = read_file(file);
  if (!text) {
    return fail(
        "link_key.missing",
        file.string() + ": the link key of this election is not there; bring it from its escrow");
  }
  const Secret<std::string> held(std::move(*text));
  std::string_view hex = held.reveal();
  if (hex.ends_with('\n')) hex.remove_suffix(1);
  const auto bytes = hex_decode_array<32>(hex);
  if (!bytes)
    return fail("link_key.form", file.string() + ": not a link key; bring it from its escrow");
  return LinkKey(SymmetricKey(*bytes));
}

void LinkKey::write(const std::filesystem::path& file) const {
  const Secret<std::string> text(hex_encode(key_.reveal()) + "\n");
  write_file(file, text.reveal(), FileMode::secret);
}

void LinkKey::destroy(const std::filesystem::path& file) {
  const auto raise = [&](const char* what) {
    throw std::filesystem::filesystem_error(what, file,
                                            std::error_code(errno, std::generic_category()));
  };
  const int handle = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (handle < 0 && errno == ENOENT) return;
  if (handle < 0) raise("the link key cannot be destroyed");
  const std::string zeros(65, '0');
  const bool written =
      ::pwrite(handle, zeros.data(), zeros.size(), 0) == static_cast<ssize_t>(zeros.size()) &&
      ::fsync(handle) == 0;
  ::close(handle);
  // Another process may destroy it at the same time.
  if (!written || (::unlink(file.c_str()) != 0 && errno != ENOENT))
    raise("the link key cannot be destroyed");
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) raise("the folder of the link key cannot be synced");
  ::fsync(folder);
  ::close(folder);
}

ByteArray<32> LinkKey::lookup(std::string_view column,
                              std::initializer_list<ByteView> value) const {
  return keyed_digest(key_.reveal(), column, value);
}

}  // namespace isoloir
