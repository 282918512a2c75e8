#include "election/consular_number.hpp"

#include <algorithm>

#include "election/crockford.hpp"

namespace isoloir {
namespace {

constexpr std::size_t digits_min = 5;
constexpr std::size_t digits_max = 15;

}  // namespace

std::optional<std::string> read_consular_number(std::string_view typed) {
  std::string without_dots(typed);
  std::erase(without_dots, '.');
  auto digits = crockford_normalise(without_dots);
  if (!digits || digits->size() < digits_min || digits->size() > digits_max ||
      !std::all_of(digits->begin(), digits->end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  return digits;
}

const std::string& consular_number(const Voter& voter) {
  return voter.numic.empty() ? voter.numel : voter.numic;
}

std::string recovery_handle(std::string_view consular_number) {
  return "recovery:" + std::string(consular_number);
}

}  // namespace isoloir
