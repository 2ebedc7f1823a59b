// What the end of a look means for the state.
#include "planner/recovery.h"

#include <gtest/gtest.h>

#include "planner/journal.h"

namespace infra {
namespace {

TypeSchema schema() {
  TypeSchema type{.name = "x.thing"};
  type.attributes = {Attribute{.path = "/name"}, Attribute{.path = "/size"}};
  type.adoption = {Adoption::marker};
  return type;
}

Intent intent(IntentKind kind) {
  Intent open;
  open.op = "op1";
  open.address = "resource.a";
  open.kind = kind;
  open.type = "x.thing";
  open.provider = "x";
  open.adoption = "marker";
  open.desired = Object{{"size", 1}};
  return open;
}

Remote remote(const std::string& id) {
  Remote there;
  there.id = id;
  there.attributes = Object{{"size", 1}};
  return there;
}

Settlement settle(const State& state, const Intent& open, const LookupResult& result) {
  return settle_intent(state, schema(), true, open, result, Fingerprints(nullptr));
}

State with_row(const std::string& id) {
  State state;
  ResourceRecord row;
  row.address = "resource.a";
  row.type = "x.thing";
  row.id = id;
  row.applied = row.live = Object{};
  state.resources["resource.a"] = row;
  return state;
}

TEST(Recovery, AFoundCreationIsAdoptedAndGoesOn) {
  const auto done = settle({}, intent(IntentKind::create), {LookupEnd::found, {remote("id1")}, {}});
  EXPECT_EQ(done.how, "adopted");
  ASSERT_EQ(done.commit.put.size(), 1U);
  EXPECT_EQ(done.commit.put[0].id, "id1");
  EXPECT_EQ(done.commit.put[0].status, RecordStatus::pending);
  EXPECT_EQ(done.commit.remove_intents, std::vector<std::string>{"op1"});
}

TEST(Recovery, OfTwinsOneIsKeptAndTheOthersNamed) {
  const auto done = settle({}, intent(IntentKind::create),
                           {LookupEnd::found, {remote("id1"), remote("id2")}, {}});
  ASSERT_EQ(done.commit.put_deposed.size(), 1U);
  EXPECT_EQ(done.commit.put_deposed[0].record.id, "id2");
  EXPECT_EQ(done.commit.put_deposed[0].reason, "duplicate");
}

TEST(Recovery, AnAdoptedReplacementDeposesTheOldOne) {
  Intent open = intent(IntentKind::create);
  open.before_id = "old";
  open.generation = 1;
  const auto done = settle(with_row("old"), open, {LookupEnd::found, {remote("new")}, {}});
  ASSERT_EQ(done.commit.put_deposed.size(), 1U);
  EXPECT_EQ(done.commit.put_deposed[0].record.id, "old");
  EXPECT_EQ(done.commit.put[0].id, "new");
}

TEST(Recovery, WhatNeverHappenedIsDiscarded) {
  const auto done = settle({}, intent(IntentKind::create), {LookupEnd::absent, {}, {}});
  EXPECT_EQ(done.how, "discarded");
  EXPECT_TRUE(done.commit.put.empty());
  EXPECT_EQ(done.commit.remove_intents.size(), 1U);
}

TEST(Recovery, AFinishedRemovalTakesItsRowAlong) {
  Intent open = intent(IntentKind::remove);
  open.before_id = "id1";
  const auto done = settle(with_row("id1"), open, {LookupEnd::absent, {}, {}});
  EXPECT_EQ(done.how, "settled");
  EXPECT_EQ(done.commit.remove, std::vector<std::string>{"resource.a"});
  const auto still = settle(with_row("id1"), open, {LookupEnd::found, {remote("id1")}, {}});
  EXPECT_EQ(still.how, "retried");
  EXPECT_TRUE(still.commit.remove.empty());
}

TEST(Recovery, WhatCannotBeFoundStaysOpen) {
  const auto done = settle({}, intent(IntentKind::create), {LookupEnd::unresolvable, {}, {}});
  EXPECT_EQ(done.how, "unresolved");
  EXPECT_TRUE(done.commit.empty());
}

TEST(Marker, IsTheSameForBothOfADuplicateAndForNothingElse) {
  const auto marker = marker_of("l", "prod", "service.web", 0);
  EXPECT_EQ(marker, marker_of("l", "prod", "service.web", 0));
  EXPECT_NE(marker, marker_of("l", "prod", "service.web", 1));
  EXPECT_NE(marker, marker_of("l", "dev", "service.web", 0));
  EXPECT_EQ(marker.size(), 26U);
}

}  // namespace
}  // namespace infra
