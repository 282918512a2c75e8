// What a test compares: the code of a refusal, or "good".
#pragma once

#include <string>

#include "base/result.hpp"

namespace isoloir {

inline std::string code_of(const Status& status) {
  return status ? "good" : status.error().code;
}

template <typename T>
std::string code_of(const Expected<T>& result) {
  return result ? "good" : result.error().code;
}

}  // namespace isoloir
