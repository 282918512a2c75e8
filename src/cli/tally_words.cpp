#include "cli/tally_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/screen.hpp"

namespace isoloir::cli {
namespace {

std::int64_t sign_offs_of(const std::vector<SignedDocument>& events, std::uint32_t contest) {
  for (const auto& event : events) {
    if (text_field(event.body(), "event") == "freeze") {
      return event.body()["data"]["sign_offs"].at(contest).get<std::int64_t>();
    }
  }
  ISOLOIR_ASSERT(!"a tally is of a frozen box");
  return 0;
}

void say_unit(const CountingUnit& unit, const Say& say) {
  const auto ballots = unit.total.ballots;
  say(fmt::format("  - {} : {} bulletin(s)", unit.where.name, ballots),
      fmt::format("  - {}: {} ballot(s)", unit.where.name, ballots));
  if (ballots == 1) {
    say("    ATTENTION : un seul bulletin ; l'ouvrir, c'est dire ce qu'une personne a voté.",
        "    WARNING: a single ballot; to open it is to tell how one person voted.");
  }
}

}  // namespace

std::string tally_read_aloud(const ByteArray<64>& tally) {
  return in_groups(ByteView(tally).first(tally_digits_read / 2), 4);
}

Expected<std::string> parse_read_tally(std::string_view typed) {
  std::string digits;
  for (const char c : typed) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isspace(byte) == 0 && c != '-') {
      digits.push_back(static_cast<char>(std::tolower(byte)));
    }
  }
  if (digits.size() < tally_digits_read || digits.size() > 128 ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return fail("trustee.tally_form",
                fmt::format("T is the {} hexadecimal digits that were read aloud, or all 128",
                            tally_digits_read));
  }
  return digits;
}

Status compare_tally(const ByteArray<64>& tally, const std::string& digits) {
  if (hex_encode(tally).starts_with(digits)) return {};
  return fail("trustee.tally_read",
              "this box has another T than the one that was read aloud: nothing is signed or made. "
              "Tell the other members: you are not shown the same box");
}

void say_tally(const Manifest& manifest, const Tally& tally,
               const std::vector<SignedDocument>& events, const Say& say) {
  say("Ce qui va être ouvert :", "What is about to be opened:");
  for (std::uint32_t k = 0; k < manifest.contests.size(); ++k) {
    const auto& name = manifest.contests[k].name;
    std::uint64_t ballots = 0;
    for (const auto& unit : tally.units) ballots += unit.contest == k ? unit.total.ballots : 0;
    const auto sign_offs = sign_offs_of(events, k);
    say(fmt::format("Scrutin {}, {} : {} bulletin(s) dans l'urne, {} émargement(s)", k, name.fr,
                    ballots, sign_offs),
        fmt::format("Contest {}, {}: {} ballot(s) in the box, {} sign-off(s)", k, name.en, ballots,
                    sign_offs));
    for (const auto& unit : tally.units) {
      if (unit.contest == k) say_unit(unit, say);
    }
  }
  const auto root = in_groups(tally.anchors.log_root);
  say(fmt::format("Journal public au scellement de l'urne : {} entrées, racine {}",
                  tally.anchors.log_size, root),
      fmt::format("Public log when the box was sealed: {} entries, root {}", tally.anchors.log_size,
                  root));
  const auto read = tally_read_aloud(tally.hash);
  say("Décompte T, à lire à voix haute : " + read, "Tally T, to be read aloud: " + read);
  say("À comparer, tous les membres dans une même salle : chacun lit ce même T sur son propre "
      "écran, "
      "et les émargements sont ceux que porte le procès-verbal. Sinon, personne ne signe.",
      "To be compared, all members in one room: everybody reads this same T on a screen of their "
      "own, and the sign-offs are what the minutes say. Otherwise nobody signs.");
}

}  // namespace isoloir::cli
