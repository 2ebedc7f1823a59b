// One planted mistake gives exactly one error, on the right line, and the rest of the file is read.
#include <gtest/gtest.h>

#include "syntax_support.h"

namespace infra::test {
namespace {

struct Mistake {
  const char* name;
  const char* right;  // in samples/omega.infra
  const char* wrong;
  const char* error;  // code and line
};

class Planted : public testing::TestWithParam<Mistake> {};

TEST_P(Planted, GivesOneError) {
  const Mistake& mistake = GetParam();
  std::string text = sample("omega.infra");
  const std::size_t at = text.find(mistake.right);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string_view(mistake.right).size(), mistake.wrong);
  const Parsed result = parsed(text);
  EXPECT_EQ(result.errors(), mistake.error) << result.rendered();
  const std::size_t all = parsed(sample("omega.infra")).file.statements.size();
  const bool swallows = std::string_view(mistake.error).starts_with("E0108");
  EXPECT_GE(result.file.statements.size() + 1, swallows ? 1 : all);
}

std::string name_of(const testing::TestParamInfo<Mistake>& parameter) {
  return parameter.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, Planted,
    testing::Values(
        Mistake{"brace_of_env_missing", "then the bot opens /data/omega.db\n  }\n",
                "then the bot opens /data/omega.db\n", "E0106:49"},
        Mistake{"equals_missing", "memory    = 512MB", "memory    512MB", "E0109:47"},
        Mistake{"text_not_closed", "\"node apps/bot/dist/index.js\"",
                "\"node apps/bot/dist/index.js", "E0107:42"},
        Mistake{"interpolation_not_closed", "service.bot.http(\"/health\")",
                "\"${service.bot.url/health\"", "E0107:71"},
        Mistake{"bracket_missing", "failed, drifted] }", "failed, drifted }", "E0111:77"},
        Mistake{"brace_too_many", "\noutput url", "\n}\n\noutput url", "E0128:82"},
        Mistake{"double_ampersand", "s.singleton and s.run_as", "s.singleton && s.run_as",
                "E0114:67"},
        Mistake{"ternary", "= log_level", "= environment == prod ? \"info\" : \"debug\"",
                "E0114:51"},
        Mistake{"value_missing", "port      = 3001", "port      =", "E0109:45"},
        Mistake{"name_missing", "service bot on railway", "service on railway", "E0109:35"},
        Mistake{"terraform_resource", "\nparam log_level",
                "\nresource \"turso_database\" \"main\" {}\nparam log_level", "E0121:20"},
        Mistake{"terraform_variable", "param log_level", "variable log_level", "E0104:20"},
        Mistake{"then_missing", "url? = null", "url? = if x null else null", "E0109:22"},
        Mistake{"stray_backslash", "log_level: string", "log_level: \\string", "E0128:20"},
        Mistake{"colon_for_equals", "run_as    = worker", "run_as    : worker", "E0117:43"},
        Mistake{"parenthesis_missing", "branch: \"main\")", "branch: \"main\"", "E0111:36"},
        Mistake{"version_number", "= 512MB", "= 5.1.2", "E0112:47"},
        Mistake{"single_quotes", "\"info\"", "'info'", "E0116:20"},
        Mistake{"comment_not_closed", "# The same", "/* The same", "E0108:8"},
        Mistake{"name_after_on_missing", "service bot on railway {", "service bot on {",
                "E0109:35"},
        Mistake{"named_argument_with_equals", "branch: \"main\"", "branch = \"main\"", "E0129:36"},
        Mistake{"two_commas", "[applied, failed", "[applied,, failed", "E0110:77"},
        Mistake{"opening_quote_missing", "mount = \"/data\"", "mount = /data\"", "E0109:48"},
        Mistake{"else_without_if", "if environment == prod {\n  notify", "else {\n  notify",
                "E0130:76"},
        Mistake{"quote_inside_text", "\"two gateways answer", "\"two \"gateways\" answer",
                "E0134:67"},
        Mistake{"glued_signs", "artifacts_url: url? =", "artifacts_url: map<url>=", "E0120:22"},
        Mistake{"quoted_name", "database main on", "database \"main\" on", "E0121:29"},
        Mistake{"word_misspelt", "policy gateway", "polcy gateway", "E0104:66"},
        Mistake{"parameter_without_type", "log_level: string", "log_level", "E0109:20"},
        Mistake{"comma_missing", "[applied, failed", "[applied failed", "E0110:77"},
        Mistake{"brace_of_service_missing", "unless_stopped } }\n}\n", "unless_stopped } }\n",
                "E0106:35"},
        Mistake{"because_missing", " because \"two", " \"two", "E0109:67"}),
    name_of);

TEST(Mistake, AFileKeepsItsOtherStatements) {
  const Parsed result = parsed("let a = 1\nservice web {\n  port 80\n}\nlet b = 2\n");
  EXPECT_EQ(result.errors(), "E0109:3");
  ASSERT_EQ(result.file.statements.size(), 2U);
}

TEST(Mistake, NearestWordsAreOffered) {
  EXPECT_NE(parsed("servce web { }").rendered().find("did you mean `service`?"), std::string::npos);
  EXPECT_NE(parsed("variable \"x\" { }").rendered().find("param NAME"), std::string::npos);
  EXPECT_NE(parsed("locals { }").rendered().find("let NAME"), std::string::npos);
  EXPECT_NE(parsed("module \"x\" { }").rendered().find("use COMPONENT"), std::string::npos);
  EXPECT_NE(parsed("data \"a\" \"b\" { }").rendered().find("existing KIND"), std::string::npos);
  EXPECT_NE(parsed("x = 1").rendered().find("let x = "), std::string::npos);
}

TEST(Mistake, ConditionsInBodiesAreAnswered) {
  EXPECT_NE(parsed("service w {\n  if a { port = 1 }\n}\n").rendered().find("KEY = if"),
            std::string::npos);
  EXPECT_NE(parsed("service w {\n  for a in b { }\n}\n").rendered().find("[for x"),
            std::string::npos);
  EXPECT_EQ(parsed("let h = a b\nsecret x y\n").errors(), "E0109:1 E0109:2");
}

TEST(Mistake, AStatementThatBreaksOffSwallowsNoOther) {
  const Parsed result = parsed("let a =\nservice web { port = 1 }\nlet b = 2\n");
  EXPECT_EQ(result.errors(), "E0109:1") << result.rendered();
  EXPECT_EQ(result.file.statements.size(), 2U);
  EXPECT_EQ(parsed("let a = 1 +\n").errors(), "E0109:1");
  EXPECT_EQ(parsed("service web {").errors(), "E0106:1");
  EXPECT_EQ(parsed("service").errors(), "E0109:1");
}

}  // namespace
}  // namespace infra::test
