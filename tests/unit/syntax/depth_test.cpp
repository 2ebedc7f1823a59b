// Whatever is written, however deep or long: an answer, a bounded number of errors, no crash.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include "compiler/tree_dump.h"
#include "syntax_support.h"

namespace infra::test {
namespace {

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

struct Bomb {
  const char* name;
  const char* before;
  const char* open;
  const char* middle;
  const char* close;
};

class Depth : public testing::TestWithParam<Bomb> {
 protected:
  static Parsed of(std::size_t count) {
    const Bomb& bomb = GetParam();
    return parsed(bomb.before + repeat(bomb.open, count) + bomb.middle + repeat(bomb.close, count) +
                  "\n");
  }
};

TEST_P(Depth, ShallowIsFineAndDeepIsOneError) {
  const Parsed shallow = of(100);
  EXPECT_EQ(shallow.errors(), "") << shallow.rendered();
  EXPECT_FALSE(dump(shallow.file).empty());
  for (const std::size_t count : {std::size_t{600}, std::size_t{20'000}}) {
    const Parsed deep = of(count);
    EXPECT_TRUE(deep.errors().starts_with("E0103:"))
        << count << " " << deep.errors().substr(0, 200);
    EXPECT_LE(deep.diagnostics.error_count(), 2U);
    EXPECT_LE(dump(deep.file).size(), 1'000'000U);
  }
}

std::string name_of(const testing::TestParamInfo<Bomb>& parameter) {
  return parameter.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, Depth,
    testing::Values(
        Bomb{"list", "let x = ", "[", "", "]"}, Bomb{"parenthesis", "let x = ", "(", "1", ")"},
        Bomb{"map", "let x = ", "{a=", "1", "}"}, Bomb{"block", "let x = ", "{ a ", "{}", "}"},
        Bomb{"text", "let x = ", "\"${", "1", "}\""},
        Bomb{"choice", "let x = ", "if a then b else ", "1", ""},
        Bomb{"condition", "let x = ", "if ", "a", " then b else c"},
        Bomb{"minus", "let x = ", "- ", "1", ""}, Bomb{"negation", "let x = ", "not ", "a", ""},
        Bomb{"sum", "let x = 1", " + 1", "", ""}, Bomb{"alternative", "let x = a", " ?? a", "", ""},
        Bomb{"conjunction", "let x = a", " and a", "", ""},
        Bomb{"members", "let x = a", ".b", "", ""}, Bomb{"indexes", "let x = a", "[0]", "", ""},
        Bomb{"calls", "let x = ", "f(", "1", ")"},
        Bomb{"comprehension", "let x = ", "[for x in ", "y", ": x]"},
        Bomb{"type", "param x: ", "list<", "int", ">"},
        Bomb{"record", "param x: ", "{a: ", "int", "}"}),
    name_of);

TEST(DepthLimit, StatementsNestToo) {
  EXPECT_EQ(parsed(repeat("if a {", 100) + repeat("}", 100)).errors(), "");
  EXPECT_EQ(parsed(repeat("if a {", 20'000) + repeat("}", 20'000)).errors(), "E0103:1");
  EXPECT_EQ(parsed("if a {}" + repeat(" else if a {}", 100)).errors(), "");
  EXPECT_EQ(parsed("if a {}" + repeat(" else if a {}", 20'000)).errors(), "E0103:1");
  EXPECT_EQ(parsed(repeat("for a in b {", 20'000)).errors(), "E0103:1");
}

TEST(DepthLimit, IsTwoHundredAndFiftySix) {
  EXPECT_EQ(parsed("let x = " + repeat("[", 256) + "1" + repeat("]", 256)).errors(), "");
  EXPECT_EQ(parsed("let x = " + repeat("[", 257) + "1" + repeat("]", 257)).errors(), "E0103:1");
}

TEST(DepthLimit, HoldsForAMillionToo) {
  EXPECT_EQ(parsed("let x = " + repeat("[", 1'000'000)).errors(), "E0103:1");
  EXPECT_EQ(parsed("let x = 1" + repeat("+1", 200'000)).errors(), "E0103:1");
}

TEST(DepthLimit, NestedChainsCountTogether) {
  std::string text = "1";
  for (int i = 0; i < 60; ++i) {
    text = "(" + text + repeat(" + 1", 20) + ")";
  }
  EXPECT_EQ(parsed("let x = " + text).errors().substr(0, 7), "E0103:1");
}

TEST(DepthLimit, WideIsFine) {
  EXPECT_EQ(parsed("let x = [" + repeat("1, ", 50'000) + "]").errors(), "");
  EXPECT_EQ(parsed("let x = {" + repeat("a = 1\n", 30'000) + "}").errors(), "");
}

TEST(Soup, EndsSoonWithFewErrorsShown) {
  const std::vector<std::string> soups{
      repeat("[", 1'000'000),        repeat("{", 1'000'000),          repeat("}", 1'000'000),
      repeat("(", 100'000),          repeat("${", 100'000),           repeat("\"${", 100'000),
      repeat("\"a\n", 50'000),       repeat("/*", 100'000),           repeat("'", 100'000),
      repeat("a-", 100'000),         repeat("\\", 100'000),           repeat("if ", 50'000),
      repeat("let x = [\n", 20'000), repeat("service ", 20'000),      repeat("\"\"\"", 50'000),
      repeat("1.", 100'000),         repeat("service a {\n", 20'000), repeat("\nlet x = }", 20'000),
      repeat("\n)", 50'000)};
  for (const std::string& soup : soups) {
    const auto start = std::chrono::steady_clock::now();
    const Parsed result = parsed(soup);
    EXPECT_TRUE(result.diagnostics.has_errors()) << soup.substr(0, 12);
    const std::string shown = result.rendered();
    std::size_t errors = 0;
    for (std::size_t at = shown.find("error["); at != std::string::npos;
         at = shown.find("error[", at + 1)) {
      ++errors;
    }
    EXPECT_LE(errors, 50U) << soup.substr(0, 12);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    std::cout << "soup of `" << soup.substr(0, 10) << "`: " << taken.count() << " s, "
              << result.diagnostics.error_count() << " errors\n";
  }
}

}  // namespace
}  // namespace infra::test
