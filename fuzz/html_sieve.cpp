// The sieve of candidates' HTML looks everywhere: what it lets through, it refuses as soon as a
// script begins at any place of it, or any of its tags has a handler.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "web/html_sieve.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  if (size < 2) return 0;
  const std::string html(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto faults = web::html_faults(html);
  ISOLOIR_ASSERT(faults.size() <= 20);
  if (!faults.empty()) {
    ISOLOIR_ASSERT(faults[0].starts_with("line ") || faults[0] == "the file is not UTF-8");
    return 0;
  }
  const std::size_t place = (data[0] * 256u + data[1]) % (html.size() + 1);
  ISOLOIR_ASSERT(!web::html_faults(std::string(html).insert(place, "<script>")).empty());
  const auto end = html.find('>', place);
  const auto start = html.rfind('<', end);
  if (end == std::string::npos || start == std::string::npos || html[start + 1] == '!') return 0;
  // Of a tag, not of text after one.
  if (std::count(html.begin() + static_cast<std::ptrdiff_t>(start),
                 html.begin() + static_cast<std::ptrdiff_t>(end), '>') == 0) {
    ISOLOIR_ASSERT(!web::html_faults(std::string(html).insert(end, " onload=\"x\"")).empty());
  }
  return 0;
}
