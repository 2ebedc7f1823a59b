// When two spellings are one value; the three-way comparison; what a check expects.
#include "planner/leaves.h"

#include <gtest/gtest.h>

#include "planner/checks.h"

namespace infra {
namespace {

TEST(SameSpelling, FollowsItsMode) {
  EXPECT_TRUE(same_spelling("A", "a", Same::caseless));
  EXPECT_FALSE(same_spelling("A", "a", Same::exact));
  EXPECT_TRUE(same_spelling(List{"a", "b"}, List{"b", "a"}, Same::unordered));
  EXPECT_FALSE(same_spelling(List{"a", "b"}, List{"b", "a"}, Same::exact));
  EXPECT_FALSE(same_spelling(List{"a", "b"}, List{"a"}, Same::unordered));
  EXPECT_TRUE(same_spelling("https://A.org:443/", "https://a.org", Same::url));
  EXPECT_FALSE(same_spelling("https://a.org/B", "https://a.org/b", Same::url));
  EXPECT_TRUE(same_spelling("{\"a\": 1}", "{\"a\":1}", Same::json));
  EXPECT_TRUE(same_spelling("nginx", "docker.io/library/nginx:latest", Same::image));
  EXPECT_TRUE(same_spelling(Reference{"service.a", "id1"}, Reference{"", "id1"}, Same::exact));
  EXPECT_FALSE(same_spelling(Reference{"service.a", "id1"}, Reference{"", "id2"}, Same::exact));
  EXPECT_TRUE(same_spelling(Size{1000}, Value(1000), Same::exact));
}

TypeSchema schema() {
  TypeSchema type{.name = "x.thing"};
  Attribute tier{.path = "/tier"};
  tier.otherwise = "basic";
  type.attributes = {Attribute{.path = "/size"}, tier, Attribute{.path = "/tags"},
                     Attribute{.path = "/secret", .secrecy = Secrecy::allowed}};
  return type;
}

LeafFindings compare(const Value& desired, const Value& applied, const Value& live) {
  const TypeSchema type = schema();
  const Fingerprints fingerprints(nullptr);
  ResourceRecord record;
  record.applied = applied;
  const std::map<Path, std::string> marks;
  return compare_leaves({&type, &desired, &record, &live, &marks, &fingerprints});
}

TEST(ThreeWays, TellTheTextFromThePlatform) {
  const auto text = compare(Object{{"size", 2}}, Object{{"size", 1}}, Object{{"size", 1}});
  ASSERT_EQ(text.changes.size(), 1U);
  EXPECT_EQ(text.changes[0].origin, Origin::configuration);
  EXPECT_TRUE(text.drift.empty());

  const auto drift = compare(Object{{"size", 1}}, Object{{"size", 1}}, Object{{"size", 3}});
  ASSERT_EQ(drift.changes.size(), 1U);
  EXPECT_EQ(drift.changes[0].origin, Origin::drift);
  EXPECT_EQ(drift.drift.size(), 1U);

  const auto both = compare(Object{{"size", 2}}, Object{{"size", 1}}, Object{{"size", 3}});
  ASSERT_EQ(both.changes.size(), 1U);
  EXPECT_EQ(both.changes[0].origin, Origin::both);

  const auto agreed = compare(Object{{"size", 2}}, Object{{"size", 1}}, Object{{"size", 2}});
  EXPECT_TRUE(agreed.changes.empty());
}

TEST(ThreeWays, LeaveAloneWhatIsNotTheAuthors) {
  const auto found =
      compare(Object{{"size", 1}}, Object{{"size", 1}}, Object{{"size", 1}, {"label", "theirs"}});
  EXPECT_TRUE(found.changes.empty());
  EXPECT_TRUE(found.drift.empty());
}

TEST(ThreeWays, GoBackToTheDefaultAndDropEntries) {
  const auto reset = compare(Object{}, Object{{"tier", "large"}}, Object{{"tier", "large"}});
  ASSERT_EQ(reset.changes.size(), 1U);
  EXPECT_EQ(reset.changes[0].after.text(), "basic");
  const auto entry =
      compare(Object{}, Object{{"tags", Object{{"a", "1"}}}}, Object{{"tags", Object{{"a", "1"}}}});
  ASSERT_EQ(entry.changes.size(), 1U);
  EXPECT_EQ(entry.changes[0].path, "/tags/a");
  EXPECT_TRUE(entry.changes[0].after.is_null());
  const auto alone = compare(Object{}, Object{{"size", 1}}, Object{{"size", 1}});
  EXPECT_TRUE(alone.changes.empty());
  EXPECT_EQ(alone.left_alone, std::vector<Path>{"/size"});
}

TEST(ThreeWays, UnknownIsAChange) {
  const auto found = compare(Object{{"size", Unknown{}}}, Object{{"size", 1}}, Object{{"size", 1}});
  ASSERT_EQ(found.changes.size(), 1U);
  EXPECT_TRUE(found.changes[0].after.is_unknown());
}

TEST(ThreeWays, HiddenStaysWithoutAMark) {
  const auto found = compare(Object{{"secret", Hidden{}}}, Object{{"secret", Hidden{}}},
                             Object{{"secret", Hidden{}}});
  EXPECT_TRUE(found.changes.empty());
}

TEST(Expectation, SaysWhereAnAnswerFallsShort) {
  ProbeOutcome outcome{200, {{"Content-Type", "text/html"}}, "it works", Value(), 0};
  EXPECT_EQ(shortfall(Object{}, outcome), "");
  EXPECT_EQ(shortfall(Object{{"status", 401}}, outcome), "answered 200");
  EXPECT_EQ(shortfall(Object{{"body", "works"}}, outcome), "");
  EXPECT_NE(shortfall(Object{{"body", "fails"}}, outcome), "");
  EXPECT_EQ(shortfall(Object{{"header", Object{{"content-type", "text/html"}}}}, outcome), "");
  EXPECT_EQ(shortfall(Object{{"json", Object{}}}, outcome), "the answer is no JSON");
  outcome.status = 0;
  outcome.rows = 2;
  EXPECT_EQ(shortfall(Object{{"rows", 3}}, outcome), "there are 2 rows, not 3");
}

TEST(Expectation, JsonIsComparedBySubset) {
  const Value have = Object{{"id", "b1"}, {"status", "ok"}, {"items", List{1, 2}}};
  EXPECT_TRUE(json_fits(Object{{"status", "ok"}}, have));
  EXPECT_TRUE(json_fits(Object{{"id", Object{{"$present", true}}}}, have));
  EXPECT_TRUE(json_fits(Object{{"id", Object{{"$matching", "^b[0-9]$"}}}}, have));
  EXPECT_FALSE(json_fits(Object{{"id", Object{{"$matching", "^x"}}}}, have));
  EXPECT_FALSE(json_fits(Object{{"other", Object{{"$present", true}}}}, have));
  EXPECT_FALSE(json_fits(Object{{"items", List{1}}}, have));
}

}  // namespace
}  // namespace infra
