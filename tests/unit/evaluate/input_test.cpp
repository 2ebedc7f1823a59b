#include <gtest/gtest.h>

#include "stack_fixture.h"

namespace infra::testing {
namespace {

constexpr const char* text = R"(
stack s { environments = [dev, prod] }
environment dev { size = 4 }
param size: int = 5
resource local.thing t { size = size }
)";

std::string size_of(Stack&& stack) {
  return stack.attribute("resource.t", "/size");
}
std::string size_of(Stack& stack) {
  return size_of(std::move(stack));
}

TEST(Inputs, FallInStrength) {
  EXPECT_EQ(size_of(Stack(text).environment("prod")), "5");
  EXPECT_EQ(size_of(Stack(text).environment("dev")), "4");
  EXPECT_EQ(size_of(Stack(text).environment("dev").variable("INFRA_PARAM_SIZE", "3")), "3");
  EXPECT_EQ(size_of(Stack(text)
                        .environment("dev")
                        .variable("INFRA_PARAM_SIZE", "3")
                        .file("p", "size = 2\n")
                        .parameter_file("p")),
            "2");
  EXPECT_EQ(size_of(Stack(text)
                        .environment("dev")
                        .file("p", "{\"size\": 2}")
                        .parameter_file("p")
                        .parameter("size", "1")),
            "1");
}

std::string worth(const std::string& type, const std::string& given) {
  Stack stack("param p: " + type + "\nresource local.thing t { data = p }");
  stack.parameter("p", given);
  return stack.codes().empty() ? stack.attribute("resource.t", "/data") : stack.codes();
}

TEST(Inputs, AreReadByTheirType) {
  EXPECT_EQ(worth("string", "a \"b\" ${c}"), R"("a \"b\" ${c}")");
  EXPECT_EQ(worth("int", "-1_000"), "-1000");
  EXPECT_EQ(worth("int", "x"), "E0706");
  EXPECT_EQ(worth("int", "1.5"), "E0706");
  EXPECT_EQ(worth("float", "2"), "2.0");
  EXPECT_EQ(worth("bool", "true"), "true");
  EXPECT_EQ(worth("bool", "yes"), "E0706");
  EXPECT_EQ(worth("duration", "1h30m"), "1h30m");
  EXPECT_EQ(worth("size", "5MB"), "5MB");
  EXPECT_EQ(worth("url", "https://x"), R"("https://x")");
  EXPECT_EQ(worth("url", "x"), "E0706");
  EXPECT_EQ(worth("cron", "@daily"), R"("@daily")");
  EXPECT_EQ(worth("cron", "every now and then"), "E0706");
  EXPECT_EQ(worth("\"a\" | \"b\"", "a"), R"("a")");
  EXPECT_EQ(worth("\"a\" | \"b\"", "c"), "E0706");
  EXPECT_EQ(worth("list<string>", "[\"a\", \"b\"]"), R"(["a","b"])");
  EXPECT_EQ(worth("map<int>", "{ a = 1 }"), "{a=1}");
  EXPECT_EQ(worth("{a: int, b: string?}", "{ a = 1 }"), "{a=1,b=null}");
  EXPECT_EQ(worth("list<int>", "[1, \"a\"]"), "E0706");
  EXPECT_EQ(worth("int", "1\nlet y = 2"), "E0706");
}

TEST(Inputs, ThatAreMissing) {
  EXPECT_EQ(Stack("param p: int").codes(), "E0701");
}

TEST(Inputs, ThatNobodyDeclared) {
  Stack stack("param colour: string = \"red\"");
  stack.parameter("color", "x");
  EXPECT_EQ(stack.codes(), "E0702");
  EXPECT_NE(stack.messages().find("did you mean `colour`"), std::string::npos);
}

TEST(Inputs, SecretsAreRefusedOnTheCommandLine) {
  const std::string secret = "param p: secret<string>\nresource local.thing t { token = p }";
  EXPECT_EQ(Stack(secret).parameter("p", "x").codes(), "E0707");
  EXPECT_EQ(Stack(secret).variable("INFRA_PARAM_P", "x").attribute("resource.t", "/token"), "*");
  EXPECT_EQ(Stack(secret)
                .file("f", "{\"p\": \"x\"}")
                .parameter_file("f")
                .attribute("resource.t", "/token"),
            "*");
}

TEST(Inputs, AreValidated) {
  const std::string checked =
      "param p: int = 9 { check p in range(1, 9) else \"1 to 8, not ${p}\" }";
  Stack bad(checked);
  EXPECT_EQ(bad.codes(), "E0703");
  EXPECT_NE(bad.messages().find("1 to 8, not 9"), std::string::npos);
  EXPECT_EQ(Stack(checked).parameter("p", "3").codes(), "");
}

TEST(Inputs, FilesCanBeMalformed) {
  EXPECT_EQ(Stack("param p: int = 1").parameter_file("none").codes(), "E0708");
  EXPECT_EQ(Stack("param p: int = 1").file("f", "p = \n").parameter_file("f").codes(), "E0708");
  EXPECT_EQ(Stack("param p: int = 1").file("f", "{\"p\": }").parameter_file("f").codes(), "E0708");
  EXPECT_EQ(Stack("param p: int = 1").file("f", "p = q + 1\n").parameter_file("f").codes(),
            "E0708");
  EXPECT_EQ(Stack("param p: int = 1").file("f", "q = 1\n").parameter_file("f").codes(), "E0702");
}

TEST(Inputs, DefaultsMayUseOneAnother) {
  Stack stack("param a: int = b + 1\nparam b: int = 2\nresource local.thing t { size = a }");
  EXPECT_EQ(stack.attribute("resource.t", "/size"), "3");
  EXPECT_EQ(shown(stack.graph().parameters.at("a")), "3");
}

TEST(Environments, ThatAreUnknown) {
  Stack stack("stack s { environments = [dev, prod] }");
  stack.environment("prd");
  EXPECT_EQ(stack.codes(), "E0204");
}

TEST(Folders, WithoutStatements) {
  EXPECT_EQ(Stack("").codes(), "");
  EXPECT_TRUE(Stack("").graph().nodes.empty());
}

}  // namespace
}  // namespace infra::testing
