#include <gtest/gtest.h>

#include "base/text.h"
#include "stack_fixture.h"

namespace infra::testing {
namespace {

struct Case {
  const char* expression;
  const char* result;
};

class Functions : public ::testing::TestWithParam<Case> {};

TEST_P(Functions, AreWorth) {
  EXPECT_EQ(evaluated(GetParam().expression), GetParam().result) << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(
    Text, Functions,
    ::testing::Values(
        Case{R"(lower("ÄBc"))", R"("Äbc")"}, Case{R"(upper("abc"))", R"("ABC")"},
        Case{R"(trim("  a b \n"))", R"("a b")"},
        Case{R"(split("a,b,,c", ","))", R"(["a","b","","c"])"},
        Case{R"(split("ab", ""))", R"(["a","b"])"}, Case{R"(join(["a", "b"], "-"))", R"("a-b")"},
        Case{R"(replace("a.b.c", ".", "/"))", R"("a/b/c")"},
        Case{R"(matches("abc", "^a.c$"))", "true"}, Case{R"(matches("abc", "x"))", "false"},
        Case{R"(format("{}-{} {{}}", 1, true))", R"("1-true {}")"}, Case{R"(length("żółw"))", "4"},
        Case{R"(starts_with("abc", "ab"))", "true"}, Case{R"(ends_with("abc", "ab"))", "false"},
        Case{R"(contains("abc", "bc"))", "true"}, Case{"contains([1, 2], 2)", "true"}));

INSTANTIATE_TEST_SUITE_P(
    Collections, Functions,
    ::testing::Values(
        Case{"length([1, 2])", "2"}, Case{"length({ a = 1 })", "1"},
        Case{"keys({ b = 1, a = 2 })", R"(["a","b"])"}, Case{"values({ b = 1, a = 2 })", "[2,1]"},
        Case{"merge({ a = 1, b = 1 }, { b = 2 })", "{a=1,b=2}"}, Case{"range(3)", "[0,1,2]"},
        Case{"range(1, 4)", "[1,2,3]"}, Case{"range(5, 0, -2)", "[5,3,1]"},
        Case{R"(zip([1, 2], ["a"]))", R"([{first=1,second="a"}])"},
        Case{"flatten([[1], [2, 3]])", "[1,2,3]"}, Case{"distinct([1, 2, 1])", "[1,2]"},
        Case{R"(sort(["b", "a"]))", R"(["a","b"])"}, Case{"sort([1h, 5m])", "[5m,1h]"},
        Case{"min(3, 1, 2)", "1"}, Case{"max([3, 7])", "7"}, Case{"sum([1, 2, 3])", "6"},
        Case{"sum([1m, 30s])", "1m30s"}, Case{"coalesce(null, 2)", "2"},
        Case{"try(1 / length([]), 9)", "9"}));

INSTANTIATE_TEST_SUITE_P(
    Encoding, Functions,
    ::testing::Values(Case{R"(base64("hello"))", R"("aGVsbG8=")"},
                      Case{R"(from_base64("aGVsbG8="))", R"("hello")"},
                      Case{R"(json({ a = 1, b = [true] }))", R"("{\"a\":1,\"b\":[true]}")"},
                      Case{R"(from_json("{\"a\": [1, 2.5]}"))", "{a=[1,2.5]}"},
                      Case{R"(from_yaml("a: 1\nb: [x, 'y', null]\n"))",
                           R"({a=1,b=["x","y",null]})"},
                      Case{R"(sha256("abc"))",
                           R"("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")"},
                      // RFC 4231, test case 2
                      Case{R"(hmac("Jefe", "what do ya want for nothing?"))",
                           R"("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")"},
                      Case{R"(url_encode("a b/ü"))", R"("a%20b%2F%C3%BC")"},
                      Case{R"(cidr("10.0.0.0/16", 8, 2))", R"("10.0.2.0/24")"},
                      Case{R"(cidr("0.0.0.0/0", 1, 1))", R"("128.0.0.0/1")"}));

TEST(Yaml, IsReadBack) {
  EXPECT_EQ(evaluated(R"(from_yaml(yaml({ a = 1, b = ["x: y", "1"], c = true })))"),
            R"({a=1,b=["x: y","1"],c=true})");
}

class BadArguments : public ::testing::TestWithParam<Case> {};

TEST_P(BadArguments, WithACode) {
  EXPECT_EQ(mistakes(GetParam().expression), GetParam().result) << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(
    Calls, BadArguments,
    ::testing::Values(
        Case{R"(matches("a", lower("(")))", "E0508"}, Case{R"(from_json("{"))", "E0509"},
        Case{R"(from_yaml("a: [1"))", "E0509"}, Case{R"(from_base64("%"))", "E0509"},
        Case{"range(0, 10, 0)", "E0519"}, Case{R"(cidr("10.0.0.0/30", 8, 0))", "E0519"},
        Case{R"(format("{} {}", 1))", "E0519"}, Case{"min([for x in [1] if x > 1: x])", "E0519"},
        Case{R"(replace("a", "", "b"))", "E0519"}, Case{R"(file("../../etc/passwd"))", "E0506"},
        Case{R"(file("/etc/passwd"))", "E0506"}, Case{R"(file("nothing"))", "E0505"},
        Case{R"(env("NOTHING"))", "E0504"}));

TEST(ReadFiles, AreRead) {
  Stack stack(
      R"(resource local.thing t { note = file("a.txt"), data = template("b.txt", { who = "you", n = 2 }) })");
  stack.file("a.txt", "hello").file("b.txt", "to ${who}: ${n} \\${x}");
  EXPECT_EQ(stack.attribute("resource.t", "/note"), R"("hello")");
  EXPECT_EQ(stack.attribute("resource.t", "/data"), R"("to you: 2 ${x}")");
  ASSERT_EQ(stack.graph().reads.size(), 2U);
  EXPECT_EQ(stack.graph().reads[0].kind, "file");
  EXPECT_EQ(stack.graph().reads[0].name, "a.txt");
  EXPECT_EQ(stack.graph().reads[0].value.text(), sha256_hex("hello"));
}

TEST(ReadFiles, StayInsideTheRepository) {
  Stack inside(R"(resource local.thing t { note = file("../shared.txt") })");
  inside.file("../shared.txt", "x");
  EXPECT_EQ(inside.codes(), "E0505") << "the fixture has no such normal path, but it is allowed";
  Stack outside(R"(resource local.thing t { note = file("../../secret.txt") })");
  EXPECT_EQ(outside.codes(), "E0506");
}

TEST(ReadFiles, LargerThanAllowedAreRefused) {
  Stack stack(R"(resource local.thing t { note = file("big") })");
  stack.file("big", std::string((16U << 20U) + 1, 'x'));
  EXPECT_EQ(stack.codes(), "E0505");
}

TEST(Variables, AreSecretAndRecordedByName) {
  Stack stack(R"(resource local.thing t { token = env("TOKEN"), note = "x" })");
  stack.variable("TOKEN", "abc");
  EXPECT_EQ(stack.attribute("resource.t", "/token"), "*");
  ASSERT_EQ(stack.graph().reads.size(), 1U);
  EXPECT_EQ(stack.graph().reads[0].kind, "env");
  EXPECT_EQ(stack.graph().reads[0].name, "TOKEN");
  EXPECT_NE(stack.graph().reads[0].value.as<Secret>(), nullptr);
}

TEST(Variables, HaveDefaults) {
  Stack stack(R"(resource local.thing t { token = env("TOKEN", default: "d") })");
  EXPECT_EQ(stack.attribute("resource.t", "/token"), "*");
}

TEST(Variables, AreNotReadWhenNothingIs) {
  Stack stack(R"(resource local.thing t { token = env("TOKEN") })");
  stack.reads_nothing();
  EXPECT_EQ(stack.attribute("resource.t", "/token"), "?*");
}

TEST(Unknown, SpreadsThroughFunctions) {
  const std::string before = "resource local.thing other { name = \"o\" }";
  EXPECT_EQ(evaluated("upper(resource.other.slug)", before), "?");
  EXPECT_EQ(evaluated("length([resource.other.slug, \"a\"])", before), "2");
  EXPECT_EQ(evaluated("keys({ a = resource.other.slug })", before), R"(["a"])");
  EXPECT_EQ(evaluated("[resource.other.slug, \"a\"]", before), R"([?,"a"])");
  EXPECT_EQ(evaluated("\"x-${resource.other.slug}\"", before), "?");
  EXPECT_EQ(evaluated("false and resource.other.slug == \"\"", before), "false");
  EXPECT_EQ(evaluated("resource.other.slug == \"\" or true", before), "true");
  EXPECT_EQ(evaluated("resource.other.slug == \"a\"", before), "?");
  EXPECT_EQ(evaluated("if resource.other.slug == \"a\" then 1 else 2", before), "?");
  EXPECT_EQ(evaluated("try(resource.other.slug, \"x\")", before), "?");
}

}  // namespace
}  // namespace infra::testing
