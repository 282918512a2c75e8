#include "multiexp/engine.hpp"

namespace isoloir::multiexp {

const Engine& best_engine() {
  if (const Engine* const ifma = ifma_engine()) return *ifma;
  const Engine* const fma = fma_engine();
  return fma ? *fma : portable_engine();
}

}  // namespace isoloir::multiexp
