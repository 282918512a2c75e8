// Eight hashes side by side against OpenSSL's, and FIPS 180-4's own example.
#include "verification/sha512_eight.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace isoloir::verification {
namespace {

class Sha512Eight : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_sha512_eight()) GTEST_SKIP() << "this processor has no AVX-512: nothing tested";
  }
  SeededRandom random_{512};
};

TEST_F(Sha512Eight, GivesWhatTheStandardGives) {
  const Bytes abc{'a', 'b', 'c'};
  EightMessages messages;
  messages.fill(abc.data());
  EightDigests digests;
  sha512_eight(messages, abc.size(), digests);
  for (const auto& digest : digests) {
    EXPECT_EQ(hex_encode(digest),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  }
}

// Lengths around one and two blocks, and messages wherever they lie.
TEST_F(Sha512Eight, AgreesWithOpensslOnMessagesOfEveryLength) {
  for (std::size_t length = 0; length < 520; ++length) {
    std::array<Bytes, 8> bytes;
    EightMessages messages;
    for (std::size_t i = 0; i < 8; ++i) {
      bytes[i] = random_.bytes(length + i);
      messages[i] = bytes[i].data() + i;
    }
    EightDigests digests;
    sha512_eight(messages, length, digests);
    for (std::size_t i = 0; i < 8; ++i) {
      ASSERT_EQ(digests[i], sha512(ByteView(bytes[i]).subspan(i))) << length << " bytes, " << i;
    }
  }
}

TEST_F(Sha512Eight, AnyNumberOfMessagesIsHashedOnceEach) {
  for (std::size_t count = 0; count < 20; ++count) {
    const Bytes bytes = random_.bytes(count * 300);
    std::vector<ByteArray<64>> digests;
    hash_each(
        true, count,
        [&](std::size_t i, std::size_t) { return ByteView(bytes).subspan(300 * i, 300); },
        [&](std::size_t i, const ByteArray<64>& digest) {
          EXPECT_EQ(i, digests.size());
          digests.push_back(digest);
        });
    ASSERT_EQ(digests.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(digests[i], sha512(ByteView(bytes).subspan(300 * i, 300)));
    }
  }
}

}  // namespace
}  // namespace isoloir::verification
