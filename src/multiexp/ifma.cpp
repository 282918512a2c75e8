#include "multiexp/engine.hpp"

namespace isoloir::multiexp {

const Engine* ifma_engine() {
  return nullptr;
}

}  // namespace isoloir::multiexp
