#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "syntax_support.h"

namespace infra::test {
namespace {

using Pair = std::pair<const char*, const char*>;

TEST(Statement, EachFormHasItsTree) {
  const std::vector<Pair> table{
      {"stack s { environments = [dev] }", "(stack s (= environments (list dev)))\n"},
      {"environment dev { place all, service.web[\"a\"] on local, region = \"x\" approvals = 2 }",
       "(environment dev (place (address all) (address service web [\"a\"]) on=local) (= region "
       "\"x\") (= approvals 2))\n"},
      {"provider vercel as eu { token = env(\"T\") }",
       "(provider vercel as=eu (= token (call env \"T\")))\n"},
      {"param p: map<list<int>>? = null",
       "(param p (type name=map (type name=list (type "
       "name=int)) ?) null)\n"},
      {"param p: \"a\" | \"b\" { description = \"d\", check p != \"a\" else \"no\" }",
       "(param p (type \"a\" \"b\") - (check (!= p \"a\") \"no\") (= description \"d\"))\n"},
      {"param p: {a: int, b: {c: bool}?}",
       "(param p (type a (type name=int) b (type c (type name=bool) ?)) -)\n"},
      {"let x = 1", "(let x 1)\n"},
      {"service web on vercel { port = 1 volume data { size = 1GB } env { A = 1 } }",
       "(service web on=vercel (= port 1) (block volume label=data (map (= size 1GB))) (block env "
       "(map (= A 1))))\n"},
      {"secret s", "(secret s)\n"},
      {"secret s on p { a = 1 }", "(secret s on=p (= a 1))\n"},
      {"resource vercel.domain d { name = \"x\" }",
       "(resource provider=vercel type=domain d (= name \"x\"))\n"},
      {"existing database d on p { id = 1 }", "(existing database d on=p (= id 1))\n"},
      {"existing resource p.t d { id = 1 }", "(existing resource provider=p type=t d (= id 1))\n"},
      {"for k, v in m { secret s }", "(for first=k v m (do (secret s)))\n"},
      {"if a { secret s } else if b { } else { secret t }",
       "(if a (then (secret s)) (else (if b (then) (else (secret t)))))\n"},
      {"component c(a: string, b: int = 1,) { output o = a }",
       "(component c (param a (type name=string) -) (param b (type name=int) 1) (do (output o "
       "a)))\n"},
      {"use c as d on p { a = 1 }", "(use c as=d on=p (= a 1))\n"},
      {"import \"a/b.infra\"", "(import \"a/b.infra\")\n"},
      {"output o = 1 { description = \"d\" }", "(output o 1 (= description \"d\"))\n"},
      {"check c { tcp = 1 }", "(check c (= tcp 1))\n"},
      {"notify n { on = [applied] }", "(notify n (= on (list applied)))\n"},
      {"policy p { severity = warn, forbid service s where s.x because \"y\" require service.a b "
       "because \"z\" }",
       "(policy p (forbid (address service) s (. s x) \"y\") (require (address service a) b - "
       "\"z\") (= severity warn))\n"},
      {"moved { from = a.b, to = c.d }", "(moved (= from (. a b)) (= to (. c d)))\n"},
      {"removed { address = a.b }", "(removed (= address (. a b)))\n"},
      {"adopt { address = a.b }", "(adopt (= address (. a b)))\n"},
  };
  for (const auto& [text, wanted] : table) {
    EXPECT_EQ(tree(text), wanted) << text;
  }
}

TEST(Statement, EveryOtherWordIsAName) {
  for (const char* word :
       {"stack",   "environment", "provider", "param",    "let",      "service",   "database",
        "bucket",  "secret",      "cron",     "resource", "existing", "component", "use",
        "import",  "output",      "check",    "notify",   "policy",   "moved",     "removed",
        "adopt",   "on",          "as",       "place",    "forbid",   "require",   "where",
        "because", "all",         "from",     "to",       "env",      "every",     "url",
        "list",    "map"}) {
    const std::string name = word;
    EXPECT_EQ(parsed("let " + name + " = " + name).errors(), "") << name;
    EXPECT_EQ(parsed("service " + name + " on " + name + " { " + name + " = 1 }").errors(), "")
        << name;
    EXPECT_EQ(parsed("let x = { " + name + " { " + name + " = a." + name + " } }").errors(), "")
        << name;
  }
}

TEST(Statement, ReservedWordsAreNoNames) {
  for (const char* word :
       {"if", "then", "else", "for", "in", "and", "or", "not", "true", "false", "null"}) {
    EXPECT_EQ(parsed("let " + std::string(word) + " = 1").errors(), "E0126:1") << word;
  }
}

TEST(Statement, FourWordsBeginClausesInSomeBodies) {
  EXPECT_EQ(parsed("environment dev { check = 1 }").errors(), "E0109:1");
  EXPECT_EQ(parsed("policy p { place = 1 }").errors(), "E0109:1");
  EXPECT_EQ(parsed("service s { check = 1, place = 2 }").errors(), "");
}

TEST(Statement, SpansAreExact) {
  const Parsed result =
      parsed("\xEF\xBB\xBF# \xD1\x84\nservice web on local {\n  port = 1 + 2\n}\n");
  const auto& statement = result.file.statements.at(0);
  EXPECT_TRUE(result.sources.text(statement.span).starts_with("service web"));
  const auto* declaration = statement.as<ast::Declaration>();
  EXPECT_EQ(result.sources.text(declaration->name.span), "web");
  EXPECT_EQ(result.sources.text(declaration->on->span), "local");
  const auto& item = declaration->body.items.at(0);
  EXPECT_EQ(result.sources.text(item.span), "port = 1 + 2");
  EXPECT_EQ(result.sources.text(item.key.span), "port");
  EXPECT_EQ(result.sources.text(item.value->span), "1 + 2");
  EXPECT_EQ(result.sources.text(item.value->as<ast::Binary>()->operator_span), "+");
  EXPECT_EQ(result.sources.text(declaration->body.span), "{\n  port = 1 + 2\n}");
}

TEST(Statement, PlainTextsWhereValuesMustBeKnown) {
  EXPECT_EQ(parsed("import \"a${x}.infra\"").errors(), "E0131:1");
  EXPECT_EQ(parsed("param p: \"a${x}\" | \"b\"").errors(), "E0131:1");
}

}  // namespace
}  // namespace infra::test
