#include "courier/smtp_reply.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/limits.hpp"

namespace isoloir {
namespace {

SmtpReply read_reply(std::string text) {
  const auto reply = take_smtp_reply(text);
  EXPECT_TRUE(reply && *reply) << text;
  return reply && *reply ? **reply : SmtpReply{};
}

bool garbage(std::string text) {
  const auto reply = take_smtp_reply(text);
  return !reply && reply.error().code == "smtp.reply";
}

TEST(SmtpReply, IsReadLineByLineAndLeavesWhatFollows) {
  std::string received = "250-first\r\n250 2.1.0 Second\r\n354 go";
  auto reply = take_smtp_reply(received);
  ASSERT_TRUE(reply && *reply);
  EXPECT_EQ((*reply)->code, 250);
  EXPECT_EQ((*reply)->status, "2.1.0");
  EXPECT_EQ((*reply)->text, "first\n2.1.0 second\n");
  EXPECT_EQ(received, "354 go");
  reply = take_smtp_reply(received);
  EXPECT_TRUE(reply && !*reply);
  received += "\n";
  reply = take_smtp_reply(received);
  ASSERT_TRUE(reply && *reply);
  EXPECT_EQ((*reply)->code, 354);
}

TEST(SmtpReply, MayBeACodeAloneOrHoldAnyBytes) {
  EXPECT_EQ(read_reply("250\r\n").code, 250);
  EXPECT_EQ(read_reply("550 \xff\xfe\x80\r\n").code, 550);
  EXPECT_EQ(read_reply("250-\r\n250 ok\n").code, 250);
}

TEST(SmtpReply, StatusIsOneOfItsOwnClass) {
  EXPECT_EQ(read_reply("550-5.1.10 x\r\n550 5.7.1 y\r\n").status, "5.1.10");
  for (const char* none :
       {"550 4.2.2 x\r\n", "550 5.1\r\n", "550 5.1.1111 x\r\n", "550 5.1.1.1\r\n", "550 5.1.\r\n",
        "550 5..1 x\r\n", "550 55.1.1 x\r\n", "550 5.a.1\r\n"}) {
    EXPECT_EQ(read_reply(none).status, "") << none;
  }
}

TEST(SmtpReply, GarbageIsNone) {
  EXPECT_TRUE(garbage("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_TRUE(garbage("150 x\r\n"));
  EXPECT_TRUE(garbage("600 x\r\n"));
  EXPECT_TRUE(garbage("2500 x\r\n"));
  EXPECT_TRUE(garbage("\r\n"));
  EXPECT_TRUE(garbage("250-a\r\n550 b\r\n"));
  EXPECT_TRUE(garbage(std::string(limits::mail_reply_bytes + 1, '2')));
  std::string many;
  while (many.size() <= limits::mail_reply_bytes) many += "250-more\r\n";
  EXPECT_TRUE(garbage(many));
}

RC_GTEST_PROP(SmtpReplyProperties, ComesOutTheSameInWhateverPiecesItArrives, ()) {
  const auto lines = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("", "5.1.1 no", "x", "\xff", "- -")));
  std::string wire;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    wire += (i + 1 == lines.size() ? "550 " : "550-") + lines[i] + "\r\n";
  }
  const auto whole = read_reply(wire);
  std::string received;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    received += wire[i];
    const auto reply = take_smtp_reply(received);
    RC_ASSERT(reply.has_value());
    RC_ASSERT(reply->has_value() == (i + 1 == wire.size()));
    if (*reply) RC_ASSERT((*reply)->text == whole.text && (*reply)->status == whole.status);
  }
  RC_ASSERT(received.empty());
}

struct Case {
  SmtpStep step;
  const char* reply;
  Delivery result;
  Reason reason;
};

TEST(SmtpReply, MeansWhatItSays) {
  using enum SmtpStep;
  using D = Delivery;
  using R = Reason;
  for (const auto& [step, text, result, reason] : {
           Case{recipient, "550 5.1.1 no", D::refused, R::unknown_recipient},
           Case{recipient, "550 5.1.10 null MX", D::refused, R::unknown_recipient},
           Case{recipient, "550 5.1.2 no such host", D::refused, R::unknown_recipient},
           Case{recipient, "550 Unknown user", D::refused, R::unknown_recipient},
           Case{recipient, "550 No such person", D::refused, R::unknown_recipient},
           Case{recipient, "550 go away", D::refused, R::other},
           Case{recipient, "550 5.4.4 unknown", D::refused, R::other},
           Case{recipient, "552 5.2.2 full", D::refused, R::full},
           Case{recipient, "552 too much", D::refused, R::full},
           Case{content, "552 5.3.4 too big", D::refused, R::other},
           Case{content, "554 5.7.1 spam", D::refused, R::blocked},
           Case{content, "550 5.6.1 media", D::refused, R::blocked},
           Case{recipient, "501 5.1.3 syntax", D::refused, R::other},
           Case{recipient, "452 4.2.2 full", D::later, R::full},
           Case{recipient, "451 4.7.1 come back", D::later, R::greylisted},
           Case{recipient, "450 4.2.0 greylisted", D::later, R::greylisted},
           Case{recipient, "451 try later", D::later, R::greylisted},
           Case{content, "451 4.4.1 no answer", D::later, R::no_answer},
           Case{recipient, "451 4.3.0 trouble", D::later, R::other},
           Case{recipient, "452 too many", D::later, R::other},
           Case{sender, "550 5.7.1 you are blocked", D::unreachable, R::blocked},
           Case{sender, "451 4.3.0 trouble", D::unreachable, R::none},
           Case{sender, "530 5.7.0 log in first", D::unreachable, R::credentials},
           Case{recipient, "530 5.7.0 log in first", D::unreachable, R::credentials},
           Case{recipient, "554 5.7.1 <x>: Relay access denied", D::unreachable, R::credentials},
           Case{recipient, "550 relay not permitted", D::unreachable, R::credentials},
           Case{recipient, "555 5.5.4 parameters", D::unreachable, R::none},
           Case{recipient, "503 bad sequence", D::unreachable, R::none},
           Case{recipient, "421 4.3.2 going down", D::unreachable, R::none},
           Case{content, "250 what?", D::unreachable, R::none},
       }) {
    const auto outcome = judge_smtp_reply(step, read_reply(std::string(text) + "\r\n"));
    EXPECT_EQ(outcome.result, result) << text;
    EXPECT_EQ(outcome.reason, reason) << text;
  }
}

}  // namespace
}  // namespace isoloir
