#pragma once

#include "courier/text_source.hpp"

namespace isoloir {

// Puts the values behind the id, so that tests see them.
struct PlainTexts final : TextSource {
  std::string text(std::string_view id, std::string_view language,
                   const Json& values) const override {
    std::string text = std::string(language) + " " + std::string(id);
    for (const auto& [name, value] : values.items()) {
      text += " " + name + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
    }
    return text;
  }
};

}  // namespace isoloir
