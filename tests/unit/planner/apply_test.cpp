// Text to objects and back to an empty plan, over the simulator.
#include <gtest/gtest.h>

#include "tests/support/stack_world.h"

namespace infra::test {
namespace {

constexpr const char* things = R"(
resource simulator.thing a { size = 1 }
resource simulator.thing b { uses = resource.a.url }
)";

std::string problems(const ApplyResult& result) {
  std::string all;
  for (const auto& failed : result.failed) {
    all += failed.address + ": " + failed.error.message + "\n";
  }
  for (const auto& skipped : result.skipped) {
    all += skipped.address + " skipped because of " + skipped.because + "\n";
  }
  for (const auto& other : result.divergences) {
    all += other.address + other.path + " asked " + other.asked + " got " + other.got + "\n";
  }
  for (const auto& refusal : result.plan.refusals) {
    all += refusal.why + "\n";
  }
  for (const auto& diagnostic : result.plan.diagnostics.all()) {
    all += diagnostic.code + " " + diagnostic.message + "\n";
  }
  return all;
}

void expect_settled(StackWorld& world) {
  const Plan plan = world.plan();
  EXPECT_EQ(summary(plan), "");
  EXPECT_FALSE(plan.has_changes());
  EXPECT_FALSE(plan.has_drift());
  EXPECT_TRUE(world.state().intents.empty());
}

TEST(Apply, MakesWhatTheTextSaysInOrder) {
  StackWorld world;
  world.write(things);
  EXPECT_EQ(summary(world.plan()), "create resource.a, create resource.b");
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  EXPECT_EQ(result.done.add, 2U);
  EXPECT_EQ(world.calls(), (std::vector<std::string>{"create resource.a", "create resource.b"}));
  expect_settled(world);
}

TEST(Apply, ChangesInPlaceAndSaysWhere) {
  StackWorld world;
  world.write(things);
  world.apply();
  world.write(
      "resource simulator.thing a { size = 2 }\nresource simulator.thing b { uses = "
      "resource.a.url }\n");
  const Plan plan = world.plan();
  EXPECT_EQ(summary(plan), "update resource.a");
  const auto& leaf = change_of(plan, "resource.a").leaves.at(0);
  EXPECT_EQ(leaf.path, "/size");
  EXPECT_EQ(leaf.before.integer(), 1);
  EXPECT_EQ(leaf.after.integer(), 2);
  EXPECT_EQ(leaf.reason, "main.infra:1");
  EXPECT_EQ(leaf.origin, Origin::configuration);
  EXPECT_EQ(world.apply().exit_status(), 0);
  expect_settled(world);
}

TEST(Apply, ReplacesFirstMakingTheNewOne) {
  StackWorld world;
  world.write(R"(
resource simulator.named a { region = "eu" }
resource simulator.thing b { uses = resource.a.id }
)");
  EXPECT_EQ(world.apply().exit_status(), 0);
  (void)world.calls();
  world.write(R"(
resource simulator.named a { region = "us" }
resource simulator.thing b { uses = resource.a.id }
)");
  const Plan plan = world.plan();
  EXPECT_EQ(summary(plan), "replace resource.a, update resource.b");
  EXPECT_TRUE(change_of(plan, "resource.a").create_first);
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  EXPECT_EQ(world.calls(), (std::vector<std::string>{"create resource.a", "update resource.b",
                                                     "remove resource.a"}));
  EXPECT_TRUE(world.state().deposed.empty());
  expect_settled(world);
}

TEST(Apply, ReplacesFirstRemovingTheOldOneWhereBothCannotBe) {
  StackWorld world;
  world.write("resource simulator.single a { region = \"eu\" }\n");
  EXPECT_EQ(world.apply().exit_status(), 0);
  (void)world.calls();
  world.write("resource simulator.single a { region = \"us\" }\n");
  EXPECT_FALSE(change_of(world.plan(), "resource.a").create_first);
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  EXPECT_EQ(world.calls(), (std::vector<std::string>{"remove resource.a", "create resource.a"}));
  expect_settled(world);
}

TEST(Apply, RemovesUsersBeforeWhatTheyUse) {
  StackWorld world;
  world.write(things);
  world.apply();
  (void)world.calls();
  world.write("resource simulator.thing c { size = 7, label = \"x\" }\n");
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  const auto calls = world.calls();
  const auto at = [&](const std::string& call) {
    return std::find(calls.begin(), calls.end(), call) - calls.begin();
  };
  EXPECT_LT(at("remove resource.b"), at("remove resource.a"));
  expect_settled(world);
}

TEST(Apply, DestroysInReverseOrder) {
  StackWorld world;
  world.write(things);
  world.apply();
  (void)world.calls();
  EXPECT_EQ(world.destroy().exit_status(), 0);
  EXPECT_EQ(world.calls(), (std::vector<std::string>{"remove resource.b", "remove resource.a"}));
  EXPECT_TRUE(world.cloud().objects().empty());
  EXPECT_TRUE(world.state().resources.empty());
}

TEST(Apply, AServiceHasItsParts) {
  StackWorld world;
  world.files["app/main.py"] = "print()";
  world.write(R"(
service web on simulator {
  source = image("nginx")
  port   = 80
  env { SELF = service.web.url, OTHER = service.api.url }
  volume data { mount = "/data", size = 1GB }
}
service api on simulator {
  source = image("nginx")
  port   = 81
  env { WEB = service.web.url }
}
cron tick { schedule = "0 8 * * *", call = service.web.http("/tick") }
)");
  const Plan plan = world.plan();
  EXPECT_EQ(summary(plan),
            "create cron.tick, create service.api, create service.api.deployment, create "
            "service.web, create service.web.deployment, create service.web.volume.data");
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  expect_settled(world);
}

TEST(Apply, AnEffectOnTheRunningFormPlansItsRedeploy) {
  StackWorld world;
  world.write(
      "service web on simulator { source = image(\"nginx\"), port = 80, env { A = \"1\" } }\n");
  EXPECT_EQ(world.apply().exit_status(), 0);
  (void)world.calls();
  world.write(
      "service web on simulator { source = image(\"nginx\"), port = 80, env { A = \"2\" } }\n");
  const Plan plan = world.plan();
  EXPECT_EQ(summary(plan), "update service.web, update service.web.deployment");
  EXPECT_TRUE(change_of(plan, "service.web.deployment").redeploy);
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  EXPECT_EQ(world.calls(),
            (std::vector<std::string>{"update service.web", "update service.web.deployment"}));
  expect_settled(world);
}

TEST(Apply, GuardsData) {
  StackWorld world;
  world.write("database main on simulator { engine = postgres }\n");
  EXPECT_EQ(world.apply().exit_status(), 0);
  world.write("resource simulator.thing a { size = 1 }\n");
  const ApplyResult refused = world.apply();
  EXPECT_EQ(refused.exit_status(), 3);
  ASSERT_EQ(refused.plan.refusals.size(), 1U);
  EXPECT_EQ(refused.plan.refusals[0].help, "--allow-destroy=database.main");
  EXPECT_EQ(world.cloud().objects().size(), 1U);
  world.options.allow_destroy = {"database.main"};
  EXPECT_EQ(world.apply().exit_status(), 0);
}

TEST(Apply, ARenamedBlockIsAMove) {
  StackWorld world;
  world.write("database main on simulator { engine = postgres, version = \"15\" }\n");
  EXPECT_EQ(world.apply().exit_status(), 0);
  world.write("database primary on simulator { engine = postgres, version = \"15\" }\n");
  const Plan plan = world.plan();
  EXPECT_EQ(summary(plan), "");
  EXPECT_EQ(change_of(plan, "database.primary").previous_address, "database.main");
  EXPECT_TRUE(change_of(plan, "database.primary").renamed);
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  EXPECT_EQ(world.state().resources.count("database.primary"), 1U);
  EXPECT_EQ(world.state().resources.count("database.main"), 0U);
  expect_settled(world);
}

TEST(Apply, DriftIsFoundNamedAndRepaired) {
  StackWorld world;
  world.write(things);
  world.apply();
  const std::string id = world.state().resources.at("resource.a").id;
  world.cloud().edit("simulator.thing", id, "/size", Value(9));
  const Plan plan = world.plan();
  ASSERT_EQ(plan.drift.size(), 1U);
  EXPECT_EQ(plan.drift[0].address, "resource.a");
  EXPECT_EQ(plan.drift[0].leaves.at(0).path, "/size");
  EXPECT_EQ(change_of(plan, "resource.a").origin, Origin::drift);
  EXPECT_EQ(world.apply().exit_status(), 0);
  expect_settled(world);
}

TEST(Apply, WhatWasDeletedOutsideIsMadeAgain) {
  StackWorld world;
  world.write(things);
  world.apply();
  world.cloud().vanish("simulator.thing", world.state().resources.at("resource.a").id);
  const Plan plan = world.plan();
  EXPECT_EQ(operation_of(plan, "resource.a"), Operation::create);
  EXPECT_EQ(plan.drift.size(), 1U);
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  expect_settled(world);
}

TEST(Apply, SecretsReachTheirUsersAndTurnRound) {
  StackWorld world;
  world.variables["TOKEN"] = "first";
  const char* text = R"(
secret token { from = env("TOKEN") }
secret key   { generate = random(24), rotate_every = 90d }
resource simulator.thing a { secret = secret.token }
resource simulator.thing b { secret = secret.key }
)";
  world.write(text);
  ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  expect_settled(world);
  world.variables["TOKEN"] = "second";
  EXPECT_EQ(summary(world.plan()), "update resource.a, update secret.token");
  EXPECT_EQ(world.apply().exit_status(), 0);
  expect_settled(world);
  world.move_clock(std::chrono::hours(24 * 91));
  EXPECT_EQ(summary(world.plan()), "update resource.b, update secret.key");
  EXPECT_EQ(world.apply().exit_status(), 0);
  expect_settled(world);
  world.variables.clear();
  const Plan without = world.plan();
  EXPECT_EQ(summary(without), "");
  EXPECT_EQ(without.diagnostics.all().at(0).code, "N0801");
}

TEST(Apply, APlanChangesNothing) {
  StackWorld world;
  world.write(things);
  world.apply();
  const auto before = world.cloud().mutations();
  const auto serial = world.state().serial;
  (void)world.plan();
  (void)world.destroy_plan();
  EXPECT_EQ(world.cloud().mutations(), before);
  EXPECT_EQ(world.state().serial, serial);
}

TEST(Apply, GroupsGoTogether) {
  StackWorld world;
  world.write(R"(
provider simulator { environment = "main" }
resource simulator.member a { size = 1 }
resource simulator.member b { size = 2 }
resource simulator.member c { uses = resource.a.url }
)");
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  expect_settled(world);
}

TEST(Apply, WhatCannotBeFoundAgainIsLeftToAPerson) {
  StackWorld::Setup setup;
  setup.fault_rate = 1;
  setup.only = Fault::lost_after;
  StackWorld world(setup);
  world.write(
      "resource simulator.blind a { size = 1 }\nresource simulator.thing b { uses = "
      "resource.a.url }\n");
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 4);
  ASSERT_EQ(result.unknown.size(), 1U);
  EXPECT_EQ(result.unknown[0].address, "resource.a");
  ASSERT_EQ(result.skipped.size(), 1U);
  EXPECT_EQ(result.skipped[0].because, "resource.a");
  world.cloud().stop_faults();
  EXPECT_EQ(world.apply().exit_status(), 4) << "nothing new is done for it";
  ASSERT_EQ(world.cloud().objects().size(), 1U);
  recover(world.compile(), "resource.a", world.cloud().objects()[0].id, world.options);
  const ApplyResult after = world.apply();
  EXPECT_EQ(after.exit_status(), 0) << problems(after);
  EXPECT_EQ(world.cloud().objects().size(), 2U);
  expect_settled(world);
}

TEST(Apply, AnImportedObjectIsComparedAndNotMade) {
  StackWorld world;
  const std::string id =
      world.cloud().create_foreign("simulator.thing", "", Object{{"name", "theirs"}, {"size", 5}});
  world.write("resource simulator.thing a { name = \"theirs\", size = 6 }\n");
  import_resource(world.compile(), "resource.a", id, world.options);
  EXPECT_EQ(summary(world.plan()), "update resource.a");
  EXPECT_EQ(world.state().resources.at("resource.a").id, id);
}

TEST(Apply, AdoptTakesOverWhatIsThere) {
  StackWorld world;
  const std::string id =
      world.cloud().create_foreign("simulator.thing", "", Object{{"name", "theirs"}, {"size", 5}});
  world.write("adopt { address = resource.a, id = \"" + id +
              "\" }\nresource simulator.thing a { name = \"theirs\", size = 5 }\n");
  const Plan plan = world.plan();
  EXPECT_EQ(change_of(plan, "resource.a").import_id, id);
  EXPECT_EQ(operation_of(plan, "resource.a"), Operation::no_op);
  EXPECT_EQ(plan.counts().import, 1U);
  EXPECT_EQ(world.apply().exit_status(), 0);
  expect_settled(world);
}

TEST(Apply, ExistingIsReadAndNeverChanged) {
  StackWorld world;
  const std::string id =
      world.cloud().create_foreign("simulator.database", "", Object{{"name", "theirs"}});
  world.write("existing database shared on simulator { id = \"" + id +
              "\" }\nresource simulator.thing a { uses = database.shared.host }\n");
  const ApplyResult result = world.apply();
  EXPECT_EQ(result.exit_status(), 0) << problems(result);
  EXPECT_EQ(world.state().resources.count("database.shared"), 0U);
  EXPECT_TRUE(world.cloud().touched_foreign().empty());
  expect_settled(world);
}

TEST(Apply, AnEphemeralEnvironmentHasNoGuards) {
  StackWorld world;
  world.environment = "dev";
  const std::string head =
      "stack stack { environments = [dev] }\nenvironment dev { ephemeral = true }\n";
  world.write(head + "database main on simulator { engine = postgres }\n");
  EXPECT_EQ(world.apply().exit_status(), 0);
  EXPECT_EQ(world.destroy().exit_status(), 0);
  EXPECT_TRUE(world.cloud().objects().empty());
}

TEST(Apply, WhatComesAfterAnotherEnvironmentWaitsForIt) {
  StackWorld world;
  world.environment = "prod";
  world.options.commit = "c1";
  State dev;
  world.options.read_other = [&](const std::string&) { return dev; };
  world.write(
      "stack stack { environments = [dev, prod] }\nenvironment prod { after = dev }\n"
      "resource simulator.thing a { size = 1 }\n");
  EXPECT_EQ(world.apply().exit_status(), 3);
  dev.last_run = RunRecord{};
  dev.last_run->command = "apply";
  dev.last_run->outcome = "done";
  dev.last_run->commit = "c1";
  EXPECT_EQ(world.apply().exit_status(), 0);
}

}  // namespace
}  // namespace infra::test
