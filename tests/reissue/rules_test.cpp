#include <gtest/gtest.h>

#include <set>

#include "reissue/destination.hpp"
#include "reissue/throttle.hpp"
#include "reissue/token.hpp"

namespace isoloir::reissue {
namespace {

constexpr TimeMs today = 1'700'000'000'000;

TEST(ReissueThrottle, LimitsOfMinuteHourAndDay) {
  const RateLimit limit{1, 3, 6};
  std::vector<TimeMs> times;
  EXPECT_FALSE(retry_at(times, limit, today));
  times = {today - 30'000};
  EXPECT_EQ(retry_at(times, limit, today), today + 30'000);
  times = {today - minute_ms};
  EXPECT_FALSE(retry_at(times, limit, today));
  times = {today - 50 * minute_ms, today - 40 * minute_ms, today - 30 * minute_ms};
  EXPECT_EQ(retry_at(times, limit, today), today + 10 * minute_ms);
  times = {today - 20 * hour_ms, today - 18 * hour_ms, today - 16 * hour_ms,
           today - 14 * hour_ms, today - 12 * hour_ms, today - 10 * hour_ms};
  EXPECT_EQ(retry_at(times, limit, today), today + 4 * hour_ms);
  times = {today - 25 * hour_ms};
  EXPECT_FALSE(retry_at(times, limit, today));
  EXPECT_FALSE(retry_at(std::vector<TimeMs>(100, today), {}, today));
}

// Requirement 21: a clock set back does not open what was shut.
TEST(ReissueThrottle, R21TimesInTheFutureCount) {
  EXPECT_TRUE(retry_at(std::vector<TimeMs>{today + hour_ms}, {1, 0, 0}, today));
  EXPECT_TRUE(
      proof_retry_at(std::vector<TimeMs>{today + hour_ms}, ProofLimit{5, minute_ms}, today));
}

// Requirement 22: five in a day, each with twice the delay of the one before.
TEST(ReissueThrottle, R22WrongProofsDelayAndThenEnd) {
  std::vector<TimeMs> wrong;
  EXPECT_EQ(proofs_left(wrong, ProofLimit{}, today), 5u);
  TimeMs time = today;
  for (const std::int64_t minutes : {1, 2, 4, 8}) {
    wrong.push_back(time);
    EXPECT_EQ(proof_retry_at(wrong, ProofLimit{5, minute_ms}, time), time + minutes * minute_ms);
    EXPECT_FALSE(proof_retry_at(wrong, ProofLimit{5, minute_ms}, time + minutes * minute_ms));
    time += minutes * minute_ms;
  }
  wrong.push_back(time);
  EXPECT_EQ(proofs_left(wrong, ProofLimit{}, time), 0u);
  EXPECT_EQ(proof_retry_at(wrong, ProofLimit{5, minute_ms}, time), today + day_ms);
  EXPECT_EQ(proof_retry_at(wrong, ProofLimit{9, minute_ms}, time), time + 16 * minute_ms);
  EXPECT_FALSE(proof_retry_at(wrong, ProofLimit{5, minute_ms}, today + day_ms));
}

// Requirement 41.
TEST(ReissueThrottle, R41AThirdVoterAtOneDestination) {
  const ByteArray<32> a{1}, b{2}, c{3};
  EXPECT_FALSE(too_many_voters(std::vector{a, a, a}, b, 2));
  EXPECT_TRUE(too_many_voters(std::vector{a, b, a}, c, 2));
  EXPECT_FALSE(too_many_voters(std::vector{a, b}, b, 2));
}

// Requirements 11 and 16.
TEST(ReissueToken, R11R16AreRandomAndBoundToPurposeAndElection) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto text = Token::generate(random).text();
    EXPECT_EQ(text.size(), 43u);
    seen.insert(text);
  }
  EXPECT_EQ(seen.size(), 1000u);
  const auto token = Token::generate(random);
  const ByteArray<32> key{7}, other_key{8};
  const ElectionId election{{1}}, other{{2}};
  const std::set<ByteArray<32>> macs = {
      token_mac(key, TokenPurpose::link, election, token),
      token_mac(key, TokenPurpose::flow, election, token),
      token_mac(key, TokenPurpose::cancel, election, token),
      token_mac(key, TokenPurpose::identification, election, token),
      token_mac(key, TokenPurpose::link, other, token),
      token_mac(other_key, TokenPurpose::link, election, token)};
  EXPECT_EQ(macs.size(), 6u);
  EXPECT_TRUE(Token::parse(token.text()));
  for (const auto* bad : {"", "abc", "!!!!"}) EXPECT_FALSE(Token::parse(bad));
  EXPECT_FALSE(Token::parse(token.text() + "A"));
}

std::string email(std::string_view typed, std::string_view own = "Jean.Dupont@ac-lyon.fr") {
  const auto judged = judge_email(typed, own);
  return judged ? judged->address : judged.error().message_id;
}

// Requirements 36 and 37: what is judged is what is sent to, one address only.
TEST(ReissueDestination, R36R37OneAddressAsJudged) {
  EXPECT_EQ(email("camille@example.org"), "camille@example.org");
  EXPECT_EQ(email("  camille@Example.ORG "), "camille@example.org");
  EXPECT_EQ(email("Camille.E+x@example.org"), "Camille.E+x@example.org");
  EXPECT_EQ(email("camille@bücher.example"), "camille@xn--bcher-kva.example");
  for (const auto* bad : {"a@example.org,b@example.org", "a@example.org b@example.org",
                          "a@example.org;b@example.org", "<a@example.org>", "a@b@example.org"}) {
    EXPECT_EQ(email(bad), "reissue.email_form") << bad;
  }
}

// Each label of two letters is eight characters of what the wire has (found by the fuzzer).
TEST(ReissueDestination, R36OneThatIsTooLongOnTheWireIsRefused) {
  const auto address = [](std::size_t labels) {
    std::string text = "claude.de.la.republique@";
    for (std::size_t i = 0; i < labels; ++i) text += "éé.";
    return text + "org";
  };
  const auto fits = email(address(20));
  EXPECT_LE(fits.size(), 254U);
  EXPECT_EQ(email(fits), fits);
  EXPECT_LT(address(26).size(), 254U);
  EXPECT_EQ(email(address(26)), "reissue.email_form");
}

// Requirement 38.
TEST(ReissueDestination, R38NothingThatCouldBecomeAHeader) {
  using namespace std::string_view_literals;
  for (const auto bad :
       {"a@example.org\r\nBcc: x@example.org"sv, "a\r@example.org"sv, "a@example.org\n"sv,
        "a\0@example.org"sv, "a@example.org\0"sv, "\"a b\"@example.org"sv, "a(c)@example.org"sv,
        "a@example.org (c)"sv, "a,b@example.org"sv, "a@[192.0.2.1]"sv, "é@example.org"sv,
        ".a@example.org"sv, "a..b@example.org"sv, "a@localhost"sv, "a@example.org."sv, "@x.org"sv,
        ""sv, "a@exam_ple.org"sv, "a@-x.org"sv}) {
    EXPECT_EQ(email(bad), "reissue.email_form") << bad;
  }
  EXPECT_EQ(email(std::string(65, 'a') + "@example.org"), "reissue.email_form");
  EXPECT_EQ(email("a@" + std::string(300, 'a') + ".org"), "reissue.email_form");
}

// Requirement 39.
TEST(ReissueDestination, R39TheProfessionalAddressInDisguise) {
  for (const auto* same :
       {"Jean.Dupont@ac-lyon.fr", "jean.dupont@AC-LYON.fr", "jean.dupont+perso@ac-lyon.fr",
        "jeandupont@ac-lyon.fr", "j.e.a.n.dupont@ac-lyon.fr", "jean.dupont@mail.ac-lyon.fr",
        "jean.dupont@fr", "JEAN.DUPONT@ac-lyon。fr", "jean.dupont@ａｃ-lyon.fr"}) {
    const auto verdict = email(same);
    EXPECT_TRUE(verdict == "reissue.email_professional" || verdict == "reissue.email_form") << same;
    if (std::string_view(same) != "jean.dupont@fr") {
      EXPECT_EQ(verdict, "reissue.email_professional") << same;
    }
  }
  EXPECT_EQ(email("jean@bücher.example", "jean@xn--bcher-kva.example"),
            "reissue.email_professional");
  EXPECT_EQ(email("jean@xn--bcher-kva.example", "jean@BÜCHER.example"),
            "reissue.email_professional");
  EXPECT_EQ(email("jean@ac-lyon.fr", "jean@webmail.ac-lyon.fr"), "reissue.email_professional");
  // Siblings, cousins and uncles of the professional domain.
  for (const auto* sibling : {"jean@mail.ac-lyon.fr", "j.ean+x@Mail.AC-LYON.fr",
                              "jean@a.b.ac-lyon.fr", "jean@mail。ac-lyon.fr"}) {
    EXPECT_EQ(email(sibling, "jean@webmail.ac-lyon.fr"), "reissue.email_professional") << sibling;
    EXPECT_EQ(email(sibling, "jean@x.webmail.ac-lyon.fr"), "reissue.email_professional") << sibling;
  }
  EXPECT_EQ(email("jean@mail.bücher.example", "jean@web.xn--bcher-kva.example"),
            "reissue.email_professional");
  EXPECT_EQ(email("jean@mail.ac-paris.fr", "jean@mail.ac-lyon.fr"), "jean@mail.ac-paris.fr");
  EXPECT_EQ(email("paul@mail.ac-lyon.fr", "jean@mail.ac-lyon.fr"), "paul@mail.ac-lyon.fr");
  // Routing inside the local part: user%domain@relay, domain!user@relay, and where it hides.
  for (const auto* routed :
       {"jean.dupont%ac-lyon.fr@relay.example", "jean.dupont%ac-lyon.fr%x.example@relay.example",
        "ac-lyon.fr!jean.dupont@relay.example", "jean.dupont%ac-lyon.fr+x@relay.example",
        "@relay.example:jean.dupont@ac-lyon.fr"}) {
    EXPECT_EQ(email(routed), "reissue.email_form") << routed;
  }
  EXPECT_EQ(email("jean.dupont@notac-lyon.fr"), "jean.dupont@notac-lyon.fr");
  EXPECT_EQ(email("jean.dupont@example.org"), "jean.dupont@example.org");
}

// Requirement 40.
TEST(ReissueDestination, R40MixedScripts) {
  EXPECT_EQ(email("a@p\u0430ypal.com"), "reissue.email_script");  // Cyrillic a
  EXPECT_EQ(email("a@xn--pypal-4ve.com"), "reissue.email_script");
  EXPECT_EQ(email("a@\u0441\u0430\u0440.com"), "a@xn--80a6ab.com");  // a label of one script
}

std::string phone(std::string_view typed) {
  static const std::vector<std::string> countries{"33", "262", "590", "594", "596", "687", "689"};
  const auto judged = judge_phone(typed, countries);
  if (!judged) return judged.error().message_id;
  return judged->destination.address + (judged->served ? "" : " not served");
}

TEST(ReissueDestination, R42PhonesOfFranceAndOverseas) {
  EXPECT_EQ(phone("06 12 34 56 78"), "+33612345678");
  EXPECT_EQ(phone("07.12.34.56.78"), "+33712345678");
  EXPECT_EQ(phone("+33 (0)6 12-34-56-78"), "+33612345678");
  EXPECT_EQ(phone("0033612345678"), "+33612345678");
  EXPECT_EQ(phone("0690 12 34 56"), "+590690123456");
  EXPECT_EQ(phone("+33690123456"), "+590690123456");
  EXPECT_EQ(phone("0692123456"), "+262692123456");
  EXPECT_EQ(phone("0639123456"), "+262639123456");
  // No block of the mainland: +33 took the place of the 0.
  EXPECT_EQ(phone("+33 6 39 12 34 56"), "+262639123456");
  EXPECT_EQ(phone("+33 6 38 12 34 56"), "+33638123456");
  EXPECT_EQ(phone("+33 6 95 12 34 56"), "+33695123456");
  EXPECT_EQ(phone("07 09 01 23 45"), "+590709012345");
  EXPECT_EQ(phone("07 09 11 23 45"), "+596709112345");
  EXPECT_EQ(phone("07 09 21 23 45"), "+262709212345");
  EXPECT_EQ(phone("07 09 31 23 45"), "+594709312345");
  EXPECT_EQ(phone("07 09 36 23 45"), "+262709362345");
  EXPECT_EQ(phone("0694123456"), "+594694123456");
  EXPECT_EQ(phone("0696123456"), "+596696123456");
  EXPECT_EQ(phone("+687 75 12 34"), "+687751234");
  EXPECT_EQ(phone("+687 50 12 34"), "+687501234");
  EXPECT_EQ(phone("07 08 42 12 34"), "+508708421234 not served");
  EXPECT_EQ(phone("+689 87 12 34 56"), "+68987123456");
  for (const auto* bad :
       {"0123456789", "+33123456789", "061234567", "06123456789", "612345678", "", "06 12 34 56 7x",
        "+33 6 12 34 56 78\r\n", "+590590123456", "+0612345678", "0612345678,0612345679"}) {
    EXPECT_EQ(phone(bad), "reissue.phone_form") << bad;
  }
  EXPECT_EQ(phone("+44 7911 123456"), "+447911123456 not served");
  EXPECT_EQ(phone("+882 16 12345678"), "+8821612345678 not served");
}

}  // namespace
}  // namespace isoloir::reissue
