#include "planner/draft.h"

#include <algorithm>

#include "base/address.h"

namespace infra {
namespace {

constexpr int most_rounds_of_replanning = 8;

std::optional<SealingKey> find_key(const World& world) {
  try {
    return SealingKey::find(world);
  } catch (const SealingError& error) {
    throw CommandError(1, error.what(), error.help());
  }
}

// What is assumed of nodes before they are planned: what is remembered holds.
void assume(Draft& draft) {
  for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
    Fact& fact = draft.knowledge[i];
    const auto record = draft.state.resources.find(draft.expansion[i].address);
    fact.record = record == draft.state.resources.end() ? nullptr : &record->second;
    fact.born = fact.record != nullptr && !fact.record->id.empty();
    fact.ready = fact.born && fact.record->status == RecordStatus::ready;
  }
}

struct Shown {  // what others may have seen of a node
  bool born = false, missing = false;
  std::vector<Path> changed;
  Value secret, name;
};

Shown shown(const Fact& fact) {
  return {fact.born, fact.missing_source, fact.changed, fact.secret, fact.desired.at("/name")};
}

bool differs(const Shown& before, const Fact& now) {
  return before.born != now.born || before.missing != now.missing_source ||
         before.changed != now.changed ||
         !same_spelling(before.name, now.desired.at("/name"), Same::exact);
}

// Each node once, what it waits for first; a node that was planned on an assumption which did not
// hold is planned again.
void plan_nodes(Draft& draft) {
  const auto order = evaluation_order(draft.expansion);
  std::vector<bool> planned(order.size(), false), again(order.size(), false);
  bool more = false;
  for (const NodeIndex index : order) {
    const Shown before = shown(draft.knowledge[index]);
    plan_node(draft, index);
    planned[index] = true;
    if (differs(before, draft.knowledge[index])) {
      for (const NodeIndex user : draft.expansion.dependents[index]) {
        again[user] = again[user] || planned[user];
        more = more || planned[user];
      }
    }
  }
  for (int round = 0; more && round < most_rounds_of_replanning; ++round) {
    more = false;
    for (const NodeIndex index : order) {
      if (!again[index]) {
        continue;
      }
      again[index] = false;
      const Shown before = shown(draft.knowledge[index]);
      plan_node(draft, index);
      if (differs(before, draft.knowledge[index])) {
        for (const NodeIndex user : draft.expansion.dependents[index]) {
          again[user] = more = true;
        }
      }
    }
  }
}

// They are planned for removal like any other old object; stateful ones only by name.
void depose_twins(Draft& draft, const std::vector<Twin>& twins) {
  for (const auto& twin : twins) {
    DeposedRecord deposed{"twin-" + twin.id, "duplicate", draft.state.serial,
                          draft.state.resources.at(twin.address)};
    deposed.record.id = twin.id;
    deposed.record.parent = twin.parent;
    draft.state.deposed[deposed.op] = std::move(deposed);
  }
}

void assume_unread(Draft& draft) {
  for (const auto& [address, record] : draft.state.resources) {
    draft.observations[address].marks = record.marks;
  }
}

}  // namespace

Draft::Draft(const Compilation& compiled, const EngineOptions& engine_options, Runner& its_runner)
    : compilation(compiled),
      graph(*compiled.graph),
      options(engine_options),
      runner(its_runner),
      doorway(graph, options, runner),
      key(find_key(options.world)),
      fingerprints(key ? &*key : nullptr),
      knowledge(expansion) {}

std::string place_of(const Draft& draft, const Node& node, std::string_view path) {
  const Node* written = &node;
  Path at(path);
  while (written->resource == nullptr && written->owner != no_node) {
    at = written->from + (written->from.empty() ? "" : at);
    written = &draft.expansion[written->owner];
  }
  const Span span =
      written->resource == nullptr ? node.span : draft.graph.span(*written->resource, at);
  if (span.file >= draft.compilation.sources.size()) {
    return {};
  }
  const Position position = draft.compilation.sources.position(span.file, span.begin);
  return draft.compilation.sources.path(span.file) + ":" + std::to_string(position.line);
}

std::unique_ptr<Draft> make_draft(const Compilation& compilation, State state,
                                  const EngineOptions& options, Runner& runner, bool destroy) {
  auto draft = std::make_unique<Draft>(compilation, options, runner);
  draft->state = std::move(state);
  draft->plan.diagnostics = compilation.diagnostics;
  draft->expansion = expand(draft->graph, options.providers, draft->plan.diagnostics);
  draft->knowledge = Knowledge(draft->expansion);
  if (!destroy) {
    apply_moves(*draft);
  }
  if (options.refresh) {
    Refreshed seen = refresh(draft->state, draft->refresh_input(), draft->plan.diagnostics);
    draft->observations = std::move(seen.by_address);
    draft->refresh_calls = std::move(seen.calls);
    draft->plan.complete = seen.complete;
    depose_twins(*draft, seen.twins);
  } else {
    assume_unread(*draft);
  }
  assume(*draft);
  draft->changes.resize(draft->expansion.nodes.size());
  draft->changed.resize(draft->expansion.nodes.size());
  if (!destroy) {
    plan_nodes(*draft);
  }
  plan_removals(*draft, destroy);
  if (!destroy) {
    plan_consequences(*draft);
  }
  guard_data(*draft);
  plan_surroundings(*draft, destroy);
  return draft;
}

Plan assemble_plan(Draft& draft, bool last_use) {
  Plan plan = draft.plan;
  auto& all = plan.changes;
  const auto give = [&](PlannedChange& change) {
    if (last_use) {
      all.push_back(std::move(change));
    } else {
      all.push_back(change);
    }
  };
  all.reserve(draft.changes.size() + draft.removals.size());
  auto removal = draft.removals.begin();
  for (auto& change : draft.changes) {
    if (change.address.empty()) {
      continue;  // destroyed: nothing was planned of the text
    }
    while (removal != draft.removals.end() && address_less(removal->address, change.address)) {
      give(*removal++);
    }
    if (change.operation != Operation::no_op || !change.id.empty() || change.existing) {
      give(change);
    }
  }
  while (removal != draft.removals.end()) {
    give(*removal++);
  }
  return plan;
}

}  // namespace infra
