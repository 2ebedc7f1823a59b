#include "base/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace infra {
namespace {

Value tree() {
  return Object{{"name", "web"},
                {"env", Object{{"A/B", "1"}, {"C~D", "2"}}},
                {"ports", List{80, 443}},
                {"empty", Object{}}};
}

TEST(Value, ReadsByPointer) {
  const Value value = tree();
  EXPECT_EQ(value.at("/name").text(), "web");
  EXPECT_EQ(value.at("/env/A~1B").text(), "1");
  EXPECT_EQ(value.at("/env/C~0D").text(), "2");
  EXPECT_EQ(value.at("/ports/1").integer(), 443);
  EXPECT_TRUE(same(value.at(""), value));
  for (const char* absent :
       {"/ports/2", "/ports/01", "/ports/-", "/ports/x", "/name/x", "/nothing"}) {
    EXPECT_TRUE(value.at(absent).is_null()) << absent;
  }
}

TEST(Value, SetMakesWhatIsMissing) {
  Value value;
  value.set("/a/b/c", 1).set("/a/d", "x");
  EXPECT_EQ(value.at("/a/b/c").integer(), 1);
  EXPECT_EQ(value.at("/a/d").text(), "x");
  value.set("/list", List{1}).set("/list/-", 2).set("/list/2", 3);
  EXPECT_TRUE(same(value.at("/list"), List{1, 2, 3}));
  value.set("", true);
  EXPECT_TRUE(value.truth());
}

TEST(Value, EraseRemovesTheLeafAndNothingElse) {
  Value value = tree();
  value.erase("/env/A~1B");
  EXPECT_EQ(value.at("/env").object().size(), 1U);
  value.erase("/ports/0");
  EXPECT_TRUE(same(value.at("/ports"), List{443}));
  value.erase("/absent/deep");
  value.erase("/env/C~0D");
  EXPECT_NE(value.at("/env").as<Object>(), nullptr) << "an emptied object stays";
}

TEST(Value, ReadersGiveNothingForAnotherKind) {
  const Value value(true);
  EXPECT_TRUE(value.text().empty());
  EXPECT_EQ(value.integer(7), 7);
  EXPECT_TRUE(value.list().empty());
  EXPECT_TRUE(value.object().empty());
  EXPECT_TRUE(value.reference().address.empty());
  EXPECT_FALSE(Value("true").truth());
}

TEST(Value, SameComparesByMeaning) {
  const auto secret = [](const char* text) { return Value(Secret(std::string(text))); };
  EXPECT_TRUE(same(1, 1.0));
  EXPECT_TRUE(same(1.0, 1));
  EXPECT_FALSE(same(1, 1.5));
  EXPECT_FALSE(same(std::numeric_limits<std::int64_t>::max(), 9223372036854775807.0));
  EXPECT_FALSE(same(1, "1"));
  EXPECT_FALSE(same(1, true));
  EXPECT_TRUE(same(secret("a"), secret("a")));
  EXPECT_FALSE(same(secret("a"), secret("b")));
  EXPECT_FALSE(same(secret("a"), "a"));
  EXPECT_FALSE(same(Duration{1}, Size{1}));
  EXPECT_FALSE(same(Unknown{}, Unknown{}));
  EXPECT_TRUE(same(Hidden{}, Hidden{}));
  EXPECT_TRUE(same(Reference{"service.a", "1"}, Reference{"service.a", "1"}));
  EXPECT_FALSE(same(Reference{"service.a", "1"}, Reference{"service.a", "2"}));
  EXPECT_TRUE(same(tree(), tree()));
  EXPECT_FALSE(same(tree(), tree().set("/ports/1", 444)));
  EXPECT_FALSE(same(List{1}, List{1, 2}));
  EXPECT_FALSE(same(Object{{"a", 1}}, Object{{"b", 1}}));
  EXPECT_FALSE(same(std::numeric_limits<double>::quiet_NaN(), 0));
}

TEST(Value, FindsUnknownAndSecretLeaves) {
  EXPECT_FALSE(contains_unknown(tree()));
  EXPECT_TRUE(contains_unknown(tree().set("/env/X", Unknown{})));
  EXPECT_FALSE(contains_secret(tree().set("/env/X", Unknown{})));
  EXPECT_TRUE(contains_secret(tree().set("/env/X", Unknown{true})));
  EXPECT_TRUE(contains_secret(List{1, Object{{"a", Secret(std::string("s"))}}}));
}

TEST(Value, WalksLeavesInOrder) {
  std::vector<std::string> paths;
  for_each_leaf(tree(), "", [&paths](const Path& path, const Value&) { paths.push_back(path); });
  EXPECT_EQ(paths, (std::vector<std::string>{"/empty", "/env/A~1B", "/env/C~0D", "/name",
                                             "/ports/0", "/ports/1"}));
}

TEST(Path, StepsRoundTrip) {
  for (const char* step : {"", "a", "a/b", "~", "~1", "~0/", "//~~"}) {
    EXPECT_EQ(unescape_step(escape_step(step)), step);
    EXPECT_EQ(escape_step(step).find('/'), std::string::npos);
  }
}

TEST(Path, CoversWholeSteps) {
  EXPECT_TRUE(covers("/env", "/env"));
  EXPECT_TRUE(covers("/env", "/env/A"));
  EXPECT_FALSE(covers("/env", "/environment"));
  EXPECT_FALSE(covers("/env/A", "/env"));
  EXPECT_TRUE(covers("", "/anything"));
}

}  // namespace
}  // namespace infra
