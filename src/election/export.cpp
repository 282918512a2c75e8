#include "election/export.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/canonical_json.hpp"
#include "base/files.hpp"
#include "crypto/hash.hpp"
#include "election/signed_document.hpp"

namespace isoloir {

namespace export_path {
std::string ceremony(std::size_t bureau, std::uint32_t round, std::size_t group,
                     std::size_t member) {
  return fmt::format("ceremony/{}/{}-{:02}-{:02}.json", bureau, round, group, member);
}
std::string roster(std::uint32_t contest, std::uint32_t district) {
  return fmt::format("roster/{}-{}.bin", contest, district);
}
std::string box(std::uint32_t contest, std::uint32_t district) {
  return fmt::format("box/{}-{}.bin", contest, district);
}
std::string broken_manifest(std::size_t number) {
  return fmt::format("broken/{}/manifest.json", number);
}
std::string broken_seal(std::size_t number) {
  return fmt::format("broken/{}/seal.json", number);
}
std::string event(std::size_t number) {
  return fmt::format("events/{:06}.json", number);
}
std::string batch(std::size_t number) {
  return fmt::format("reissue/{}.json", number);
}
std::string batch_removed(std::size_t number, std::uint32_t contest, std::uint32_t district) {
  return fmt::format("reissue/{}-{}-{}-removed.bin", number, contest, district);
}
std::string batch_added(std::size_t number, std::uint32_t contest, std::uint32_t district) {
  return fmt::format("reissue/{}-{}-{}-added.bin", number, contest, district);
}
std::string shares(std::size_t bureau, std::size_t group, std::size_t member) {
  return fmt::format("shares/{}-{}-{}.json", bureau, group, member);
}
std::string minutes(std::size_t bureau) {
  return fmt::format("minutes/{}.json", bureau);
}
}  // namespace export_path

namespace {
constexpr std::string_view index_format = "isoloir-export/1";
}

FileDigest digest_of(std::string_view content) {
  return {sha256(as_bytes(content)), content.size()};
}

std::string export_index(const ExportIndex& files) {
  Json list = Json::array();
  for (const auto& [path, file] : files) {
    list.push_back({{"path", path}, {"sha256", hex_encode(file.sha256)}, {"size", file.size}});
  }
  return canonical_json({{"format", index_format}, {"files", std::move(list)}});
}

Expected<ExportIndex> parse_export_index(std::string_view text) {
  const auto malformed = [](std::string why) { return fail("export.index", std::move(why)); };
  const auto json = parse_canonical_json(text);
  if (!json) return fail(json.error());
  if (!has_exactly(*json, {"files", "format"}) || text_field(*json, "format") != index_format ||
      !(*json)["files"].is_array()) {
    return malformed("not the index of an export of version 1");
  }
  ExportIndex index;
  for (const auto& item : (*json)["files"]) {
    const auto path = text_field(item, "path");
    const auto hex = text_field(item, "sha256");
    const auto digest = hex ? hex_decode_array<32>(*hex) : std::nullopt;
    const auto size = integer_field(item, "size");
    if (!has_exactly(item, {"path", "sha256", "size"}) || !path || !digest || !size || *size < 0) {
      return malformed("a file is not described by path, sha256 and size");
    }
    if (*path == export_path::index || (!index.empty() && index.rbegin()->first >= *path)) {
      return malformed("paths are not ascending, or the index names itself: " + *path);
    }
    index.emplace_hint(index.end(), *path, FileDigest{*digest, static_cast<std::uint64_t>(*size)});
  }
  return index;
}

Expected<ExportReader> ExportReader::of_folder(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  ExportReader reader;
  reader.source_ = folder;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (fs::is_directory(entry->symlink_status())) continue;
    reader.paths_.push_back(entry->path().lexically_relative(folder).generic_string());
  }
  if (error) return fail("export.folder", folder.string() + ": " + error.message());
  std::sort(reader.paths_.begin(), reader.paths_.end());
  return reader;
}

ExportReader ExportReader::of_files(Files files) {
  ExportReader reader;
  for (const auto& [path, content] : files) reader.paths_.push_back(path);
  reader.source_ = std::move(files);
  return reader;
}

namespace {
tl::unexpected<Error> missing(std::string_view path) {
  return fail("export.missing", std::string(path) + " is missing, or no regular file");
}
tl::unexpected<Error> unreadable(std::string_view path) {
  return fail("export.unreadable", std::string(path) + " cannot be read");
}
}  // namespace

bool ExportReader::has_regular(std::string_view path) const {
  if (!std::binary_search(paths_.begin(), paths_.end(), path)) return false;
  const auto* folder = std::get_if<std::filesystem::path>(&source_);
  return !folder ||
         std::filesystem::is_regular_file(std::filesystem::symlink_status(*folder / path));
}

Expected<std::string> ExportReader::read(std::string_view path) const {
  if (const auto put = instead_.find(std::string(path)); put != instead_.end()) return put->second;
  if (!has_regular(path)) return missing(path);
  if (const auto* files = std::get_if<Files>(&source_))
    return files->find(std::string(path))->second;
  auto content = read_file(std::get<std::filesystem::path>(source_) / path);
  if (!content) return unreadable(path);
  return content;
}

Expected<ExportFile> ExportReader::open(std::string_view path) const {
  if (const auto put = instead_.find(std::string(path)); put != instead_.end()) {
    return ExportFile(as_bytes(put->second));
  }
  if (!has_regular(path)) return missing(path);
  if (const auto* files = std::get_if<Files>(&source_)) {
    return ExportFile(as_bytes(files->find(std::string(path))->second));
  }
  std::ifstream stream(std::get<std::filesystem::path>(source_) / path, std::ios::binary);
  if (!stream) return unreadable(path);
  return ExportFile(std::string(path), std::move(stream));
}

}  // namespace isoloir
