// JSON: what parses has one canonical form, which parses to the same value; and a canonical text is
// exactly one that canonical_json would write.
#include <cstddef>
#include <cstdint>

#include "base/canonical_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = parse_json(text);
  const auto canonical = parse_canonical_json(text);
  ISOLOIR_ASSERT(value || value.error().code.starts_with("json."));
  if (!value) {
    ISOLOIR_ASSERT(!canonical);
    return 0;
  }
  const auto written = canonical_json(*value);
  ISOLOIR_ASSERT(canonical.has_value() == (written == text));
  const auto again = parse_canonical_json(written);
  ISOLOIR_ASSERT(again && *again == *value && canonical_json(*again) == written);
  return 0;
}
