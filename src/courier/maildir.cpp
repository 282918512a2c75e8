#include "courier/maildir.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view flags_mark = ":2,";

std::string_view flags_of(std::string_view name) {
  const auto mark = name.rfind(flags_mark);
  return mark == std::string_view::npos ? std::string_view{}
                                        : name.substr(mark + flags_mark.size());
}

// The flags stand in the order of their letters (https://cr.yp.to/proto/maildir.html).
std::string marked_seen(const std::string& name) {
  std::string flags(flags_of(name));
  flags += 'S';
  std::sort(flags.begin(), flags.end());
  return name.substr(0, name.rfind(flags_mark)) + std::string(flags_mark) + flags;
}

// Nothing for what is no plain file, too large, or unreadable.
std::optional<std::string> read_first_bytes(const fs::path& path) {
  // A pipe in the folder would make the opening wait.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return std::nullopt;
  struct stat what {};
  const bool fits = ::fstat(file, &what) == 0 && S_ISREG(what.st_mode) &&
                    static_cast<std::uintmax_t>(what.st_size) <= limits::bounce_file_bytes;
  std::string text(fits ? limits::bounce_bytes : 0, '\0');
  std::size_t used = 0;
  ssize_t got = fits ? 1 : -1;
  while (got > 0 && used < text.size()) {
    got = ::read(file, text.data() + used, text.size() - used);
    if (got > 0) used += static_cast<std::size_t>(got);
  }
  ::close(file);
  if (got < 0) return std::nullopt;
  text.resize(used);
  return text;
}

// In order of their names, which begin with the time of their arrival.
Expected<std::vector<std::string>> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    auto name = at->path().filename().string();
    if (!name.starts_with('.')) names.push_back(std::move(name));
  }
  if (error) return fail("maildir.missing", folder.string() + ": " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

// Never onto another file: a name that exists twice would cost a mail.
bool keep(const fs::path& from, const fs::path& to) {
  return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0 ||
         errno == EEXIST;
}

Status visit_folder(const fs::path& folder, const fs::path& seen,
                    const std::function<bool(std::string_view)>& handle, MaildirVisit& visit) {
  const auto names = names_in(folder);
  if (!names) return fail(names.error());
  for (const auto& name : *names) {
    if (flags_of(name).find('S') != std::string_view::npos) continue;
    if (visit.handled + visit.kept >= limits::bounce_visit) break;
    const auto text = read_first_bytes(folder / name);
    if (!text) {
      ++visit.skipped;
      continue;
    }
    const bool done = handle(*text);
    ++(done ? visit.handled : visit.kept);
    const bool moved = done ? ::unlink((folder / name).c_str()) == 0 || errno == ENOENT
                            : keep(folder / name, seen / marked_seen(name));
    if (!moved) {
      return fail("maildir.change", (folder / name).string() + ": cannot be removed from there");
    }
  }
  return {};
}

}  // namespace

Expected<MaildirVisit> visit_maildir(const fs::path& folder,
                                     const std::function<bool(std::string_view)>& handle) {
  MaildirVisit visit;
  for (const char* part : {"new", "cur"}) {
    if (auto done = visit_folder(folder / part, folder / "cur", handle, visit); !done) {
      return fail(done.error());
    }
  }
  return visit;
}

}  // namespace isoloir
