// Signed notes and receipts: a note that our key has not signed is never opened, one that it has
// says what was signed; what is read as a receipt is written again as the same text.
#include <sodium.h>

#include <cstddef>
#include <cstdint>

#include "election/checkpoint.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  return sodium_init() < 0 ? 1 : 0;
}

// First byte even: the rest is a receipt's text. Odd: it is put in place of a part of a good note.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  if (size < 2) return 0;
  static const auto key = [] {
    SeededRandom random(3);
    return Ed25519KeyPair::generate(random);
  }();
  static const std::string origin = "vote.example/log/1";
  static const Checkpoint checkpoint{origin, 16, Digest{}};
  static const std::string good = sign_checkpoint(checkpoint, key);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    const auto receipt = Receipt::parse(text);
    if (!receipt) {
      ISOLOIR_ASSERT(receipt.error().code == "receipt.form");
      return 0;
    }
    ISOLOIR_ASSERT(receipt->text() == text);
    ISOLOIR_ASSERT(!check_receipt(*receipt, origin, key.key));
    return 0;
  }
  std::string note = good;
  const std::size_t at = static_cast<std::uint8_t>(text[0]) % note.size();
  note.replace(at, std::min(note.size() - at, text.size() - 1), text.substr(1));
  const auto opened = open_checkpoint(note, origin, key.key);
  if (opened) ISOLOIR_ASSERT(opened->body() == checkpoint.body());
  if (note == good) ISOLOIR_ASSERT(opened.has_value());
  return 0;
}
