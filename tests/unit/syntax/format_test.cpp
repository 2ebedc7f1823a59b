#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

#include "compiler/parser.h"
#include "compiler/token_list.h"
#include "syntax_support.h"

namespace infra::test {
namespace {

void expect_stable(const std::string& text, const std::string& name) {
  const std::string once = formatted(text);
  EXPECT_EQ(formatted(once), once) << name;
  EXPECT_EQ(tree(once), tree(text)) << name;
  EXPECT_EQ(syntax::tokenize(once).comments.size(), syntax::tokenize(text).comments.size()) << name;
}

TEST(Format, SamplesAreStableAndKeepTheirMeaning) {
  for (const Sample& entry : samples()) {
    expect_stable(entry.text, entry.name);
  }
}

// Breaks and comments at random places between tokens, where they mean nothing.
std::string shaken(std::mt19937& random, const std::string& text) {
  const syntax::TokenList list = syntax::tokenize(text);
  std::string out;
  std::size_t depth = 0;  // inside strings nothing is touched
  std::uint32_t copied = 0;
  for (const syntax::Token& token : list.tokens) {
    const std::string_view between = std::string_view(text).substr(copied, token.begin - copied);
    out += between;
    const std::string_view word =
        std::string_view(text).substr(token.begin, token.end - token.begin);
    const bool guarded = word == "(" || word == "[" || word == "-";
    if (!between.empty() && depth == 0 && !guarded) {
      switch (random() % 12) {
        case 0:
          out += "\n\n\n";
          break;
        case 1:
          out += " # said\n";
          break;
        case 2:
          out += " /* said */ ";
          break;
        case 3:
          out += "\t ";
          break;
        default:
          break;
      }
    }
    out += word;
    copied = token.end;
    if (word == "\"" || word == "\"\"\"") {
      depth = depth == 0 ? 1 : 0;
    }
  }
  return out;
}

TEST(Format, ShakenSamplesAreStableToo) {
  std::mt19937 random(11);
  std::size_t good = 0;
  for (int round = 0; round < 6; ++round) {
    for (const Sample& entry : samples()) {
      const std::string text = shaken(random, entry.text);
      if (!parsed(text).diagnostics.has_errors()) {
        ++good;
        expect_stable(text, entry.name);
        ASSERT_FALSE(HasFailure()) << text;
      }
    }
  }
  EXPECT_GT(good, 5U);
}

using Pair = std::pair<const char*, const char*>;

TEST(Format, SetsSpacesAndIndentation) {
  const std::vector<Pair> table{
      {"let   x=1+2*-3", "let x = 1 + 2 * -3\n"},
      {"let x = [ 1,2 , 3 ]", "let x = [1, 2, 3]\n"},
      {"let x = {a=1,b=2}", "let x = { a = 1, b = 2 }\n"},
      {"let x = { }", "let x = {}\n"},
      {"let x = {\n}", "let x = {}\n"},
      {"let x = { for k , v in m : k=>v }", "let x = {for k, v in m: k => v}\n"},
      {"let x = [ for v in m if v>1 : v ]", "let x = [for v in m if v > 1: v]\n"},
      {"let x = f ( a , b : c ) [ 0 ] . d", "let x = f(a, b: c)[0].d\n"},
      {"param x :map< list<int> > ?= null", "param x: map<list<int>>? = null\n"},
      {"param x: { a :int , b: bool }", "param x: {a: int, b: bool}\n"},
      {"param x: \"a\"|\"b\" = a", "param x: \"a\" | \"b\" = a\n"},
      {"let x = (a+b)*c", "let x = (a + b) * c\n"},
      {"let x = not a and - b<c", "let x = not a and -b < c\n"},
      {"let x = [ ...a , ... b ]", "let x = [...a, ...b]\n"},
      {"let x = \"a  ${ b }\"", "let x = \"a  ${ b }\"\n"},
      {"let a = 1 let b = 2", "let a = 1\nlet b = 2\n"},
      {"service web\n{\nport = 1\n}", "service web {\n  port = 1\n}\n"},
      {"service web { port = 1\n memory = 2 }", "service web {\n  port   = 1\n  memory = 2\n}\n"},
      {"if a {\nsecret s\n}\nelse {\nsecret t\n}", "if a {\n  secret s\n} else {\n  secret t\n}\n"},
      {"resource a . b c { x = 1 }", "resource a.b c { x = 1 }\n"},
      {"environment e { place all , service.a [ \"x\" ] on local }",
       "environment e { place all, service.a[\"x\"] on local }\n"},
      {"component c ( a : int )\n{ }", "component c(a: int) {}\n"},
      {"let x = 5 .a", "let x = 5 .a\n"},
      {"let x = a and\nb", "let x = a and\n  b\n"},
      {"let x = f({\na = 1\n})", "let x = f({\n  a = 1\n})\n"},
      {"let x = [a,\nb]", "let x = [\n  a,\n  b\n]\n"},
      {"", ""},
      {"\n\n# only this  \n\n", "# only this\n"},
  };
  for (const auto& [text, wanted] : table) {
    EXPECT_EQ(formatted(text), wanted) << text;
  }
}

TEST(Format, AlignsNeighbours) {
  EXPECT_EQ(formatted("service w {\nport = 1\nrun_as = web\nenv { A = 1 }\n\nx = 1\n}"),
            "service w {\n  port   = 1\n  run_as = web\n  env    { A = 1 }\n\n  x = 1\n}\n");
  EXPECT_EQ(formatted("service w {\na = 1\nenv {\nLONG = 1\nB = 2\n}\nlonger = 3\n}"),
            "service w {\n  a = 1\n  env {\n    LONG = 1\n    B    = 2\n  }\n  longer = 3\n}\n");
  EXPECT_EQ(formatted("secret a { b = 1 }\nsecret long { b = 1 }\nlet x = 1"),
            "secret a    { b = 1 }\nsecret long { b = 1 }\nlet x = 1\n");
  EXPECT_EQ(formatted("let x = { a = 1 # one\n bcd = 2 # two\n}"),
            "let x = {\n  a   = 1  # one\n  bcd = 2  # two\n}\n");
  EXPECT_EQ(formatted("let a = 1 # one\n# alone\nlet bcd = 2"),
            "let a   = 1  # one\n# alone\nlet bcd = 2\n");
}

TEST(Format, KeepsCommentsAndParagraphs) {
  const std::string text =
      "# head\n\n// second\nlet a = 1  # end\n\n/* block\n   of two */\nlet b = {\n  # inside\n  "
      "c = 1\n\n  # last\n}\n";
  EXPECT_EQ(formatted(text), text);
  EXPECT_EQ(formatted("let a = 1\n\n\n\n\nlet b = 2\n\n\n"), "let a = 1\n\nlet b = 2\n");
  EXPECT_EQ(formatted("let a = [ # why\n1 ]"), "let a = [  # why\n  1\n]\n");
}

TEST(Format, LeavesTextsAlone) {
  const std::string text = "let x = \"\"\"\n    a\n      b   \n    \"\"\"\n";
  EXPECT_EQ(formatted(text), text);
  EXPECT_EQ(formatted("let x = \"\"\"\r\n    a\r\n    \"\"\"\r\n# c\r\n"),
            "let x = \"\"\"\n    a\n    \"\"\"\n# c\n");
}

TEST(Format, ReturnsWrongTextAsItIs) {
  Sources sources;
  const std::string text = "let   x = \n";
  const FileId id = sources.add("main.infra", text);
  Diagnostics diagnostics;
  EXPECT_EQ(format(sources, id, diagnostics), text);
  EXPECT_TRUE(diagnostics.has_errors());
}

}  // namespace
}  // namespace infra::test
