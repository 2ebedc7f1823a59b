#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "syntax_support.h"

namespace infra::test {
namespace {

using Pair = std::pair<std::string, std::string>;

TEST(Literal, Numbers) {
  const std::vector<Pair> table{
      {"1_000", "1000"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"9223372036854775808", "E0112:1"},
      {"- 9223372036854775809", "E0112:1"},
      {"1.5", "1.5"},
      {"2e3", "2000.0"},
      {"1e999", "E0112:1"},
      {"1h30m", "1h30m"},
      {"30m1h", "E0112:1"},
      {"90d", "90d"},
      {"512MB", "512MB"},
      {"1GiB", "1GiB"},
      {"99999999TB", "E0112:1"},
      {"15.2.1", "E0112:1"},
      {"5min", "E0112:1"},
      {"0x1F", "E0112:1"},
      {"512M", "E0112:1"},
      {"1__0", "E0112:1"},
      {"true", "true"},
      {"null", "null"},
  };
  for (const auto& [text, wanted] : table) {
    EXPECT_EQ(expression(text), wanted) << text;
  }
}

TEST(Literal, BadNumbersSayWhatToWrite) {
  EXPECT_NE(parsed("let x = 5min").rendered().find("write `5m`"), std::string::npos);
  EXPECT_NE(parsed("let x = 512M").rendered().find("write `512MB`"), std::string::npos);
  EXPECT_NE(parsed("let x = 15.2.1").rendered().find("\"15.2.1\""), std::string::npos);
  EXPECT_NE(parsed("let x = 0x1F").rendered().find("decimal"), std::string::npos);
}

TEST(Literal, Texts) {
  const std::vector<Pair> table{
      {R"("")", R"("")"},
      {R"("a\tb")", "\"a\tb\""},
      {R"("a\n\"\\")", R"("a\n\"\\")"},
      {R"("\u{1F600}\u{e9}")", "\"\xF0\x9F\x98\x80\xC3\xA9\""},
      {R"("$PORT $ $")", R"("$PORT $ $")"},
      {R"("\${x}")", R"("${x}")"},
      {R"("a${b}c")", R"((text "a" b "c"))"},
      {R"("${a}${b}")", "(text a b)"},
      {R"("\u{1}${a}\n")", "(text \"\x01\" a \"\\n\")"},
      {R"("${"in ${ner} \"q\""}$")", R"((text (text "in " ner " \"q\"") "$"))"},
      {R"("\q")", "E0113:1"},
      {R"("\u{D800}")", "E0113:1"},
      {R"("\u{110000}")", "E0113:1"},
      {R"("\u41")", "E0113:1"},
      {R"("\$5")", "\"$5\""},
      {"\"\\\xC3\xA9\"", "E0113:1"},
      {"\"abc", "E0107:1"},
      {"\"a ${b", "E0107:1"},
      {"\"a ${\"b}\"", "E0107:1"},
  };
  for (const auto& [text, wanted] : table) {
    EXPECT_EQ(expression(text), wanted) << text;
  }
}

TEST(Literal, AStringEndsOnItsLine) {
  EXPECT_EQ(parsed("let x = \"abc\nlet y = 1\n").errors(), "E0107:1");
  EXPECT_EQ(parsed("let x = \"abc\nlet y = 1\n").file.statements.size(), 2U);
  EXPECT_EQ(parsed("let x = \"a ${b +\n c}\"\nlet y = 1\n").errors(), "E0107:1");
}

TEST(Literal, TripleQuotedTextsLoseTheirIndentation) {
  const std::vector<Pair> table{
      {"\"\"\"\n    a\n      b\n    \"\"\"", "\"a\\n  b\\n\""},
      {"\"\"\"\n    a\n    b\"\"\"", "\"a\\nb\""},
      {"\"\"\"\n    a\n  \"\"\"", "\"  a\\n\""},
      {"\"\"\"\n    a\n\n    b\n    \"\"\"", "\"a\\n\\nb\\n\""},
      {"\"\"\"\n    a\n  \n    b\n    \"\"\"", "\"a\\n\\nb\\n\""},
      {"\"\"\"\r\n    a\r\n    b\r\n    \"\"\"", "\"a\\nb\\n\""},
      {"\"\"\"\n    ${x}\n      y ${z}\n    \"\"\"", "(text x \"\\n  y \" z \"\\n\")"},
      {"\"\"\"\n    \"q\" \"\"two\"\" \\n$ \\${x}\n    \"\"\"",
       "\"\\\"q\\\" \\\"\\\"two\\\"\\\" \\n$ ${x}\\n\""},
      {"\"\"\"\n\"\"\"", "\"\""},
      {"\"\"\"\n  a\n      \"\"\"", "\"a\\n\""},
      {"\"\"\"abc\"\"\"", "E0127:1"},
      {"\"\"\"${x}\n\"\"\"", "E0127:1"},
      {"\"\"\"\n  \\q\n\"\"\"", "E0113:2"},
      {"\"\"\"\n  abc", "E0107:1"},
  };
  for (const auto& [text, wanted] : table) {
    EXPECT_EQ(expression(text), wanted) << text;
  }
}

TEST(Literal, FilesMustBeUtf8OfABearableSize) {
  EXPECT_EQ(parsed("\xEF\xBB\xBFlet x = 1\n").errors(), "");
  EXPECT_EQ(parsed("let x = 1\nlet y = \"\xFF\"\n").errors(), "E0101:2");
  EXPECT_EQ(parsed("let x = \"\xC0\xAF\"").errors(), "E0101:1");
  EXPECT_EQ(parsed("let x = \"\xED\xA0\x80\"").errors(), "E0101:1");
  EXPECT_EQ(parsed(std::string((std::size_t{16} << 20) + 1, ' ')).errors(), "E0102:1");
  EXPECT_EQ(parsed(std::string(std::size_t{16} << 20, ' ')).errors(), "");
  EXPECT_EQ(parsed("").errors(), "");
  EXPECT_EQ(parsed(std::string("let x = 1\0", 10)).errors(), "E0128:1");
}

TEST(Literal, CommentsAreSkippedAndDoNotNest) {
  EXPECT_EQ(expression("1 # one\n// two\n/* three\n ** / */ + 2"), "(+ 1 2)");
  EXPECT_EQ(parsed("let x = 1 /* a /* b */ c */\n").errors(), "E0109:1");
  EXPECT_EQ(parsed("let x = 1\n\n/* open\nlet y = 2\n").errors(), "E0108:3");
  EXPECT_EQ(parsed("let x = [1, /* open\nlet y = 2\n").errors(), "E0108:1");
}

}  // namespace
}  // namespace infra::test
