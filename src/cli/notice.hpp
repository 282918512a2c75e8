// The voting notice: one printable A4 page of HTML with a voter's code, French first, complete
// English beside. It loads nothing from anywhere. Pure; thread-safe.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "election/credential.hpp"
#include "election/manifest.hpp"
#include "election/roll.hpp"

namespace isoloir::cli {

// What the notices say of the election; the fields of an election draft that the registrar needs.
struct NoticeElection {
  ElectionId id;
  BilingualText title;
  std::string origin;  // https://host[:port]
  struct Contest {
    BilingualText name;
    std::vector<std::string> districts;
  };
  std::vector<Contest> contests;
  TimeMs opens_at = 0;
  TimeMs closes_at = 0;
};

// A file is notice_head, then one or many pages, then notice_foot.
std::string notice_head(const NoticeElection& election);
Secret<std::string> notice_page(const NoticeElection& election, const Voter& voter,
                                const Code& code);
std::string notice_foot();

// Characters as they are read aloud: "sept, Kilo, zéro" / "seven, Kilo, zero". `text` is of the
// Crockford alphabet.
std::string read_aloud(std::string_view text, bool french);

}  // namespace isoloir::cli
