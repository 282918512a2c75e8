#include <algorithm>
#include <cmath>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "identity/captcha.hpp"
#include "identity/voice.hpp"

namespace isoloir {
namespace {

// The digit a little faster or slower and louder or softer each time, so that no two recordings
// match byte for byte.
void append_digit(std::vector<double>& samples, const std::vector<std::int16_t>& digit,
                  Random& random) {
  const double speed = 0.94 + 0.12 * random.below(1000) / 1000;
  const double gain = 0.70 + 0.25 * random.below(1000) / 1000;
  const auto count = static_cast<std::size_t>(static_cast<double>(digit.size() - 1) / speed);
  for (std::size_t i = 0; i < count; ++i) {
    const double at = static_cast<double>(i) * speed;
    const auto index = static_cast<std::size_t>(at);
    const double part = at - static_cast<double>(index);
    samples.push_back(gain * ((1 - part) * digit[index] + part * digit[index + 1]));
  }
}

void append_pause(std::vector<double>& samples, std::uint32_t ms_min, std::uint32_t ms_spread,
                  Random& random) {
  const std::uint32_t ms = ms_min + random.below(ms_spread);
  samples.resize(samples.size() + std::size_t{ms} * voice_rate_hz / 1000, 0.0);
}

void append_little_endian(Bytes& target, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) target.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

// The canonical 44-byte header ("Multimedia Programming Interface and Data Specifications 1.0",
// WAVE), then samples.
Bytes as_wave(const std::vector<std::int16_t>& samples) {
  const auto data_bytes = static_cast<std::uint32_t>(samples.size() * 2);
  Bytes file = to_bytes("RIFF");
  append_little_endian(file, 36 + data_bytes, 4);
  append(file, as_bytes("WAVEfmt "));
  append_little_endian(file, 16, 4);
  append_little_endian(file, 1, 2);  // PCM
  append_little_endian(file, 1, 2);  // mono
  append_little_endian(file, voice_rate_hz, 4);
  append_little_endian(file, voice_rate_hz * 2, 4);
  append_little_endian(file, 2, 2);   // bytes in a frame
  append_little_endian(file, 16, 2);  // bits in a sample
  append(file, as_bytes("data"));
  append_little_endian(file, data_bytes, 4);
  for (const auto sample : samples) {
    append_little_endian(file, static_cast<std::uint16_t>(sample), 2);
  }
  return file;
}

}  // namespace

Bytes captcha_wav(std::string_view digits, CaptchaLanguage language, Random& random) {
  ISOLOIR_ASSERT(digits.size() == captcha_length &&
                 digits.find_first_not_of("0123456789") == std::string_view::npos);
  std::vector<double> mix;
  append_pause(mix, 150, 150, random);
  for (const char digit : digits) {
    append_digit(mix, spoken_digit(language, static_cast<std::size_t>(digit - '0')), random);
    append_pause(mix, 280, 220, random);
  }
  const Bytes noise = random.bytes(mix.size());
  std::vector<std::int16_t> samples;
  samples.reserve(mix.size());
  for (std::size_t i = 0; i < mix.size(); ++i) {
    const double sample = mix[i] + 2.0 * (noise[i] - 127.5);  // about 40 dB below the voice
    samples.push_back(
        static_cast<std::int16_t>(std::lround(std::clamp(sample, -32768.0, 32767.0))));
  }
  Bytes file = as_wave(samples);
  ISOLOIR_ASSERT(file.size() < limits::captcha_audio_bytes);
  return file;
}

}  // namespace isoloir
