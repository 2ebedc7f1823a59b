// planner/execution.h — steps → calls → records: the coordinator of one apply.
//
// One thread owns draft, store and listener. Intents of all steps that are ready share one commit
// (T1), then their calls begin; what a call makes known is durable before the driver goes on (T2);
// outcomes and new records share a commit too (T3), with the intents of what became ready by them.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "planner/engine.h"
#include "planner/runner.h"
#include "planner/steps.h"
#include "state/store.h"

namespace infra {

// How tests see and stop the protocol from outside. All may be empty.
struct ExecutionHooks {
  std::function<void(std::string_view point)> at_point;  // besides crash_point; may throw
};

struct ExecutionInput {
  Draft& draft;
  Store& store;
  Runner& runner;
  std::string run;
  std::set<std::string> blocked;  // addresses whose last operation is not settled
  ExecutionHooks hooks;
};

struct ExecutionResult {
  Counts done;
  std::vector<FailedChange> failed;
  std::vector<SkippedChange> skipped;
  std::vector<UnfinishedOperation> unknown;
  std::vector<Divergence> divergences;
  bool interrupted = false;
  bool stale = false;  // something moved under the plan
};

[[nodiscard]] ExecutionResult execute(const ExecutionInput& input, const StepGraph& graph);

void pass_point(const ExecutionHooks& hooks, std::string_view name);

}  // namespace infra
