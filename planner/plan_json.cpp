#include <map>
#include <set>

#include "base/address.h"
#include "base/json.h"
#include "base/kinds.h"
#include "base/version.h"
#include "planner/change_text.h"
#include "planner/document.h"
#include "planner/render.h"

namespace infra {
namespace {

Value or_empty(Value value) {
  return value.is_null() ? Value(Object{}) : std::move(value);
}

std::string_view origin_text(Origin origin) {
  switch (origin) {
    case Origin::configuration:
      return "configuration";
    case Origin::drift:
      return "drift";
    case Origin::both:
      return "both";
  }
  return "configuration";
}

List actions_of(const PlannedChange& change) {
  switch (change.operation) {
    case Operation::no_op:
      return {"no-op"};
    case Operation::create:
      return {"create"};
    case Operation::update:
      return {"update"};
    case Operation::replace:
      return change.create_first ? List{"create", "delete"} : List{"delete", "create"};
    case Operation::remove:
      return {"delete"};
    case Operation::forget:
      return {"forget"};
    case Operation::read:
      return {"read"};
  }
  return {"no-op"};
}

bool ends(Operation operation) {
  return operation == Operation::remove || operation == Operation::forget;
}

// A path as a list of steps, list positions as numbers.
Value path_document(std::string_view path) {
  List steps;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = path.find('/');
    const std::string step = unescape_step(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
    const bool number = !step.empty() && step.size() < 10 && !steps.empty() &&
                        step.find_first_not_of("0123456789") == std::string::npos;
    steps.push_back(number ? Value(std::int64_t{std::stoi(step)}) : Value(step));
  }
  return steps;
}

// A leaf may be secret by its schema though its value is plain here: its text must not get out.
void hide_sensitive_leaves(const PlannedChange& change, Value& before, Value& after) {
  for (const LeafChange& leaf : change.leaves) {
    if (!leaf.sensitive) {
      continue;
    }
    for (Value* side : {&before, &after}) {
      const Value& found = side->at(leaf.path);
      if (!found.is_null() && !found.is_unknown() && !contains_secret(found)) {
        side->set(leaf.path, Secret(std::string("hidden")));
      }
    }
  }
}

// One side of a change; where only the leaves are known, what they say.
Value side_of(const PlannedChange& change, const Value& whole, Value LeafChange::*side) {
  if (!whole.is_null()) {
    return whole;
  }
  Value out = Object{};
  for (const LeafChange& leaf : change.leaves) {
    if (!(leaf.*side).is_null() && !leaf.path.empty()) {
      out.set(leaf.path, leaf.*side);
    }
  }
  return out;
}

Value change_document(const PlannedChange& change) {
  Value before = change.operation == Operation::create
                     ? Value{}
                     : side_of(change, change.before, &LeafChange::before);
  Value after =
      ends(change.operation) ? Value{} : side_of(change, change.after, &LeafChange::after);
  hide_sensitive_leaves(change, before, after);
  if (before.as<Object>() != nullptr && !change.id.empty() && before.at("/id").is_null()) {
    before.set("/id", change.id);
  }
  const auto sensitive = [](const Value& side) {
    return side.is_null() ? Value(false) : or_empty(sensitive_shape(side));
  };
  Object out{
      {"actions", actions_of(change)},         {"before", document_value(before)},
      {"after", document_value(after)},        {"after_unknown", or_empty(unknown_shape(after))},
      {"before_sensitive", sensitive(before)}, {"after_sensitive", sensitive(after)}};
  if (change.operation == Operation::replace) {
    List paths;
    for (const LeafChange& leaf : change.leaves) {
      if (leaf.replaces) {
        paths.push_back(path_document(leaf.path));
      }
    }
    if (!paths.empty()) {
      out.emplace("replace_paths", std::move(paths));
    }
  }
  if (!change.import_id.empty()) {
    out.emplace("importing", Object{{"id", change.import_id}});
  }
  return out;
}

Value leaf_document(const LeafChange& leaf) {
  Object out{{"path", leaf.path},
             {"origin", origin_text(leaf.origin)},
             {"effect", effect_text(leaf.effect)}};
  if (!leaf.reason.empty()) {
    out.emplace("reason", leaf.reason);
  }
  return out;
}

// What this program knows beyond the common format, under one key.
Value own_document(const PlannedChange& change, const Compilation& compilation) {
  Object out{{"effect", effect_text(change.effect)},
             {"origin", origin_text(change.origin)},
             {"stateful", change.stateful},
             {"summary", change.reason}};
  if (!change.kind.empty()) {
    out.emplace("kind", change.kind);
  }
  if (!change.provider.empty()) {
    out.emplace("provider", change.provider);
  }
  if (change.renamed) {
    out.emplace("renamed", true);
  }
  if (change.redeploy) {
    out.emplace("redeploy", true);
  }
  if (!change.live) {
    out.emplace("live", false);
  }
  if (change.stage != 1) {
    out.emplace("stage", std::int64_t{change.stage});
  }
  if (!change.affects.empty()) {
    out.emplace("affects", List(change.affects.begin(), change.affects.end()));
  }
  if (change.has_span && change.span.file < compilation.sources.size()) {
    out.emplace("source", compilation.sources.place(change.span));
  }
  if (!change.leaves.empty()) {
    List leaves;
    for (const LeafChange& leaf : change.leaves) {
      leaves.push_back(leaf_document(leaf));
    }
    out.emplace("leaves", std::move(leaves));
  }
  return out;
}

std::string name_of(const PlannedChange& change) {
  return change.name.empty() ? std::string(address_name(change.address)) : change.name;
}

Object identity_document(const PlannedChange& change) {
  Object out{{"address", change.address},
             {"mode", change.existing ? "data" : "managed"},
             {"type", change.type},
             {"name", name_of(change)},
             {"provider_name", provider_document_name(change.type, change.provider)}};
  if (Value index = index_document(change.keys); !index.is_null()) {
    out.emplace("index", std::move(index));
  }
  return out;
}

Value resource_change_document(const PlannedChange& change, const Compilation& compilation) {
  Object out = identity_document(change);
  out.emplace("change", change_document(change));
  out.emplace("infra", own_document(change, compilation));
  if (!change.previous_address.empty()) {
    out.emplace("previous_address", change.previous_address);
  }
  if (!change.deposed.empty()) {
    out.emplace("deposed", change.deposed.substr(0, 8));
  }
  if (!change.action_reason.empty()) {
    out.emplace("action_reason", change.action_reason);
  }
  return out;
}

Value planned_values(const Plan& plan) {
  List resources;
  for (const PlannedChange& change : plan.changes) {
    if (ends(change.operation) || !change.deposed.empty() || !change.live ||
        change.after.as<Object>() == nullptr) {
      continue;
    }
    Value before;
    Value after = change.after;
    hide_sensitive_leaves(change, before, after);
    Object document = identity_document(change);
    document.emplace("schema_version", std::int64_t{0});
    document.emplace("values", document_value(after));
    document.emplace("sensitive_values", or_empty(sensitive_shape(after)));
    resources.push_back(std::move(document));
  }
  Object out{{"root_module",
              resources.empty() ? Value(Object{}) : Value(Object{{"resources", resources}})}};
  Object outputs;
  for (const OutputChange& output : plan.outputs) {
    if (output.operation != Operation::remove) {
      outputs.emplace(output.name, output_document(output.after, output.sensitive));
    }
  }
  if (!outputs.empty()) {
    out.emplace("outputs", std::move(outputs));
  }
  return out;
}

Value output_changes(const std::vector<OutputChange>& outputs) {
  Object out;
  for (const OutputChange& output : outputs) {
    PlannedChange action;
    action.operation = output.operation;
    const auto side = [&output](const Value& value) {
      return output.sensitive && !value.is_null() ? Value("(sensitive)") : document_value(value);
    };
    Object document{
        {"actions", actions_of(action)},
        {"before", output.operation == Operation::create ? Value{} : side(output.before)},
        {"after_unknown", contains_unknown(output.after)},
        {"before_sensitive", output.sensitive},
        {"after_sensitive", output.sensitive}};
    if (!contains_unknown(output.after)) {
      document.emplace("after",
                       output.operation == Operation::remove ? Value{} : side(output.after));
    }
    out.emplace(output.name, std::move(document));
  }
  return out;
}

// `{constant_value}` of what is written and public, else the references that decide it, each from
// the most specific to the least.
Value expression_document(const ResourceGraph& graph, const ResourceNode& node,
                          const std::string& attribute, const Value& value) {
  const Path path = join("", attribute);
  List references;
  std::set<std::string> seen;
  const auto refer = [&references, &seen](const std::string& name) {
    if (seen.insert(name).second) {
      references.push_back(name);
    }
  };
  for (const Dependency& dependency : node.dependencies) {
    if (!covers(path, dependency.attribute)) {
      continue;
    }
    const std::string& target = graph.nodes[dependency.target].address;
    if (!dependency.output.empty()) {
      refer(target + "." + path_text(dependency.output));
    }
    refer(target);
  }
  if (!references.empty()) {
    return Object{{"references", std::move(references)}};
  }
  if (contains_unknown(value) || contains_secret(value)) {
    return Object{};
  }
  return Object{{"constant_value", document_value(value)}};
}

Value configured_resource(const ResourceGraph& graph, const ResourceNode& node) {
  Object expressions;
  for (const auto& [attribute, value] : node.attributes.object()) {
    expressions.emplace(attribute, expression_document(graph, node, attribute, value));
  }
  Object out{{"address", node.address},
             {"mode", node.existing ? "data" : "managed"},
             {"type", node.type},
             {"name", node.name},
             {"provider_config_key", node.provider},
             {"expressions", std::move(expressions)},
             {"schema_version", std::int64_t{0}}};
  List needs;
  for (const Dependency& dependency : node.dependencies) {
    if (covers("/needs", dependency.attribute)) {
      needs.push_back(graph.nodes[dependency.target].address);
    }
  }
  if (!needs.empty()) {
    out.emplace("depends_on", std::move(needs));
  }
  return out;
}

Value configuration_document(const Compilation& compilation) {
  if (!compilation.graph) {
    return Object{{"root_module", Object{}}};
  }
  const ResourceGraph& graph = *compilation.graph;
  Object providers;
  for (const ProviderBlock& block : graph.providers) {
    Object entry{{"name", block.driver}, {"full_name", "infra/" + block.driver}};
    if (block.alias != block.driver) {
      entry.emplace("alias", block.alias);
    }
    providers.emplace(block.alias, std::move(entry));
  }
  Object root;
  List resources;
  for (const ResourceNode& node : graph.nodes) {
    resources.push_back(configured_resource(graph, node));
  }
  if (!resources.empty()) {
    root.emplace("resources", std::move(resources));
  }
  Object outputs;
  for (const PlannedOutput& output : graph.outputs) {
    Object entry{{"expression", Object{}}};
    if (!output.description.empty()) {
      entry.emplace("description", output.description);
    }
    if (output.revealed || contains_secret(output.value)) {
      entry.emplace("sensitive", true);
    }
    outputs.emplace(output.name, std::move(entry));
  }
  if (!outputs.empty()) {
    root.emplace("outputs", std::move(outputs));
  }
  Object variables;
  for (const auto& [name, value] : graph.parameters) {
    variables.emplace(name, Object{});
  }
  if (!variables.empty()) {
    root.emplace("variables", std::move(variables));
  }
  return Object{{"provider_config", std::move(providers)}, {"root_module", std::move(root)}};
}

Value plan_checks(const Compilation& compilation) {
  List checks;
  if (compilation.graph) {
    for (const PlannedCheck& check : compilation.graph->checks) {
      checks.push_back(check_document({check.name, "unknown", ""}));
    }
  }
  return checks;
}

Value counts_document(const Counts& counts) {
  return Object{{"import", static_cast<std::int64_t>(counts.import)},
                {"add", static_cast<std::int64_t>(counts.add)},
                {"change", static_cast<std::int64_t>(counts.change)},
                {"destroy", static_cast<std::int64_t>(counts.destroy)},
                {"forget", static_cast<std::int64_t>(counts.forget)}};
}

Value own_plan_document(const Plan& plan, std::string_view contract) {
  Object out{{"stack", plan.stack},     {"environment", plan.environment},
             {"lineage", plan.lineage}, {"serial", static_cast<std::int64_t>(plan.serial)},
             {"destroy", plan.destroy}, {"counts", counts_document(plan.counts())}};
  if (!contract.empty()) {
    out.emplace("contract", contract);
  }
  List refusals;
  for (const Refusal& refusal : plan.refusals) {
    refusals.push_back(
        Object{{"address", refusal.address}, {"why", refusal.why}, {"help", refusal.help}});
  }
  List unfinished;
  for (const UnfinishedOperation& operation : plan.unfinished) {
    static constexpr std::string_view words[] = {"create", "update", "remove"};
    unfinished.push_back(Object{{"address", operation.address},
                                {"op", operation.op},
                                {"kind", words[static_cast<std::size_t>(operation.kind)]},
                                {"resolvable", operation.resolvable}});
  }
  Object calls;
  for (const CallEstimate& estimate : plan.calls) {
    calls[estimate.provider] = static_cast<std::int64_t>(estimate.calls);
  }
  out.emplace("refusals", std::move(refusals));
  out.emplace("unfinished", std::move(unfinished));
  out.emplace("calls", std::move(calls));
  return out;
}

template <class Items>
void add_changes(Object& document, const char* key, const Items& changes,
                 const Compilation& compilation) {
  List list;
  for (const PlannedChange& change : changes) {
    list.push_back(resource_change_document(change, compilation));
  }
  if (!list.empty()) {
    document.emplace(key, std::move(list));
  }
}

}  // namespace

std::string plan_json(const Plan& plan, const Compilation& compilation, const State& prior,
                      std::string_view contract) {
  Object document{{"format_version", "1.2"},
                  {"terraform_version", document_tool_version},
                  {"infra_version", program_version},
                  {"planned_values", planned_values(plan)},
                  {"configuration", configuration_document(compilation)},
                  {"timestamp", plan.created},
                  {"errored", plan.diagnostics.has_errors()},
                  {"applyable", plan.has_changes() && plan.refusals.empty()},
                  {"complete", plan.complete},
                  {"infra", own_plan_document(plan, contract)}};
  Object variables;
  for (const auto& [name, value] : plan.parameters) {
    variables.emplace(name, Object{{"value", document_value(value)}});
  }
  if (!variables.empty()) {
    document.emplace("variables", std::move(variables));
  }
  add_changes(document, "resource_changes", plan.changes, compilation);
  add_changes(document, "resource_drift", plan.drift, compilation);
  if (!plan.outputs.empty()) {
    document.emplace("output_changes", output_changes(plan.outputs));
  }
  if (!prior.resources.empty() || !prior.outputs.empty()) {
    document.emplace("prior_state", state_document(prior));
  }
  if (Value checks = plan_checks(compilation); !checks.list().empty()) {
    document.emplace("checks", std::move(checks));
  }
  return to_json(document, SecretText::sensitive, 2) + "\n";
}

}  // namespace infra
