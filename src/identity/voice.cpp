#include "identity/voice.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>

#include "base/result.hpp"

// The assembler embeds the file as it stands: an array initialiser of half a million bytes takes
// the compiler seconds.
asm(".pushsection .rodata\n"
    ".global isoloir_voice_begin\n"
    ".global isoloir_voice_end\n"
    "isoloir_voice_begin:\n"
    ".incbin \"" ISOLOIR_VOICE_FILE
    "\"\n"
    "isoloir_voice_end:\n"
    ".popsection\n");
extern "C" const std::uint8_t isoloir_voice_begin[];
extern "C" const std::uint8_t isoloir_voice_end[];

namespace isoloir {
namespace {

constexpr std::size_t header_bytes =
    44;                       // RIFF, one 16-byte fmt chunk, data: what espeak-ng writes
constexpr int audible = 300;  // of 32768: below it, before and after, is silence

std::uint32_t read_little_endian(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16) |
         static_cast<std::uint32_t>(bytes[at + 3]) << 24;
}

std::vector<std::int16_t> without_silence(ByteView data) {
  std::vector<std::int16_t> samples;
  for (std::size_t i = 0; i + 1 < data.size(); i += 2) {
    samples.push_back(static_cast<std::int16_t>(data[i] | data[i + 1] << 8));
  }
  const auto is_audible = [](std::int16_t sample) { return std::abs(sample) > audible; };
  const auto begin = std::find_if(samples.begin(), samples.end(), is_audible);
  const auto end = std::find_if(samples.rbegin(), samples.rend(), is_audible).base();
  ISOLOIR_ASSERT(begin < end);
  return {begin, end};
}

using Voice = std::array<std::vector<std::int16_t>, 20>;

Voice unpack() {
  ByteView rest(isoloir_voice_begin, isoloir_voice_end);
  Voice voice;
  for (auto& digit : voice) {
    ISOLOIR_ASSERT(rest.size() > header_bytes);
    ISOLOIR_ASSERT(read_little_endian(rest, 24) == voice_rate_hz);
    const std::size_t size = read_little_endian(rest, 40);
    ISOLOIR_ASSERT(size <= rest.size() - header_bytes);
    digit = without_silence(rest.subspan(header_bytes, size));
    rest = rest.subspan(header_bytes + size);
  }
  ISOLOIR_ASSERT(rest.empty());
  return voice;
}

}  // namespace

const std::vector<std::int16_t>& spoken_digit(CaptchaLanguage language, std::size_t digit) {
  ISOLOIR_ASSERT(digit < 10);
  static const Voice voice = unpack();
  return voice[(language == CaptchaLanguage::english ? 10 : 0) + digit];
}

}  // namespace isoloir
