// compiler/build_graph.h — checked trees to the resource graph of one environment.
#pragma once
#include <optional>
#include <vector>

#include "base/diagnostics.h"
#include "compiler/compile.h"
#include "compiler/evaluation.h"
#include "compiler/graph.h"

namespace infra {

// Where a check or output of the graph was written, in which round; owned by the Evaluation.
struct WrittenCheck {
  const ast::Check* check = nullptr;
  const Round* round = nullptr;
};
struct WrittenOutput {
  const ast::Output* output = nullptr;
  const Round* round = nullptr;
};

// The graph, or nothing where there is an error. The module's trees are `files`.
[[nodiscard]] std::optional<ResourceGraph> build_graph(std::vector<ast::File> files, Module module,
                                                       const CompileRequest& request,
                                                       Sources& sources, Diagnostics& diagnostics);

// The body of a check with its nulls left out; null where what it asks is absent.
[[nodiscard]] Value evaluate_check(const Evaluation& evaluation, const WrittenCheck& written,
                                   const Outputs* outputs, Diagnostics& diagnostics);

}  // namespace infra
