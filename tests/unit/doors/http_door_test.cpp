// What a driver's Call becomes on the wire, and what comes back.
#include <atomic>

#include "tests/unit/doors/door_fixture.h"

namespace infra {
namespace {

using testing::json_answer;
using testing::SeenRequest;
using testing::ServerAnswer;

class HttpDoor : public DoorTest {};

TEST_F(HttpDoor, FillsAndEncodesTemplates) {
  serve([](const SeenRequest&) { return json_answer(200, R"({"id":9007199254740993})"); });
  Call call{Method::get, "/v9/projects/{idOrName}/env/{id}", {"a b/c?d#e", "ü"}};
  call.query = Object{{"limit", 100},          {"q", "x&y=z"}, {"none", Value()},
                      {"tag", List{"a", "b"}}, {"on", true},   {"filters", Object{{"l", 1}}}};
  call.headers = Object{{"X-Own", "1"}};
  auto answer = reader()->get(call);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body.at("/id").integer(), 9007199254740993);  // not a double on the way
  const auto seen = server->seen().at(0);
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target,
            "/v9/projects/a%20b%2Fc%3Fd%23e/env/%C3%BC?filters=%7B%22l%22%3A1%7D&limit=100&on=true"
            "&q=x%26y%3Dz&tag=a&tag=b");
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer t0ken-of-mine");
  EXPECT_EQ(seen.headers.at("x-own"), "1");
  EXPECT_EQ(requested, 1);
}

TEST_F(HttpDoor, RefusesArgumentsThatWouldLeadElsewhere) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  for (const char* argument : {"", ".", ".."}) {
    EXPECT_FALSE(writer()->send({Method::del, "/things/{id}", {argument}})) << argument;
  }
  EXPECT_FALSE(reader()->get({Method::get, "/things/{id}", {}}));
  EXPECT_FALSE(reader()->get({Method::get, "/things", {"extra"}}));
  Call secret_query{Method::get, "/things"};
  secret_query.query = Object{{"key", Secret("in the open")}};
  EXPECT_FALSE(reader()->get(secret_query));
  EXPECT_TRUE(server->seen().empty());
}

TEST_F(HttpDoor, ExposesSecretsOnTheWireAndNowhereElse) {
  serve([](const SeenRequest& request) {
    return json_answer(
        422, R"({"message":)" + [&] {
          std::string echo = request.body;
          std::string quoted = "\"";
          for (const char c : echo) {
            quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
          }
          return quoted + "\"";
        }() + "}");
  });
  auto answer = writer()->send(
      post("/vars", Object{{"value", Secret("c\"anary")}, {"token", "t0ken-of-mine"}}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(server->seen().at(0).body, R"({"token":"t0ken-of-mine","value":"c\"anary"})");
  EXPECT_EQ(answer.error().message.find("anary"), std::string::npos) << answer.error().message;
  EXPECT_EQ(answer.error().message.find("t0ken"), std::string::npos) << answer.error().message;
  EXPECT_TRUE(answer.error().message.starts_with("POST /vars: 422 "));
}

TEST_F(HttpDoor, SignsInAsTheEndpointSays) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  more_settings["/user"] = "me";
  schema.endpoints[0].auth = Endpoint::basic;
  schema.endpoints[0].credential = {"/user", "/token"};
  ASSERT_TRUE(reader()->get({Method::get, "/"}));
  schema.endpoints[0].auth = Endpoint::header;
  schema.endpoints[0].credential = {"/token"};
  schema.endpoints[0].headers = {{"X-Api-Key", "{token}"}, {"Accept", "application/vnd.v3+json"}};
  ASSERT_TRUE(reader()->get({Method::get, "/"}));
  const auto seen = server->seen();
  EXPECT_EQ(seen[0].headers.at("authorization"), "Basic bWU6dDBrZW4tb2YtbWluZQ==");
  EXPECT_EQ(seen[1].headers.at("x-api-key"), "t0ken-of-mine");
  EXPECT_EQ(seen[1].headers.at("accept"), "application/vnd.v3+json");
  EXPECT_FALSE(seen[1].headers.contains("authorization"));
  schema.endpoints[0].auth = Endpoint::bearer;
  schema.endpoints[0].credential = {"/nothing"};
  auto missing = reader()->get({Method::get, "/"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::denied);
}

TEST_F(HttpDoor, SendsFormsAndFilesOfTheStackOnly) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  write_file("docs/book.pdf", "PDF bytes");
  Call call{Method::post, "/upload"};
  Body file;
  file.file = "docs/book.pdf";
  file.value = "application/pdf";
  Body title;
  title.value = "Title";
  call.body.form = {{"title", title}, {"book", file}};
  auto door = writer();
  ASSERT_TRUE(door->send(call));
  const std::string body = server->seen().at(0).body;
  EXPECT_NE(body.find("name=\"title\"\r\n\r\nTitle"), std::string::npos) << body;
  EXPECT_NE(body.find("filename=\"book.pdf\""), std::string::npos);
  EXPECT_NE(body.find("application/pdf"), std::string::npos);
  EXPECT_NE(body.find("PDF bytes"), std::string::npos);
  EXPECT_EQ(*door->file("docs/book.pdf"), "PDF bytes");
  EXPECT_EQ(*door->file(folder + "/docs/book.pdf"), "PDF bytes");
  std::filesystem::create_symlink("/etc/hostname", folder + "/out");
  std::filesystem::create_symlink("book.pdf", folder + "/docs/in");
  EXPECT_TRUE(door->file("docs/in"));
  for (const char* outside : {"../x", "/etc/hostname", "out", "docs/../../x", "docs", "", "missing",
                              "/proc/self/environ"}) {
    EXPECT_FALSE(door->file(outside)) << outside;
  }
}

TEST_F(HttpDoor, SpeaksToUnixSockets) {
  const std::string path = folder + "/s.sock";
  server = std::make_unique<testing::LoopbackServer>(
      [](const SeenRequest&) { return json_answer(200, R"({"ok":true})"); }, path);
  schema.endpoints[0].base_url = "unix://{infra/data}/s.sock";
  more_settings["/infra/data"] = folder;
  auto answer = reader()->get({Method::get, "/info"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->body.at("/ok").truth());
  EXPECT_EQ(server->seen().at(0).target, "/info");
}

TEST_F(HttpDoor, AsksByGraphQlQueriesAndListedPostsOnly) {
  serve([](const SeenRequest&) { return json_answer(200, R"({"data":{}})"); });
  EXPECT_TRUE(reader()->ask(post("/search")));
  auto refused = reader()->ask(post("/things"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  schema.endpoints[0].graphql = true;
  schema.endpoints[0].base_url = "{address}/graphql/v2";
  EXPECT_TRUE(reader()->ask(graphql("query projects { projects { id } }", {})));
  EXPECT_FALSE(reader()->ask(graphql("mutation m { projectDelete }", {})));
  EXPECT_FALSE(reader()->ask(graphql("query q { a } mutation m { b }", {})));
  const auto seen = server->seen();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].target, "/graphql/v2");
  EXPECT_NE(seen[1].body.find("query projects { projects"), std::string::npos);
}

TEST_F(HttpDoor, GoesToTheEndpointThatTheCallNames) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  schema.endpoints.push_back(
      {.name = "queue", .base_url = "{address}/queue", .credential = {"/queue_token"}});
  more_settings["/queue_token"] = Secret("another-token");
  Call call{Method::get, "/x"};
  call.endpoint = "queue";
  ASSERT_TRUE(reader()->get(call));
  EXPECT_EQ(server->seen().at(0).target, "/queue/x");
  EXPECT_EQ(server->seen().at(0).headers.at("authorization"), "Bearer another-token");
  call.endpoint = "nowhere";
  EXPECT_FALSE(reader()->get(call));
}

TEST_F(HttpDoor, ReadsAgainButNeverEarlierThanTold) {
  std::atomic<int> turn{0};
  serve([&](const SeenRequest&) -> ServerAnswer {
    ++turn;
    return turn == 1   ? json_answer(503, "{}")
           : turn == 2 ? json_answer(429, "{}", {{"Retry-After", "3"}})
                       : json_answer(200, "{}");
  });
  ASSERT_TRUE(reader()->get({Method::get, "/x"}));
  EXPECT_EQ(turn, 3);
  EXPECT_GE(waited, seconds{3});
}

TEST_F(HttpDoor, HandsALongPauseToTheEngine) {
  serve([](const SeenRequest&) { return json_answer(429, "{}", {{"Retry-After", "3600"}}); });
  auto busy = reader()->get({Method::get, "/x"});
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().kind, ErrorKind::busy);
  EXPECT_EQ(busy.error().after, seconds{3600});
  EXPECT_EQ(server->seen().size(), 1U);
}

TEST_F(HttpDoor, NeverSendsAChangeTwiceByItself) {
  for (const int status : {408, 429, 500, 503}) {
    serve([&](const SeenRequest&) { return json_answer(status, "{}"); });
    EXPECT_FALSE(writer()->send(post("/things")));
    EXPECT_FALSE(writer()->send({Method::put, "/things/{id}", {"1"}}));
    EXPECT_EQ(server->seen().size(), 2U) << status;
  }
}

TEST_F(HttpDoor, SaysWhetherARequestMayBeRepeated) {
  serve([](const SeenRequest&) { return json_answer(500, "{}"); });
  EXPECT_FALSE(writer()->send(post("/things")).error().repeatable);
  EXPECT_TRUE(writer()->send({Method::put, "/t"}).error().repeatable);
  Call upsert = post("/things");
  upsert.repeatable = true;
  EXPECT_TRUE(writer()->send(upsert).error().repeatable);
}

TEST_F(HttpDoor, WantsARecordBetweenTwoBirths) {
  serve([](const SeenRequest&) { return json_answer(201, R"({"id":"1"})"); });
  auto door = writer();
  ASSERT_TRUE(door->send(post("/things")));
  auto second = door->send(post("/things"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::invalid);
  EXPECT_TRUE(door->send({Method::put, "/things/{id}", {"1"}}));  // repeatable: may go
  EXPECT_TRUE(door->get({Method::get, "/things"}));
  ASSERT_TRUE(door->record(0, Remote{"1"}));
  EXPECT_TRUE(door->send(post("/things")));
  EXPECT_EQ(server->count("POST"), 2U);
  EXPECT_EQ(gate.asked, (std::vector<bool>{false, true, false}));
}

TEST_F(HttpDoor, StopsBeforeTheNextRequest) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  gate.refuse = Error{ErrorKind::pending, "the lease ends"};
  EXPECT_EQ(writer()->send(post("/x")).error().message, "the lease ends");
  DoorContext stopped = context();
  stopped.stopped = [] { return true; };
  EXPECT_EQ(open_reader(stopped)->get({Method::get, "/x"}).error().kind, ErrorKind::pending);
  DoorContext late = context();
  late.deadline = late.world.clock->steady() - seconds{1};
  EXPECT_EQ(open_reader(late)->get({Method::get, "/x"}).error().kind, ErrorKind::pending);
  EXPECT_TRUE(server->seen().empty());
}

TEST_F(HttpDoor, SendsNothingMoreWithARefusedCredential) {
  serve([](const SeenRequest&) { return json_answer(401, R"({"message":"bad token"})"); });
  const DoorContext shared = context();
  EXPECT_EQ(open_reader(shared)->get({Method::get, "/x"}).error().kind, ErrorKind::denied);
  EXPECT_EQ(open_writer(shared, gate)->send(post("/x")).error().kind, ErrorKind::denied);
  EXPECT_EQ(server->seen().size(), 1U);
  DoorContext another = shared;  // the same platform with another token
  another.settings.set("/token", Secret("another-token"));
  (void)open_reader(another)->get({Method::get, "/x"});
  EXPECT_EQ(server->seen().size(), 2U);
}

TEST_F(HttpDoor, WaitsForItsBudget) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  schema.budgets = {{"POST /things", 1, seconds{3600}, 1, false}};
  DoorContext shared = context();
  shared.wait = [this](std::chrono::milliseconds time) -> Reply<Done> {
    waited += time;
    return Error{ErrorKind::pending, "not ready in time"};
  };
  auto door = open_writer(shared, gate);
  ASSERT_TRUE(door->send(post("/things")));
  ASSERT_TRUE(door->record(0, Remote{"1"}));
  EXPECT_FALSE(door->send(post("/things")));
  EXPECT_GT(waited, seconds{3000});
  EXPECT_EQ(server->count("POST"), 1U);
}

}  // namespace
}  // namespace infra
