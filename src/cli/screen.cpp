#include "cli/screen.hpp"

#include <algorithm>

namespace isoloir::cli {

std::string both(const std::string& french, const std::string& english) {
  return french + "\n    " + english + "\n";
}

std::string moment(TimeMs at, web::Language language) {
  return web::format_time(at, language) +
         (language == web::Language::french ? " (heure de Paris)" : " (Paris time)");
}

std::string vote_hours(TimeMs opens_at, TimeMs closes_at) {
  using web::Language;
  return both("Vote du " + web::format_time(opens_at, Language::french) + " au " +
                  moment(closes_at, Language::french),
              "Vote from " + web::format_time(opens_at, Language::english) + " to " +
                  moment(closes_at, Language::english));
}

std::pair<const char*, const char*> role_words(BureauRole role) {
  switch (role) {
    case BureauRole::president:
      return {"président·e", "president"};
    case BureauRole::secretary:
      return {"secrétaire", "secretary"};
    case BureauRole::delegate:
      return {"délégué·e de liste", "list delegate"};
    case BureauRole::substitute:
      return {"suppléant·e", "substitute"};
  }
  ISOLOIR_ASSERT(false);
}

std::string in_groups(ByteView bytes, std::size_t digits) {
  const std::string hex = hex_encode(bytes);
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += digits) {
    out += (i == 0 ? "" : " ") + hex.substr(i, digits);
  }
  return out;
}

std::string in_lines(ByteView bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 16) {
    out += "    " + in_groups(bytes.subspan(i, std::min<std::size_t>(16, bytes.size() - i))) + "\n";
  }
  return out;
}

std::string in_groups(const Fingerprint& fingerprint) {
  return in_groups(fingerprint.bytes, 4);
}

}  // namespace isoloir::cli
