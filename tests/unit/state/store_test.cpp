#include "state/store.h"

#include <sys/wait.h>

#include <csignal>

#include "state_fixture.h"

namespace infra::test {
namespace {

TEST_F(StateTest, ReadingWhereThereIsNoneGivesNothingAndMakesNothing) {
  const State state = read();
  EXPECT_TRUE(state.lineage.empty());
  EXPECT_EQ(state.environment, "prod");
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(StateTest, KeepsEveryFieldOfARecord) {
  ResourceRecord record = resource("service.web[\"eu\"]");
  {
    Store store = open();
    Commit commit;
    commit.put = {record};
    record.address = "service.bot";
    record.status = RecordStatus::tainted;
    commit.put.push_back(record);
    store.commit(std::move(commit));
    EXPECT_EQ(store.state().serial, 1U);
    expect_same(store.state().resources.at("service.bot"), record);
  }
  const State state = read();
  EXPECT_EQ(state.lineage.size(), 32U);
  EXPECT_EQ(state.stack, "odys");
  EXPECT_EQ(state.serial, 1U);
  EXPECT_EQ(state.epoch, 1U);
  ASSERT_EQ(state.resources.size(), 2U);
  expect_same(state.resources.at("service.web[\"eu\"]"), resource("service.web[\"eu\"]"));
  expect_same(state.resources.at("service.bot"), record);
  EXPECT_EQ(state.resources.at("service.bot").updated_serial, 1U);
}

TEST_F(StateTest, KeepsIntentsDeposedOutputsAndRuns) {
  {
    Store store = open();
    Commit commit;
    commit.put_intents = {intent("op-1")};
    commit.put_deposed = {{"op-2", "replaced", 0, resource("service.old")}};
    commit.outputs = {{"url", "https://x", false}, {"token", secret("canary-output"), true}};
    commit.run =
        RunRecord{"run-1", "apply", "hash", "ann", "abc123", 5, 9, "done", {{"up", "pass", "ok"}}};
    store.commit(std::move(commit));
  }
  const State state = read();
  const Intent& one = state.intents.at("op-1");
  const Intent wanted = intent("op-1");
  EXPECT_EQ(one.epoch, 1U);
  EXPECT_EQ(one.kind, wanted.kind);
  EXPECT_EQ(one.phase, wanted.phase);
  EXPECT_EQ(one.attempt, wanted.attempt);
  EXPECT_EQ(one.sent_at, wanted.sent_at);
  EXPECT_EQ(one.settle_ms, wanted.settle_ms);
  EXPECT_EQ(one.baseline, wanted.baseline);
  EXPECT_EQ(one.took, wanted.took);
  EXPECT_TRUE(same(one.desired, wanted.desired));
  EXPECT_EQ(one.error, wanted.error);
  EXPECT_EQ(one.before_id + one.result_id + one.parent, "beforeresultparent");
  EXPECT_TRUE(one.deposed);
  EXPECT_EQ(state.deposed.at("op-2").reason, "replaced");
  EXPECT_EQ(state.deposed.at("op-2").since_serial, 1U);
  expect_same(state.deposed.at("op-2").record, resource("service.old"));
  EXPECT_TRUE(state.outputs.at("token").revealed);
  EXPECT_TRUE(same(state.outputs.at("token").value, secret("canary-output")));
  ASSERT_TRUE(state.last_run);
  EXPECT_EQ(state.last_run->commit, "abc123");
  EXPECT_EQ(state.last_run->checks.at(0).message, "ok");
  ASSERT_EQ(Store::runs(location, world).size(), 1U);
}

TEST_F(StateTest, RemovesWhatACommitRemoves) {
  put("service.a");
  put("service.b");
  {
    Store store = open();
    Commit commit;
    commit.put_intents = {intent("op-1")};
    commit.put_deposed = {{"op-2", "duplicate", 0, resource("service.old")}};
    store.commit(std::move(commit));
    Commit second;
    second.remove = {"service.a", "service.absent"};
    second.remove_intents = {"op-1"};
    second.remove_deposed = {"op-2"};
    second.outputs.emplace();
    store.commit(std::move(second));
  }
  const State state = read();
  EXPECT_EQ(state.resources.size(), 1U);
  EXPECT_TRUE(state.intents.empty());
  EXPECT_TRUE(state.deposed.empty());
  EXPECT_EQ(state.serial, 4U);
  EXPECT_EQ(state.epoch, 3U);
}

TEST_F(StateTest, SerialCountsChangesOfResourcesAlone) {
  Store store = open();
  store.commit({});
  EXPECT_EQ(store.state().serial, 0U);
  Commit run;
  run.run = RunRecord{"run-1", "apply", "", "", "", 1, 0, "", {}};
  store.commit(run);
  store.snapshot("run-1", "apply");
  EXPECT_EQ(store.state().serial, 0U);
  Commit commit;
  commit.put_intents = {intent("op")};
  store.commit(commit);
  EXPECT_EQ(store.state().serial, 1U);
}

TEST_F(StateTest, RenamesFollowEverywhere) {
  ResourceRecord dependent = resource("service.web");
  dependent.dependencies = {"database.old", "database.other"};
  {
    Store store = open();
    Commit commit;
    commit.put = {resource("database.old"), dependent, resource("database.gone")};
    commit.put_intents = {intent("op-1")};
    commit.put_intents[0].address = "database.old";
    commit.put_deposed = {{"op-2", "replaced", 0, resource("database.old")}};
    store.commit(std::move(commit));
    Commit rename;
    rename.rename = {{"database.old", "database.mid"},
                     {"database.mid", "database.new"},
                     {"database.gone", "database.back"},
                     {"database.absent", "database.nothing"}};
    store.commit(std::move(rename));
    EXPECT_EQ(store.state().resources.size(), 3U);
  }
  const State state = read();  // opens what was sealed under the new address
  ASSERT_EQ(state.resources.count("database.new"), 1U);
  EXPECT_EQ(state.resources.count("database.old"), 0U);
  EXPECT_EQ(state.resources.count("database.back"), 1U);
  EXPECT_TRUE(same(state.resources.at("database.new").applied, every_kind()));
  EXPECT_EQ(state.resources.at("database.new").address, "database.new");
  EXPECT_EQ(state.resources.at("service.web").dependencies,
            (std::vector<std::string>{"database.new", "database.other"}));
  EXPECT_EQ(state.intents.at("op-1").address, "database.new");
  EXPECT_EQ(state.deposed.at("op-2").record.address, "database.new");
}

TEST_F(StateTest, NoSecretIsOnTheDisk) {
  {
    Store store = open();
    Commit commit;
    commit.put = {resource("service.web")};
    commit.put_intents = {intent("op-1")};
    commit.outputs = {{"token", secret("canary-output"), true}};
    store.commit(std::move(commit));
    store.snapshot("run-1", "apply");
    for (const auto& item : fs::recursive_directory_iterator(folder)) {
      if (item.is_regular_file()) {
        EXPECT_EQ(bytes_of(item.path()).find("canary"), std::string::npos) << item.path();
      }
    }
  }
  Store::backup(location, world, (folder / "backup.db").string());
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
    if (item.is_regular_file()) {
      EXPECT_EQ(bytes_of(item.path()).find("canary"), std::string::npos) << item.path();
    }
  }
}

TEST_F(StateTest, FilesAreForTheUserAlone) {
  ::umask(0);
  Store store = open();
  Commit commit;
  commit.put = {resource("service.web")};
  store.commit(std::move(commit));
  ::umask(022);
  std::size_t files = 0;
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
    struct stat status {};
    ASSERT_EQ(::lstat(item.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, S_ISDIR(status.st_mode) ? 0700U : 0600U) << item.path();
    files += S_ISREG(status.st_mode) ? 1 : 0;
  }
  EXPECT_EQ(files, 4U) << "state.db, its log and index, the lock";
}

TEST_F(StateTest, ReadingChangesNothing) {
  put("service.web");
  std::map<std::string, std::string> before;
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
    before[item.path()] = item.is_regular_file() ? bytes_of(item.path()) : "";
  }
  EXPECT_EQ(read().resources.size(), 1U);
  EXPECT_EQ(Store::history(location, world).size(), 0U);
  std::map<std::string, std::string> after;
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
    after[item.path()] = item.is_regular_file() ? bytes_of(item.path()) : "";
  }
  EXPECT_EQ(before, after);
}

TEST_F(StateTest, ReadsWhileAnotherWrites) {
  Store store = open();
  for (std::uint64_t i = 1; i <= 50; ++i) {
    Commit commit;
    commit.put = {resource("service.web"), resource("service.x" + std::to_string(i))};
    store.commit(std::move(commit));
    const State state = read();
    EXPECT_EQ(state.serial, i);
    EXPECT_EQ(state.resources.size(), i + 1);
  }
}

TEST_F(StateTest, BelongsToOneStackAndEnvironment) {
  put("service.web");
  location.environment = "dev";
  std::string message;
  EXPECT_EQ(status_of([this] { (void)read(); }, &message), 1);
  EXPECT_NE(message.find("`prod`"), std::string::npos) << message;
  location.environment.clear();
  location.stack.clear();
  EXPECT_EQ(read().resources.size(), 1U) << "an unnamed look takes any";
}

TEST_F(StateTest, NeedsTheKeyItWasMadeWith) {
  put("service.web");
  std::string message;
  variables.values["INFRA_KEY"] = std::string(64, 'b');
  EXPECT_EQ(status_of([this] { (void)read(); }, &message), 1);
  EXPECT_NE(message.find("another key"), std::string::npos) << message;
  variables.values.clear();
  variables.values["HOME"] = folder.string();
  EXPECT_EQ(status_of([this] { (void)open(); }, &message), 1);
  EXPECT_FALSE(fs::exists(folder / ".config")) << "no new key is made for an old state";
  variables.values["INFRA_KEY"] = "nonsense";
  EXPECT_EQ(status_of([this] { (void)read(); }), 1);
}

// A child that applies commit after commit is killed at any moment: what it reported as committed
// is there, and the file is whole.
TEST_F(StateTest, SurvivesSigkillBetweenCommits) {
  put("service.first");
  for (int round = 0; round < 12; ++round) {
    int pipes[2];
    ASSERT_EQ(::pipe(pipes), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(pipes[0]);
      Store store = open();
      for (std::uint64_t i = 0;; ++i) {
        Commit commit;
        commit.put = {resource("service.c" + std::to_string(i % 7))};
        commit.put_intents = {intent("op-" + std::to_string(i % 5))};
        store.commit(std::move(commit));
        const std::uint64_t serial = store.state().serial;
        if (::write(pipes[1], &serial, sizeof serial) != sizeof serial) {
          ::_exit(1);
        }
      }
    }
    ::close(pipes[1]);
    std::uint64_t reported = 0;
    for (int i = 0; i < 1 + round * 2; ++i) {
      ASSERT_EQ(::read(pipes[0], &reported, sizeof reported),
                static_cast<ssize_t>(sizeof reported));
    }
    ::kill(child, SIGKILL);
    while (::read(pipes[0], &reported, sizeof reported) == static_cast<ssize_t>(sizeof reported)) {
    }
    ::close(pipes[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    const State state = read();
    EXPECT_GE(state.serial, reported);
    EXPECT_LE(state.serial, reported + 1);
    const Store store = open();
    EXPECT_EQ(store.state().serial, state.serial);
    EXPECT_EQ(store.epoch(), state.epoch + 1);
  }
}

#ifdef INFRA_CRASH_POINTS
TEST_F(StateTest, ACommitIsThereOrNotAtAll) {
  put("service.first");
  const std::uint64_t before = read().serial;
  for (const std::string point : {"state.before_commit", "state.after_commit"}) {
    const std::uint64_t serial = read().serial;
    const pid_t child = ::fork();
    if (child == 0) {
      ::setenv("INFRA_CRASH", (point + ":2").c_str(), 1);  // the first is the taking of the lock
      Store store = open();
      Commit commit;
      commit.put = {resource("service.second")};
      commit.remove = {"service.first"};
      store.commit(std::move(commit));
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << point;
    const State state = read();
    const bool done = point == "state.after_commit";
    EXPECT_EQ(state.serial, serial + (done ? 1 : 0)) << point;
    EXPECT_EQ(state.resources.count("service.second"), done ? 1U : 0U) << point;
    EXPECT_EQ(state.resources.count("service.first"), done ? 0U : 1U) << point;
  }
  EXPECT_EQ(read().serial, before + 1);
}
#endif

}  // namespace
}  // namespace infra::test
