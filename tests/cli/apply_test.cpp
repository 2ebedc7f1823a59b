// `infra apply`, `destroy` and `drift`: approval, guards, progress, summaries, signals.
#include <csignal>

#include "program.h"

namespace infra::test {
namespace {

class ApplyCommand : public Program {
 protected:
  ApplyCommand() { write_shop(); }
  void apply(const std::string& environment) {
    const Ended applied = run({"apply", "--env", environment, "--auto-approve"});
    ASSERT_EQ(applied.status, 0) << applied.out << applied.err;
  }
};

TEST_F(ApplyCommand, WithoutATerminalItWantsAnApproval) {
  const Ended refused = run({"apply", "--env", "dev"});
  EXPECT_EQ(refused.status, 3);
  EXPECT_TRUE(has(refused.err, "nobody is here to approve this plan")) << refused.err;
  EXPECT_TRUE(has(refused.err, "--auto-approve"));
  EXPECT_FALSE(exists("cloud.jsonl"));
}

TEST_F(ApplyCommand, SaysEachStepAndHowItEnded) {
  const Ended applied = run({"apply", "--env", "dev", "-auto-approve"});
  EXPECT_EQ(applied.status, 0) << applied.err;
  for (const char* part :
       {"Plan: 4 to add, 0 to change, 0 to destroy.\n", "database.main: creating …\n",
        "service.web: made after ", "service.web: live after ",
        "\nApply complete! Resources: 4 added, 0 changed, 0 destroyed.\n", "  dsn  (sensitive)\n",
        "  url  \"https://"}) {
    EXPECT_TRUE(has(applied.out, part)) << part << "\n" << applied.out;
  }
  EXPECT_FALSE(has(applied.out, "\x1b"));
}

TEST_F(ApplyCommand, ASecondApplyDoesNothing) {
  apply("dev");
  const Ended again = run({"apply", "--env", "dev"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_TRUE(has(again.out, "No changes. Your infrastructure matches the configuration.\n"));
}

TEST_F(ApplyCommand, StreamsEvents) {
  const Ended applied = run({"apply", "--env", "dev", "--auto-approve", "--json"});
  EXPECT_EQ(applied.status, 0);
  std::size_t started = 0;
  std::size_t completed = 0;
  std::string outputs;
  for (const Value& event : events_of(applied.out)) {
    const std::string& type = event.at("/type").text();
    started += type == "apply_start" ? 1 : 0;
    completed += type == "apply_complete" ? 1 : 0;
    if (type == "outputs") {
      outputs = event.at("/outputs/dsn/value").text();
    }
  }
  EXPECT_GE(started, 4U);
  EXPECT_EQ(started, completed);
  EXPECT_EQ(outputs, "(sensitive)");
}

TEST_F(ApplyCommand, DriftIsNamedAndRepaired) {
  apply("dev");
  EXPECT_EQ(run({"drift", "--env", "dev"}).status, 0);
  change_behind_the_back();
  const Ended drift = run({"drift", "--env", "dev"});
  EXPECT_EQ(drift.status, 3) << drift.out << drift.err;
  EXPECT_TRUE(has(drift.out, "service.web")) << drift.out;
  EXPECT_TRUE(has(drift.out, "env.MODE  \"plain\" → \"edited\"")) << drift.out;
  const Ended plan = run({"plan", "--env", "dev", "-detailed-exitcode"});
  EXPECT_EQ(plan.status, 2);
  EXPECT_TRUE(has(plan.out, "Changed outside infra since the last apply:")) << plan.out;
  replace("main.infra", "3000", "3001");
  EXPECT_EQ(run({"drift", "--env", "dev"}).status, 4);
  replace("main.infra", "3001", "3000");
  apply("dev");
  EXPECT_EQ(run({"drift", "--env", "dev"}).status, 0);
}

TEST_F(ApplyCommand, PendingChangesAreNoDrift) {
  apply("dev");
  replace("main.infra", "3000", "3001");
  const Ended drift = run({"drift", "--env", "dev"});
  EXPECT_EQ(drift.status, 2);
  EXPECT_TRUE(has(drift.out, "No drift.\n")) << drift.out;
  EXPECT_TRUE(has(drift.out, "Pending: ")) << drift.out;
}

TEST_F(ApplyCommand, ARemovedDatabaseIsGuarded) {
  apply("prod");
  std::string text = read("main.infra");
  text.replace(text.find("database main on"),
               text.find("service web") - text.find("database main on"), "");
  write("main.infra", text);
  replace("main.infra", "    DATABASE_URL = database.main.url\n", "");
  replace("main.infra", "output dsn = reveal(database.main.url)\n", "");
  const Ended plan = run({"plan", "--env", "prod"});
  EXPECT_EQ(plan.status, 3) << plan.out;
  EXPECT_TRUE(has(plan.out, "--allow-destroy=database.main")) << plan.out;
  const Ended refused = run({"apply", "--env", "prod", "--auto-approve"});
  EXPECT_EQ(refused.status, 3);
  EXPECT_TRUE(has(refused.out, "Nothing was done.")) << refused.out;
  const Ended allowed =
      run({"apply", "--env", "prod", "--auto-approve", "--allow-destroy=database.main"});
  EXPECT_EQ(allowed.status, 0) << allowed.out << allowed.err;
}

TEST_F(ApplyCommand, ARenamedDatabaseMoves) {
  apply("prod");
  replace("main.infra", "database main on", "database primary on");
  replace("main.infra", "database.main.url\n    MODE", "database.primary.url\n    MODE");
  replace("main.infra", "reveal(database.main.url)", "reveal(database.primary.url)");
  const Ended plan = run({"plan", "--env", "prod"});
  EXPECT_EQ(plan.status, 0) << plan.out << plan.err;
  EXPECT_TRUE(has(plan.out, "renamed from database.main")) << plan.out;
  EXPECT_TRUE(has(plan.out, ", 0 to destroy.")) << plan.out;
}

TEST_F(ApplyCommand, DestroysWhatStateRemembers) {
  apply("dev");
  const Ended destroyed = run({"destroy", "--env", "dev", "--auto-approve"});
  EXPECT_EQ(destroyed.status, 0) << destroyed.out << destroyed.err;
  EXPECT_TRUE(has(destroyed.out, "Destroy complete! Resources: 4 destroyed.\n")) << destroyed.out;
  const Ended again = run({"destroy", "--env", "dev", "--auto-approve"});
  EXPECT_EQ(again.status, 0);
  EXPECT_TRUE(has(again.out, "No changes. No objects need to be destroyed.\n")) << again.out;
}

TEST_F(ApplyCommand, DestroyObeysGuards) {
  apply("prod");
  EXPECT_EQ(run({"destroy", "--env", "prod", "--auto-approve"}).status, 3);
  EXPECT_EQ(run({"destroy", "--env", "prod", "--auto-approve", "--allow-destroy=bucket.files",
                 "--allow-destroy=database.main"})
                .status,
            3);  // `protect` is stronger
}

TEST_F(ApplyCommand, TheFirstSignalLetsCallsEndTheSecondLeavesAtOnce) {
  replace("main.infra", R"(file = "cloud.jsonl" })", R"(file = "cloud.jsonl", latency = 1s })");
  const Ended once =
      run_and_signal({"apply", "--env", "dev", "--auto-approve"}, "creating …", {SIGINT});
  EXPECT_EQ(once.status, 130) << once.out << once.err;
  EXPECT_TRUE(has(once.err, "Interrupt received.")) << once.err;
  EXPECT_TRUE(has(once.out, "Apply cancelled.")) << once.out;
  const Ended twice =
      run_and_signal({"apply", "--env", "dev", "--auto-approve"}, " …", {SIGTERM, SIGTERM});
  EXPECT_EQ(twice.status, 143) << twice.out << twice.err;
  const Ended after = run({"apply", "--env", "dev", "--auto-approve"});
  EXPECT_EQ(after.status, 0) << after.out << after.err;
  EXPECT_EQ(run({"plan", "--env", "dev", "-detailed-exitcode"}).status, 0);
}

}  // namespace
}  // namespace infra::test
