// The agent is killed at once: nothing runs twice afterwards, and nothing is forgotten.
#include <sys/socket.h>

#include <csignal>
#include <thread>

#include "tests/real/local_fixture.h"

namespace infra {
namespace {

class KilledAgent : public LocalTest {};

TEST_F(KilledAgent, LeavesProcessesStoppedAndDataThere) {
  ASSERT_TRUE(run("web", web("s")));
  ASSERT_TRUE(create("local.bucket", "books", Object{{"name", "books"}}));
  kill_agent();
  EXPECT_EQ(find("local.service", "web").status, Status::broken);
  EXPECT_EQ(find("local.bucket", "books").status, Status::ready);
  EXPECT_FALSE(agent_answers(data));
}

TEST_F(KilledAgent, HasNoTwinsAfterTheNextApply) {
  Value desired = web("s");
  desired.set("/command", "setsid sleep 600 & python3 web.py");  // a shell, a child, an escaped one
  const auto first = run("web", desired);
  ASSERT_TRUE(first);
  EXPECT_TRUE(eventually([&] { return processes().size() == 3; }));
  kill_agent();
  const auto second = run("web", desired);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(eventually([&] { return processes().size() == 3; })) << processes().size();
  Remote one = *first;
  Remote two = *second;
  EXPECT_EQ(one.attributes.at("/url").text(), two.attributes.at("/url").text());
}

TEST_F(KilledAgent, RestartsWhatNeedsNoSecret) {
  ASSERT_TRUE(run("plain", web()));
  Value secret = web("s");
  secret.set("/name", "other");
  ASSERT_TRUE(run("secret", secret));
  kill_agent();
  ASSERT_TRUE(create("local.bucket", "books", Object{{"name", "books"}}));
  EXPECT_TRUE(eventually([&] {
    return find("local.service", "plain").attributes.at("/local/status").text() == "running";
  }));
  const Remote waiting = find("local.service", "secret");
  EXPECT_EQ(waiting.attributes.at("/local/status").text(), "stopped");
  EXPECT_EQ(waiting.status, Status::broken);
}

TEST_F(KilledAgent, AskedForAValueItLostSaysSo) {
  ASSERT_TRUE(run("web", web("s")));
  kill_agent();
  Value kept = web();
  kept.set("/env/KEY", Hidden{});
  const auto live = update("local.service", "web", kept);
  ASSERT_FALSE(live);
  EXPECT_NE(live.error().message.find("KEY"), std::string::npos) << live.error().message;
}

TEST_F(KilledAgent, IsOneHoweverManyStartIt) {
  std::vector<std::thread> starters;
  for (int i = 0; i < 4; ++i) {
    starters.emplace_back([&] { EXPECT_EQ(ensure_agent(data, AGENT_PROGRAM), ""); });
  }
  for (auto& starter : starters) {
    starter.join();
  }
  const pid_t first = agent();
  EXPECT_GT(first, 0);
  EXPECT_EQ(ensure_agent(data, AGENT_PROGRAM), "");
  EXPECT_EQ(agent(), first);
  ::kill(first, SIGTERM);
  EXPECT_TRUE(eventually([&] { return !agent_answers(data); }));
}

TEST_F(KilledAgent, AnswersGarbageAndGoesOn) {
  ASSERT_TRUE(create("local.bucket", "books", Object{{"name", "books"}}));
  for (const char* path : {"/", "/nothing", "/services/..%2F..", "/services/x/y/z", "//", "/a?%",
                           "/buckets/books/fire"}) {
    const auto answer = ask_agent(data, "POST", path, std::chrono::seconds(5));
    EXPECT_TRUE(answer.status == 200 || answer.status >= 400) << path << answer.status;
  }
  EXPECT_EQ(find("local.bucket", "books").id, "books");
}

TEST_F(KilledAgent, ThatCannotStartSaysWhy) {
  write("file", "");
  const std::string wrong = ensure_agent(folder + "/file", AGENT_PROGRAM);
  EXPECT_NE(wrong.find("folder"), std::string::npos) << wrong;
  EXPECT_NE(ensure_agent(data, folder + "/no-such-program"), "");
}

}  // namespace
}  // namespace infra
