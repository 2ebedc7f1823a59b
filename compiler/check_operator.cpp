// Operators: what they take, and what comes out.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/checker.h"

namespace infra {
namespace {

using enum ast::BinaryOperator;

std::string_view operator_text(ast::BinaryOperator operation) {
  switch (operation) {
    case multiply:
      return "*";
    case divide:
      return "/";
    case remainder:
      return "%";
    case add:
      return "+";
    case subtract:
      return "-";
    case coalesce:
      return "??";
    case less:
      return "<";
    case less_equal:
      return "<=";
    case greater:
      return ">";
    case greater_equal:
      return ">=";
    case equal:
      return "==";
    case unequal:
      return "!=";
    case in:
      return "in";
    case not_in:
      return "not in";
    case logical_and:
      return "and";
    case logical_or:
      return "or";
  }
  return "";
}

bool is_ordering(ast::BinaryOperator operation) {
  return operation == less || operation == less_equal || operation == greater ||
         operation == greater_equal;
}

bool is_zero(const ast::Expression& expression) {
  const auto* literal = expression.as<ast::Literal>();
  if (literal == nullptr) {
    return false;
  }
  const Value& value = literal->value;
  return (value.as<std::int64_t>() != nullptr && *value.as<std::int64_t>() == 0) ||
         (value.as<double>() != nullptr && *value.as<double>() == 0.0) ||
         (value.as<Duration>() != nullptr && value.as<Duration>()->milliseconds == 0) ||
         (value.as<Size>() != nullptr && value.as<Size>()->bytes == 0);
}

bool is_measure(TypeId type) {
  return type->base == TypeBase::duration || type->base == TypeBase::size;
}

}  // namespace

// A name without a value of its own: it can only be the word of an enumeration.
bool Checker::is_bare_word(const ast::Expression& expression, const Site& site) const {
  const auto* name = expression.as<ast::NameExpression>();
  return name != nullptr && !expression.parenthesised && !is_value_name(name->name, site);
}

TypeId Checker::infer_unary(const ast::Unary& node, const Site& site) {
  if (node.operation == ast::UnaryOperator::logical_not) {
    return boolean_condition(*node.operand, site, "`not`");
  }
  const TypeId type = infer(*node.operand, nullptr, site);
  if (is_silent(type)) {
    return type;
  }
  if (type->optional || type->base == TypeBase::null) {
    report_missing(node.operand->span, types_.required(type), type, "what stands after `-`");
    return types_.error();
  }
  if (!is_number(type) && type->base != TypeBase::duration) {
    error("E0310", node.operand->span,
          fmt::format("`-` takes a number, not {}", type_phrase(type)));
    return types_.error();
  }
  return type;
}

TypeId Checker::infer_binary(const ast::Expression& expression, const ast::Binary& node,
                             TypeId expected, const Site& site) {
  if (node.operation == coalesce) {
    return infer_coalesce(node, expected, site);
  }
  // A misspelt word inside belongs to the other side, not to what the whole is written for.
  const std::string_view outside = std::exchange(coerced_, "the other side");
  TypeId type = nullptr;
  switch (node.operation) {
    case logical_and:
    case logical_or:
      type = infer_logical(node, site);
      break;
    case equal:
    case unequal:
      type = infer_equality(node, site);
      break;
    case in:
    case not_in:
      type = infer_in(node, site);
      break;
    default:
      type = infer_arithmetic(expression, node, site);
  }
  coerced_ = outside;
  return type;
}

TypeId Checker::infer_logical(const ast::Binary& node, const Site& site) {
  const std::string what = fmt::format("`{}`", operator_text(node.operation));
  const TypeId left = boolean_condition(*node.left, site, what);
  const bool truth = node.operation == logical_and;
  const std::size_t before = facts_.size();
  add_facts(*node.left, truth, facts_);
  const TypeId right = boolean_condition(*node.right, narrowed(site, *node.left, truth), what);
  facts_.resize(before);
  return spread_secret(types_.boolean(), has_secret(left) || has_secret(right));
}

TypeId Checker::infer_equality(const ast::Binary& node, const Site& site) {
  const bool right_first = is_bare_word(*node.left, site) && !is_bare_word(*node.right, site);
  TypeId left = right_first ? nullptr : infer(*node.left, nullptr, site);
  const TypeId right = infer(*node.right, left, site);
  if (right_first) {
    left = infer(*node.left, right, site);
  }
  // A word that is none of the enumeration's values is never equal to it.
  const auto check_word = [&](const ast::Expression& word, TypeId words) {
    if (words->base == TypeBase::enumeration && word.as<ast::Literal>() != nullptr &&
        word.as<ast::Literal>()->value.as<std::string>() != nullptr) {
      check_known_text(word, words, site, "the other side");
    }
  };
  check_word(*node.left, right);
  check_word(*node.right, left);
  if (left->base == TypeBase::null || right->base == TypeBase::null) {
    return types_.boolean();  // presence is public
  }
  if (!comparable(left, right)) {
    auto& diagnostic = error("E0310", node.operator_span,
                             fmt::format("`{}` compares {} with {}", operator_text(node.operation),
                                         type_phrase(left), type_phrase(right)));
    diagnostic.label = "both sides have to be of one type";
    return types_.error();
  }
  return spread_secret(types_.boolean(), has_secret(left) || has_secret(right));
}

TypeId Checker::infer_in(const ast::Binary& node, const Site& site) {
  TypeId left = nullptr;
  TypeId right = nullptr;
  if (is_bare_word(*node.left, site)) {
    right = infer(*node.right, nullptr, site);
    left = infer(*node.left, right->element, site);
  } else {
    left = infer(*node.left, nullptr, site);
    right =
        infer(*node.right, is_silent(left) ? nullptr : types_.list(types_.required(left)), site);
  }
  if (is_silent(right) || left->base == TypeBase::error) {
    return spread_secret(types_.boolean(), has_secret(left));
  }
  const bool secret = has_secret(left) || has_secret(right);
  if (right->optional) {
    report_missing(node.right->span, types_.required(right), right, "what `in` looks into");
    return types_.error();
  }
  const bool map = right->base == TypeBase::map || right->base == TypeBase::record;
  if (!map && right->base != TypeBase::list) {
    error("E0310", node.right->span,
          fmt::format("`in` looks into a list or the keys of a map, and this is {}",
                      type_phrase(right)));
    return types_.error();
  }
  if (!comparable(left, map ? types_.text() : right->element)) {
    error("E0310", node.operator_span,
          fmt::format("`{}` looks for {} in {}", operator_text(node.operation), type_phrase(left),
                      type_phrase(right)));
    return types_.error();
  }
  if (const auto* list = node.right->as<ast::ListLiteral>();
      list != nullptr && left->base == TypeBase::enumeration) {
    for (const auto& element : list->elements) {
      if (element.value->as<ast::Literal>() != nullptr) {
        check_known_text(*element.value, left, site, "the other side");
      }
    }
  }
  return spread_secret(types_.boolean(), secret);
}

TypeId Checker::infer_coalesce(const ast::Binary& node, TypeId expected, const Site& site) {
  const TypeId left = infer(*node.left, expected, site);
  const TypeId right =
      infer(*node.right, expected != nullptr ? expected : types_.required(left), site);
  if (left->base == TypeBase::null) {
    return right;
  }
  const TypeId result = types_.common(types_.required(left), right);
  if (result == nullptr) {
    error("E0304", node.operator_span,
          fmt::format("`??` stands between {} and {}", type_phrase(left), type_phrase(right)))
        .label = "both sides have to be of one type";
    return types_.error();
  }
  return result;
}

TypeId Checker::infer_arithmetic(const ast::Expression& expression, const ast::Binary& node,
                                 const Site& site) {
  const TypeId left = infer(*node.left, nullptr, site);
  const TypeId right = infer(*node.right, nullptr, site);
  const bool secret = has_secret(left) || has_secret(right);
  if (left->base == TypeBase::error || right->base == TypeBase::error) {
    return types_.error();
  }
  bool fine = true;
  for (const auto& [type, side] : {std::pair(left, &*node.left), std::pair(right, &*node.right)}) {
    if (type->optional || type->base == TypeBase::null) {
      report_missing(side->span, types_.required(type), type,
                     fmt::format("what `{}` works on", operator_text(node.operation)));
      fine = false;
    }
  }
  if (!fine) {
    return types_.error();
  }
  if (is_silent(left) || is_silent(right)) {
    return spread_secret(is_ordering(node.operation) ? types_.boolean() : types_.any(), secret);
  }
  TypeId result = is_ordering(node.operation)
                      ? ((is_number(left) && is_number(right)) ||
                                 (is_measure(left) && left->base == right->base) ||
                                 (is_text(left) && is_text(right))
                             ? types_.boolean()
                             : nullptr)
                      : arithmetic_result(expression, node, left, right);
  if (result == nullptr) {
    return report_operands(node, left, right);
  }
  return result->base == TypeBase::list ? result : spread_secret(result, secret);
}

// nullptr where the operator does not take the two.
TypeId Checker::arithmetic_result(const ast::Expression& expression, const ast::Binary& node,
                                  TypeId left, TypeId right) {
  const bool numbers = is_number(left) && is_number(right);
  const bool integers = left->base == TypeBase::integer && right->base == TypeBase::integer;
  const bool measures = is_measure(left) && left->base == right->base;
  const TypeId number = integers ? types_.integer() : types_.basic(TypeBase::number);
  if ((node.operation == divide || node.operation == remainder) && is_zero(*node.right)) {
    error("E0311", node.right->span, "this divides by zero");
    return types_.error();
  }
  switch (node.operation) {
    case add:
      return numbers ? number : measures ? types_.open(left) : add_result(expression, left, right);
    case subtract:
      return numbers ? number : measures ? types_.open(left) : nullptr;
    case multiply:
      if (is_measure(left) && is_number(right)) {
        return types_.open(left);
      }
      return numbers ? number : is_number(left) && is_measure(right) ? types_.open(right) : nullptr;
    case divide:
      if (is_measure(left) && is_number(right)) {
        return types_.open(left);
      }
      return numbers ? number : measures ? types_.integer() : nullptr;
    case remainder:
      return numbers ? number : measures ? types_.open(left) : nullptr;
    default:
      return nullptr;
  }
}

TypeId Checker::add_result(const ast::Expression& expression, TypeId left, TypeId right) {
  if (is_text(left) && is_text(right)) {
    if (left->base != TypeBase::url) {
      return types_.text();
    }
    expression.mark = ast::Expression::Mark::joins_url;
    return types_.basic(TypeBase::url);
  }
  return left->base == TypeBase::list && right->base == TypeBase::list ? types_.common(left, right)
                                                                       : nullptr;
}

TypeId Checker::report_operands(const ast::Binary& node, TypeId left, TypeId right) {
  auto& diagnostic =
      error("E0310", node.operator_span,
            fmt::format("`{}` does not work on {} and {}", operator_text(node.operation),
                        type_phrase(left), type_phrase(right)));
  const bool text_and_more = node.operation == add && ((is_text(left) && has_text(right)) ||
                                                       (is_text(right) && has_text(left)));
  const bool maps = left->base == TypeBase::map || left->base == TypeBase::record;
  const bool resource = left->base == TypeBase::resource || right->base == TypeBase::resource;
  if (resource) {
    diagnostic.help.push_back("a resource is no text: write its `.url` or `.id`");
  } else if (text_and_more) {
    diagnostic.help.push_back("put both into one text: \"${…}${…}\"");
  } else if (maps && node.operation == add) {
    diagnostic.help.push_back("to join maps, write merge(a, b) or { ...a, ...b }");
  } else if ((is_measure(left) && is_number(right)) || (is_number(left) && is_measure(right))) {
    diagnostic.help.push_back("give the number a unit: `5 * 1s`, `5 * 1MB`");
  }
  return types_.error();
}

}  // namespace infra
