// The rules of every HTTP request, each shown by what a server sees of it.
#include "tests/unit/doors/door_fixture.h"

namespace infra {
namespace {

using testing::json_answer;
using testing::LoopbackServer;
using testing::Manner;
using testing::SeenRequest;
using testing::ServerAnswer;

class HttpRules : public DoorTest {
 protected:
  DoorContext hurried() {
    DoorContext made = context();
    made.deadline = made.world.clock->steady() + std::chrono::milliseconds(400);
    return made;
  }
};

// A kept connection that dies after the request and before the first byte of the answer makes the
// library send the request again by itself, unless the connection is a new one.
TEST_F(HttpRules, AChangeReachesTheServerOnceWhenItsConnectionDies) {
  serve([](const SeenRequest& request) -> ServerAnswer {
    if (request.method == "GET") {
      return json_answer(200, "{}");
    }
    return {200, "", {}, Manner::close};
  });
  auto door = writer();
  ASSERT_TRUE(door->get({Method::get, "/warm"}));
  ASSERT_TRUE(door->get({Method::get, "/warm"}));
  EXPECT_EQ(server->connections(), 1U);  // reads do share one
  for (const Method method : {Method::post, Method::put, Method::patch, Method::del}) {
    auto lost = writer()->send({method, "/things"});
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, ErrorKind::unclear);
  }
  Call call = post("/things");
  auto lost = door->send(call);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::unclear);
  EXPECT_EQ(server->count("POST"), 2U);
  EXPECT_EQ(server->count("PUT"), 1U);
  EXPECT_EQ(server->count("PATCH"), 1U);
  EXPECT_EQ(server->count("DELETE"), 1U);
}

TEST_F(HttpRules, NoRedirectIsFollowed) {
  LoopbackServer other([](const SeenRequest&) { return json_answer(200, "{}"); });
  for (const int status : {301, 302, 303, 307, 308}) {
    serve([&](const SeenRequest&) {
      return json_answer(status, "", {{"Location", other.url() + "/stolen"}});
    });
    auto read = reader()->get({Method::get, "/x"});
    ASSERT_FALSE(read) << status;
    EXPECT_EQ(read.error().kind, ErrorKind::unclear);
    EXPECT_FALSE(writer()->send(post("/x", Object{{"p", Secret("password")}})));
  }
  EXPECT_TRUE(other.seen().empty());
}

TEST_F(HttpRules, OnlyHttpsLeavesThisMachine) {
  for (const char* refused :
       {"http://platform.example", "http://10.0.0.1", "ftp://platform.example", "file:///etc",
        "gopher://127.0.0.1", "http://user:pass@127.0.0.1:1", "https://user@platform.example"}) {
    address = refused;
    auto answer = reader()->get({Method::get, "/x"});
    ASSERT_FALSE(answer) << refused;
    EXPECT_EQ(answer.error().kind, ErrorKind::invalid) << refused << answer.error().message;
  }
}

TEST_F(HttpRules, ASettingCannotLeadTheCredentialToAnotherHost) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  schema.endpoints[0].base_url = "https://{ref}.platform.example";
  for (const char* ref : {"evil.example/", "evil.example#", "evil.example?", "a@evil.example",
                          "evil.example:443/", "a\\b", "evil.example ", ""}) {
    more_settings["/ref"] = ref;
    auto answer = reader()->get({Method::get, "/x"});
    ASSERT_FALSE(answer) << ref;
    EXPECT_EQ(answer.error().kind, ErrorKind::invalid) << ref;
    EXPECT_EQ(answer.error().path, "/ref");
  }
}

TEST_F(HttpRules, HeadersCannotBeSmuggled) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  for (const char* value : {"a\r\nX-Evil: 1", "a\nb", "a\rb"}) {
    Call call{Method::get, "/x"};
    call.headers = Object{{"X-Own", value}};
    EXPECT_EQ(reader()->get(call).error().kind, ErrorKind::invalid);
  }
  Call zero{Method::get, "/x"};
  zero.headers = Object{{"X-Own", std::string("a\0b", 3)}};
  EXPECT_FALSE(reader()->get(zero));
  Call name{Method::get, "/x"};
  name.headers = Object{{"X Own:", "1"}};
  EXPECT_FALSE(reader()->get(name));
  EXPECT_TRUE(server->seen().empty());
}

TEST_F(HttpRules, BombsEnd) {
  for (const Manner manner : {Manner::endless_body, Manner::endless_headers, Manner::cut}) {
    serve([&](const SeenRequest&) { return ServerAnswer{200, "{\"a\":1}", {}, manner}; });
    DoorContext once = context();
    once.wait = [](std::chrono::milliseconds) -> Reply<Done> {
      return Error{ErrorKind::pending, "no second try in this test"};
    };
    auto answer = open_reader(once)->get({Method::get, "/x"});
    ASSERT_FALSE(answer) << static_cast<int>(manner);
    EXPECT_EQ(answer.error().kind, ErrorKind::unclear);
  }
  std::string deep(std::size_t{1'000'000}, '[');
  serve([&](const SeenRequest&) { return json_answer(200, deep); });
  DoorContext once = context();
  once.wait = [](std::chrono::milliseconds) -> Reply<Done> {
    return Error{ErrorKind::pending, "no second try in this test"};
  };
  auto nested = open_reader(once)->get({Method::get, "/x"});
  ASSERT_FALSE(nested);
  EXPECT_EQ(nested.error().kind, ErrorKind::unclear);
}

TEST_F(HttpRules, AStallingServerMeetsTheDeadline) {
  serve([](const SeenRequest&) { return ServerAnswer{200, "", {}, Manner::stall}; });
  auto read = open_reader(hurried())->get({Method::get, "/x"});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::unclear);
  auto write = open_writer(hurried(), gate)->send(post("/x"));
  ASSERT_FALSE(write);
  EXPECT_EQ(write.error().kind, ErrorKind::unclear);
  EXPECT_EQ(server->count("POST"), 1U);
}

TEST_F(HttpRules, AnInterruptedReadEndsAndAChangeIsHeardOut) {
  std::atomic<bool> stop{false};
  serve([&](const SeenRequest& request) {
    stop = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    return json_answer(200, request.method == "GET" ? "{}" : R"({"id":"7"})");
  });
  DoorContext interrupted = context();
  interrupted.stopped = [&] { return stop.load(); };
  auto write = open_writer(interrupted, gate)->send(post("/x"));
  ASSERT_TRUE(write) << write.error().message;
  EXPECT_EQ(write->body.at("/id").text(), "7");
  stop = false;
  EXPECT_EQ(open_reader(interrupted)->get({Method::get, "/x"}).error().kind, ErrorKind::pending);
}

TEST_F(HttpRules, NothingSentIsKnownAsNothingSent) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  const std::string closed = address;
  server.reset();
  address = closed;
  auto refused = writer()->send(post("/x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::not_sent);
  address = "https://no-such-host.invalid";
  auto nowhere = writer()->send(post("/x"));
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, ErrorKind::not_sent);
}

TEST_F(HttpRules, ACertificateThatIsNoneIsRefused) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  address.replace(0, 4, "https");  // a server that speaks no TLS
  auto refused = writer()->send(post("/x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::not_sent) << refused.error().message;
}

}  // namespace
}  // namespace infra
