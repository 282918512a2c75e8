// Where the words of messages come from: the catalogues of locale/, which only the web layer reads.
#pragma once

#include <string>
#include <string_view>

#include "base/canonical_json.hpp"

namespace isoloir {

class TextSource {
 public:
  virtual ~TextSource() = default;
  // The text `id` in `language` ("fr", "en") with its values filled in; plain, not HTML. An integer
  // whose name ends in "_at" is a time. Thread-safe. Ids that are asked for: courier::message_ids.
  virtual std::string text(std::string_view id, std::string_view language,
                           const Json& values) const = 0;
};

}  // namespace isoloir
