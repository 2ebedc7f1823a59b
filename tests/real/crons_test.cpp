// Crons: fired with their secret, tried again, on their schedule, by request or by command.
#include "tests/real/local_fixture.h"

namespace infra {
namespace {

class Crons : public LocalTest {
 protected:
  static Value cron(const std::string& path, const std::string& secret) {
    Value desired(Object{{"name", "tick"}, {"schedule", "0 8 * * *"}});
    desired.set("/call/service", Reference{"service.web", "web"});
    desired.set("/call/path", path);
    desired.set("/call/method", "GET");
    if (!secret.empty()) {
      desired.set("/auth/bearer", Secret(secret));
    }
    return desired;
  }
  std::string logged() { return read_log(data, "web", 100).text; }
};

TEST_F(Crons, AreFiredWithTheirSecret) {
  ASSERT_TRUE(run("web", web("s3cret-of-cron")));
  const auto made = create("local.cron", "tick", cron("/secret", "s3cret-of-cron"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_NE(Remote(*made).attributes.at("/next_run").text().find("T08:00:00"), std::string::npos);
  const FireResult fired = fire_cron(data, "tick");
  EXPECT_TRUE(fired.succeeded);
  EXPECT_EQ(fired.text, "HTTP 200");
  const Remote after = find("local.cron", "tick");
  EXPECT_EQ(after.attributes.at("/local/last_result").text(), "HTTP 200");
  EXPECT_EQ(after.attributes.at("/local/runs").integer(), 1);
  EXPECT_NE(after.attributes.at("/auth/bearer").as<Hidden>(), nullptr);

  ASSERT_TRUE(update("local.cron", "tick", cron("/secret", "wrong")));
  EXPECT_EQ(fire_cron(data, "tick").text, "HTTP 401");
  EXPECT_FALSE(fire_cron(data, "tick").succeeded);
  EXPECT_EQ(read(agent_registry_file(data)).find("s3cret-of-cron"), std::string::npos);
}

TEST_F(Crons, FireOnTheirSchedule) {
  ASSERT_TRUE(run("web", web()));
  Value every = cron("/secret", "");
  every.set("/schedule", "every 1s");
  const auto made = create("local.cron", "tick", every);
  if (!made) {  // a schedule's floor may be a minute
    EXPECT_NE(made.error().message.find("schedule"), std::string::npos);
    GTEST_SKIP() << made.error().message;
  }
  EXPECT_TRUE(eventually(
      [&] { return find("local.cron", "tick").attributes.at("/local/runs").integer() >= 2; }));
}

TEST_F(Crons, TryAgain) {
  ASSERT_TRUE(run("web", web()));
  Value failing = cron("/refuse", "");
  failing.set("/retries", 2);
  ASSERT_TRUE(create("local.cron", "tick", failing));
  EXPECT_EQ(fire_cron(data, "tick").text, "HTTP 500");
  std::size_t count = 0;
  const std::string text = logged();
  for (std::size_t at = 0; (at = text.find("/refuse", at)) != std::string::npos; ++at) {
    ++count;
  }
  EXPECT_EQ(count, 3U) << text;
}

TEST_F(Crons, SendBodies) {
  ASSERT_TRUE(run("web", web()));
  Value desired = cron("/hook", "");
  desired.set("/call/method", "POST");
  desired.set("/call/json/a", 1);
  desired.set("/auth/hmac", Secret("key"));
  ASSERT_TRUE(create("local.cron", "tick", desired));
  EXPECT_EQ(fire_cron(data, "tick").text, "HTTP 200");
  EXPECT_NE(logged().find("POST /hook sha256 {\"a\":1}"), std::string::npos) << logged();
}

TEST_F(Crons, RunCommandsInTheirServicesFolderAndEnvironment) {
  ASSERT_TRUE(run("web", web("value")));
  Value desired(Object{{"name", "job"}, {"schedule", "@daily"}});
  desired.set("/run/service", Reference{"service.web", "web"});
  desired.set("/run/command", "printf %s \"$KEY\" > ran.txt");
  ASSERT_TRUE(create("local.cron", "job", desired));
  EXPECT_EQ(fire_cron(data, "job").text, "status 0");
  EXPECT_EQ(read(folder + "/ran.txt"), "value");
  desired.set("/run/command", "exit 4");
  ASSERT_TRUE(update("local.cron", "job", desired));
  EXPECT_EQ(fire_cron(data, "job").text, "status 4");
}

TEST_F(Crons, ThatLostTheirSecretRestUntilTheyGetItAgain) {
  ASSERT_TRUE(run("web", web("s")));
  ASSERT_TRUE(create("local.cron", "tick", cron("/secret", "s")));
  kill_agent();
  ASSERT_TRUE(run("web", web("s")));
  EXPECT_EQ(find("local.cron", "tick").status, Status::broken);
  EXPECT_FALSE(fire_cron(data, "tick").succeeded);
  ASSERT_TRUE(update("local.cron", "tick", cron("/secret", "s")));
  EXPECT_EQ(fire_cron(data, "tick").text, "HTTP 200");
}

TEST_F(Crons, WithABadScheduleAreRefused) {
  ASSERT_TRUE(run("web", web()));
  Value desired = cron("/", "");
  desired.set("/schedule", "61 * * * *");
  const auto made = create("local.cron", "tick", desired);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("61"), std::string::npos) << made.error().message;
}

}  // namespace
}  // namespace infra
