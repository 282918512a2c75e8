#include "service/reference.hpp"

#include "election/crockford.hpp"

namespace isoloir {

std::string new_reference(Random& random) {
  std::string reference;
  for (int i = 0; i < 8; ++i) {
    if (i == 4) reference.push_back('-');
    reference.push_back(crockford_alphabet[random.below(32)]);
  }
  return reference;
}

std::string read_reference(std::string_view said) {
  auto reference = crockford_normalise(said).value_or("");
  if (reference.size() == 8) reference.insert(4, 1, '-');
  return reference;
}

}  // namespace isoloir
