// planner/render.h — a plan as people and tools read it. All functions are pure; none prints a
// secret.
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
                                    const TextStyle& style);
// For a pull request: dangers first, then counts, a table, and the text in a fold; at most 65,000
// bytes.
[[nodiscard]] std::string plan_markdown(const Plan& plan, const Compilation& compilation);
// The plan document that policies and summarizers of this field read (format_version 1.2), ours
// under "infra".
[[nodiscard]] std::string plan_json(const Plan& plan, const Compilation& compilation,
                                    const State& prior);
[[nodiscard]] std::string state_json(const State& state);  // `show --format json`

// The saved plan: canonical JSON with a MAC. No secret is in it, not even sealed.
[[nodiscard]] std::string save_plan(const Plan& plan, const SealingKey& key);
[[nodiscard]] std::variant<Plan, std::string> load_plan(std::string_view text,
                                                        const SealingKey& key);

// One short hash per action (address, operation, changed field names, effect, keyed fingerprints of
// values), as one token.
[[nodiscard]] std::string contract_token(const Plan& plan, const SealingKey* key);
// Empty when every action of `plan` is in the token; else what is not.
[[nodiscard]] std::vector<std::string> contract_violations(const Plan& plan, std::string_view token,
                                                           const SealingKey* key);

}  // namespace infra
