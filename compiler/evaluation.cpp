#include "compiler/evaluation.h"

namespace infra {

const ProviderSchema* Evaluation::schema(std::string_view driver) const {
  for (const auto* one : schemas) {
    if (one->name == driver) {
      return one;
    }
  }
  return nullptr;
}

bool Evaluation::is_driver(std::string_view word) const {
  if (schema(word) != nullptr) {
    return true;
  }
  for (const auto& [alias, driver] : module.drivers) {
    if (driver == word) {
      return true;
    }
  }
  return false;
}

}  // namespace infra
