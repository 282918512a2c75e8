#include "courier/place.hpp"

#include <algorithm>

#include "courier/dialling.hpp"

namespace isoloir {

std::string place_of(MessageChannel channel, std::string_view destination) {
  if (channel == MessageChannel::sms) return std::string(dialled_country(destination));
  std::string domain(destination.substr(destination.rfind('@') + 1));
  std::transform(domain.begin(), domain.end(), domain.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return domain;
}

}  // namespace isoloir
