// The roll: whatever is read, written again, is read as the same; what is not read names a line.
#include <cstddef>
#include <cstdint>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "election/roll.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  constexpr std::uint32_t districts[] = {1, 3, 1};
  const auto roll = parse_roll({reinterpret_cast<const char*>(data), size}, districts);
  if (!roll) {
    ISOLOIR_ASSERT(roll.error().code == "roll.invalid");
    ISOLOIR_ASSERT(roll.error().message.starts_with("line "));
    return 0;
  }
  ISOLOIR_ASSERT(!roll->voters.empty());
  for (const auto& voter : roll->voters) {
    ISOLOIR_ASSERT(!voter.id.empty() && voter.id.find('/') == std::string::npos);
    ISOLOIR_ASSERT(!voter.contests.empty());
    for (const auto& [contest, district] : voter.contests) {
      ISOLOIR_ASSERT(contest < std::size(districts) && district < districts[contest]);
    }
  }
  for (const char separator : {';', ','}) {
    const auto again = parse_roll(write_roll(*roll, separator), districts);
    ISOLOIR_ASSERT(again && *again == *roll);
  }
  return 0;
}
