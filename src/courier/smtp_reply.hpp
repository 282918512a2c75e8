// What a relay answers (RFC 5321 section 4.2, RFC 2034), and what that means for a mail. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "courier/transport.hpp"

namespace isoloir {

struct SmtpReply {
  int code = 0;        // 200 to 599
  std::string status;  // enhanced, "5.1.1"; empty where there is none, or of another class
  std::string text;    // all lines without their codes, lower case; a stranger's words
};

// Takes the first reply off the front of what has been received, or nothing as long as its last
// line has not come. A lone LF ends a line too; any bytes may be in its text. Error: smtp.reply
// (that is no reply, or one longer than limits::mail_reply_bytes).
Expected<std::optional<SmtpReply>> take_smtp_reply(std::string& received);

enum class SmtpStep { sender, recipient, content };  // MAIL; RCPT; DATA and what follows it

// What a reply other than the awaited one means. Of the sender it is the relay's view of us, not of
// the recipient, and so are replies to commands that it does not take, or takes from users alone.
SendOutcome judge_smtp_reply(SmtpStep step, const SmtpReply& reply);

}  // namespace isoloir
