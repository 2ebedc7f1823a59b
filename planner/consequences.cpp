// What follows from all changes together: running forms that must be made anew, what can only be
// looked at later, what a --target leaves out, whom it touches.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/address.h"
#include "base/kinds.h"
#include "planner/draft.h"

namespace infra {
namespace {

constexpr std::size_t most_consumers_looked_at = 64;

bool changes_running_form(const Draft& draft, NodeIndex index) {
  const PlannedChange& change = draft.changes[index];
  if (change.operation == Operation::no_op || change.existing) {
    return false;
  }
  const Node& node = draft.expansion[index];
  return std::ranges::any_of(draft.changed[index], [&](const Path& path) {
    const Attribute* attribute = find_attribute(*node.schema, path);
    return attribute != nullptr && attribute->effect == Effect::redeploy;
  });
}

// The deployment that a change of this node takes hold in: its own, its owner's, or that of the
// service which a cron calls.
NodeIndex running_form(const Draft& draft, NodeIndex index) {
  const Node& node = draft.expansion[index];
  if (node.deployment != no_node) {
    return node.deployment;
  }
  if (node.companion != nullptr && node.companion->role == Role::part && node.owner != no_node) {
    return draft.expansion[node.owner].deployment;
  }
  if (node.kind == "cron") {
    for (const auto& edge : node.edges) {
      const Node& target = draft.expansion[edge.target];
      if (target.deployment != no_node && target.provider == node.provider) {
        return target.deployment;
      }
    }
  }
  return no_node;
}

// `origin`: of the change that calls for it; mending drift is no change of the text's.
void redeploy(Draft& draft, NodeIndex index, const std::string& reason, Origin origin) {
  PlannedChange& change = draft.changes[index];
  if (change.operation != Operation::no_op && change.operation != Operation::update) {
    return;
  }
  if (change.operation == Operation::no_op) {
    change.operation = Operation::update;
    change.reason = reason;
    change.origin = origin;
  } else if (change.redeploy && change.origin != origin) {
    change.origin = Origin::both;
  }
  change.redeploy = true;
  change.effect = std::max(change.effect, Effect::redeploy);
}

std::string leaf_of(const Draft& draft, NodeIndex index) {
  const Node& node = draft.expansion[index];
  for (const auto& leaf : draft.changes[index].leaves) {
    const Attribute* attribute = find_attribute(*node.schema, leaf.path);
    if (attribute != nullptr && attribute->effect == Effect::redeploy) {
      return node.address + leaf.path;
    }
  }
  return node.address;
}

void plan_redeploys(Draft& draft) {
  for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
    const Node& node = draft.expansion[i];
    if (node.is_secret() || draft.changes[i].operation == Operation::no_op) {
      continue;
    }
    const NodeIndex form = running_form(draft, i);
    if (form != no_node && form != i && changes_running_form(draft, i)) {
      redeploy(draft, form, fmt::format("{} takes hold in a new deployment", leaf_of(draft, i)),
               draft.changes[i].origin);
    }
    if (node.companion != nullptr && node.companion->role == Role::input) {
      for (const NodeIndex owner : draft.expansion.dependents[i]) {
        const Node& user = draft.expansion[owner];
        if (std::ranges::find(user.parents, i) != user.parents.end()) {
          redeploy(draft, user.deployment == no_node ? owner : user.deployment,
                   fmt::format("{} changes", node.address), draft.changes[i].origin);
        }
      }
    }
  }
}

// What is reached through something that this plan makes can be listed only once that is there.
void plan_stages(Draft& draft) {
  for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
    const Node& node = draft.expansion[i];
    if (node.is_secret() || node.driver == nullptr ||
        draft.changes[i].operation == Operation::no_op) {
      continue;
    }
    const Endpoint* endpoint = Doorway::endpoint_of({node.driver, node.schema, node.block});
    if (endpoint == nullptr || endpoint->through.empty()) {
      continue;
    }
    const auto& target = draft.knowledge[i].desired.at(endpoint->through).reference().address;
    const NodeIndex way_in = draft.expansion.find(target);
    if (way_in != no_node && !draft.knowledge[way_in].born) {
      draft.changes[i].stage = 2;
    }
  }
}

// With --target, only what is named, what it waits for, and what hangs on it.
void keep_targets(Draft& draft) {
  if (draft.options.targets.empty()) {
    return;
  }
  std::vector<NodeIndex> open;
  std::vector<bool> kept(draft.expansion.nodes.size(), false);
  for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
    for (const auto& target : draft.options.targets) {
      if (!kept[i] && address_matches(target, draft.expansion[i].address)) {
        kept[i] = true;
        open.push_back(i);
      }
    }
  }
  while (!open.empty()) {
    const NodeIndex index = open.back();
    open.pop_back();
    for (const auto& edge : draft.expansion[index].edges) {
      if (!kept[edge.target]) {
        kept[edge.target] = true;
        open.push_back(edge.target);
      }
    }
  }
  for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
    if (!kept[i] && draft.changes[i].operation != Operation::no_op) {
      draft.changes[i].operation = Operation::no_op;
      draft.changes[i].leaves.clear();
      draft.changes[i].reason.clear();
      draft.changes[i].after = draft.changes[i].before;
    }
  }
}

// Running consumers downstream of a change that is no creation.
void plan_affects(Draft& draft) {
  for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
    PlannedChange& change = draft.changes[i];
    if (change.operation != Operation::update && change.operation != Operation::replace) {
      continue;
    }
    std::set<NodeIndex> seen{i};
    std::vector<NodeIndex> open{i};
    for (std::size_t at = 0; at < open.size() && at < most_consumers_looked_at; ++at) {
      for (const NodeIndex user : draft.expansion.dependents[open[at]]) {
        if (!seen.insert(user).second) {
          continue;
        }
        open.push_back(user);
        const std::string& kind = draft.expansion[user].kind;
        const bool running = kind == "service" || kind == "cron";
        if (running && draft.state.resources.contains(draft.expansion[user].address)) {
          change.affects.push_back(draft.expansion[user].address);
        }
      }
    }
    std::ranges::sort(change.affects, address_less);
  }
}

void plan_dependencies(Draft& draft) {
  for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
    if (draft.changes[i].operation == Operation::no_op) {
      continue;
    }
    auto& dependencies = draft.changes[i].dependencies;
    for (const auto& edge : draft.expansion[i].edges) {
      if (edge.target != i) {
        dependencies.push_back(draft.expansion[edge.target].address);
      }
    }
    std::ranges::sort(dependencies, address_less);
    const auto repeated = std::ranges::unique(dependencies);
    dependencies.erase(repeated.begin(), repeated.end());
  }
}

// An id that another environment looks after is none of ours.
void keep_apart(Draft& draft) {
  if (!draft.options.read_other) {
    return;
  }
  std::vector<std::pair<NodeIndex, std::string>> named;
  for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
    const PlannedChange& change = draft.changes[i];
    if (change.existing && !change.id.empty()) {
      named.emplace_back(i, change.id);
    } else if (!change.import_id.empty()) {
      named.emplace_back(i, change.import_id);
    }
  }
  if (named.empty()) {
    return;
  }
  for (const auto& environment : draft.graph.environments) {
    if (environment == draft.graph.environment) {
      continue;
    }
    const State other = draft.options.read_other(environment);
    for (const auto& [index, id] : named) {
      for (const auto& [address, record] : other.resources) {
        if (record.type == draft.expansion[index].type && record.id == id) {
          auto& error = draft.plan.diagnostics.error(
              "E0806", draft.expansion[index].span,
              fmt::format("`{}` names `{}`, which is `{}` of the environment {}",
                          draft.expansion[index].address, id, address, environment));
          error.address = draft.expansion[index].address;
          error.help.push_back("environments share nothing: give this one an object of its own");
        }
      }
    }
  }
}

}  // namespace

void plan_consequences(Draft& draft) {
  plan_redeploys(draft);
  plan_stages(draft);
  keep_targets(draft);
  plan_dependencies(draft);
  plan_affects(draft);
  keep_apart(draft);
}

}  // namespace infra
