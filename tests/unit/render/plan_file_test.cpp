#include <gtest/gtest.h>

#include "plan_fixture.h"

namespace infra::test {
namespace {

TEST(PlanFile, ReadsBackWhatItWrote) {
  const Plan plan = full_plan();
  const auto loaded = load_plan(save_plan(plan, key()), key());
  ASSERT_TRUE(std::holds_alternative<Plan>(loaded)) << std::get<std::string>(loaded);
  const Plan& back = std::get<Plan>(loaded);
  EXPECT_EQ(back.changes.size(), plan.changes.size());
  EXPECT_EQ(back.serial, plan.serial);
  EXPECT_EQ(plan_text(back, Compilation{}, TextStyle{}),
            plan_text(plan, Compilation{}, TextStyle{}));
  EXPECT_EQ(save_plan(plan, key()), save_plan(full_plan(), key()));
}

TEST(PlanFile, HoldsNoSecret) {
  const std::string text = save_plan(full_plan(), key());
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_EQ(text.find("$sealed"), std::string::npos);
}

TEST(PlanFile, RefusesEveryChangedByte) {
  Plan plan;
  plan.stack = "s";
  PlannedChange web = change("service.web", "simulator.service", Operation::update);
  web.leaves.push_back(leaf("/port", std::int64_t{1}, std::int64_t{2}));
  plan.changes.push_back(web);
  const std::string text = save_plan(plan, key());
  ASSERT_TRUE(std::holds_alternative<Plan>(load_plan(text, key())));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_TRUE(std::holds_alternative<std::string>(load_plan(changed, key()))) << i;
  }
}

TEST(PlanFile, RefusesCutsAdditionsAndOtherKeys) {
  const std::string text = save_plan(full_plan(), key());
  for (std::size_t length = 0; length < text.size(); length += 97) {
    EXPECT_TRUE(std::holds_alternative<std::string>(load_plan(text.substr(0, length), key())));
  }
  EXPECT_TRUE(std::holds_alternative<std::string>(load_plan(text + "\n", key())));
  EXPECT_TRUE(std::holds_alternative<std::string>(load_plan(" " + text, key())));
  EXPECT_TRUE(std::holds_alternative<std::string>(load_plan(text, key('x'))));
}

class PlanDifferences : public testing::Test {
 protected:
  Plan saved = std::get<Plan>(load_plan(save_plan(full_plan(), key()), key()));
  Plan now = full_plan();
};

TEST_F(PlanDifferences, AreNoneForTheSamePlan) {
  EXPECT_EQ(plan_differences(saved, now, key()), std::vector<std::string>{});
}

TEST_F(PlanDifferences, NameALineageASerialAndAnEnvironment) {
  now.serial = 13;
  ASSERT_EQ(plan_differences(saved, now, key()).size(), 1U);
  EXPECT_NE(plan_differences(saved, now, key())[0].find("Saved plan is stale"), std::string::npos);
  now.lineage = "other";
  EXPECT_NE(plan_differences(saved, now, key())[0].find("does not match the given state"),
            std::string::npos);
  now.environment = "dev";
  EXPECT_NE(plan_differences(saved, now, key())[0].find("environment `prod`"), std::string::npos);
}

TEST_F(PlanDifferences, AllowTheFirstStateOfAPlanMadeBeforeIt) {
  saved.lineage.clear();
  saved.serial = now.serial = 0;
  EXPECT_EQ(plan_differences(saved, now, key()), std::vector<std::string>{});
}

TEST_F(PlanDifferences, NoticeARotatedSecret) {
  for (PlannedChange& web : now.changes) {
    for (LeafChange& item : web.leaves) {
      if (item.path == "/env/TOKEN") {
        item.after = Secret(std::string("rotated once more"));
      }
    }
  }
  EXPECT_EQ(plan_differences(saved, now, key()).size(), 1U);
}

TEST_F(PlanDifferences, NoticeAnActionTooManyAndOneTooFew) {
  now.changes.push_back(change("service.new", "simulator.service", Operation::create));
  EXPECT_EQ(plan_differences(saved, now, key())[0], "not in the saved plan: create service.new");
  now = full_plan();
  now.changes.erase(now.changes.begin());
  EXPECT_EQ(plan_differences(saved, now, key()).size(), 1U);
}

}  // namespace
}  // namespace infra::test
