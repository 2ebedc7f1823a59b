// compiler/recovery.h — where reading goes on after a mistake, and which bracket was left open:
// both are told by the layout, as a person would.
#pragma once
#include <optional>
#include <string_view>

#include "compiler/token_list.h"

namespace infra::syntax {

// True for the words that begin a statement.
[[nodiscard]] bool begins_statement(const Token& token);

// The token at which reading goes on after a statement that began at `first` and failed: the next
// statement word that is first on its line and no further right than `column`; else the end.
[[nodiscard]] TokenIndex resume_at(const TokenList& list, TokenIndex first, std::uint32_t column);

// `let a =` and the next line `service web {`: the statement [first, next) took that line's first
// word for its value. Gives that word's token.
[[nodiscard]] std::optional<TokenIndex> swallowed_word(const TokenList& list, TokenIndex first,
                                                       TokenIndex next);

// The innermost `{`, `[` or `(` of [first, limit) that the layout shows to be left open, if one.
[[nodiscard]] std::optional<TokenIndex> unclosed_opener(const TokenList& list, TokenIndex first,
                                                        TokenIndex limit);

}  // namespace infra::syntax
