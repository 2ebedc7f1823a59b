#include "providers/registry.h"

#include "providers/local/local.h"
#include "providers/postgres.h"
#include "providers/simulator/simulator.h"

namespace infra {

std::span<const Provider* const> all_providers() {
  static const std::vector<const Provider*> providers{
      &functions_provider(),
      &local_provider(),
      &postgres_provider(),
      &simulator_provider(),
  };
  return providers;
}

const Provider* find_provider(std::string_view name) {
  for (const Provider* provider : all_providers()) {
    if (provider->schema().name == name) {
      return provider;
    }
  }
  return nullptr;
}

std::vector<const ProviderSchema*> all_schemas() {
  std::vector<const ProviderSchema*> schemas;
  for (const Provider* provider : all_providers()) {
    schemas.push_back(&provider->schema());
  }
  return schemas;
}

}  // namespace infra
