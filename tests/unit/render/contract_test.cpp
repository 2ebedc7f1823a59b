#include <gtest/gtest.h>

#include <algorithm>

#include "plan_fixture.h"

namespace infra::test {
namespace {

TEST(Contract, AcceptsTheSameAndASubset) {
  const SealingKey k = key();
  for (const SealingKey* each : {&k, static_cast<const SealingKey*>(nullptr)}) {
    const std::string token = contract_token(full_plan(), each);
    EXPECT_EQ(contract_violations(full_plan(), token, each), std::vector<std::string>{});
    Plan fewer = full_plan();
    fewer.changes.erase(fewer.changes.begin(), fewer.changes.begin() + 3);
    EXPECT_EQ(contract_violations(fewer, token, each), std::vector<std::string>{});
  }
}

TEST(Contract, IgnoresOrderAndNoOps) {
  Plan plan = full_plan();
  std::reverse(plan.changes.begin(), plan.changes.end());
  plan.changes.push_back(change("service.idle", "simulator.service", Operation::no_op));
  EXPECT_EQ(contract_token(plan, nullptr), contract_token(full_plan(), nullptr));
}

TEST(Contract, NamesWhatWasNotReviewed) {
  const std::string token = contract_token(full_plan(), nullptr);
  Plan plan = full_plan();
  for (PlannedChange& each : plan.changes) {
    if (each.address == "service.web") {
      each.leaves[1].after = "staging";
    }
  }
  const auto violations = contract_violations(plan, token, nullptr);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0],
            "update service.web (env.DATABASE_URL, env.NODE_ENV, env.TOKEN, replicas)");
}

TEST(Contract, TellsEachFieldThatMatters) {
  PlannedChange base = change("service.web", "simulator.service", Operation::update);
  base.leaves.push_back(leaf("/port", std::int64_t{1}, std::int64_t{2}));
  const auto token_of = [](const PlannedChange& only) {
    Plan plan;
    plan.changes.push_back(only);
    return contract_token(plan, nullptr);
  };
  std::vector<PlannedChange> others(7, base);
  others[0].address = "service.web2";
  others[1].operation = Operation::replace;
  others[2].effect = Effect::downtime;
  others[3].leaves[0].path = "/ports";
  others[4].leaves[0].after = std::int64_t{3};
  others[5].leaves.push_back(leaf("/x", {}, true));
  others[6].previous_address = "service.old";
  for (const PlannedChange& other : others) {
    EXPECT_NE(token_of(other), token_of(base));
  }
}

TEST(Contract, ASecretCountsWithTheKeyAndNeverShows) {
  PlannedChange web = change("service.web", "simulator.service", Operation::update);
  web.leaves.push_back(leaf("/token", Value{}, Secret(std::string("one"))));
  web.leaves.back().sensitive = true;
  Plan one;
  one.changes.push_back(web);
  Plan two = one;
  two.changes[0].leaves[0].after = Secret(std::string("two"));
  const SealingKey k = key();
  EXPECT_NE(contract_token(one, &k), contract_token(two, &k));
  EXPECT_EQ(contract_token(one, nullptr), contract_token(two, nullptr));
}

TEST(Contract, RefusesWhatIsNoToken) {
  for (const char* token : {"", "c1", "hello", "c1p.short", "c2k."}) {
    EXPECT_EQ(contract_violations(full_plan(), token, nullptr).size(), 1U) << token;
  }
  const SealingKey k = key();
  const std::string keyed = contract_token(full_plan(), &k);
  EXPECT_EQ(contract_violations(full_plan(), keyed, nullptr).size(), 1U);
  const SealingKey other = key('x');
  EXPECT_GT(contract_violations(full_plan(), keyed, &other).size(), 1U);
}

}  // namespace
}  // namespace infra::test
