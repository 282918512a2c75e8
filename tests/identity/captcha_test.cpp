#include "identity/captcha.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <future>
#include <set>

#include "base/limits.hpp"
#include "identity/voice.hpp"

namespace isoloir {
namespace {

std::uint32_t big_endian(const Bytes& bytes, std::size_t at) {
  return read_u32(ByteView(bytes).subspan(at, 4));
}

std::uint32_t little_endian(const Bytes& bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= std::uint32_t{bytes.at(at + i)} << 8 * i;
  return value;
}

Bytes png(std::string_view digits, std::uint64_t seed) {
  SeededRandom random(seed);
  return captcha_png(digits, random);
}

Bytes wav(std::string_view digits, CaptchaLanguage language, std::uint64_t seed) {
  SeededRandom random(seed);
  return captcha_wav(digits, language, random);
}

TEST(Captcha, DigitsAreFourAndUniform) {
  SeededRandom random(1);
  std::array<int, 10> counts{};
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    const auto digits = captcha_digits(random);
    ASSERT_EQ(digits.size(), captcha_length);
    seen.insert(digits);
    for (const char digit : digits) ++counts.at(static_cast<std::size_t>(digit - '0'));
  }
  // 8000 digits: 800 each, standard deviation 27
  for (const int count : counts) EXPECT_NEAR(count, 800, 135);
  EXPECT_GT(seen.size(), 1700u);  // 1813 expected of 10 000
}

TEST(CaptchaImage, IsAPngOfTheSizeSaid) {
  const auto image = png("0729", 1);
  ASSERT_GT(image.size(), 1000u);
  EXPECT_LT(image.size(), 60'000u);
  EXPECT_EQ(Bytes(image.begin(), image.begin() + 8),
            (Bytes{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}));
  EXPECT_EQ(big_endian(image, 16), 2u * captcha_width);
  EXPECT_EQ(big_endian(image, 20), 2u * captcha_height);
  EXPECT_EQ(as_text(ByteView(image).last(8).first(4)), "IEND");
}

TEST(CaptchaImage, FollowsItsDigitsAndItsRandomness) {
  EXPECT_EQ(png("0729", 1), png("0729", 1));
  EXPECT_NE(png("0729", 1), png("0729", 2));
  std::set<Bytes> seen;
  for (const std::string digits : {"0000", "1111", "2222", "3333", "4444", "5555", "6666", "7777",
                                   "8888", "9999", "6996", "9669"}) {
    EXPECT_TRUE(seen.insert(png(digits, 1)).second) << digits;
  }
}

TEST(CaptchaImage, ManyThreadsDrawTheSame) {
  std::vector<std::future<Bytes>> images;
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    images.push_back(std::async(std::launch::async, png, "0729", seed / 2));
  }
  for (std::size_t i = 0; i < images.size(); ++i) EXPECT_EQ(images[i].get(), png("0729", i / 2));
}

TEST(CaptchaVoice, EveryDigitIsSpokenAndNoTwoAlike) {
  std::set<std::vector<std::int16_t>> seen;
  for (const auto language : {CaptchaLanguage::french, CaptchaLanguage::english}) {
    for (std::size_t digit = 0; digit < 10; ++digit) {
      const auto& samples = spoken_digit(language, digit);
      EXPECT_GT(samples.size(), voice_rate_hz / 5) << digit;  // from 0.2 s
      EXPECT_LT(samples.size(), voice_rate_hz) << digit;      // to 1 s
      const auto peak = *std::max_element(samples.begin(), samples.end());
      EXPECT_GT(peak, 4000) << digit;
      EXPECT_TRUE(seen.insert(samples).second) << digit;
    }
  }
}

TEST(CaptchaAudio, IsAWaveFileWhoseLengthsAddUp) {
  std::size_t largest = 0;
  for (const auto language : {CaptchaLanguage::french, CaptchaLanguage::english}) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      const auto file = wav(std::string(captcha_length, digit), language, 7);
      ASSERT_GT(file.size(), 44u);
      EXPECT_EQ(as_text(ByteView(file).first(4)), "RIFF");
      EXPECT_EQ(little_endian(file, 4, 4), file.size() - 8);
      EXPECT_EQ(as_text(ByteView(file).subspan(8, 8)), "WAVEfmt ");
      EXPECT_EQ(little_endian(file, 16, 4), 16u);
      EXPECT_EQ(little_endian(file, 20, 2), 1u);       // PCM
      EXPECT_EQ(little_endian(file, 22, 2), 1u);       // mono
      EXPECT_EQ(little_endian(file, 24, 4), 22'050u);  // samples a second
      EXPECT_EQ(little_endian(file, 28, 4), 44'100u);  // bytes a second
      EXPECT_EQ(little_endian(file, 32, 2), 2u);
      EXPECT_EQ(little_endian(file, 34, 2), 16u);
      EXPECT_EQ(as_text(ByteView(file).subspan(36, 4)), "data");
      EXPECT_EQ(little_endian(file, 40, 4), file.size() - 44);
      // Four digits of a fifth of a second at least, between five pauses.
      EXPECT_GT(file.size(), 2u * voice_rate_hz * 2);
      largest = std::max(largest, file.size());
    }
  }
  // What this draw may have spared: slower by the whole span of 0.94 to 1.06, pauses of 2.3 s
  // instead of 1.27 s.
  EXPECT_LT(largest * 113 / 100 + 44'100 * 103 / 100, limits::captcha_audio_bytes);
}

// Loud spans above the noise, separated by pauses: one for each digit, in the place of the four.
TEST(CaptchaAudio, SpeaksFourDigits) {
  for (const auto language : {CaptchaLanguage::french, CaptchaLanguage::english}) {
    for (const std::string digits : {"0123", "4567", "8901"}) {
      const auto file = wav(digits, language, 3);
      int spans = 0;
      std::size_t quiet = voice_rate_hz;
      for (std::size_t at = 44; at + 1 < file.size(); at += 2) {
        const auto sample = static_cast<std::int16_t>(little_endian(file, at, 2));
        if (std::abs(sample) > 1000) {
          spans += quiet > voice_rate_hz / 5;
          quiet = 0;
        } else {
          ++quiet;
        }
      }
      EXPECT_EQ(spans, 4) << digits;
    }
  }
}

TEST(CaptchaAudio, FollowsDigitsLanguageAndRandomness) {
  constexpr auto french = CaptchaLanguage::french;
  EXPECT_EQ(wav("1234", french, 1), wav("1234", french, 1));
  EXPECT_NE(wav("1234", french, 1), wav("1234", french, 2));
  EXPECT_NE(wav("1234", french, 1), wav("1235", french, 1));
  EXPECT_NE(wav("1234", french, 1), wav("4321", french, 1));
  EXPECT_NE(wav("1234", french, 1), wav("1234", CaptchaLanguage::english, 1));
}

}  // namespace
}  // namespace isoloir
