#include <gtest/gtest.h>

#include "stack_fixture.h"

namespace infra::testing {
namespace {

constexpr const char* text = R"(
stack s { environments = [dev, prod] }
environment dev { place all on local }
provider cloud { }
database main on cloud { engine = postgres }
service web on cloud {
  command = "start"
  memory  = 512MB
  env { A = "a", B = "b", URL = database.main.url }
  restart { policy = on_failure, max_retries = 10 }
  volume data { mount = "/data", size = 1GB }
  local { command = "npm run dev", memory = null, weight = 2, env { B = null, C = 3, URL = "here" }, restart { policy = always }, volume cache { mount = "/cache", size = 1MiB } }
  cloud { framework = "nextjs" }
}
)";

TEST(Overlays, HoldOnlyOnTheirDriver) {
  Stack prod(text);
  prod.environment("prod");
  EXPECT_EQ(prod.attribute("service.web", "/command"), R"("start")");
  EXPECT_EQ(prod.attribute("service.web", "/cloud"), R"({framework="nextjs"})");
  EXPECT_EQ(prod.attribute("service.web", "/local"), "-");
  EXPECT_EQ(prod.attribute("service.web", "/env"), R"({A="a",B="b",URL=?*})");
  EXPECT_EQ(prod.dependencies("service.web"), "live /url of database.main for /env/URL\n");
}

TEST(Overlays, ReplaceAttributesAndMapsKeyByKey) {
  Stack dev(text);
  dev.environment("dev");
  EXPECT_EQ(dev.attribute("service.web", "/command"), R"("npm run dev")");
  EXPECT_EQ(dev.attribute("service.web", "/env"), R"({A="a",C="3",URL="here"})");
  EXPECT_EQ(dev.attribute("service.web", "/restart"), R"({policy="always"})");
  EXPECT_EQ(dev.attribute("service.web", "/memory"), "-") << "null takes a value away";
  EXPECT_EQ(dev.attribute("service.web", "/local"), "{weight=2.0}")
      << "an int becomes the float that is wanted";
  EXPECT_EQ(dev.attribute("service.web", "/volume"),
            R"({cache={mount="/cache",size=1MiB},data={mount="/data",size=1GB}})");
  EXPECT_EQ(dev.attribute("service.web", "/cloud"), "-");
  EXPECT_EQ(dev.dependencies("service.web"), "") << "the replaced entry waits for nothing";
}

TEST(Overlays, AreSeenThroughReferences) {
  Stack dev(std::string(text) +
            "resource local.thing t { note = service.web.command, data = service.web.env.C }\n");
  dev.environment("dev");
  EXPECT_EQ(dev.attribute("resource.t", "/note"), R"("npm run dev")");
}

TEST(Overlays, OwnAttributesKeepTheirReads) {
  Stack stack(R"(
provider cloud { }
bucket b on cloud { }
service web on cloud { command = "x", cloud { framework = bucket.b.endpoint } }
)");
  EXPECT_EQ(stack.dependencies("service.web"), "live /endpoint of bucket.b for /cloud/framework\n");
}

TEST(Overlays, OfPlatformsWithoutADriverAreLeftOut) {
  Stack stack(R"(
provider moon { token = env("MOON_TOKEN") }
service web on local { command = "x", moon { restart { policy = phases } } }
resource local.thing t { note = service.web.moon.phase }
)");
  EXPECT_EQ(shown(stack.node("service.web").attributes), R"({command="x"})");
  EXPECT_EQ(stack.attribute("resource.t", "/note"), "-");
}

TEST(Overlays, OutputsOfPlatformsWithoutADriverHaveTheirPath) {
  Stack stack(R"(
provider moon { token = env("MOON_TOKEN") }
service web on moon { command = "x" }
resource moon.base b { name = "b" }
service user on moon { command = "x", env { A = service.web.moon.phase, B = resource.b.crater } }
)");
  stack.variable("MOON_TOKEN", "t");
  EXPECT_EQ(stack.dependencies("service.user"),
            "live /crater of resource.b for /env/B\nlive /moon/phase of service.web for /env/A\n");
  EXPECT_EQ(stack.node("resource.b").type, "moon.base");
}

TEST(Attributes, ComeInTheirTypes) {
  Stack stack(R"(
let any = from_json("{\"share\": 2, \"on\": true, \"link\": \"https://x.y\"}")
resource local.thing t { share = any.share, on = any.on, link = any.link, wait = 90s, room = 1KiB, note = null }
)");
  EXPECT_EQ(shown(stack.node("resource.t").attributes),
            R"({link="https://x.y",on=true,room=1KiB,share=2.0,wait=1m30s})");
}

TEST(Attributes, FromAnyAreHeldToTheirType) {
  EXPECT_EQ(Stack("let a = from_json(\"1\")\nresource local.thing t { note = a }").codes(),
            "E0515");
  EXPECT_EQ(
      Stack("let a = from_json(\"\\\"x y\\\"\")\nresource local.thing t { link = a }").codes(),
      "E0514");
  EXPECT_EQ(Stack("let a = from_json(\"1.5\")\nresource local.thing t { size = a }").codes(),
            "E0515");
  EXPECT_EQ(
      Stack("let a = from_json(\"{}\")\nservice w on local { command = \"x\", env { A = a } }")
          .codes(),
      "E0515");
}

TEST(Files, OfMigrationsAreListedInOrder) {
  Stack stack(
      R"(database main on local { engine = postgres, migrations = "sql/*.sql", seed = "seed.sql" })");
  stack.file("sql/2.sql", "b")
      .file("sql/1.sql", "a")
      .file("sql/note.txt", "n")
      .file("seed.sql", "s");
  const Value& attributes = stack.node("database.main").attributes;
  ASSERT_EQ(attributes.at("/migrations").list().size(), 2U);
  EXPECT_EQ(attributes.at("/migrations/0/file").text(), "sql/1.sql");
  EXPECT_EQ(attributes.at("/migrations/1/file").text(), "sql/2.sql");
  EXPECT_EQ(attributes.at("/migrations/0/sha256").text(),
            "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
  EXPECT_EQ(attributes.at("/seed/0/file").text(), "seed.sql");
}

TEST(Files, ThatAreMissing) {
  EXPECT_EQ(Stack(R"(database main on local { engine = postgres, seed = "seed.sql" })").codes(),
            "E0520");
  EXPECT_EQ(
      Stack(R"(database main on local { engine = postgres, migrations = "sql/*.sql" })").codes(),
      "W0520");
  EXPECT_EQ(
      Stack(R"(database main on local { engine = postgres, migrations = "../../*.sql" })").codes(),
      "E0506");
}

}  // namespace
}  // namespace infra::testing
