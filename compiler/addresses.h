// compiler/addresses.h — addresses as they are written in statements: `protect`, `moved`,
// `removed`, `adopt`.
#pragma once
#include <optional>
#include <string>

#include "base/diagnostics.h"
#include "compiler/evaluate.h"
#include "compiler/graph.h"

namespace infra {

// The canonical address that an expression names: `service.web`, `service.api["eu"]`,
// `service.bot.volume.data`. The keys of `for`s that the statement and the resource share are this
// round's. A mistake is a diagnostic, and there is none.
[[nodiscard]] std::optional<std::string> addressed(const Evaluation& evaluation,
                                                   Evaluator& evaluator,
                                                   const ast::Expression& expression,
                                                   const Round& round);

// Cycles, equal ends, other kinds, and sources that still exist among the `moved` statements.
void check_moved(const ResourceGraph& graph, Diagnostics& diagnostics);

}  // namespace infra
