// What a person says: this object is ours; that lost operation ended so.
#include <fmt/format.h>

#include "planner/apply.h"
#include "planner/draft.h"
#include "planner/journal.h"
#include "planner/recovery.h"

namespace infra {
namespace {

void write_run(Store& store, const EngineOptions& options, const std::string& command) {
  Commit commit;
  RunRecord run;
  run.run = options.holder.id.empty() ? uuid(*options.world.random) : options.holder.id;
  run.command = command;
  run.holder = options.holder.who;
  run.commit = options.commit;
  run.started = run.ended = options.world.clock->now().time_since_epoch().count();
  run.outcome = "done";
  commit.run = run;
  store.commit(std::move(commit));
  store.snapshot(run.run, command);
}

}  // namespace

void import_resource(const Compilation& compilation, const std::string& address,
                     const std::string& id, const EngineOptions& options) {
  const ResourceGraph& graph = *compilation.graph;
  const auto runner = make_thread_runner(1);
  Store store = Store::open({options.state_path, graph.stack, graph.environment}, options.world,
                            options.holder, options.lock_timeout);
  if (store.state().resources.contains(address)) {
    throw CommandError(1,
                       fmt::format("{} is remembered already, as {}", address,
                                   store.state().resources.find(address)->second.id),
                       fmt::format("infra state rm {}, if it is to be another object", address));
  }
  for (const auto& [other, record] : store.state().resources) {
    if (record.id == id && record.type != secret_type) {
      throw CommandError(1, fmt::format("{} is {} already", id, other));
    }
  }
  Draft draft(compilation, options, *runner);
  draft.state = store.state();
  draft.expansion = expand(graph, options.providers, draft.plan.diagnostics);
  draft.knowledge = Knowledge(draft.expansion);
  const NodeIndex index = draft.expansion.find(address);
  if (index == no_node || draft.expansion[index].is_secret() || draft.expansion[index].existing) {
    throw CommandError(1,
                       fmt::format("nothing in the text is called {} and can be imported", address),
                       "write its block first; infra plan shows what differs");
  }
  const Node& node = draft.expansion[index];
  if (node.driver == nullptr) {
    throw CommandError(1, fmt::format("this program has no driver for {}", node.type));
  }
  const Value attributes = node.resource != nullptr ? node.resource->attributes : Value(Object{});
  auto remote = read_one(draft.refresh_input(), {node.driver, node.schema, node.block}, id,
                         attributes, remembered_outputs(draft.state));
  if (!remote) {
    throw CommandError(
        1,
        remote.error().kind == ErrorKind::missing
            ? fmt::format("there is no {} `{}` at {}", node.kind, id, node.provider)
            : fmt::format("cannot read {} from {}: {}", id, node.provider, remote.error().message));
  }
  const Fingerprints fingerprints(&store.key());
  ObjectNotes notes{node.schema, new_record(draft, index, 0), Value(Object{})};
  Commit commit;
  commit.put.push_back(done_record(notes, *remote, {}, RecordStatus::ready, fingerprints));
  store.commit(std::move(commit));
  write_run(store, options, "import");
}

void recover(const Compilation& compilation, const std::string& address,
             const std::optional<std::string>& id, const EngineOptions& options) {
  const ResourceGraph& graph = *compilation.graph;
  const auto runner = make_thread_runner(1);
  Store store = Store::open({options.state_path, graph.stack, graph.environment}, options.world,
                            options.holder, options.lock_timeout);
  const Intent* open = nullptr;
  for (const auto& [op, intent] : store.state().intents) {
    if (intent.address == address) {
      open = &intent;
    }
  }
  if (open == nullptr) {
    throw CommandError(1, fmt::format("no operation of {} is unfinished", address));
  }
  const Intent intent = *open;
  const Doorway doorway(graph, options, *runner);
  const auto counterpart = doorway.counterpart(intent.provider, intent.type);
  if (counterpart.index() != 0) {
    throw CommandError(1, std::get<1>(counterpart));
  }
  const Counterpart& found = std::get<0>(counterpart);
  LookupResult result{LookupEnd::absent, {}, {}};
  if (id) {
    const Expansion none;
    const Fingerprints no_fingerprints(nullptr);
    auto remote = read_one({&graph, &none, &options, &doorway, runner.get(), &no_fingerprints},
                           found, *id, intent.desired, remembered_outputs(store.state()));
    if (!remote) {
      throw CommandError(1, fmt::format("cannot read {} from {}: {}", *id, intent.provider,
                                        remote.error().message));
    }
    result = {LookupEnd::found, {std::move(*remote)}, {}};
  }
  Settlement settlement = settle_intent(store.state(), *found.schema, graph.settings.ephemeral,
                                        intent, result, Fingerprints(&store.key()));
  store.commit(std::move(settlement.commit));
  write_run(store, options, "recover");
}

}  // namespace infra
