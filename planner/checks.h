// planner/checks.h — `check` blocks: HTTP, TCP and SQL probes, repeated until they hold or their
// time has passed.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "planner/draft.h"

namespace infra {

// In the order of the graph. `outputs` knows what is live; a check that needs one of `down` is not
// asked and unknown.
[[nodiscard]] std::vector<CheckResult> run_checks(const ResourceGraph& graph,
                                                  const Outputs& outputs,
                                                  const EngineOptions& options, Runner& runner,
                                                  const std::set<std::string>& down = {});

// Where an answer falls short of `expect`; "": nowhere.
struct ProbeOutcome {
  int status = 0;  // 0: no HTTP
  Object headers;
  std::string text;
  Value json;
  std::int64_t rows = 0;
};
[[nodiscard]] std::string shortfall(const Value& expect, const ProbeOutcome& outcome);

// True when `have` has all that `want` asks for; {"$present": true} and {"$matching": "re"} stand
// for values.
[[nodiscard]] bool json_fits(const Value& want, const Value& have);

}  // namespace infra
