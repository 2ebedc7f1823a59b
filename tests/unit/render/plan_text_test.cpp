#include <gtest/gtest.h>

#include "base/text.h"
#include "plan_fixture.h"
#include "planner/change_text.h"

namespace infra::test {
namespace {

std::string text_of(const Plan& plan, std::size_t columns = 80) {
  return plan_text(plan, Compilation{}, TextStyle{false, columns});
}

Plan plan_of(PlannedChange only) {
  Plan plan;
  plan.stack = "s";
  plan.environment = "dev";
  plan.changes.push_back(std::move(only));
  return plan;
}

TEST(PlanText, SaysNothingToDoByteForByte) {
  Plan plan;
  plan.changes.push_back(change("service.same", "simulator.service", Operation::no_op));
  EXPECT_EQ(text_of(plan), "No changes. Your infrastructure matches the configuration.\n");
  plan.destroy = true;
  EXPECT_EQ(text_of(plan), "No changes. No objects need to be destroyed.\n");
}

TEST(PlanText, CountsAReplacementTwice) {
  const std::string text = text_of(full_plan());
  EXPECT_NE(text.find("\nPlan: 1 to import, 6 to add, 1 to change, 4 to destroy, 1 to forget.\n"),
            std::string::npos)
      << text;
}

TEST(PlanText, ShowsOneUpdate) {
  PlannedChange web = change("service.web", "simulator.service", Operation::update);
  web.reason = "odys.infra:31";
  web.effect = Effect::restart;
  web.leaves.push_back(leaf("/env/NODE_ENV", "development", "production"));
  web.leaves.push_back(leaf("/replicas", std::int64_t{3}, std::int64_t{2}));
  web.leaves.back().origin = Origin::drift;
  EXPECT_EQ(text_of(plan_of(web)),
            "What `infra apply` will do:\n"
            "\n"
            "  ~ service.web  simulator.service  (restart)  odys.infra:31\n"
            "      ~ env.NODE_ENV  \"development\" → \"production\"\n"
            "      ~ replicas      3 → 2  # drift\n"
            "\n"
            "Plan: 0 to add, 1 to change, 0 to destroy.\n");
}

TEST(PlanText, SaysWhereWhatHasNoOtherReasonIsWritten) {
  Compilation compilation;
  const FileId file = compilation.sources.add("shop.infra", "stack s {}\nservice web { }\n");
  PlannedChange web = change("service.web", "simulator.service", Operation::create);
  web.span = {file, 11, 22};
  web.has_span = true;
  EXPECT_TRUE(plan_text(plan_of(web), compilation, TextStyle{}).find("shop.infra:2\n") !=
              std::string::npos);
}

TEST(PlanText, NeverShowsASecret) {
  for (const std::size_t columns : {40U, 80U, 200U}) {
    EXPECT_EQ(text_of(full_plan(), columns).find("hunter2"), std::string::npos);
  }
  EXPECT_NE(text_of(full_plan()).find("~ env.TOKEN         (sensitive, changed)  # rotated"),
            std::string::npos);
}

TEST(PlanText, StaysWithinTheColumns) {
  const std::string text = text_of(full_plan());
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    EXPECT_LE(display_width(text.substr(begin, end - begin)), 80U)
        << text.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(PlanText, NamesEveryRoundButPrintsItsLinesOnce) {
  const std::string text = text_of(full_plan());
  EXPECT_NE(text.find("  + service.api[\"fr\"]  (as above)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  + service.api[\"us\"]  (as above)\n"), std::string::npos);
  EXPECT_EQ(text.find("timeout  30s"), text.rfind("timeout  30s"));
}

TEST(PlanText, DifferentRoundsAreNotFolded) {
  Plan plan = full_plan();
  for (PlannedChange& round : plan.changes) {
    if (round.address == "service.api[\"fr\"]") {
      round.after.set("/port", std::int64_t{1});
    }
  }
  EXPECT_EQ(text_of(plan).find("service.api[\"fr\"]  (as above)"), std::string::npos);
}

TEST(PlanText, ShowsBothOrdersOfReplacementAndWhatForcesIt) {
  const std::string text = text_of(full_plan());
  EXPECT_NE(text.find("-/+ bucket.files  simulator.bucket  (data loss)\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("+/- service.bot  simulator.service\n"), std::string::npos);
  EXPECT_NE(text.find("~ region  \"us-east4\" → \"us-west2\"  # forces replacement"),
            std::string::npos);
  EXPECT_NE(text.find("its data goes with it"), std::string::npos);
}

TEST(PlanText, SaysRefusalsUnfinishedMovesAndAdoptions) {
  const std::string text = text_of(full_plan());
  for (const char* part :
       {"Refused: nothing is done while these stand:", "  ! bucket.files\n",
        "--allow-destroy=bucket.files", "? database.lost  create sent 2026-09-21T14:13:20",
        "infra recover database.lost", "renamed from database.old",
        "adopts the existing object svc_legacy", "leaves state;", "Data loss: bucket.files.",
        "Calls, about: simulator 12."}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(text.find("service.same"), std::string::npos);
}

TEST(PlanText, CutsWhatTwoLongTextsHaveInCommon) {
  PlannedChange web = change("service.web", "simulator.service", Operation::update);
  const std::string common(300, 'a');
  web.leaves.push_back(leaf("/command", common + "one", common + "two"));
  const std::string text = text_of(plan_of(web));
  EXPECT_NE(text.find("one\""), std::string::npos) << text;
  EXPECT_NE(text.find("→ …"), std::string::npos) << text;
  EXPECT_NE(text.find("two\""), std::string::npos) << text;
}

TEST(PlanText, MakesForeignTextHarmless) {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) {
    every += static_cast<char>(byte);
  }
  every += "\xE2\x80\xAE\xE2\x80\x8B";
  PlannedChange web = change("service.web", "simulator.service", Operation::update);
  web.reason = web.id = web.import_id = web.previous_address = every;
  web.affects = {every};
  web.leaves.push_back(leaf("/" + escape_step(every), every, every + "x", every));
  Plan plan = plan_of(web);
  plan.refusals.push_back({every, every, every});
  plan.unfinished.push_back({every, every, IntentKind::remove, 0, false});
  plan.outputs.push_back({every, Operation::create, {}, every, false});
  plan.drift.push_back(web);
  for (const unsigned char c : text_of(plan)) {
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c != 0x7F)) << static_cast<int>(c);
  }
  EXPECT_TRUE(valid_utf8(text_of(plan)));
  EXPECT_EQ(text_of(plan).find("\xE2\x80\xAE"), std::string::npos);
}

TEST(PlanText, PrintsTheContractLastAndAlone) {
  const std::string text =
      plan_text(full_plan(), Compilation{}, TextStyle{}, "c1p.AAAAAAAAAAAAAAAA");
  EXPECT_TRUE(text.ends_with("\ncontract: c1p.AAAAAAAAAAAAAAAA\n"));
}

TEST(PathText, WritesAsAnAuthorWould) {
  EXPECT_EQ(path_text("/env/DATABASE_URL"), "env.DATABASE_URL");
  EXPECT_EQ(path_text("/cors/0/origins"), "cors[0].origins");
  EXPECT_EQ(path_text("/env/a b"), "env[\"a b\"]");
  EXPECT_EQ(path_text("/a~1b"), "[\"a/b\"]");
  EXPECT_EQ(path_text(""), "(whole)");
}

TEST(ValueText, WritesEachKind) {
  EXPECT_EQ(value_text(List{1, "a", true}), "[1, \"a\", true]");
  EXPECT_EQ(value_text(Object{{"a", 1.5}, {"b c", Value{}}}), "{ a = 1.5, \"b c\" = null }");
  EXPECT_EQ(value_text(Hidden{}), "(not shown)");
  EXPECT_EQ(value_text(Reference{"database.main", ""}), "database.main");
  EXPECT_EQ(value_text(Size{512'000'000}), "512MB");
  EXPECT_EQ(value_text("say \"hi\"\n"), "\"say \\\"hi\\\"\\n\"");
}

}  // namespace
}  // namespace infra::test
