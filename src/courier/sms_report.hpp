// What became of a text message, as Kannel (1.4.5) tells it: a GET of the address that the message
// was sent with, several of them for one message and in no sure order (delivered may come before
// accepted). Pure.
//
// The address holds a tag of message and route under a key of ours, in place of a password in its
// userinfo: Kannel writes addresses that it cannot call into its log (level 3), and keeps them
// beside the reports it waits for. Who reads one there can forge that message's reports, no others.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "courier/transport.hpp"
#include "crypto/sealing.hpp"

namespace isoloir {

enum class SmsState {
  accepted,     // the operator has it
  buffered,     // he waits for the phone
  delivered,    // it is on the phone
  undelivered,  // he has given up
  rejected      // he never took it, or Kannel gave up before
};

struct SmsReport {
  std::string message_id;  // 32 hexadecimal digits
  std::string route;
  SmsState state;
  // none: accepted, delivered. Else what the operator says in a standard code, or other.
  Reason reason;
};

// The query of the address to call, with Kannel's own escapes (%d the kind of report, %k the first
// word of the operator's answer, %D data beside it). Not %A, his whole answer: most operators send
// the text's first 20 characters back in it.
std::string sms_report_query(const SymmetricKey& key, std::string_view route,
                             std::string_view message_id);

// Of a call's query as received. Errors: sms_report.form, sms_report.tag (made with another key, or
// for another message or route).
Expected<SmsReport> parse_sms_report(std::string_view query, const SymmetricKey& key);

}  // namespace isoloir
