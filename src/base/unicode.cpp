#include "base/unicode.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <stdexcept>

namespace isoloir {

bool valid_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto length = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < length;) {
    UChar32 point = 0;
    U8_NEXT(bytes, i, length, point);
    if (point < 0) return false;
  }
  return true;
}

std::string printable(std::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto length = static_cast<int32_t>(text.size());
  std::string out;
  for (int32_t i = 0; i < length;) {
    const auto begin = static_cast<std::size_t>(i);
    UChar32 point = 0;
    U8_NEXT(bytes, i, length, point);
    const bool shown =
        point >= 0 &&
        (U_GET_GC_MASK(point) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK)) == 0;
    if (shown) {
      out += text.substr(begin, static_cast<std::size_t>(i) - begin);
    } else {
      out += '?';
    }
  }
  return out;
}

std::optional<std::string> nfkc_casefold(std::string_view utf8) {
  if (utf8.size() > 1'000'000 || !valid_utf8(utf8)) return std::nullopt;
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU has no NFKC_Casefold data");
  icu::UnicodeString folded =
      normalizer->normalize(icu::UnicodeString::fromUTF8(
                                icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size()))),
                            status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU cannot normalise");
  std::string result;
  folded.toUTF8String(result);
  return result;
}

std::string nfc(std::string_view utf8) {
  if (utf8.size() > 1'000'000 || !valid_utf8(utf8)) return std::string(utf8);
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU has no NFC data");
  std::string result;
  const icu::StringPiece source(utf8.data(), static_cast<int32_t>(utf8.size()));
  normalizer->normalize(icu::UnicodeString::fromUTF8(source), status).toUTF8String(result);
  if (U_FAILURE(status)) throw std::runtime_error("ICU cannot normalise");
  return result;
}

std::string casefold_without_accents(std::string_view utf8) {
  const auto folded = nfkc_casefold(utf8);
  if (!folded) return {};
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKDInstance(status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU has no NFKD data");
  const icu::UnicodeString apart =
      normalizer->normalize(icu::UnicodeString::fromUTF8(*folded), status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU cannot normalise");
  icu::UnicodeString plain;
  for (int32_t i = 0; i < apart.length(); i = apart.moveIndex32(i, 1)) {
    if (u_getCombiningClass(apart.char32At(i)) == 0) plain.append(apart.char32At(i));
  }
  std::string result;
  plain.toUTF8String(result);
  return result;
}

std::string letters_and_digits(std::string_view utf8) {
  const auto text = icu::UnicodeString::fromUTF8(casefold_without_accents(utf8));
  icu::UnicodeString kept;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 point = text.char32At(i);
    if (point == U'œ') {
      kept.append("oe");
    } else if (point == U'æ') {
      kept.append("ae");
    } else if (u_isalnum(point)) {
      kept.append(point);
    }
  }
  std::string result;
  kept.toUTF8String(result);
  return result;
}

}  // namespace isoloir
