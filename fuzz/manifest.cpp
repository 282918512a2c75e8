// A manifest with one of its values replaced: it is refused, or read and written again as the very
// same bytes, and what the verification asks of it has an answer.
#include <sodium.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>

#include "base/places.hpp"
#include "election/manifest.hpp"
#include "election/signed_document.hpp"

namespace {

isoloir::Json good_manifest() {
  const std::ifstream file(isoloir::test::source_dir() +
                           "/fuzz/seeds/signed_document/manifest.json");
  std::ostringstream text;
  text << file.rdbuf();
  return isoloir::Json::parse(text.str());
}

void judge(const std::string& text) {
  using namespace isoloir;
  const auto manifest = Manifest::parse(text);
  if (!manifest) {
    const auto& code = manifest.error().code;
    ISOLOIR_ASSERT(code.starts_with("manifest.") || code.starts_with("json."));
    return;
  }
  ISOLOIR_ASSERT(manifest->text() == text);
  ISOLOIR_ASSERT(!manifest->log_path().empty());
  for (const auto& contest : manifest->contests) {
    ISOLOIR_ASSERT(!manifest->bureau_of(contest).groups.empty());
    std::map<std::uint32_t, std::uint64_t> ballots;
    for (std::uint32_t district = 0; district < contest.districts.size(); ++district) {
      ballots[district] = district;
    }
    std::size_t districts = 0;
    for (const auto& unit : merge_units(contest, ballots)) districts += unit.districts.size();
    ISOLOIR_ASSERT(districts == contest.districts.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  return sodium_init() < 0 ? 1 : 0;
}

// Two bytes choose the value, one whether it is replaced, taken out or given a neighbour; the rest
// is JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  if (size < 3) return 0;
  static const Json good = good_manifest();
  static const Json places = good.flatten();
  const std::size_t at = (data[0] * 256u + data[1]) % places.size();
  const Json::json_pointer place(std::next(places.begin(), static_cast<std::ptrdiff_t>(at)).key());
  const auto value = parse_json({reinterpret_cast<const char*>(data) + 3, size - 3});
  Json changed = good;
  if (data[2] % 3 == 0 && value) {
    changed[place] = *value;
  } else if (data[2] % 3 == 1) {
    changed = changed.patch({{{"op", "remove"}, {"path", place.to_string()}}});
  } else if (value) {
    Json& parent = changed[place.parent_pointer()];
    if (parent.is_array()) {
      parent.push_back(*value);
    } else if (parent.is_object()) {
      parent[place.back() + "_"] = *value;
    }
  }
  judge(canonical_json(changed));
  return 0;
}
