// planner/recovery.h — the first act of every apply: each operation whose outcome is not known is
// looked for, and settled as adopted, retried or discarded.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "planner/execution.h"
#include "planner/lookup.h"

namespace infra {

struct RecoveryInput {
  const ResourceGraph& graph;
  const EngineOptions& options;
  Store& store;
  Runner& runner;
  const Fingerprints& fingerprints;
  ExecutionHooks hooks;
};

struct Recovered {
  std::set<std::string> blocked;  // nothing new is done for these addresses
  std::vector<UnfinishedOperation> unknown;
};

// Settles what can be settled, all at once; commits even when nothing else is to be done.
[[nodiscard]] Recovered settle_intents(const RecoveryInput& input);

// What the end of one look means for the state, as data: also where a person has the last word.
struct Settlement {
  Commit commit;
  std::string how;  // adopted settled retried discarded unresolved
};
[[nodiscard]] Settlement settle_intent(const State& state, const TypeSchema& schema, bool ephemeral,
                                       const Intent& intent, const LookupResult& result,
                                       const Fingerprints& fingerprints);

}  // namespace infra
