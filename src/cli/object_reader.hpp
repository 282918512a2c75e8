// Reads the JSON objects that isoloir seats takes.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/canonical_json.hpp"
#include "base/result.hpp"

namespace isoloir::cli {

// One object: what is missing, of the wrong kind or unknown becomes the first error, said with its
// place. The object must outlive the reader.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string where);

  void allow(std::initializer_list<std::string_view> keys);
  std::string text(const char* key);
  std::optional<std::string> optional_text(const char* key);
  std::optional<std::uint64_t> number(const char* key, bool required, std::uint64_t largest);
  std::optional<std::uint32_t> small_number(const char* key, bool required);
  bool flag(const char* key);
  Json array(const char* key, bool required);

  Status status() const;  // seats.form

 private:
  const Json* get(const char* key, bool required);
  void refuse(const std::string& reason);

  const Json& object_;
  std::string where_;
  std::string error_;
};

}  // namespace isoloir::cli
