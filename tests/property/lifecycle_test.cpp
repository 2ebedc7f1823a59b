// Random programs over the simulator, with seeded faults and with a crash at every named moment.
// Seeds are printed when something breaks; INFRA_SEEDS=N runs N times as many.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <set>

#include "planner/crash_points.h"
#include "tests/support/stack_world.h"

namespace infra::test {
namespace {

using std::chrono::milliseconds;

struct Crash {  // the process dies here
  std::string point;
};

std::uint64_t scale() {
  const char* text = std::getenv("INFRA_SEEDS");
  return text == nullptr ? 1 : std::max<std::uint64_t>(1, std::strtoull(text, nullptr, 10));
}

std::uint64_t first_seed() {  // INFRA_SEED=N: begin there
  const char* text = std::getenv("INFRA_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

// A stack of things that use one another, as text.
class Program {
 public:
  explicit Program(std::uint64_t seed) : dice_(seed) { grow(3 + dice_.below(4)); }

  [[nodiscard]] std::string text() const {
    std::string all = "secret shared { generate = random(16) }\n";
    for (const auto& thing : things_) {
      all += "resource simulator." + thing.type + " " + thing.name +
             " {\n  size = " + std::to_string(thing.size) + "\n  region = \"" + thing.region +
             "\"\n";
      if (thing.secret) {
        all += "  secret = secret.shared\n";
      }
      if (!thing.uses.empty()) {
        all += "  uses = [";
        for (const auto& used : thing.uses) {
          all += "resource." + used + ".url, ";
        }
        all += "]\n";
      }
      all += "}\n";
    }
    return all;
  }

  [[nodiscard]] std::size_t size() const { return things_.size(); }

  void change() {
    for (std::uint64_t n = 1 + dice_.below(3); n > 0; --n) {
      switch (dice_.below(5)) {
        case 0:
          grow(1);
          break;
        case 1:
          drop();
          break;
        case 2:
          some().size += 1;
          break;
        case 3:
          some().region = some().region == "eu" ? "us" : "eu";
          break;
        default:
          some().secret = !some().secret;
          break;
      }
    }
  }

 private:
  struct Thing {
    std::string type, name, region;
    std::uint64_t size = 0;
    bool secret = false;
    std::vector<std::string> uses;
  };

  Thing& some() { return things_[dice_.below(things_.size())]; }

  void grow(std::uint64_t count) {
    static constexpr const char* types[] = {"thing", "keyed", "named", "listed", "single"};
    for (; count > 0; --count) {
      Thing thing;
      thing.type = types[dice_.below(5)];
      thing.name = "t" + std::to_string(next_++);
      thing.region = dice_.below(2) == 0 ? "eu" : "us";
      thing.size = 100 * next_ + dice_.below(9);
      thing.secret = dice_.below(3) == 0;
      for (const auto& other : things_) {
        if (dice_.below(3) == 0) {
          thing.uses.push_back(other.name);
        }
      }
      things_.push_back(std::move(thing));
    }
  }

  void drop() {
    if (things_.size() < 2) {
      return;
    }
    const auto gone = things_.begin() + static_cast<std::ptrdiff_t>(dice_.below(things_.size()));
    const std::string name = gone->name;
    things_.erase(gone);
    for (auto& thing : things_) {
      std::erase(thing.uses, name);
    }
  }

  Dice dice_;
  std::uint64_t next_ = 0;
  std::vector<Thing> things_;
};

// The time of all runs of one world, handed on from runner to runner.
class SharedClock : public Clock {
 public:
  [[nodiscard]] std::chrono::sys_time<milliseconds> now() const override {
    return std::chrono::sys_days(std::chrono::year{2026} / 1 / 2) + steady();
  }
  [[nodiscard]] milliseconds steady() const override {
    return runner == nullptr ? stopped : runner->steady();
  }
  void stop() {  // the next command comes a while later: listings have caught up
    stopped = steady() + milliseconds(10000);
    runner = nullptr;
  }
  Clock* runner = nullptr;
  milliseconds stopped{0};
};

struct Bench {
  Bench(std::uint64_t seed, double fault_rate)
      : world(StackWorld::Setup{seed, fault_rate, &clock, behaviours(), {}}), program(seed) {
    world.write(program.text());
    const auto watch = world.cloud().on_mutation;
    world.cloud().on_mutation = [this, watch](const CloudRequest& request) {
      watch(request);
      note(request);
    };
  }

  static Behaviours behaviours() {
    Behaviours all;
    all[""].list_lag = milliseconds(3000);
    all[""].ready_after = milliseconds(2000);
    return all;
  }

  // No request changes anything without an intent that is on disk.
  void note(const CloudRequest& request) {
    const State state = world.state();
    if (!state.intents.contains(request.op)) {
      broken.push_back("no durable intent for " + request.address);
    }
  }

  // One apply on a virtual clock; `crash_at`: it dies at that passing of any point.
  std::optional<ApplyResult> apply(std::uint64_t order, std::size_t crash_at) {
    return apply_until(order, [&](std::string_view point) {
      if (++passed == crash_at) {
        throw Crash{std::string(point)};
      }
    });
  }

  // The same with anything happening at the points.
  std::optional<ApplyResult> apply_until(std::uint64_t order,
                                         const std::function<void(std::string_view)>& at_point) {
    VirtualTime time = make_virtual_runner(order, 3, clock.stopped);
    clock.runner = time.clock;
    passed = 0;
    const ExecutionHooks hooks{at_point};
    std::optional<ApplyResult> result;
    try {
      result = world.apply_on(*time.runner, hooks);
    } catch (const Crash& crash) {
      last_crash = crash.point;
    }
    clock.stop();
    return result;
  }

  // Strangers who hold a name that the program wants let go of it.
  void clear_the_way() {
    EXPECT_TRUE(world.cloud().touched_foreign().empty()) << world.cloud().touched_foreign().front();
    for (const auto& object : world.cloud().objects()) {
      if (object.foreign) {
        world.cloud().vanish(object.type, object.id);
      }
    }
  }

  // What must hold once an apply has ended well.
  void expect_settled() {
    const State state = world.state();
    EXPECT_TRUE(state.intents.empty());
    EXPECT_TRUE(state.deposed.empty());
    std::set<std::string> remembered;
    for (const auto& [address, record] : state.resources) {
      if (record.type != "infra.secret") {
        remembered.insert(record.type + "/" + record.id);
      }
    }
    std::set<std::string> there;
    std::map<std::string, int> marked;
    for (const auto& object : world.cloud().objects()) {
      if (!object.foreign) {
        there.insert(object.type + "/" + object.id);
        EXPECT_EQ(++marked[object.marker], 1) << "a twin of " << object.id;
      }
    }
    EXPECT_EQ(there, remembered);
    EXPECT_EQ(there.size(), program.size());
    EXPECT_TRUE(world.cloud().touched_foreign().empty());
    const auto mutations = world.cloud().mutations();
    const Plan plan = world.plan();
    EXPECT_EQ(summary(plan), "");
    EXPECT_FALSE(plan.has_drift());
    EXPECT_EQ(world.cloud().mutations(), mutations);
    EXPECT_TRUE(broken.empty()) << broken.front();
  }

  SharedClock clock;
  StackWorld world;
  Program program;
  std::size_t passed = 0;
  std::string last_crash;
  std::vector<std::string> broken;
};

std::string problems(const std::optional<ApplyResult>& result) {
  std::string all;
  for (const auto& failed : result->failed) {
    all += failed.address + ": " + failed.error.message + "\n";
  }
  for (const auto& unknown : result->unknown) {
    all += unknown.address + " is not known\n";
  }
  for (const auto& other : result->divergences) {
    all += other.address + other.path + " asked " + other.asked + " got " + other.got + "\n";
  }
  return all;
}

TEST(Lifecycle, EndsAsWrittenInAnyOrder) {
  for (std::uint64_t seed = 1; seed <= 12 * scale(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Bench bench(seed, 0);
    for (std::uint64_t round = 0; round < 3; ++round) {
      const auto result = bench.apply(seed * 100 + round, 0);
      ASSERT_TRUE(result);
      EXPECT_EQ(result->exit_status(), 0) << problems(result);
      bench.expect_settled();
      bench.program.change();
      bench.world.write(bench.program.text());
    }
    if (HasFailure()) {
      return;
    }
  }
}

TEST(Lifecycle, ACrashAtAnyPointLosesNothing) {
  for (std::uint64_t seed = 1; seed <= scale(); ++seed) {
    std::size_t points = 1;
    for (std::size_t crash_at = 1; crash_at <= points; ++crash_at) {
      Bench bench(seed, 0);
      SCOPED_TRACE("seed " + std::to_string(seed) + ", crash " + std::to_string(crash_at));
      bench.apply(seed, 0);
      bench.program.change();
      bench.world.write(bench.program.text());
      const auto result = bench.apply(seed + 1, crash_at);
      if (result) {
        EXPECT_EQ(result->exit_status(), 0) << problems(result);
        break;
      }
      points = crash_at + 1;
      const auto after = bench.apply(seed + 2, 0);
      ASSERT_TRUE(after);
      EXPECT_EQ(after->exit_status(), 0) << bench.last_crash << "\n" << problems(after);
      bench.expect_settled();
      if (HasFailure()) {
        return;
      }
    }
  }
}

TEST(Lifecycle, CrashesInTheFirstApplyLoseNothing) {
  for (std::uint64_t seed = 1; seed <= scale(); ++seed) {
    for (std::size_t crash_at = 1;; ++crash_at) {
      Bench bench(seed, 0);
      SCOPED_TRACE("seed " + std::to_string(seed) + ", crash " + std::to_string(crash_at));
      const auto result = bench.apply(seed + 1, crash_at);
      if (result) {
        break;
      }
      const auto second = bench.apply(seed + 2, crash_at);  // and again, in its recovery or later
      if (second) {
        bench.expect_settled();
      } else {
        const auto after = bench.apply(seed + 3, 0);
        ASSERT_TRUE(after);
        EXPECT_EQ(after->exit_status(), 0) << bench.last_crash << "\n" << problems(after);
        bench.expect_settled();
      }
      if (HasFailure()) {
        return;
      }
    }
  }
}

TEST(Lifecycle, AnInterruptLosesNothing) {
  for (std::uint64_t seed = 1; seed <= 10 * scale(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Bench bench(seed, 0);
    const auto result = bench.apply_until(seed, [&](std::string_view /*point*/) {
      if (++bench.passed == 2 + 3 * seed) {
        bench.world.interrupts = 1;
      }
    });
    ASSERT_TRUE(result);
    bench.world.interrupts = 0;
    const auto after = bench.apply(seed + 1, 0);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->exit_status(), 0) << problems(after);
    bench.expect_settled();
    if (HasFailure()) {
      return;
    }
  }
}

TEST(Lifecycle, FaultsEndWithinTwoApplies) {
  for (std::uint64_t seed = first_seed(); seed < first_seed() + 40 * scale(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Bench bench(seed, 0.3);
    for (std::uint64_t round = 0; round < 2; ++round) {
      bench.apply(seed * 100 + round, 0);
      bench.program.change();
      bench.world.write(bench.program.text());
    }
    bench.world.cloud().stop_faults();
    bench.clear_the_way();
    std::optional<ApplyResult> result;
    for (std::uint64_t round = 0; round < 2; ++round) {
      result = bench.apply(seed * 100 + 50 + round, 0);
    }
    ASSERT_TRUE(result);
    EXPECT_EQ(result->exit_status(), 0) << problems(result);
    bench.expect_settled();
    if (HasFailure()) {
      for (const auto& [fault, times] : bench.world.cloud().struck()) {
        std::cout << "  " << fault << " " << times << "\n";
      }
      for (const auto& call : bench.world.calls()) {
        std::cout << "  " << call << "\n";
      }
      return;
    }
  }
}

}  // namespace
}  // namespace infra::test
