// Every test draws the same random numbers at each run, so that none fails by a chance that its
// author did not think of; ISOLOIR_TEST_SEED=<number> draws others (scripts/soak.sh). Programs that
// a test starts, and what OpenSSL draws, are as they are.
#include <gtest/gtest.h>
#include <sodium.h>
#include <stdlib.h>

#include <atomic>
#include <cstring>
#include <string>

namespace {

std::string seed_text() {
  const char* given = ::getenv("ISOLOIR_TEST_SEED");
  return given == nullptr ? "0" : given;
}

unsigned char key[randombytes_SEEDBYTES];
std::atomic<std::uint64_t> block;

void fill(void* target, std::size_t size) {
  if (size == 0) return;
  unsigned char of_block[sizeof key];
  const std::uint64_t number = block++;
  std::memcpy(of_block, key, sizeof key);
  for (std::size_t i = 0; i < sizeof number; ++i) of_block[i] ^= (number >> (8 * i)) & 0xff;
  randombytes_buf_deterministic(target, size, of_block);
}

std::uint32_t number() {
  std::uint32_t value;
  fill(&value, sizeof value);
  return value;
}

randombytes_implementation repeatable{
    [] { return "repeatable"; }, number, nullptr, nullptr, fill, nullptr};

struct FromTheStart final : testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    const auto name = seed_text() + " " + test.test_suite_name() + "." + std::string(test.name());
    crypto_generichash(key, sizeof key, reinterpret_cast<const unsigned char*>(name.data()),
                       name.size(), nullptr, 0);
    block = 0;
  }
};

const bool begun = [] {
  randombytes_set_implementation(&repeatable);
  ::setenv("RC_PARAMS", ("seed=" + seed_text()).c_str(), 0);  // of rapidcheck
  testing::UnitTest::GetInstance()->listeners().Append(new FromTheStart);
  return true;
}();

}  // namespace
