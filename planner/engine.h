// planner/engine.h — the three moments as functions: plan, apply, drift; with destroy, import and
// recover beside them.
//
// The command line calls these and prints; nothing here writes to a terminal. Expected failures
// come back as data; the end of the command is a CommandError.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/world.h"
#include "compiler/compile.h"
#include "planner/plan.h"
#include "providers/provider.h"
#include "state/store.h"

namespace infra {

class CommandError : public std::runtime_error {
 public:
  CommandError(int exit_status, const std::string& message, std::string help = {})
      : std::runtime_error(message), exit_status_(exit_status), help_(std::move(help)) {}
  [[nodiscard]] int exit_status() const { return exit_status_; }
  [[nodiscard]] const std::string& help() const { return help_; }

 private:
  int exit_status_;
  std::string help_;
};

// What happens while it happens. Called from the coordinating thread alone.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void refresh_started(const std::string& /*provider*/, const std::string& /*type*/) {}
  virtual void refresh_done(const std::string& /*provider*/, const std::string& /*type*/,
                            std::size_t /*objects*/) {}
  virtual void plan_made(const Plan& /*plan*/) {}  // under the lock, before anything is touched
  virtual void recovering(const Intent& /*intent*/) {}
  virtual void recovered(
      const Intent& /*intent*/,
      const std::string& /*how: adopted, settled, retried, discarded, unresolved */) {}
  virtual void step_started(const PlannedChange& /*change*/) {}
  virtual void step_known(const PlannedChange& /*change*/, const std::string& /*id*/) {}
  virtual void step_done(const PlannedChange& /*change*/, const std::string& /*id*/,
                         std::chrono::milliseconds /*took*/) {}
  virtual void step_failed(const PlannedChange& /*change*/, const Error& /*error*/,
                           std::chrono::milliseconds /*took*/) {}
  virtual void step_skipped(const PlannedChange& /*change*/,
                            const std::string& /*because of which address*/) {}
  virtual void check_started(const std::string& /*name*/) {}
  virtual void check_done(const CheckResult& /*result*/) {}
  virtual void tick() {}  // at least ten times a second while waiting: for progress lines
};

struct EngineOptions {
  std::string folder;       // the stack's, absolute
  std::string state_path;   // of this environment's state.db, absolute
  std::string data_folder;  // FOLDER/.infra/ENV, absolute
  std::string executable;   // this program, for the local agent
  World world;
  std::span<const Provider* const> providers;
  std::size_t parallelism = 10;
  std::chrono::milliseconds lock_timeout{0};
  LockInfo holder;
  std::string commit;                   // of the source, for `after`; "" when unknown
  std::set<std::string> allow_destroy;  // --allow-destroy, canonical addresses
  std::vector<std::string> targets;     // empty: everything
  bool refresh = true;
  const std::atomic<int>* interrupts = nullptr;  // how many signals have come
  Listener* listener = nullptr;  // never null when called by cli; tests may leave it
  std::function<State(const std::string& environment)>
      read_other;  // another environment's state, read-only
};

// Opens nothing for writing, sends nothing that writes.
[[nodiscard]] Plan make_plan(const Compilation& compilation, const State& state,
                             const EngineOptions& options);
[[nodiscard]] Plan make_destroy_plan(const Compilation& compilation, const State& state,
                                     const EngineOptions& options);

struct Approval {                        // how an apply knows that it may go on
  std::function<bool(const Plan&)> ask;  // shown the plan; false: refused, exit 3
  std::optional<std::string>
      contract;                 // token of reviewed actions: the same or a subset, else exit 6
  std::optional<Plan> exactly;  // a saved plan: exactly that, else exit 6
};

struct FailedChange {
  std::string address;
  Error error;
};
struct SkippedChange {
  std::string address, because;
};
struct Divergence {
  std::string address;
  Path path;
  std::string asked, got;
};  // it did not converge; secrets are "(sensitive)"

struct ApplyResult {
  Plan plan;
  Counts done;
  std::vector<FailedChange> failed;
  std::vector<SkippedChange> skipped;
  std::vector<UnfinishedOperation> unknown;  // exit 4
  std::vector<Divergence> divergences;       // exit 1
  std::vector<CheckResult> checks;
  std::vector<OutputRecord> outputs;
  bool interrupted = false;
  bool refused = false;
  std::chrono::milliseconds took{0};
  [[nodiscard]] int exit_status()
      const;  // the first of 7, 4, signal, 6, 5, 3, 1 that holds; else 0
};

[[nodiscard]] ApplyResult apply(const Compilation& compilation, const EngineOptions& options,
                                const Approval& approval);
[[nodiscard]] ApplyResult destroy(const Compilation& compilation, const EngineOptions& options,
                                  const Approval& approval);

struct DriftReport {
  Plan plan;  // plan.drift and what else is pending
  std::vector<CheckResult> checks;
  bool has_drift = false, has_pending = false;
  [[nodiscard]] int exit_status() const;  // 0 none, 2 pending only, 3 drift only, 4 both
};
[[nodiscard]] DriftReport drift(const Compilation& compilation, const State& state,
                                const EngineOptions& options, bool run_checks);

// Takes an existing object under management: `infra import ADDRESS ID`.
void import_resource(const Compilation& compilation, const std::string& address,
                     const std::string& id, const EngineOptions& options);
// Ends an operation whose outcome is unknown, by a person's word: its id, or that it never
// happened.
void recover(const Compilation& compilation, const std::string& address,
             const std::optional<std::string>& id, const EngineOptions& options);

// The order, parallelism and expected duration of an apply, by the simulator on its virtual clock;
// touches nothing.
struct RehearsedStep {
  std::vector<std::string> addresses;
  std::string operation;
  std::chrono::milliseconds starts{0}, takes{0};
};
struct Rehearsal {
  std::vector<RehearsedStep> steps;
  std::chrono::milliseconds total{0};
  std::size_t parallel = 0;
};
[[nodiscard]] Rehearsal rehearse(const Plan& plan, const EngineOptions& options);

}  // namespace infra
