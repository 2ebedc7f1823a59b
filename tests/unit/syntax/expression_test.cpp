#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "syntax_support.h"

namespace infra::test {
namespace {

using Pair = std::pair<const char*, const char*>;

TEST(Expression, BindsByStrength) {
  const std::vector<Pair> table{
      {"a + b * c", "(+ a (* b c))"},
      {"a * b + c", "(+ (* a b) c)"},
      {"a - b - c", "(- (- a b) c)"},
      {"a / b % c", "(% (/ a b) c)"},
      {"a ?? b ?? c", "(?? a (?? b c))"},
      {"a ?? b == c", "(== (?? a b) c)"},
      {"a ?? b + c", "(?? a (+ b c))"},
      {"flag ?? false and x", "(and (?? flag false) x)"},
      {"not a == b", "(not (== a b))"},
      {"not a and b", "(and (not a) b)"},
      {"a and not b or c", "(or (and a (not b)) c)"},
      {"not not a", "(not (not a))"},
      {"a or b and c", "(or a (and b c))"},
      {"x in [1, 2]", "(in x (list 1 2))"},
      {"x not in xs and y", "(and (not in x xs) y)"},
      {"-a.b", "(neg (. a b))"},
      {"- - a", "(neg (neg a))"},
      {"-a * b", "(* (neg a) b)"},
      {"a - -1", "(- a (neg 1))"},
      {"a.b[c](d)", "E0133:1"},
      {"a.b(c)[d].e", "(. (index (call (. a b) c) d) e)"},
      {"if a then b else if c then d else e + 1", "(if a b (if c d (+ e 1)))"},
      {"(a + b) * c", "(* (+ a b) c)"},
      {"a - b", "(- a b)"},
      {"a-b", "a-b"},
      {"a- b", "(- a b)"},
      {"a -b", "(- a b)"},
      {"replicas-1", "replicas-1"},
  };
  for (const auto& [text, wanted] : table) {
    EXPECT_EQ(expression(text), wanted) << text;
  }
}

TEST(Expression, RefusesWhatHasNoMeaning) {
  const std::vector<Pair> table{
      {"a < b < c", "E0124:1"},
      {"a == b == c", "E0124:1"},
      {"a + not b", "E0125:1"},
      {"a == not b", "E0125:1"},
      {"- not a", "E0125:1"},
      {"f(1: 2)", "E0129:1"},
      {"f((a): 2)", "E0129:1"},
      {"f(a, , b)", "E0110:1"},
      {"[a,, b]", "E0110:1"},
      {"{for x in y: x}", "E0132:1"},
      {"[for x in y: x => x]", "E0132:1"},
      {"1(2)", "E0133:1"},
      {"f(a)(b)", "E0133:1"},
  };
  for (const auto& [text, wanted] : table) {
    EXPECT_EQ(expression(text), wanted) << text;
  }
}

TEST(Expression, ReadsCollections) {
  const std::vector<Pair> table{
      {"[1, ...xs, a]", "(list 1 ... xs a)"},
      {"[1, 2,]", "(list 1 2)"},
      {"[]", "(list)"},
      {"{}", "(map)"},
      {"{ a = 1, \"b c\" = 2 d { e = 3 } ...f }",
       "(map (= a 1) (= \"b c\" 2) (block d (map (= e 3))) (... f))"},
      {"{ \"${x}_URL\" = 1 }", "(map (= (text x \"_URL\") 1))"},
      {"[for x in xs: x]", "(list-for x xs - - x)"},
      {"[for i, x in xs if x > 1: x]", "(list-for first=i x xs (> x 1) - x)"},
      {"{for k, v in m: upper(k) => v}", "(map-for first=k v m - (call upper k) v)"},
      {"f(a, name: b, on: [1])", "(call f a name=name b name=on (list 1))"},
      {"f()", "(call f)"},
  };
  for (const auto& [text, wanted] : table) {
    EXPECT_EQ(expression(text), wanted) << text;
  }
}

TEST(Expression, NeverContinuesALineByABracketOrAMinus) {
  EXPECT_EQ(expression("[a\n[b]]"), "E0123:2");
  EXPECT_EQ(expression("[c\n-1]"), "E0123:2");
  EXPECT_EQ(expression("[f\n(b)]"), "E0123:2");
  EXPECT_EQ(expression("[c -\n1]"), "(list (- c 1))");
  EXPECT_EQ(expression("[c\n+ 1]"), "(list (+ c 1))");
  EXPECT_EQ(expression("[c,\n-1]"), "(list c (neg 1))");
  EXPECT_EQ(expression("a\n.b"), "(. a b)");
}

TEST(Expression, RemembersParentheses) {
  const Parsed result = parsed("let x = (small)");
  const auto& value = result.file.statements.at(0).as<ast::Let>()->value;
  EXPECT_TRUE(value.parenthesised);
  EXPECT_EQ(result.sources.text(value.span), "(small)");
}

TEST(Expression, CorrectsForeignSpellingsAndGoesOn) {
  const std::vector<Pair> table{
      {"a && b", "E0114:1"},
      {"a || b", "E0114:1"},
      {"!a", "E0114:1"},
      {"a ? b : c", "E0114:1"},
      {"'text'", "E0116:1"},
      {"{ a: 1 }", "E0117:1"},
      {"{ a = 1; b = 2 }", "E0115:1"},
      {"\"$${x}\"", "E0118:1"},
      {"[for x in xs: x if x > 1]", "E0119:1"},
      {"var.region", "E0122:1"},
      {"[a && b, c || d]", "E0114:1 E0114:1"},
  };
  for (const auto& [text, wanted] : table) {
    EXPECT_EQ(parsed("let x = " + std::string(text)).errors(), wanted) << text;
    EXPECT_EQ(parsed("let x = " + std::string(text)).file.statements.size(), 1U) << text;
  }
  EXPECT_EQ(parsed("let var = { a = 1 }\nlet x = var.a").errors(), "");
  EXPECT_NE(tree("let x = !a == b").find("(== (not a) b)"), std::string::npos);
}

}  // namespace
}  // namespace infra::test
