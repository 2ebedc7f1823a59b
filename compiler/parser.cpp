#include "compiler/parser.h"

#include <algorithm>
#include <limits>

#include "compiler/recovery.h"
#include "compiler/source_check.h"
#include "compiler/statement_reader.h"
#include "compiler/syntax_error.h"
#include "compiler/token_list.h"
#include "compiler/tree_builder.h"

namespace infra {

ast::File parse(const Sources& sources, FileId file, Diagnostics& diagnostics) {
  ast::File tree;
  tree.id = file;
  if (!syntax::readable(sources, file, diagnostics)) {
    return tree;
  }
  const std::string_view text = sources.text(file);
  const syntax::TokenList list = syntax::tokenize(text);
  syntax::StatementReader reader(list);
  syntax::TreeBuilder builder(file, text, list, diagnostics);
  std::uint32_t column = std::numeric_limits<std::uint32_t>::max();  // of the last good statement
  for (syntax::TokenIndex at = 0; at < list.last();) {
    const syntax::Token& first = list[at];
    const bool begins = syntax::begins_statement(first);
    if (begins && reader.read(at)) {
      tree.statements.push_back(builder.build(reader.tree()));
      at = reader.next();
      column = first.column;
      continue;
    }
    const syntax::TokenIndex limit = syntax::resume_at(list, at, std::min(column, first.column));
    if (begins) {
      syntax::report_failure({file, text, &list}, reader.failure(), at, limit, diagnostics);
    } else {
      syntax::report_no_statement({file, text, &list}, at, diagnostics);
    }
    at = limit;
  }
  return tree;
}

}  // namespace infra
