// SHA-256 of what comes in pieces. Not thread-safe.
#pragma once

#include <memory>

#include "base/bytes.hpp"

namespace isoloir {

class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  ~Sha256();
  void add(ByteView piece);
  ByteArray<32> digest();  // once, at the end

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace isoloir
