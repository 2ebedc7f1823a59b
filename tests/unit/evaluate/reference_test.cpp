#include <gtest/gtest.h>

#include "stack_fixture.h"

namespace infra::testing {
namespace {

TEST(References, AreValues) {
  Stack stack(R"(
database main on local { engine = postgres }
service web on local { command = "x", needs = [database.main] }
resource local.thing t { owner = service.web }
)");
  EXPECT_EQ(stack.attribute("service.web", "/needs"), "[&database.main]");
  EXPECT_EQ(stack.attribute("resource.t", "/owner"), "&service.web");
  EXPECT_EQ(stack.dependencies("service.web"), "live it of database.main for /needs/0\n");
  EXPECT_EQ(stack.attribute_with("service.web", "/needs", {{"database.main/id", "db-1"}}),
            "[&database.main=db-1]");
}

TEST(References, ToAbsentResourcesAreNull) {
  Stack stack(R"(
stack s { environments = [dev, prod] }
if environment == prod { database main on local { engine = postgres } }
service web on local { command = "x", needs = [database.main], env { URL = database.main.url, N = 1 } }
)");
  stack.environment("dev");
  EXPECT_EQ(stack.attribute("service.web", "/needs"), "[]");
  EXPECT_EQ(stack.attribute("service.web", "/env"), R"({N="1"})");
  EXPECT_EQ(stack.dependencies("service.web"), "");
}

TEST(References, WithoutKeysAreAllRounds) {
  Stack stack(R"(
for r in ["eu", "us"] { service api on local { command = "x", port = 80 } }
resource local.thing t { data = {for k, s in service.api: k => s.url}, note = service.api["eu"].url }
)");
  EXPECT_EQ(stack.attribute("resource.t", "/data"), "{eu=?,us=?}");
  EXPECT_EQ(
      stack.dependencies("resource.t"),
      "made /url of service.api[\"eu\"] for /data/eu\nmade /url of service.api[\"eu\"] for /note\n"
      "made /url of service.api[\"us\"] for /data/us\n");
}

TEST(References, InASharedForAreThisRounds) {
  Stack stack(R"(
for r in ["eu", "us"] {
  database db on local { engine = postgres }
  service api on local { command = "x", env { URL = database.db.url } }
}
)");
  EXPECT_EQ(stack.dependencies("service.api[\"us\"]"),
            "live /url of database.db[\"us\"] for /env/URL\n");
}

TEST(References, SpreadSecretsOfAFor) {
  Stack stack(R"(
for k in ["A", "B"] { secret bot { from = env("X_${k}") } }
service api on local { command = "x", env { ...secret.bot, C = "c" } }
)");
  EXPECT_EQ(stack.attribute("service.api", "/env"), R"({A=?*,B=?*,C="c"})");
  EXPECT_EQ(
      stack.dependencies("service.api"),
      "live /value of secret.bot[\"A\"] for /env/A\nlive /value of secret.bot[\"B\"] for /env/B\n");
}

TEST(References, ToWrittenAttributesMakeNoEdge) {
  Stack stack(R"(
service a on local { command = "x", port = 80, env { P = service.b.port } }
service b on local { command = service.a.command, port = service.a.port + 1 }
)");
  EXPECT_EQ(stack.attribute("service.a", "/env/P"), R"("81")");
  EXPECT_EQ(stack.attribute("service.b", "/command"), R"("x")");
  EXPECT_EQ(stack.dependencies("service.a"), "");
  EXPECT_EQ(stack.dependencies("service.b"), "");
}

TEST(References, ToWrittenAttributesCarryTheirReads) {
  Stack stack(R"(
database d on local { engine = postgres }
service a on local { command = "x", env { URL = database.d.url, N = "1" } }
resource local.thing t { data = { u = service.a.env.URL, n = service.a.env.N } }
)");
  EXPECT_EQ(stack.dependencies("resource.t"), "live /url of database.d for /data/u\n");
  EXPECT_EQ(stack.attribute("resource.t", "/data"), R"({n="1",u=?*})");
}

TEST(References, NameUnwrittenIsAnOutputOfNoWait) {
  Stack stack(R"(
bucket books on local { }
bucket films on local { name = "films" }
resource local.thing t { note = bucket.books.name, data = bucket.films.name }
)");
  EXPECT_EQ(stack.dependencies("resource.t"), "none /name of bucket.books for /note\n");
  EXPECT_EQ(stack.attribute("resource.t", "/data"), R"("films")");
  EXPECT_EQ(
      stack.attribute_with("resource.t", "/note", {{"bucket.books/name", "stack-books-default"}}),
      R"("stack-books-default")");
}

TEST(References, ToDriverOutputsAreNullElsewhere) {
  const std::string text = R"(
stack s { environments = [dev, prod] }
environment dev { place all on local }
provider cloud { }
database main on cloud { engine = postgres }
service web on cloud { command = "x", env { KEY = database.main.cloud.key } }
)";
  Stack dev(text);
  dev.environment("dev");
  EXPECT_EQ(dev.attribute("service.web", "/env"), "{}");
  Stack prod(text);
  prod.environment("prod");
  EXPECT_EQ(prod.attribute("service.web", "/env"), "{KEY=?*}");
  EXPECT_EQ(prod.dependencies("service.web"), "live /cloud/key of database.main for /env/KEY\n");
}

TEST(References, ThroughLetsKeepTheirPlace) {
  Stack stack(R"(
database d on local { engine = postgres }
database e on local { engine = postgres }
let both = { D = database.d.url, E = database.e.url }
service a on local { command = "x", env { ...both, E = "mine" } }
service b on local { command = "x", env { X = both.D } }
)");
  EXPECT_EQ(stack.dependencies("service.a"), "live /url of database.d for /env/D\n");
  EXPECT_EQ(stack.dependencies("service.b"), "live /url of database.d for /env/X\n");
}

TEST(References, MakeCalls) {
  Stack stack(R"(
secret s
service web on local { command = "x", port = 80 }
cron tick { schedule = "@daily", call = service.web.http("/tick", method: POST, headers: { a = "b" }), auth = bearer(secret.s) }
cron other { schedule = "0 4 * * *", run = service.web.command("npm run x") }
check up { call = service.web.http("/health"), expect { status = 200, within = 60s, json { id = present(), a = matching("^x") } } }
)");
  EXPECT_EQ(stack.attribute("cron.tick", "/call"),
            R"({headers={a="b"},method="POST",path="/tick",service=&service.web})");
  EXPECT_EQ(stack.attribute("cron.tick", "/auth"), "{bearer=?*}");
  EXPECT_EQ(stack.attribute("cron.other", "/run"), R"({command="npm run x",service=&service.web})");
  EXPECT_EQ(stack.node("cron.tick").provider, "local") << "a cron lives with the service it calls";
  EXPECT_EQ(stack.dependencies("cron.tick"),
            "live /value of secret.s for /auth\nlive it of service.web for /call/service\n");
  ASSERT_EQ(stack.graph().checks.size(), 1U);
  const PlannedCheck& check = stack.graph().checks[0];
  EXPECT_EQ(shown(check.body.at("/expect/json")), R"({a={$matching="^x"},id={$present=true}})");
  EXPECT_EQ(shown(check.body.at("/call")), R"({method="GET",path="/health",service=&service.web})");
  ASSERT_EQ(check.dependencies.size(), 1U);
  EXPECT_EQ(check.dependencies[0].wait, Wait::live);
}

TEST(References, ChecksStandWhereTheirServiceDoes) {
  const std::string text = R"(
stack s { environments = [dev, prod] }
if environment == prod {
  service web on local { command = "x", port = 80 }
  check up { call = service.web.http("/") }
}
)";
  Stack dev(text);
  dev.environment("dev");
  EXPECT_TRUE(dev.graph().checks.empty()) << dev.messages();
  Stack prod(text);
  prod.environment("prod");
  EXPECT_EQ(prod.graph().checks.size(), 1U);
}

TEST(References, ExistingResourcesGiveOutputs) {
  Stack stack(R"(
existing database legacy on local { id = "abc" }
service web on local { command = "x", env { URL = database.legacy.url, ID = database.legacy.id } }
)");
  EXPECT_TRUE(stack.node("database.legacy").existing);
  EXPECT_EQ(stack.attribute("service.web", "/env"), R"({ID="abc",URL=?*})");
}

}  // namespace
}  // namespace infra::testing
