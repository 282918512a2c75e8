// Reads a mail back, by the RFCs and not by how it was written: 5322 (headers), 2045 and 2046
// (parts), 2047 (encoded words).
#pragma once

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.hpp"
#include "base/bytes.hpp"

namespace isoloir::test {

struct MailPart {
  std::map<std::string, std::string> headers;  // names in lower case, unfolded
  std::string body;                            // decoded; then lines end in \n
  std::vector<MailPart> parts;
};

inline std::string without_quoted_printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && text.substr(i + 1, 2) == "\r\n") {
      i += 2;
    } else if (text[i] == '=') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else if (text.substr(i, 2) == "\r\n") {
      out += '\n';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

// White space between two encoded words is no part of the text.
inline std::string without_encoded_words(std::string_view text) {
  std::string out;
  for (bool after_word = false; !text.empty();) {
    const auto begin = text.find("=?utf-8?B?");
    const auto between = text.substr(0, begin);
    if (!after_word || between.find_first_not_of(' ') != std::string_view::npos) out += between;
    if (begin == std::string_view::npos) break;
    const auto end = text.find("?=", begin + 10);
    const auto bytes = base64_decode(text.substr(begin + 10, end - begin - 10));
    out += bytes ? as_text(*bytes) : "(no base64)";
    text.remove_prefix(end + 2);
    after_word = true;
  }
  return out;
}

inline MailPart read_mail(std::string_view text) {
  MailPart part;
  std::string* value = nullptr;
  while (!text.starts_with("\r\n")) {
    const auto end = text.find("\r\n");
    if (end == std::string_view::npos) return part;
    const auto line = text.substr(0, end);
    const auto colon = line.find(": ");
    if (line.starts_with(' ') && value) {
      *value += line;
    } else if (colon != std::string_view::npos) {
      value = &part.headers[ascii_lower(line.substr(0, colon))];
      *value += (value->empty() ? "" : " AND ") + std::string(line.substr(colon + 2));
    }
    text.remove_prefix(end + 2);
  }
  text.remove_prefix(2);
  const auto& type = part.headers["content-type"];
  const auto boundary = type.find("boundary=\"");
  if (boundary == std::string::npos) {
    // Of the other encodings it knows the one that is none.
    part.body = part.headers["content-transfer-encoding"] == "quoted-printable"
                    ? without_quoted_printable(text)
                    : std::string(text);
    return part;
  }
  const auto name = type.substr(boundary + 10, type.find('"', boundary + 10) - boundary - 10);
  const std::string whole = "\r\n" + std::string(text);
  const auto mark = "\r\n--" + name;
  for (auto at = whole.find(mark); whole.substr(at + mark.size(), 2) == "\r\n";) {
    const auto from = at + mark.size() + 2;
    at = whole.find(mark, from);
    part.parts.push_back(read_mail(std::string_view(whole).substr(from, at - from)));
    if (at == std::string::npos) break;
  }
  return part;
}

}  // namespace isoloir::test
