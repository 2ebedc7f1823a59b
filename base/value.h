// base/value.h — one tree for configuration, state, requests and answers, so that a secret keeps
// its type from source text to the socket, and a duration or size keeps its meaning. Numbers are
// int64 and double apart (platforms hand out 64-bit ids).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/secret.h"

namespace infra {

// RFC 6901 pointer into a resource's attributes: "/env/DATABASE_URL". "" is the whole. `~1` stands
// for `/`, `~0` for `~`.
using Path = std::string;

class Value;
using List = std::vector<Value>;
using Object = std::map<std::string, Value, std::less<>>;

struct Duration {  // exact to one millisecond
  std::int64_t milliseconds = 0;
  auto operator<=>(const Duration&) const = default;
};
struct Size {
  std::int64_t bytes = 0;
  auto operator<=>(const Size&) const = default;
};
struct Unknown {        // only apply will know; never reaches a driver
  bool secret = false;  // what it will be is secret
  bool operator==(const Unknown&) const = default;
};
struct Hidden {  // the platform has a value and does not show it; comes only from a driver
  bool operator==(const Hidden&) const = default;
};
struct Reference {  // another resource. `id` is empty only while that one is not born
  std::string address, id;
  bool operator==(const Reference&) const = default;
};

class Value {
 public:
  using Variant = std::variant<std::monostate, bool, std::int64_t, double, std::string, Duration,
                               Size, Secret, Reference, List, Object, Unknown, Hidden>;
  Value() = default;
  Value(bool value) : value_(value) {}                      // NOLINT(google-explicit-constructor)
  Value(int value) : value_(std::int64_t{value}) {}         // NOLINT(google-explicit-constructor)
  Value(std::int64_t value) : value_(value) {}              // NOLINT(google-explicit-constructor)
  Value(double value) : value_(value) {}                    // NOLINT(google-explicit-constructor)
  Value(const char* value) : value_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Value(std::string_view value)
      : value_(std::string(value)) {}                     // NOLINT(google-explicit-constructor)
  Value(std::string value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Value(Duration value) : value_(value) {}                // NOLINT(google-explicit-constructor)
  Value(Size value) : value_(value) {}                    // NOLINT(google-explicit-constructor)
  Value(Secret value) : value_(std::move(value)) {}       // NOLINT(google-explicit-constructor)
  Value(Reference value) : value_(std::move(value)) {}    // NOLINT(google-explicit-constructor)
  Value(List value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Value(Object value) : value_(std::move(value)) {}       // NOLINT(google-explicit-constructor)
  Value(Hidden value) : value_(value) {}                  // NOLINT(google-explicit-constructor)
  Value(Unknown value) : value_(value) {}                 // NOLINT(google-explicit-constructor)

  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&value_);
  }
  template <class T>
  [[nodiscard]] T* as() {
    return std::get_if<T>(&value_);
  }
  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] bool is_unknown() const { return std::holds_alternative<Unknown>(value_); }
  explicit operator bool() const { return !is_null(); }

  // Readers that give an empty answer where the kind is another.
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] std::int64_t integer(std::int64_t otherwise = 0) const;
  [[nodiscard]] bool truth() const;
  [[nodiscard]] const List& list() const;
  [[nodiscard]] const Object& object() const;
  [[nodiscard]] const Reference& reference() const;

  [[nodiscard]] const Value& at(std::string_view pointer) const;  // a shared null when absent
  Value& set(std::string_view pointer, Value value);  // makes the objects on the way; returns *this
  void erase(std::string_view pointer);               // removes the leaf, and nothing else
  [[nodiscard]] const Variant& variant() const { return value_; }

 private:
  Variant value_;
};

// Deep equality. Secrets are compared in constant time; int64 and double are equal when they are
// the same number; an Unknown equals nothing, not even itself; Hidden equals Hidden.
[[nodiscard]] bool same(const Value& left, const Value& right);

[[nodiscard]] bool contains_unknown(const Value& value);
[[nodiscard]] bool contains_secret(
    const Value& value);  // a Secret leaf or an Unknown that will be one

// Walks the leaves in order: what is no list and no object, and empty lists and objects.
// `visit` gets the leaf's pointer below `at`.
void for_each_leaf(const Value& value, const Path& at, const auto& visit);

// RFC 6901 escaping of one step, and joining.
[[nodiscard]] std::string escape_step(std::string_view step);
[[nodiscard]] std::string unescape_step(std::string_view step);
[[nodiscard]] inline Path join(std::string_view path, std::string_view step) {
  return std::string(path) + "/" + escape_step(step);
}
// True when `path` is `prefix` or lies below it ("/env" covers "/env/A", not "/environment").
[[nodiscard]] bool covers(std::string_view prefix, std::string_view path);

void for_each_leaf(const Value& value, const Path& at, const auto& visit) {
  if (const auto* object = value.as<Object>(); object != nullptr && !object->empty()) {
    for (const auto& [key, item] : *object) {
      for_each_leaf(item, join(at, key), visit);
    }
  } else if (const auto* list = value.as<List>(); list != nullptr && !list->empty()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      for_each_leaf((*list)[i], join(at, std::to_string(i)), visit);
    }
  } else {
    visit(at, value);
  }
}

}  // namespace infra
