// The file of a portal: it is read, or each problem names its line; what is read holds together.
#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "portal/portal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto portal = Portal::parse(text, "portal.toml");
  if (!portal) {
    ISOLOIR_ASSERT(portal.error().code == "portal.invalid");
    ISOLOIR_ASSERT(portal.error().message.starts_with("portal.toml:"));
    return 0;
  }
  ISOLOIR_ASSERT(!portal->contests.empty() && !portal->bureaus.empty());
  for (const auto& contest : portal->contests) {
    ISOLOIR_ASSERT(contest.bureau < portal->bureaus.size() && contest.seats > 0);
    ISOLOIR_ASSERT(!contest.districts.empty());
    ISOLOIR_ASSERT(!contest.options.empty() && contest.options.back().blank);
  }
  for (const auto& bureau : portal->bureaus) {
    for (const auto& group : bureau.groups) {
      ISOLOIR_ASSERT(group.threshold > 0 && group.threshold <= group.members.size());
    }
  }
  ISOLOIR_ASSERT(portal->board_interval_seconds > 0);
  return 0;
}
