// base/explanations.h — the pages of docs/diagnostics/ as they were when this binary was built.
#pragma once
#include <span>
#include <string_view>

namespace infra {

struct Explanation {
  std::string_view code, page;
};

[[nodiscard]] std::span<const Explanation> explanations();  // in order of their codes

}  // namespace infra
