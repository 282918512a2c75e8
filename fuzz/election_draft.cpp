// Election drafts: whatever is read is written again byte for byte, and holds what later steps
// count on.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "service/setup.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto draft = ElectionDraft::parse(text);
  if (!draft) {
    ISOLOIR_ASSERT(draft.error().code == "draft.form");
    return 0;
  }
  ISOLOIR_ASSERT(draft->text() == text);
  ISOLOIR_ASSERT(draft->hours.opens_at < draft->hours.closes_at && check_origin(draft->origin));
  for (const auto& contest : draft->contests) {
    ISOLOIR_ASSERT(contest.bureau < draft->ceremonies.size());
  }
  return 0;
}
