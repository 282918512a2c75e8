// The words of messages to voters, from the same catalogues as the pages.
#pragma once

#include "courier/text_source.hpp"
#include "web/render.hpp"

namespace isoloir::web {

// Thread-safe. The renderer outlives it.
class MessageTexts final : public TextSource {
 public:
  explicit MessageTexts(const Renderer& renderer) : renderer_(renderer) {}

  std::string text(std::string_view id, std::string_view language,
                   const Json& values) const override {
    return renderer_.text(id, language_from_code(language).value_or(Language::french), values);
  }

 private:
  const Renderer& renderer_;
};

}  // namespace isoloir::web
