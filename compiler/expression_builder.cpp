// The expressions' part of the tree builder: operator precedence, calls, lists, maps.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/quantity.h"
#include "base/text.h"
#include "compiler/antlr_grammar.h"
#include "compiler/literal_text.h"
#include "compiler/tree_builder.h"

namespace infra::syntax {
namespace {

using ast::BinaryOperator;

constexpr int not_strength = 3;
constexpr int comparison_strength = 4;

struct Operator {
  BinaryOperator operation = BinaryOperator::add;
  int strength = 0;
  bool right = false;  // of equal strength, the right one binds first
};

Operator operator_of(std::size_t type) {
  switch (type) {
    case Grammar::STAR:
      return {BinaryOperator::multiply, 7};
    case Grammar::SLASH:
      return {BinaryOperator::divide, 7};
    case Grammar::PERCENT:
      return {BinaryOperator::remainder, 7};
    case Grammar::PLUS:
      return {BinaryOperator::add, 6};
    case Grammar::MINUS:
      return {BinaryOperator::subtract, 6};
    case Grammar::COALESCE:
      return {BinaryOperator::coalesce, 5, true};
    case Grammar::LESS:
      return {BinaryOperator::less, comparison_strength};
    case Grammar::LESS_EQUAL:
      return {BinaryOperator::less_equal, comparison_strength};
    case Grammar::GREATER:
      return {BinaryOperator::greater, comparison_strength};
    case Grammar::GREATER_EQUAL:
      return {BinaryOperator::greater_equal, comparison_strength};
    case Grammar::EQUAL:
      return {BinaryOperator::equal, comparison_strength};
    case Grammar::UNEQUAL:
      return {BinaryOperator::unequal, comparison_strength};
    case Grammar::IN:
      return {BinaryOperator::in, comparison_strength};
    case Grammar::NOT:
      return {BinaryOperator::not_in, comparison_strength};
    case Grammar::AND:
    case Grammar::AND_AND:
      return {BinaryOperator::logical_and, 2};
    default:
      return {BinaryOperator::logical_or, 1};
  }
}

Span joined(const Span& left, const Span& right) {
  return {left.file, left.begin, right.end};
}

ast::Expression made(ast::Expression::Node node, const Span& span) {
  ast::Expression expression;
  expression.node = std::move(node);
  expression.span = span;
  return expression;
}

ast::Box<ast::Expression> boxed(ast::Expression expression) {
  return ast::Box<ast::Expression>(std::move(expression));
}

}  // namespace

// Precedence climbing. Operators and operands alternate, so a place in the list of operators is
// enough to know where the climb stands.
class TreeBuilder::Climb {
 public:
  // Takes `operand (operator_ operand)*` from `parts`.
  Climb(TreeBuilder& builder, Children& parts) : builder_(builder) {
    operands_.push_back(parts.take());
    while (parts.at_rule(Grammar::RuleOperator_)) {
      operators_.push_back(parts.take());
      operands_.push_back(parts.take());
    }
  }
  [[nodiscard]] std::size_t operators() const { return operators_.size(); }
  Built run() { return rest(next_operand(0), 1); }

 private:
  [[nodiscard]] bool more() const { return used_ < operators_.size(); }
  [[nodiscard]] Operator ahead() const {
    return operator_of(builder_.token(operators_[used_]).type);
  }

  // Goes on with operators that bind at least as strongly as `least`.
  Built rest(Built left, int least) {
    bool compared = false;
    while (more() && ahead().strength >= least) {
      const Operator operation = ahead();
      const NodeIndex node = operators_[used_++];
      check_operator(node, operation);
      Built right = next_operand(operation.strength);
      right = rest(std::move(right), operation.strength + (operation.right ? 0 : 1));
      const bool compares = operation.strength == comparison_strength;
      if (compares && compared) {
        refuse_chain(node);  // and goes on as if it were not there
        continue;
      }
      compared |= compares;
      left = join(std::move(left), operation, node, std::move(right));
    }
    return left;
  }

  Built join(Built left, const Operator& operation, NodeIndex node, Built right) {
    const Span where = joined(left.expression.span, right.expression.span);
    const std::size_t height = std::max(left.height, right.height) + 1;
    ast::Binary binary{operation.operation, builder_.span(node), boxed(std::move(left.expression)),
                       boxed(std::move(right.expression))};
    return builder_.limited({made(std::move(binary), where), height});
  }

  void check_operator(NodeIndex node, const Operator& operation) {
    const Token& token = builder_.token(node);
    if (token.type == Grammar::AND_AND || token.type == Grammar::OR_OR) {
      const std::string_view word =
          operation.operation == BinaryOperator::logical_and ? "and" : "or";
      auto& error = builder_.diagnostics_->error(
          "E0114", builder_.span(token),
          fmt::format("`{}` is written `{}`", builder_.text_of(builder_.span(token)), word));
      error.help.push_back(fmt::format("write `{}`", word));
    }
    if (token.type == Grammar::MINUS && token.first_on_line) {
      builder_.continued_line(token, "a minus");
    }
  }

  void refuse_chain(NodeIndex node) {
    auto& error =
        builder_.diagnostics_->error("E0124", builder_.span(node), "comparisons do not chain");
    error.label = "the left side is a comparison already";
    error.help.emplace_back("write both and join them: `a < b and b < c`");
  }

  // The next operand with its prefixes; `strength` is that of the operator before it, 0: none.
  Built next_operand(int strength) {
    const NodeIndex node = operands_[used_];
    Children parts = builder_.children(node);
    prefixes_.clear();
    while (builder_.at(parts.peek()).rule == SyntaxNode::token) {
      prefixes_.push_back(builder_.token(parts.take()));
    }
    if (prefixes_.size() > maximum_height) {
      return builder_.too_high(builder_.span(node));
    }
    const std::vector<Token> prefixes = prefixes_;
    const NodeIndex primary = parts.take();
    return prefixed(prefixes, 0, strength, primary, parts);
  }

  Built prefixed(const std::vector<Token>& prefixes, std::size_t at, int strength,
                 NodeIndex primary, Children& suffixes) {
    if (at == prefixes.size()) {
      return builder_.operand(primary, suffixes);
    }
    const Token& prefix = prefixes[at];
    if (prefix.type == Grammar::NOT) {
      refuse_not(prefix,
                 at > 0 ? prefixes[at - 1].type == Grammar::MINUS : strength > not_strength);
      Built inside = prefixed(prefixes, at + 1, not_strength, primary, suffixes);
      return unary(ast::UnaryOperator::logical_not, prefix,
                   rest(std::move(inside), comparison_strength));
    }
    if (prefix.type == Grammar::BANG) {
      auto& error =
          builder_.diagnostics_->error("E0114", builder_.span(prefix), "`!` is written `not`");
      error.help.emplace_back("write `not`, with parentheses after a stronger operator");
      return unary(ast::UnaryOperator::logical_not, prefix,
                   prefixed(prefixes, at + 1, 0, primary, suffixes));
    }
    if (auto least = smallest_integer(prefixes, at, primary, suffixes)) {
      return std::move(*least);
    }
    return unary(ast::UnaryOperator::negate, prefix,
                 prefixed(prefixes, at + 1, 0, primary, suffixes));
  }

  void refuse_not(const Token& prefix, bool refused) {
    if (refused) {
      auto& error = builder_.diagnostics_->error(
          "E0125", builder_.span(prefix), "`not` after a stronger operator needs parentheses");
      error.help.emplace_back("write `(not …)`");
    }
  }

  // -9223372036854775808 has no positive twin, so its sign belongs to the literal.
  std::optional<Built> smallest_integer(const std::vector<Token>& prefixes, std::size_t at,
                                        NodeIndex primary, const Children& suffixes) {
    const Span where = builder_.span(primary);
    std::string digits(builder_.text_of(where));
    std::erase(digits, '_');
    if (at + 1 != prefixes.size() || digits != "9223372036854775808" || !suffixes.done()) {
      return std::nullopt;
    }
    const Span whole = joined(builder_.span(prefixes[at]), where);
    return Built{made(ast::Literal{Value(std::numeric_limits<std::int64_t>::min())}, whole), 1};
  }

  Built unary(ast::UnaryOperator operation, const Token& prefix, Built operand) {
    const Span where = joined(builder_.span(prefix), operand.expression.span);
    const std::size_t height = operand.height + 1;
    return builder_.limited(
        {made(ast::Unary{operation, boxed(std::move(operand.expression))}, where), height});
  }

  TreeBuilder& builder_;
  std::vector<NodeIndex> operands_, operators_;
  std::vector<Token> prefixes_;
  std::size_t used_ = 0;  // operators behind the climb
};

ast::Expression TreeBuilder::expression(NodeIndex node) {
  return built(node).expression;
}

// The stand-in for an expression that is refused for its size.
TreeBuilder::Built TreeBuilder::too_high(const Span& where) {
  auto& error = diagnostics_->error("E0103", where, "this expression is too large");
  error.label = fmt::format("more than {} operators deep", maximum_height);
  error.help.emplace_back("give parts of it names with `let`, or make a list of it");
  return {made(ast::Literal{}, where), 1};
}

TreeBuilder::Built TreeBuilder::limited(Built built_expression) {
  return built_expression.height > maximum_height ? too_high(built_expression.expression.span)
                                                  : std::move(built_expression);
}

// expression : IF … THEN … ELSE … | operand (operator_ operand)* (QUESTION expression COLON
// expression)?
TreeBuilder::Built TreeBuilder::built(NodeIndex node) {
  Children parts = children(node);
  if (parts.at_token(Grammar::IF)) {
    return conditional(node);
  }
  Climb climb(*this, parts);
  if (climb.operators() >= maximum_height) {
    return too_high(span(node));
  }
  Built left = climb.run();
  return parts.done() ? std::move(left) : foreign_conditional(std::move(left), parts, span(node));
}

TreeBuilder::Built TreeBuilder::conditional(NodeIndex node) {
  Children parts = children(node);
  parts.take();
  Built condition = built(parts.take());
  parts.take();
  Built then = built(parts.take());
  parts.take();
  Built otherwise = built(parts.take());
  const std::size_t height = std::max({condition.height, then.height, otherwise.height}) + 1;
  ast::Conditional whole{boxed(std::move(condition.expression)), boxed(std::move(then.expression)),
                         boxed(std::move(otherwise.expression))};
  return limited({made(std::move(whole), span(node)), height});
}

// condition ? then : otherwise
TreeBuilder::Built TreeBuilder::foreign_conditional(Built condition, Children& parts,
                                                    const Span& where) {
  auto& error =
      diagnostics_->error("E0114", span(parts.take()), "`? :` is written `if … then … else …`");
  Built then = built(parts.take());
  parts.take();
  Built otherwise = built(parts.take());
  error.help.push_back(fmt::format(
      "write `if {} then {} else {}`", shorten(text_of(condition.expression.span), 40),
      shorten(text_of(then.expression.span), 30), shorten(text_of(otherwise.expression.span), 30)));
  const std::size_t height = std::max({condition.height, then.height, otherwise.height}) + 1;
  ast::Conditional whole{boxed(std::move(condition.expression)), boxed(std::move(then.expression)),
                         boxed(std::move(otherwise.expression))};
  return limited({made(std::move(whole), where), height});
}

// A line break means nothing, but what could as well begin something new never goes on.
void TreeBuilder::continued_line(const Token& first, std::string_view what) {
  auto& error = diagnostics_->error(
      "E0123", span(first),
      fmt::format("{} that is first on its line does not continue the line before", what));
  error.help.emplace_back("if it begins something new, a comma is missing before it");
  error.help.emplace_back("if it goes on, put it at the end of the line before");
}

// primary suffix*
TreeBuilder::Built TreeBuilder::operand(NodeIndex primary_node, Children& suffixes) {
  Built object = primary(primary_node);
  while (!suffixes.done()) {
    const NodeIndex suffix = suffixes.take();
    object = suffixed(std::move(object), suffix);
    if (object.height >= maximum_height && !suffixes.done()) {
      return too_high(object.expression.span);
    }
  }
  return object;
}

// suffix : DOT name | LBRACKET expression RBRACKET | LPAREN … RPAREN
TreeBuilder::Built TreeBuilder::suffixed(Built object, NodeIndex node) {
  const Token& first = token(at(node).child);
  const Span whole = joined(object.expression.span, span(node));
  Children parts = children(node);
  parts.take();
  if (first.type == Grammar::DOT) {
    ast::Name member = name(parts.take());
    terraform_variable(object.expression, member);
    const std::size_t height = object.height + 1;
    return {made(ast::Member{boxed(std::move(object.expression)), std::move(member)}, whole),
            height};
  }
  if (first.first_on_line) {
    continued_line(first, first.type == Grammar::LPAREN ? "a parenthesis" : "a bracket");
  }
  if (first.type == Grammar::LPAREN) {
    return call(std::move(object), node);
  }
  Built index = built(parts.take());
  const std::size_t height = std::max(object.height, index.height) + 1;
  return limited(
      {made(ast::Index{boxed(std::move(object.expression)), boxed(std::move(index.expression))},
            whole),
       height});
}

void TreeBuilder::terraform_variable(const ast::Expression& object, const ast::Name& member) {
  const auto* root = object.as<ast::NameExpression>();
  if (root == nullptr || root->name != "var" || declares_var_) {
    return;
  }
  auto& error = diagnostics_->error("E0122", joined(object.span, member.span),
                                    fmt::format("`var.{0}` is written `{0}`", member.text));
  error.help.push_back(fmt::format("params and lets are read by their name: `{}`", member.text));
}

TreeBuilder::Built TreeBuilder::call(Built callee, NodeIndex node) {
  if (callee.expression.as<ast::NameExpression>() == nullptr &&
      callee.expression.as<ast::Member>() == nullptr) {
    auto& error = diagnostics_->error("E0133", callee.expression.span, "only a name can be called");
    error.label = "this is a value";
  }
  Children parts = children(node);
  parts.take();
  ast::Call whole;
  std::size_t height = callee.height;
  const Span where = joined(callee.expression.span, span(node));
  whole.callee = boxed(std::move(callee.expression));
  bool comma_before = false;
  while (!parts.at_token(Grammar::RPAREN)) {
    const NodeIndex entry = parts.take();
    if (at(entry).rule == Grammar::RuleArgument) {
      whole.arguments.push_back(argument(entry, height));
      comma_before = false;
    } else {
      list_comma(comma_before, entry);
    }
  }
  return limited({made(std::move(whole), where), height + 1});
}

// argument : expression (COLON expression)?
ast::Argument TreeBuilder::argument(NodeIndex node, std::size_t& height) {
  Children parts = children(node);
  Built first = built(parts.take());
  ast::Argument whole;
  if (!parts.done()) {
    const auto* word = first.expression.as<ast::NameExpression>();
    if (word != nullptr && !first.expression.parenthesised) {
      whole.name = ast::Name{word->name, first.expression.span};
    } else {
      auto& error = diagnostics_->error("E0129", first.expression.span,
                                        "the name of an argument is a plain word");
      error.help.emplace_back("write `f(name: value)`");
    }
    parts.take();
    first = built(parts.take());
  }
  height = std::max(height, first.height);
  whole.value = boxed(std::move(first.expression));
  return whole;
}

TreeBuilder::Built TreeBuilder::primary(NodeIndex node) {
  Children parts = children(node);
  const NodeIndex first = parts.take();
  switch (at(first).rule) {
    case Grammar::RuleName:
      return {made(ast::NameExpression{std::string(text_of(span(first)))}, span(first)), 1};
    case Grammar::RuleString:
      return text(first);
    case Grammar::RuleLiteral:
      return literal(first);
    default:
      break;
  }
  if (token(first).type == Grammar::LPAREN) {
    Built inside = built(parts.take());
    inside.expression.parenthesised = true;
    inside.expression.span = span(node);
    return inside;
  }
  if (parts.at_rule(Grammar::RuleComprehension)) {
    return comprehension(parts.take(), span(node), token(first).type == Grammar::LBRACE);
  }
  if (token(first).type == Grammar::LBRACKET) {
    return list(node, parts);
  }
  BuiltBody map = body(node);
  return limited({made(std::move(map.body), span(node)), map.height + 1});
}

// LBRACKET (element (COMMA element?)*)? RBRACKET
TreeBuilder::Built TreeBuilder::list(NodeIndex node, Children& parts) {
  ast::ListLiteral whole;
  std::size_t height = 0;
  bool comma_before = false;
  while (!parts.at_token(Grammar::RBRACKET)) {
    const NodeIndex entry = parts.take();
    if (at(entry).rule != Grammar::RuleElement) {
      list_comma(comma_before, entry);
      continue;
    }
    comma_before = false;
    Children inside = children(entry);
    ast::Element element;
    element.spread = inside.accept(Grammar::SPREAD);
    Built value = built(inside.take());
    height = std::max(height, value.height);
    element.value = boxed(std::move(value.expression));
    whole.elements.push_back(std::move(element));
  }
  return limited({made(std::move(whole), span(node)), height + 1});
}

// FOR name (COMMA name)? IN expression (IF expression)? COLON expression (ARROW expression)? (IF
// expression)?
TreeBuilder::Built TreeBuilder::comprehension(NodeIndex node, const Span& where, bool map) {
  Children parts = children(node);
  parts.take();
  ast::Comprehension whole;
  std::size_t height = 0;
  const auto take = [&] {
    Built part = built(parts.take());
    height = std::max(height, part.height);
    return boxed(std::move(part.expression));
  };
  whole.second = name(parts.take());
  if (parts.accept(Grammar::COMMA)) {
    whole.first = std::exchange(whole.second, name(parts.take()));
  }
  parts.take();
  whole.source = take();
  if (parts.accept(Grammar::IF)) {
    whole.condition = take();
  }
  parts.take();
  whole.value = take();
  const bool arrow = parts.accept(Grammar::ARROW);
  if (arrow) {
    whole.key = std::exchange(whole.value, take());
  }
  if (arrow != map) {
    auto& error = diagnostics_->error(
        "E0132", where, map ? "a map wants a key and a value" : "a list wants a value alone");
    error.help.emplace_back(map ? "write `{for k, v in m: k => v}`, or `[for …]` for a list"
                                : "write `[for v in m: v]`, or `{for …}` for a map");
    whole.key = map ? boxed(made(ast::Literal{Value("")}, where)) : ast::Box<ast::Expression>();
  }
  if (!parts.done()) {
    const Span late = span(parts.take());
    auto& error =
        diagnostics_->error("E0119", late, "the `if` of a comprehension stands before its `:`");
    whole.condition = take();
    error.help.push_back(
        fmt::format("write `for … in … if {}: …`", shorten(text_of(whole.condition->span), 40)));
  }
  return limited({made(std::move(whole), where), height + 1});
}

TreeBuilder::Built TreeBuilder::literal(NodeIndex node) {
  const Token& word = token(node);
  const Span where = span(node);
  const auto number = [&](NumberKind kind) {
    return number_value(kind, text_of(where), where, *diagnostics_);
  };
  Value value;
  switch (word.type) {
    case Grammar::TRUE:
    case Grammar::FALSE:
      value = Value(word.type == Grammar::TRUE);
      break;
    case Grammar::NULL_:
      break;
    case Grammar::INT:
      value = number(NumberKind::integer);
      break;
    case Grammar::FLOAT:
      value = number(NumberKind::real);
      break;
    case Grammar::DURATION:
      value = number(NumberKind::duration);
      break;
    case Grammar::SIZE:
      value = number(NumberKind::size);
      break;
    default:
      value = number(NumberKind::malformed);
      break;
  }
  return {made(ast::Literal{std::move(value)}, where), 1};
}

}  // namespace infra::syntax
