// Replies of a mail relay: what is read, written again, reads the same; what arrives in two pieces
// reads as in one; and each means something.
#include "courier/smtp_reply.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

#include "base/limits.hpp"

namespace {

using namespace isoloir;

std::string written(const SmtpReply& reply) {
  std::string out;
  std::string_view text = reply.text;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const bool last = end + 1 == text.size();
    out += fmt::format("{}{}{}\r\n", reply.code, last ? ' ' : '-', text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  std::string received = input;
  const auto reply = take_smtp_reply(received);
  if (!reply) {
    ISOLOIR_ASSERT(reply.error().code == "smtp.reply" && received == input);
    return 0;
  }
  std::string pieces = input.substr(0, size / 2);
  auto later = take_smtp_reply(pieces);
  ISOLOIR_ASSERT(later);
  if (!*later) {
    pieces += input.substr(size / 2);
    later = take_smtp_reply(pieces);
    ISOLOIR_ASSERT(later && later->has_value() == reply->has_value());
  }
  if (!*reply) return 0;
  const auto& [code, status, text] = **reply;
  ISOLOIR_ASSERT((*later)->code == code && (*later)->status == status && (*later)->text == text);
  ISOLOIR_ASSERT(code >= 200 && code < 600 && input.ends_with(received));
  ISOLOIR_ASSERT(status.empty() || status[0] == static_cast<char>('0' + code / 100));
  auto again = written(**reply);
  const auto same = take_smtp_reply(again);
  // What was near the limit with lone line feeds may be beyond it with CRLF.
  if (!same) {
    ISOLOIR_ASSERT(again.size() > limits::mail_reply_bytes);
    return 0;
  }
  ISOLOIR_ASSERT(again.empty() && *same && (*same)->code == code && (*same)->status == status &&
                 (*same)->text == text);
  for (const auto step : {SmtpStep::sender, SmtpStep::recipient, SmtpStep::content}) {
    const auto outcome = judge_smtp_reply(step, **reply);
    ISOLOIR_ASSERT(outcome.result != Delivery::accepted && outcome.result != Delivery::delivered);
    ISOLOIR_ASSERT(step != SmtpStep::sender || outcome.result == Delivery::unreachable);
  }
  return 0;
}
