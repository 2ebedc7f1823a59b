#include "planner/plan.h"

#include <algorithm>

namespace infra {

std::string_view operation_text(Operation operation) {
  switch (operation) {
    case Operation::no_op:
      return "no-op";
    case Operation::create:
      return "create";
    case Operation::update:
      return "update";
    case Operation::replace:
      return "replace";
    case Operation::remove:
      return "delete";
    case Operation::forget:
      return "forget";
    case Operation::read:
      return "read";
  }
  return "no-op";
}

Counts Plan::counts() const {
  Counts counts;
  for (const auto& change : changes) {
    counts.import += change.import_id.empty() ? 0U : 1U;
    switch (change.operation) {
      case Operation::create:
        ++counts.add;
        break;
      case Operation::update:
        ++counts.change;
        break;
      case Operation::replace:
        ++counts.add;
        ++counts.destroy;
        break;
      case Operation::remove:
        ++counts.destroy;
        break;
      case Operation::forget:
        ++counts.forget;
        break;
      case Operation::no_op:
      case Operation::read:
        break;
    }
  }
  return counts;
}

bool Plan::has_changes() const {
  const bool resources = std::ranges::any_of(changes, [](const PlannedChange& change) {
    const bool acts = change.operation != Operation::no_op && change.operation != Operation::read;
    return acts || !change.import_id.empty() || !change.previous_address.empty();
  });
  return resources || std::ranges::any_of(outputs, [](const OutputChange& output) {
           return output.operation != Operation::no_op;
         });
}

bool Plan::has_drift() const {
  return !drift.empty();
}

}  // namespace infra
