// Forms: whatever parses, written again, parses to the same; and holds its invariants.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "http/form.hpp"
#include "http/percent.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  const auto form = http::parse_form({reinterpret_cast<const char*>(data), size});
  if (!form) {
    ISOLOIR_ASSERT(form.error().code.starts_with("form."));
    return 0;
  }
  std::set<std::string_view> names;
  for (const auto& [name, value] : form->fields) {
    ISOLOIR_ASSERT(!name.empty() && names.insert(name).second);
    for (const std::string_view text : {std::string_view(name), std::string_view(value)}) {
      ISOLOIR_ASSERT(text.size() <= limits::form_field_bytes);
      ISOLOIR_ASSERT(http::is_utf8(text) && !http::has_control(text, "\r\n\t"));
    }
  }
  const auto again = http::parse_form(http::encode_form(*form));
  ISOLOIR_ASSERT(again && *again == *form);
  return 0;
}
