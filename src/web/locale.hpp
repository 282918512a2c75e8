// The languages of the screens: gettext catalogues with symbolic ids ("sign_in.title"), and dates
// and numbers as ICU writes them, without ever touching the process's own locale (a bare system has
// no fr_FR).
//
// A text is plain, never HTML. It names the values it takes in braces: "Bonjour {name}". A text
// that depends on a number has its id in msgid, the name of that number in msgid_plural in the same
// braces, and one msgstr[i] a form.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace isoloir::web {

enum class Language { french, english };  // the first is the default

inline constexpr std::array languages{Language::french, Language::english};

std::string_view language_code(Language language);  // "fr", "en": BCP 47, and the catalogue's name
std::optional<Language> language_from_code(std::string_view code);

// "jeudi 1 décembre 2022 à 08h00", "Thursday 1 December 2022 at 08:00": the time in Paris, where
// the law counts the hours of these elections, or in another zone of the tz database. Thread-safe.
std::string format_time(TimeMs time, Language language, const std::string& zone = "Europe/Paris");

// "14h20", "14:20": the hour in Paris. Thread-safe.
std::string format_hour(TimeMs time, Language language);

// What CLDR calls a country (ISO 3166-1, two letters): "Argentine", "Argentina"; the code where it
// knows none. Thread-safe.
std::string country_name(std::string_view code, Language language);

// "45 618" (narrow no-break space), "45,618". Thread-safe.
std::string format_number(std::int64_t number, Language language);

// Two decimals: "4 561,80", "4,561.80". Thread-safe.
std::string format_decimal(double number, Language language);

struct Text {
  std::string
      counter;  // name of the value that chooses the form; empty where there is one form only
  std::vector<std::string> forms;  // never empty, never holding an empty form
};

// Names in braces within a text, in order of appearance: "a-z_0-9" only.
std::vector<std::string> placeholders(std::string_view text);

// One language's texts, read from a compiled catalogue. Immutable but for override_text, hence
// thread-safe after it.
class Catalogue {
 public:
  // The bytes of a .mo file in UTF-8. Errors: catalogue.format, catalogue.untranslated,
  // catalogue.counter, catalogue.plural_forms (the header must give the rule of French or of
  // English).
  static Expected<Catalogue> parse(std::string_view mo);

  const Text* find(std::string_view id) const;  // null when there is none
  const std::map<std::string, Text, std::less<>>& texts() const { return texts_; }

  // The form that gettext's Plural-Forms header gives for n >= 0: an index into Text::forms.
  std::size_t plural_form(std::int64_t n) const;

  // The portal's own wording of a one-form text. Errors: text.unknown (no such id), text.values (it
  // must name the same values), text.plural.
  Status override_text(std::string_view id, std::string_view text);

 private:
  enum class PluralRule { zero_is_singular, only_one_is_singular };

  Status add(std::string_view id, std::string_view text);

  std::map<std::string, Text, std::less<>> texts_;
  std::optional<PluralRule> plural_rule_;
};

}  // namespace isoloir::web
