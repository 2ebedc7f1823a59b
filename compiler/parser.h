// compiler/parser.h — source text to syntax tree, and back to canonical text.
#pragma once
#include <string>

#include "base/diagnostics.h"
#include "compiler/ast.h"

namespace infra {

// Parses one file of `sources`. One mistake gives one diagnostic: parsing stops at the first error
// of a top-level statement and resumes at the next statement word that is first on its line and no
// further right. Never throws, never hangs: nesting beyond 256 and files beyond 16 MiB are
// diagnostics. Thread-safe: several files may be parsed at once.
[[nodiscard]] ast::File parse(const Sources& sources, FileId file, Diagnostics& diagnostics);

// The canonical text of a file, every comment kept; stable (formatting it again changes nothing)
// and equal in meaning. A file with syntax errors is returned as it is, with the errors in
// `diagnostics`.
[[nodiscard]] std::string format(const Sources& sources, FileId file, Diagnostics& diagnostics);

}  // namespace infra
