// tests/support/stack_world.h — one stack over the simulator: text in memory, a cloud in memory, a
// state on disk, and a clock, randomness and interrupts that the test owns.
#pragma once
#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "planner/apply.h"
#include "planner/engine.h"
#include "providers/simulator/cloud.h"
#include "providers/simulator/simulator.h"

namespace infra::test {

class StackWorld {
 public:
  struct Setup {
    std::uint64_t seed = 1;
    double fault_rate = 0;
    Clock* clock = nullptr;  // nullptr: one that stands still
    Behaviours behaviours;
    std::optional<Fault> only;  // of the faults, with `fault_rate`
  };
  StackWorld();
  explicit StackWorld(Setup setup);
  ~StackWorld();
  StackWorld(const StackWorld&) = delete;
  StackWorld& operator=(const StackWorld&) = delete;

  void write(std::string text);  // the stack's only file
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;  // more of the folder, by name
  EngineOptions options;
  std::atomic<int> interrupts{0};
  std::string environment = "default";

  [[nodiscard]] Compilation compile() const;  // fails the test on an error
  [[nodiscard]] Plan plan();
  [[nodiscard]] Plan destroy_plan();
  ApplyResult apply();
  ApplyResult apply_on(Runner& runner, const ExecutionHooks& hooks);
  ApplyResult destroy();
  [[nodiscard]] State state() const;
  [[nodiscard]] Cloud& cloud();
  // "create simulator.thing/name ..." for each request that changed something, since the last call.
  [[nodiscard]] std::vector<std::string> calls();
  void move_clock(std::chrono::milliseconds by);  // of the clock that stands still

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The change of an address; fails the test when there is none.
[[nodiscard]] const PlannedChange& change_of(const Plan& plan, const std::string& address);
[[nodiscard]] Operation operation_of(const Plan& plan, const std::string& address);
// "create a, update b": what is not a no-op, in order.
[[nodiscard]] std::string summary(const Plan& plan);

}  // namespace infra::test
