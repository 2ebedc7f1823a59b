#include <gtest/gtest.h>

#include "base/text.h"
#include "plan_fixture.h"

namespace infra::test {
namespace {

TEST(PlanMarkdown, BeginsWithItsMarkerAndItsDangers) {
  const std::string text = plan_markdown(full_plan(), Compilation{});
  EXPECT_TRUE(text.starts_with("<!-- infra:plan project=odys env=prod -->\n"));
  const std::size_t danger = text.find("> [!CAUTION]");
  const std::size_t count = text.find("**Plan: ");
  const std::size_t table = text.find("| Action | Resource |");
  const std::size_t fold = text.find("<details>");
  ASSERT_NE(fold, std::string::npos) << text;
  EXPECT_LT(danger, count);
  EXPECT_LT(count, table);
  EXPECT_LT(table, fold);
  EXPECT_NE(text.find("```diff\n"), std::string::npos);
}

TEST(PlanMarkdown, AnEmptyPlanIsShort) {
  Plan plan;
  plan.stack = "s";
  plan.environment = "dev";
  const std::string text = plan_markdown(plan, Compilation{});
  EXPECT_NE(text.find("**No changes. Your infrastructure matches the configuration.**"),
            std::string::npos);
  EXPECT_EQ(text.find("<details>"), std::string::npos);
  EXPECT_EQ(text.find("CAUTION"), std::string::npos);
}

TEST(PlanMarkdown, ASecretNeverAppears) {
  EXPECT_EQ(plan_markdown(full_plan(), Compilation{}).find("hunter2"), std::string::npos);
}

TEST(PlanMarkdown, StaysBelowTheLimitAndSaysSo) {
  Plan plan = full_plan();
  for (int i = 0; i < 5000; ++i) {
    PlannedChange round = change("service.many[\"" + std::to_string(i) + "\"]", "simulator.service",
                                 Operation::remove);
    round.reason = std::string(150, '`');
    plan.changes.push_back(round);
    plan.refusals.push_back({round.address, "no", "yes"});
  }
  const std::string text = plan_markdown(plan, Compilation{}, std::string(80000, 'A'));
  EXPECT_LE(text.size(), 65000U);
  EXPECT_NE(text.find("truncated: "), std::string::npos);
  EXPECT_NE(text.find("</details>"), std::string::npos);
}

TEST(PlanMarkdown, PayloadsStayData) {
  for (const std::string& payload :
       {std::string("`````````"), std::string("~~~\n# heading"), std::string("<script>x</script>"),
        std::string("--> **bold**"), std::string("| a | b |\n|---|---|"),
        std::string("[x](javascript:1)"), std::string("@someone https://a.b\r\n\r\n# h")}) {
    Plan plan;
    plan.stack = plan.environment = payload;
    PlannedChange web = change(payload, payload, Operation::update);
    web.reason = payload;
    web.leaves.push_back(leaf("/x", payload, payload + "2"));
    plan.changes.push_back(web);
    plan.refusals.push_back({payload, payload, payload});
    const std::string text = plan_markdown(plan, Compilation{}, payload);
    const std::string outside = text.substr(0, text.find("<details>"));
    EXPECT_EQ(outside.find("<script"), std::string::npos);
    EXPECT_EQ(outside.find("\n# h"), std::string::npos) << outside;
    EXPECT_EQ(outside.find("**bold**"), std::string::npos);
    EXPECT_EQ(outside.find("]("), std::string::npos);
    EXPECT_EQ(outside.find("@someone"), std::string::npos);
    EXPECT_EQ(text.find("-->"), text.rfind("-->", text.find('\n')));
  }
}

}  // namespace
}  // namespace infra::test
