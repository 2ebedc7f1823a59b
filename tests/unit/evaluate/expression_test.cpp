#include <gtest/gtest.h>

#include "stack_fixture.h"

namespace infra::testing {
namespace {

struct Case {
  const char* expression;
  const char* result;
};

class Expressions : public ::testing::TestWithParam<Case> {};

TEST_P(Expressions, AreWorth) {
  EXPECT_EQ(evaluated(GetParam().expression), GetParam().result) << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(
    Arithmetic, Expressions,
    ::testing::Values(Case{"7 / 2", "3"}, Case{"-7 / 2", "-3"}, Case{"-7 % 3", "-1"},
                      Case{"7.0 / 2", "3.5"}, Case{"2 + 3 * 4", "14"}, Case{"1h + 30m", "1h30m"},
                      Case{"90s * 2", "3m"}, Case{"1h / 7", "8m34s285ms"}, Case{"60s / 1s", "60"},
                      Case{"90s / 1m", "1"}, Case{"90s % 1m", "30s"}, Case{"2 * 1GiB", "2GiB"},
                      Case{"1GB / 1MB", "1000"}, Case{"1.5 * 10s", "15s"}, Case{"-(5)", "-5"}));

INSTANTIATE_TEST_SUITE_P(
    Text, Expressions,
    ::testing::Values(Case{R"("a" + "b")", R"("ab")"}, Case{R"("x${1 + 1}y")", R"("x2y")"},
                      Case{R"("${1.5} ${true} ${90s} ${512MB}")", R"("1.5 true 1m30s 512MB")"},
                      Case{R"(["a"] + ["b"])", R"(["a","b"])"}));

INSTANTIATE_TEST_SUITE_P(
    Comparison, Expressions,
    ::testing::Values(Case{"1 < 2", "true"}, Case{"1 == 1.0", "true"}, Case{R"("a" < "b")", "true"},
                      Case{"1m == 60s", "true"}, Case{"[1, 2] == [1, 2]", "true"},
                      Case{"2 in [1, 2]", "true"}, Case{R"("k" in { k = 1 })", "true"},
                      Case{"3 not in [1, 2]", "true"}, Case{"not (1 > 2)", "true"},
                      Case{"1GB > 1GiB", "false"}));

INSTANTIATE_TEST_SUITE_P(
    Control, Expressions,
    ::testing::Values(
        Case{"if 1 < 2 then 3 else 4", "3"}, Case{"true or 1 / length([]) == 1", "true"},
        Case{"false and 1 / length([]) == 1", "false"},
        Case{"[for x in [1, 2, 3] if x > 1: x * 2]", "[4,6]"},
        Case{R"({for k, v in { a = 1, b = 2 }: "${k}!" => v + 1})", "{a!=2,b!=3}"},
        Case{R"([for i, x in ["a", "b"]: "${i}${x}"])", R"(["0a","1b"])"},
        Case{"[1, ...[2, 3], 4]", "[1,2,3,4]"}, Case{"{ a = 1, ...{ a = 2, b = 3 } }", "{a=2,b=3}"},
        Case{"{ ...{ a = 2, b = 3 }, a = 1 }", "{a=1,b=3}"}, Case{"{ a { b = 1 } }.a.b", "1"},
        Case{"[5, 6][1]", "6"}, Case{R"({ a = 1 }["a"])", "1"}));

class Refused : public ::testing::TestWithParam<Case> {};

TEST_P(Refused, WithACode) {
  EXPECT_EQ(mistakes(GetParam().expression), GetParam().result) << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(
    Values, Refused,
    ::testing::Values(Case{"9223372036854775807 + 1", "E0501"},
                      Case{"9223372036854775807 * 2", "E0501"}, Case{"1 / length([])", "E0502"},
                      Case{"1 % length([])", "E0502"}, Case{"1.0 / length([])", "E0502"},
                      Case{"1s / (length([]) * 1s)", "E0502"}, Case{"1e308 * 10.0", "E0501"},
                      Case{"[1, 2][2]", "E0507"}, Case{R"(from_json("{\"a\":1}").b)", "E0507"},
                      Case{R"({ for x in ["a", "a"]: x => 1 })", "E0518"},
                      Case{R"(from_json("[1]") + 1)", "E0503"},
                      Case{R"("${from_json("[1]")}")", "E0513"},
                      Case{R"("${from_json("null")}")", "E0513"}));

TEST(Limits, WorkIsBounded) {
  EXPECT_EQ(mistakes("length([for a in range(0, 200): length(xs)])", "let xs = range(0, 100000)"),
            "E0510");
}

TEST(Limits, ValuesAreBounded) {
  std::string lets = "let a0 = \"0123456789012345678901234567890123456789\"\n";
  for (int i = 1; i < 40; ++i) {
    lets += "let a" + std::to_string(i) + " = a" + std::to_string(i - 1) + " + a" +
            std::to_string(i - 1) + "\n";
  }
  EXPECT_EQ(mistakes("a39", lets), "E0511");
}

TEST(Limits, DeepChainsOfLetsEnd) {
  std::string lets = "let a0 = 1\n";
  for (int i = 1; i < 20'000; ++i) {
    lets += "let a" + std::to_string(i) + " = a" + std::to_string(i - 1) + " + 1\n";
  }
  EXPECT_NE(mistakes("a19999", lets), "");
}

TEST(Limits, LongChainsOfLetsWork) {
  std::string lets = "let a0 = 1\n";
  for (int i = 1; i < 100; ++i) {
    lets += "let a" + std::to_string(i) + " = a" + std::to_string(i - 1) + " + 1\n";
  }
  EXPECT_EQ(evaluated("a99", lets), "100");
}

TEST(Errors, AreSaidOncePerPlace) {
  Stack stack(R"(
let zero = length([])
for x in ["a", "b", "c"] { resource local.thing t { size = 1 / zero } }
)");
  EXPECT_EQ(stack.codes(), "E0502");
}

}  // namespace
}  // namespace infra::testing
