// What answers mean, without a socket: classification, pauses, GraphQL, scrubbing, pace, memory.
#include <gtest/gtest.h>

#include <optional>

#include "providers/door.h"
#include "providers/pace.h"
#include "providers/support.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

const std::chrono::sys_time<milliseconds> now{std::chrono::sys_seconds{seconds{784111777}}};

ProviderSchema platform() {
  ProviderSchema schema{.name = "p"};
  schema.answers = {{304, "", "", ErrorKind::none},
                    {422, "/code", "taken", ErrorKind::exists},
                    {200, "/errors/0/message", "not authorized", ErrorKind::denied},
                    {200, "/errors", "", ErrorKind::invalid}};
  schema.messages = {"/error/message", "/message", "/errors/0/message"};
  return schema;
}

RawAnswer answer(int status, Value body = Object{{"message", "why"}}) {
  RawAnswer raw;
  raw.status = status;
  raw.is_json = !body.is_null();
  raw.is_empty = body.is_null();
  raw.body = std::move(body);
  return raw;
}

ErrorKind kind(const RawAnswer& raw, bool reading = true) {
  const auto error = classify(platform(), raw, reading, now);
  return error ? error->kind : ErrorKind::none;
}

TEST(Answers, TheSchemasRulesComeFirst) {
  EXPECT_EQ(kind(answer(304)), ErrorKind::none);
  EXPECT_EQ(kind(answer(422, Object{{"code", "NAME_TAKEN"}})), ErrorKind::exists);
  EXPECT_EQ(kind(answer(422, Object{{"code", "bad"}})), ErrorKind::invalid);
  const Value denied = Object{{"errors", List{Object{{"message", "Not Authorized"}}}}};
  EXPECT_EQ(kind(answer(200, denied)), ErrorKind::denied);
  const Value other = Object{{"errors", List{Object{{"message", "no such field"}}}}};
  EXPECT_EQ(kind(answer(200, other)), ErrorKind::invalid);
}

TEST(Answers, ThenTheStatus) {
  for (const int done : {200, 201, 202, 204}) {
    EXPECT_EQ(kind(answer(done, Object{})), ErrorKind::none) << done;
  }
  for (const int refused : {400, 402, 405, 406, 411, 413, 414, 415, 416, 422, 428, 431, 451}) {
    EXPECT_EQ(kind(answer(refused)), ErrorKind::invalid) << refused;
  }
  for (const int lost : {301, 302, 307, 308, 408, 425, 500, 501, 502, 503, 504, 599}) {
    EXPECT_EQ(kind(answer(lost)), ErrorKind::unclear) << lost;
  }
  EXPECT_EQ(kind(answer(401)), ErrorKind::denied);
  EXPECT_EQ(kind(answer(403)), ErrorKind::denied);
  EXPECT_EQ(kind(answer(409)), ErrorKind::exists);
  EXPECT_EQ(kind(answer(423)), ErrorKind::busy);
  EXPECT_EQ(kind(answer(429)), ErrorKind::busy);
}

TEST(Answers, AbsenceIsBelievedInThePlatformsOwnWordsOnly) {
  EXPECT_EQ(kind(answer(404)), ErrorKind::missing);
  EXPECT_EQ(kind(answer(410)), ErrorKind::missing);
  RawAnswer stranger = answer(404, "<html>nginx</html>");
  stranger.is_json = false;
  EXPECT_EQ(kind(stranger), ErrorKind::unclear);
  EXPECT_EQ(kind(answer(404, Value())), ErrorKind::unclear);
  EXPECT_EQ(kind(answer(404, Value()), false), ErrorKind::invalid);  // a write: surely not done
  ProviderSchema silent{.name = "silent"};  // says nothing when it has nothing
  const auto error = classify(silent, answer(404, Value()), true, now);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::missing);
}

TEST(Answers, ASuccessThatCannotBeReadIsUnclear) {
  RawAnswer garbled = answer(200, "{\"a\":");
  garbled.is_json = false;
  garbled.headers["content-type"] = "application/json; charset=utf-8";
  EXPECT_EQ(kind(garbled), ErrorKind::unclear);
  garbled.headers["content-type"] = "text/html";
  EXPECT_EQ(kind(garbled), ErrorKind::unclear);
  garbled.headers["content-type"] = "text/plain";
  EXPECT_EQ(kind(garbled), ErrorKind::none);
}

TEST(Answers, CarryThePlatformsReason) {
  const auto error = classify(
      platform(), answer(400, Object{{"error", Object{{"message", "too short"}}}}), false, now);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "400 Bad Request: too short");
}

TEST(RetryAfter, TakesEveryForm) {
  const auto told = [](const char* text) {
    const auto pause = retry_after(text, now);
    return pause ? std::optional<std::int64_t>(pause->count()) : std::nullopt;
  };
  EXPECT_EQ(told("7"), 7);
  EXPECT_EQ(told(" 7 "), 7);
  EXPECT_EQ(told("1.2"), 2);  // never earlier than told
  EXPECT_EQ(told("0"), 1);
  EXPECT_EQ(told("-5"), 1);
  EXPECT_EQ(told("1000000000"), 86'400);
  EXPECT_EQ(told("1e999"), 86'400);
  EXPECT_EQ(told("Sun, 06 Nov 1994 08:50:07 GMT"), 30);
  EXPECT_EQ(told("Sunday, 06-Nov-94 08:50:07 GMT"), 30);
  EXPECT_EQ(told("Sun Nov  6 08:50:07 1994"), 30);
  EXPECT_EQ(told("Sun, 06 Nov 1994 08:00:00 GMT"), 1);  // in the past
  EXPECT_EQ(told("soon"), std::nullopt);
  EXPECT_EQ(told(""), std::nullopt);
  RawAnswer busy = answer(429);
  busy.headers["retry-after"] = "12";
  EXPECT_EQ(classify(platform(), busy, true, now)->after, seconds{12});
}

TEST(GraphQl, OneQueryReadsAndNothingElse) {
  for (const char* reads :
       {"query { a }", "{ a }",
        "query projects($id: ID! = \"x}\", $in: In = {a: [1]}) @d { a { b } }",
        "# mutation { a }\nquery { a }", "query q { a ...F } fragment F on T { b }",
        "query { a(text: \"mutation {\", block: \"\"\" } mutation \\\"\"\" \"\"\") }",
        "\xEF\xBB\xBFquery { a }"}) {
    EXPECT_TRUE(is_single_query(reads)) << reads;
  }
  for (const char* refused :
       {"", "mutation { a }", "subscription { a }", "query { a } mutation { b }",
        "mutation { b } query { a }", "query { a } query b { c }", "query { a", "query { a } }",
        "query { a(x: \"unclosed) }", "fragment F on T { b }", "query", "{ a } extra",
        "query { a) }", "queryx { a }", "#query { a }", "mutation#\n{ a }",
        "query { a } \"\"\"query\"\"\" mutation { b }"}) {
    EXPECT_FALSE(is_single_query(refused)) << refused;
  }
}

TEST(GraphQl, ACallIsNamedByItsOperation) {
  const Call call = graphql("mutation serviceCreate($input: X!) { a }", {{"input", Object{}}});
  EXPECT_EQ(call.path, "mutation serviceCreate");
  EXPECT_EQ(call.method, Method::post);
  EXPECT_TRUE(call.body.value.at("/variables/input"));
}

TEST(Scrubbing, BlanksEveryForm) {
  Scrubber scrubber;
  scrubber.learn(Object{{"a", Secret("pa ss\"word/1")}, {"b", List{Secret("abc")}}});
  EXPECT_EQ(scrubber.clean("x pa ss\"word/1 y"), "x (secret) y");
  EXPECT_EQ(scrubber.clean("x=pa%20ss%22word%2F1&"), "x=(secret)&");
  EXPECT_EQ(scrubber.clean("\"pa ss\\\"word/1\""), "\"(secret)\"");
  EXPECT_EQ(scrubber.clean("abc stays: too short to blank"), "abc stays: too short to blank");
  Scrubber basic;
  basic.learn_text("correct horse battery");
  EXPECT_EQ(basic.clean("Basic dXNlcjpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=").find("IGhvcnNlIGJhdHR"),
            std::string::npos);
  Scrubber url;
  url.learn_text("postgres://app:hunter2secret@db.example/app");
  EXPECT_EQ(url.clean("for hunter2secret"), "for (secret)");
  EXPECT_LE(url.clean(std::string(10'000, 'x')).size(), 2048U);
}

class Clockwork : public Clock {
 public:
  [[nodiscard]] std::chrono::sys_time<milliseconds> now() const override {
    return std::chrono::sys_time<milliseconds>(at);
  }
  [[nodiscard]] milliseconds steady() const override { return at; }
  milliseconds at{1000};
};

TEST(PaceTest, KeepsBudgetsPerCallAndParent) {
  Clockwork clock;
  Pace pace(clock);
  ProviderSchema schema{.name = "p"};
  schema.budgets = {{"* /apps/{app}/machines", 1, seconds{1}, 2, true}};
  const auto take = [&](const char* call, const char* parent) {
    return pace.take(schema, "token", call, parent).count();
  };
  EXPECT_EQ(take("POST /apps/{app}/machines", "a"), 0);
  EXPECT_EQ(take("POST /apps/{app}/machines", "a"), 0);
  EXPECT_EQ(take("GET /apps/{app}/machines", "a"), 1000);
  EXPECT_EQ(take("POST /apps/{app}/machines", "b"), 0);  // its own bucket
  EXPECT_EQ(take("POST /apps", "a"), 0);                 // another call
  clock.at += seconds{1};
  EXPECT_EQ(take("POST /apps/{app}/machines", "a"), 0);
  EXPECT_GT(take("POST /apps/{app}/machines", "a"), 0);
}

TEST(MemoryTest, MakesOnceAndForgetsFailures) {
  Memory memory;
  int made = 0;
  const auto fail = [&]() -> Reply<Value> {
    ++made;
    return Error{ErrorKind::unclear, "no"};
  };
  const auto make = [&]() -> Reply<Value> { return Value(++made); };
  EXPECT_FALSE(memory.once("k", fail));
  EXPECT_EQ(memory.once("k", make)->integer(), 2);
  EXPECT_EQ(memory.once("k", make)->integer(), 2);
  EXPECT_EQ(memory.once("other", make)->integer(), 3);
}

TEST(Templates, TakeTheirSettings) {
  const Value settings = Object{{"ref", "abc"},
                                {"infra", Object{{"data", "/d"}}},
                                {"token", Secret("s3cret")},
                                {"port", 8080}};
  EXPECT_EQ(filled("https://{ref}.example:{port}{infra/data}", settings)->text(),
            "https://abc.example:8080/d");
  EXPECT_NE(filled("Key {token}!", settings)->as<Secret>(), nullptr);
  auto missing = filled("{nothing}", settings);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().path, "/nothing");
}

TEST(Fields, TranslateBothWays) {
  const std::vector<Field> fields{{"/timeout", "/timeoutNs", {}, As::nanoseconds},
                                  {"/memory", "/mem", {}, As::megabytes},
                                  {"/grace", "/grace", {}, As::whole_seconds},
                                  {"/policy", "/restart", {}, As::names, {{"never", "NEVER"}}}};
  const Value desired = Object{{"timeout", Duration{1500}},
                               {"memory", Size{512'000'001}},
                               {"grace", Duration{1200}},
                               {"policy", "never"}};
  const Value body = encode(fields, desired);
  EXPECT_EQ(body.at("/timeoutNs").integer(), 1'500'000'000);
  EXPECT_EQ(body.at("/mem").integer(), 513);  // rounded up: nothing is smaller than asked for
  EXPECT_EQ(body.at("/grace").integer(), 2);
  EXPECT_EQ(body.at("/restart").text(), "NEVER");
  const Value back = decode(fields, body);
  EXPECT_EQ(back.at("/timeout").as<Duration>()->milliseconds, 1500);
  EXPECT_EQ(back.at("/memory").as<Size>()->bytes, 513'000'000);
  EXPECT_EQ(back.at("/policy").text(), "never");
  const std::vector<Path> changed{"/grace"};
  const Value patch = encode(fields, Object{}, &changed);
  EXPECT_EQ(patch.object().size(), 1U);
  EXPECT_TRUE(patch.object().contains("grace"));
}

TEST(Support, KeysAndConcatenation) {
  Change change{Action::update, "a", "t", "i"};
  change.changed = {"/env/A", "/env/A~1B/x", "/environment/C"};
  EXPECT_EQ(keys_changed(change, "/env"), (std::vector<std::string>{"A", "A/B"}));
  EXPECT_FALSE(touches(change, "/envi"));
  EXPECT_TRUE(touches(change, ""));
  EXPECT_EQ(concatenated({"a", 1, "b"}).text(), "a1b");
  const Value secret = concatenated({"K=", Secret("v"), "!"});
  ASSERT_NE(secret.as<Secret>(), nullptr);
  EXPECT_TRUE(same_secret(*secret.as<Secret>(), Secret("K=v!")));
}

TEST(Support, PagesThatGoRoundAreRefused) {
  int calls = 0;
  auto circle = all_pages([&](const Value&) -> Reply<Page> {
    ++calls;
    return Page{List{1}, "next"};
  });
  ASSERT_FALSE(circle);
  EXPECT_EQ(circle.error().kind, ErrorKind::unclear);
  EXPECT_EQ(calls, 2);
  auto two = all_pages([](const Value& cursor) -> Reply<Page> {
    return cursor ? Page{List{2}, {}} : Page{List{1}, "2"};
  });
  ASSERT_TRUE(two);
  EXPECT_EQ(two->size(), 2U);
}

}  // namespace
}  // namespace infra
