// planner/draft.h — a plan in the making: the plan itself, and what apply needs beyond it.
//
// graph → nodes (expand) → moved and refreshed state (moves, refresh) → one change per node (diff)
// → what follows from all of them together (consequences, guards) → Plan.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "planner/doorway.h"
#include "planner/engine.h"
#include "planner/expand.h"
#include "planner/knowledge.h"
#include "planner/leaves.h"
#include "planner/refresh.h"

namespace infra {

struct Move {
  std::string from, to;
  bool renamed = false;  // recognised, without a `moved` statement
};

struct Draft {
  Draft(const Compilation& compiled, const EngineOptions& engine_options, Runner& its_runner);

  const Compilation& compilation;
  const ResourceGraph& graph;
  const EngineOptions& options;
  Runner& runner;
  Doorway doorway;
  std::optional<SealingKey> key;
  Fingerprints fingerprints;

  Expansion expansion;
  State state;  // as remembered, then moved and refreshed, in memory alone
  Knowledge knowledge;
  std::unordered_map<std::string, Observation> observations;  // by address
  std::vector<Move> moves;
  std::vector<PlannedChange> changes;      // by node
  std::vector<std::vector<Path>> changed;  // by node: owned leaves that differ
  std::vector<PlannedChange> removals;     // what only the state knows; deposed ones behind
  std::vector<LeafChange> removed_drift;
  std::vector<std::unique_ptr<ResourceRecord>> read_records;  // of existing and adopted objects
  std::map<std::string, std::size_t> refresh_calls;           // by provider block
  Plan plan;                                                  // all but its changes

  [[nodiscard]] RefreshInput refresh_input() const {
    return {&graph, &expansion, &options, &doorway, &runner, &fingerprints};
  }
  [[nodiscard]] const Observation* observation(const std::string& address) const {
    const auto found = observations.find(address);
    return found == observations.end() ? nullptr : &found->second;
  }
};

// Everything but the plan's list of changes. `destroy`: remove all that is remembered.
[[nodiscard]] std::unique_ptr<Draft> make_draft(const Compilation& compilation, State state,
                                                const EngineOptions& options, Runner& runner,
                                                bool destroy);

// The plan, its changes in address order; what only the state knows stands where it belongs,
// deposed ones behind. `last_use`: the draft's changes are handed over, not copied.
[[nodiscard]] Plan assemble_plan(Draft& draft, bool last_use);

// --- the stages, one file each ---

// moves.cpp: `moved` statements and recognised renames, in `state`.
void apply_moves(Draft& draft);
// diff.cpp: one node's change, from what it should be, what was applied and what is there.
void plan_node(Draft& draft, NodeIndex node);
// order.cpp: nodes so that what is waited for comes first; cycles through `made` are cut.
[[nodiscard]] std::vector<NodeIndex> evaluation_order(const Expansion& expansion);
// removals.cpp: what the state knows and the text does not (or all of it).
void plan_removals(Draft& draft, bool destroy);
// consequences.cpp: redeploys, stages, targets, dependencies, whom it touches.
void plan_consequences(Draft& draft);
// guards.cpp: what may not be destroyed, as refusals.
void guard_data(Draft& draft);
// plan_outputs.cpp: outputs, unfinished operations, calls, the hash of the configuration.
void plan_surroundings(Draft& draft, bool destroy);

// "odys.infra:31": where an attribute of a node was written.
[[nodiscard]] std::string place_of(const Draft& draft, const Node& node, std::string_view path);

}  // namespace infra
