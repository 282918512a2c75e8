#include "service/credential_in_text.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <vector>

#include "election/crockford.hpp"

namespace isoloir {
namespace {

constexpr std::size_t group_characters = 4;  // as Code::groups
constexpr std::size_t tracker_groups = 13;   // 52 characters; a fingerprint has 16

// A word between separators or punctuation.
struct Group {
  std::size_t begin = 0;  // bytes of the text
  std::size_t end = 0;
  std::size_t length = 0;  // characters
  bool letter = false;     // as typed: an O is a letter, though a code reads it as 0
  bool digit = false;
  bool good = true;          // of the codes' alphabet, all of it
  bool joined = false;       // separators alone part it from the one before
  bool after_space = false;  // white space is among them
  bool mixed() const { return letter && digit; }
};

std::size_t point_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return std::min(length, text.size());
}

bool ends_a_word(std::string_view point) {
  if (point.size() == 1) {
    const char c = point[0];
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return !alphanumeric && c != '@' && c != '_';  // what stands before @ is an address's
  }
  // Latin-1's signs (U+00A1 to U+00BF) and general punctuation: « » ’ … •
  return point[0] == '\xc2' || point.starts_with("\xe2\x80");
}

bool is_white(std::string_view point) {
  if (point.size() == 1) return point[0] != '-';
  constexpr std::string_view zero_width[] = {"\u200b", "\u200c", "\u200d", "\u00ad", "\ufeff"};
  if (std::find(std::begin(zero_width), std::end(zero_width), point) != std::end(zero_width)) {
    return false;
  }
  // Left are spaces and dashes; the dashes are U+2010 to U+2015, U+2212 and U+FF0D.
  const bool dash = point == "\u2212" || point == "\uff0d" ||
                    (point.starts_with("\xe2\x80") && point[2] >= '\x90' && point[2] <= '\x95');
  return !dash;
}

std::vector<Group> groups_of(std::string_view text) {
  std::vector<Group> groups;
  Group next;
  bool inside = false;  // a word
  const auto finish = [&](std::size_t at) {
    if (!inside) return;
    next.end = at;
    groups.push_back(next);
    next = {};
    next.joined = true;
    inside = false;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto point = text.substr(at, point_bytes(text.substr(at)));
    const auto read = crockford_normalise(point);
    if (read && read->empty()) {
      finish(at);
      next.after_space = next.after_space || is_white(point);
    } else if (!read && ends_a_word(point)) {
      finish(at);
      next = {};
    } else {
      if (!inside) next.begin = at;
      inside = true;
      ++next.length;
      const char typed = point.size() == 1 ? point[0] : read ? (*read)[0] : '?';
      (typed >= '0' && typed <= '9' ? next.digit : next.letter) = true;
      next.good = next.good && read.has_value();
    }
    at += point.size();
  }
  finish(text.size());
  return groups;
}

void leave_trackers_out(std::vector<Group>& groups) {
  for (std::size_t i = 0; i < groups.size();) {
    std::size_t end = i;
    const auto fits = [&](const Group& group) {
      return group.good && group.length == group_characters;
    };
    while (end < groups.size() && fits(groups[end]) && (end == i || groups[end].joined)) ++end;
    if (end - i >= tracker_groups) {
      for (std::size_t j = i; j < end; ++j) groups[j].good = false;
    }
    i = std::max(end, i + 1);
  }
}

bool as_shown(std::span<const Group> run) {
  const auto full = [](const Group& group) { return group.length == group_characters; };
  return std::all_of(run.begin(), run.end() - 1, full) && run.back().length > 1 &&
         run.back().length <= group_characters + 1;
}

bool looks_like_a_code(std::span<const Group> run) {
  const auto any = [&](auto what) { return std::any_of(run.begin(), run.end(), what); };
  if (!any([](const Group& g) { return g.letter; }) || !any([](const Group& g) { return g.digit; }))
    return false;
  if (run.size() == 1) return true;
  const auto mixed = static_cast<std::size_t>(
      std::count_if(run.begin(), run.end(), [](const Group& g) { return g.mixed(); }));
  const auto apart = run.subspan(1);
  const bool by_hyphens =
      std::none_of(apart.begin(), apart.end(), [](const Group& g) { return g.after_space; });
  const bool even = std::all_of(run.begin(), run.end(),
                                [&](const Group& g) { return g.length == run[0].length; });
  if (by_hyphens || as_shown(run)) return mixed >= 1;
  return mixed == run.size() || (even && 2 * mixed >= run.size());
}

}  // namespace

std::optional<std::string> credential_in(std::string_view utf8, const CredentialForms& forms) {
  const std::size_t code = forms.code.length();
  const std::size_t identifier = forms.identifier ? forms.identifier->length() : code;
  const std::set<std::size_t> lengths{code, identifier, code + identifier};
  auto groups = groups_of(utf8);
  leave_trackers_out(groups);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t length = 0;
    for (std::size_t j = i; j < groups.size() && groups[j].good; ++j) {
      if (j > i && !groups[j].joined) break;
      length += groups[j].length;
      if (length > *lengths.rbegin()) break;
      const std::span<const Group> run(groups.data() + i, j - i + 1);
      if (lengths.contains(length) && looks_like_a_code(run)) {
        return std::string(utf8.substr(groups[i].begin, groups[j].end - groups[i].begin));
      }
    }
  }
  return std::nullopt;
}

}  // namespace isoloir
