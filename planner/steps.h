// planner/steps.h — the order of doing: changes become tasks, tasks of one group and container
// become steps, and a step is one call of a driver.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "planner/draft.h"

namespace infra {

using TaskIndex = std::uint32_t;
using StepIndex = std::uint32_t;
inline constexpr TaskIndex no_task = UINT32_MAX;

enum class TaskKind : std::uint8_t {
  make,    // brings it into being
  finish,  // makes live what was brought into being
  update,
  drop,    // removes it at the platform
  forget,  // lets go of it: no call
  secret,  // reads or generates a value: no call
  adopt,   // takes over what is there as it is: no call
};

struct Task {
  TaskKind kind = TaskKind::update;
  NodeIndex node = no_node;               // no_node: only the state knows it
  const PlannedChange* change = nullptr;  // in the draft
  bool replaced = false;                  // drop: of the old object of a replacement
  bool waits_in_state = false;    // drop: the old object is a deposed row by then (made first)
  std::string group;              // "": a step of its own
  std::vector<TaskIndex> after;   // what must be done before; sorted
  std::vector<TaskIndex> within;  // of `after`: satisfied by being in one call
  StepIndex step = 0;
};

struct Step {
  std::vector<TaskIndex> tasks;  // in an order that respects `after`
  std::vector<StepIndex> after, before;
};

struct StepGraph {
  std::vector<Task> tasks;
  std::vector<Step> steps;
  std::map<std::string, std::vector<NodeIndex>> groups;  // members of each group, by its key
};

[[nodiscard]] StepGraph make_steps(const Draft& draft);

// The steps alone: tasks with `after`, `within` and `group` filled in become as few steps as leave
// the graph without a cycle. Writes each task's step.
[[nodiscard]] std::vector<Step> contract_tasks(std::vector<Task>& tasks);

}  // namespace infra
