#include "compiler/environment_set.h"

#include <algorithm>

#include "base/quantity.h"

namespace infra {
namespace {

constexpr std::size_t deepest_let = 64;

// The text that `${ }` and `+` give a known scalar; nothing for what has none.
std::optional<std::string> scalar_text(const Value& value) {
  if (const auto* text = value.as<std::string>()) {
    return *text;
  }
  if (const auto* integer = value.as<std::int64_t>()) {
    return std::to_string(*integer);
  }
  if (const auto* truth = value.as<bool>()) {
    return *truth ? "true" : "false";
  }
  if (const auto* number = value.as<double>()) {
    return to_text(*number);
  }
  if (const auto* duration = value.as<Duration>()) {
    return to_text(*duration);
  }
  if (const auto* size = value.as<Size>()) {
    return to_text(*size);
  }
  return std::nullopt;
}

bool contains(const Value& container, const Value& element) {
  if (const auto* object = container.as<Object>()) {
    return object->contains(element.text());
  }
  const List& list = container.list();
  return std::any_of(list.begin(), list.end(),
                     [&](const Value& item) { return same(item, element); });
}

std::optional<Value> negated(const Value& value) {
  if (const auto* integer = value.as<std::int64_t>(); integer != nullptr && *integer > INT64_MIN) {
    return Value(-*integer);
  }
  if (const auto* number = value.as<double>()) {
    return Value(-*number);
  }
  if (const auto* duration = value.as<Duration>();
      duration != nullptr && duration->milliseconds > INT64_MIN) {
    return Value(Duration{-duration->milliseconds});
  }
  return std::nullopt;
}

const bool* truth_of(const std::optional<Value>& value) {
  return value ? value->as<bool>() : nullptr;
}

// `and` and `or` when at least one side is known; `absorbing` is the value that decides alone.
std::optional<Value> connect(const std::optional<Value>& left, const std::optional<Value>& right,
                             bool absorbing) {
  const bool* first = truth_of(left);
  const bool* second = truth_of(right);
  if ((first != nullptr && *first == absorbing) || (second != nullptr && *second == absorbing)) {
    return Value(absorbing);
  }
  if (first != nullptr && second != nullptr) {
    return Value(!absorbing);
  }
  return std::nullopt;
}

}  // namespace

std::string_view resource_kind(std::string_view word) {
  static constexpr std::string_view kinds[] = {"service", "database", "bucket",
                                               "secret",  "cron",     "resource"};
  const auto* found = std::find(std::begin(kinds), std::end(kinds), word);
  return found == std::end(kinds) ? std::string_view() : *found;
}

bool is_resource_kind(std::string_view word) {
  return !resource_kind(word).empty();
}

NameMeaning find_name(const Module& module, ScopeId scope, std::string_view name) {
  NameMeaning meaning;
  for (ScopeId id = scope;; id = module.scopes[id].parent) {
    const Scope& here = module.scopes[id];
    if (const auto let = here.lets.find(name); let != here.lets.end()) {
      meaning.let = let->second;
      meaning.let_scope = id;
      return meaning;
    }
    if (here.loop != nullptr) {
      const bool first = here.loop->first && here.loop->first->text == name;
      if (first || here.loop->second.text == name) {
        meaning.loop = here.loop;
        meaning.loop_first = first;
        return meaning;
      }
    }
    if (id == 0) {
      break;
    }
  }
  if (const auto found = module.parameters.find(name); found != module.parameters.end()) {
    meaning.parameter = found->second;
  }
  return meaning;
}

ResourceMention mentioned_resource(const ast::Expression& expression) {
  const ast::Expression* at = &expression;
  std::string_view name;
  while (true) {
    if (const auto* member = at->as<ast::Member>()) {
      name = member->name.text;
      at = &*member->object;
    } else if (const auto* index = at->as<ast::Index>()) {
      at = &*index->object;
    } else if (const auto* call = at->as<ast::Call>()) {
      at = &*call->callee;
      if (at->as<ast::Member>() == nullptr) {
        return {};
      }
    } else {
      break;
    }
  }
  const auto* root = at->as<ast::NameExpression>();
  if (root == nullptr || name.empty() || !is_resource_kind(root->name)) {
    return {};
  }
  return {root->name, name};
}

StaticValues::StaticValues(const Module& module) : module_(module), scopes_(module.scopes.size()) {}

EnvironmentSet StaticValues::all() const {
  return EnvironmentSet::all(module_.environments.size());
}

std::optional<Value> StaticValues::name(const std::string& name, std::size_t environment,
                                        ScopeId scope) const {
  if (name == "environment") {
    return Value(module_.environments[environment]);
  }
  const NameMeaning meaning = find_name(module_, scope, name);
  if (meaning.let != nullptr && depth_ < deepest_let) {
    ++depth_;
    auto value = constant(meaning.let->value, environment, meaning.let_scope);
    --depth_;
    return value;
  }
  if (meaning.found() || is_resource_kind(name) || name == "stack" ||
      std::find(locals_.begin(), locals_.end(), name) != locals_.end()) {
    return std::nullopt;
  }
  return Value(name);
}

std::optional<Value> StaticValues::binary(const ast::Binary& node, std::size_t environment,
                                          ScopeId scope) const {
  using enum ast::BinaryOperator;
  const auto left = constant(*node.left, environment, scope);
  const auto right = constant(*node.right, environment, scope);
  if (node.operation == logical_and || node.operation == logical_or) {
    return connect(left, right, node.operation == logical_or);
  }
  if (!left || !right) {
    return std::nullopt;
  }
  switch (node.operation) {
    case equal:
      return Value(same(*left, *right));
    case unequal:
      return Value(!same(*left, *right));
    case in:
      return Value(contains(*right, *left));
    case not_in:
      return Value(!contains(*right, *left));
    case coalesce:
      return left->is_null() ? right : left;
    case add:
      if (left->as<std::string>() != nullptr && right->as<std::string>() != nullptr) {
        return Value(left->text() + right->text());
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<Value> StaticValues::composite(const ast::Expression& expression,
                                             std::size_t environment, ScopeId scope) const {
  if (const auto* text = expression.as<ast::Template>()) {
    std::string whole;
    for (const auto& part : text->parts) {
      if (!part.expression) {
        whole += part.text;
        continue;
      }
      const auto value = constant(*part.expression, environment, scope);
      const auto piece = value ? scalar_text(*value) : std::nullopt;
      if (!piece) {
        return std::nullopt;
      }
      whole += *piece;
    }
    return Value(std::move(whole));
  }
  if (const auto* list = expression.as<ast::ListLiteral>()) {
    List values;
    for (const auto& element : list->elements) {
      auto value = element.spread ? std::nullopt : constant(*element.value, environment, scope);
      if (!value) {
        return std::nullopt;
      }
      values.push_back(std::move(*value));
    }
    return Value(std::move(values));
  }
  return std::nullopt;
}

std::optional<Value> StaticValues::constant(const ast::Expression& expression,
                                            std::size_t environment, ScopeId scope) const {
  if (const auto* literal = expression.as<ast::Literal>()) {
    return literal->value;
  }
  if (const auto* word = expression.as<ast::NameExpression>()) {
    return name(word->name, environment, scope);
  }
  if (const auto* node = expression.as<ast::Binary>()) {
    return binary(*node, environment, scope);
  }
  if (const auto* node = expression.as<ast::Unary>()) {
    const auto operand = constant(*node->operand, environment, scope);
    if (node->operation == ast::UnaryOperator::logical_not) {
      const bool* truth = truth_of(operand);
      return truth != nullptr ? std::optional<Value>(!*truth) : std::nullopt;
    }
    return operand ? negated(*operand) : std::nullopt;
  }
  if (const auto* node = expression.as<ast::Conditional>()) {
    const auto condition = constant(*node->condition, environment, scope);
    const bool* truth = truth_of(condition);
    return truth == nullptr ? std::nullopt
                            : constant(*truth ? *node->then : *node->otherwise, environment, scope);
  }
  if (const auto* member = expression.as<ast::Member>()) {
    const auto* root = member->object->as<ast::NameExpression>();
    const bool stack_name = root != nullptr && root->name == "stack" && member->name.text == "name";
    return stack_name ? std::optional<Value>(module_.stack_name) : std::nullopt;
  }
  return composite(expression, environment, scope);
}

Verdict StaticValues::verdict(const ast::Expression& condition, ScopeId scope) const {
  if (const auto known = verdicts_.find(&condition); known != verdicts_.end()) {
    return known->second;
  }
  Verdict verdict;
  for (std::size_t i = 0; i < module_.environments.size() && i < most_environments; ++i) {
    const auto value = constant(condition, i, scope);
    const bool* truth = truth_of(value);
    if (truth == nullptr || *truth) {
      verdict.possibly = verdict.possibly | EnvironmentSet::one(i);
    }
    if (truth != nullptr && *truth) {
      verdict.certainly = verdict.certainly | EnvironmentSet::one(i);
    }
  }
  verdicts_.emplace(&condition, verdict);
  return verdict;
}

Verdict StaticValues::scope(ScopeId scope) const {
  if (scopes_[scope]) {
    return *scopes_[scope];
  }
  Verdict whole{all(), all()};
  if (scope != 0) {
    const Scope& here = module_.scopes[scope];
    whole = this->scope(here.parent);
    if (here.condition != nullptr) {
      const Verdict own = verdict(here.condition->condition, here.parent);
      const auto possibly = here.then ? own.possibly : all().without(own.certainly);
      const auto certainly = here.then ? own.certainly : all().without(own.possibly);
      whole = {whole.certainly & certainly, whole.possibly & possibly};
    }
  }
  scopes_[scope] = whole;
  return whole;
}

}  // namespace infra
