#include "service/credential_in_text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/random.hpp"

namespace isoloir {
namespace {

CredentialForms legislative() {
  CredentialForms forms;
  forms.code = {12, false};
  forms.identifier = CodeForm{12, false};
  return forms;
}

bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A'; });
}
bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
// What the promise is about: letters and digits, and some group mixes them.
bool promised(const Code& code) {
  const auto groups = code.groups();
  return std::any_of(groups.begin(), groups.end(),
                     [](const auto& g) { return has_letter(g) && has_digit(g); });
}

std::string joined(const std::vector<std::string>& groups, std::string_view between) {
  std::string text = groups[0];
  for (std::size_t i = 1; i < groups.size(); ++i) text += std::string(between) + groups[i];
  return text;
}

std::string lower(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

std::string full_width(std::string_view text) {
  std::string wide;
  for (const char c : text) {
    const auto low = static_cast<unsigned char>(c) - 0x20u;  // U+FF00 + low
    wide += '\xef';
    wide += static_cast<char>(0xbc + low / 64);
    wide += static_cast<char>(0x80 + low % 64);
  }
  return wide;
}

const std::vector<std::string> frames = {
    "{}",           "mon mot de passe est {}",   "identifiant:{}",   "identifiant={}.",
    "« {} »",       "({}) ne marche pas",        "{}, c'est tout",   "Bonjour,\r\n{}\r\nMerci",
    "reçu :\n{} !", "mdp/{}/identifiant perdus", "l’identifiant‘{}’"};
const std::vector<std::string> separators = {"",       "-",      " ",      "\u2013", "\u00a0",
                                             "\u202f", "\u2011", "\u200b", "  ",     " - ",
                                             "\n",     "\t",     "\u00ad", "\u3000"};

// Requirement 9: every code of every form is found, however it is written.
RC_GTEST_PROP(CredentialInText, R09EveryCodeIsFoundHoweverItIsWritten, ()) {
  SystemRandom random;
  CredentialForms forms;
  forms.code = {*rc::gen::inRange(12u, 25u), *rc::gen::arbitrary<bool>()};
  if (*rc::gen::arbitrary<bool>()) forms.identifier = CodeForm{*rc::gen::inRange(12u, 25u), false};
  const bool identifier = forms.identifier && *rc::gen::arbitrary<bool>();
  const auto code = Code::generate(random, identifier ? *forms.identifier : forms.code);
  RC_PRE(promised(code));
  auto written = joined(code.groups(), *rc::gen::elementOf(separators));
  if (*rc::gen::arbitrary<bool>()) written = lower(written);
  const auto frame = *rc::gen::elementOf(frames);
  const auto at = frame.find("{}");
  const auto text = frame.substr(0, at) + written + frame.substr(at + 2);
  RC_LOG() << text;
  RC_ASSERT(credential_in(text, forms).has_value());
}

// As Code::parse reads: O for 0, I and L for 1.
TEST(CredentialInText, ReadsAsGenerouslyAsACodeIsRead) {
  const auto forms = legislative();
  for (const std::string text :
       {"K7QD2M4XPR9T", "k7qd2m4xpr9t", "KOQD2M4XPRIT", "kOqd-2m4x-prlt", "K7QD 2M4X PR9T",
        "k7qd 2m4x pr9t", "K7QD - 2M4X - PR9T", "K7Q D2M 4XP R9T", "K7QD2M 4XPR9T", "K7QD2M4X PR9T",
        "K7-QD2M4XPR9T", "K7QD2M4XPR9TW3HN8VB5CZ6A", "abcdefgh1jkm"}) {
    EXPECT_EQ(credential_in("voici " + text + ".", forms).value_or("passes"), text);
    EXPECT_TRUE(Code::parse(text, forms.code) || text.size() == 24 ||
                Code::parse(text, *forms.identifier))
        << "a code, or two: " << text;
  }
  EXPECT_TRUE(credential_in(full_width("K7QD2M4XPR9T"), forms));
  EXPECT_TRUE(credential_in(full_width("k7qd2m4xpr9t"), forms));
}

// The voter's own words: nobody is refused for a date, a number, an address or a long word.
TEST(CredentialInText, WhatPeopleWritePasses) {
  const auto forms = legislative();
  for (const std::string text : {"+33 6 12 34 56 78",
                                 "tel. +33612345678 ou 0612345678",
                                 "le 06 12 34 56 78 merci",
                                 "+1 (212) 555-0100",
                                 "00 44 20 7946 0958",
                                 "le 27 mai 2022 à 9h30",
                                 "27/05/2022 12:00",
                                 "2022-05-27T12:00",
                                 "5-octobre-2022",
                                 "le 3 decembre 2022",
                                 "13 decembre 2022 midi",
                                 "mars 2022 avec rien",
                                 "MARS 2022 AVEC MOI",
                                 "depuis le 1er mai est mon",
                                 "le 1er mars 2022",
                                 "entre 08h30 et 10h30",
                                 "informations",
                                 "AUTHENTIFICATION",
                                 "administrativement",
                                 "camille75012x@example.org",
                                 "camille75012@example.org",
                                 "numero NUMIC 123456789",
                                 "NUMIC 123456789012",
                                 "erreur 404 sur la page",
                                 "Windows 11, Firefox 115.0",
                                 "iPhone 13 et Safari 17",
                                 "ma reference est K7QD-2M4X",
                                 "A voté",
                                 "12 rue de la Paix 75002",
                                 "passeport 19AB12345",
                                 "J'ai 2 enfants, le 3e est né",
                                 "",
                                 " ",
                                 "-",
                                 "É",
                                 "\xf0\x9f\x98\x80"}) {
    EXPECT_EQ(credential_in(text, forms).value_or("passes"), "passes") << text;
  }
}

// The help desk may have to know which ballot a complaint is about.
TEST(CredentialInText, ATrackerAndAFingerprintPass) {
  const std::string tracker = "K7QD 2M4X PR9T W3HN 8VB5 CZ6A K7QD 2M4X PR9T W3HN 8VB5 CZ6A K7Q0";
  const std::string fingerprint =
      "a1b2 c3d4 e5f6 a7b8 a1b2 c3d4 e5f6 a7b8 a1b2 c3d4 e5f6 a7b8 a1b2 c3d4 e5f6 a7b8";
  EXPECT_FALSE(credential_in("numéro de suivi : " + tracker + ".", legislative()));
  EXPECT_FALSE(credential_in("empreinte " + fingerprint, legislative()));
  std::string alone = tracker;
  std::erase(alone, ' ');
  EXPECT_FALSE(credential_in(alone, legislative()));
  EXPECT_TRUE(credential_in(tracker + ". Et K7QD 2M4X PR9T", legislative()));
}

// Whatever is typed is judged.
RC_GTEST_PROP(CredentialInText, AnyTextIsJudged, (const std::string& bytes)) {
  const auto found = credential_in(bytes, legislative());
  if (!found.has_value()) return;
  RC_ASSERT(bytes.find(found.value()) != std::string::npos);
}

}  // namespace
}  // namespace isoloir
