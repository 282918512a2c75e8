#include "cli/folder_in_making.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace isoloir::cli {

namespace fs = std::filesystem;

namespace {
std::error_code last_error() {
  return {errno, std::generic_category()};
}
}  // namespace

fs::path folder_name(const fs::path& typed) {
  const fs::path name = typed.lexically_normal();
  return name.has_filename() ? name : name.parent_path();
}

FolderInMaking::FolderInMaking(const fs::path& target) : target_(folder_name(target)) {
  std::string pattern = target_.string() + ".part-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::system_error(last_error(), "cannot make a folder beside " + target_.string());
  }
  path_ = pattern;
}

FolderInMaking::~FolderInMaking() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

std::ofstream FolderInMaking::create(const fs::path& name) const {
  fs::create_directories((path_ / name).parent_path());
  return std::ofstream(path_ / name, std::ios::binary);
}

void FolderInMaking::finish(const fs::path& name, std::ofstream& file) const {
  file.close();
  if (!file) throw fs::filesystem_error("cannot write", path_ / name, last_error());
}

void FolderInMaking::write(const fs::path& name, std::string_view content) const {
  auto file = create(name);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  finish(name, file);
}

// One call, where a call for each of 100 000 files would take minutes.
void FolderInMaking::keep() {
  const int folder = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && syncfs(folder) == 0;
  const auto error = last_error();
  if (folder >= 0) close(folder);
  if (!synced) throw fs::filesystem_error("cannot write", path_, error);
  fs::rename(path_, target_);
  path_.clear();
}

}  // namespace isoloir::cli
