#include "courier/bounce.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/ascii.hpp"
#include "base/files.hpp"
#include "base/limits.hpp"
#include "base/places.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view bounce_address = "bounces@vote.example.org";
const std::string bounced_id = "0123456789abcdef0123456789abcdef";

// What each file of tests/data/bounces says; not_*.eml: that it is none.
const std::map<std::string, std::pair<BounceAction, Reason>>& sample_meanings() {
  using enum BounceAction;
  static const std::map<std::string, std::pair<BounceAction, Reason>> meanings = {
      {"postfix_unknown", {failed, Reason::unknown_recipient}},
      {"postfix_delayed", {delayed, Reason::no_answer}},
      {"sendmail_full", {failed, Reason::full}},
      {"sendmail_expired", {failed, Reason::no_answer}},
      {"exchange_unknown", {failed, Reason::unknown_recipient}},
      {"exchange_edge_unknown", {failed, Reason::unknown_recipient}},
      {"gmail_blocked", {failed, Reason::blocked}},
      {"exim_unknown", {failed, Reason::unknown_recipient}},
      {"exim_old_text", {failed, Reason::blocked}},
      {"exim_old_warning", {delayed, Reason::other}},
      {"qmail_expired", {failed, Reason::no_answer}},
      {"plain_no_code", {failed, Reason::other}},
      {"global_base64", {failed, Reason::unknown_recipient}},
      {"quoted_printable", {failed, Reason::full}},
      {"several", {failed, Reason::blocked}},
      {"delivered", {delivered, Reason::none}},
      {"relayed", {relayed, Reason::none}},
      {"envelope_id_only", {failed, Reason::unknown_recipient}},
      {"message_id_only", {failed, Reason::other}},
  };
  return meanings;
}

std::map<std::string, std::string> bounce_samples() {
  std::map<std::string, std::string> samples;
  for (const auto& entry : fs::directory_iterator(test::source_dir() + "/tests/data/bounces")) {
    samples[entry.path().stem()] = *read_file(entry.path());
  }
  return samples;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  std::size_t at = 0;
  while ((at = text.find(from, at)) != std::string::npos) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

void expect_meaning(const std::string& name, std::string_view mail) {
  SCOPED_TRACE(name);
  const auto bounce = parse_bounce(mail, bounce_address);
  if (name.starts_with("not_")) {
    ASSERT_FALSE(bounce);
    EXPECT_EQ(bounce.error().code, "bounce.none");
    return;
  }
  ASSERT_TRUE(bounce) << bounce.error().code;
  EXPECT_EQ(bounce->message, bounced_id);
  ASSERT_TRUE(sample_meanings().contains(name));
  const auto [action, reason] = sample_meanings().at(name);
  EXPECT_EQ(bounce->action, action);
  EXPECT_EQ(bounce->reason, reason);
}

TEST(Bounce, EachSampleSaysWhatItsSystemMeant) {
  const auto samples = bounce_samples();
  EXPECT_EQ(samples.size(), sample_meanings().size() + 5);
  for (const auto& [name, mail] : samples) {
    expect_meaning(name, mail);
    expect_meaning(name, replaced(mail, "\n", "\r\n"));
  }
}

TEST(Bounce, CaseOfNamesAndAddressesDoesNotMatter) {
  for (auto [name, mail] : bounce_samples()) {
    for (const auto& word : {"Return-Path", "Return-path", "Delivered-To", "Content-Type", "Action",
                             "Status", "Diagnostic-Code", "failed", "delayed", "multipart/report",
                             "delivery-status", "bounces+", "vote.example.org", "Auto-Submitted"}) {
      std::string upper = word;
      for (char& c : upper) c = ascii_upper(c);
      mail = replaced(mail, word, upper);
    }
    expect_meaning(name, mail);
  }
}

TEST(Bounce, ATruncatedOneNeverNamesAnotherMessageNorMakesAReplyABounce) {
  for (const auto& [name, mail] : bounce_samples()) {
    for (std::size_t size = 0; size < mail.size(); ++size) {
      // A copy of its own, so that a sanitizer sees a read beyond the end.
      const std::string cut = mail.substr(0, size);
      const auto bounce = parse_bounce(cut, bounce_address);
      if (!bounce) continue;
      ASSERT_EQ(bounce->message, bounced_id) << name << " at " << size;
      ASSERT_FALSE(name.starts_with("not_")) << name << " at " << size;
    }
  }
}

std::string plain_bounce(const std::string& head, const std::string& words = "550 5.1.1 no\n") {
  return "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.org\n" + head + "\n" + words;
}

TEST(Bounce, RecipientsAreTrustedInTheirOrder) {
  const std::string other = "ffffffffffffffffffffffffffffffff";
  const auto field = [](const std::string& name, const std::string& id) {
    return name + ": <bounces+" + id + "@vote.example.org>\n";
  };
  const std::vector<std::string> order = {"Delivered-To", "X-Original-To", "Envelope-to", "To"};
  for (std::size_t k = 0; k + 1 < order.size(); ++k) {
    const auto bounce = parse_bounce(
        plain_bounce(field(order[k + 1], other) + field(order[k], bounced_id)), bounce_address);
    ASSERT_TRUE(bounce);
    EXPECT_EQ(bounce->message, bounced_id) << order[k];
  }
}

TEST(Bounce, OnlyTheWholeAddressIsOne) {
  for (const auto& address : std::vector<std::string>{
           "bounces@vote.example.org", "bounces+0123@vote.example.org",
           "bounces+" + bounced_id + "0@vote.example.org", "bounces+" + bounced_id,
           "bounces+" + bounced_id + "@vote.example.org.evil.example",
           "bounces+" + bounced_id + "@vote.example.orga",
           "otherbounces+" + bounced_id + "@vote.example.org",
           "bounces+" + bounced_id.substr(1) + "g@vote.example.org",
           "others+" + bounced_id + "@vote.example.org", "+" + bounced_id + "@vote.example.org",
           "bounces+" + bounced_id + "@example.org"}) {
    const auto bounce = parse_bounce(plain_bounce("To: " + address + "\n"), bounce_address);
    ASSERT_FALSE(bounce) << address;
    EXPECT_EQ(bounce.error().code, "bounce.message");
  }
  const auto listed = parse_bounce(
      plain_bounce("To: a+b@example.org,\n\tBounces+" + bounced_id + "@Vote.Example.ORG (us)\n"),
      bounce_address);
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->message, bounced_id);
  for (const char* nonsense : {"", "@", "bounces", "bounces@", "@vote.example.org"}) {
    EXPECT_FALSE(
        parse_bounce(plain_bounce("To: +" + bounced_id + "@vote.example.org\n"), nonsense));
  }
}

Reason reason_in(const std::string& words) {
  const auto bounce = parse_bounce(
      plain_bounce("To: bounces+" + bounced_id + "@vote.example.org\n", words), bounce_address);
  EXPECT_TRUE(bounce) << words;
  return bounce ? bounce->reason : Reason::none;
}

TEST(Bounce, ReasonsByTheCode) {
  const std::map<std::string, Reason> meanings = {{"5.1.1", Reason::unknown_recipient},
                                                  {"5.1.10", Reason::unknown_recipient},
                                                  {"5.1.2", Reason::unknown_recipient},
                                                  {"4.1.1", Reason::other},
                                                  {"5.3.2", Reason::other},
                                                  {"5.1.3", Reason::other},
                                                  {"5.2.2", Reason::full},
                                                  {"4.2.2", Reason::full},
                                                  {"5.2.1", Reason::other},
                                                  {"5.7.1", Reason::blocked},
                                                  {"5.6.0", Reason::blocked},
                                                  {"5.7.515", Reason::blocked},
                                                  {"5.4.4", Reason::no_answer},
                                                  {"4.4.1", Reason::no_answer},
                                                  {"5.0.0", Reason::other}};
  for (const auto& [code, reason] : meanings) {
    EXPECT_EQ(reason_in("550 " + code + " refused\n"), reason) << code;
    EXPECT_EQ(reason_in("(#" + code + ")"), reason) << code;
    EXPECT_EQ(reason_in("550-" + code), reason) << code;
  }
  // An address, a version, a date and a good answer are none.
  EXPECT_EQ(reason_in("from [5.1.1.9] by 15.1.1 with 8.5.1.1 on 5.12.2022: 250 2.0.0, 5.7.1\n"),
            Reason::blocked);
  EXPECT_EQ(reason_in("refused"), Reason::other);
}

TEST(Bounce, WithoutAReportTheReturnPathMustBeNull) {
  const std::string mail = plain_bounce("To: bounces+" + bounced_id + "@vote.example.org\n");
  ASSERT_TRUE(parse_bounce(mail, bounce_address));
  for (const char* path : {"Return-Path: <a@example.org>\n", "", "X-Return-Path: <>\n"}) {
    const auto other = parse_bounce(replaced(mail, "Return-Path: <>\n", path), bounce_address);
    ASSERT_FALSE(other) << path;
    EXPECT_EQ(other.error().code, "bounce.none");
  }
}

TEST(Bounce, WithoutAReportTheSubjectMaySayThatItIsStillTried) {
  for (const char* subject : {"Warning: message 1OuRxx-0001Ab-Cd delayed 24 hours",
                              "Delivery Status Notification (Delay)",
                              "Warning: could not send message for past 4 hours"}) {
    const auto bounce =
        parse_bounce(plain_bounce("Subject: " + std::string(subject) + "\nTo: bounces+" +
                                  bounced_id + "@vote.example.org\n"),
                     bounce_address);
    ASSERT_TRUE(bounce) << subject;
    EXPECT_EQ(bounce->action, BounceAction::delayed) << subject;
  }
}

TEST(Bounce, AReturnedMessageIdMustBeWhole) {
  const auto with = [](const std::string& message_id) {
    return parse_bounce(replaced(bounce_samples()["message_id_only"],
                                 "<" + bounced_id + "@vote.example.org>", message_id),
                        bounce_address);
  };
  EXPECT_TRUE(with("<" + bounced_id + "@other.example.org>"));
  for (const std::string& id : std::vector<std::string>{
           "<" + bounced_id + "@vote", "<" + bounced_id + ">", bounced_id + "@vote.example.org",
           "<0" + bounced_id + "@vote.example.org>", "<>", "<"}) {
    const auto bounce = with(id);
    ASSERT_FALSE(bounce) << id;
    EXPECT_EQ(bounce.error().code, "bounce.message") << id;
  }
}

// Reads all that a stranger can put into one mail, or fails by the time that its size squared
// takes.
TEST(Bounce, HostileStructuresAreReadInOneGo) {
  const std::string head =
      "Return-Path: <>\nFrom: MAILER-DAEMON@x\nTo: bounces+" + bounced_id + "@vote.example.org\n";
  std::string nested = head;
  for (int k = 0; k < 5000; ++k) {
    const auto b = std::to_string(k);
    nested += "Content-Type: multipart/mixed; boundary=b" + b + "\n\n--b" + b + "\n";
  }
  std::string parts = head + "Content-Type: multipart/report; boundary=b\n\n";
  for (int k = 0; k < 40000; ++k) parts += "--b\n\n";
  std::string blocks = head + "Content-Type: multipart/report; boundary=b\n\n--b\n" +
                       "Content-Type: message/delivery-status\n\n";
  for (int k = 0; k < 20000; ++k) blocks += "Status: 2.1.1\n\n";
  std::string folded = head + "Subject: x\n";
  for (int k = 0; k < 100000; ++k) folded += " +\n";
  std::string codes = head + "\n";
  for (int k = 0; k < 100000; ++k) codes += "5.1";
  std::string quoted = head + "Content-Type: multipart/report; boundary=\"" +
                       std::string(200'000, '\\') + "\n\n--b\n";
  std::string boundary =
      head + "Content-Type: multipart/mixed; boundary=" + std::string(4000, 'b') + "\n\n";
  for (int k = 0; k < 60; ++k) boundary += "--" + std::string(3999, 'b') + "\n";
  for (const auto& mail : {nested, parts, blocks, folded, codes, quoted, boundary}) {
    const auto bounce = parse_bounce(mail, bounce_address);
    EXPECT_TRUE(!bounce || bounce->message == bounced_id);
  }
  // What is beyond the limits is not read.
  const auto filled = [&](std::size_t bytes) {
    return parse_bounce("Subject: " + std::string(bytes, 'x') + "\n" + head, bounce_address);
  };
  EXPECT_TRUE(filled(limits::bounce_bytes / 2));
  EXPECT_FALSE(filled(limits::bounce_bytes));
}

}  // namespace
}  // namespace isoloir
