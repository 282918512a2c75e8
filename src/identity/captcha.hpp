// The captcha: four digits, drawn and spoken. It slows down programs that try passwords by the
// thousand; it never stands alone (limits on tries do the rest), so that it can stay easy for
// people: dark on light above a contrast of 7:1, sharp at 200 % zoom, read aloud in two languages.
//
// Stateless and thread-safe; draw from threads that live long, since Pango keeps some 50 kB for
// each thread it has met. Who keeps the digits, for how long and that they serve once is the
// service's affair.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace isoloir {

inline constexpr std::size_t captcha_length = 4;

// The size on the page in CSS pixels; the image has twice as many each way.
inline constexpr int captcha_width = 200;
inline constexpr int captcha_height = 70;

enum class CaptchaLanguage { french, english };

// Four decimal digits, uniform.
std::string captcha_digits(Random& random);

// `digits`: exactly captcha_length of '0' to '9' (asserted). The same random stream gives the same
// bytes. A PNG file of 24-bit colour. Throws std::runtime_error when the machine has no font with
// digits, or cairo fails.
Bytes captcha_png(std::string_view digits, Random& random);

// A RIFF/WAVE file, 16-bit PCM, mono, 22 050 Hz, below limits::captcha_audio_bytes (asserted).
Bytes captcha_wav(std::string_view digits, CaptchaLanguage language, Random& random);

}  // namespace isoloir
