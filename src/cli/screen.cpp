#include "cli/screen.hpp"

namespace isoloir::cli {

std::string both(const std::string& french, const std::string& english) {
  return french + "\n    " + english + "\n";
}

std::string in_groups(ByteView bytes, std::size_t digits) {
  const std::string hex = hex_encode(bytes);
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += digits) {
    out += (i == 0 ? "" : " ") + hex.substr(i, digits);
  }
  return out;
}

std::string in_groups(const Fingerprint& fingerprint) {
  return in_groups(fingerprint.bytes, 4);
}

}  // namespace isoloir::cli
