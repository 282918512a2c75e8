// Secret<T>: a value that wipes itself and cannot be printed, compared or copied by accident. T is
// a byte array, a byte vector or a string.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace isoloir {

// Overwrites memory in a way that the compiler may not leave out.
void wipe(void* memory, std::size_t size);

template <typename T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.clear(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      clear();
      value_ = std::move(other.value_);
      other.clear();
    }
    return *this;
  }
  ~Secret() { clear(); }

  const T& reveal() const { return value_; }
  T& reveal() { return value_; }
  Secret clone() const { return Secret(value_); }

 private:
  void clear() {
    if (value_.size() != 0) wipe(value_.data(), value_.size() * sizeof(*value_.data()));
  }
  T value_{};
};

}  // namespace isoloir
