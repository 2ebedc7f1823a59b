// compiler/operators.h — what the operators do with values.
//
// Nothing here knows of syntax: operands in, a value or one line of error out. An operand that is
// not known makes the result unknown; a secret operand makes it secret.
#pragma once
#include <string>
#include <string_view>

#include "base/value.h"
#include "compiler/ast.h"

namespace infra {

// A value, or why there is none. The code is that of the diagnostic to make of it.
struct Computed {
  Value value;
  std::string error;  // empty: `value` holds
  std::string_view code;
};

[[nodiscard]] Computed failure(std::string_view code, std::string error);

// `joins_url`: `+` makes a url, so that a `/` on both sides of the joint becomes one. Neither
// short-circuits (`and`, `or`, `??` with a known left side are the caller's).
[[nodiscard]] Computed binary(ast::BinaryOperator operation, const Value& left, const Value& right,
                              bool joins_url);
[[nodiscard]] Computed negate(const Value& value);
[[nodiscard]] Computed logical_not(const Value& value);

// -1, 0 or 1: numbers with numbers, texts by bytes, durations, sizes.
[[nodiscard]] Computed compare(const Value& left, const Value& right);

// What `${ }` puts in: text, int, float, bool, duration, size; a secret stays one.
[[nodiscard]] Computed text_of(const Value& value);

// "a text", "an int", "a list": for messages.
[[nodiscard]] std::string_view kind_of(const Value& value);

// How many bytes the value takes, roughly; it stops counting beyond `most`.
[[nodiscard]] std::size_t weight(const Value& value, std::size_t most = SIZE_MAX);

[[nodiscard]] std::string_view operator_text(ast::BinaryOperator operation);

}  // namespace infra
