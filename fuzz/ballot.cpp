// Ballots: what decodes, encodes to the same bytes; whatever decodes is judged, and no byte of a
// good ballot can be changed without its being refused.
#include <sodium.h>

#include <cstddef>
#include <cstdint>

#include "base/limits.hpp"
#include "election/ballot.hpp"

namespace {

using namespace isoloir;

constexpr std::size_t options_max = 3;

struct Good {
  Point election_key;
  Bytes bytes;
};

const Good& good_ballot(std::size_t options) {
  static const auto all = [] {
    ISOLOIR_ASSERT(sodium_init() >= 0);
    SeededRandom random(7);
    const auto election = KeyPair::generate(random);
    std::vector<Good> made;
    for (std::size_t n = 1; n <= options_max; ++n) {
      const auto voter = KeyPair::generate(random);
      made.push_back(
          {election.key,
           make_ballot({}, 1, 2, n, n - 1, election.key, voter.secret.reveal(), random).encode()});
    }
    return made;
  }();
  return all.at(options - 1);
}

void judge(ByteView bytes, std::size_t options, bool is_good) {
  const auto header = read_ballot_header(bytes);
  const auto ballot = Ballot::decode(bytes, options);
  if (!ballot) {
    ISOLOIR_ASSERT(ballot.error().code == "ballot.length" ||
                   ballot.error().code == "ballot.encoding");
    ISOLOIR_ASSERT(!is_good);
    return;
  }
  ISOLOIR_ASSERT(header && header->contest == ballot->contest);
  ISOLOIR_ASSERT(header->district == ballot->district &&
                 header->fingerprint == ballot->fingerprint);
  const auto again = ballot->encode();
  ISOLOIR_ASSERT(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()));
  const auto verdict = verify_ballot(*ballot, good_ballot(options).election_key);
  ISOLOIR_ASSERT(verdict.has_value() == is_good);
}

}  // namespace

// First byte: how many options, and whether the rest stands alone or is laid over a good ballot
// (place in two bytes, then what goes there), so that the proofs are reached.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t options = data[0] % options_max + 1;
  const auto& good = good_ballot(options);
  if (data[0] < 128) {
    const ByteView bytes(data + 1, size - 1);
    judge(bytes, options,
          std::equal(bytes.begin(), bytes.end(), good.bytes.begin(), good.bytes.end()));
    return 0;
  }
  Bytes bytes = good.bytes;
  const std::size_t at = (data[1] * 256u + data[2]) % bytes.size();
  for (std::size_t i = 3; i < size && at + i - 3 < bytes.size(); ++i) bytes[at + i - 3] = data[i];
  judge(bytes, options, bytes == good.bytes);
  return 0;
}
