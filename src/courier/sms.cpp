// The GSM 7-bit alphabet, 3GPP TS 23.038 section 6.2.1.
#include "courier/outbox.hpp"

namespace isoloir {
namespace {

constexpr std::size_t segment_characters = 160;
constexpr std::string_view extension = "^{}\\[~]|€\f";
constexpr std::string_view beyond_ascii = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";

// The bytes of the character that begins at `text`.
std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return size <= text.size() ? size : text.size();
}

}  // namespace

bool fits_one_sms(std::string_view utf8) {
  std::size_t used = 0;
  while (!utf8.empty()) {
    const auto character = utf8.substr(0, character_bytes(utf8));
    const char c = character[0];
    if (extension.find(character) != std::string_view::npos) {
      used += 2;
    } else if ((c >= ' ' && c <= '~' && c != '`') || c == '\n' || c == '\r' ||
               (character.size() > 1 && beyond_ascii.find(character) != std::string_view::npos)) {
      ++used;
    } else {
      return false;
    }
    utf8.remove_prefix(character.size());
  }
  return used <= segment_characters;
}

}  // namespace isoloir
