#include "identity/pivot_identity.hpp"

#include <algorithm>
#include <optional>

#include "base/limits.hpp"
#include "base/unicode.hpp"

namespace isoloir {
namespace {

std::optional<std::string> text_claim(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_string()) return std::nullopt;
  auto text = found->get<std::string>();
  if (text.size() > limits::openid_text_bytes) return std::nullopt;
  return text;
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_date(std::string_view date) {
  return date.size() == 10 && date[4] == '-' && date[7] == '-' && all_digits(date.substr(0, 4)) &&
         all_digits(date.substr(5, 2)) && all_digits(date.substr(8)) && date.substr(0, 4) != "0000";
}

bool is_place_code(std::string_view code) {
  return code.size() == 5 && std::all_of(code.begin(), code.end(), [](char c) {
           return (c >= '0' && c <= '9') || c == 'A' || c == 'B';
         });
}

// The roll's given names are all of these, or the first ones.
bool same_given_names(const std::vector<std::string>& given, std::string_view on_roll) {
  const auto wanted = letters_and_digits(on_roll);
  std::string so_far;
  for (const auto& name : given) {
    so_far += letters_and_digits(name);
    if (so_far == wanted) return !wanted.empty();
  }
  return false;
}

constexpr std::string_view france = "99100";

// Paris, Lyon and Marseille have a code as a whole, which rolls have, and one for each
// arrondissement, which the civil register has. Corsica was department 20 until 1976, whose
// communes had other codes.
std::string_view whole_place(std::string_view code) {
  const auto within = [&](std::string_view from, std::string_view to) {
    return code >= from && code <= to;
  };
  if (within("75101", "75120")) return "75056";
  if (within("69381", "69389")) return "69123";
  if (within("13201", "13216")) return "13055";
  return code;
}
bool same_place(std::string_view on_roll, std::string_view vouched) {
  const auto corsican = [](std::string_view code) {
    return code.starts_with("2A") || code.starts_with("2B") || code.starts_with("20");
  };
  const bool before_1976 = on_roll.starts_with("20") || vouched.starts_with("20");
  return on_roll.empty() || whole_place(on_roll) == whole_place(vouched) ||
         (before_1976 && corsican(on_roll) && corsican(vouched));
}

// "00" is not known; without a month there is no day.
bool same_date(std::string_view left, std::string_view right) {
  const auto agree = [&](std::size_t at) {
    const auto one = left.substr(at, 2), other = right.substr(at, 2);
    return one == other || one == "00" || other == "00";
  };
  return is_date(left) && is_date(right) && left.substr(0, 4) == right.substr(0, 4) && agree(5) &&
         agree(8);
}

}  // namespace

Expected<PivotIdentity> read_pivot_identity(const Json& claims) {
  const auto wrong = [](const char* name) {
    return fail("identity.claims", std::string("the claim ") + name + " is missing or malformed");
  };
  if (!claims.is_object()) return wrong("set");
  PivotIdentity identity;
  const auto take = [&](const char* name, std::string& target) {
    auto text = text_claim(claims, name);
    if (text) target = std::move(*text);
    return text.has_value();
  };
  if (!take("family_name", identity.family_name) ||
      letters_and_digits(identity.family_name).empty()) {
    return wrong("family_name");
  }
  std::string given;
  if (!take("given_name", given) || letters_and_digits(given).empty()) return wrong("given_name");
  if (const auto list = claims.find("given_name_array"); list != claims.end()) {
    if (!list->is_array() || list->empty() || list->size() > limits::openid_given_names) {
      return wrong("given_name_array");
    }
    for (const auto& one : *list) {
      if (!one.is_string() ||
          one.get_ref<const std::string&>().size() > limits::openid_text_bytes) {
        return wrong("given_name_array");
      }
      identity.given_names.push_back(one.get<std::string>());
    }
  } else {
    for (std::size_t from = 0; from < given.size();) {
      const auto to = std::min(given.find(' ', from), given.size());
      if (to > from) identity.given_names.push_back(given.substr(from, to - from));
      from = to + 1;
    }
  }
  if (!take("birthdate", identity.birth_date) || !is_date(identity.birth_date)) {
    return wrong("birthdate");
  }
  if (!take("gender", identity.gender) ||
      (identity.gender != "female" && identity.gender != "male")) {
    return wrong("gender");
  }
  if (!take("birthcountry", identity.birth_country) || !is_place_code(identity.birth_country)) {
    return wrong("birthcountry");
  }
  if (!take("birthplace", identity.birth_place) ||
      (!identity.birth_place.empty() && !is_place_code(identity.birth_place))) {
    return wrong("birthplace");
  }
  return identity;
}

bool tells_people_apart(const RollIdentity& on_roll) {
  return !on_roll.birth_place.empty() ||
         (!on_roll.birth_country.empty() && on_roll.birth_country != france);
}

bool may_be_same_person(const PivotIdentity& identity, const RollIdentity& on_roll) {
  const auto same_where_known = [](std::string_view known, std::string_view vouched) {
    return known.empty() || known == vouched;
  };
  const std::string_view gender = identity.gender == "female" ? "F" : "M";
  const bool in_france = on_roll.birth_country.empty() || on_roll.birth_country == france;
  return same_date(identity.birth_date, on_roll.birth_date) &&
         letters_and_digits(identity.family_name) == letters_and_digits(on_roll.birth_name) &&
         same_given_names(identity.given_names, on_roll.given_names) &&
         same_where_known(on_roll.gender, gender) &&
         (!in_france || same_place(on_roll.birth_place, identity.birth_place)) &&
         same_where_known(on_roll.birth_country, identity.birth_country);
}

}  // namespace isoloir
