// compiler/function_table.h — the bodies of the language's functions, by name and number of
// parameters. Each is a pure function of its arguments but for what FunctionWorld reads.
#pragma once
#include <span>
#include <string_view>

#include "compiler/function_calls.h"

namespace infra::functions {

// How far a function looks at its arguments: what lies there must be known, and makes the result
// secret.
enum class Looks {
  nowhere,  // it only carries them along
  outside,  // at lists, maps and texts, not at what stands in them
  inside,   // at every leaf
};

struct Entry {
  std::string_view name;
  std::size_t parameters;  // of the signature it carries out
  Looks looks;
  Computed (*compute)(const Arguments& arguments, FunctionWorld& world);
  bool seals_whole = false;  // from a secret it makes one secret, not a map of secrets
};

[[nodiscard]] const Entry* find_entry(std::string_view name, std::size_t parameters);

[[nodiscard]] std::span<const Entry> text_functions();
[[nodiscard]] std::span<const Entry> collection_functions();
[[nodiscard]] std::span<const Entry> encoding_functions();
[[nodiscard]] std::span<const Entry> resource_functions();  // sources, origins, generators, auth

[[nodiscard]] inline Computed done(Value value) {
  return {std::move(value), {}, {}};
}

}  // namespace infra::functions
