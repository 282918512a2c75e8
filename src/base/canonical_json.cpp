#include "base/canonical_json.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "base/limits.hpp"

namespace isoloir {
namespace {

constexpr std::int64_t largest_integer = (std::int64_t{1} << 53) - 1;

// The order of RFC 8785 is by UTF-16 code units, which differs from byte order only where a
// character above U+FFFF (surrogates D800..DFFF) meets one in U+E000..U+FFFF.
std::u16string utf16(const std::string& text) {
  std::u16string units;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    ISOLOIR_ASSERT(i + length <= text.size());
    char32_t point = length == 1 ? lead : lead & (0x7f >> length);
    for (std::size_t k = 1; k < length; ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3f);
    }
    if (point >= 0x10000) {
      units.push_back(static_cast<char16_t>(0xd7c0 + (point >> 10)));
      units.push_back(static_cast<char16_t>(0xdc00 + (point & 0x3ff)));
    } else {
      units.push_back(static_cast<char16_t>(point));
    }
    i += length;
  }
  return units;
}

void write_string(std::string& out, const std::string& text) {
  static constexpr char digits[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
          out.push_back(digits[c & 15]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

void write(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      out += "null";
      return;
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: {
      ISOLOIR_ASSERT(value <= largest_integer && value >= -largest_integer);
      out += value.dump();
      return;
    }
    case Json::value_t::string:
      write_string(out, value.get_ref<const std::string&>());
      return;
    case Json::value_t::array: {
      out.push_back('[');
      bool first = true;
      for (const auto& item : value) {
        if (!first) out.push_back(',');
        first = false;
        write(out, item);
      }
      out.push_back(']');
      return;
    }
    case Json::value_t::object: {
      std::vector<std::pair<std::u16string, const std::string*>> keys;
      for (const auto& [key, unused] : value.items()) keys.emplace_back(utf16(key), &key);
      std::sort(keys.begin(), keys.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
      out.push_back('{');
      bool first = true;
      for (const auto& [unused, key] : keys) {
        if (!first) out.push_back(',');
        first = false;
        write_string(out, *key);
        out.push_back(':');
        write(out, value.at(*key));
      }
      out.push_back('}');
      return;
    }
    default:
      ISOLOIR_ASSERT(false && "float or binary in canonical JSON");
  }
}

// Builds the document while it refuses what nlohmann::json would silently accept or merge.
class StrictReader final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override {
    if (value < -largest_integer) return refuse("json.number", "an integer below -(2^53-1)");
    return put(value);
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(largest_integer)) {
      return refuse("json.number", "an integer above 2^53-1");
    }
    return put(value);
  }
  bool number_float(number_float_t, const string_t&) override {
    return refuse("json.number", "a number that is no integer below 2^53");
  }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return refuse("json.syntax", "binary"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool key(string_t& name) override {
    if (!seen_.back().insert(name).second) {
      return refuse("json.duplicate_key", "the key \"" + name + "\" twice in one object");
    }
    key_ = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    if (error_.code.empty()) {
      refuse("json.syntax", "not JSON at byte " + std::to_string(position));
    }
    return false;
  }

  Json root;
  Error error_;

 private:
  bool refuse(std::string code, std::string message) {
    if (error_.code.empty()) error_ = Error{std::move(code), std::move(message), {}};
    return false;
  }
  bool put(Json value) { return place(std::move(value)) != nullptr; }
  Json* place(Json value) {
    if (stack_.empty()) {
      root = std::move(value);
      return &root;
    }
    Json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    Json& slot = parent[key_];
    slot = std::move(value);
    return &slot;
  }
  bool open(Json value) {
    if (stack_.size() >= limits::json_depth) return refuse("json.too_large", "nested too deeply");
    stack_.push_back(place(std::move(value)));
    seen_.emplace_back();
    return true;
  }
  bool close() {
    stack_.pop_back();
    seen_.pop_back();
    return true;
  }

  std::vector<Json*> stack_;
  std::vector<std::set<std::string>> seen_;
  std::string key_;
};

}  // namespace

std::string canonical_json(const Json& value) {
  std::string out;
  write(out, value);
  return out;
}

Expected<Json> parse_json(std::string_view text) {
  if (text.size() > limits::json_bytes) return fail("json.too_large", "over the size limit");
  StrictReader reader;
  if (!Json::sax_parse(text.begin(), text.end(), &reader)) return fail(reader.error_);
  return std::move(reader.root);
}

Expected<Json> parse_canonical_json(std::string_view text) {
  auto value = parse_json(text);
  if (value && canonical_json(*value) != text) {
    return fail("json.not_canonical", "the text is JSON but not in canonical form (RFC 8785)");
  }
  return value;
}

}  // namespace isoloir
