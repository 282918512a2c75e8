// Mails to try: a plain one, and whatever a text may hold.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "courier/transport.hpp"

namespace isoloir::test {

inline OutgoingMessage some_mail(const std::string& subject = "Votre lien") {
  OutgoingMessage message;
  message.id = "0123456789abcdef0123456789abcdef";
  message.destination = "voter@example.org";
  message.subject = subject;
  message.body = "Bonjour,\n\nÀ bientôt.\n";
  return message;
}

inline std::string any_text(std::vector<std::string> more) {
  more.insert(more.end(), {".",
                           "..",
                           " ",
                           "\t",
                           "=",
                           "=3D",
                           "=?utf-8?B?eA==?=",
                           "?=",
                           "a",
                           "--",
                           "é",
                           "\u00a0",
                           "\u202e",
                           "🗳️",
                           "👩‍👩‍👧",
                           "From ",
                           "<b>",
                           "https://a.fr/?x=1&y",
                           "\x1b",
                           "\x7f",
                           "\u2028",
                           std::string(75, 'w'),
                           std::string(1200, 'l'),
                           "--=_"});
  const auto pieces =
      *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::move(more)));
  std::string text;
  for (const auto& piece : pieces) text += piece;
  return text;
}

inline OutgoingMessage any_mail() {
  auto message = some_mail(any_text({}).substr(0, 900));
  // Cut within a character, it is no text any more.
  while (!message.subject.empty() && static_cast<unsigned char>(message.subject.back()) >= 128) {
    message.subject.pop_back();
  }
  message.body = any_text({"\n", "\n.\n", "\n\n", "\r", "\r\n", "\r\n.\r\n", std::string(1, '\0')});
  return message;
}

}  // namespace isoloir::test
