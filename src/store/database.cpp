#include "store/database.hpp"

namespace isoloir::store {
namespace {

template <typename T>
const T& get(const Value& value) {
  const T* found = std::get_if<T>(&value.data());
  ISOLOIR_ASSERT(found != nullptr);
  return *found;
}

template <typename T>
std::optional<T> get_optional(const Value& value) {
  if (std::holds_alternative<std::monostate>(value.data())) return std::nullopt;
  return get<T>(value);
}

}  // namespace

std::string_view name_of(StoreError::Kind kind) {
  constexpr std::string_view names[] = {"busy",    "locked",    "full",       "io",
                                        "corrupt", "read-only", "constraint", "statement"};
  return names[static_cast<std::size_t>(kind)];
}

Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

const Value& Row::operator[](std::size_t column) const {
  ISOLOIR_ASSERT(column < values_.size());
  return values_[column];
}

bool Row::is_null(std::size_t column) const {
  return (*this)[column] == Value();
}

std::int64_t Row::integer(std::size_t column) const {
  return get<std::int64_t>((*this)[column]);
}

const std::string& Row::text(std::size_t column) const {
  return get<std::string>((*this)[column]);
}

const Bytes& Row::blob(std::size_t column) const {
  return get<Bytes>((*this)[column]);
}

std::optional<std::int64_t> Row::optional_integer(std::size_t column) const {
  return get_optional<std::int64_t>((*this)[column]);
}

std::optional<std::string> Row::optional_text(std::size_t column) const {
  return get_optional<std::string>((*this)[column]);
}

std::optional<Bytes> Row::optional_blob(std::size_t column) const {
  return get_optional<Bytes>((*this)[column]);
}

}  // namespace isoloir::store
