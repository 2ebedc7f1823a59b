// Data survives mistakes: what holds data is destroyed or replaced only when that is said by name,
// and what is protected never.
#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/kinds.h"
#include "planner/draft.h"

namespace infra {
namespace {

bool in_protect_list(const Draft& draft, std::string_view address) {
  return std::ranges::any_of(draft.graph.settings.protect, [&](const std::string& selector) {
    return selector == address_kind(address) || address_matches(selector, address);
  });
}

bool guarded_kind(std::string_view address) {
  const Kind* kind = find_kind(address_kind(address));
  return kind != nullptr && kind->guarded && address_owner(address) == address;
}

void guard(Draft& draft, const PlannedChange& change, const ResourceRecord& record) {
  const bool replaces = change.operation == Operation::replace;
  const std::string what = replaces ? "replace" : "destroy";
  if (record.protected_ || in_protect_list(draft, change.address)) {
    draft.plan.refusals.push_back(
        {change.address,
         fmt::format("{} is protected, and this plan would {} it", change.address, what),
         "take it out of `protect` and apply that first"});
    return;
  }
  const bool holds_data =
      record.stateful || (change.deposed.empty() && guarded_kind(change.address));
  const bool never_held = record.status == RecordStatus::tainted;
  const bool replaced_before = !change.deposed.empty() && change.effect != Effect::data_loss;
  if (!holds_data || never_held || replaced_before || draft.graph.settings.ephemeral ||
      draft.options.allow_destroy.contains(change.address)) {
    return;
  }
  draft.plan.refusals.push_back(
      {change.address,
       fmt::format("{} holds data, and this plan would {} it", change.address, what),
       fmt::format("--allow-destroy={}", change.address)});
}

const ResourceRecord* record_of(const Draft& draft, const PlannedChange& change) {
  if (!change.deposed.empty()) {
    const auto deposed = draft.state.deposed.find(change.deposed);
    return deposed == draft.state.deposed.end() ? nullptr : &deposed->second.record;
  }
  const auto found = draft.state.resources.find(change.address);
  return found == draft.state.resources.end() ? nullptr : &found->second;
}

}  // namespace

void guard_data(Draft& draft) {
  for (const auto* changes : {&draft.changes, &draft.removals}) {
    for (const auto& change : *changes) {
      if (change.operation != Operation::remove && change.operation != Operation::replace) {
        continue;
      }
      if (const auto* record = record_of(draft, change)) {
        guard(draft, change, *record);
      }
    }
  }
  std::ranges::stable_sort(draft.plan.refusals, [](const Refusal& left, const Refusal& right) {
    return address_less(left.address, right.address);
  });
}

}  // namespace infra
