// The export of an election as files (docs/protocol.md section 11): its paths, its index, and
// reading it from a folder or from memory.
//
// One election has one export: box/<k>-<d>.bin and roster/<k>-<d>.bin exist for each (contest,
// district), empty or not; numbers in paths are plain decimals, save those of events (6 digits) and
// of the ceremony's groups and members (2 digits).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "crypto/merkle.hpp"
#include "election/export_file.hpp"

namespace isoloir {

namespace export_path {
inline constexpr std::string_view index = "index.json";
inline constexpr std::string_view manifest = "manifest.json";
inline constexpr std::string_view seal = "seal.json";
inline constexpr std::string_view roster_document = "roster.json";
inline constexpr std::string_view leaves = "log/leaves.bin";
inline constexpr std::string_view pads = "log/pads.bin";
inline constexpr std::string_view checkpoints = "log/checkpoints.json";
inline constexpr std::string_view tally = "tally.json";
inline constexpr std::string_view result = "result.json";
std::string broken_manifest(std::size_t number);  // of a seal that was broken, from 0
std::string broken_seal(std::size_t number);
std::string ceremony(std::size_t bureau, std::uint32_t round, std::size_t group,
                     std::size_t member);  // from 1
std::string roster(std::uint32_t contest, std::uint32_t district);
std::string box(std::uint32_t contest, std::uint32_t district);
std::string event(std::size_t number);
std::string batch(std::size_t number);
std::string batch_removed(std::size_t number, std::uint32_t contest, std::uint32_t district);
std::string batch_added(std::size_t number, std::uint32_t contest, std::uint32_t district);
std::string shares(std::size_t bureau, std::size_t group, std::size_t member);
inline constexpr std::string_view minutes_folder = "minutes/";
std::string minutes(std::size_t bureau);
}  // namespace export_path

struct FileDigest {
  Digest sha256{};
  std::uint64_t size = 0;
  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};
FileDigest digest_of(std::string_view content);

// By path, every file but the index itself.
using ExportIndex = std::map<std::string, FileDigest>;
std::string export_index(const ExportIndex& files);  // index.json
// Strict: canonical, ascending, the index not in itself. Errors: those of parse_canonical_json,
// export.index.
Expected<ExportIndex> parse_export_index(std::string_view text);

// Whatever lies there, judged by nobody yet. Thread-safe.
class ExportReader {
 public:
  // Error: export.folder (no such folder, or it cannot be listed).
  static Expected<ExportReader> of_folder(const std::filesystem::path& folder);
  static ExportReader of_files(std::map<std::string, std::string> files);

  // In place of what lies there, from here on.
  void put(const std::string& path, std::string content) { instead_[path] = std::move(content); }

  // Every path below the folder that is no folder, links and devices too, ascending, with '/'.
  const std::vector<std::string>& paths() const { return paths_; }
  // Regular files only. Error: export.missing.
  Expected<std::string> read(std::string_view path) const;
  // The same file in pieces. Errors: export.missing, export.unreadable.
  Expected<ExportFile> open(std::string_view path) const;

 private:
  using Files = std::map<std::string, std::string>;
  ExportReader() = default;
  bool has_regular(std::string_view path) const;
  std::variant<std::filesystem::path, Files> source_;
  Files instead_;
  std::vector<std::string> paths_;
};

}  // namespace isoloir
