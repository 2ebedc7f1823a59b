#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "planner/render.h"

namespace infra {
namespace {

// The whole file is
//   {"infra_plan":1,"mac":"<64 hex digits>","plan":<tagged JSON>}\n
// and is read by composing it anew from its middle and comparing every byte, so that no byte of it,
// not even a blank, can be another than what was written.
constexpr std::string_view file_head = R"({"infra_plan":1,"mac":")";
constexpr std::string_view file_middle = R"(","plan":)";
constexpr std::string_view file_tail = "}\n";
constexpr std::size_t mac_characters = 64;

std::string compose(std::string_view body, const SealingKey& key) {
  return fmt::format("{}{}{}{}{}", file_head, key.plan_mac(body), file_middle, body, file_tail);
}

// --- writing

Value without_secrets(const Value& value) {
  if (value.as<Secret>() != nullptr) {
    return Unknown{true};
  }
  if (const auto* list = value.as<List>()) {
    List out;
    for (const Value& item : *list) {
      out.push_back(without_secrets(item));
    }
    return out;
  }
  if (const auto* object = value.as<Object>()) {
    Object out;
    for (const auto& [name, item] : *object) {
      out.emplace(name, without_secrets(item));
    }
    return out;
  }
  return value;
}

template <class Items>
List written_list(const Items& items, Value (*write)(const typename Items::value_type&)) {
  List out;
  for (const auto& item : items) {
    out.push_back(write(item));
  }
  return out;
}

List written_texts(const std::vector<std::string>& texts) {
  return List(texts.begin(), texts.end());
}

template <class Enumeration>
std::int64_t written(Enumeration value) {
  return static_cast<std::int64_t>(value);
}

Value hidden_if(bool sensitive, const Value& value) {
  return sensitive && !value.is_null() ? Value(Unknown{true}) : without_secrets(value);
}

Value write_leaf(const LeafChange& leaf) {
  return Object{{"path", leaf.path},
                {"before", hidden_if(leaf.sensitive, leaf.before)},
                {"after", hidden_if(leaf.sensitive, leaf.after)},
                {"sensitive", leaf.sensitive},
                {"origin", written(leaf.origin)},
                {"effect", written(leaf.effect)},
                {"replaces", leaf.replaces},
                {"reason", leaf.reason}};
}

// Sensitive leaves are hidden inside the whole trees too, whatever kind of value they are.
Value whole_tree(const PlannedChange& change, const Value& tree) {
  Value out = without_secrets(tree);
  for (const LeafChange& leaf : change.leaves) {
    if (leaf.sensitive && !out.at(leaf.path).is_null()) {
      out.set(leaf.path, Unknown{true});
    }
  }
  return out;
}

Value write_change(const PlannedChange& change) {
  return Object{{"address", change.address},
                {"previous_address", change.previous_address},
                {"renamed", change.renamed},
                {"kind", change.kind},
                {"type", change.type},
                {"provider", change.provider},
                {"name", change.name},
                {"keys", written_texts(change.keys)},
                {"operation", written(change.operation)},
                {"create_first", change.create_first},
                {"deposed", change.deposed},
                {"id", change.id},
                {"import_id", change.import_id},
                {"action_reason", change.action_reason},
                {"reason", change.reason},
                {"leaves", written_list(change.leaves, write_leaf)},
                {"before", whole_tree(change, change.before)},
                {"after", whole_tree(change, change.after)},
                {"effect", written(change.effect)},
                {"origin", written(change.origin)},
                {"existing", change.existing},
                {"stateful", change.stateful},
                {"redeploy", change.redeploy},
                {"live", change.live},
                {"stage", std::int64_t{change.stage}},
                {"affects", written_texts(change.affects)},
                {"dependencies", written_texts(change.dependencies)},
                {"has_span", change.has_span},
                {"file", std::int64_t{change.span.file}},
                {"begin", std::int64_t{change.span.begin}},
                {"end", std::int64_t{change.span.end}}};
}

Value write_output(const OutputChange& output) {
  return Object{{"name", output.name},
                {"operation", written(output.operation)},
                {"before", hidden_if(output.sensitive, output.before)},
                {"after", hidden_if(output.sensitive, output.after)},
                {"sensitive", output.sensitive}};
}

Value write_refusal(const Refusal& refusal) {
  return Object{{"address", refusal.address}, {"why", refusal.why}, {"help", refusal.help}};
}

Value write_unfinished(const UnfinishedOperation& operation) {
  return Object{{"op", operation.op},
                {"address", operation.address},
                {"kind", written(operation.kind)},
                {"sent_at", operation.sent_at},
                {"resolvable", operation.resolvable}};
}

Value write_call(const CallEstimate& call) {
  return Object{{"provider", call.provider}, {"calls", static_cast<std::int64_t>(call.calls)}};
}

Value write_plan(const Plan& plan, const SealingKey& key) {
  Object parameters;
  for (const auto& [name, value] : plan.parameters) {
    parameters.emplace(name, without_secrets(value));
  }
  return Object{{"stack", plan.stack},
                {"environment", plan.environment},
                {"lineage", plan.lineage},
                {"serial", std::to_string(plan.serial)},
                {"configuration_hash", plan.configuration_hash},
                {"created", plan.created},
                {"destroy", plan.destroy},
                {"complete", plan.complete},
                {"changes", written_list(plan.changes, write_change)},
                {"drift", written_list(plan.drift, write_change)},
                {"outputs", written_list(plan.outputs, write_output)},
                {"refusals", written_list(plan.refusals, write_refusal)},
                {"unfinished", written_list(plan.unfinished, write_unfinished)},
                {"calls", written_list(plan.calls, write_call)},
                {"parameters", std::move(parameters)},
                {"contract", contract_token(plan, &key)}};
}

// --- reading: the MAC has vouched for the shape, so what is missing is empty

std::vector<std::string> read_texts(const Value& value) {
  std::vector<std::string> out;
  for (const Value& item : value.list()) {
    out.push_back(item.text());
  }
  return out;
}

template <class Item>
std::vector<Item> read_list(const Value& value, Item (*read)(const Value&)) {
  std::vector<Item> out;
  for (const Value& item : value.list()) {
    out.push_back(read(item));
  }
  return out;
}

template <class Enumeration>
Enumeration read_enumeration(const Value& value, Enumeration last) {
  const std::int64_t number = value.integer();
  return number < 0 || number > static_cast<std::int64_t>(last) ? Enumeration{}
                                                                : static_cast<Enumeration>(number);
}

LeafChange read_leaf(const Value& value) {
  LeafChange leaf;
  leaf.path = value.at("/path").text();
  leaf.before = value.at("/before");
  leaf.after = value.at("/after");
  leaf.sensitive = value.at("/sensitive").truth();
  leaf.origin = read_enumeration(value.at("/origin"), Origin::both);
  leaf.effect = read_enumeration(value.at("/effect"), Effect::irreversible);
  leaf.replaces = value.at("/replaces").truth();
  leaf.reason = value.at("/reason").text();
  return leaf;
}

void read_identity(const Value& value, PlannedChange& change) {
  change.address = value.at("/address").text();
  change.previous_address = value.at("/previous_address").text();
  change.renamed = value.at("/renamed").truth();
  change.kind = value.at("/kind").text();
  change.type = value.at("/type").text();
  change.provider = value.at("/provider").text();
  change.name = value.at("/name").text();
  change.keys = read_texts(value.at("/keys"));
  change.deposed = value.at("/deposed").text();
  change.id = value.at("/id").text();
  change.import_id = value.at("/import_id").text();
  change.has_span = value.at("/has_span").truth();
  change.span.file = static_cast<FileId>(value.at("/file").integer());
  change.span.begin = static_cast<std::uint32_t>(value.at("/begin").integer());
  change.span.end = static_cast<std::uint32_t>(value.at("/end").integer());
}

PlannedChange read_change(const Value& value) {
  PlannedChange change;
  read_identity(value, change);
  change.operation = read_enumeration(value.at("/operation"), Operation::read);
  change.create_first = value.at("/create_first").truth();
  change.action_reason = value.at("/action_reason").text();
  change.reason = value.at("/reason").text();
  change.leaves = read_list(value.at("/leaves"), read_leaf);
  change.before = value.at("/before");
  change.after = value.at("/after");
  change.effect = read_enumeration(value.at("/effect"), Effect::irreversible);
  change.origin = read_enumeration(value.at("/origin"), Origin::both);
  change.existing = value.at("/existing").truth();
  change.stateful = value.at("/stateful").truth();
  change.redeploy = value.at("/redeploy").truth();
  change.live = value.at("/live").truth();
  change.stage = static_cast<int>(value.at("/stage").integer(1));
  change.affects = read_texts(value.at("/affects"));
  change.dependencies = read_texts(value.at("/dependencies"));
  return change;
}

OutputChange read_output(const Value& value) {
  OutputChange output;
  output.name = value.at("/name").text();
  output.operation = read_enumeration(value.at("/operation"), Operation::read);
  output.before = value.at("/before");
  output.after = value.at("/after");
  output.sensitive = value.at("/sensitive").truth();
  return output;
}

Refusal read_refusal(const Value& value) {
  return {value.at("/address").text(), value.at("/why").text(), value.at("/help").text()};
}

UnfinishedOperation read_unfinished(const Value& value) {
  UnfinishedOperation operation;
  operation.op = value.at("/op").text();
  operation.address = value.at("/address").text();
  operation.kind = read_enumeration(value.at("/kind"), IntentKind::remove);
  operation.sent_at = value.at("/sent_at").integer();
  operation.resolvable = value.at("/resolvable").truth();
  return operation;
}

CallEstimate read_call(const Value& value) {
  return {value.at("/provider").text(), static_cast<std::size_t>(value.at("/calls").integer())};
}

Plan read_plan(const Value& value) {
  Plan plan;
  plan.stack = value.at("/stack").text();
  plan.environment = value.at("/environment").text();
  plan.lineage = value.at("/lineage").text();
  plan.serial = std::strtoull(value.at("/serial").text().c_str(), nullptr, 10);
  plan.configuration_hash = value.at("/configuration_hash").text();
  plan.created = value.at("/created").text();
  plan.destroy = value.at("/destroy").truth();
  plan.complete = value.at("/complete").truth();
  plan.changes = read_list(value.at("/changes"), read_change);
  plan.drift = read_list(value.at("/drift"), read_change);
  plan.outputs = read_list(value.at("/outputs"), read_output);
  plan.refusals = read_list(value.at("/refusals"), read_refusal);
  plan.unfinished = read_list(value.at("/unfinished"), read_unfinished);
  plan.calls = read_list(value.at("/calls"), read_call);
  for (const auto& [name, parameter] : value.at("/parameters").object()) {
    plan.parameters.emplace(name, parameter);
  }
  plan.contract = value.at("/contract").text();
  return plan;
}

}  // namespace

std::string save_plan(const Plan& plan, const SealingKey& key) {
  return compose(to_tagged_json(write_plan(plan, key)), key);
}

std::variant<Plan, std::string> load_plan(std::string_view text, const SealingKey& key) {
  const std::size_t before = file_head.size() + mac_characters + file_middle.size();
  if (!text.starts_with(file_head) || text.size() < before + file_tail.size()) {
    return std::string(
        "this is no plan that `infra plan --out` wrote, or its beginning is damaged");
  }
  const std::string_view body = text.substr(before, text.size() - before - file_tail.size());
  if (compose(body, key) != text) {
    return std::string(
        "the plan was changed after it was written, or it was written with another key "
        "(INFRA_KEY)");
  }
  auto parsed = parse_tagged_json(body);
  if (const auto* error = std::get_if<std::string>(&parsed)) {
    return "the plan cannot be read: " + *error;
  }
  return read_plan(std::get<Value>(parsed));
}

std::vector<std::string> plan_differences(const Plan& saved, const Plan& now,
                                          const SealingKey& key) {
  std::vector<std::string> out;
  if (saved.stack != now.stack || saved.environment != now.environment) {
    out.push_back(fmt::format("it was made for environment `{}` of stack `{}`", saved.environment,
                              saved.stack));
    return out;
  }
  // A plan made before there was a state fits the state that its apply has just begun.
  const bool first = saved.lineage.empty() && now.serial == 0;
  if (saved.lineage != now.lineage && !first) {
    out.emplace_back("Saved plan does not match the given state: another lineage");
    return out;
  }
  if (saved.serial != now.serial) {
    out.push_back(fmt::format("Saved plan is stale: state moved from serial {} to {}", saved.serial,
                              now.serial));
  }
  if (saved.destroy != now.destroy) {
    out.emplace_back(saved.destroy ? "it was made by `infra plan --destroy`"
                                   : "it was not made to destroy");
  }
  if (!saved.configuration_hash.empty() && saved.configuration_hash != now.configuration_hash) {
    out.emplace_back("the texts, files or inputs are others than those it was made from");
  }
  for (const std::string& action : contract_violations(now, saved.contract, &key)) {
    out.push_back("not in the saved plan: " + printable(action));
  }
  if (out.empty() && contract_token(now, &key) != saved.contract) {
    out.emplace_back("something it was to do has no need to be done any more");
  }
  return out;
}

}  // namespace infra
