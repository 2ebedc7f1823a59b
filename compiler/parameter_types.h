// compiler/parameter_types.h — values held to the types that params declare.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/value.h"
#include "compiler/ast.h"

namespace infra {

// The value in the declared type, or why it is none: "it wants an int, not a text".
struct Typed {
  Value value;
  std::string error;
};
[[nodiscard]] Typed typed(Value value, const ast::TypeExpression& type);

// A literal of the language: no names, no calls; a bare word is its text. Nothing when it is none.
[[nodiscard]] std::optional<Value> literal_value(const ast::Expression& expression);

// "int", `"a" | "b"`, "a record": for messages.
[[nodiscard]] std::string type_words(const ast::TypeExpression& type);

// True for `name` and `name<…>`.
[[nodiscard]] bool is_named(const ast::TypeExpression& type, std::string_view name);

// True where text handed in stands for itself: string, url, cron, enumerations.
[[nodiscard]] bool is_raw(const ast::TypeExpression& type);

}  // namespace infra
