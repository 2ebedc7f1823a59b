#include "planner/step_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/kinds.h"
#include "base/text.h"
#include "planner/desired.h"
#include "planner/secrets.h"

namespace infra {
namespace {

constexpr std::size_t length_of_made_secrets = 32;

Error refuse(std::string message, std::string help = {}) {
  return Error{ErrorKind::invalid, std::move(message), {}, std::move(help), {}, false};
}

// Takes out what is not known yet; what stays is what a thing is born with.
void keep_known(Value& value) {
  auto* object = value.as<Object>();
  if (object == nullptr) {
    return;
  }
  for (auto entry = object->begin(); entry != object->end();) {
    const auto* reference = entry->second.as<Reference>();
    const bool open = reference != nullptr && reference->id.empty();
    if (entry->second.as<Object>() != nullptr) {
      const bool was_empty = entry->second.object().empty();
      keep_known(entry->second);
      const bool emptied = !was_empty && entry->second.object().empty();
      entry = emptied ? object->erase(entry) : std::next(entry);
    } else {
      entry = open || contains_unknown(entry->second) ? object->erase(entry) : std::next(entry);
    }
  }
}

class ChangePreparation {
 public:
  ChangePreparation(const ExecutionInput& input, const StepGraph& graph, TaskIndex index)
      : in_(input),
        draft_(input.draft),
        graph_(graph),
        task_(graph.tasks[index]),
        node_(draft_.expansion[task_.node]),
        fact_(draft_.knowledge[task_.node]) {
    run_.task = index;
  }

  Prepared run() {
    Diagnostics diagnostics;
    Value desired = desired_attributes(draft_.graph, draft_.expansion, draft_.knowledge, task_.node,
                                       diagnostics);
    if (diagnostics.has_errors()) {
      return refuse(diagnostics.all().front().message);
    }
    fact_.desired = desired;
    run_.pending_after = task_.kind == TaskKind::make && node_.has_made;
    if (run_.pending_after) {
      keep_references_of_this_step(desired);
    }
    if (auto open = still_unknown(desired)) {
      return *open;
    }
    run_.shown = *task_.change;
    run_.shown.live = !run_.pending_after;
    run_.change.address = node_.address;
    run_.change.type = node_.type;
    if (task_.kind == TaskKind::make) {
      prepare_birth(std::move(desired));
    } else if (prepare_update(std::move(desired))) {
      return NothingToDo{unchanged()};
    }
    fill_intent();
    return std::move(run_);
  }

 private:
  // References to what is born in the same call keep their empty id.
  void keep_references_of_this_step(Value& desired) {
    const Value whole = desired;
    keep_known(desired);
    for (const auto& edge : node_.edges) {
      const auto* reference = whole.at(edge.attribute).as<Reference>();
      if (reference != nullptr && reference->id.empty() && in_this_step(reference->address)) {
        desired.set(edge.attribute, *reference);
      }
    }
  }

  bool in_this_step(const std::string& address) const {
    const auto& tasks = graph_.steps[task_.step].tasks;
    return std::ranges::any_of(
        tasks, [&](TaskIndex other) { return graph_.tasks[other].change->address == address; });
  }

  std::optional<Error> still_unknown(const Value& desired) const {
    std::optional<Error> open;
    for_each_owned_leaf(desired, "", [&](const Path& path, const Value& leaf) {
      const auto* reference = leaf.as<Reference>();
      const bool unborn = reference != nullptr && reference->id.empty() &&
                          draft_.expansion.find(reference->address) != no_node &&
                          !in_this_step(reference->address);
      if (!open && (contains_unknown(leaf) || unborn)) {
        open = refuse(fmt::format("`{}{}` is still not known: what it is made of has no value",
                                  node_.address, path),
                      "see what the resources it refers to give out: infra show");
        open->path = path;
      }
    });
    return open;
  }

  void prepare_birth(Value desired) {
    const bool anew = fact_.record != nullptr;
    run_.change.action = Action::create;
    run_.replaces = task_.change->operation == Operation::replace && task_.change->create_first;
    run_.notes.before = new_record(draft_, task_.node, anew ? fact_.record->generation + 1 : 0);
    run_.notes.schema = node_.schema;
    for (const auto& attribute : node_.schema->attributes) {
      if (attribute.fill == Fill::random && !desired.at(attribute.path)) {
        desired.set(attribute.path,
                    random_text(*draft_.options.world.random, length_of_made_secrets));
      }
    }
    for_each_owned_leaf(desired, "", [&](const Path& path, const Value& leaf) {
      if (!leaf.is_null()) {
        run_.change.changed.push_back(path);
      }
    });
    for (const auto& attribute : node_.schema->attributes) {
      if (attribute.read_back == ReadBack::once) {
        run_.change.changed.push_back(attribute.path);
      }
    }
    run_.change.desired = desired;
    run_.notes.desired = std::move(desired);
  }

  // True when nothing need be asked of the platform.
  bool prepare_update(Value desired) {
    run_.change.action = Action::update;
    run_.notes.before = *fact_.record;
    run_.notes.schema = node_.schema;
    note_surroundings(draft_, task_.node, run_.notes.before);
    run_.change.id = fact_.record->id;
    run_.change.live = fact_.record->live;
    run_.change.keep = fact_.record->keep;
    run_.change.redeploy = task_.kind == TaskKind::update && task_.change->redeploy;
    run_.change.changed = differing(in_, *node_.schema, desired, *fact_.record);
    for (const auto& attribute : node_.schema->attributes) {
      const bool listed =
          std::ranges::find(run_.change.changed, attribute.path) != run_.change.changed.end();
      if (attribute.read_back == ReadBack::once && !listed &&
          fact_.record->live.at(attribute.path).as<Secret>() == nullptr) {
        run_.change.changed.push_back(attribute.path);
      }
    }
    run_.change.desired = desired;
    run_.notes.desired = std::move(desired);
    const bool nothing = run_.change.changed.empty() && !run_.change.redeploy;
    if (task_.kind == TaskKind::finish) {
      return nothing && node_.deployment != no_node;
    }
    return nothing && fact_.record->status == RecordStatus::ready;
  }

  // What was asked for is so already: remembered as applied.
  Commit unchanged() {
    Remote as_it_is;
    as_it_is.id = fact_.record->id;
    as_it_is.attributes = fact_.record->live;
    ResourceRecord record =
        done_record(run_.notes, as_it_is, {}, RecordStatus::ready, draft_.fingerprints);
    Commit commit;
    commit.put.push_back(std::move(record));
    return commit;
  }

  void fill_intent() {
    Intent& intent = run_.intent;
    const ResourceRecord& before = run_.notes.before;
    intent.op = random_hex(*draft_.options.world.random, 16);
    intent.run = in_.run;
    intent.epoch = in_.store.epoch();
    intent.address = node_.address;
    intent.generation = before.generation;
    intent.kind = run_.change.action == Action::create ? IntentKind::create : IntentKind::update;
    intent.provider = node_.provider;
    intent.type = node_.type;
    intent.adoption = std::string(adoption_text(node_.schema->adoption.how));
    intent.settle_ms = std::chrono::milliseconds(node_.schema->adoption.settle).count();
    intent.marker = before.marker;
    intent.before_id = run_.change.action == Action::update ? before.id
                       : run_.replaces                      ? fact_.record->id
                                                            : std::string();
    intent.parent = parent_id(*node_.schema, run_.change.desired);
    intent.desired = run_.change.desired;
    intent.request_hash = draft_.key ? draft_.key->compare(run_.change.desired, "request") : "";
    run_.change.op = intent.op;
    run_.change.marker = intent.marker;
  }

  const ExecutionInput& in_;
  Draft& draft_;
  const StepGraph& graph_;
  const Task& task_;
  const Node& node_;
  Fact& fact_;
  ChangeRun run_;
};

const ResourceRecord* dropped_record(const Draft& draft, const Task& task,
                                     std::string& deposed_op) {
  deposed_op = task.change->deposed;
  if (task.waits_in_state) {
    for (const auto& [op, deposed] : draft.state.deposed) {
      if (deposed.record.address == task.change->address && deposed.record.id == task.change->id) {
        deposed_op = op;
      }
    }
  }
  if (!deposed_op.empty()) {
    const auto found = draft.state.deposed.find(deposed_op);
    return found == draft.state.deposed.end() ? nullptr : &found->second.record;
  }
  const auto found = draft.state.resources.find(task.change->address);
  return found == draft.state.resources.end() ? nullptr : &found->second;
}

}  // namespace

std::vector<Path> differing(const ExecutionInput& input, const TypeSchema& schema,
                            const Value& desired, const ResourceRecord& record) {
  const Observation* seen = input.draft.observation(record.address);
  const bool fresh = seen != nullptr && seen->seen == Seen::present;
  const LeafInput leaves{&schema,
                         &desired,
                         &record,
                         &record.live,
                         fresh ? &seen->marks : &record.marks,
                         &input.draft.fingerprints};
  std::vector<Path> paths;
  for (const auto& change : compare_leaves(leaves).changes) {
    paths.push_back(change.path);
  }
  return paths;
}

Prepared prepare_change(const ExecutionInput& input, const StepGraph& graph, TaskIndex task) {
  return ChangePreparation(input, graph, task).run();
}

Prepared prepare_drop(const ExecutionInput& input, const StepGraph& graph, TaskIndex index) {
  Draft& draft = input.draft;
  const Task& task = graph.tasks[index];
  std::string deposed;
  const ResourceRecord* record = dropped_record(draft, task, deposed);
  if (record == nullptr) {
    return NothingToDo{};
  }
  const auto counterpart = draft.doorway.counterpart(record->provider, record->type);
  if (counterpart.index() != 0) {
    return refuse(std::get<1>(counterpart));
  }
  const TypeSchema& schema = *std::get<0>(counterpart).schema;
  ChangeRun run;
  run.task = index;
  run.shown = *task.change;
  run.shown.operation = Operation::remove;
  run.shown.deposed = deposed;
  run.notes.before = *record;
  run.notes.schema = &schema;
  run.change.action = Action::remove;
  run.change.address = record->address;
  run.change.type = record->type;
  run.change.id = record->id;
  run.change.live = record->live;
  run.change.keep = record->keep;
  for_each_owned_leaf(record->applied, "", [&](const Path& path, const Value& leaf) {
    if (!leaf.is_null()) {
      run.change.changed.push_back(path);
    }
  });
  Intent& intent = run.intent;
  intent.op = random_hex(*draft.options.world.random, 16);
  intent.run = input.run;
  intent.epoch = input.store.epoch();
  intent.address = record->address;
  intent.generation = record->generation;
  intent.kind = IntentKind::remove;
  intent.provider = record->provider;
  intent.type = record->type;
  intent.adoption = std::string(adoption_text(schema.adoption.how));
  intent.settle_ms = std::chrono::milliseconds(schema.adoption.settle).count();
  intent.marker = record->marker;
  intent.before_id = record->id;
  intent.parent = record->parent;
  intent.deposed = !deposed.empty();
  run.change.op = intent.op;
  run.change.marker = intent.marker;
  return run;
}

std::variant<Commit, Error> prepare_commit(const ExecutionInput& input, const StepGraph& graph,
                                           TaskIndex index) {
  Draft& draft = input.draft;
  const Task& task = graph.tasks[index];
  Commit commit;
  if (task.kind == TaskKind::forget) {
    if (!task.change->deposed.empty()) {
      commit.remove_deposed.push_back(task.change->deposed);
    } else if (task.waits_in_state) {
      std::string deposed;
      if (dropped_record(draft, task, deposed) != nullptr) {
        commit.remove_deposed.push_back(deposed);
      }
    } else if (!task.replaced) {
      commit.remove.push_back(task.change->address);
    }
    return commit;
  }
  const Node& node = draft.expansion[task.node];
  Fact& fact = draft.knowledge[task.node];
  if (task.kind == TaskKind::adopt) {
    ResourceRecord record = *fact.record;
    note_surroundings(draft, task.node, record);
    record.applied = without_secrets(fact.desired, draft.fingerprints, record.marks);
    commit.put.push_back(std::move(record));
    return commit;
  }
  const World& world = draft.options.world;
  Value value = fact.secret;
  if (value.is_unknown()) {
    if (!fact.desired.at("/generate")) {
      const SecretPlan plan = plan_secret(node, fact.desired, fact.record, world,
                                          draft.options.folder, draft.fingerprints);
      return refuse(
          fmt::format("{} cannot be read, and `{}` was never applied", plan.source, node.address),
          "set it, or write `optional = true`");
    }
    value = generate_secret(fact.desired, *world.random);
  }
  fact.secret = value;
  ResourceRecord record = secret_record(node, fact.desired, value, world, draft.fingerprints);
  note_surroundings(draft, task.node, record);
  record.stateful = false;
  record.generation = fact.record == nullptr ? 0 : fact.record->generation + 1;
  commit.put.push_back(std::move(record));
  return commit;
}

}  // namespace infra
