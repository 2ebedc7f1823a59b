#include "state/lock.h"

#include <sys/wait.h>

#include <csignal>

#include "state_fixture.h"

namespace infra::test {
namespace {

using std::chrono::milliseconds;

// A process that holds the lock until it is told to end.
class Holder {
 public:
  template <class Open>
  explicit Holder(const Open& open) {
    int ready[2];
    int end[2];
    EXPECT_EQ(::pipe(ready), 0);
    EXPECT_EQ(::pipe(end), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(end[1]);
      {
        const Store store = open();
        char byte = 'r';
        if (::write(ready[1], &byte, 1) != 1 || ::read(end[0], &byte, 1) < 0) {
          ::_exit(1);
        }
      }
      ::_exit(0);
    }
    ::close(ready[1]);
    ::close(end[0]);
    end_ = end[1];
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
  }
  void finish() {
    ::close(end_);
    ::waitpid(child_, nullptr, 0);
  }
  void kill() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::close(end_);
  }
  [[nodiscard]] pid_t process() const { return child_; }

 private:
  pid_t child_ = 0;
  int end_ = -1;
};

TEST_F(StateTest, OneHoldsTheLockAndTheOtherIsTold) {
  put("service.a");
  Holder holder([this] { return open(); });
  std::string message;
  EXPECT_EQ(status_of([this] { (void)open(); }, &message), 5);
  EXPECT_NE(message.find("ann@laptop"), std::string::npos) << message;
  EXPECT_NE(message.find("apply"), std::string::npos) << message;
  EXPECT_NE(message.find(std::to_string(holder.process())), std::string::npos) << message;
  const auto info = Store::holder(location);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->who, "ann@laptop");
  EXPECT_EQ(info->pid, holder.process());
  EXPECT_EQ(info->epoch, 2U);
  EXPECT_EQ(info->path, location.path);
  EXPECT_FALSE(info->created.empty());
  EXPECT_EQ(read().resources.size(), 1U) << "reading needs no lock";
  holder.finish();
  EXPECT_FALSE(Store::holder(location));
  EXPECT_EQ(open().epoch(), 3U);
}

TEST_F(StateTest, TheLockEndsWithItsProcess) {
  Holder holder([this] { return open(); });
  holder.kill();
  EXPECT_FALSE(Store::holder(location));
  EXPECT_EQ(open().epoch(), 2U);
}

TEST_F(StateTest, WaitingEndsWhenTheHolderDoes) {
  Holder holder([this] { return open(); });
  const pid_t ender = ::fork();
  if (ender == 0) {
    ::usleep(200'000);
    ::kill(holder.process(), SIGKILL);
    ::_exit(0);
  }
  EXPECT_EQ(open(milliseconds(20'000)).epoch(), 2U);
  ::waitpid(ender, nullptr, 0);
  holder.kill();
}

// Of many that begin at once exactly one works at any time, and each gets an epoch of its own.
TEST_F(StateTest, ManyProcessesTakeTurns) {
  put("service.counter");
  constexpr int processes = 6;
  constexpr int rounds = 5;
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int round = 0; round < rounds; ++round) {
        Store store = open(milliseconds(60'000));
        Commit commit;
        commit.put = {store.state().resources.at("service.counter")};
        commit.put[0].generation += 1;
        store.commit(std::move(commit));
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  const State state = read();
  EXPECT_EQ(state.resources.at("service.counter").generation, 2U + processes * rounds);
  EXPECT_EQ(state.serial, 1U + processes * rounds);
  EXPECT_EQ(state.epoch, 1U + processes * rounds);
}

// Where the lock itself fails (a copied folder, a lock file that was deleted), the epoch still
// keeps the one that was replaced from writing.
TEST_F(StateTest, WhoWasReplacedCannotWrite) {
  put("service.a");
  Store old = open();
  fs::remove(location.path + ".lock");
  {
    Store next = open();
    Commit commit;
    commit.put = {resource("service.b")};
    next.commit(std::move(commit));
  }
  Commit commit;
  commit.put = {resource("service.c")};
  std::string message;
  EXPECT_EQ(status_of([&] { old.commit(commit); }, &message), 5);
  EXPECT_NE(message.find("taken over"), std::string::npos) << message;
  EXPECT_EQ(status_of([&] { old.snapshot("r", "w"); }), 5);
  const State state = read();
  EXPECT_EQ(state.resources.size(), 2U);
  EXPECT_EQ(state.resources.count("service.c"), 0U);
}

TEST_F(StateTest, ReleaseRaisesTheEpochOfTheDeadAlone) {
  put("service.a");
  std::string message;
  EXPECT_EQ(status_of([this] { Store::release(location, world, 7); }, &message), 1);
  EXPECT_NE(message.find("epoch 1"), std::string::npos) << message;
  Store::release(location, world, 1);
  EXPECT_EQ(read().epoch, 2U);
  Holder holder([this] { return open(); });
  EXPECT_EQ(status_of([this] { Store::release(location, world, 3); }, &message), 5);
  EXPECT_NE(message.find("ann@laptop"), std::string::npos) << message;
  holder.kill();
  Store::release(location, world, 3);
  EXPECT_EQ(read().epoch, 4U);
  EXPECT_EQ(read().serial, 1U);
}

TEST(LockText, RoundTripsWithTheKeysOthersPrint) {
  LockInfo info{"id", "apply", "ci run 5", "ann \"x\"", "0.1", "2026-01-01T00:00:00.000Z",
                "/p", 42,      7};
  const std::string text = lock_json(info);
  for (const char* key : {"\"ID\"", "\"Operation\"", "\"Info\"", "\"Who\"", "\"Version\"",
                          "\"Created\"", "\"Path\""}) {
    EXPECT_NE(text.find(key), std::string::npos) << key;
  }
  const LockInfo back = parse_lock(text);
  EXPECT_EQ(back.who, info.who);
  EXPECT_EQ(back.pid, 42);
  EXPECT_EQ(back.epoch, 7U);
  for (const char* bad : {"", "{", "[]", "null", "{\"Who\":5,\"Pid\":\"x\"}"}) {
    EXPECT_TRUE(parse_lock(bad).who.empty()) << bad;
  }
}

}  // namespace
}  // namespace infra::test
