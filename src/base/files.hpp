// Small files, whole. Writing is atomic (temporary file in the same folder, fsync, rename) and
// never widens permissions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace isoloir {

// Errors: file.missing, file.read.
Expected<std::string> read_file(const std::filesystem::path& path);
// The same for a file of at most so many bytes. Error besides: file.large.
Expected<std::string> read_file(const std::filesystem::path& path, std::uintmax_t bytes_most);

enum class FileMode : unsigned { secret = 0600, shared = 0644 };
// Throws std::filesystem::filesystem_error (disk full, no permission); the old content stays then.
void write_file(const std::filesystem::path& path, std::string_view content, FileMode mode);
// The same, and the name too is on the disk when it returns: after a power cut the old content
// cannot come back.
void write_file_durably(const std::filesystem::path& path, std::string_view content, FileMode mode);

}  // namespace isoloir
