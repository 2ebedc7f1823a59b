// providers/registry.h — the drivers that this program has.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "providers/provider.h"

namespace infra {

// All built-in drivers, in name order; they live for ever.
[[nodiscard]] std::span<const Provider* const> all_providers();
[[nodiscard]] const Provider* find_provider(std::string_view name);  // nullptr: no such driver
[[nodiscard]] std::vector<const ProviderSchema*> all_schemas();

}  // namespace infra
