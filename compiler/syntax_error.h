// compiler/syntax_error.h — what a person is told when a statement does not fit the grammar.
#pragma once
#include <string_view>

#include "base/diagnostics.h"
#include "compiler/statement_reader.h"
#include "compiler/token_list.h"

namespace infra::syntax {

struct FailedText {
  FileId file = 0;
  std::string_view text;
  const TokenList* list = nullptr;
};

// Adds the one error for a statement that began at `first` and failed; reading goes on at `limit`.
void report_failure(const FailedText& where, const SyntaxFailure& failure, TokenIndex first,
                    TokenIndex limit, Diagnostics& diagnostics);

// Adds the error for a statement whose value is missing: the word at `token`, on the next line,
// begins another one.
void report_missing_value(const FailedText& where, TokenIndex token, Diagnostics& diagnostics);

// Adds the error for a token where a statement should begin.
void report_no_statement(const FailedText& where, TokenIndex token, Diagnostics& diagnostics);

}  // namespace infra::syntax
