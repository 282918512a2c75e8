#include "identity/captcha.hpp"

namespace isoloir {

std::string captcha_digits(Random& random) {
  std::string digits;
  while (digits.size() < captcha_length) {
    digits.push_back(static_cast<char>('0' + random.below(10)));
  }
  return digits;
}

}  // namespace isoloir
