#include "multiexp/engine.hpp"

namespace isoloir::multiexp {

const Engine& best_engine() {
  const Engine* const ifma = ifma_engine();
  return ifma ? *ifma : portable_engine();
}

}  // namespace isoloir::multiexp
