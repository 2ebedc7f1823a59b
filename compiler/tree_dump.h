// compiler/tree_dump.h — a syntax tree as text, without places: two files that mean the same give
// the same text. For tests and for people who look at the compiler.
#pragma once
#include <string>

#include "compiler/ast.h"

namespace infra {

// One statement per line, as nested parentheses.
[[nodiscard]] std::string dump(const ast::File& file);
[[nodiscard]] std::string dump(const ast::Expression& expression);

}  // namespace infra
