// compiler/functions.h — the functions of the language as plain data: their parameters, results,
// and what they do with secrets. The checker types calls from this table alone; the evaluator
// carries the functions out by name.
//
// A name may have several signatures (`hmac(s)` and `hmac(key, text)`): the first that takes the
// number of arguments written is meant, then the first that takes their types.
#pragma once
#include <array>
#include <span>
#include <string_view>

namespace infra {

// The shape of a parameter or result. `item` is the type variable T of one call: every `item`,
// `list_of_item`, … of a signature stands for the same type, `other` for a second one.
enum class Shape {
  text,
  integer,
  boolean,
  url_or_text,    // text in; a url stays one
  item,           // T
  optional_item,  // T?
  quantity,       // T, one of int, float, duration, size
  ordered,        // T, a quantity or text
  list_of_text,   // elements are anything that has a text
  list_of_integer,
  list_of_item,      // list<T>
  list_of_other,     // list<U>
  list_of_quantity,  // list<T>, T a quantity
  list_of_ordered,   // list<T>, T ordered
  list_of_lists,     // list<list<T>>
  list_of_pairs,     // list<{first: T, second: U}>
  map_of_item,       // map<T>; a record counts as a map
  map_of_any,        // what stands in it may differ
  map_of_text,       // values are anything that has a text, or null (left out)
  collection,        // text, a list or a map
  printable,         // anything that has a text (`${ }` takes the same)
  any,               // whatever it is
  method,            // GET HEAD POST PUT PATCH DELETE OPTIONS
  key_algorithm,     // ed25519
  source,
  origin_or_text,  // an origin in `secret.from`, elsewhere the text it names
  generator,
  call,
  run,
  auth,
  upload,   // a file in a form
  matcher,  // in `expect { json }`
};

// What becomes of secrets in a call.
enum class SecretRule {
  spreads,  // the result is secret when any leaf of any argument is
  items,    // secrecy goes with T: containers stay public, their leaves keep theirs
  gives,    // the result is always secret
  carries,  // the result is an object that keeps the argument as a secret leaf of its own
  reveals,  // the result is not secret
  refuses,  // no argument may be secret
};

// Where a call may stand.
enum class CallPlace {
  anywhere,
  secret_generate,  // only the value of `secret.generate`
  root_output,      // only inside a root `output`
  not_in_resource,  // anywhere but in attributes of resources
  expectation,      // only in `expect` of a check
};

struct FunctionParameter {
  std::string_view name{};  // also what a named argument is written with
  Shape shape = Shape::any;
  bool required = true;
  bool named = false;     // only `name: value`; otherwise only by position
  bool repeated = false;  // the last one by position: one or more
};

inline constexpr std::size_t most_parameters = 5;

struct FunctionSignature {
  std::string_view name{};
  std::array<FunctionParameter, most_parameters> parameters{};  // up to the first without a name
  Shape result = Shape::any;
  SecretRule secrecy = SecretRule::spreads;
  CallPlace place = CallPlace::anywhere;
  std::string_view summary{};  // one line

  [[nodiscard]] constexpr std::size_t parameter_count() const {
    std::size_t count = 0;
    while (count < most_parameters && !parameters[count].name.empty()) {
      ++count;
    }
    return count;
  }
  [[nodiscard]] std::span<const FunctionParameter> parameter_list() const {
    return {parameters.data(), parameter_count()};
  }
};

// All functions in name order; signatures of one name are neighbours.
[[nodiscard]] std::span<const FunctionSignature> function_signatures();

// The signatures of one name; empty when there is none.
[[nodiscard]] std::span<const FunctionSignature> find_function(std::string_view name);

// What a service offers behind its name: `.http(…)` and `.command(…)`.
[[nodiscard]] std::span<const FunctionSignature> service_methods();

// Values of Shape::method and Shape::key_algorithm.
[[nodiscard]] std::span<const std::string_view> http_methods();
[[nodiscard]] std::span<const std::string_view> key_algorithms();

}  // namespace infra
