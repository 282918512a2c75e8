// The words of messages to voters, from the same catalogues as the pages.
#pragma once

#include "courier/text_source.hpp"
#include "portal/portal.hpp"
#include "web/render.hpp"

namespace isoloir::web {

// Mails are signed with the election, its portal and the assistance. Thread-safe. Renderer and
// portal outlive it.
class MessageTexts final : public TextSource {
 public:
  MessageTexts(const Renderer& renderer, const Portal& portal)
      : renderer_(renderer), portal_(portal) {}

  std::string text(std::string_view id, std::string_view language,
                   const Json& values) const override {
    const auto in = language_from_code(language).value_or(Language::french);
    // A text message has no signature: whoever must call is told the number in it.
    Json named = values;
    named["assistance_phone"] = portal_.assistance ? portal_.assistance->phone
                                                   : renderer_.text("message.phone_unknown", in);
    auto text = renderer_.text(id, in, named);
    if (id.ends_with("_body")) text += "\n\n" + signature(in);
    return text;
  }

 private:
  std::string signature(Language language) const {
    const auto of = [&](const BilingualText& name) {
      return language == Language::french ? name.fr : name.en;
    };
    Json names = {{"election", of(portal_.election)}, {"portal", of(portal_.title)}};
    if (!portal_.assistance) return renderer_.text("message.signature", language, names);
    names["phone"] = portal_.assistance->phone;
    names["hours"] = of(portal_.assistance->hours);
    return renderer_.text("message.signature_assistance", language, names);
  }
  const Renderer& renderer_;
  const Portal& portal_;
};

}  // namespace isoloir::web
