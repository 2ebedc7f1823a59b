#include <gtest/gtest.h>

#include "state_fixture.h"

namespace infra::test {
namespace {

std::vector<std::string> addresses(const Commit& commit) {
  std::vector<std::string> names;
  for (const ResourceRecord& record : commit.put) {
    names.push_back(record.address + "=" + record.id);
  }
  return names;
}

ResourceRecord named(const std::string& address, const std::string& id) {
  ResourceRecord record;
  record.address = address;
  record.id = id;
  return record;
}

Commit putting(const std::string& address, const std::string& id) {
  Commit commit;
  commit.put = {named(address, id)};
  return commit;
}

Commit removing(const std::string& address) {
  Commit commit;
  commit.remove = {address};
  return commit;
}

using Names = std::vector<std::string>;

TEST(Commit, LaterWins) {
  Commit commit = putting("a", "1");
  commit.merge(putting("a", "2"));
  commit.merge(putting("b", "1"));
  EXPECT_EQ(addresses(commit), (Names{"a=2", "b=1"}));
  commit.merge(removing("a"));
  EXPECT_EQ(addresses(commit), (Names{"b=1"}));
  EXPECT_EQ(commit.remove, Names{"a"});
  commit.merge(putting("a", "3"));
  EXPECT_EQ(addresses(commit), (Names{"b=1", "a=3"}));
  EXPECT_TRUE(commit.remove.empty());
}

TEST(Commit, RenamesTakeEarlierWritesAlong) {
  Commit commit = putting("a", "1");
  Commit rename;
  rename.rename = {{"a", "b"}};
  commit.merge(rename);
  EXPECT_EQ(addresses(commit), Names{"b=1"});
  EXPECT_EQ(commit.rename.size(), 1U);
}

TEST(Commit, KnowsWhenItIsEmpty) {
  Commit commit;
  EXPECT_TRUE(commit.empty());
  commit.outputs.emplace();
  EXPECT_FALSE(commit.empty());
  Commit other;
  other.merge(std::move(commit));
  EXPECT_FALSE(other.empty());
}

TEST(Commit, JoinsIntentsAndRuns) {
  Commit commit;
  commit.put_intents = {intent("op")};
  Commit other;
  other.remove_intents = {"op"};
  other.run = RunRecord{"r", "apply", "", "", "", 0, 0, "", {}};
  commit.merge(other);
  EXPECT_TRUE(commit.put_intents.empty());
  EXPECT_EQ(commit.remove_intents, Names{"op"});
  EXPECT_EQ(commit.run->run, "r");
}

// Merging and committing once gives the same state as committing one by one.
TEST_F(StateTest, MergedCommitsAreTheSameAsSingleOnes) {
  const auto steps = [] {
    std::vector<Commit> all{putting("a", "1"), putting("b", "1"), removing("a"),
                            putting("a", "2"), removing("b"),     putting("c", "1")};
    Commit rename;
    rename.rename = {{"c", "d"}};
    all.push_back(rename);
    all.push_back(putting("c", "9"));
    return all;
  };
  std::map<std::string, std::string> single;
  {
    Store store = open();
    for (Commit& one : steps()) {
      store.commit(std::move(one));
    }
    for (const auto& [address, record] : store.state().resources) {
      single[address] = record.id;
    }
  }
  location.path += ".merged.db";
  Store store = open();
  Commit merged;
  for (Commit& one : steps()) {
    merged.merge(std::move(one));
  }
  store.commit(std::move(merged));
  std::map<std::string, std::string> together;
  for (const auto& [address, record] : store.state().resources) {
    together[address] = record.id;
  }
  EXPECT_EQ(single, together);
  EXPECT_EQ(single, (std::map<std::string, std::string>{{"a", "2"}, {"c", "9"}, {"d", "1"}}));
}

}  // namespace
}  // namespace infra::test
