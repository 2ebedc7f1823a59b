// planner/render.h — a plan as people and tools read it. All functions are pure; none prints a
// secret.
//
// `contract` is the plan's contract token, made by the caller who has the key; "" leaves it out.
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/sealing.h"
#include "compiler/compile.h"
#include "planner/plan.h"
#include "state/record.h"

namespace infra {

struct TextStyle {
  bool colour = false;
  std::size_t columns = 80;
};

// What `infra plan` prints: changes with their reason and effect, drift, refusals, unfinished
// operations, the count line.
[[nodiscard]] std::string plan_text(const Plan& plan, const Compilation& compilation,
                                    const TextStyle& style, std::string_view contract = {});
// "Plan: 1 to add, 2 to change, 0 to destroy." or "No changes. …", byte for byte what the field's
// tools look for.
[[nodiscard]] std::string count_line(const Plan& plan);
// What the platforms changed, one entry per resource, as `infra plan` and `infra drift` list it.
[[nodiscard]] std::string drift_lines(const std::vector<PlannedChange>& drift,
                                      const TextStyle& style);
// For a pull request: dangers first, then counts, a table, and the text in a fold; at most 65,000
// bytes.
[[nodiscard]] std::string plan_markdown(const Plan& plan, const Compilation& compilation,
                                        std::string_view contract = {});
// The plan document that policies and summarizers of this field read (format_version 1.2), ours
// under "infra".
[[nodiscard]] std::string plan_json(const Plan& plan, const Compilation& compilation,
                                    const State& prior, std::string_view contract = {});
[[nodiscard]] std::string state_json(const State& state);  // `show --format json`

// The saved plan: canonical JSON with a MAC. No secret is in it, not even sealed: where one was,
// the loaded plan has an Unknown that is secret, and the contract inside tells whether it moved.
[[nodiscard]] std::string save_plan(const Plan& plan, const SealingKey& key);
[[nodiscard]] std::variant<Plan, std::string> load_plan(std::string_view text,
                                                        const SealingKey& key);
// Empty when `now`, made afresh, is what `saved` (from load_plan) was: same lineage, serial,
// environment, configuration and actions, secrets included. Else what differs, a line each.
[[nodiscard]] std::vector<std::string> plan_differences(const Plan& saved, const Plan& now,
                                                        const SealingKey& key);

// One short hash per action (address, operation, changed field names, effect, keyed fingerprints of
// values), as one token.
[[nodiscard]] std::string contract_token(const Plan& plan, const SealingKey* key);
// Empty when every action of `plan` is in the token; else what is not.
[[nodiscard]] std::vector<std::string> contract_violations(const Plan& plan, std::string_view token,
                                                           const SealingKey* key);

}  // namespace infra
