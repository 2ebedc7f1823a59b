#include <gtest/gtest.h>

#include "stack_fixture.h"

namespace infra::testing {
namespace {

constexpr const char* before = "let s = env(\"S\")\nlet n = length(s)\n";

std::string worth(const std::string& expression) {
  Stack stack(before + ("resource local.thing probe { data = " + expression + " }\n"));
  stack.variable("S", "hunter2");
  return stack.attribute("resource.probe", "/data");
}

TEST(Secrets, SpreadToWhateverIsComputed) {
  EXPECT_EQ(worth("s"), "*");
  EXPECT_EQ(worth("\"x${s}y\""), "*");
  EXPECT_EQ(worth("s + \"y\""), "*");
  EXPECT_EQ(worth("upper(s)"), "*");
  EXPECT_EQ(worth("length(s)"), "*");
  EXPECT_EQ(worth("s == \"hunter2\""), "*");
  EXPECT_EQ(worth("n + 1"), "*");
  EXPECT_EQ(worth("if s == \"hunter2\" then 1 else 2"), "*");
  EXPECT_EQ(worth("sha256(s)"), "*");
  EXPECT_EQ(worth("json({ a = s })"), "*");
  EXPECT_EQ(worth("join([s, \"a\"], \",\")"), "*");
  EXPECT_EQ(worth("hmac(s, \"text\")"), "*");
}

TEST(Secrets, MarkLeavesNotContainers) {
  EXPECT_EQ(worth("{ a = s, b = 1 }"), "{a=*,b=1}");
  EXPECT_EQ(worth("keys({ a = s })"), R"(["a"])");
  EXPECT_EQ(worth("length([s, s])"), "2");
  EXPECT_EQ(worth("{for k, v in { a = s }: k => \"${v}!\"}"), "{a=*}");
  EXPECT_EQ(worth("[s] + [s]"), "[*,*]");
  EXPECT_EQ(worth("split(s, \"\")"), "[*,*,*,*,*,*,*]");
}

TEST(Secrets, PresenceIsPublic) {
  EXPECT_EQ(worth("s ?? \"x\""), "*");
  EXPECT_EQ(worth("coalesce(null, s)"), "*");
}

TEST(Secrets, ComputeTheRightValue) {
  Stack stack(R"(
let s = env("S")
resource local.thing t {
  token = if length(s) == 7 and upper(s) == "HUNTER2" and length(s) * 2 > 13 then "right" else "wrong"
}
)");
  stack.variable("S", "hunter2");
  const Value& value = stack.node("resource.t").attributes.at("/token");
  ASSERT_NE(value.as<Secret>(), nullptr);
  EXPECT_TRUE(same(value, Secret("right")));
}

TEST(Secrets, OfJsonStaySecretInside) {
  Stack stack(R"(
let s = from_json(env("S"))
resource local.thing t { token = s.user.name }
)");
  stack.variable("S", R"({"user": {"name": "me"}})");
  const Value& value = stack.node("resource.t").attributes.at("/token");
  ASSERT_NE(value.as<Secret>(), nullptr);
  EXPECT_TRUE(same(value, Secret("me")));
}

TEST(Secrets, NeverShowInMessages) {
  Stack stack(R"(resource local.thing t { data = from_json(env("S")) })");
  stack.variable("S", "hunter2");
  EXPECT_EQ(stack.codes(), "E0509");
  EXPECT_EQ(stack.messages().find("hunter2"), std::string::npos) << stack.messages();
}

TEST(Secrets, AreNoNamesAndNoKeys) {
  Stack name(R"(resource local.thing t { name = env("S") })");
  name.variable("S", "x");
  EXPECT_NE(name.codes(), "");
  Stack key(R"(resource local.thing t { data = {for x in [env("S")]: x => 1} })");
  key.variable("S", "x");
  EXPECT_NE(key.codes(), "");
}

TEST(Secrets, OriginsAreNotRead) {
  Stack stack(R"(
param production: bool = true
secret a { from = env(if production then "PROD_A" else "A") }
secret b { from = file("b.key") }
secret c { generate = random(32, alphabet: "abc"), rotate_every = 90d }
secret d
secret e { generate = uuid() }
)");
  EXPECT_EQ(stack.attribute("secret.a", "/from"), R"({env="PROD_A"})");
  EXPECT_EQ(stack.attribute("secret.c", "/rotate_every"), "90d");
  EXPECT_EQ(stack.attribute("secret.b", "/from"), R"({file="b.key"})");
  EXPECT_EQ(stack.attribute("secret.c", "/generate"), R"({alphabet="abc",random=32})");
  EXPECT_EQ(stack.attribute("secret.d", "/from"), "-");
  EXPECT_EQ(stack.attribute("secret.e", "/generate"), "{uuid=true}");
  EXPECT_TRUE(stack.graph().reads.empty());
  EXPECT_EQ(stack.node("secret.a").type, "infra.secret");
  EXPECT_EQ(stack.node("secret.a").provider, "");
}

TEST(Secrets, AreOutputsOfTheirNode) {
  Stack stack(R"(
secret s
resource local.thing t { token = secret.s }
)");
  EXPECT_EQ(stack.attribute("resource.t", "/token"), "?*");
  EXPECT_EQ(stack.dependencies("resource.t"), "live /value of secret.s for /token\n");
  EXPECT_EQ(stack.attribute_with("resource.t", "/token", {{"secret.s/value", Secret("x")}}), "*");
  EXPECT_EQ(stack.attribute_with("resource.t", "/token", {{"secret.s/value", Value()}}), "-");
}

TEST(Outputs, OfSecretsWantReveal) {
  Stack stack(R"(
secret s
output shown = reveal(secret.s)
output size = 3
)");
  ASSERT_EQ(stack.graph().outputs.size(), 2U);
  EXPECT_EQ(stack.graph().outputs[0].name, "shown");
  EXPECT_TRUE(stack.graph().outputs[0].revealed);
  EXPECT_EQ(shown(stack.graph().outputs[0].value), "?*");
  EXPECT_FALSE(stack.graph().outputs[1].revealed);
  Diagnostics diagnostics;
  const Outputs known = [](std::string_view, std::string_view) -> Value { return Secret("v"); };
  EXPECT_EQ(shown(stack.graph().output(stack.graph().outputs[0], known, diagnostics)), "*");
}

}  // namespace
}  // namespace infra::testing
