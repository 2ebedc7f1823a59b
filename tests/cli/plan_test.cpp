// `infra plan`: its text at 80 columns, its documents, its exit status, saved plans and contracts.
#include "program.h"

namespace infra::test {
namespace {

class PlanCommand : public Program {
 protected:
  PlanCommand() { write_shop(); }

  // The text without its last line, whose token depends on the machine's key.
  static std::string without_contract(const std::string& text) {
    return text.substr(0, text.find("contract: "));
  }
  static std::string contract_in(const std::string& text) {
    const std::size_t begin = text.find("contract: ") + 10;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
};

TEST_F(PlanCommand, ShowsWhatWillBeMade) {
  const Ended plan = run({"plan", "--env", "dev"});
  EXPECT_EQ(plan.status, 0) << plan.err;
  EXPECT_EQ(without_contract(plan.out), R"(What `infra apply` will do:

  + bucket.files  simulator.bucket  main.infra:21
      + name    "shop-files-dev"
      + region  "us-east4"

  + database.main  simulator.database  main.infra:7
      + engine   "postgres"
      + name     "shop-main-dev"
      + version  "15"

  + service.web  simulator.service  main.infra:12
      + env.DATABASE_URL  (sensitive)
      + env.MODE          "plain"
      + name              "shop-web-dev"
      + port              3000
      + source.image      "shop/web"
  + service.web.deployment  simulator.deployment  main.infra:12
      + service       service.web
      + source.image  "shop/web"

Outputs:
  + dsn  (sensitive)
  + url  (known after apply)

Calls, about: simulator 4.
Plan: 4 to add, 0 to change, 0 to destroy.
)");
}

TEST_F(PlanCommand, ChangesNothing) {
  ASSERT_EQ(run({"plan", "--env", "dev"}).status, 0);
  EXPECT_FALSE(exists(".infra"));
  EXPECT_FALSE(exists("cloud.jsonl"));
}

TEST_F(PlanCommand, SaysWithItsStatusWhetherThereIsSomethingToDo) {
  EXPECT_EQ(run({"plan", "--env", "dev"}).status, 0);
  for (const char* flag : {"--detailed-exitcode", "-detailed-exitcode", "--detailed-exit-code"}) {
    EXPECT_EQ(run({"plan", "--env", "dev", flag}).status, 2) << flag;
  }
  ASSERT_EQ(run({"apply", "--env", "dev", "--auto-approve"}).status, 0);
  const Ended empty = run({"plan", "--env=dev", "-detailed-exitcode"});
  EXPECT_EQ(empty.status, 0);
  EXPECT_EQ(empty.out, "No changes. Your infrastructure matches the configuration.\n");
}

TEST_F(PlanCommand, GlobalFlagsStandAnywhere) {
  EXPECT_EQ(run({"--env", "dev", "plan", "--detailed-exitcode"}).status, 2);
  EXPECT_EQ(run({"plan", "--dir", ".", "--env", "dev"}).status, 0);
  environment_ = {"INFRA_ENV=dev"};
  EXPECT_EQ(run({"plan"}).status, 0);
}

TEST_F(PlanCommand, AsksForTheEnvironment) {
  const Ended several = run({"plan"});
  EXPECT_EQ(several.status, 1);
  EXPECT_EQ(several.err,
            "error: the stack has several environments: dev and prod\n"
            "  = help: say which: --env dev, or set INFRA_ENV\n");
  const Ended unknown = run({"plan", "--env", "prdo"});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_TRUE(has(unknown.err, "did you mean `prod`?")) << unknown.err;
}

TEST_F(PlanCommand, PrintsTheDocument) {
  const Ended plan = run({"plan", "--env", "dev", "--format", "json"});
  EXPECT_EQ(plan.status, 0);
  const Value document = json_of(plan.out);
  EXPECT_EQ(document.at("/format_version").text(), "1.2");
  EXPECT_EQ(document.at("/resource_changes").list().size(), 4U);
  EXPECT_TRUE(document.at("/applyable").truth());
  EXPECT_TRUE(document.at("/infra/contract").text().starts_with("c1"));
  EXPECT_EQ(document.at("/configuration/root_module/resources/2/expressions/port/constant_value")
                .integer(),
            3000);
}

TEST_F(PlanCommand, PrintsMarkdown) {
  const Ended plan = run({"plan", "--env", "prod", "--format", "markdown"});
  EXPECT_TRUE(plan.out.starts_with("<!-- infra:plan project=shop env=prod -->\n")) << plan.out;
  EXPECT_TRUE(has(plan.out, "**Plan: 4 to add, 0 to change, 0 to destroy.**"));
}

TEST_F(PlanCommand, StreamsEvents) {
  const Ended plan = run({"plan", "--env", "dev", "--json"});
  EXPECT_EQ(plan.status, 0);
  const auto events = events_of(plan.out);
  ASSERT_GT(events.size(), 5U);
  EXPECT_EQ(events.front().at("/type").text(), "version");
  std::size_t planned = 0;
  bool summary = false;
  for (const Value& event : events) {
    for (const char* key : {"/@level", "/@message", "/@module", "/@timestamp", "/type"}) {
      EXPECT_FALSE(event.at(key).text().empty()) << key;
    }
    planned += event.at("/type").text() == "planned_change" ? 1 : 0;
    summary = summary || (event.at("/type").text() == "change_summary" &&
                          event.at("/changes/add").integer() == 4);
  }
  EXPECT_EQ(planned, 4U);
  EXPECT_TRUE(summary);
}

TEST_F(PlanCommand, WritesEventsBesideTheText) {
  const Ended plan = run({"plan", "--env", "dev", "--json-into", "events.jsonl"});
  EXPECT_TRUE(plan.out.starts_with("What `infra apply` will do:"));
  EXPECT_EQ(events_of(read("events.jsonl")).front().at("/type").text(), "version");
}

TEST_F(PlanCommand, RehearsesWithoutTouchingAnything) {
  const Ended plan = run({"plan", "--env", "dev", "--rehearse"});
  EXPECT_EQ(plan.status, 0) << plan.err;
  EXPECT_TRUE(has(plan.out, "Rehearsal, on the simulator's clock:")) << plan.out;
  EXPECT_FALSE(exists("cloud.jsonl"));
}

TEST_F(PlanCommand, ASavedPlanIsAppliedOnceAndOnlyAsItWas) {
  ASSERT_EQ(run({"plan", "--env", "dev", "--out", "shop.plan"}).status, 0);
  const Ended shown = run({"show", "shop.plan"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_TRUE(has(shown.out, "Plan: 4 to add"));
  const Ended applied = run({"apply", "shop.plan"});
  EXPECT_EQ(applied.status, 0) << applied.err;
  EXPECT_TRUE(has(applied.out, "Apply complete! Resources: 4 added, 0 changed, 0 destroyed.\n"));
  EXPECT_EQ(run({"apply", "shop.plan"}).status, 6);
}

TEST_F(PlanCommand, ADamagedOrForeignPlanIsRefused) {
  ASSERT_EQ(run({"plan", "--env", "dev", "--out", "shop.plan"}).status, 0);
  replace("shop.plan", "us-east4", "us-east5");
  EXPECT_EQ(run({"apply", "shop.plan"}).status, 6);
  write("no.plan", "hello");
  EXPECT_EQ(run({"apply", "no.plan"}).status, 6);
  EXPECT_EQ(run({"apply", "missing.plan"}).status, 1);
  EXPECT_FALSE(exists("cloud.jsonl"));
}

TEST_F(PlanCommand, AStalePlanIsRefused) {
  ASSERT_EQ(run({"plan", "--env", "dev", "--out", "shop.plan"}).status, 0);
  replace("main.infra", "3000", "3001");
  EXPECT_EQ(run({"apply", "shop.plan"}).status, 6);
  EXPECT_FALSE(exists("cloud.jsonl"));
}

TEST_F(PlanCommand, AContractAllowsWhatWasReviewedAndNothingElse) {
  // The first plan that has a key at hand makes a keyed token; an apply makes the key.
  ASSERT_EQ(run({"apply", "--env", "dev", "--auto-approve"}).status, 0);
  replace("main.infra", "\"plain\"", "\"reviewed\"");
  const std::string token = contract_in(run({"plan", "--env", "dev"}).out);
  ASSERT_TRUE(token.starts_with("c1k.")) << token;
  replace("main.infra", "3000", "3001");
  const Ended more = run({"apply", "--env", "dev", "--contract", token});
  EXPECT_EQ(more.status, 6) << more.out;
  EXPECT_TRUE(has(more.err, "service.web")) << more.err;
  replace("main.infra", "3001", "3000");
  write("review.md", "some text\ncontract: " + token + "\n");
  const Ended same = run({"apply", "--env", "dev", "--contract", "review.md"});
  EXPECT_EQ(same.status, 0) << same.err;
  EXPECT_TRUE(has(same.out, "0 added, ")) << same.out;
}

}  // namespace
}  // namespace infra::test
