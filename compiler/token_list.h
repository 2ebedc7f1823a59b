// compiler/token_list.h — a text as tokens and comments: plain data, with byte offsets.
//
// Token types are those of the grammar (compiler/antlr_grammar.h); consumers that only copy and
// compare them need no ANTLR.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace infra::syntax {

using TokenIndex = std::uint32_t;

struct Token {
  std::uint32_t type = 0;
  std::uint32_t begin = 0, end = 0;  // bytes of the text
  std::uint32_t line = 1;            // of its first byte, from 1
  std::uint32_t column = 0;          // of its first byte, in bytes, from 0
  bool first_on_line = false;        // no other token stands before it on its line
};

struct Comment {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t line = 1, last_line = 1;
  TokenIndex before = 0;  // the token that follows it
  bool block = false;     // between /* and */
};

struct TokenList {
  std::vector<Token> tokens;  // the last one is the end of the file
  std::vector<Comment> comments;

  [[nodiscard]] const Token& operator[](TokenIndex index) const { return tokens[index]; }
  [[nodiscard]] TokenIndex last() const { return static_cast<TokenIndex>(tokens.size() - 1); }
};

// Splits well-formed UTF-8 into tokens; takes every text, whatever is in it. A leading byte-order
// mark is skipped. Cost is linear. Thread-safe: each thread keeps an automaton of its own.
[[nodiscard]] TokenList tokenize(std::string_view text);

}  // namespace infra::syntax
