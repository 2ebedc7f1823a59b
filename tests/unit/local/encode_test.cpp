// Between portable attributes and what the agent speaks.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "providers/local/local_encode.h"

namespace infra::local {
namespace {

namespace fs = std::filesystem;

class Sources : public ::testing::Test {
 protected:
  Sources() {
    std::string name = (fs::temp_directory_path() / "infra-sources-XXXXXX").string();
    top = ::mkdtemp(name.data());
    stack = top + "/deploy";
    fs::create_directories(stack + "/app");
    fs::create_directories(top + "/server");
    fs::create_directories(top + "/.git");
  }
  ~Sources() override { fs::remove_all(top); }
  std::string top, stack;
};

TEST_F(Sources, AreTheWorkingTree) {
  EXPECT_EQ(*source_folder(Object{{"github", "a/b"}}, stack), stack);
  EXPECT_EQ(*source_folder(Object{{"git", "https://x"}, {"root", "app"}}, stack), stack + "/app");
  EXPECT_EQ(*source_folder(Object{{"github", "a/b"}, {"root", "server"}}, stack), top + "/server");
  EXPECT_EQ(*source_folder(Object{{"directory", "."}}, stack), stack);
  EXPECT_EQ(*source_folder(Object{{"directory", "../server"}}, stack), top + "/server");
  EXPECT_EQ(*source_folder(Object{{"image", "x:1"}}, stack), stack);
}

TEST_F(Sources, ThatAreNotThereAreRefused) {
  auto root = source_folder(Object{{"github", "a/b"}, {"root", "client"}}, stack);
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().path, "/source/root");
  EXPECT_NE(root.error().message.find("client"), std::string::npos);
  const auto directory = source_folder(Object{{"directory", "server"}}, stack);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().path, "/source/directory");
}

Change change_of(Action action, Value desired) {
  Change change;
  change.action = action;
  change.address = "service.web";
  change.type = "local.service";
  change.desired = std::move(desired);
  change.op = "op1";
  change.marker = "infra-marker";
  return change;
}

Value body_of(const Change& change) {
  auto body = service_body(change, "/");
  return body ? *body : Value();
}

TEST(ServiceBody, MarksSecretsAndUnreadableValues) {
  Value desired(Object{{"command", "run"}});
  desired.set("/env/PLAIN", "a");
  desired.set("/env/NUMBER", 3);
  desired.set("/env/YES", true);
  desired.set("/env/KEY", Secret("s3cret"));
  desired.set("/env/OLD", Hidden{});
  const Value body = body_of(change_of(Action::update, desired));
  EXPECT_EQ(body.at("/env/PLAIN/value").text(), "a");
  EXPECT_EQ(body.at("/env/NUMBER/value").text(), "3");
  EXPECT_EQ(body.at("/env/YES/value").text(), "true");
  EXPECT_TRUE(body.at("/env/KEY/secret").truth());
  EXPECT_NE(body.at("/env/KEY/value").as<Secret>(), nullptr);
  EXPECT_TRUE(body.at("/env/OLD/keep").truth());
  EXPECT_EQ(body.at("/noted").text().find("s3cret"), std::string::npos);
}

TEST(ServiceBody, IsMadeWithoutRunning) {
  const Value desired(Object{{"command", "run"}});
  EXPECT_FALSE(body_of(change_of(Action::create, desired)).at("/run").truth());
  EXPECT_TRUE(body_of(change_of(Action::update, desired)).at("/run").truth());
}

TEST(ServiceBody, ChoosesHowReadinessIsSeen) {
  Value desired(Object{{"command", "run"}});
  EXPECT_EQ(body_of(change_of(Action::update, desired)).at("/check").text(), "port");
  desired.set("/run_as", "worker");
  EXPECT_EQ(body_of(change_of(Action::update, desired)).at("/check").text(), "alive");
  desired.set("/port", 8080);
  EXPECT_EQ(body_of(change_of(Action::update, desired)).at("/check").text(), "port");
  desired.set("/health/path", "/up");
  desired.set("/health/timeout", Duration{300'000});
  const Value body = body_of(change_of(Action::update, desired));
  EXPECT_EQ(body.at("/check").text(), "http");
  EXPECT_EQ(body.at("/within_ms").integer(), 300'000);
  EXPECT_EQ(body.at("/max_retries").integer(), 10);
  desired.set("/restart/policy", "always");
  EXPECT_EQ(body_of(change_of(Action::update, desired)).at("/max_retries").integer(), -1);
}

TEST(ServiceBody, RestartsForARedeploy) {
  Change change = change_of(Action::update, Object{{"command", "run"}});
  EXPECT_TRUE(body_of(change).at("/redeploy").is_null());
  change.redeploy = true;
  EXPECT_EQ(body_of(change).at("/redeploy").text(), "op1");
}

TEST(ServiceRemote, ShowsWhatRuns) {
  Value desired(Object{{"command", "run"}, {"name", "web"}});
  desired.set("/env/KEY", Secret("s"));
  desired.set("/health/timeout", Duration{5'000});
  Value view(Object{
      {"id", "m"}, {"noted", note_attributes(desired)}, {"state", "running"}, {"port", 20500}});
  view.set("/digests/KEY", "abc");
  const Remote running = service_remote(view);
  EXPECT_EQ(running.id, "m");
  EXPECT_EQ(running.attributes.at("/url").text(), "http://127.0.0.1:20500");
  EXPECT_EQ(running.attributes.at("/command").text(), "run");
  EXPECT_NE(running.attributes.at("/env/KEY").as<Hidden>(), nullptr);
  EXPECT_EQ(running.marks.at("/env/KEY"), "abc");
  EXPECT_TRUE(same(running.attributes.at("/health/timeout"), Duration{5'000}));
  EXPECT_EQ(running.attributes.at("/restart/policy").text(), "on_failure");
  EXPECT_EQ(running.status, Status::ready);
  view.set("/state", "waiting");  // its restart policy sees to it
  EXPECT_EQ(service_remote(view).status, Status::ready);
  view.set("/state", "stopped");
  EXPECT_EQ(service_remote(view).status, Status::broken);
}

TEST(BucketRemote, ReadsItsRulesFile) {
  Change change = change_of(Action::create, Object{{"name", "books"}, {"region", "eu"}});
  change.desired.set("/max_object_size", Size{50'000'000});
  change.desired.set("/expire_after", Duration{86'400'000});
  change.desired.set("/cors/origins", List{"https://a"});
  const Value body = bucket_body(change);
  Value view(Object{{"id", "b"}, {"present", true}, {"folder", "/x/books"}});
  view.set("/noted", body.at("/noted"));
  view.set("/rules", Object{{"max_object_size", "50MB"},
                            {"expire_after", "1d"},
                            {"cors", Object{{"origins", List{"https://a"}}}},
                            {"stranger", 1}});
  const Remote remote = bucket_remote(view);
  EXPECT_EQ(remote.attributes.at("/endpoint").text(), "file:///x/books");
  EXPECT_TRUE(same(remote.attributes.at("/max_object_size"), Size{50'000'000}));
  EXPECT_TRUE(same(remote.attributes.at("/expire_after"), Duration{86'400'000}));
  EXPECT_EQ(remote.attributes.at("/cors/origins/0").text(), "https://a");
  EXPECT_EQ(remote.attributes.at("/region").text(), "eu");
  EXPECT_TRUE(remote.attributes.at("/stranger").is_null());
  EXPECT_EQ(remote.status, Status::ready);
  view.set("/present", false);
  EXPECT_EQ(bucket_remote(view).status, Status::broken);
}

TEST(CronBody, CarriesItsRequest) {
  Change change = change_of(Action::create, Object{{"name", "c"}, {"schedule", "@daily"}});
  change.desired.set("/call/service", Reference{"service.web", "infra-web"});
  change.desired.set("/call/path", "/tick");
  change.desired.set("/call/method", "POST");
  change.desired.set("/auth/bearer", Secret("s3cret"));
  auto body = cron_body(change);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->at("/service").text(), "infra-web");
  EXPECT_EQ(body->at("/method").text(), "POST");
  EXPECT_TRUE(body->at("/has_secrets").truth());
  EXPECT_EQ(body->at("/noted").text().find("s3cret"), std::string::npos);
  change.desired.set("/call/form/file", Object{{"file", "x.pdf"}});
  EXPECT_FALSE(cron_body(change));
}

TEST(DatabaseRemote, IsBrokenWithoutItsRole) {
  Value view(Object{{"id", "d"},
                    {"engine", "postgres"},
                    {"present", false},
                    {"noted", note_attributes(Object{{"name", "main"}})}});
  EXPECT_EQ(database_remote(view).status, Status::broken);
  view.set("/present", true);
  view.set("/state", "ready");
  const Remote found = database_remote(view);
  EXPECT_EQ(found.id, "d");
  EXPECT_NE(found.attributes.at("/url").as<Hidden>(), nullptr);
  EXPECT_EQ(found.status, Status::ready);
  view.set("/state", "failed");
  EXPECT_EQ(database_remote(view).status, Status::broken);
}

}  // namespace
}  // namespace infra::local
