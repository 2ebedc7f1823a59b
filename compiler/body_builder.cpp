// The bodies' part of the tree builder: what stands between braces, and what separates it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "compiler/antlr_grammar.h"
#include "compiler/tree_builder.h"

namespace infra::syntax {

// Takes what may stand between two items: a comma, or the semicolon of other languages.
void TreeBuilder::separator(Children& parts) {
  if (parts.at_token(Grammar::SEMICOLON)) {
    auto& error = diagnostics_->error("E0115", span(parts.take()), "`;` is not needed");
    error.help.emplace_back("items stand on lines of their own, or a comma is between them");
  } else {
    parts.accept(Grammar::COMMA);
  }
}

// A comma of a list, of arguments or of parameters. `pending`: one stood just before.
void TreeBuilder::list_comma(bool& pending, NodeIndex comma) {
  if (pending) {
    auto& error = diagnostics_->error("E0110", span(comma), "two commas in a row");
    error.label = "nothing stands between them";
    error.help.emplace_back("remove one, or write what is missing");
  }
  pending = true;
}

TreeBuilder::BuiltBody TreeBuilder::body(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  BuiltBody made;
  made.body.span = span(node);
  while (parts.at_rule(Grammar::RuleItem)) {
    BuiltItem entry = item(parts.take());
    made.height = std::max(made.height, entry.height);
    made.body.items.push_back(std::move(entry.item));
    separator(parts);
  }
  return made;
}

// item : key itemRest | SPREAD expression;  setting : word itemRest
TreeBuilder::BuiltItem TreeBuilder::item(NodeIndex node) {
  Children parts = children(node);
  const NodeIndex first = parts.take();
  const NodeIndex second = parts.take();
  if (at(first).rule != SyntaxNode::token) {
    return keyed_item(first, second, span(node));
  }
  BuiltItem made;
  made.item.kind = ast::Item::Kind::spread;
  made.item.span = span(node);
  Built value = built(second);
  made.height = value.height;
  made.item.value = ast::Box<ast::Expression>(std::move(value.expression));
  return made;
}

// itemRest : (ASSIGN | COLON) expression | name? body
TreeBuilder::BuiltItem TreeBuilder::keyed_item(NodeIndex key_node, NodeIndex rest,
                                               const Span& where) {
  BuiltItem made;
  made.item.span = where;
  made.item.key = key(key_node);
  Children parts = children(rest);
  if (at(parts.peek()).rule == SyntaxNode::token) {
    if (parts.at_token(Grammar::COLON)) {
      auto& error = diagnostics_->error(
          "E0117", span(parts.peek()),
          fmt::format("`{}` is set with `=`, not with `:`", text_of(made.item.key.span)));
      error.help.push_back(fmt::format("write `{} = …`", text_of(made.item.key.span)));
    }
    parts.take();
    Built value = built(parts.take());
    made.height = value.height;
    made.item.value = ast::Box<ast::Expression>(std::move(value.expression));
    return made;
  }
  made.item.kind = ast::Item::Kind::block;
  if (parts.at_rule(Grammar::RuleName)) {
    made.item.label = name(parts.take());
  }
  BuiltBody inside = body(parts.take());
  ast::Expression value;
  value.span = inside.body.span;
  value.node = std::move(inside.body);
  made.height = inside.height + 1;
  made.item.value = ast::Box<ast::Expression>(std::move(value));
  return made;
}

// key : name | string
ast::Key TreeBuilder::key(NodeIndex node) {
  ast::Key made;
  made.span = span(node);
  const NodeIndex inside = at(node).child;
  if (at(inside).rule != Grammar::RuleString) {  // `word` of a setting, or `name`
    made.text = std::string(text_of(made.span));
    return made;
  }
  made.quoted = true;
  Built text_key = text(inside);
  if (const auto* literal_key = text_key.expression.as<ast::Literal>()) {
    made.text = literal_key->value.text();
  } else {
    made.expression = ast::Box<ast::Expression>(std::move(text_key.expression));
  }
  return made;
}

}  // namespace infra::syntax
