// compiler/syntax_tree.h — one statement as the grammar saw it: rules and tokens, as a table.
//
// It lives from the reading of a statement until its ast::Statement is built, or its layout
// printed. Node 0 is none.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "compiler/token_list.h"

namespace infra::syntax {

using NodeIndex = std::uint32_t;

struct SyntaxNode {
  static constexpr std::uint32_t token = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t rule = token;      // a rule of the grammar, or `token`
  TokenIndex first = 0, last = 0;  // the tokens it covers, both included
  NodeIndex child = 0, next = 0;   // the first child, the next sibling
};

struct SyntaxTree {
  std::vector<SyntaxNode> nodes{SyntaxNode{}};

  void clear() { nodes.resize(1); }
  [[nodiscard]] const SyntaxNode& operator[](NodeIndex index) const { return nodes[index]; }
  [[nodiscard]] static constexpr NodeIndex root() { return 1; }
};

// Steps through the children of a node in order.
class Children {
 public:
  Children(const SyntaxTree& tree, const TokenList& list, NodeIndex parent)
      : tree_(&tree), list_(&list), at_(tree[parent].child) {}

  [[nodiscard]] bool done() const { return at_ == 0; }
  [[nodiscard]] NodeIndex peek() const { return at_; }
  NodeIndex take() {
    const NodeIndex taken = at_;
    at_ = (*tree_)[at_].next;
    return taken;
  }
  [[nodiscard]] bool at_rule(std::size_t rule) const {
    return at_ != 0 && (*tree_)[at_].rule == rule;
  }
  [[nodiscard]] bool at_token(std::size_t type) const {
    return at_ != 0 && (*tree_)[at_].rule == SyntaxNode::token &&
           (*list_)[(*tree_)[at_].first].type == type;
  }
  // Takes the next child when it is that token.
  bool accept(std::size_t type) {
    if (!at_token(type)) {
      return false;
    }
    take();
    return true;
  }

 private:
  const SyntaxTree* tree_;
  const TokenList* list_;
  NodeIndex at_;
};

}  // namespace infra::syntax
