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

}  // namespace infra
