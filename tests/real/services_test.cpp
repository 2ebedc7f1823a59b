// Services: made, live, revived, given up, restarted, removed.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "tests/real/local_fixture.h"

namespace infra {
namespace {

class Services : public LocalTest {};

pid_t pid_of(const Remote& remote) {
  return static_cast<pid_t>(remote.attributes.at("/local/pid").integer());
}
std::string status_of(const Remote& remote) {
  return remote.attributes.at("/local/status").text();
}

TEST_F(Services, LookingStartsNoAgent) {
  EXPECT_TRUE(list("local.service").empty());
  EXPECT_FALSE(agent_answers(data));
  EXPECT_FALSE(std::filesystem::exists(agent_folder(data)));
}

TEST_F(Services, AreMadeWithAnAddressBeforeTheyRun) {
  const auto made = create("local.service", "web", web());
  ASSERT_TRUE(made) << made.error().message;
  Remote remote = *made;
  EXPECT_EQ(remote.id, "web");
  EXPECT_EQ(status_of(remote), "made");
  EXPECT_EQ(remote.status, Status::ready);
  EXPECT_EQ(find("local.service", "web").status, Status::broken);
  const std::string url = remote.attributes.at("/url").text();
  EXPECT_FALSE(get(url));
  const auto live = update("local.service", "web", web());
  ASSERT_TRUE(live) << live.error().message;
  remote = *live;
  EXPECT_EQ(remote.attributes.at("/url").text(), url);
  EXPECT_EQ(status_of(remote), "running");
  auto answer = get(url);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
}

TEST_F(Services, MadeTwiceAreMadeOnce) {
  ASSERT_TRUE(run("web", web()));
  const pid_t first = pid_of(find("local.service", "web"));
  ASSERT_TRUE(run("web", web()));
  EXPECT_EQ(pid_of(find("local.service", "web")), first);
  EXPECT_EQ(list("local.service").size(), 1U);
}

TEST_F(Services, ChangedOnesAreRestarted) {
  ASSERT_TRUE(run("web", web("one")));
  const Remote before = find("local.service", "web");
  const std::string url = before.attributes.at("/url").text();
  EXPECT_EQ(get(url)->text, "one");
  ASSERT_TRUE(update("local.service", "web", web("two")));
  EXPECT_EQ(get(url)->text, "two");
  const pid_t second = pid_of(find("local.service", "web"));
  EXPECT_NE(second, pid_of(before));
  Value kept = web();
  kept.set("/env/KEY", Hidden{});
  ASSERT_TRUE(update("local.service", "web", kept));
  EXPECT_EQ(pid_of(find("local.service", "web")), second);
  ASSERT_TRUE(change(Action::update, "local.service", "web", web("two"), true));
  EXPECT_NE(pid_of(find("local.service", "web")), second);
  EXPECT_EQ(processes().size(), 1U);
}

TEST_F(Services, KilledOnesAreRevived) {
  ASSERT_TRUE(run("web", web()));
  const Remote before = find("local.service", "web");
  ::kill(pid_of(before), SIGKILL);
  EXPECT_TRUE(eventually([&] {
    const Remote now = find("local.service", "web");
    return status_of(now) == "running" && pid_of(now) != pid_of(before);
  }));
  const Remote after = find("local.service", "web");
  EXPECT_EQ(after.attributes.at("/local/restarts").integer(), 1);
  EXPECT_EQ(after.status, Status::ready);
}

TEST_F(Services, BeyondTheirRetriesStayStoppedUntilAppliedAgain) {
  Value desired = web();
  desired.set("/restart/max_retries", 2);
  ASSERT_TRUE(run("web", desired));
  EXPECT_TRUE(eventually([&] {
    const Remote now = find("local.service", "web");
    if (pid_of(now) > 0) {
      ::kill(pid_of(now), SIGKILL);
    }
    return status_of(now) == "stopped";
  }));
  const Remote stopped = find("local.service", "web");
  EXPECT_EQ(stopped.status, Status::broken);
  EXPECT_NE(stopped.attributes.at("/local/failure").text().find("after 2 restarts"),
            std::string::npos);
  EXPECT_TRUE(processes().empty());
  ASSERT_TRUE(update("local.service", "web", desired));
  EXPECT_EQ(status_of(find("local.service", "web")), "running");
}

TEST_F(Services, TakeDescendantsThatDetachWithThem) {
  Value desired = web();
  desired.set("/command", "setsid sleep 600 & exec python3 web.py");
  ASSERT_TRUE(run("web", desired));
  EXPECT_TRUE(eventually([&] { return processes().size() == 2; }));
  ASSERT_TRUE(remove("local.service", "web"));
  EXPECT_TRUE(eventually([&] { return processes().empty(); }));
}

TEST_F(Services, ThatFailAtOnceSayHow) {
  Value desired = web();
  desired.set("/command", "exit 7");
  desired.set("/restart/policy", "never");
  ASSERT_TRUE(create("local.service", "web", desired));
  const auto live = update("local.service", "web", desired);
  ASSERT_FALSE(live);
  EXPECT_EQ(live.error().kind, ErrorKind::invalid);
  EXPECT_NE(live.error().message.find("status 7"), std::string::npos) << live.error().message;
}

TEST_F(Services, NameThePortThatIsInUseAndItsHolder) {
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(name);
  ASSERT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&name), size), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  ::getsockname(taken, reinterpret_cast<sockaddr*>(&name), &size);
  Value desired = web();
  desired.set("/port", std::int64_t{ntohs(name.sin_port)});
  ASSERT_TRUE(create("local.service", "web", desired));
  const auto live = update("local.service", "web", desired);
  ::close(taken);
  ASSERT_FALSE(live);
  EXPECT_EQ(live.error().path, "/port");
  EXPECT_NE(live.error().message.find(std::to_string(ntohs(name.sin_port))), std::string::npos);
  EXPECT_NE(live.error().message.find(std::to_string(::getpid())), std::string::npos)
      << live.error().message;
}

TEST_F(Services, ThatNeverAnswerSayWhatTheyWereAsked) {
  Value desired = web();
  desired.set("/health/path", "/refuse");
  desired.set("/health/timeout", Duration{8'000});
  desired.set("/restart/policy", "never");
  ASSERT_TRUE(create("local.service", "web", desired));
  const auto live = update("local.service", "web", desired);
  ASSERT_FALSE(live);
  EXPECT_NE(live.error().message.find("/refuse answered 500"), std::string::npos)
      << live.error().message;
}

TEST_F(Services, ToolsAreNeverStarted) {
  Value desired = web();
  desired.set("/run_as", "tool");
  desired.set("/command", "touch started");
  const auto ready = run("tool", desired);
  ASSERT_TRUE(ready) << ready.error().message;
  const Remote tool = *ready;
  EXPECT_EQ(status_of(tool), "ready");
  EXPECT_EQ(tool.status, Status::ready);
  EXPECT_FALSE(std::filesystem::exists(folder + "/started"));
}

TEST_F(Services, WriteLogsAndKeepSecretsOffTheDisk) {
  Value desired = web("a-secret-of-the-test");
  desired.set("/command", "echo hello; exec python3 web.py");
  ASSERT_TRUE(run("web", desired));
  EXPECT_TRUE(eventually([&] { return read_log(data, "web", 10).text == "hello\nGET /  \n"; }))
      << read_log(data, "web", 10).text;
  EXPECT_FALSE(read_log(data, "other", 10).failure.empty());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(agent_folder(data))) {
    if (entry.is_regular_file()) {
      EXPECT_EQ(read(entry.path()).find("a-secret-of-the-test"), std::string::npos) << entry.path();
    }
  }
}

TEST_F(Services, FindTheirVolumesAndLeaveThemBehind) {
  ASSERT_TRUE(create("local.volume", "vol", Object{{"name", "data"}, {"mount", "/data"}}));
  Value desired = web();
  desired.set("/volumes/data", Reference{"service.web.volume.data", "vol"});
  desired.set("/command", "echo kept > \"$INFRA_VOLUME_DATA/file\"; exec python3 web.py");
  ASSERT_TRUE(run("web", desired));
  const std::string path = find("local.volume", "vol").attributes.at("/local/path").text();
  EXPECT_EQ(read(path + "/file"), "kept\n");
  ASSERT_TRUE(remove("local.service", "web"));
  EXPECT_EQ(read(path + "/file"), "kept\n");
  ASSERT_TRUE(remove("local.volume", "vol"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Services, LeaveNothingWhenTheLastOneGoes) {
  ASSERT_TRUE(run("web", web()));
  ASSERT_TRUE(remove("local.service", "web"));
  ASSERT_TRUE(remove("local.service", "web"));  // gone twice is gone
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(agent_folder(data)); }));
  EXPECT_FALSE(agent_answers(data));
  EXPECT_TRUE(processes().empty());
}

}  // namespace
}  // namespace infra
