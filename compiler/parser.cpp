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

namespace {

// Reading a file ends after so many wrong statements, or when those that were begun and given up
// have cost a multiple of the file: more errors would help nobody, and the cost stays linear.
struct Patience {
  std::size_t statements = 200;
  std::size_t tokens;
  explicit Patience(const syntax::TokenList& list) : tokens(4 * list.tokens.size() + 100'000) {}
  bool spend(std::size_t read) {
    --statements;
    tokens -= std::min(read, tokens);
    return statements > 0 && tokens > 0;
  }
};

}  // namespace

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
  Patience patience(list);
  std::uint32_t column = std::numeric_limits<std::uint32_t>::max();  // of the last good statement
  for (syntax::TokenIndex at = 0; at < list.last();) {
    const syntax::Token& first = list[at];
    const bool begins = syntax::begins_statement(first);
    const syntax::FailedText where{file, text, &list};
    if (begins && reader.read(at)) {
      if (const auto word = syntax::swallowed_word(list, at, reader.next())) {
        syntax::report_missing_value(where, *word, diagnostics);
        at = *word;
        continue;
      }
      tree.statements.push_back(builder.build(reader.tree()));
      at = reader.next();
      column = first.column;
      continue;
    }
    const syntax::TokenIndex limit = syntax::resume_at(list, at, std::min(column, first.column));
    if (begins) {
      syntax::report_failure(where, reader.failure(), at, limit, diagnostics);
    } else {
      syntax::report_no_statement(where, at, diagnostics);
    }
    if (!patience.spend((begins ? reader.failure().token : limit) - at)) {
      break;
    }
    at = limit;
  }
  return tree;
}

}  // namespace infra
