#include "base/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

namespace infra {
namespace {

Value read(std::string_view text) {
  const auto parsed = parse_json(text);
  EXPECT_EQ(parsed.index(), 0U) << text;
  return parsed.index() == 0 ? std::get<0>(parsed) : Value();
}

std::string error_of(std::string_view text) {
  const auto parsed = parse_json(text);
  return parsed.index() == 1 ? std::get<1>(parsed) : "";
}

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

TEST(Json, ReadsKinds) {
  EXPECT_TRUE(read("null").is_null());
  EXPECT_TRUE(read("true").truth());
  EXPECT_EQ(read("9223372036854775807").integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_NE(read("9223372036854775808").as<double>(), nullptr);
  EXPECT_NE(read("1.0").as<double>(), nullptr);
  EXPECT_EQ(read("\"\\u00e9\\n\"").text(), "é\n");
  EXPECT_EQ(read("{\"a\": 1, \"a\": 2}").at("/a").integer(), 2);
  EXPECT_EQ(read("\xEF\xBB\xBF[1]").list().size(), 1U);
}

TEST(Json, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of("{\n  \"a\": tru\n}").substr(0, 16), "line 2, column 1");
  for (const char* bad :
       {"", "{", "[1,]", "{\"a\"}", "nul", "1 2", "\"\x01\"", "\"\xff\"", "1e999", "{a:1}"}) {
    EXPECT_NE(error_of(bad), "") << bad;
    EXPECT_EQ(error_of(bad).find("json.exception"), std::string::npos) << error_of(bad);
  }
}

TEST(Json, LimitsDepth) {
  EXPECT_EQ(error_of(repeat("[", 256) + repeat("]", 256)), "");
  EXPECT_EQ(error_of(repeat("[", 257) + repeat("]", 257)), "nested more than 256 deep");
  EXPECT_EQ(error_of(repeat("{\"a\":", 1'000'000)), "nested more than 256 deep");
}

TEST(Json, WritesInOrder) {
  const Value value = Object{{"b", List{1, 2.0, "x"}},
                             {"a", Duration{5'400'000}},
                             {"c", Size{1024}},
                             {"d", Reference{"service.a", ""}},
                             {"e", Reference{"service.a", "id-1"}},
                             {"f", Unknown{}},
                             {"g", Hidden{}},
                             {"h", Object{}},
                             {"i", List{}}};
  EXPECT_EQ(
      to_json(value, SecretText::refuse),
      R"({"a":"1h30m","b":[1,2.0,"x"],"c":"1KiB","d":"service.a","e":"id-1","f":null,"g":null,"h":{},"i":[]})");
  EXPECT_EQ(to_json(Object{{"a", List{1}}, {"b", Object{}}}, SecretText::refuse, 2),
            "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
}

TEST(Json, KeepsSecretsUnlessTold) {
  const Value value = List{Secret(std::string("hunter\"2"))};
  EXPECT_THROW((void)to_json(value, SecretText::refuse), std::logic_error);
  EXPECT_EQ(to_json(value, SecretText::sensitive), "[\"(sensitive)\"]");
  EXPECT_EQ(to_json(value, SecretText::exposed), "[\"hunter\\\"2\"]");
  EXPECT_THROW((void)to_tagged_json(value), std::logic_error);
}

TEST(Json, QuotesWithReplacement) {
  EXPECT_EQ(json_quote("a\"\\\n\t\x01"), "\"a\\\"\\\\\\n\\t\\u0001\"");
  EXPECT_EQ(json_quote("a\xff\xffz"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
  EXPECT_EQ(json_quote(std::string(3, '\0')), "\"\\u0000\\u0000\\u0000\"");
  EXPECT_EQ(json_quote("\xed\xa0\x80").size(), 2U + 9U) << "a surrogate is no character";
}

TEST(TaggedJson, ReadsBackTheSameKinds) {
  const Value cases[] = {
      Value(),
      true,
      0,
      std::numeric_limits<std::int64_t>::min(),
      1.0,
      -0.0,
      1e300,
      "text",
      "$duration",
      std::string("\xff\x00x", 3),
      Duration{-5},
      Size{9},
      Reference{"service.a[\"x\"]", "id"},
      Hidden{},
      List{},
      Object{},
      Object{{"$duration", 5}},
      Object{{"$object", Object{{"$size", 1}}}},
      Object{{"$", Value()}},
      Object{{"$a", 1}, {"b", 2}},
      Object{{"\xff", 1}, {"ok", Duration{1}}},
      List{Object{{"$sealed", "ie1.x"}}, List{List{Size{1}}}},
      std::numeric_limits<double>::infinity(),
      -std::numeric_limits<double>::infinity(),
  };
  for (const Value& value : cases) {
    const std::string text = to_tagged_json(value);
    const auto parsed = parse_tagged_json(text);
    ASSERT_EQ(parsed.index(), 0U) << text;
    EXPECT_TRUE(same(std::get<0>(parsed), value)) << text;
    EXPECT_EQ(std::get<0>(parsed).variant().index(), value.variant().index()) << text;
    EXPECT_EQ(to_tagged_json(std::get<0>(parsed)), text);
  }
  const auto unknown = parse_tagged_json(to_tagged_json(Unknown{true}));
  ASSERT_NE(std::get<0>(unknown).as<Unknown>(), nullptr);
  EXPECT_TRUE(std::get<0>(unknown).as<Unknown>()->secret);
}

TEST(TaggedJson, KeepsDepthThatPlainJsonAllows) {
  Value value = 1;
  for (int i = 0; i < 255; ++i) {
    value = Object{{"$x", value}};
  }
  const auto parsed = parse_tagged_json(to_tagged_json(value));
  ASSERT_EQ(parsed.index(), 0U) << std::get<1>(parsed);
  EXPECT_TRUE(same(std::get<0>(parsed), value));
}

TEST(TaggedJson, RefusesTagsItDoesNotKnow) {
  for (const char* bad :
       {R"({"$duration":"5"})", R"({"$nothing":1})", R"([{"$size":1.5}])", R"({"$bytes":"%%%"})",
        R"({"$reference":["a"]})", R"({"$object":5})", R"({"$entries":[1]})"}) {
    EXPECT_EQ(parse_tagged_json(bad).index(), 1U) << bad;
  }
}

}  // namespace
}  // namespace infra
