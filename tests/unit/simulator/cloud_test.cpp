// The imitated platform: what it does with values, time and trouble.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "providers/simulator/simulator.h"
#include "providers/support.h"
#include "tests/support/recording_gate.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

class Clockwork : public Clock {
 public:
  [[nodiscard]] std::chrono::sys_time<milliseconds> now() const override {
    return std::chrono::sys_time<milliseconds>(steady_);
  }
  [[nodiscard]] milliseconds steady() const override { return steady_; }
  milliseconds steady_{1000};
};

class CloudTest : public ::testing::Test {
 protected:
  void make(CloudOptions options = {}) {
    cloud = std::make_unique<Cloud>(simulator_schema(), std::move(options));
    cloud->on_mutation = [this](const CloudRequest& request) { mutated.push_back(request.op); };
  }
  void strike(Fault fault, Behaviours behaviours = {}) {
    CloudOptions options;
    options.faults = FaultSchedule(1, 1.0);
    options.faults.enable_only(fault);
    options.behaviours = std::move(behaviours);
    make(std::move(options));
  }

  static Change create(const std::string& type, Value desired, const std::string& marker = "m1") {
    Change change{Action::create, "resource.x", type, ""};
    change.desired = std::move(desired);
    change.op = "op-" + marker;
    change.marker = marker;
    return change;
  }
  static Change update(const Remote& remote, const std::string& type, Value desired,
                       std::vector<Path> changed) {
    Change change{Action::update, "resource.x", type, remote.id};
    change.desired = std::move(desired);
    change.changed = std::move(changed);
    return change;
  }
  Replies apply(std::vector<Change> changes, const std::string& parent = "",
                const std::string& version = "") {
    ApplyRequest request;
    request.parent = parent;
    request.version = version;
    request.changes = std::move(changes);
    auto writer = open_writer(testing::quick_context(simulator_schema(), Object{}, &waited), gate);
    return Simulator(*cloud).apply(request, *writer);
  }
  Reply<Remote> apply_one(Change change, const std::string& parent = "") {
    return apply({std::move(change)}, parent).front();
  }
  std::vector<Remote> listed(const std::string& type, const std::string& parent = "") {
    auto reader = open_reader(testing::quick_context(simulator_schema(), Object{}));
    auto found = Simulator(*cloud).list({type, parent}, *reader);
    EXPECT_TRUE(found) << (found ? "" : found.error().message);
    return found ? *found : std::vector<Remote>{};
  }

  std::unique_ptr<Cloud> cloud;
  testing::RecordingGate gate;
  milliseconds waited{0};
  std::vector<std::string> mutated;
};

TEST_F(CloudTest, AnswersInItsOwnSpelling) {
  make();
  auto made = apply_one(create("simulator.thing", Object{{"name", "a"},
                                                         {"label", "Blue"},
                                                         {"zones", List{"x", "y"}},
                                                         {"size", 3},
                                                         {"unheard_of", "left out"}}));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->attributes.at("/label").text(), "BLUE");
  EXPECT_EQ(made->attributes.at("/zones/0").text(), "y");
  EXPECT_EQ(made->attributes.at("/size").integer(), 3);
  EXPECT_EQ(made->attributes.at("/tier").text(), "basic");  // its default
  EXPECT_FALSE(made->attributes.at("/unheard_of"));
  EXPECT_EQ(made->attributes.at("/id").text(), made->id);
  EXPECT_EQ(made->marker, "m1");
  const auto all = listed("simulator.thing");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(same(all[0].attributes, made->attributes));
}

TEST_F(CloudTest, KeepsMarksAndNoSecrets) {
  make();
  auto made = apply_one(create("simulator.thing", Object{{"secret", Secret("canary-1")}}));
  ASSERT_TRUE(made);
  EXPECT_NE(made->attributes.at("/secret").as<Hidden>(), nullptr);
  const std::string before = made->marks.at("/secret");
  auto changed = apply_one(
      update(*made, "simulator.thing", Object{{"secret", Secret("canary-2")}}, {"/secret"}));
  ASSERT_TRUE(changed);
  EXPECT_NE(changed->marks.at("/secret"), before);
  auto kept = apply_one(update(*made, "simulator.thing", Object{{"secret", Hidden{}}, {"size", 1}},
                               {"/secret", "/size"}));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->marks.at("/secret"), changed->marks.at("/secret"));
  auto digested = apply_one(
      create("simulator.secret_set", Object{{"values", Object{{"K", Secret("v")}}}}, "m2"));
  ASSERT_TRUE(digested);
  EXPECT_EQ(digested->marks.at("/values/K"), sha256_hex("v"));
}

TEST_F(CloudTest, UpdatesOnlyWhatChanged) {
  make();
  auto made = apply_one(
      create("simulator.thing", Object{{"tags", Object{{"a", "1"}, {"b", "2"}}}, {"size", 3}}));
  ASSERT_TRUE(made);
  ASSERT_TRUE(cloud->edit("simulator.thing", made->id, "/tags/person", "was here"));
  auto changed =
      apply_one(update(*made, "simulator.thing", Object{{"tags", Object{{"a", "9"}}}, {"size", 99}},
                       {"/tags/a", "/tags/b"}));
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->attributes.at("/tags/a").text(), "9");
  EXPECT_FALSE(changed->attributes.at("/tags/b"));
  EXPECT_EQ(changed->attributes.at("/tags/person").text(), "was here");
  EXPECT_EQ(changed->attributes.at("/size").integer(), 3);
}

TEST_F(CloudTest, FindsAgainByEachClass) {
  make();
  ASSERT_TRUE(apply_one(create("simulator.named", Object{{"name", "a"}})));
  auto twin = apply_one(create("simulator.named", Object{{"name", "a"}}, "m2"));
  ASSERT_FALSE(twin);
  EXPECT_EQ(twin.error().kind, ErrorKind::exists);
  EXPECT_EQ(twin.error().path, "/name");
  ASSERT_TRUE(apply_one(create("simulator.keyed", Object{{"size", 1}}, "key")));
  auto again = apply_one(create("simulator.keyed", Object{{"size", 2}}, "key"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, "key");
  EXPECT_EQ(listed("simulator.keyed").size(), 1U);
  ASSERT_TRUE(apply_one(create("simulator.listed", Object{{"name", "b"}})));
  EXPECT_EQ(listed("simulator.listed").front().marker, "");  // nothing to carry one
}

TEST_F(CloudTest, RecordsBeforeItWaits) {
  Behaviours slow{{"simulator.thing", Behaviour{milliseconds{5000}}}};
  CloudOptions options;
  options.behaviours = slow;
  make(options);
  auto made = apply_one(create("simulator.thing", Object{{"name", "a"}}));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->status, Status::ready);
  ASSERT_EQ(gate.recorded.size(), 1U);
  EXPECT_EQ(gate.recorded[0].remote.status, Status::pending);
  EXPECT_EQ(gate.recorded[0].remote.id, made->id);
  EXPECT_EQ(waited.count(), 0);  // it moved its own clock
  EXPECT_GE(cloud->now(), milliseconds{5000});
}

TEST_F(CloudTest, WaitsThroughTheDoorOnTheEnginesClock) {
  Clockwork clock;
  CloudOptions options;
  options.clock = &clock;
  options.behaviours = {{"", Behaviour{milliseconds{2500}}}};
  make(options);
  ApplyRequest request;
  request.changes = {create("simulator.thing", Object{})};
  auto context = testing::quick_context(simulator_schema(), Object{});
  context.wait = [&](milliseconds time) -> Reply<Done> {
    clock.steady_ += time;
    return Done{};
  };
  auto writer = open_writer(std::move(context), gate);
  auto made = Simulator(*cloud).apply(request, *writer).front();
  ASSERT_TRUE(made);
  EXPECT_EQ(clock.steady_, milliseconds{4000});
}

TEST_F(CloudTest, AsksTheGateBeforeEachMutation) {
  make();
  gate.refuse = Error{ErrorKind::pending, "interrupted"};
  auto refused = apply_one(create("simulator.thing", Object{}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::pending);
  EXPECT_TRUE(mutated.empty());
  gate.refuse.reset();
  ASSERT_TRUE(apply_one(create("simulator.thing", Object{})));
  EXPECT_EQ(mutated, std::vector<std::string>{"op-m1"});
  EXPECT_EQ(gate.asked.back(), false);
  ASSERT_TRUE(apply_one(create("simulator.keyed", Object{})));
  EXPECT_EQ(gate.asked.back(), true);
}

TEST_F(CloudTest, ContainersTakeTheirContentsWithThem) {
  make();
  auto service = apply_one(create("simulator.service", Object{{"name", "web"}}));
  ASSERT_TRUE(service);
  auto volume = apply_one(create("simulator.volume", Object{{"mount", "/data"}}), service->id);
  ASSERT_TRUE(volume);
  EXPECT_EQ(listed("simulator.volume", service->id).size(), 1U);
  Change gone{Action::remove, "service.web", "simulator.service", service->id};
  ASSERT_TRUE(apply_one(gone));
  EXPECT_TRUE(listed("simulator.volume").empty());
  EXPECT_TRUE(apply_one(gone));  // gone is gone
}

TEST_F(CloudTest, MakesFirstAndLiveWithItsDeployment) {
  make();
  auto service = apply_one(create("simulator.service", Object{{"name", "web"}}));
  ASSERT_TRUE(service);
  EXPECT_EQ(service->attributes.at("/url").text(), "https://web.simulator.example");
  const auto is_live = [&] {
    const auto all = cloud->objects();
    return std::ranges::any_of(
        all, [](const CloudObject& o) { return o.type == "simulator.service" && o.live; });
  };
  EXPECT_FALSE(is_live());
  auto deployment = apply_one(create("simulator.deployment", Object{}), service->id);
  ASSERT_TRUE(deployment);
  EXPECT_TRUE(is_live());
  const std::string first = deployment->attributes.at("/revision").text();
  Change again{Action::update, "service.web.deployment", "simulator.deployment", deployment->id};
  again.redeploy = true;
  auto second = apply_one(again, service->id);
  ASSERT_TRUE(second);
  EXPECT_NE(second->attributes.at("/revision").text(), first);
}

TEST_F(CloudTest, ShowsOnceWhatIsIssued) {
  make();
  auto token = apply_one(create("simulator.token", Object{{"name", "t"}}));
  ASSERT_TRUE(token);
  ASSERT_NE(token->attributes.at("/token").as<Secret>(), nullptr);
  EXPECT_NE(listed("simulator.token").front().attributes.at("/token").as<Hidden>(), nullptr);
  auto rotated = apply_one(update(*token, "simulator.token", Object{}, {"/token"}));
  ASSERT_TRUE(rotated);
  ASSERT_NE(rotated->attributes.at("/token").as<Secret>(), nullptr);
  EXPECT_FALSE(same(rotated->attributes.at("/token"), token->attributes.at("/token")));
}

TEST_F(CloudTest, ADatabasesUrlFollowsItsPassword) {
  make();
  auto made = apply_one(
      create("simulator.database", Object{{"name", "db"}, {"password", Secret("first")}}));
  ASSERT_TRUE(made);
  const Value before = made->attributes.at("/url");
  ASSERT_NE(before.as<Secret>(), nullptr);
  auto same_again =
      apply_one(update(*made, "simulator.database", Object{{"plan", "large"}}, {"/plan"}));
  ASSERT_TRUE(same_again);
  EXPECT_TRUE(same(same_again->attributes.at("/url"), before));
  auto rotated = apply_one(
      update(*made, "simulator.database", Object{{"password", Secret("second")}}, {"/password"}));
  ASSERT_TRUE(rotated);
  EXPECT_FALSE(same(rotated->attributes.at("/url"), before));
}

TEST_F(CloudTest, AGroupIsOneCallWithItsContainerBornInIt) {
  CloudOptions options;
  options.behaviours = {{"simulator.member", Behaviour{.versioned = true}}};
  make(options);
  Change container = create("simulator.environment", Object{{"name", "prod"}});
  Change member = create("simulator.member", Object{{"name", "a"}, {"size", 1}}, "m2");
  auto both = apply({container, member});
  ASSERT_TRUE(both[0]);
  ASSERT_TRUE(both[1]) << both[1].error().message;
  const std::string parent = both[0]->id;
  const auto members = listed("simulator.member", parent);
  ASSERT_EQ(members.size(), 1U);
  Change stay{Action::stay, "resource.x", "simulator.member", members[0].id};
  auto more = apply({stay, create("simulator.member", Object{{"name", "b"}}, "m3")}, parent,
                    members[0].version);
  EXPECT_TRUE(more[1]);
  auto stale =
      apply({create("simulator.member", Object{{"name", "c"}}, "m4")}, parent, members[0].version);
  ASSERT_FALSE(stale[0]);
  EXPECT_EQ(stale[0].error().kind, ErrorKind::stale);
}

TEST_F(CloudTest, ListingLagsBehind) {
  CloudOptions options;
  Behaviour lagging;
  lagging.list_lag = milliseconds{3000};
  lagging.delete_lag = milliseconds{2000};
  options.behaviours = {{"", lagging}};
  make(options);
  auto made = apply_one(create("simulator.named", Object{{"name", "a"}}));
  ASSERT_TRUE(made);
  EXPECT_TRUE(listed("simulator.named").empty());
  cloud->advance(milliseconds{3000});
  EXPECT_EQ(listed("simulator.named").size(), 1U);
  ASSERT_TRUE(apply_one(Change{Action::remove, "resource.x", "simulator.named", made->id}));
  EXPECT_EQ(listed("simulator.named").size(), 1U);
  EXPECT_FALSE(apply_one(create("simulator.named", Object{{"name", "a"}}, "m2")));  // still taken
  cloud->advance(milliseconds{2000});
  EXPECT_TRUE(listed("simulator.named").empty());
  EXPECT_TRUE(apply_one(create("simulator.named", Object{{"name", "a"}}, "m2")));
}

struct Trouble {
  Fault fault;
  std::size_t objects;  // that exist afterwards
  ErrorKind heard;      // none: a success
  bool accepted;        // the platform took it: an intent had to be there
};

class EachFault : public CloudTest, public ::testing::WithParamInterface<Trouble> {};

TEST_P(EachFault, HasItsEffectAndItsAnswer) {
  const Trouble& trouble = GetParam();
  strike(trouble.fault);
  auto reply = apply_one(create("simulator.named", Object{{"name", "a"}, {"size", 1}}));
  EXPECT_EQ(reply ? ErrorKind::none : reply.error().kind, trouble.heard);
  EXPECT_EQ(cloud->objects().size(), trouble.objects);
  EXPECT_EQ(mutated.size(), trouble.accepted ? 1U : 0U);
  EXPECT_EQ(cloud->struck().at(std::string(fault_name(trouble.fault))), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Create, EachFault,
    ::testing::Values(Trouble{Fault::lost_before, 0, ErrorKind::unclear, false},
                      Trouble{Fault::lost_after, 1, ErrorKind::unclear, true},
                      Trouble{Fault::delayed, 0, ErrorKind::unclear, true},
                      Trouble{Fault::server_error_undone, 0, ErrorKind::unclear, false},
                      Trouble{Fault::server_error_done, 1, ErrorKind::unclear, true},
                      Trouble{Fault::throttled, 0, ErrorKind::busy, false},
                      Trouble{Fault::refused_connection, 0, ErrorKind::not_sent, false},
                      Trouble{Fault::sent_twice, 1, ErrorKind::none, true},
                      Trouble{Fault::partial, 1, ErrorKind::unclear, true},
                      Trouble{Fault::fails_later, 1, ErrorKind::broken, true},
                      Trouble{Fault::exists_ours, 1, ErrorKind::exists, true},
                      Trouble{Fault::exists_foreign, 1, ErrorKind::exists, true},
                      Trouble{Fault::revoked, 0, ErrorKind::denied, false},
                      Trouble{Fault::garbled, 1, ErrorKind::unclear, true}),
    [](const auto& kind) { return "kind_" + std::string(fault_name(kind.param.fault)); });

TEST_F(CloudTest, ALostRequestMayStillArrive) {
  strike(Fault::delayed);
  EXPECT_FALSE(apply_one(create("simulator.thing", Object{})));
  EXPECT_TRUE(cloud->objects().empty());
  cloud->advance(seconds{60});
  EXPECT_EQ(cloud->objects().size(), 1U);
}

TEST_F(CloudTest, ADoubleSendMakesATwinWithOneMarker) {
  strike(Fault::sent_twice);
  ASSERT_TRUE(apply_one(create("simulator.thing", Object{}, "the-marker")));
  const auto all = cloud->objects();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].marker, all[1].marker);
  EXPECT_NE(all[0].id, all[1].id);
}

TEST_F(CloudTest, NoticesWhoTouchesAStranger) {
  make();
  const std::string id = cloud->create_foreign("simulator.thing", "", Object{{"name", "theirs"}});
  EXPECT_TRUE(cloud->touched_foreign().empty());
  Remote stranger{id};
  ASSERT_TRUE(apply_one(update(stranger, "simulator.thing", Object{{"size", 1}}, {"/size"})));
  EXPECT_EQ(cloud->touched_foreign(), std::vector<std::string>{"simulator.thing/" + id});
}

TEST_F(CloudTest, OneSeedIsOneCourseOfEvents) {
  const auto course = [&](std::uint64_t seed) {
    CloudOptions options;
    options.seed = seed;
    options.faults = FaultSchedule(seed, 0.5);
    make(options);
    std::string heard;
    for (int i = 0; i < 50; ++i) {
      auto reply = apply_one(create("simulator.thing", Object{{"size", i}}, std::to_string(i)));
      heard += reply ? reply->id : std::to_string(static_cast<int>(reply.error().kind));
      heard += " ";
    }
    return heard;
  };
  EXPECT_EQ(course(7), course(7));
  EXPECT_NE(course(7), course(8));
}

}  // namespace
}  // namespace infra
