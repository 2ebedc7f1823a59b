#include "state_fixture.h"

namespace infra::test {
namespace {

Commit putting(const std::string& address, const std::string& id) {
  Commit commit;
  commit.put = {resource(address)};
  commit.put[0].id = id;
  return commit;
}

TEST_F(StateTest, GoesBackToASnapshotAndOnWithTheSerial) {
  {
    Store store = open();
    store.commit(putting("service.a", "first"));
    store.commit(putting("service.b", "first"));
    store.snapshot("run-1", "apply, 2 made");
    store.commit(putting("service.a", "second"));
    Commit third = putting("service.c", "third");
    third.remove = {"service.b"};
    store.commit(std::move(third));
    store.snapshot("run-2", "apply");
    store.rollback(2);
    EXPECT_EQ(store.state().serial, 5U);
  }
  const State state = read();
  EXPECT_EQ(state.serial, 5U);
  ASSERT_EQ(state.resources.size(), 2U);
  EXPECT_EQ(state.resources.at("service.a").id, "first");
  EXPECT_EQ(state.resources.at("service.a").updated_serial, 5U);
  EXPECT_TRUE(same(state.resources.at("service.b").applied, every_kind()));
  const auto entries = Store::history(location, world);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].serial, 4U) << "newest first";
  EXPECT_EQ(entries[1].what, "apply, 2 made");
  EXPECT_GT(entries[1].at, 1'700'000'000'000);
  Store store = open();
  EXPECT_EQ(status_of([&store] { store.rollback(3); }), 1) << "no snapshot was taken there";
}

TEST_F(StateTest, KeepsTheLastTwentySnapshotsOnePerRun) {
  Store store = open();
  for (int i = 1; i <= 25; ++i) {
    store.commit(putting("service.a", std::to_string(i)));
    store.snapshot("run-" + std::to_string(i), "apply");
    store.snapshot("run-" + std::to_string(i), "again");
  }
  const auto entries = Store::history(location, world);
  ASSERT_EQ(entries.size(), 20U);
  EXPECT_EQ(entries.front().serial, 25U);
  EXPECT_EQ(entries.back().serial, 6U);
  for (const HistoryEntry& entry : entries) {
    EXPECT_EQ(entry.what, "apply");
  }
  store.rollback(6);
  EXPECT_EQ(store.state().resources.at("service.a").id, "6");
  EXPECT_EQ(status_of([&store] { store.rollback(5); }), 1);
}

TEST_F(StateTest, RunsWithoutChangesShareASerial) {
  Store store = open();
  store.commit(putting("service.a", "x"));
  store.snapshot("run-1", "apply");
  store.snapshot("run-2", "apply");
  const auto entries = Store::history(location, world);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].run, "run-2");
  store.rollback(1);
  EXPECT_EQ(store.state().resources.size(), 1U);
}

TEST_F(StateTest, NothingWithoutAState) {
  EXPECT_TRUE(Store::history(location, world).empty());
  EXPECT_TRUE(Store::runs(location, world).empty());
  EXPECT_EQ(status_of([this] { Store::backup(location, world, (folder / "b.db").string()); }), 1);
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(StateTest, BackupsAreOneFileThatCanTakeThePlace) {
  const std::string backup = (folder / "backup.db").string();
  std::string lineage;
  {
    Store store = open();
    store.commit(putting("service.a", "first"));
    lineage = store.state().lineage;
    Store::backup(location, world, backup);  // while another has it open
    store.commit(putting("service.a", "second"));
  }
  EXPECT_EQ(status_of([&] { Store::backup(location, world, backup); }), 1) << "never overwritten";
  struct stat status {};
  ASSERT_EQ(::stat(backup.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  std::size_t files = 0;
  for (const auto& item : fs::directory_iterator(folder)) {
    files += item.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, 1U) << "nothing beside it";
  fs::remove(location.path);
  fs::copy_file(backup, location.path);
  EXPECT_EQ(read().resources.at("service.a").id, "first");
  EXPECT_EQ(read().lineage, lineage);
  put("service.b");
  EXPECT_EQ(read().resources.size(), 2U);
}

}  // namespace
}  // namespace infra::test
