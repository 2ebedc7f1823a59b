// compiler/tree_builder.h — from one statement as the grammar saw it to its ast::Statement.
//
// The grammar takes spellings of other languages and a few shapes that mean nothing; here each
// becomes one diagnostic with a way out, and the tree goes on as if it had been written right.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "compiler/ast.h"
#include "compiler/literal_text.h"
#include "compiler/syntax_tree.h"
#include "compiler/token_list.h"

namespace infra::syntax {

// Levels of an expression's tree, a chain of N operators counting N: every later pass may recurse.
inline constexpr std::size_t maximum_height = 512;

class TreeBuilder {
 public:
  // All must outlive the builder.
  TreeBuilder(FileId file, std::string_view text, const TokenList& list, Diagnostics& diagnostics);

  // The statement at the root of `tree`.
  [[nodiscard]] ast::Statement build(const SyntaxTree& tree);

 private:
  struct Built {  // an expression and how high its tree is
    ast::Expression expression;
    std::size_t height = 1;
  };
  struct BuiltBody {
    ast::Body body;
    std::size_t height = 0;
  };
  struct BuiltItem {
    ast::Item item;
    std::size_t height = 0;
  };
  class Climb;  // operator precedence over a flat list of operands

  // statements (tree_builder.cpp)
  ast::Statement statement(NodeIndex node);
  ast::Statement::Node statement_node(NodeIndex node);
  ast::Declaration declaration(NodeIndex node);
  ast::Declaration existing(NodeIndex node);
  void subject(NodeIndex node, ast::Declaration& declared);
  ast::Environment environment(NodeIndex node);
  ast::Environment::Place place(NodeIndex node);
  ast::Provider provider(NodeIndex node);
  ast::Parameter parameter_statement(NodeIndex node);
  ast::Parameter parameter(NodeIndex node);
  void parameter_body(NodeIndex node, ast::Parameter& parameter);
  ast::Let let(NodeIndex node);
  ast::For for_statement(NodeIndex node);
  ast::If if_statement(NodeIndex node);
  ast::Component component(NodeIndex node);
  ast::Use use(NodeIndex node);
  ast::Import import(NodeIndex node);
  ast::Output output(NodeIndex node);
  ast::Policy policy(NodeIndex node);
  ast::PolicyRule rule(NodeIndex node);
  template <class Named>
  Named named_body(NodeIndex node);
  ast::Block block(NodeIndex node);
  ast::AddressExpression address(NodeIndex node);
  ast::TypeExpression type(NodeIndex node);
  void record_type(NodeIndex node, ast::TypeExpression& type);
  ast::Name name(NodeIndex node);
  ast::Name placement(NodeIndex node);

  // bodies (body_builder.cpp)
  BuiltBody body(NodeIndex node);
  BuiltItem item(NodeIndex node);
  BuiltItem keyed_item(NodeIndex key, NodeIndex rest, const Span& span);
  ast::Key key(NodeIndex node);
  void separator(Children& children);
  void list_comma(bool& pending, NodeIndex comma);

  // expressions (expression_builder.cpp)
  ast::Expression expression(NodeIndex node);
  Built built(NodeIndex node);
  Built conditional(NodeIndex node);
  Built foreign_conditional(Built condition, Children& children, const Span& span);
  Built operand(NodeIndex primary, Children& suffixes);
  Built primary(NodeIndex node);
  Built list(NodeIndex node, Children& children);
  Built comprehension(NodeIndex node, const Span& span, bool map);
  Built call(Built callee, NodeIndex node);
  ast::Argument argument(NodeIndex node, std::size_t& height);
  Built suffixed(Built object, NodeIndex node);
  Built too_high(const Span& span);
  Built limited(Built made);
  void continued_line(const Token& first, std::string_view what);
  void terraform_variable(const ast::Expression& object, const ast::Name& member);
  Built literal(NodeIndex node);

  // texts (text_builder.cpp)
  Built text(NodeIndex node);
  ast::Template one_line(NodeIndex node, std::size_t& height);
  ast::Template triple(NodeIndex node, std::size_t& height);
  std::vector<TextRun> runs(Children& parts, ast::Template& whole, std::size_t& height);
  std::string plain_text(NodeIndex node, std::string_view what);

  [[nodiscard]] Children children(NodeIndex node) const { return {*tree_, *list_, node}; }
  [[nodiscard]] const SyntaxNode& at(NodeIndex node) const { return (*tree_)[node]; }
  [[nodiscard]] const Token& token(NodeIndex node) const { return (*list_)[at(node).first]; }
  [[nodiscard]] Span span(NodeIndex node) const;
  [[nodiscard]] Span span(const Token& token) const { return {file_, token.begin, token.end}; }
  [[nodiscard]] std::string_view text_of(const Span& span) const {
    return text_.substr(span.begin, span.end - span.begin);
  }

  FileId file_;
  std::string_view text_;
  const TokenList* list_;
  Diagnostics* diagnostics_;
  const SyntaxTree* tree_ = nullptr;
  bool declares_var_ = false;  // the file has a name `var` of its own
};

}  // namespace infra::syntax
