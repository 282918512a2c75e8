#include "cli/mailing_words.hpp"

#include <gmock/gmock.h>

#include "base/files.hpp"
#include "base/places.hpp"
#include "courier/outbox.hpp"

namespace isoloir::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

Portal sample_portal(const std::string& name) {
  const auto toml = read_file(test::source_dir() + "/portals/" + name + "/portal.toml");
  return *Portal::parse(*toml, "portal.toml");
}

const MailingElection small_election{
    {"Vote 2022", "Scrutin 2022"}, "https://vote.example", 1'653'645'600'000, 1'654'077'600'000};

Expected<MailingPlan> plan_of(const Portal& portal, MessageChannel channel, Handed what,
                              const std::string& origin = small_election.origin) {
  auto election = small_election;
  election.origin = origin;
  MailingFile file;
  file.channel = channel;
  file.what = what;
  return plan_mailing(portal, election, file);
}

TEST(MailingWords, AMailSaysAllInBothLanguages) {
  const auto plan =
      plan_of(sample_portal("legislative"), MessageChannel::email, Handed::identifier);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->subject, "Votre identifiant de vote / Your voting identifier");
  const auto mail = text_with_code(plan->body, "K7QD-2M4X-90AB");
  for (const auto* said :
       {"\n\nK7QD-2M4X-90AB\n\nOù voter\u00a0: https://vote.example\n", "qui vous parvient par SMS",
        "du vendredi 27 mai 2022 à 12h00 au mercredi 1 juin 2022 à 12h00 (Heure de Paris)",
        "à personne", "Assistance", "\n----------------------------------------\n",
        "\n\nK7QD-2M4X-90AB\n\nWhere to vote: https://vote.example\n", "by text message",
        "Help desk", "(Paris time)", "(Scrutin 2022)", "(Vote 2022)"}) {
    EXPECT_THAT(mail, HasSubstr(said));
  }
  EXPECT_THAT(mail, Not(HasSubstr("{")));
  EXPECT_THAT(plan->try_subject, HasSubstr("Essai"));
  EXPECT_THAT(text_with_code(plan->try_body, plan->example), HasSubstr("\n\nXXXX-XXXX-XXXX\n\n"));
  EXPECT_THAT(plan->try_body, HasSubstr("Ceci est un essai"));
}

TEST(MailingWords, ATextMessageIsOneAndSpeaksBothLanguagesWhereTheyFit) {
  const auto portal = sample_portal("legislative");
  const auto both = plan_of(portal, MessageChannel::sms, Handed::password);
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_THAT(both->body, HasSubstr("never share it"));
  const auto french = plan_of(portal, MessageChannel::sms, Handed::password,
                              "https://" + std::string(75, 'v') + ".example");
  ASSERT_TRUE(french) << french.error().message;
  EXPECT_THAT(french->body, Not(HasSubstr("never share it")));
  for (const auto& plan : {*both, *french}) {
    EXPECT_TRUE(fits_one_sms(text_with_code(plan.body, plan.example))) << plan.body;
    EXPECT_TRUE(fits_one_sms(text_with_code(plan.try_body, plan.example))) << plan.try_body;
  }
  const auto none = plan_of(portal, MessageChannel::sms, Handed::password,
                            "https://" + std::string(120, 'v') + ".example");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "mailing.too_long");
}

TEST(MailingWords, WhatReplacesSaysSoAtItsHead) {
  auto election = small_election;
  election.replaces = true;
  MailingFile file;
  const auto mail = plan_mailing(sample_portal("legislative"), election, file);
  EXPECT_TRUE(mail->body.starts_with("Ce message annule et remplace"));
  EXPECT_THAT(mail->body, HasSubstr("This message cancels and replaces"));
  file.channel = MessageChannel::sms;
  file.what = Handed::password;
  const auto sms = plan_mailing(sample_portal("legislative"), election, file);
  EXPECT_TRUE(sms->body.starts_with("Annule et remplace. Vote")) << sms->body;
  EXPECT_TRUE(fits_one_sms(text_with_code(sms->body, sms->example)));
}

TEST(MailingWords, ThePortalNamesTheSender) {
  auto portal = sample_portal("association");
  const auto plan = plan_of(portal, MessageChannel::email, Handed::code);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->example, "XXXX-XXXX-XXXX-XXXX-X");
  portal.messages = {};
  const auto refused = plan_of(portal, MessageChannel::email, Handed::code);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "mailing.sender");
}

}  // namespace
}  // namespace isoloir::cli
