// One cloud, two skins: a driver over real HTTP and the simulator without a socket must tell the
// same story.
#include "tests/support/http_simulator.h"

#include <gtest/gtest.h>

#include "providers/simulator/simulator.h"
#include "tests/unit/doors/door_fixture.h"

namespace infra {
namespace {

class BothSkins : public DoorTest {
 protected:
  void make(std::uint64_t seed, double rate) {
    schema = testing::http_simulator_schema();
    CloudOptions options;
    options.seed = seed;
    if (rate > 0) {
      options.faults = FaultSchedule(seed, rate);
    }
    plain_cloud = std::make_unique<Cloud>(simulator_schema(), options);
    served_cloud = std::make_unique<Cloud>(simulator_schema(), options);
    serve(testing::serve_cloud(*served_cloud));
  }

  // The same request through both; what is heard must be the same.
  Reply<Remote> both(Change change, const std::string& parent = "") {
    ApplyRequest request;
    request.parent = parent;
    request.changes = {std::move(change)};
    auto door = writer();
    auto over_http = testing::HttpSimulator(schema).apply(request, *door).front();
    auto plain_door =
        open_writer(testing::quick_context(simulator_schema(), Object{}, &waited), plain_gate);
    auto plain = Simulator(*plain_cloud).apply(request, *plain_door).front();
    EXPECT_EQ(bool(over_http), bool(plain))
        << (over_http ? plain.error().message : over_http.error().message);
    if (over_http && plain) {
      expect_same(*over_http, *plain);
    } else if (!over_http && !plain) {
      EXPECT_EQ(over_http.error().kind, heard(plain.error().kind)) << plain.error().message;
    }
    return over_http;
  }
  // On a socket that the server closes nobody can tell that nothing arrived.
  static ErrorKind heard(ErrorKind kind) {
    return kind == ErrorKind::not_sent ? ErrorKind::unclear : kind;
  }
  static void expect_same(const Remote& left, const Remote& right) {
    EXPECT_EQ(left.id, right.id);
    EXPECT_EQ(left.marker, right.marker);
    EXPECT_EQ(left.marks, right.marks);
    EXPECT_TRUE(same(left.attributes, right.attributes)) << left.id;
  }
  void expect_same_lists(const std::string& type, const std::string& parent = "") {
    auto door = reader();
    auto over_http = testing::HttpSimulator(schema).list({type, parent}, *door);
    auto plain = plain_cloud->list(type, parent);
    ASSERT_TRUE(over_http) << over_http.error().message;
    ASSERT_TRUE(plain);
    ASSERT_EQ(over_http->size(), plain->size());
    for (std::size_t i = 0; i < plain->size(); ++i) {
      expect_same((*over_http)[i], (*plain)[i]);
    }
  }
  static Change create(const std::string& type, Value desired, const std::string& marker) {
    Change change{Action::create, "resource.x", type, ""};
    change.desired = std::move(desired);
    change.marker = marker;
    change.op = "op-" + marker;
    return change;
  }

  std::unique_ptr<Cloud> plain_cloud, served_cloud;
  testing::RecordingGate plain_gate;
};

TEST_F(BothSkins, TellTheSameStory) {
  make(11, 0);
  auto named = both(create("simulator.named",
                           Object{{"name", "a"},
                                  {"label", "Mixed"},
                                  {"zones", List{"x", "y"}},
                                  {"secret", Secret("canary")},
                                  {"tags", Object{{"k", "v"}}}},
                           "m1"));
  ASSERT_TRUE(named);
  EXPECT_EQ(both(create("simulator.named", Object{{"name", "a"}}, "m2")).error().kind,
            ErrorKind::exists);
  Change update{Action::update, "resource.x", "simulator.named", named->id};
  update.desired = Object{{"size", 5}, {"secret", Secret("other")}};
  update.changed = {"/size", "/secret", "/tags/k"};
  ASSERT_TRUE(both(update));
  for (int i = 0; i < 8; ++i) {  // several pages
    ASSERT_TRUE(both(create("simulator.keyed", Object{{"size", i}}, "key" + std::to_string(i))));
  }
  expect_same_lists("simulator.keyed");
  expect_same_lists("simulator.named");
  auto token = both(create("simulator.token", Object{{"name", "t"}}, "m3"));
  ASSERT_TRUE(token);
  EXPECT_NE(token->attributes.at("/token").as<Secret>(), nullptr);
  auto environment = both(create("simulator.environment", Object{{"name", "e"}}, "m4"));
  ASSERT_TRUE(environment);
  ASSERT_TRUE(both(create("simulator.member", Object{{"name", "b"}}, "m5"), environment->id));
  expect_same_lists("simulator.member", environment->id);
  Change remove{Action::remove, "resource.x", "simulator.environment", environment->id};
  ASSERT_TRUE(both(remove));
  ASSERT_TRUE(both(remove));  // absent already
  expect_same_lists("simulator.member", environment->id);
  EXPECT_EQ(plain_cloud->objects().size(), served_cloud->objects().size());
}

TEST_F(BothSkins, AgreeInTrouble) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    make(seed, 0.6);
    for (int i = 0; i < 12; ++i) {
      const std::string name = "n" + std::to_string(i);
      (void)both(create("simulator.named", Object{{"name", name}, {"size", i}}, name));
    }
    plain_cloud->stop_faults();
    served_cloud->stop_faults();
    expect_same_lists("simulator.named");
    EXPECT_EQ(plain_cloud->struck(), served_cloud->struck());
    EXPECT_EQ(plain_cloud->mutations(), served_cloud->mutations());
  }
}

}  // namespace
}  // namespace infra
