#include "identity/common_passwords.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "base/unicode.hpp"

asm(".pushsection .rodata\n"
    ".global isoloir_passwords_begin\n"
    ".global isoloir_passwords_end\n"
    "isoloir_passwords_begin:\n"
    ".incbin \"" ISOLOIR_PASSWORDS_FILE
    "\"\n"
    "isoloir_passwords_end:\n"
    ".popsection\n");
extern "C" const char isoloir_passwords_begin[];
extern "C" const char isoloir_passwords_end[];

namespace isoloir {
namespace {

constexpr std::size_t letters_min = 4;

const std::vector<std::string_view>& listed() {
  static const auto words = [] {
    std::vector<std::string_view> lines;
    std::string_view rest(
        isoloir_passwords_begin,
        static_cast<std::size_t>(isoloir_passwords_end - isoloir_passwords_begin));
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      lines.push_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    return lines;
  }();
  return words;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

std::string_view without_frame(std::string_view folded) {
  const auto first = std::find_if(folded.begin(), folded.end(), is_letter);
  const auto last = std::find_if(folded.rbegin(), folded.rend(), is_letter).base();
  if (first >= last) return {};
  return folded.substr(static_cast<std::size_t>(first - folded.begin()),
                       static_cast<std::size_t>(last - first));
}

// The signs that commonly stand for letters. "1" stands for two.
std::string undressed(std::string_view folded, char one) {
  std::string plain(folded);
  for (char& c : plain) {
    switch (c) {
      case '@':
      case '4':
        c = 'a';
        break;
      case '0':
        c = 'o';
        break;
      case '3':
        c = 'e';
        break;
      case '$':
      case '5':
        c = 's';
        break;
      case '7':
        c = 't';
        break;
      case '!':
      case '1':
        c = one;
        break;
      default:
        break;
    }
  }
  return plain;
}

bool is_listed_core(std::string_view core) {
  return core.size() >= letters_min && is_listed_password(core);
}

// The frame comes off before its digits are read as letters, and what they stand for within after.
bool is_dressed_up(std::string_view folded) {
  const auto core = without_frame(folded);
  if (is_listed_core(core)) return true;
  for (const char one : {'i', 'l'}) {
    if (is_listed_core(undressed(core, one))) return true;
    if (is_listed_core(without_frame(undressed(folded, one)))) return true;
    // A sign before or after the word may be a letter of it: "@zertyuiop2022".
    const auto whole = undressed(folded, one);
    for (std::size_t cut = whole.size(); cut > core.size(); --cut) {
      if (is_listed_core(std::string_view(whole).substr(0, cut))) return true;
    }
  }
  return false;
}

}  // namespace

bool is_listed_password(std::string_view folded) {
  return std::binary_search(listed().begin(), listed().end(), folded);
}

bool is_common_password(std::string_view password) {
  const auto folded = nfkc_casefold(password);
  if (!folded || folded->empty()) return false;
  return is_listed_password(*folded) || is_dressed_up(*folded);
}

}  // namespace isoloir
