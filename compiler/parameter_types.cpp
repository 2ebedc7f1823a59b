#include "compiler/parameter_types.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/cron.h"
#include "base/text.h"
#include "compiler/attribute_types.h"
#include "compiler/function_calls.h"

namespace infra {

std::string type_words(const ast::TypeExpression& type) {
  if (!type.words.empty()) {
    std::vector<std::string> words;
    for (const auto& word : type.words) {
      words.push_back("\"" + word.text + "\"");
    }
    return join(words, " | ");
  }
  return type.record ? "a record" : (type.name ? type.name->text : "a value");
}

bool is_named(const ast::TypeExpression& type, std::string_view name) {
  return type.name && type.name->text == name;
}

bool is_raw(const ast::TypeExpression& type) {
  return !type.words.empty() || is_named(type, "string") || is_named(type, "url") ||
         is_named(type, "cron");
}

namespace {

Typed wrong(const ast::TypeExpression& type, const Value& value) {
  return {{}, fmt::format("it wants {}, not {}", type_words(type), kind_of(value))};
}

Typed typed_text(Value value, const ast::TypeExpression& type) {
  const auto* text = value.as<std::string>();
  if (text == nullptr) {
    return wrong(type, value);
  }
  if (!type.words.empty() &&
      std::none_of(type.words.begin(), type.words.end(),
                   [&](const ast::Name& word) { return word.text == *text; })) {
    return {{}, fmt::format("`{}` is none of {}", printable(*text), type_words(type))};
  }
  if (is_named(type, "url")) {
    if (std::string mistake = url_mistake(*text); !mistake.empty()) {
      return {{}, std::move(mistake)};
    }
  }
  if (is_named(type, "cron")) {
    const auto schedule = Schedule::parse(*text);
    if (const auto* error = std::get_if<std::string>(&schedule)) {
      return {{}, fmt::format("`{}` is no schedule: {}", printable(*text), *error)};
    }
  }
  return {std::move(value), {}};
}

Typed typed_container(Value value, const ast::TypeExpression& type) {
  const bool wants_list = is_named(type, "list");
  if (wants_list ? value.as<List>() == nullptr : value.as<Object>() == nullptr) {
    return {{},
            fmt::format("it wants {}, not {}", wants_list ? "a list" : "a map", kind_of(value))};
  }
  if (type.arguments.empty()) {
    return {std::move(value), {}};
  }
  const auto convert = [&](Value& item) -> std::string {
    Typed result = typed(std::move(item), type.arguments.front());
    item = std::move(result.value);
    return std::move(result.error);
  };
  if (auto* list = value.as<List>()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (std::string error = convert((*list)[i]); !error.empty()) {
        return {{}, fmt::format("element {}: {}", i, error)};
      }
    }
  } else {
    for (auto& [key, item] : *value.as<Object>()) {
      if (std::string error = convert(item); !error.empty()) {
        return {{}, fmt::format("`{}`: {}", printable(key), error)};
      }
    }
  }
  return {std::move(value), {}};
}

Typed typed_record(Value value, const ast::TypeExpression& type) {
  auto* object = value.as<Object>();
  if (object == nullptr) {
    return wrong(type, value);
  }
  for (const auto& entry : *object) {
    const auto is_entry = [&entry](const auto& field) { return field.name.text == entry.first; };
    if (std::none_of(type.fields.begin(), type.fields.end(), is_entry)) {
      return {{}, fmt::format("it has no field `{}`", printable(entry.first))};
    }
  }
  for (const auto& field : type.fields) {
    Value& item = (*object)[field.name.text];
    Typed result = typed(std::move(item), *field.type);
    if (!result.error.empty()) {
      return {{}, fmt::format("`{}`: {}", field.name.text, result.error)};
    }
    item = std::move(result.value);
  }
  return {std::move(value), {}};
}

Typed typed_scalar(Value value, const ast::TypeExpression& type) {
  const bool fits = (is_named(type, "int") && value.as<std::int64_t>() != nullptr) ||
                    (is_named(type, "float") && value.as<double>() != nullptr) ||
                    (is_named(type, "bool") && value.as<bool>() != nullptr) ||
                    (is_named(type, "duration") && value.as<Duration>() != nullptr) ||
                    (is_named(type, "size") && value.as<Size>() != nullptr);
  if (fits) {
    return {std::move(value), {}};
  }
  if (const auto* number = value.as<std::int64_t>(); number != nullptr && is_named(type, "float")) {
    return {static_cast<double>(*number), {}};
  }
  return wrong(type, value);
}

}  // namespace

std::optional<Value> literal_value(const ast::Expression& expression) {
  if (const auto* literal = expression.as<ast::Literal>()) {
    return literal->value;
  }
  if (const auto* name = expression.as<ast::NameExpression>()) {
    return Value(name->name);
  }
  if (const auto* text = expression.as<ast::Template>()) {
    std::string result;
    for (const auto& part : text->parts) {
      if (part.expression) {
        return std::nullopt;
      }
      result += part.text;
    }
    return Value(std::move(result));
  }
  if (const auto* unary = expression.as<ast::Unary>();
      unary != nullptr && unary->operation == ast::UnaryOperator::negate) {
    const auto operand = literal_value(*unary->operand);
    Computed result = operand ? negate(*operand) : failure("E0706", "no literal");
    return result.error.empty() ? std::optional(std::move(result.value)) : std::nullopt;
  }
  if (const auto* list = expression.as<ast::ListLiteral>()) {
    List result;
    for (const auto& element : list->elements) {
      auto item = element.spread ? std::nullopt : literal_value(*element.value);
      if (!item) {
        return std::nullopt;
      }
      result.push_back(*std::move(item));
    }
    return Value(std::move(result));
  }
  if (const auto* body = expression.as<ast::Body>()) {
    Object result;
    for (const auto& item : body->items) {
      const bool plain =
          item.kind != ast::Item::Kind::spread && !item.key.expression && !item.label;
      auto value = plain ? literal_value(*item.value) : std::nullopt;
      if (!value || !result.emplace(item.key.text, *std::move(value)).second) {
        return std::nullopt;
      }
    }
    return Value(std::move(result));
  }
  return std::nullopt;
}

Typed typed(Value value, const ast::TypeExpression& type) {
  if (value.is_null()) {
    return type.optional || is_named(type, "any")
               ? Typed{}
               : Typed{{}, fmt::format("it wants {}, not null", type_words(type))};
  }
  if (is_named(type, "secret")) {
    if (value.as<Secret>() != nullptr || value.is_unknown() || type.arguments.empty()) {
      return {sealed(std::move(value)), {}};
    }
    Typed inner = typed(std::move(value), type.arguments.front());
    return inner.error.empty() ? Typed{sealed(std::move(inner.value)), {}} : inner;
  }
  if (value.is_unknown() || is_named(type, "any")) {
    return {std::move(value), {}};
  }
  if (value.as<Secret>() != nullptr) {
    return {{},
            fmt::format("it is a secret, and the param is not: its type would be secret<{}>",
                        type_words(type))};
  }
  if (type.record) {
    return typed_record(std::move(value), type);
  }
  if (is_raw(type)) {
    return typed_text(std::move(value), type);
  }
  if (is_named(type, "list") || is_named(type, "map")) {
    return typed_container(std::move(value), type);
  }
  return typed_scalar(std::move(value), type);
}

}  // namespace infra
