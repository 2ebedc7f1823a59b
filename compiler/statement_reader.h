// compiler/statement_reader.h — reads one top-level statement after another out of a token list.
//
// It stops at the first token that does not fit and says where it stood; it never repairs.
#pragma once
#include <memory>
#include <vector>

#include "compiler/syntax_tree.h"
#include "compiler/token_list.h"

namespace infra::syntax {

inline constexpr std::size_t maximum_nesting = 256;

struct SyntaxFailure {
  struct Level {
    std::uint32_t rule = 0;
    TokenIndex first = 0;  // where that rule began
  };
  TokenIndex token = 0;               // the one that does not fit
  std::vector<Level> levels;          // the rules being read, innermost first
  std::vector<std::size_t> expected;  // token types that would have fitted
  bool too_deep = false;              // nesting beyond `maximum_nesting`
};

class StatementReader {
 public:
  explicit StatementReader(const TokenList& list);  // `list` must outlive it
  ~StatementReader();
  StatementReader(const StatementReader&) = delete;
  StatementReader& operator=(const StatementReader&) = delete;

  // Reads the statement that begins at `token`. True: tree() holds it and next() is the token
  // after it. False: failure() says why.
  bool read(TokenIndex token);
  [[nodiscard]] const SyntaxTree& tree() const;
  [[nodiscard]] TokenIndex next() const;
  [[nodiscard]] const SyntaxFailure& failure() const;

 private:
  class Door;
  std::unique_ptr<Door> door_;
};

}  // namespace infra::syntax
