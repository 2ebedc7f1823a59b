// compiler/syntax_words.h — classes of tokens, and the words that messages about syntax are made
// of.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "compiler/token_list.h"

namespace infra::syntax {

// By token type.
[[nodiscard]] bool is_string(std::size_t type);
[[nodiscard]] bool is_reserved(std::size_t type);  // if then else …: never a name
[[nodiscard]] bool is_name(std::size_t type);  // a word of the language that is a name elsewhere
[[nodiscard]] bool is_word(std::size_t type);
[[nodiscard]] bool begins_value(std::size_t type);
[[nodiscard]] bool is_end(const Token& token);

// The words that begin a statement; and what to write instead of another tool's, "" when it is
// none.
[[nodiscard]] const std::vector<std::string>& statement_words();
[[nodiscard]] std::string_view foreign_statement(std::string_view word);

// Token types as words: "`=` or `{`", "a value".
[[nodiscard]] std::string alternatives(const std::vector<std::size_t>& expected);

}  // namespace infra::syntax
