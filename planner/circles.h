// planner/circles.h — resources that use each other: two services may hold each other's url, so
// none of them is the one that must go first.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>

#include "state/record.h"

namespace infra {

// By address, the number of the circle it stands in; who stands in none is not here.
[[nodiscard]] std::unordered_map<std::string, std::uint32_t> find_circles(const State& state);

}  // namespace infra
