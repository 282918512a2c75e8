// The ten spoken digits of each captcha language, rendered by espeak-ng when the program is built
// (cmake/voice.cmake) and carried in it. Constant data, prepared on first use; thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "identity/captcha.hpp"

namespace isoloir {

inline constexpr std::uint32_t voice_rate_hz = 22'050;

// Samples of one digit (0 to 9), mono, without the silence around it.
const std::vector<std::int16_t>& spoken_digit(CaptchaLanguage language, std::size_t digit);

}  // namespace isoloir
