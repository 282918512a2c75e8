// index.json of an export: what is read is written again as the very same bytes, and names no path
// that leads out of the export's folder.
#include <cstddef>
#include <cstdint>

#include "election/export.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto index = parse_export_index(text);
  if (!index) {
    ISOLOIR_ASSERT(index.error().code == "export.index" || index.error().code.starts_with("json."));
    return 0;
  }
  ISOLOIR_ASSERT(export_index(*index) == text);
  ISOLOIR_ASSERT(!index->contains(std::string(export_path::index)));
  // The reader looks up what lies in its folder, so a name that leads elsewhere is a file missing.
  const auto reader = ExportReader::of_files({});
  for (const auto& [path, digest] : *index) ISOLOIR_ASSERT(!reader.read(path));
  return 0;
}
