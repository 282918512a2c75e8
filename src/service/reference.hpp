// References that a voter and the help desk name a request by: "K7QD-2M4X", random, no secret.
#pragma once

#include <string>
#include <string_view>

#include "base/random.hpp"

namespace isoloir {

std::string new_reference(Random& random);

// As it was made, from what was said or typed: case, spaces and hyphen apart, O for 0, I and L for
// 1. What is no reference gives a text that no reference has.
std::string read_reference(std::string_view said);

}  // namespace isoloir
