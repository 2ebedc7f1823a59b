#include <gtest/gtest.h>

#include "check_support.h"

namespace infra::check_test {
namespace {

using Codes = std::vector<std::string>;

std::string code_of(const std::string& expression) {
  const auto found = codes(
      "param n: int = 1\nparam f: float = 1.5\nparam t: string = \"a\"\n"
      "param u: url = \"https://a.b\"\nparam d: duration = 30s\n"
      "param z: size = 1MB\nparam o: string? = null\n"
      "param l: list<string> = [\"a\"]\nparam m: map<int> = { a = 1 }\n"
      "param r: {a: int, b: string?} = { a = 1 }\n"
      "param b: bool = true\nparam s: secret<string>\n"
      "let value = " +
      expression + "\n");
  return found.empty() ? "" : found.size() == 1 ? found.front() : "several";
}

TEST(Types, arithmetic_takes_numbers_durations_and_sizes) {
  for (const char* fine :
       {"n + 1",   "n / 2",  "n % 2",  "n * f",     "d + 5s",     "d * 2",
        "2 * d",   "d / 2",  "d / 1s", "d % 7s",    "z + 1KB",    "z * 2",
        "z / 1KB", "-n",     "-d",     "t + \"x\"", "u + \"/x\"", "l + [\"b\"]",
        "n < 2",   "f >= n", "d < 1h", "t < \"b\"", "not b",      "b and n > 1"}) {
    EXPECT_EQ(code_of(fine), "") << fine;
  }
  for (const char* wrong : {"n + d", "t + 1", "d * d", "t * 2", "m + m", "-t", "n < t", "d + z"}) {
    EXPECT_EQ(code_of(wrong), "E0310") << wrong;
  }
  EXPECT_EQ(code_of("not n"), "E0303");
  EXPECT_EQ(code_of("n / 0"), "E0311");
  EXPECT_EQ(code_of("d % 0s"), "E0311");
}

TEST(Types, equality_wants_one_type) {
  for (const char* fine :
       {"n == f", "o == \"a\"", "o == null", "l == [\"a\"]", "u == \"a\"", "environment == default",
        "m == { a = 1 }", "n in [1, 2]", "\"a\" in m", "t not in l"}) {
    EXPECT_EQ(code_of(fine), "") << fine;
  }
  for (const char* wrong : {"n == t", "d == 30", "l == t", "n in l", "t in t"}) {
    EXPECT_EQ(code_of(wrong), "E0310") << wrong;
  }
}

TEST(Types, optional_values_are_narrowed) {
  EXPECT_EQ(code_of("o + \"x\""), "E0305");
  EXPECT_EQ(code_of("\"${o}\""), "E0305");
  for (const char* fine :
       {"(o ?? \"b\") + \"x\"", "if o != null then o + \"x\" else \"\"",
        "if o == null then \"\" else upper(o)", "o != null and length(o) > 1",
        "o == null or length(o) > 1", "coalesce(o, \"x\") + \"y\"",
        "if r.b != null then r.b + \"x\" else \"\"", "[for x in [o] if x != null: upper(x)]"}) {
    EXPECT_EQ(code_of(fine), "") << fine;
  }
}

TEST(Types, arms_and_elements_have_one_type) {
  EXPECT_EQ(code_of("if b then 1 else \"a\""), "E0304");
  EXPECT_EQ(code_of("[1, \"a\"]"), "E0304");
  EXPECT_EQ(code_of("if b then 1 else 2.5"), "");
  EXPECT_EQ(code_of("(if b then \"x\" else null) ?? \"y\""), "");
  EXPECT_EQ(code_of("n ?? \"x\""), "E0304");
}

TEST(Types, text_takes_what_has_a_text) {
  for (const char* fine : {"\"${n} ${f} ${b} ${d} ${z} ${u} ${environment}\""}) {
    EXPECT_EQ(code_of(fine), "") << fine;
  }
  EXPECT_EQ(code_of("\"${l}\""), "E0303");
  EXPECT_EQ(code_of("\"${m}\""), "E0303");
}

TEST(Types, members_and_elements) {
  EXPECT_EQ(code_of("r.a + 1"), "");
  EXPECT_EQ(code_of("r.c"), "E0308");
  EXPECT_EQ(code_of("l[0] + \"x\""), "");
  EXPECT_EQ(code_of("m[\"a\"] + 1"), "");
  EXPECT_EQ(code_of("l[\"a\"]"), "E0303");
  EXPECT_EQ(code_of("t[0]"), "E0308");
  EXPECT_EQ(code_of("stack.name + \"x\""), "");
}

TEST(Types, calls_are_held_against_their_signatures) {
  for (const char* fine : {"upper(t)",
                           "join(l, \",\")",
                           "join([1, 2], \",\")",
                           "range(1, 9)",
                           "length(m)",
                           "max(1, 2)",
                           "max([1, 2]) + 1",
                           "sum([1s, 2s]) + 1s",
                           "contains(l, \"a\")",
                           "contains(t, \"a\")",
                           "merge(m, { b = 2 })",
                           "{for p in zip(l, [1]): p.first => p.second + 1}",
                           "json(m)",
                           "env(\"X\")",
                           "env(\"X\", default: \"y\")",
                           "sort([\"b\"])[0] + \"x\"",
                           "keys(m)",
                           "hmac(\"k\", t)",
                           "try(from_json(t).a, 1)",
                           "matches(t, \"^a+$\")",
                           "flatten([[1], [2]])[0] + 1",
                           "values(m)[0] + 1",
                           "format(\"{} {}\", 1, t)"}) {
    EXPECT_EQ(code_of(fine), "") << fine;
  }
  EXPECT_EQ(code_of("upper()"), "E0309");
  EXPECT_EQ(code_of("upper(t, t)"), "E0309");
  EXPECT_EQ(code_of("env(t, defualt: t)"), "E0309");
  EXPECT_EQ(code_of("upper(1)"), "E0303");
  EXPECT_EQ(code_of("keys(l)"), "E0309");
  EXPECT_EQ(code_of("max(1, \"a\")"), "E0304");
  EXPECT_EQ(code_of("matches(t, \"(\")"), "E0311");
  EXPECT_EQ(code_of("coalesce(o, null) + \"x\""), "E0305");
  EXPECT_EQ(code_of("random(3)"), "E0314");
  EXPECT_EQ(code_of("reveal(s)"), "E0314");
}

TEST(Types, an_error_silences_what_follows_from_it) {
  EXPECT_EQ(code_of("upper(nothing) + 1"), "E0202");
  EXPECT_EQ(codes("let a = nothing\nlet b = a + 1\nlet c = b.x\noutput d = c\n"), Codes{"E0202"});
}

TEST(Types, secrets_spread_and_are_refused_where_they_would_show) {
  const std::string secret = "param s: secret<string>\n";
  for (const char* shown : {"s", "\"a ${s}\"", "upper(s)", "s == \"a\"", "length(s)", "[s]",
                            "if s == \"a\" then 1 else 2", "json({ a = s })"}) {
    EXPECT_EQ(codes(secret + "output o = " + shown + "\n"), Codes{"E0306"}) << shown;
  }
  for (const char* fine : {"reveal(s)", "length([s])", "s != null", "keys({ a = s })"}) {
    EXPECT_EQ(codes(secret + "output o = " + fine + "\n"), Codes{}) << fine;
  }
  EXPECT_EQ(codes(secret + "let m = { \"${s}\" = 1 }\n"), Codes{"E0306"});
}

TEST(Types, refined_text_is_checked_where_it_is_known) {
  EXPECT_EQ(codes("param u: url = \"nowhere\"\n"), Codes{"E0311"});
  EXPECT_EQ(codes("param c: cron = \"0 25 * * *\"\n"), Codes{"E0311"});
  EXPECT_EQ(codes("param c: cron = \"every 15m\"\n"), Codes{});
  EXPECT_EQ(codes("param l: \"a\" | \"b\" = \"c\"\n"), Codes{"E0307"});
  EXPECT_EQ(codes("let t = \"c\"\nparam l: \"a\" | \"b\" = t\n"), Codes{"E0307"});
}

TEST(Types, declared_types_are_held) {
  EXPECT_EQ(codes("param a: int = \"x\"\n"), Codes{"E0303"});
  EXPECT_EQ(codes("param a: list<int> = [1, \"x\"]\n"), Codes{"E0303"});
  EXPECT_EQ(codes("param a: {x: int} = { y = 1 }\n"), (Codes{"E0302", "E0301"}));
  EXPECT_EQ(codes("param a: string = null\n"), Codes{"E0305"});
  EXPECT_EQ(codes("param a: duration = 30\n"), Codes{"E0303"});
  EXPECT_EQ(codes("param a: strin = \"x\"\n"), Codes{"E0319"});
  EXPECT_EQ(codes("param a: service\n"), Codes{"E0319"});
  EXPECT_EQ(codes("param a: map<list<int>>? = { x = [1] }\n"), Codes{});
}

TEST(Types, chains_of_lets_may_be_long_and_types_deep) {
  std::string text = "let v0 = [1]\n";
  for (int i = 1; i < 3000; ++i) {
    text += "let v" + std::to_string(i) + " = [v" + std::to_string(i - 1) + "]\n";
  }
  EXPECT_EQ(codes(text), Codes{});
  text = "let v0 = { a = 1 }\n";
  for (int i = 1; i < 100; ++i) {
    const std::string before = "v" + std::to_string(i - 1);
    text += "let v" + std::to_string(i) + " = { a = " + before + ", b = " + before + " }\n";
  }
  EXPECT_EQ(codes(text + "param p: int = v99\n"), Codes{"E0303"});
}

TEST(Types, nested_calls_with_several_signatures_take_linear_time) {
  std::string text = "1";
  for (int i = 0; i < 100; ++i) {
    text = "max(" + text + ", 2)";
  }
  EXPECT_EQ(codes("let a = " + text + "\n"), Codes{});
}

}  // namespace
}  // namespace infra::check_test
