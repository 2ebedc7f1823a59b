#include <gtest/gtest.h>

#include "stack_fixture.h"

namespace infra::testing {
namespace {

TEST(Dependencies, MadeAndLive) {
  Stack stack(R"(
database d on local { engine = postgres }
service a on local { command = "x", port = 80, env { B = service.b.url, SELF = service.a.url } }
service b on local { command = "x", port = 81, env { A = "${service.a.url}/x", D = database.d.url }, needs = [service.c] }
service c on local { command = "x" }
)");
  EXPECT_EQ(stack.codes(), "") << stack.messages();
  EXPECT_EQ(stack.dependencies("service.a"),
            "made /url of service.a for /env/SELF\nmade /url of service.b for /env/B\n");
  EXPECT_EQ(stack.dependencies("service.b"),
            "live /url of database.d for /env/D\nmade /url of service.a for /env/A\nlive it of "
            "service.c for /needs/0\n");
  EXPECT_EQ(stack.attribute_with("service.b", "/env",
                                 {{"service.a/url", "http://a"}, {"database.d/url", Secret("u")}}),
            R"({A="http://a/x",D=*})");
}

TEST(Dependencies, AreSeenBehindWhatIsUnknown) {
  Stack stack(R"(
bucket a on local { }
bucket b on local { }
service web on local { command = "x", env { X = if bucket.a.id == "1" then bucket.b.id else "none" } }
)");
  EXPECT_EQ(stack.dependencies("service.web"),
            "live /id of bucket.a for /env/X\nlive /id of bucket.b for /env/X\n");
  EXPECT_EQ(
      stack.attribute_with("service.web", "/env", {{"bucket.a/id", "1"}, {"bucket.b/id", "2"}}),
      R"({X="2"})");
  EXPECT_EQ(stack.attribute_with("service.web", "/env", {{"bucket.a/id", "3"}}), R"({X="none"})");
}

TEST(Dependencies, ErrorsThatOnlyKnownValuesShow) {
  Stack stack(R"(
resource local.thing a { }
resource local.thing b { link = resource.a.slug }
)");
  EXPECT_EQ(stack.attribute("resource.b", "/link"), "?");
  EXPECT_EQ(stack.attribute_with("resource.b", "/link", {{"resource.a/slug", "no url"}}), "E0514");
}

TEST(Dependencies, NodesWithoutAnyKeepTheirValue) {
  Stack stack("resource local.thing a { size = 3 }");
  EXPECT_EQ(stack.attribute_with("resource.a", "/size", {}), "3");
}

TEST(Cycles, BetweenStepsAreErrorsWithTheWholePath) {
  Stack stack(R"(
database a on local { engine = postgres, name = "x" }
resource local.thing t { note = resource.u.slug }
resource local.thing u { note = resource.v.slug }
resource local.thing v { note = resource.t.slug }
)");
  EXPECT_EQ(stack.codes(), "E0606");
  EXPECT_EQ(
      stack.compilation().diagnostics.all().at(0).message,
      "these wait for one another: `resource.t` → `resource.u` → `resource.v` → `resource.t`");
}

TEST(Cycles, OfNeedsAreErrors) {
  Stack stack(R"(
service a on local { command = "x", needs = [service.b] }
service b on local { command = "x", needs = [service.a] }
)");
  EXPECT_EQ(stack.codes(), "E0606");
}

TEST(Cycles, OfOneAreErrors) {
  EXPECT_EQ(Stack("resource local.thing t { note = resource.t.slug }").codes(), "E0606");
}

TEST(Cycles, BetweenValuesAreErrors) {
  EXPECT_EQ(Stack("let a = b + 1\nlet b = a + 1\nresource local.thing t { size = a }").codes(),
            "E0601");
  EXPECT_EQ(Stack("param a: int = b\nparam b: int = a").codes(), "E0601");
  EXPECT_EQ(Stack(R"(
service a on local { command = service.b.command }
service b on local { command = service.a.command }
)")
                .codes(),
            "E0601");
}

TEST(Cycles, AreFoundInLongChains) {
  std::string text;
  const int count = 3000;
  for (int i = 0; i < count; ++i) {
    text += "resource local.thing t" + std::to_string(i) + " { note = resource.t" +
            std::to_string((i + 1) % count) + ".slug }\n";
  }
  EXPECT_EQ(Stack(text).codes(), "E0606");
}

}  // namespace
}  // namespace infra::testing
