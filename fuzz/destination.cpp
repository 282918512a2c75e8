// Where a link may go: what is accepted is one plain address, accepted again as itself, and never
// the professional one.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/limits.hpp"
#include "reissue/destination.hpp"
#include "reissue/token.hpp"

namespace {

using namespace isoloir;
using namespace isoloir::reissue;

bool plain(std::string_view text, std::string_view forbidden) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return c > ' ' && c <= '~' && forbidden.find(c) == std::string_view::npos;
  });
}

void check_email(std::string_view typed) {
  constexpr std::string_view professional = "camille.electeur@education.example";
  const auto judged = judge_email(typed, professional);
  if (!judged) {
    ISOLOIR_ASSERT(judged.error().code == "reissue.destination" &&
                   !judged.error().message_id.empty());
    return;
  }
  ISOLOIR_ASSERT(plain(judged->address, "\",;:<>()[]\\"));
  ISOLOIR_ASSERT(std::count(judged->address.begin(), judged->address.end(), '@') == 1);
  ISOLOIR_ASSERT(judged->address != professional);
  const auto again = judge_email(judged->address, professional);
  ISOLOIR_ASSERT(again && again->address == judged->address && again->key == judged->key);
}

void check_phone(std::string_view typed) {
  const std::vector<std::string> countries = {"33", "262", "590", "594", "596", "687", "689"};
  const auto judged = judge_phone(typed, countries);
  if (!judged) return;
  const auto& address = judged->destination.address;
  ISOLOIR_ASSERT(address.starts_with('+') && address.size() >= 9 && address.size() <= 16);
  ISOLOIR_ASSERT(
      std::all_of(address.begin() + 1, address.end(), [](char c) { return c >= '0' && c <= '9'; }));
  const auto again = judge_phone(address, countries);
  ISOLOIR_ASSERT(again && again->destination.address == address && again->served == judged->served);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_email(text);
  check_phone(text);
  if (const auto token = Token::parse(text)) ISOLOIR_ASSERT(token->text() == text);
  return 0;
}
