// plan_fixture.h — a hand-made plan with one of everything, and small builders.
#pragma once
#include <string>

#include "planner/render.h"

namespace infra::test {

inline constexpr const char* planted_secret = "hunter2-planted-secret";

[[nodiscard]] LeafChange leaf(std::string path, Value before, Value after, std::string reason = {});
[[nodiscard]] PlannedChange change(std::string address, std::string type, Operation operation);

// Create, update with drift, both replacements, remove, move, rename, adoption, forget, no-op,
// deposed, secrets, unknowns, refusals, unfinished operations, outputs.
[[nodiscard]] Plan full_plan();
[[nodiscard]] State full_state();
[[nodiscard]] SealingKey key(char fill = 'k');

}  // namespace infra::test
