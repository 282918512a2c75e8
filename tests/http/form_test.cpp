#include "http/form.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.hpp"

namespace isoloir::http {
namespace {

using namespace std::string_literals;

std::string error_of(std::string_view text) {
  const auto form = parse_form(text);
  return form ? "accepted" : form.error().code;
}

TEST(Form, DecodesWhatBrowsersWrite) {
  const auto form =
      parse_form("nom=H%C3%A9l%C3%A8ne+Dupr%c3%a9&vide=&code=a%2Bb%26c%3Dd&text=1%0D%0A2");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->get("nom"), "Hélène Dupré");
  EXPECT_EQ(form->get("vide"), "");
  EXPECT_EQ(form->get("code"), "a+b&c=d");
  EXPECT_EQ(form->get("text"), "1\r\n2");
  EXPECT_EQ(form->get("absent"), std::nullopt);
  EXPECT_TRUE(parse_form("")->fields.empty());
  EXPECT_EQ(parse_form("next=/vote?a=1")->get("next"), "/vote?a=1");
}

TEST(Form, RefusesBadSyntaxByName) {
  for (const auto* text : {"a", "&", "a=1&", "&a=1", "a=1&&b=2", "=1", "a=1&="})
    EXPECT_EQ(error_of(text), "form.syntax") << text;
  for (const auto& text : {"a=%"s, "a=%4"s, "a=%4G"s, "a=%-1"s, "a=% 1"s, "%=1"s, "a=b c"s,
                           "a=\xC3\xA9"s, "a=\0"s, "a=\n"s})
    EXPECT_EQ(error_of(text), "form.escape") << text;
  for (const auto* text : {"a=%FF", "a=%C3", "a=%C3%28", "a=%C0%80", "a=%E0%80%80", "a=%ED%A0%80",
                           "a=%F4%90%80%80", "a=%F5%80%80%80", "a=%80", "%FF=1", "a=%F0%9F%92"})
    EXPECT_EQ(error_of(text), "form.utf8") << text;
  for (const auto* text :
       {"a=%00", "a=%1B", "a=%7F", "a=x%C2%85", "%00=1", "a=%08", "a=%0B", "a=%0C"})
    EXPECT_EQ(error_of(text), "form.control") << text;
}

TEST(Form, RefusesARepeatedField) {
  EXPECT_EQ(error_of("a=1&a=1"), "form.repeated_field");
  EXPECT_EQ(error_of("code=1&b=2&c%6Fde=3"), "form.repeated_field");  // one name, spelt in two ways
}

TEST(Form, HoldsToItsLimits) {
  std::string fields;
  for (std::size_t i = 0; i < limits::form_fields; ++i)
    fields += (i == 0 ? "f" : "&f") + std::to_string(i) + "=x";
  EXPECT_EQ(error_of(fields), "accepted");
  EXPECT_EQ(error_of(fields + "&more=x"), "form.too_many_fields");
  const std::string value(limits::form_field_bytes, 'x');
  EXPECT_EQ(error_of("a=" + value), "accepted");
  EXPECT_EQ(error_of("a=" + value + "x"), "form.field_too_large");
  EXPECT_EQ(error_of(value + "x=a"), "form.field_too_large");
}

TEST(Form, EncodesSoThatParsingGivesTheSame) {
  const Form form{{{"é &=+%", "a b\r\n\t~*-._é€😀"}, {"b", ""}, {"c", "%00"}}};
  EXPECT_EQ(*parse_form(encode_form(form)), form);
  EXPECT_EQ(encode_form({{{"a b", "é~*"}}}), "a+b=%C3%A9%7E*");
}

TEST(Form, BodyMustBeDeclaredAsAForm) {
  Request request;
  request.body = "a=1";
  EXPECT_EQ(read_form(request).error().code, "form.content_type");
  request.headers = {{"content-type", "text/plain"}};
  EXPECT_EQ(read_form(request).error().code, "form.content_type");
  request.headers = {{"content-type", "Application/x-www-form-urlencoded; charset=UTF-8"}};
  EXPECT_EQ(read_form(request)->get("a"), "1");
  request.query = "b=%32";
  EXPECT_EQ(read_query(request)->get("b"), "2");
}

}  // namespace
}  // namespace isoloir::http
