#include <gtest/gtest.h>

#include "base/address.h"
#include "stack_fixture.h"

namespace infra::testing {
namespace {

std::string addresses(Stack& stack) {
  std::string result;
  for (const auto& node : stack.graph().nodes) {
    result += node.address + "\n";
  }
  return result;
}

TEST(Expansion, MakesOneNodePerKeyInAddressOrder) {
  Stack stack(R"(
for r in ["us", "eu"] { resource local.thing t { note = r } }
for k, v in { b = 2, a = 1 } { resource local.thing u { size = v } }
resource local.thing single { }
)");
  EXPECT_EQ(addresses(stack),
            "resource.single\nresource.t[\"eu\"]\nresource.t[\"us\"]\nresource.u[\"a\"]\nresource."
            "u[\"b\"]\n");
  EXPECT_EQ(stack.attribute("resource.t[\"us\"]", "/note"), R"("us")");
  EXPECT_EQ(stack.attribute("resource.u[\"b\"]", "/size"), "2");
  EXPECT_EQ(stack.node("resource.t[\"us\"]").keys, std::vector<std::string>{"us"});
}

TEST(Expansion, OrderIsTheOrderOfAddresses) {
  Stack stack(R"(
for r in ["10", "9", "x", "a.b", "b\"q", "ä"] {
  for s in ["2", "11"] { resource local.thing t { } }
  resource local.thing t-a { }
}
service web on local { command = "x" }
database web on local { engine = postgres }
)");
  const auto& nodes = stack.graph().nodes;
  ASSERT_EQ(nodes.size(), 20U);
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    EXPECT_TRUE(address_less(nodes[i - 1].address, nodes[i].address))
        << nodes[i - 1].address << " " << nodes[i].address;
  }
}

TEST(Expansion, NestsKeysOutermostFirst) {
  Stack stack(R"(
for r in ["eu", "us"] {
  let short = "${r}-1"
  for c in ["blue"] { resource local.thing t { note = "${short}/${c}" } }
}
)");
  EXPECT_EQ(stack.attribute("resource.t[\"eu\"][\"blue\"]", "/note"), R"("eu-1/blue")");
  EXPECT_EQ(stack.node("resource.t[\"eu\"][\"blue\"]").default_name, "stack-t-eu-blue-default");
}

TEST(Expansion, IfChoosesAnArm) {
  const std::string text = R"(
stack s { environments = [dev, prod] }
if environment == prod { resource local.thing a { } } else if environment == dev { resource local.thing b { } }
if environment == dev { resource local.thing c { note = "d" } } else { resource local.thing c { note = "p" } }
)";
  Stack dev(text);
  dev.environment("dev");
  EXPECT_EQ(addresses(dev), "resource.b\nresource.c\n");
  EXPECT_EQ(dev.attribute("resource.c", "/note"), R"("d")");
  Stack prod(text);
  prod.environment("prod");
  EXPECT_EQ(addresses(prod), "resource.a\nresource.c\n");
  EXPECT_EQ(prod.attribute("resource.c", "/note"), R"("p")");
}

TEST(Expansion, KeysAreDistinctTexts) {
  EXPECT_EQ(
      Stack("param p: list<string> = [\"a\", \"a\"]\nfor x in p { resource local.thing t { } }")
          .codes(),
      "E0602");
  EXPECT_EQ(Stack("let p = from_json(\"[1]\")\nfor x in p { resource local.thing t { } }").codes(),
            "E0602");
  EXPECT_EQ(Stack("let p = from_json(\"3\")\nfor x in p { resource local.thing t { } }").codes(),
            "E0602");
}

TEST(Expansion, RoundsAreLimited) {
  Stack many("for x in [for i in range(0, 100001): \"k${i}\"] { resource local.thing t { } }");
  EXPECT_EQ(many.codes(), "E0603");
  Stack nested(R"(
let k = [for i in range(0, 400): "k${i}"]
for a in k { for b in k { resource local.thing t { } } }
)");
  EXPECT_EQ(nested.codes(), "E0603");
}

TEST(Expansion, NeverDependsOnResources) {
  Stack stack(R"(
resource local.thing t { note = "x" }
for k in [resource.t.note] { resource local.thing u { } }
)");
  EXPECT_NE(stack.codes(), "");
}

TEST(Names, AreDistinctOnAPlatform) {
  Stack stack(R"(
resource local.thing a { name = "x" }
resource local.thing b { name = "x" }
)");
  EXPECT_EQ(stack.codes(), "E0607");
}

TEST(Names, DefaultToStackNameEnvironment) {
  Stack stack("stack shop { environments = [dev] }\ndatabase main on local { engine = postgres }");
  stack.environment("dev");
  EXPECT_EQ(stack.node("database.main").default_name, "shop-main-dev");
}

TEST(Placement, ChoosesProviderAndType) {
  Stack stack(R"(
stack s { environments = [dev, prod] }
environment dev { place all on local }
provider cloud as eu { token = env("T") }
service web on eu { command = "x" }
secret s
)");
  stack.environment("dev");
  EXPECT_EQ(stack.node("service.web").provider, "local");
  EXPECT_EQ(stack.node("service.web").type, "local.service");
  ASSERT_EQ(stack.graph().providers.size(), 1U) << "eu is not configured: no T is asked for";
  EXPECT_EQ(stack.graph().providers[0].alias, "local");
}

TEST(Placement, ConfiguresOnlyWhatIsUsed) {
  Stack stack(R"(
provider cloud as eu { token = env("T"), team = "t" }
provider docker { token = env("NEVER_SET") }
service web on eu { command = "x" }
)");
  stack.variable("T", "t");
  EXPECT_EQ(stack.node("service.web").type, "cloud.service");
  ASSERT_EQ(stack.graph().providers.size(), 1U);
  EXPECT_EQ(stack.graph().providers[0].alias, "eu");
  EXPECT_EQ(stack.graph().providers[0].driver, "cloud");
  EXPECT_EQ(shown(stack.graph().providers[0].settings), R"({team="t",token=*})");
}

}  // namespace
}  // namespace infra::testing
