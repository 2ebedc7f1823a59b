// What a plan says beside its changes: outputs, unfinished operations, calls, and the hash of all
// that it was made from.
#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/json.h"
#include "base/text.h"
#include "planner/draft.h"

namespace infra {
namespace {

Operation output_operation(const Value& before, bool known_before, const Value& after) {
  if (!known_before) {
    return Operation::create;
  }
  return same(before, after) ? Operation::no_op : Operation::update;
}

void plan_outputs(Draft& draft) {
  Plan& plan = draft.plan;
  std::set<std::string> shown;
  for (const auto& output : draft.graph.outputs) {
    OutputChange change;
    change.name = output.name;
    change.after = draft.graph.output(output, draft.knowledge.outputs(), plan.diagnostics);
    const auto before = draft.state.outputs.find(output.name);
    const bool known_before = before != draft.state.outputs.end();
    if (change.after.is_null() && !known_before) {
      continue;
    }
    if (known_before) {
      change.before = before->second.value;
    }
    change.operation = change.after.is_null()
                           ? Operation::remove
                           : output_operation(change.before, known_before, change.after);
    change.sensitive = contains_secret(change.before) || contains_secret(change.after);
    shown.insert(output.name);
    plan.outputs.push_back(std::move(change));
  }
  for (const auto& [name, record] : draft.state.outputs) {
    if (!shown.contains(name)) {
      plan.outputs.push_back(
          {name, Operation::remove, record.value, Value(), contains_secret(record.value)});
    }
  }
  std::ranges::sort(plan.outputs, {}, &OutputChange::name);
}

void plan_unfinished(Draft& draft) {
  for (const auto& [op, intent] : draft.state.intents) {
    draft.plan.unfinished.push_back(
        {op, intent.address, intent.kind, intent.sent_at, intent.adoption != "none"});
  }
  std::ranges::stable_sort(draft.plan.unfinished, [](const auto& left, const auto& right) {
    return address_less(left.address, right.address);
  });
}

void estimate_calls(Draft& draft) {
  std::map<std::string, std::size_t> calls = draft.refresh_calls;
  for (const auto* changes : {&draft.changes, &draft.removals}) {
    for (const auto& change : *changes) {
      const bool calls_out = change.operation != Operation::no_op &&
                             change.operation != Operation::forget && change.type != secret_type;
      if (calls_out) {
        calls[change.provider] += change.operation == Operation::replace ? 2U : 1U;
      }
    }
  }
  for (const auto& [provider, count] : calls) {
    draft.plan.calls.push_back({provider, count});
  }
}

// Texts, files, inputs (secrets as keyed fingerprints) and the drivers' versions.
std::string hash_configuration(const Draft& draft) {
  std::string all;
  const auto add = [&](std::string_view name, const Value& value) {
    all += fmt::format("{}={}\n", name,
                       contains_secret(value) ? draft.fingerprints.of_secret(value)
                                              : to_json(value, SecretText::sensitive));
  };
  const Sources& sources = draft.compilation.sources;
  for (FileId file = 0; file < sources.size(); ++file) {
    all += fmt::format("{} {}\n", sources.path(file), sha256_hex(sources.text(file)));
  }
  all += draft.graph.environment + "\n";
  for (const auto& [name, value] : draft.graph.parameters) {
    add(name, value);
  }
  for (const auto& read : draft.graph.reads) {
    if (read.kind != "now") {
      add(read.kind + ":" + read.name, read.value);
    }
  }
  for (const auto& block : draft.graph.providers) {
    all += block.alias + " " + block.driver + "\n";
  }
  return sha256_hex(all);
}

}  // namespace

void plan_surroundings(Draft& draft, bool destroy) {
  Plan& plan = draft.plan;
  plan.stack = draft.graph.stack;
  plan.environment = draft.graph.environment;
  plan.lineage = draft.state.lineage;
  plan.serial = draft.state.serial;
  plan.created = timestamp(draft.options.world.clock->now());
  plan.destroy = destroy;
  plan.parameters = draft.graph.parameters;
  if (!destroy) {
    plan_outputs(draft);
  } else {
    for (const auto& [name, record] : draft.state.outputs) {
      plan.outputs.push_back(
          {name, Operation::remove, record.value, Value(), contains_secret(record.value)});
    }
  }
  plan_unfinished(draft);
  estimate_calls(draft);
  plan.configuration_hash = hash_configuration(draft);
  plan.diagnostics.sort();
  std::ranges::stable_sort(plan.drift, [](const auto& left, const auto& right) {
    return address_less(left.address, right.address);
  });
}

}  // namespace infra
