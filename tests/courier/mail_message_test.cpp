#include "courier/mail_message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/limits.hpp"
#include "courier/mail_reader.hpp"
#include "courier/some_mail.hpp"

namespace isoloir {
namespace {

const MailSender writer{{"scrutin", "vote.example.org"}, "Scrutin"};
constexpr TimeMs written_at = 1'700'000'000'123;  // Tue 14 Nov 2023 22:13:20 UTC

std::string written(const OutgoingMessage& message, const MailSender& sender = writer) {
  return write_mail(message, sender, written_at).value();
}

std::string error_of(const OutgoingMessage& message, const MailSender& sender = writer) {
  const auto mail = write_mail(message, sender, written_at);
  return mail ? "written" : mail.error().code;
}

TEST(MailMessage, HeadersSayWhoToWhomAndThatNoMachineShouldAnswer) {
  auto message = test::some_mail("Ève à Zoë");
  message.reply_to = "help@école.example.org";
  const auto mail = test::read_mail(written(message));
  EXPECT_EQ(mail.headers.at("from"), "Scrutin <scrutin@vote.example.org>");
  EXPECT_EQ(mail.headers.at("to"), "voter@example.org");
  EXPECT_EQ(mail.headers.at("reply-to"), "help@xn--cole-9oa.example.org");
  EXPECT_EQ(test::without_encoded_words(mail.headers.at("subject")), "Ève à Zoë");
  EXPECT_EQ(mail.headers.at("date"), "Tue, 14 Nov 2023 22:13:20 +0000");
  EXPECT_EQ(mail.headers.at("message-id"), "<0123456789abcdef0123456789abcdef@vote.example.org>");
  EXPECT_EQ(mail.headers.at("auto-submitted"), "auto-generated");
  EXPECT_EQ(mail.headers.at("x-auto-response-suppress"), "All");
  EXPECT_EQ(mail.headers.at("mime-version"), "1.0");
  EXPECT_EQ(mail.headers.size(), 10u);
}

TEST(MailMessage, ReplyToAndNameOfTheSenderMayBeMissing) {
  const auto mail = test::read_mail(written(test::some_mail(), {writer.mailbox, ""}));
  EXPECT_EQ(mail.headers.at("from"), "<scrutin@vote.example.org>");
  EXPECT_EQ(mail.headers.count("reply-to"), 0u);
}

TEST(MailMessage, ANameWithSyntaxOfItsOwnIsEncoded) {
  for (const std::string name :
       {"Élections, \"2027\"", "a@b.fr", "Bureau <vote>", "=?utf-8?Q?x?="}) {
    const auto from =
        test::read_mail(written(test::some_mail(), {writer.mailbox, name})).headers.at("from");
    EXPECT_EQ(test::without_encoded_words(from), name + " <scrutin@vote.example.org>");
    EXPECT_TRUE(from.starts_with("=?utf-8?B?")) << from;
  }
}

TEST(MailMessage, ThePlainTextComesFirstAndTheSameTextAsAWebPage) {
  auto message = test::some_mail("Sujet <1>");
  message.body =
      "Bonjour,\n\nVotre lien :\nhttps://vote.example.org/l?a=1&b=2.\n<Fin> & \"merci\"\n";
  const auto mail = test::read_mail(written(message));
  ASSERT_EQ(mail.parts.size(), 2u);
  EXPECT_TRUE(mail.headers.at("content-type").starts_with("multipart/alternative;"));
  EXPECT_EQ(mail.parts[0].headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(mail.parts[0].body, message.body);
  EXPECT_EQ(mail.parts[1].headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(mail.parts[1].body,
            "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Sujet &lt;1&gt;</title>"
            "</head><body>\n<p>Bonjour,</p>\n<p>Votre lien :<br>\n"
            "<a href=\"https://vote.example.org/l?a=1&amp;b=2\">"
            "https://vote.example.org/l?a=1&amp;b=2</a>.<br>\n"
            "&lt;Fin&gt; &amp; &quot;merci&quot;</p>\n</body></html>\n");
}

TEST(MailMessage, AnAddressEndsWhereTheSentenceGoesOn) {
  const auto body = [](std::string_view text) {
    const auto html = mail_html("", text);
    const auto from = html.find("<p>") + 3;
    return html.substr(from, html.find("</p>") - from);
  };
  EXPECT_EQ(body("(http://a.fr/b)."), "(<a href=\"http://a.fr/b\">http://a.fr/b</a>).");
  EXPECT_EQ(body("«\u00a0https://a.fr\u00a0»"),
            "«\u00a0<a href=\"https://a.fr\">https://a.fr</a>\u00a0»");
  EXPECT_EQ(body("https://a.fr https://b.fr"),
            "<a href=\"https://a.fr\">https://a.fr</a> <a href=\"https://b.fr\">https://b.fr</a>");
  EXPECT_EQ(body("https://\"onclick=x https://, javascript:x"),
            "https://&quot;onclick=x https://, javascript:x");
  EXPECT_EQ(body(std::string("a\x00\x1b"
                             "b",
                             4)),
            "ab");
}

TEST(MailMessage, NoHeaderLetsALineIn) {
  for (const std::string& evil :
       {std::string("a\r\nBcc: x@y.fr"), std::string("a\nb"), std::string("a\rb"),
        std::string("a\0b", 3), std::string("\xff"), std::string(1001, 'a')}) {
    auto message = test::some_mail();
    message.subject = evil;
    EXPECT_EQ(error_of(message), "mail.subject");
    EXPECT_EQ(error_of(test::some_mail(), {writer.mailbox, evil}), "mail.sender");
    message = test::some_mail();
    message.destination = evil + "@example.org";
    EXPECT_EQ(error_of(message), "mail.recipient");
    message = test::some_mail();
    message.reply_to = "voter@example.org" + evil;
    EXPECT_EQ(error_of(message), "mail.reply_to");
    message = test::some_mail();
    message.id = evil;
    EXPECT_EQ(error_of(message), "mail.id");
  }
}

TEST(MailMessage, OneRecipientAlone) {
  auto message = test::some_mail();
  for (const char* destination : {"", "a@b.fr, c@d.fr", "a@b.fr>,<c@d.fr", "Name <a@b.fr>", "a"}) {
    message.destination = destination;
    EXPECT_EQ(error_of(message), "mail.recipient") << destination;
  }
}

TEST(MailMessage, TextIsUtf8OfReasonableLength) {
  auto message = test::some_mail();
  message.body = "\xc3";
  EXPECT_EQ(error_of(message), "mail.text");
  message.body = std::string(limits::mail_text_bytes + 1, 'a');
  EXPECT_EQ(error_of(message), "mail.text");
  message.body.pop_back();
  EXPECT_EQ(error_of(message), "written");
}

RC_GTEST_PROP(MailMessageProperties, AnyTextComesBackAndNoLineIsLongOrOfEightBits, ()) {
  const auto message = test::any_mail();
  const auto text = written(message);
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    RC_ASSERT(c < 127u);
    if (c < ' ') {
      RC_ASSERT(text.substr(c == '\r' ? i : i - 1, 2) == "\r\n");
      length = 0;
    } else {
      RC_ASSERT(++length <= 76u);
    }
  }
  const auto mail = test::read_mail(text);
  RC_ASSERT(mail.headers.size() == 9u);
  RC_ASSERT(test::without_encoded_words(mail.headers.at("subject")) == message.subject);
  RC_ASSERT(mail.parts.size() == 2u);
  RC_ASSERT(mail.parts[0].body == message.body);
}

}  // namespace
}  // namespace isoloir
