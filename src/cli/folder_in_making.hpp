// A folder that is there whole or not at all: filled beside its place, it takes its name when it is
// complete. What goes wrong with the disk is thrown (std::system_error). One thread at a time.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

namespace isoloir::cli {

// Without a slash at the end, so that another name can stand beside it.
std::filesystem::path folder_name(const std::filesystem::path& typed);

// Gone again unless keep() gave it its name.
class FolderInMaking {
 public:
  explicit FolderInMaking(const std::filesystem::path& target);
  FolderInMaking(const FolderInMaking&) = delete;
  FolderInMaking& operator=(const FolderInMaking&) = delete;
  ~FolderInMaking();

  // Below the folder; the folders on the way are made.
  std::ofstream create(const std::filesystem::path& name) const;
  void finish(const std::filesystem::path& name, std::ofstream& file) const;
  void write(const std::filesystem::path& name, std::string_view content) const;

  // All content on the disk before the name.
  void keep();

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
};

}  // namespace isoloir::cli
