// planner/probes.h — `check` blocks: one HTTP, TCP or SQL probe, repeated until it holds or its
// time has passed.
#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "compiler/graph.h"
#include "providers/doors.h"
#include "state/record.h"

namespace infra {

struct ProbeSurroundings {
  std::string folder;  // the stack's: of files in a form
  Outputs outputs;     // where services and databases are
  const Clock* clock = nullptr;
  std::function<void(std::chrono::milliseconds)> wait;  // between two attempts
  std::function<bool()> stopped;                        // an interrupt has come
};

// `body` is the check's, with all that is known by now. pass: it holds. fail: it does not, and why.
// error: it cannot be asked. unknown: something it needs is not known, or the run was interrupted.
// No message shows a secret.
[[nodiscard]] CheckResult probe(const std::string& name, const Value& body,
                                const ProbeSurroundings& surroundings);

// True when a check with this body may fail without failing the command: `on_failure = warn`.
[[nodiscard]] bool only_warns(const Value& body);

}  // namespace infra
