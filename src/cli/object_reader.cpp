#include "cli/object_reader.hpp"

#include <algorithm>

namespace isoloir::cli {

ObjectReader::ObjectReader(const Json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object()) refuse("is no object");
}

void ObjectReader::allow(std::initializer_list<std::string_view> keys) {
  if (!object_.is_object()) return;
  for (const auto& [key, unused] : object_.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      refuse("has the unknown key \"" + key + "\"");
    }
  }
}

std::string ObjectReader::text(const char* key) {
  const Json* value = get(key, true);
  if (value && !value->is_string()) refuse(std::string(key) + " is no text");
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<std::string> ObjectReader::optional_text(const char* key) {
  return get(key, false) ? std::optional(text(key)) : std::nullopt;
}

std::optional<std::uint64_t> ObjectReader::number(const char* key, bool required,
                                                  std::uint64_t largest) {
  const Json* value = get(key, required);
  if (!value) return std::nullopt;
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > largest) {
    refuse(std::string(key) + " is no whole number from 0 to " + std::to_string(largest));
    return std::nullopt;
  }
  return value->get<std::uint64_t>();
}

std::optional<std::uint32_t> ObjectReader::small_number(const char* key, bool required) {
  const auto value = number(key, required, UINT32_MAX);
  return value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

bool ObjectReader::flag(const char* key) {
  const Json* value = get(key, false);
  if (value && !value->is_boolean()) refuse(std::string(key) + " is neither true nor false");
  return value && value->is_boolean() && value->get<bool>();
}

Json ObjectReader::array(const char* key, bool required) {
  const Json* value = get(key, required);
  if (value && !value->is_array()) refuse(std::string(key) + " is no array");
  return value && value->is_array() ? *value : Json::array();
}

Status ObjectReader::status() const {
  return error_.empty() ? Status() : fail("seats.form", error_);
}

const Json* ObjectReader::get(const char* key, bool required) {
  const auto found = object_.is_object() ? object_.find(key) : object_.end();
  if (found != object_.end()) return &*found;
  if (required) refuse("has no " + std::string(key));
  return nullptr;
}

void ObjectReader::refuse(const std::string& reason) {
  if (error_.empty()) error_ = where_ + ": " + reason;
}

}  // namespace isoloir::cli
