// What the state knows and the text does not: removed, forgotten, or gone already.
#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/kinds.h"
#include "planner/draft.h"

namespace infra {
namespace {

PlannedChange change_of(const ResourceRecord& record) {
  PlannedChange change;
  change.address = record.address;
  change.kind = std::string(address_kind(record.address));
  change.type = record.type;
  change.provider = record.provider;
  change.name = std::string(address_name(record.address));
  if (const auto address = parse_address(record.address); address && address->steps.size() > 1) {
    change.keys = address->steps[1].keys;
  }
  change.operation = Operation::remove;
  change.id = record.id;
  change.before = record.type == secret_type ? record.applied : record.live;
  change.stateful = record.stateful;
  change.dependencies = record.dependencies;
  change.effect = record.stateful                                     ? Effect::data_loss
                  : change.kind == "service" || change.kind == "cron" ? Effect::downtime
                                                                      : Effect::none;
  return change;
}

// Other rounds of the same declaration are still there.
std::set<std::string> declared_rounds(const Draft& draft) {
  std::set<std::string> declared;
  for (const auto& node : draft.expansion.nodes) {
    if (!node.keys.empty()) {
      declared.insert(node.kind + "." + node.name);
    }
  }
  return declared;
}

void plan_removal(Draft& draft, const ResourceRecord& record, bool destroy,
                  const std::set<std::string>& rounds) {
  PlannedChange change = change_of(record);
  const Observation* seen = draft.observation(record.address);
  if (seen != nullptr && seen->seen == Seen::absent) {
    PlannedChange drift = change;
    drift.origin = Origin::drift;
    drift.reason = "was deleted outside infra";
    draft.plan.drift.push_back(drift);
    change.operation = Operation::forget;
    change.effect = Effect::none;
    change.reason = "was deleted outside infra";
  } else if (destroy) {
    change.reason = "everything is destroyed";
  } else {
    const bool a_round = !change.keys.empty() && rounds.contains(change.kind + "." + change.name);
    change.action_reason =
        a_round ? "delete_because_each_key" : "delete_because_no_resource_config";
    change.reason =
        a_round ? "is no longer among the rounds of its `for`" : "is no longer in the text";
    for (const auto& statement : draft.graph.removed) {
      if (address_matches(statement.address, record.address) && !statement.destroy) {
        change.operation = Operation::forget;
        change.effect = Effect::none;
        change.reason = "`removed` lets go of it";
        change.action_reason = "forgot_because_lifecycle_destroy_in_config";
      }
    }
  }
  draft.removals.push_back(std::move(change));
}

bool targeted(const Draft& draft, const std::string& address) {
  const auto& targets = draft.options.targets;
  return targets.empty() || std::ranges::any_of(targets, [&](const std::string& target) {
           return address_matches(target, address);
         });
}

}  // namespace

void plan_removals(Draft& draft, bool destroy) {
  const std::set<std::string> rounds = declared_rounds(draft);
  for (const auto& [address, record] : draft.state.resources) {
    if ((destroy || draft.expansion.find(address) == no_node) && targeted(draft, address)) {
      plan_removal(draft, record, destroy, rounds);
    }
  }
  std::ranges::stable_sort(draft.removals, [](const auto& left, const auto& right) {
    return address_less(left.address, right.address);
  });
  for (const auto& [op, deposed] : draft.state.deposed) {
    PlannedChange change = change_of(deposed.record);
    change.deposed = op;
    change.effect =
        deposed.record.stateful && deposed.reason == "duplicate" ? Effect::data_loss : Effect::none;
    change.reason = deposed.reason == "duplicate" ? "is a second one that was made by accident"
                                                  : "was replaced, and waits for its removal";
    const auto after = std::ranges::find_if(draft.removals, [&](const PlannedChange& other) {
      return address_less(change.address, other.address);
    });
    draft.removals.insert(after, std::move(change));
  }
}

}  // namespace infra
