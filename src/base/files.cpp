#include "base/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace isoloir {
namespace {

[[noreturn]] void raise(const std::filesystem::path& path, const char* what) {
  throw std::filesystem::filesystem_error(what, path,
                                          std::error_code(errno, std::generic_category()));
}

}  // namespace

Expected<std::string> read_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail("file.missing", path.string() + ": cannot be opened");
  std::string content;
  char buffer[64 * 1024];
  ssize_t got = 0;
  while ((got = ::read(file, buffer, sizeof buffer)) > 0) {
    content.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(file);
  if (got < 0) return fail("file.read", path.string() + ": cannot be read");
  return content;
}

Expected<std::string> read_file(const std::filesystem::path& path, std::uintmax_t bytes_most) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  if (missing) return fail("file.missing", path.string() + ": there is no such file");
  if (size > bytes_most) {
    return fail("file.large",
                path.string() + ": larger than " + std::to_string(bytes_most) + " bytes");
  }
  return read_file(path);
}

void write_file(const std::filesystem::path& path, std::string_view content, FileMode mode) {
  std::filesystem::path temporary = path;
  temporary += ".part";
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                          static_cast<unsigned>(mode));
  if (file < 0) raise(temporary, "cannot be created");
  std::string_view rest = content;
  while (!rest.empty()) {
    const ssize_t written = ::write(file, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int reason = errno;
      ::close(file);
      ::unlink(temporary.c_str());
      errno = reason;
      raise(path, "cannot be written");
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file) != 0 || ::close(file) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
    raise(path, "cannot be written");
  }
}

void write_file_durably(const std::filesystem::path& path, std::string_view content,
                        FileMode mode) {
  write_file(path, content, mode);
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) raise(folder, "cannot be opened");
  const bool synced = ::fsync(directory) == 0;
  ::close(directory);
  if (!synced) raise(folder, "cannot be synced");
}

}  // namespace isoloir
