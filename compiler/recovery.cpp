#include "compiler/recovery.h"

#include <vector>

#include "compiler/antlr_grammar.h"

namespace infra::syntax {

bool begins_statement(const Token& token) {
  return (token.type >= Grammar::STACK && token.type <= Grammar::ADOPT) ||
         token.type == Grammar::IF || token.type == Grammar::FOR;
}

TokenIndex resume_at(const TokenList& list, TokenIndex first, std::uint32_t column) {
  for (TokenIndex at = first + 1; at < list.last(); ++at) {
    const Token& token = list[at];
    if (!token.first_on_line || token.column > column || !begins_statement(token)) {
      continue;
    }
    const std::size_t after =
        list[at + 1].type;  // `service = …` and `service.web` are no statements
    if (after != Grammar::ASSIGN && after != Grammar::DOT && after != Grammar::COLON) {
      return at;
    }
  }
  return list.last();
}

std::optional<TokenIndex> swallowed_word(const TokenList& list, TokenIndex first, TokenIndex next) {
  const Token& last = list[next - 1];
  const bool goes_on =
      next < list.last() && !list[next].first_on_line && list[next].type <= Grammar::IDENTIFIER;
  if (next - 1 > first && goes_on && last.first_on_line && last.column <= list[first].column &&
      begins_statement(last)) {
    return next - 1;
  }
  return std::nullopt;
}

namespace {

bool opens(std::size_t type) {
  return type == Grammar::LBRACE || type == Grammar::LBRACKET || type == Grammar::LPAREN ||
         type == Grammar::INTERPOLATION;
}

bool closes(std::size_t type) {
  return type == Grammar::RBRACE || type == Grammar::RBRACKET || type == Grammar::RPAREN;
}

struct Opener {
  TokenIndex token;
  std::uint32_t indent;  // column of the first token on its line
};

}  // namespace

std::optional<TokenIndex> unclosed_opener(const TokenList& list, TokenIndex first,
                                          TokenIndex limit) {
  std::vector<Opener> open;
  std::uint32_t indent = 0;
  for (TokenIndex at = first; at < limit; ++at) {
    const Token& token = list[at];
    if (token.first_on_line) {
      indent = token.column;
    }
    if (opens(token.type)) {
      open.push_back({at, indent});
    } else if (closes(token.type) && !open.empty()) {
      if (token.first_on_line && token.column < open.back().indent) {
        return open.back().token;  // this closes something further out
      }
      open.pop_back();
    }
  }
  return open.empty() ? std::nullopt : std::optional(open.back().token);
}

}  // namespace infra::syntax
