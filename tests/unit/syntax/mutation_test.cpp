// Random one-token edits of the five stacks: at most one error for at least 99.5 % of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <random>

#include "compiler/token_list.h"
#include "syntax_support.h"

namespace infra::test {
namespace {

constexpr std::array<const char*, 26> junk{
    "{",   "}",      "(",  ")",  "[",    "]",   "=",       ",",       ":",
    "\"",  "\"\"\"", "${", "if", "else", "for", "service", "name",    "12",
    "and", "\n",     "/*", "#",  ".",    "?",   "'",       "\xC3\xA9"};

std::string mutated(std::mt19937& random, const std::string& text) {
  const syntax::TokenList list = syntax::tokenize(text);
  const syntax::Token& token = list.tokens[random() % (list.tokens.size() - 1)];
  const std::string old = text.substr(token.begin, token.end - token.begin);
  std::string out = text;
  switch (random() % 3) {
    case 0:
      return out.erase(token.begin, old.size());
    case 1:
      return out.insert(token.end, " " + old);
    default:
      return out.replace(token.begin, old.size(), junk.at(random() % junk.size()));
  }
}

TEST(Mutation, OneEditIsOneErrorAtMost) {
  constexpr unsigned seed = 20;
  constexpr std::size_t rounds = 2'000;
  std::mt19937 random(seed);
  std::vector<Sample> stacks;
  for (const char* name : {"autolynx", "odys", "omega", "omo-bot", "readme"}) {
    stacks.push_back({name, sample(std::string(name) + ".infra")});
  }
  std::array<std::size_t, 3> counts{};
  std::string worst;
  std::size_t most = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    const std::string text = mutated(random, stacks[random() % stacks.size()].text);
    const Parsed result = parsed(text);
    const std::size_t errors = result.diagnostics.error_count();
    ++counts.at(std::min<std::size_t>(errors, 2));
    if (errors > most) {
      most = errors;
      worst = result.rendered();
    }
  }
  const double share = 100.0 * static_cast<double>(rounds - counts[2]) / rounds;
  std::cout << fmt::format(
      "{} edits (seed {}): {:.2f} % with at most one error ({} none, {} one, "
      "{} more), most {}\n",
      rounds, seed, share, counts[0], counts[1], counts[2], most);
  EXPECT_GE(share, 99.5) << worst;
}

}  // namespace
}  // namespace infra::test
