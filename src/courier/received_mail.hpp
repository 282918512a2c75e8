// A mail that arrived, as its heads and parts (RFC 5322, RFC 2045, RFC 2046). Strangers write it:
// nothing here fails or throws, time is linear in the text, and what is beyond the limits
// (base/limits.hpp) or no mail at all is passed over.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace isoloir {

struct MailField {
  std::string name;   // lower case
  std::string value;  // on one line, without spaces at its ends
};

// The fields of one head, in their order.
class MailHead {
 public:
  // Reads up to the first empty line, or to the end; `text` is what follows it then. Lines end in
  // LF or CRLF. Lines that are no field are passed over.
  static MailHead read(std::string_view& text);

  const std::vector<MailField>& fields() const { return fields_; }
  // The first of that name (lower case), which is the one added last on its way; null: none.
  const std::string* find(std::string_view name) const;

 private:
  std::vector<MailField> fields_;
};

// A whole mail, or a part of one. Views the text that it was read from.
struct MailPart {
  MailHead head;
  std::string_view body;  // still encoded

  static MailPart read(std::string_view text);

  std::string type() const;                                 // "text/plain" where it names none
  std::string type_parameter(std::string_view name) const;  // "boundary"; empty: not there
  std::string decoded() const;                              // of base64 or quoted-printable
  // Of a multipart, at most so many; a last one that nothing closes is one too.
  std::vector<std::string_view> parts(std::size_t most) const;
};

}  // namespace isoloir
