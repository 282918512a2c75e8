#include "web/locale.hpp"

#include <unicode/calendar.h>
#include <unicode/locid.h>
#include <unicode/numberformatter.h>
#include <unicode/smpdtfmt.h>
#include <unicode/timezone.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <stdexcept>

namespace isoloir::web {
namespace {

void check(UErrorCode status) {
  if (U_FAILURE(status)) throw std::runtime_error(std::string("ICU: ") + u_errorName(status));
}

icu::Locale locale_of(Language language) {
  return language == Language::french ? icu::Locale::getFrance() : icu::Locale::getUK();
}

std::string utf8_of(const icu::UnicodeString& text) {
  std::string utf8;
  text.toUTF8String(utf8);
  return utf8;
}

// How times are written in both languages. ICU takes half a millisecond to prepare that, so it is
// prepared once; const use of it is thread-safe ("ICU Design", Thread Safety).
class TimeFormats {
 public:
  // UTS 35, "Date Format Patterns".
  TimeFormats(const char16_t* french, const char16_t* english)
      : french_(made(french, Language::french)), english_(made(english, Language::english)) {}

  std::string write(TimeMs time, Language language, const std::string& zone) const {
    const auto& format = language == Language::french ? *french_ : *english_;
    const std::unique_ptr<icu::Calendar> calendar(format.getCalendar()->clone());
    calendar->adoptTimeZone(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(zone)));
    UErrorCode status = U_ZERO_ERROR;
    calendar->setTime(static_cast<UDate>(time), status);
    check(status);
    icu::UnicodeString text;
    icu::FieldPosition nowhere;
    return utf8_of(format.format(*calendar, text, nowhere));
  }

 private:
  static std::unique_ptr<const icu::SimpleDateFormat> made(const char16_t* pattern,
                                                           Language language) {
    UErrorCode status = U_ZERO_ERROR;
    auto format = std::make_unique<icu::SimpleDateFormat>(icu::UnicodeString(pattern),
                                                          locale_of(language), status);
    check(status);
    return format;
  }

  std::unique_ptr<const icu::SimpleDateFormat> french_, english_;
};

const icu::number::LocalizedNumberFormatter& numbers_of(Language language) {
  using icu::number::NumberFormatter;
  static const auto french = NumberFormatter::withLocale(locale_of(Language::french));
  static const auto english = NumberFormatter::withLocale(locale_of(Language::english));
  return language == Language::french ? french : english;
}

std::string written(const icu::number::FormattedNumber& number) {
  UErrorCode status = U_ZERO_ERROR;  // of the formatting too
  const auto text = number.toString(status);
  check(status);
  return utf8_of(text);
}

// A .mo file (GNU gettext manual, "The Format of GNU MO Files"): a head of seven 32-bit numbers,
// two tables of (length, offset), then the strings. Ours is written by msgfmt on the machine that
// builds: little-endian.
class MoFile {
 public:
  explicit MoFile(std::string_view bytes) : bytes_(bytes) {}

  std::optional<std::uint32_t> number(std::size_t offset) const {
    if (bytes_.size() < 4 || offset > bytes_.size() - 4) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(bytes_[offset + i]);
    }
    return value;
  }

  // The string that entry `index` of the table at `table` points to.
  std::optional<std::string_view> string(std::uint32_t table, std::uint32_t index) const {
    const std::size_t entry = std::size_t{table} + std::size_t{index} * 8;
    const auto length = number(entry);
    const auto offset = number(entry + 4);
    if (!length || !offset || *offset > bytes_.size() || *length > bytes_.size() - *offset) {
      return std::nullopt;
    }
    return bytes_.substr(*offset, *length);
  }

 private:
  std::string_view bytes_;
};

// "fr: one form\0other form" and the like: the parts between NULs.
std::vector<std::string> parts_of(std::string_view joined) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = joined.find('\0');
    parts.emplace_back(joined.substr(0, end));
    if (end == std::string_view::npos) return parts;
    joined.remove_prefix(end + 1);
  }
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

std::set<std::string> placeholder_set(std::string_view text) {
  auto names = placeholders(text);
  return {std::make_move_iterator(names.begin()), std::make_move_iterator(names.end())};
}

}  // namespace

std::string_view language_code(Language language) {
  return language == Language::french ? "fr" : "en";
}

std::optional<Language> language_from_code(std::string_view code) {
  for (const auto language : languages) {
    if (language_code(language) == code) return language;
  }
  return std::nullopt;
}

std::string format_time(TimeMs time, Language language, const std::string& zone) {
  static const TimeFormats formats(u"EEEE d MMMM y 'à' HH'h'mm", u"EEEE d MMMM y 'at' HH:mm");
  return formats.write(time, language, zone);
}

std::string format_hour(TimeMs time, Language language) {
  static const TimeFormats formats(u"HH'h'mm", u"HH:mm");
  return formats.write(time, language, "Europe/Paris");
}

std::string country_name(std::string_view code, Language language) {
  icu::UnicodeString name;
  icu::Locale("", std::string(code).c_str()).getDisplayCountry(locale_of(language), name);
  return utf8_of(name);
}

std::string format_number(std::int64_t number, Language language) {
  UErrorCode status = U_ZERO_ERROR;
  return written(numbers_of(language).formatInt(number, status));
}

std::string format_decimal(double number, Language language) {
  UErrorCode status = U_ZERO_ERROR;
  return written(numbers_of(language)
                     .precision(icu::number::Precision::fixedFraction(2))
                     .formatDouble(number, status));
}

std::vector<std::string> placeholders(std::string_view text) {
  std::vector<std::string> names;
  for (auto open = text.find('{'); open != std::string_view::npos;
       open = text.find('{', open + 1)) {
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) break;
    const auto name = text.substr(open + 1, close - open - 1);
    if (!name.empty() && std::all_of(name.begin(), name.end(), is_name_character)) {
      names.emplace_back(name);
    }
  }
  return names;
}

Expected<Catalogue> Catalogue::parse(std::string_view mo) {
  const auto broken = [] { return fail("catalogue.format", "not a .mo catalogue"); };
  const MoFile file(mo);
  const auto magic = file.number(0);
  const auto count = file.number(8);
  const auto ids = file.number(12);
  const auto texts = file.number(16);
  if (magic != 0x950412deU || !count || !ids || !texts) return broken();
  Catalogue catalogue;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto id = file.string(*ids, i);
    const auto text = file.string(*texts, i);
    if (!id || !text) return broken();
    if (const auto status = catalogue.add(*id, *text); !status) return fail(status.error());
  }
  if (!catalogue.plural_rule_) {
    return fail("catalogue.plural_forms", "catalogue: no known Plural-Forms header");
  }
  return catalogue;
}

Status Catalogue::add(std::string_view id, std::string_view text) {
  if (id.empty()) {
    if (text.find("nplurals=2; plural=(n > 1);") != std::string_view::npos) {
      plural_rule_ = PluralRule::zero_is_singular;
    } else if (text.find("nplurals=2; plural=(n != 1);") != std::string_view::npos) {
      plural_rule_ = PluralRule::only_one_is_singular;
    }
    return {};
  }
  const auto names = parts_of(id);  // id, then what stood in msgid_plural
  Text entry{"", parts_of(text)};
  if (names.size() == 2) {
    const auto counters = placeholders(names[1]);
    if (counters.size() != 1) return fail("catalogue.counter", names[0] + ": msgid_plural");
    entry.counter = counters.front();
  }
  if (entry.forms.size() != names.size() ||
      std::count(entry.forms.begin(), entry.forms.end(), "")) {
    return fail("catalogue.untranslated", names[0] + " is not translated");
  }
  texts_.emplace(names[0], std::move(entry));
  return {};
}

const Text* Catalogue::find(std::string_view id) const {
  const auto found = texts_.find(id);
  return found == texts_.end() ? nullptr : &found->second;
}

std::size_t Catalogue::plural_form(std::int64_t n) const {
  const bool singular = n == 1 || (n == 0 && plural_rule_ == PluralRule::zero_is_singular);
  return singular ? 0 : 1;
}

Status Catalogue::override_text(std::string_view id, std::string_view text) {
  const auto found = texts_.find(id);
  if (found == texts_.end() || text.empty()) {
    return fail("text.unknown", "portal text \"" + std::string(id) + "\": no such text, or empty");
  }
  Text& current = found->second;
  if (current.forms.size() != 1) {
    return fail("text.plural", "portal text \"" + std::string(id) + "\" has plural forms");
  }
  if (placeholder_set(text) != placeholder_set(current.forms.front())) {
    return fail("text.values",
                "portal text \"" + std::string(id) + "\" must name the same values in braces");
  }
  current.forms.front() = text;
  return {};
}

}  // namespace isoloir::web
