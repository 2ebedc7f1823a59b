// base/json.h — JSON (RFC 8259) and the canonical text of a Value. nlohmann_json stays behind it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/value.h"

namespace infra {

enum class SecretText {
  refuse,     // a Secret is a broken invariant: throws std::logic_error
  sensitive,  // "(sensitive)"
  exposed,    // the bytes: for the doors alone
};

// Reads JSON: depth at most 256, integers that fit 64 bits are int64, duplicate keys keep the last.
// The value, or what is wrong and where ("line 3, column 7: …").
[[nodiscard]] std::variant<Value, std::string> parse_json(std::string_view text);

// Writes JSON with keys in order. Durations and sizes are their text, a Reference is its id (its
// address while that is empty), Unknown and Hidden are null. `indent` < 0: on one line.
[[nodiscard]] std::string to_json(const Value& value, SecretText secrets, int indent = -1);

// Tagged JSON that reads back as the same Value, kinds included: for state and plan files. A Secret
// is a broken invariant (state seals it first): throws std::logic_error.
[[nodiscard]] std::string to_tagged_json(const Value& value);
[[nodiscard]] std::variant<Value, std::string> parse_tagged_json(std::string_view text);

// A JSON string literal with its quotes; invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_quote(std::string_view text);

}  // namespace infra
