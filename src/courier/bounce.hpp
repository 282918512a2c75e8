// What comes back of a mail that was sent: delivery reports (RFC 3464) and the bounces of programs
// that write none. Every mail leaves with an envelope sender of its own, the bounce address with
// the message's id as its tag (VERP), and what comes back to it is about that message.
//
// Anybody can write such a mail. Who forges one can name but an id that he knows: 128 random bits,
// which the mail's recipient and the relays on its way have seen. So a voter can make only her own
// message look failed or delivered, and a relay that wanted to could have lost it. Nothing is
// decided by a report but what the help desk sees and whether a message is sent by another way to
// the same voter; it never changes an address and never gives a code to anybody.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "courier/transport.hpp"

namespace isoloir {

enum class BounceAction {
  failed,     // for good, whatever the class of its status: a 4.x.x that was given up is one
  delayed,    // it is still being tried
  delivered,  // it lies in the mailbox
  relayed     // it was handed to a system that reports no more, or to a list
};

struct Bounce {
  std::string message;  // 32 hexadecimal digits, lower case
  BounceAction action = BounceAction::failed;
  Reason reason = Reason::none;  // of what failed or is delayed
};

// `mail` as a Maildir has it; what is beyond limits::bounce_bytes is not read. `bounce_address` is
// local@domain without a tag. Pure; linear in the mail's size.
//
// The id is looked for in Delivered-To, X-Original-To, Envelope-to and To, in this order: the
// first three are what our own relay wrote of the envelope, To is the reporting system's word.
// Then in Original-Envelope-Id (RFC 3461) and in the Message-ID of the mail that was returned.
//
// A mail without a report is a bounce only when its return path is null (RFC 5321 section 4.5.5)
// and a mail system has written it, as its From or X-Failed-Recipients say, or else a status code
// in a mail that no responder sent: absence notes come with a null return path, too.
//
// Errors: bounce.none, it is no bounce; bounce.message, it does not say of which message.
Expected<Bounce> parse_bounce(std::string_view mail, std::string_view bounce_address);

}  // namespace isoloir
