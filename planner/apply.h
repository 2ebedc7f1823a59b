// planner/apply.h — the course of one apply: lock, recovery, plan, approval, steps, checks,
// records. Tests hand in the runner and stop it where they like.
#pragma once
#include "planner/engine.h"
#include "planner/execution.h"
#include "planner/runner.h"

namespace infra {

[[nodiscard]] ApplyResult apply_with(const Compilation& compilation, const EngineOptions& options,
                                     const Approval& approval, bool destroy, Runner& runner,
                                     const ExecutionHooks& hooks);
[[nodiscard]] Plan make_plan_with(const Compilation& compilation, const State& state,
                                  const EngineOptions& options, bool destroy, Runner& runner);

}  // namespace infra
