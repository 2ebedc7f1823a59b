// compiler/function_calls.h — the language's functions carried out, and the one door through which
// a computation sees the text of a secret.
//
// The door opens what it is given, computes, and seals every leaf of the result again; no opened
// value leaves functions.cpp.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "base/world.h"
#include "compiler/functions.h"
#include "compiler/operators.h"

namespace infra {

// Arguments in the order of the signature's parameters: null where an optional one is left out, a
// repeated one's values at the end.
using Arguments = std::vector<const Value*>;

// What functions need of the world; the evaluator answers and records what is read.
class FunctionWorld {
 public:
  virtual ~FunctionWorld() = default;
  virtual Computed variable(const std::string& name, const Value& otherwise) = 0;
  virtual Computed file_text(const std::string& path) = 0;
  virtual Computed folder(const std::string& path) = 0;
  virtual Computed moment() = 0;
};

// Carries out a call that is already bound to its signature.
[[nodiscard]] Computed call_function(const FunctionSignature& signature, const Arguments& arguments,
                                     FunctionWorld& world);

// The door. `compute` sees plain values; what it gives is sealed, its message loses every text that
// was opened.
[[nodiscard]] Computed computed_secretly(const Arguments& arguments,
                                         const std::function<Computed(const Arguments&)>& compute);

// Every leaf that has a text becomes a Secret of it; null, references and what is unknown keep
// their kind (unknown ones become secret).
[[nodiscard]] Value sealed(Value value);

// `a.b` and `a[b]` of a secret that holds JSON; the result is secret again.
[[nodiscard]] Computed secret_member(const Secret& secret, std::string_view name);

// Whether a condition holds: a bool, or a secret one (a secret holds its text).
[[nodiscard]] Computed condition_of(const Value& value);

}  // namespace infra
