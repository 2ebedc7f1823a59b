#include "compiler/tree_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "compiler/antlr_grammar.h"

namespace infra::syntax {

namespace {

bool declares_var(std::string_view text, const TokenList& list) {
  for (std::size_t i = 1; i < list.tokens.size(); ++i) {
    const Token& token = list.tokens[i];
    if (token.end - token.begin == 3 && text.substr(token.begin, 3) == "var") {
      const std::size_t before = list.tokens[i - 1].type;
      if (before == Grammar::PARAM || before == Grammar::LET || before == Grammar::FOR ||
          before == Grammar::AS || before == Grammar::LPAREN || before == Grammar::COMMA) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

TreeBuilder::TreeBuilder(FileId file, std::string_view text, const TokenList& list,
                         Diagnostics& diagnostics)
    : file_(file),
      text_(text),
      list_(&list),
      diagnostics_(&diagnostics),
      declares_var_(declares_var(text, list)) {}

ast::Statement TreeBuilder::build(const SyntaxTree& tree) {
  tree_ = &tree;
  return statement(SyntaxTree::root());
}

Span TreeBuilder::span(NodeIndex node) const {
  return {file_, (*list_)[at(node).first].begin, (*list_)[at(node).last].end};
}

ast::Name TreeBuilder::name(NodeIndex node) {
  const Span where = span(node);
  return {std::string(text_of(where)), where};
}

ast::Statement TreeBuilder::statement(NodeIndex node) {
  return {statement_node(at(node).child), span(node)};
}

template <class Named>
Named TreeBuilder::named_body(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  Named made;
  made.name = name(parts.take());
  made.body = body(parts.take()).body;
  return made;
}

ast::Statement::Node TreeBuilder::statement_node(NodeIndex node) {
  const auto only_body = [&] {
    Children parts = children(node);
    parts.take();
    return body(parts.take()).body;
  };
  switch (at(node).rule) {
    case Grammar::RuleDeclaration:
      return declaration(node);
    case Grammar::RuleExisting:
      return existing(node);
    case Grammar::RuleLetStatement:
      return let(node);
    case Grammar::RuleParamStatement:
      return parameter_statement(node);
    case Grammar::RuleIfStatement:
      return if_statement(node);
    case Grammar::RuleForStatement:
      return for_statement(node);
    case Grammar::RuleUse:
      return use(node);
    case Grammar::RuleOutput:
      return output(node);
    case Grammar::RuleStack:
      return named_body<ast::Stack>(node);
    case Grammar::RuleEnvironment:
      return environment(node);
    case Grammar::RuleProvider:
      return provider(node);
    case Grammar::RuleComponent:
      return component(node);
    case Grammar::RuleImportStatement:
      return import(node);
    case Grammar::RuleCheck:
      return named_body<ast::Check>(node);
    case Grammar::RuleNotify:
      return named_body<ast::Notify>(node);
    case Grammar::RulePolicy:
      return policy(node);
    case Grammar::RuleMoved:
      return ast::Moved{only_body()};
    case Grammar::RuleRemoved:
      return ast::Removed{only_body()};
    default:
      return ast::Adopt{only_body()};
  }
}

// declaration : subject body | SECRET name placement? body?
ast::Declaration TreeBuilder::declaration(NodeIndex node) {
  Children parts = children(node);
  ast::Declaration made;
  if (parts.at_rule(Grammar::RuleSubject)) {
    subject(parts.take(), made);
  } else {
    const Span keyword = span(parts.take());
    made.kind = {std::string(text_of(keyword)), keyword};
    made.name = name(parts.take());
    if (parts.at_rule(Grammar::RulePlacement)) {
      made.on = placement(parts.take());
    }
  }
  if (parts.done()) {  // `secret name` alone
    made.body.span = {file_, span(node).end, span(node).end};
  } else {
    made.body = body(parts.take()).body;
  }
  return made;
}

ast::Declaration TreeBuilder::existing(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Declaration made;
  made.existing = true;
  subject(parts.take(), made);
  made.body = body(parts.take()).body;
  return made;
}

// subject : kind name placement? | RESOURCE name DOT name name
void TreeBuilder::subject(NodeIndex node, ast::Declaration& declared) {
  Children parts = children(node);
  declared.kind = name(parts.take());
  if (declared.kind.text == "resource") {
    declared.provider = name(parts.take());
    parts.take();
    declared.type = name(parts.take());
  }
  declared.name = name(parts.take());
  if (!parts.done()) {
    declared.on = placement(parts.take());
  }
}

ast::Name TreeBuilder::placement(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  return name(parts.take());
}

ast::Environment TreeBuilder::environment(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Environment made;
  made.name = name(parts.take());
  const Span open = span(parts.take());
  while (parts.at_rule(Grammar::RuleEnvironmentItem)) {
    const NodeIndex entry = parts.take();
    Children inside = children(entry);
    if (inside.at_rule(Grammar::RuleSetting)) {
      made.settings.items.push_back(item(inside.take()).item);
    } else {
      made.places.push_back(place(entry));
    }
    separator(parts);
  }
  made.settings.span = {file_, open.begin, span(node).end};
  return made;
}

// PLACE address (COMMA address)* ON name
ast::Environment::Place TreeBuilder::place(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Environment::Place made;
  made.span = span(node);
  while (!parts.accept(Grammar::ON)) {
    made.selectors.push_back(address(parts.take()));
    parts.accept(Grammar::COMMA);
  }
  made.provider = name(parts.take());
  return made;
}

ast::Provider TreeBuilder::provider(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Provider made;
  made.name = name(parts.take());
  if (parts.accept(Grammar::AS)) {
    made.alias = name(parts.take());
  }
  made.body = body(parts.take()).body;
  return made;
}

ast::Parameter TreeBuilder::parameter_statement(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Parameter made = parameter(parts.take());
  if (parts.done()) {
    made.settings.span = {file_, span(node).end, span(node).end};
  } else {
    parameter_body(parts.take(), made);
  }
  return made;
}

// parameter : name COLON type (ASSIGN expression)?
ast::Parameter TreeBuilder::parameter(NodeIndex node) {
  Children parts = children(node);
  ast::Parameter made;
  made.name = name(parts.take());
  parts.take();
  made.type = type(parts.take());
  if (parts.accept(Grammar::ASSIGN)) {
    made.otherwise = ast::Box<ast::Expression>(expression(parts.take()));
  }
  return made;
}

void TreeBuilder::parameter_body(NodeIndex node, ast::Parameter& parameter) {
  Children parts = children(node);
  parts.take();
  parameter.settings.span = span(node);
  while (!parts.at_token(Grammar::RBRACE)) {
    const NodeIndex entry = parts.take();
    if (at(entry).rule == Grammar::RuleValidation) {
      Children inside = children(entry);
      inside.take();
      ast::Expression condition = expression(inside.take());
      inside.take();
      parameter.validations.push_back({std::move(condition), expression(inside.take())});
    } else {
      parameter.settings.items.push_back(item(entry).item);
    }
    separator(parts);
  }
}

ast::Let TreeBuilder::let(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Let made;
  made.name = name(parts.take());
  parts.take();
  made.value = expression(parts.take());
  return made;
}

// FOR name (COMMA name)? IN expression block
ast::For TreeBuilder::for_statement(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::For made;
  made.second = name(parts.take());
  if (parts.accept(Grammar::COMMA)) {
    made.first = std::exchange(made.second, name(parts.take()));
  }
  parts.take();
  made.source = expression(parts.take());
  made.block = block(parts.take());
  return made;
}

// IF expression block (ELSE (ifStatement | block))?
ast::If TreeBuilder::if_statement(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::If made;
  made.condition = expression(parts.take());
  made.then = block(parts.take());
  if (parts.accept(Grammar::ELSE)) {
    made.has_otherwise = true;
    if (parts.at_rule(Grammar::RuleIfStatement)) {
      const NodeIndex other = parts.take();
      made.otherwise.push_back({if_statement(other), span(other)});
    } else {
      made.otherwise = block(parts.take());
    }
  }
  return made;
}

ast::Block TreeBuilder::block(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Block made;
  while (parts.at_rule(Grammar::RuleStatement)) {
    made.push_back(statement(parts.take()));
  }
  return made;
}

// COMPONENT name LPAREN (parameter (COMMA parameter?)*)? RPAREN block
ast::Component TreeBuilder::component(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Component made;
  made.name = name(parts.take());
  parts.take();
  bool comma_before = false;
  while (!parts.accept(Grammar::RPAREN)) {
    const NodeIndex entry = parts.take();
    if (at(entry).rule == Grammar::RuleParameter) {
      made.parameters.push_back(parameter(entry));
      comma_before = false;
    } else {
      list_comma(comma_before, entry);
    }
  }
  made.block = block(parts.take());
  return made;
}

ast::Use TreeBuilder::use(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Use made;
  made.component = name(parts.take());
  parts.take();
  made.alias = name(parts.take());
  if (parts.at_rule(Grammar::RulePlacement)) {
    made.on = placement(parts.take());
  }
  made.body = body(parts.take()).body;
  return made;
}

ast::Import TreeBuilder::import(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  const NodeIndex path = parts.take();
  return {plain_text(path, "the path of an import"), span(path)};
}

ast::Output TreeBuilder::output(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Output made;
  made.name = name(parts.take());
  parts.take();
  made.value = expression(parts.take());
  if (!parts.done()) {
    made.settings = body(parts.take()).body;
  }
  return made;
}

ast::Policy TreeBuilder::policy(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  ast::Policy made;
  made.name = name(parts.take());
  const Span open = span(parts.take());
  while (!parts.at_token(Grammar::RBRACE)) {
    const NodeIndex entry = parts.take();
    if (at(entry).rule == Grammar::RuleRule_) {
      made.rules.push_back(rule(entry));
    } else {
      made.settings.items.push_back(item(entry).item);
    }
    separator(parts);
  }
  made.settings.span = {file_, open.begin, span(node).end};
  return made;
}

// (FORBID | REQUIRE) address name (WHERE expression)? BECAUSE expression
ast::PolicyRule TreeBuilder::rule(NodeIndex node) {
  Children parts = children(node);
  ast::PolicyRule made;
  made.span = span(node);
  made.forbid = parts.at_token(Grammar::FORBID);
  parts.take();
  made.selector = address(parts.take());
  made.variable = name(parts.take());
  if (parts.accept(Grammar::WHERE)) {
    made.where = ast::Box<ast::Expression>(expression(parts.take()));
  }
  parts.take();
  made.because = expression(parts.take());
  return made;
}

// address : name (DOT name | LBRACKET expression RBRACKET)*
ast::AddressExpression TreeBuilder::address(NodeIndex node) {
  Children parts = children(node);
  ast::AddressExpression made;
  made.span = span(node);
  made.steps.push_back({name(parts.take()), {}});
  while (!parts.done()) {
    if (parts.accept(Grammar::DOT)) {
      made.steps.push_back({name(parts.take()), {}});
    } else {
      parts.take();
      made.steps.back().keys.push_back(expression(parts.take()));
      parts.take();
    }
  }
  return made;
}

// type : typeName QUESTION?
ast::TypeExpression TreeBuilder::type(NodeIndex node) {
  Children outer = children(node);
  const NodeIndex inside = outer.take();
  ast::TypeExpression made;
  made.span = span(node);
  made.optional = !outer.done();
  Children parts = children(inside);
  if (parts.at_rule(Grammar::RuleName)) {
    made.name = name(parts.take());
    while (!parts.done()) {
      const NodeIndex part = parts.take();
      if (at(part).rule == Grammar::RuleType) {
        made.arguments.push_back(type(part));
      }
    }
  } else if (parts.at_token(Grammar::LBRACE)) {
    record_type(inside, made);
  } else {
    while (!parts.done()) {
      const NodeIndex word = parts.take();
      made.words.push_back({plain_text(word, "a value of a type"), span(word)});
      parts.accept(Grammar::PIPE);
    }
  }
  return made;
}

// LBRACE (name COLON type (COMMA | SEMICOLON)?)* RBRACE
void TreeBuilder::record_type(NodeIndex node, ast::TypeExpression& made) {
  Children parts = children(node);
  parts.take();
  made.record = true;
  while (!parts.at_token(Grammar::RBRACE)) {
    ast::TypeExpression::Field field;
    field.name = name(parts.take());
    parts.take();
    field.type = ast::Box<ast::TypeExpression>(type(parts.take()));
    made.fields.push_back(std::move(field));
    separator(parts);
  }
}

}  // namespace infra::syntax
