// Where a link may go: a personal e-mail address that is not the professional one in disguise, or a
// mobile phone (requirements 36 to 42). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace isoloir::reissue {

struct Destination {
  std::string address;  // what the message goes to, byte for byte: local@ascii.domain, or E.164
  std::string key;      // the same for all spellings of one mailbox or phone, for throttles
};

// Error: reissue.destination with message_id reissue.email_form (not one plain address: line
// breaks, NUL, commas, quoted local parts, comments, % and ! of old routing, non-ASCII local parts
// and lists are refused), reissue.email_script (a label mixes scripts), reissue.email_professional
// (the professional address itself, or it under another plus-tag, dots, case, spelling of the
// domain, subdomain, parent or sibling domain).
Expected<Destination> judge_email(std::string_view typed, std::string_view professional);

struct Phone {
  Destination destination;
  bool served = false;  // its country is on the list; else nothing is sent, and nobody is told
};
// French mobiles in national form (overseas ones too: 0690 is +590 690) or any number in
// international form with + or 00. Where a country on the list has a form that we know, the number
// must be a mobile of it. Error: reissue.destination with message_id reissue.phone_form.
Expected<Phone> judge_phone(std::string_view typed, const std::vector<std::string>& countries);

}  // namespace isoloir::reissue
