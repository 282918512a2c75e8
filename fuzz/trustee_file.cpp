// The private file of a holder, as it is once opened: what is read is written again as the very
// same bytes, and what was spoiled is refused or is another state that is whole.
#include <sodium.h>

#include <cstddef>
#include <cstdint>

#include "crypto/sealing.hpp"
#include "election/ceremony.hpp"

namespace {

using isoloir::Bytes;

// After round 0, and after the last.
std::vector<Bytes> good_states() {
  using isoloir::BureauRole;
  isoloir::SeededRandom random(5);
  isoloir::CeremonyPlan plan;
  plan.election.bytes = random.array<16>();
  plan.ceremony = random.array<16>();
  plan.groups = {{"Bureau", 1, {{"A", BureauRole::president}, {"B", BureauRole::secretary}}},
                 {"Delegates", 2, {{"C"}, {"D"}, {"E"}}}};
  std::vector<Bytes> states;
  states.push_back(isoloir::HolderState::create(plan, 1, 2, random).encode().reveal());
  states.push_back(run_ceremony_locally(plan, random).holders[3].encode().reveal());
  return states;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  return sodium_init() < 0 ? 1 : 0;
}

// First byte: which good state, or none; two more: where the rest is put in place of what is there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  if (size < 3) return 0;
  static const auto good = good_states();
  Bytes bytes;
  if (data[0] % 3 != 2) bytes = good[data[0] % 3];
  const std::size_t at = bytes.empty() ? 0 : (data[1] * 256u + data[2]) % bytes.size();
  for (std::size_t i = 3; i < size; ++i) {
    if (at + i - 3 < bytes.size()) {
      bytes[at + i - 3] = data[i];
    } else {
      bytes.push_back(data[i]);
    }
  }
  const auto state = HolderState::decode(bytes);
  if (!state) {
    ISOLOIR_ASSERT(state.error().code == "holder.form");
  } else {
    ISOLOIR_ASSERT(state->encode().reveal() == bytes);
  }
  // Nothing is tried on what is no sealed file, so this costs no key derivation.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.starts_with("ISOLOIR-SEALED-")) {
    const auto opened = open_sealed_file("holder", "CODE", text);
    ISOLOIR_ASSERT(!opened && opened.error().code == "sealed_file.form");
  }
  return 0;
}
