#include "portal/portal.hpp"
#include "base/places.hpp"

#include "election/cosignature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace isoloir {
namespace {

std::string sample(const std::string& name) {
  std::ifstream file(test::source_dir() + "/portals/" + name + "/portal.toml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}
std::string education() {
  return sample("education");
}

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const auto place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

TEST(Portal, EducationIsRead) {
  const auto portal = Portal::parse(education(), "portal.toml");
  ASSERT_TRUE(portal) << portal.error().message;
  EXPECT_EQ(portal->contests.size(), 3u);
  EXPECT_EQ(portal->contests[0].options.size(), 4u);
  EXPECT_TRUE(portal->contests[0].options[3].blank);
  EXPECT_EQ(portal->bureaus[0].groups[1].threshold, 2u);
  EXPECT_EQ(portal->opens_local, "2022-12-01T08:00:00");
  EXPECT_EQ(portal->grace_minutes, 30u);
  ASSERT_TRUE(portal->assistance);
  EXPECT_EQ(portal->assistance->phone, "01 99 00 00 01");
  EXPECT_EQ(portal->assistance->hours.en, "Monday to Friday, 8:00 to 18:00");
}

TEST(Portal, WitnessesAreReadAndJudged) {
  SeededRandom random(3);
  const auto vkey = [&](const char* name) {
    return Witness::of(name, Ed25519KeyPair::generate(random).key)->vkey();
  };
  const auto one = vkey("one.example"), two = vkey("two.example");
  const auto with = [&](const std::string& keys, const std::string& threshold) {
    return Portal::parse(
        education() + "\n[witnesses]\nkeys = [" + keys + "]\nthreshold = " + threshold + "\n",
        "p.toml");
  };
  const auto both = with("\"" + one + "\", \"" + two + "\"", "1");
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->witnesses, (std::vector<std::string>{one, two}));
  EXPECT_EQ(both->witness_threshold, 1u);
  EXPECT_EQ(Portal::parse(education(), "p.toml")->witness_threshold, 0u);
  const auto quoted = "\"" + one + "\"";
  for (const auto& [keys, threshold] :
       std::vector<std::pair<std::string, std::string>>{{quoted, "2"},
                                                        {quoted, "-1"},
                                                        {quoted + ", " + quoted, "1"},
                                                        {"\"nobody\"", "0"},
                                                        {"1", "0"},
                                                        {"", "0"}}) {
    EXPECT_FALSE(with(keys, threshold)) << keys << " " << threshold;
  }
}

// Else a threshold of two could be reached by one person.
TEST(Portal, AWitnessIsNamedOnceByNameAndByKey) {
  SeededRandom random(3);
  const auto key = Ed25519KeyPair::generate(random).key;
  const auto refusal = [&](const char* name, const ByteArray<32>& other) {
    const auto portal = Portal::parse(education() + "\n[witnesses]\nthreshold = 1\nkeys = [\"" +
                                          Witness::of("one.example", key)->vkey() + "\", \"" +
                                          Witness::of(name, other)->vkey() + "\"]\n",
                                      "p.toml");
    return portal ? "" : portal.error().message.substr(portal.error().message.find(": ") + 2);
  };
  EXPECT_EQ(refusal("one.example", Ed25519KeyPair::generate(random).key),
            "two witnesses are named one.example: one person counts once, so each has a name and a "
            "key of her own\n");
  EXPECT_EQ(refusal("two.example", key),
            "one.example and two.example have one key: one person counts once, so each has a name "
            "and a key of her own\n");
  EXPECT_EQ(refusal("two.example", Ed25519KeyPair::generate(random).key), "");
}

TEST(Portal, TheHelpDesksAddressIsOnePlainAddress) {
  EXPECT_EQ(
      Portal::parse(changed(education(), "email = \"assistance@education.example\"", ""), "p.toml")
          ->assistance->email,
      "")
      << "it may be absent";
  const auto abroad = sample("legislative");
  const std::string address = "assistance@vote-etranger.example";
  EXPECT_EQ(Portal::parse(abroad, "p.toml")->assistance->email, address);
  const auto line =
      1 + std::count(abroad.begin(),
                     abroad.begin() + static_cast<std::ptrdiff_t>(abroad.find(address)), '\n');
  const auto quoted = "\"" + address + "\"";
  for (const auto* bad : {"\"\"", "\"assistance\"", "\"a@example.org, b@example.org\"",
                          "\"A <a@example.org>\"", "\"a@example.org\\nBcc: b@example.org\"",
                          "\"a@example.org\\u0000\"", "1", "[\"a@example.org\"]",
                          "\"mailto:a@example.org\"", "\"a@example\"", "\"a%b@example.org\""}) {
    const auto portal = Portal::parse(changed(abroad, quoted, bad), "p.toml");
    ASSERT_FALSE(portal) << bad;
    EXPECT_EQ(portal.error().message, "p.toml:" + std::to_string(line) +
                                          ": \"email\" must be one plain e-mail address such as "
                                          "help@example.org\n")
        << bad;
  }
  EXPECT_EQ(Portal::parse(changed(abroad, quoted, "\"aide@vote-étranger.example\""), "p.toml")
                ->assistance->email,
            "aide@xn--vote-tranger-feb.example");
}

TEST(Portal, ClaimsAreReadStrictly) {
  const auto read = Portal::parse(education(), "p.toml");
  ASSERT_TRUE(read && read->claims);
  EXPECT_EQ(read->claims->email, "reclamations@education.example");
  EXPECT_EQ(read->claims->roll_until, 1'668'700'800'000) << "17 November 2022, 17:00 in Paris";
  EXPECT_LT(read->claims->candidacy_until, read->claims->roll_until);
  const std::string address = "email = \"reclamations@education.example\"";
  for (const auto& [from, to, says] :
       {std::tuple{address, std::string(), "claims are mailed to an address"},
        std::tuple{address, std::string("email = \"a@example.org, b@example.org\""),
                   "one plain e-mail address"},
        std::tuple{std::string("roll_until = 2022-11-17T17:00:00"), std::string(), "roll_until"},
        std::tuple{std::string("roll_until = 2022-11-17T17:00:00"),
                   std::string("roll_until = 2022-03-27T02:30:00"), "2022-03-27T02:30:00"},
        std::tuple{std::string("candidacy_until"), std::string("candidacies_until"),
                   "\"candidacies_until\" is not known"}}) {
    const auto wrong = Portal::parse(changed(education(), from, to), "p.toml");
    ASSERT_FALSE(wrong) << to;
    EXPECT_NE(wrong.error().message.find(says), std::string::npos) << wrong.error().message;
  }
}

TEST(Portal, ReissuePolicyIsRead) {
  const auto portal = Portal::parse(education(), "portal.toml");
  ASSERT_TRUE(portal) << portal.error().message;
  ASSERT_TRUE(portal->reissue);
  EXPECT_EQ(portal->reissue->email_link_ms, 7'200'000);
  EXPECT_EQ(portal->reissue->sms_link_ms, 600'000);
  EXPECT_EQ(portal->reissue->requests.per_day, 6u);
  EXPECT_EQ(portal->reissue->network.per_hour, 60u);
  EXPECT_EQ(portal->reissue->network.per_day, 0u);
  EXPECT_EQ(portal->reissue->destination_voters, 2u);
  EXPECT_EQ(portal->reissue->phone_countries.size(), 7u);
  EXPECT_EQ(portal->messages.sms_sender, "Elections");
  EXPECT_EQ(portal->reissue->methods,
            (std::vector{ReissueMethod::question, ReissueMethod::franceconnect}));
  const std::string good = "[\"question\", \"franceconnect\"]";
  for (const auto* bad : {"[]", "[\"question\", \"question\"]", "[1]", "\"question\"",
                          "[\"question\", \"telephone\"]", "[\"question\"]"}) {
    EXPECT_FALSE(Portal::parse(changed(education(), good, bad), "p.toml")) << bad;
  }
}

TEST(Portal, R60FranceConnectSaysWhoMayActForAVoter) {
  const auto portal = Portal::parse(education(), "portal.toml");
  ASSERT_TRUE(portal->franceconnect);
  EXPECT_EQ(portal->franceconnect->acr_values, std::vector<std::string>{"eidas1"});
  const auto read = [](const std::string& from, const std::string& to) {
    return Portal::parse(changed(education(), from, to), "p.toml");
  };
  EXPECT_TRUE(portal->franceconnect->refused_providers.empty());
  const std::string closed = "aidants_connect = \"closed\"";
  const auto two = read(closed, "refused_providers = [\"a-1\", \"b\"]");
  EXPECT_EQ(two->franceconnect->refused_providers, (std::vector<std::string>{"a-1", "b"}));
  EXPECT_TRUE(read(closed, closed + "\nrefused_providers = [\"a\"]"))
      << "both are no contradiction";
  const std::string issuer = "https://oidc.franceconnect.gouv.fr/api/v2";
  EXPECT_TRUE(read(issuer, "http://127.0.0.1:9300/api/v2"));
  for (const auto& [from, to] :
       {std::pair(closed, std::string()), std::pair(closed, std::string("refused_providers = []")),
        std::pair(closed, closed + "\nrefused_providers = []"),
        std::pair(closed, std::string("aidants_connect = \"open\"")),
        std::pair(closed, std::string("aidants_connect = true")),
        std::pair(issuer, std::string("http://127.0.0.1:x@evil.example/api/v2")),
        std::pair(issuer, std::string("https://user@evil.example/api/v2")),
        std::pair(issuer, std::string("http://127.0.0.1/api/v2"))}) {
    EXPECT_FALSE(read(from, to)) << to;
  }
  for (const auto& [from, to] :
       {std::pair("aidants_connect = \"closed\"", "refused_providers = \"a\""),
        std::pair("aidants_connect = \"closed\"", "refused_providers = [\"a b\"]"),
        std::pair("id_token_signing = \"ES256\"", "id_token_signing = \"HS256\""),
        std::pair("userinfo_signing = \"ES256\"", "userinfo_signing = \"none\""),
        std::pair("https://oidc.franceconnect.gouv.fr/api/v2",
                  "http://oidc.franceconnect.gouv.fr/api/v2"),
        std::pair("https://oidc.franceconnect.gouv.fr/api/v2",
                  "https://oidc.franceconnect.gouv.fr/api/v2/"),
        std::pair("acr_values = [\"eidas1\"]", "acr_values = []"),
        std::pair("client_id = \"isoloir\"", "client_secret = \"isoloir\""),
        std::pair("[franceconnect]", "[francconnect]")}) {
    EXPECT_FALSE(read(from, to)) << to;
  }
}

TEST(Portal, L16ConfirmationPolicyIsReadStrictly) {
  const auto text = sample("legislative");
  const auto portal = Portal::parse(text, "portal.toml");
  ASSERT_TRUE(portal) << portal.error().message;
  ASSERT_TRUE(portal->confirmation);
  EXPECT_EQ(portal->confirmation->digits, 6u);
  EXPECT_EQ(portal->confirmation->life_ms, 3'600'000);
  EXPECT_EQ(portal->confirmation->tries, 5u);
  EXPECT_EQ(portal->confirmation->resend.per_minute, 1u);
  EXPECT_EQ(portal->confirmation->resend.per_day, 10u);
  EXPECT_TRUE(portal->confirmation->sign_off_mail);
  EXPECT_TRUE(portal->confirmation->other_channel);
  EXPECT_FALSE(Portal::parse(education(), "portal.toml")->confirmation);
  using Case = std::array<std::string_view, 3>;
  for (const auto& [from, to, said] :
       {Case{"\nby = \"email\"", "\nby = \"sms\"", "\"by\" is email"},
        Case{"digits = 6", "digits = 5", "\"digits\" must lie between 6 and 8"},
        Case{"digits = 6", "digit = 6", "\"digit\" is not known here"},
        Case{"minute = 1, hour = 5, day = 10", "minute = 1, hour = 5", "\"day\" is missing"},
        Case{"day = 10", "day = 21", "too many for so few digits"},
        Case{"other_channel = true", "other_channel = 1", "\"other_channel\" must be true"},
        Case{"sign_off_mail = true", "sign_off_mail = \"yes\"", "\"sign_off_mail\" must be true"},
        Case{"email_sender", "email_from", "\"email_sender\" is missing"}}) {
    const auto wrong = Portal::parse(changed(text, from, to), "p.toml");
    ASSERT_FALSE(wrong) << to;
    EXPECT_THAT(wrong.error().message, testing::HasSubstr(said)) << to;
    EXPECT_THAT(wrong.error().message, testing::StartsWith("p.toml:")) << to;
  }
}

TEST(Portal, StatementsAreNamesOfFiles) {
  const auto portal = Portal::parse(education(), "portal.toml");
  ASSERT_TRUE(portal) << portal.error().message;
  EXPECT_EQ(portal->statements.size(), 3u);
  EXPECT_EQ(portal->statements.at({0, "Liste B, École et territoires"}),
            "csa-ministeriel-liste-b.pdf");
  EXPECT_EQ(portal->statements.at({2, "Liste D, Rassemblement de l’académie"}),
            "csa-academie-liste-d.html");
  const std::string good = "\"csa-ministeriel-liste-a.html\"";
  const auto text = education();
  const auto line =
      1 +
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find(good)), '\n');
  for (const auto& name : {"\"\"",
                           "1",
                           "[\"a.pdf\"]",
                           "\"a\"",
                           "\"a.txt\"",
                           "\"a.svg\"",
                           "\".pdf\"",
                           "\".a.pdf\"",
                           "\"-a.pdf\"",
                           "\"a.PDF\"",
                           "\"A.pdf\"",
                           "\"../a.pdf\"",
                           "\"b/a.pdf\"",
                           "\"/etc/a.pdf\"",
                           "'b\\a.pdf'",
                           "\"a.pdf\\u0000\"",
                           "\"a\\u0000.pdf\"",
                           "\"a.pdf\\n\"",
                           "\"a .pdf\"",
                           "\"é.pdf\"",
                           "'a\".pdf'",
                           "\"a%2f.pdf\"",
                           "\"a.pdf/\"",
                           "\"a;.html\"",
                           "\"a?.html\""}) {
    const auto wrong = Portal::parse(changed(text, good, name), "p.toml");
    ASSERT_FALSE(wrong) << name;
    EXPECT_THAT(wrong.error().message, testing::StartsWith("p.toml:" + std::to_string(line) +
                                                           ": \"statement\" is the name of a file"))
        << name;
  }
  const std::string longest = std::string(76, 'a') + ".pdf";
  EXPECT_TRUE(Portal::parse(changed(text, good, "\"" + longest + "\""), "p.toml"));
  EXPECT_FALSE(Portal::parse(changed(text, good, "\"a" + longest + "\""), "p.toml"));
  const auto abroad = changed(sample("legislative"), "[[contest.candidate]]",
                              "[[contest.candidate]]\nstatement = \"a_1.pdf\"");
  EXPECT_EQ(Portal::parse(abroad, "p.toml")->statements.size(), 1u) << "a candidate too";
}

constexpr std::string_view two_candidates = R"(
[[contest]]
name.fr = "Circonscription"
name.en = "Constituency"
bureau = 0
rule = "two-round-majority"
round = 1
reissue_max = 10
[[contest.candidate]]
name = "ALPHA Anne"
substitute = "BRAVO Bruno"
birth_date = 1970-01-31
[[contest.candidate]]
name = "CHARLIE Chloé"
)";

TEST(Portal, CandidatesInTwoRounds) {
  const std::string text = education() + std::string(two_candidates);
  const auto portal = Portal::parse(text, "p.toml");
  ASSERT_TRUE(portal) << portal.error().message;
  const auto& contest = portal->contests.back();
  EXPECT_EQ(contest.round, 1u);
  EXPECT_EQ(contest.seats, 1u);
  ASSERT_EQ(contest.options.size(), 3u);
  EXPECT_EQ(contest.options[0].birth_date, "1970-01-31");
  EXPECT_EQ(contest.options[0].substitute, "BRAVO Bruno");
  EXPECT_EQ(contest.options[1].birth_date, "");
  EXPECT_TRUE(contest.options[2].blank);
  for (const auto& [from, to, said] :
       {std::tuple{"round = 1", "round = 3", "\"round\" must lie between 1 and 2"},
        {"round = 1\n", "", "\"round\" is missing"},
        {"round = 1", "round = 1\nseats = 2", "fills one seat"},
        {"1970-01-31", "\"31/01/1970\"", "is a date such as"},
        {"CHARLIE Chloé", "ALPHA Anne", "appears twice"},
        {"[[contest.candidate]]\nname = \"ALPHA", "[[contest.list]]\nname = \"ALPHA",
         "under this rule stand candidates"},
        {"seats = 15", "seats = 15\nround = 1", "this rule has no \"round\""}}) {
    const auto wrong = Portal::parse(changed(text, from, to), "p.toml");
    ASSERT_FALSE(wrong) << to;
    EXPECT_THAT(wrong.error().message, testing::HasSubstr(said));
  }
}

TEST(Portal, WhereTheExportIsPublished) {
  const auto none = Portal::parse(education(), "p.toml");
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->export_url + none->verifier_url, "");
  const auto text = education() + "\n[publication]\nexport = \"https://example.org/2022/\"\n";
  const auto portal = Portal::parse(text, "p.toml");
  ASSERT_TRUE(portal) << portal.error().message;
  EXPECT_EQ(portal->export_url, "https://example.org/2022/");
  EXPECT_EQ(portal->verifier_url, "");
  for (const char* wrong : {"http://example.org/", "example.org", "", "https://a@b/",
                            "https://a/#b", "javascript:alert(1)", "https://exa mple.org/"}) {
    const auto refused = Portal::parse(changed(text, "https://example.org/2022/", wrong), "p.toml");
    ASSERT_FALSE(refused) << wrong;
    EXPECT_THAT(refused.error().message,
                testing::HasSubstr("\"export\" must be an address such as https://"));
  }
  const auto unknown = Portal::parse(changed(text, "export =", "exports ="), "p.toml");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, testing::HasSubstr("\"exports\" is not known"));
}

TEST(Portal, LegislativeIsRead) {
  const auto portal = Portal::parse(sample("legislative"), "portal.toml");
  ASSERT_TRUE(portal) << portal.error().message;
  EXPECT_EQ(portal->scheme, SignInScheme::identifier_password);
  EXPECT_EQ(portal->credentials.identifier, (CodeForm{12, false}));
  EXPECT_EQ(portal->credentials.identifier_by, Handover::email);
  EXPECT_EQ(portal->credentials.code, (CodeForm{12, false}));
  EXPECT_EQ(portal->credentials.code_by, Handover::sms);
  EXPECT_EQ(portal->contests.size(), 11u);
  for (const auto& contest : portal->contests) EXPECT_GE(contest.districts.size(), 2u);
}

// What the law or arithmetic forbids, with its reason.
TEST(Portal, CredentialsThatAreRefused) {
  const std::string text = sample("legislative");
  for (const auto& [from, to, said] :
       {std::tuple{"password_by = \"sms\"", "password_by = \"email\"",
                   "different channels (L1; Code électoral, R176-3-7)"},
        {"password_by = \"sms\"", "password_by = \"pigeon\"", "is email or sms"},
        {"password_by = \"sms\"", "password_by = \"post\"", "is email or sms"},
        {"identifier_characters = 12", "identifier_characters = 11",
         "\"identifier_characters\" must lie between 12 and 24"},
        {"password_characters = 12", "password_characters = 8",
         "\"password_characters\" must lie between 12 and 24"},
        {"[credentials]", "[voting_code]", "this scheme has [credentials]"},
        {"\"identifier-password\"", "\"email-password\"", "has [voting_code], not [credentials]"},
        {"\"identifier-password\"", "\"smoke\"",
         "email-password, identifier-password or number-code"}}) {
    const auto wrong = Portal::parse(changed(text, from, to), "p.toml");
    ASSERT_FALSE(wrong) << to;
    EXPECT_THAT(wrong.error().message, testing::HasSubstr(said)) << to;
  }
}

TEST(Portal, ContactCheckIsRead) {
  const std::string text = sample("legislative");
  const auto portal = Portal::parse(text, "p.toml");
  ASSERT_TRUE(portal) << portal.error().message;
  ASSERT_TRUE(portal->contact_check);
  EXPECT_EQ(portal->contact_check->from, 1'651'474'800'000);   // 2022-05-02 07:00 UTC
  EXPECT_EQ(portal->contact_check->until, 1'653'062'400'000);  // 2022-05-20 16:00 UTC
  EXPECT_TRUE(portal->contact_check->email);
  EXPECT_TRUE(portal->contact_check->sms);
  const std::string channels = "channels = [\"email\", \"sms\"]";
  EXPECT_FALSE(
      Portal::parse(changed(text, channels, "channels = [\"email\"]"), "p")->contact_check->sms);
  const auto line =
      std::count(text.begin(),
                 text.begin() + static_cast<std::ptrdiff_t>(text.find("[contact_check]")), '\n') +
      1;
  for (const auto& [from, to, said] :
       {std::tuple{std::string("2022-05-02T09:00:00"), "2022-05-20T18:00:00",
                   "\"from\" is not before \"until\""},
        {"2022-05-20T18:00:00", "2022-05-27T12:00:01", "\"until\" is after the vote opens"},
        {"2022-05-20T18:00:00", "2022-05-20T18:00:00Z", "without offset"},
        {channels, "channels = []", "\"channels\" must be a list with at least one entry"},
        {channels, "channels = [\"fax\"]", "\"channels\" are \"email\" and \"sms\", each once"},
        {channels, "channels = [\"sms\", \"sms\"]", "each once"},
        {channels, "channels = [\"sms\"]\nremind = 3", "the key \"remind\" is not known here"},
        {"until = 2022-05-20T18:00:00\n", "", "\"until\" is missing"}}) {
    const auto wrong = Portal::parse(changed(text, from, to), "p.toml");
    ASSERT_FALSE(wrong) << to;
    EXPECT_THAT(wrong.error().message, testing::HasSubstr(said)) << to;
    EXPECT_THAT(wrong.error().message, testing::ContainsRegex("^p.toml:[0-9]+: "));
  }
  const auto late = Portal::parse(changed(text, "2022-05-20T18:00:00", "2022-06-20T18:00:00"), "p");
  EXPECT_THAT(late.error().message, testing::HasSubstr("p:" + std::to_string(line) + ": "));
}

// A third portal is data: a number that others know, one code by e-mail, no captcha.
TEST(Portal, AssociationIsRead) {
  const auto portal = Portal::parse(sample("association"), "portal.toml");
  ASSERT_TRUE(portal) << portal.error().message;
  EXPECT_EQ(portal->scheme, SignInScheme::number_code);
  EXPECT_TRUE(portal->credentials.roll_number);
  EXPECT_FALSE(portal->credentials.identifier);
  EXPECT_EQ(portal->credentials.code, (CodeForm{16, true}));
  EXPECT_EQ(portal->credentials.code_by, Handover::email);
  EXPECT_EQ(portal->captcha_minutes, 0u);
  EXPECT_EQ(roll_address(*portal), RollAddress::optional) << "a couple may share a mailbox";
}

TEST(Portal, OneCodeInOneMailboxIsHeldToMore) {
  const std::string text = sample("association");
  for (const auto& [from, to, said] :
       {std::tuple{"code_characters = 16", "code_characters = 15",
                   "\"code_characters\" must lie between 16 and 24"},
        {"code_by = \"email\"", "code_by = \"post\"", "\"code_by\" is email or sms"},
        {"[assistance]", "[assistants]", "this scheme needs [assistance]"},
        {"phone = \"01 99 00 00 03\"",
         "phone = \"01 99 00 00 03\"\nemail = \"aide@association.example\"",
         "machines could write to the help desk"},
        {"[session]", "[reissue]\n[session]", "a lost code is the assistance's business"},
        {"code_characters = 16", "code_charcters = 16", "\"code_charcters\" is not known"},
        {"\"number-code\"", "\"identifier-password\"", "without a captcha"}}) {
    const auto wrong = Portal::parse(changed(text, from, to), "p.toml");
    ASSERT_FALSE(wrong) << to;
    EXPECT_THAT(wrong.error().message, testing::HasSubstr(said)) << to;
  }
  const auto guessed =
      Portal::parse(changed(education(), "captcha_minutes = 10", "captcha_minutes = 0"), "p.toml");
  ASSERT_FALSE(guessed);
  EXPECT_THAT(guessed.error().message, testing::HasSubstr("machines may guess"));
}

// Requirement 45: what a network would cut or refuse is refused here.
TEST(Portal, R45SenderOfTextMessages) {
  for (const auto* bad : {"Élections", "Elections 22", "Elections2022"}) {
    const auto portal = Portal::parse(changed(education(), "sms_sender = \"Elections\"",
                                              "sms_sender = \"" + std::string(bad) + "\""),
                                      "p.toml");
    ASSERT_FALSE(portal) << bad;
    EXPECT_THAT(portal.error().message, testing::HasSubstr("\"sms_sender\" must be"));
  }
  EXPECT_FALSE(Portal::parse(changed(education(), "[messages]", "[messages2]"), "p.toml"));
  EXPECT_FALSE(Portal::parse(changed(education(), "\"262\"", "\"+262\""), "p.toml"));
}

TEST(Portal, ProblemsAreNamedByLine) {
  const auto problem = [](const std::string& text) {
    const auto portal = Portal::parse(text, "p.toml");
    return portal ? std::string("accepted") : portal.error().message;
  };
  EXPECT_THAT(problem(changed(education(), "idle_minutes", "idle_minuts")),
              testing::AllOf(testing::HasSubstr("\"idle_minuts\" is not known"),
                             testing::HasSubstr("\"idle_minutes\" is missing"),
                             testing::HasSubstr("p.toml:3")));
  EXPECT_THAT(problem(changed(education(), "tries = 5", "tries = 0")),
              testing::HasSubstr("\"tries\" must lie between 1 and 20"));
  EXPECT_THAT(problem(changed(education(), "threshold = 2", "threshold = 4")),
              testing::HasSubstr("threshold is above"));
  EXPECT_THAT(problem(changed(education(), "2022-12-08", "2022-11-08")),
              testing::HasSubstr("closes before it opens"));
  EXPECT_THAT(problem(changed(education(), "17:00:00", "17:00:00Z")),
              testing::HasSubstr("without offset"));
  // What could be voted on and never counted.
  EXPECT_THAT(
      problem(changed(education(), "Liste B, École et territoires", "Liste A, Horizon commun")),
      testing::HasSubstr("appears twice"));
  EXPECT_THAT(problem(changed(education(), "interval_seconds = 5", "interval_seconds = 1")),
              testing::HasSubstr("take a longer interval_seconds"));
  EXPECT_THAT(problem("[portal"), testing::HasSubstr("p.toml:1"));
}

}  // namespace
}  // namespace isoloir
