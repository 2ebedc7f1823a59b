// Refactoring without destroying: `moved` statements, and blocks that only changed their name.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/address.h"
#include "base/json.h"
#include "planner/draft.h"

namespace infra {
namespace {

constexpr std::size_t most_candidates = 200;  // beyond, only equal ones are recognised
constexpr double near_enough = 0.7;           // share of leaves that must agree

// Where `address` ends up when `from` is moved to `to`, companions and instances included.
std::optional<std::string> moved_address(const std::string& address, const MovedStatement& move) {
  const auto at = parse_address(address);
  const auto from = parse_address(move.from);
  const auto to = parse_address(move.to);
  if (!at || !from || !to || at->steps.size() < from->steps.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < from->steps.size(); ++i) {
    const auto& have = at->steps[i];
    const auto& want = from->steps[i];
    if (have.name != want.name || (!want.keys.empty() && have.keys != want.keys)) {
      return std::nullopt;
    }
  }
  Address result = *to;
  const auto& keys = at->steps[from->steps.size() - 1].keys;
  if (result.steps.back().keys.empty() && from->steps.back().keys.empty()) {
    result.steps.back().keys = keys;
  }
  result.steps.insert(result.steps.end(),
                      at->steps.begin() + static_cast<std::ptrdiff_t>(from->steps.size()),
                      at->steps.end());
  return result.text();
}

void rename_record(Draft& draft, const std::string& from, const std::string& to, bool renamed) {
  auto& resources = draft.state.resources;
  auto entry = resources.extract(from);
  if (entry.empty()) {
    return;
  }
  entry.key() = to;
  entry.mapped().address = to;
  resources.insert(std::move(entry));
  draft.moves.push_back({from, to, renamed});
}

// What others remember of the names that have moved.
void rename_mentions(Draft& draft) {
  if (draft.moves.empty()) {
    return;
  }
  std::map<std::string, std::string, std::less<>> now;
  for (const auto& move : draft.moves) {
    now[move.from] = move.to;
  }
  for (auto& [address, record] : draft.state.resources) {
    for (auto& dependency : record.dependencies) {
      if (const auto found = now.find(dependency); found != now.end()) {
        dependency = found->second;
      }
    }
    if (record.type == secret_type) {
      record.id = address;
    }
  }
}

void follow_statements(Draft& draft) {
  for (std::size_t round = 0; round <= draft.graph.moved.size(); ++round) {
    std::vector<std::pair<std::string, std::string>> now;
    for (const auto& [address, record] : draft.state.resources) {
      if (draft.expansion.find(address) != no_node) {
        continue;
      }
      for (const auto& statement : draft.graph.moved) {
        const auto to = moved_address(address, statement);
        if (to && *to != address && !draft.state.resources.contains(*to)) {
          now.emplace_back(address, *to);
          break;
        }
      }
    }
    if (now.empty()) {
      return;
    }
    for (const auto& [from, to] : now) {
      rename_record(draft, from, to, false);
    }
  }
}

// How much of what was applied the new block says too: 1 all of it. Leaves that only apply can know
// agree with anything; the name is what is allowed to differ.
double likeness(const ResourceRecord& record, const Value& written) {
  std::size_t same_leaves = 0, all = 0;
  for_each_owned_leaf(written, "", [&](const Path& path, const Value& leaf) {
    if (path == "/name" || leaf.is_null()) {
      return;
    }
    ++all;
    const Value& applied = record.applied.at(path);
    const bool open =
        contains_unknown(leaf) || contains_secret(leaf) || leaf.as<Reference>() != nullptr;
    same_leaves += (open && applied) || same_spelling(leaf, applied, Same::exact) ? 1U : 0U;
  });
  for_each_owned_leaf(record.applied, "", [&](const Path& path, const Value& leaf) {
    const bool said_by_author =
        leaf && leaf.as<Reference>() == nullptr && leaf.as<Hidden>() == nullptr;
    if (path != "/name" && said_by_author && !written.at(path)) {
      ++all;
    }
  });
  return all == 0 ? 1.0 : static_cast<double>(same_leaves) / static_cast<double>(all);
}

struct Candidates {
  std::vector<const ResourceRecord*> removed;
  std::vector<NodeIndex> created;
};

// The only one of `others` that is near enough, or nothing.
template <class Others, class Measure>
std::optional<typename Others::value_type> only_near(const Others& others, const Measure& measure) {
  std::optional<typename Others::value_type> best;
  double best_likeness = 0;
  bool unique = false;
  for (const auto& other : others) {
    const double found = measure(other);
    if (found > best_likeness) {
      best = other;
      best_likeness = found;
      unique = true;
    } else if (found == best_likeness) {
      unique = false;
    }
  }
  return unique && best_likeness >= near_enough ? best : std::nullopt;
}

bool statement_speaks_of(const ResourceGraph& graph, const std::string& address) {
  return std::ranges::any_of(graph.removed,
                             [&](const auto& s) { return address_matches(s.address, address); });
}

std::map<std::string, Candidates> candidates(const Draft& draft) {
  std::map<std::string, Candidates> groups;
  for (const auto& [address, record] : draft.state.resources) {
    if (draft.expansion.find(address) == no_node && address_owner(address) == address &&
        !statement_speaks_of(draft.graph, address)) {
      const std::string kind(address_kind(address));
      groups[kind + ' ' + record.type + ' ' + record.provider].removed.push_back(&record);
    }
  }
  if (groups.empty()) {
    return groups;
  }
  for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
    const Node& node = draft.expansion[i];
    if (node.resource == nullptr || node.existing || draft.state.resources.contains(node.address)) {
      continue;
    }
    const auto group = groups.find(node.kind + ' ' + node.type + ' ' + node.provider);
    if (group != groups.end()) {
      group->second.created.push_back(i);
    }
  }
  return groups;
}

// The written attributes as a record would hold them: without what companions take.
Value written_leaves(const Draft& draft, NodeIndex index) {
  Value written = draft.expansion[index].resource->attributes;
  strip_companions(draft.expansion[index], written);
  return written;
}

void recognise_renames(Draft& draft) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [key, group] : candidates(draft)) {
    if (group.removed.size() > most_candidates || group.created.size() > most_candidates) {
      continue;
    }
    std::map<NodeIndex, Value> written;
    for (const NodeIndex created : group.created) {
      written.emplace(created, written_leaves(draft, created));
    }
    for (const auto* record : group.removed) {
      const auto created = only_near(
          group.created, [&](NodeIndex index) { return likeness(*record, written.at(index)); });
      if (!created) {
        continue;
      }
      const auto back = only_near(group.removed, [&](const ResourceRecord* other) {
        return likeness(*other, written.at(*created));
      });
      if (back && *back == record) {
        found.emplace_back(record->address, draft.expansion[*created].address);
      }
    }
  }
  for (const auto& [from, to] : found) {
    std::vector<std::pair<std::string, std::string>> with_companions{{from, to}};
    for (const auto& [address, record] : draft.state.resources) {
      if (address != from && address_owner(address) == from) {
        with_companions.emplace_back(address, to + address.substr(from.size()));
      }
    }
    for (const auto& [old_address, new_address] : with_companions) {
      rename_record(draft, old_address, new_address, true);
    }
  }
}

}  // namespace

void apply_moves(Draft& draft) {
  follow_statements(draft);
  recognise_renames(draft);
  rename_mentions(draft);
  draft.changes.resize(draft.expansion.nodes.size());
  for (const auto& move : draft.moves) {
    const NodeIndex index = draft.expansion.find(move.to);
    if (index != no_node) {
      auto& change = draft.changes[index];
      if (change.previous_address.empty()) {
        change.previous_address = move.from;
      }
      change.renamed = move.renamed;
    }
  }
}

}  // namespace infra
