#include "base/domain.hpp"

#include <unicode/bytestream.h>
#include <unicode/idna.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <memory>
#include <stdexcept>

namespace isoloir {
namespace {

constexpr std::size_t longest_name = 253;  // RFC 1035, as text

const icu::IDNA& idna() {
  static const std::unique_ptr<icu::IDNA> instance = [] {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::IDNA> made(icu::IDNA::createUTS46Instance(
        UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
            UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE,
        status));
    if (U_FAILURE(status)) throw std::runtime_error("ICU has no data for domain names");
    return made;
  }();
  return *instance;
}

icu::StringPiece piece(std::string_view text) {
  return {text.data(), static_cast<int32_t>(text.size())};
}

}  // namespace

std::optional<std::string> domain_to_ascii(std::string_view utf8) {
  if (utf8.empty() || utf8.size() > 4 * longest_name) return std::nullopt;
  std::string result;
  icu::StringByteSink<std::string> sink(&result);
  icu::IDNAInfo info;
  UErrorCode status = U_ZERO_ERROR;
  idna().nameToASCII_UTF8(piece(utf8), sink, info, status);
  if (U_FAILURE(status) || info.hasErrors() || result.size() > longest_name ||
      result.find('.') == std::string::npos) {
    return std::nullopt;
  }
  return result;
}

bool mixes_scripts(std::string_view ascii_domain) {
  icu::UnicodeString name;
  icu::IDNAInfo info;
  UErrorCode status = U_ZERO_ERROR;
  idna().nameToUnicode(icu::UnicodeString::fromUTF8(piece(ascii_domain)), name, info, status);
  if (U_FAILURE(status)) return false;
  UScriptCode label = USCRIPT_COMMON;
  for (int32_t i = 0; i < name.length(); i = name.moveIndex32(i, 1)) {
    const UChar32 point = name.char32At(i);
    if (point == '.') label = USCRIPT_COMMON;
    const UScriptCode script = uscript_getScript(point, &status);
    if (script == USCRIPT_COMMON || script == USCRIPT_INHERITED) continue;
    if (label != USCRIPT_COMMON && script != label) return true;
    label = script;
  }
  return false;
}

}  // namespace isoloir
