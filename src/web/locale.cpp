#include "web/locale.hpp"

#include <unicode/locid.h>

#include <algorithm>
#include <boost/locale.hpp>
#include <iterator>
#include <set>
#include <sstream>

namespace isoloir::web {
namespace {

std::locale icu_locale(const char* name) {
  auto backends = boost::locale::localization_backend_manager::global();
  backends.select("icu");
  return boost::locale::generator(backends)(name);
}

const std::locale& locale_of(Language language) {
  static const std::locale french = icu_locale("fr_FR.UTF-8");
  static const std::locale english = icu_locale("en_GB.UTF-8");
  return language == Language::french ? french : english;
}

std::ostringstream stream_of(Language language) {
  std::ostringstream stream;
  stream.imbue(locale_of(language));
  return stream;
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
  auto stream = stream_of(language);
  stream << boost::locale::as::time_zone(zone)
         << boost::locale::as::ftime(language == Language::french ? "%A %e %B %Y à %Hh%M"
                                                                  : "%A %e %B %Y at %H:%M")
         << static_cast<double>(time) / 1000;
  return stream.str();
}

std::string format_hour(TimeMs time, Language language) {
  auto stream = stream_of(language);
  stream << boost::locale::as::time_zone("Europe/Paris")
         << boost::locale::as::ftime(language == Language::french ? "%Hh%M" : "%H:%M")
         << static_cast<double>(time) / 1000;
  return stream.str();
}

std::string country_name(std::string_view code, Language language) {
  icu::UnicodeString name;
  icu::Locale("", std::string(code).c_str())
      .getDisplayCountry(icu::Locale(language == Language::french ? "fr" : "en"), name);
  std::string utf8;
  name.toUTF8String(utf8);
  return utf8;
}

std::string format_number(std::int64_t number, Language language) {
  auto stream = stream_of(language);
  stream << boost::locale::as::number << number;
  return stream.str();
}

std::string format_decimal(double number, Language language) {
  auto stream = stream_of(language);
  stream.precision(2);
  stream << boost::locale::as::number << std::fixed << number;
  return stream.str();
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
