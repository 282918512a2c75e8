#include "base/secret.hpp"

#include <sodium.h>

namespace isoloir {

void wipe(void* memory, std::size_t size) {
  sodium_memzero(memory, size);
}

}  // namespace isoloir
