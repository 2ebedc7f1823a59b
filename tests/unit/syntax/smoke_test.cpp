// The fuzz targets' entries on seeded random inputs, so that every run of the tests passes through
// them.
#include <gtest/gtest.h>

#include <random>

#include "syntax_support.h"
#include "tests/fuzz/entries.h"

namespace infra::test {
namespace {

std::string random_bytes(std::mt19937& random) {
  std::string text(random() % 200, ' ');
  for (char& c : text) {
    c = static_cast<char>(random() % 256);
  }
  return text;
}

// Bytes that mean something, in no order.
std::string random_words(std::mt19937& random) {
  static constexpr std::string_view words[] = {
      "service ", "let ",     "x",  " = ", "{",   "}",         "[",     "]",     "(",   ")",
      "\"",       "\"\"\"",   "${", "\n",  "if ", "then ",     "else ", "for ",  "in ", "1",
      "5m",       "'",        "#",  "/*",  "*/",  ",",         ":",     ".",     "-",   "not ",
      "\\",       "\xD1\x84", "=>", "...", "on ", "resource ", "\r\n",  "param "};
  std::string text;
  for (std::size_t i = random() % 60; i > 0; --i) {
    text += words[random() % std::size(words)];
  }
  return text;
}

TEST(Smoke, EntriesTakeAnything) {
  std::mt19937 random(3);
  for (int i = 0; i < 3'000; ++i) {
    for (const std::string& text : {random_bytes(random), random_words(random)}) {
      EXPECT_EQ(fuzz::lexer_fault(text), "") << text;
      EXPECT_EQ(fuzz::parser_fault(text), "") << text;
      EXPECT_EQ(fuzz::formatter_fault(text), "") << text;
    }
  }
}

TEST(Smoke, EntriesTakeCutSamples) {
  std::mt19937 random(4);
  for (int round = 0; round < 10; ++round) {
    for (const Sample& entry : samples()) {
      const std::size_t begin = random() % entry.text.size();
      const std::string text = entry.text.substr(begin, random() % 2'000);
      EXPECT_EQ(fuzz::lexer_fault(text), "");
      EXPECT_EQ(fuzz::parser_fault(text), "");
      EXPECT_EQ(fuzz::formatter_fault(text), "") << text;
    }
  }
}

}  // namespace
}  // namespace infra::test
