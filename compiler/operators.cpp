#include "compiler/operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/quantity.h"
#include "compiler/function_calls.h"

namespace infra {
namespace {

using Op = ast::BinaryOperator;

constexpr std::string_view out_of_range = "E0501";
constexpr std::string_view zero_divisor = "E0502";
constexpr std::string_view wrong_kind = "E0503";

Computed done(Value value) {
  return {std::move(value), {}, {}};
}

Computed wrong_operands(Op operation, const Value& left, const Value& right) {
  return failure(wrong_kind, fmt::format("`{}` cannot take {} and {}", operator_text(operation),
                                         kind_of(left), kind_of(right)));
}

// The kind of a quantity apart from its number, so that one piece of arithmetic serves all.
enum class Unit { none, milliseconds, bytes };

struct Whole {
  std::int64_t number = 0;
  Unit unit = Unit::none;
};

std::optional<Whole> whole(const Value& value) {
  if (const auto* number = value.as<std::int64_t>()) {
    return Whole{*number, Unit::none};
  }
  if (const auto* duration = value.as<Duration>()) {
    return Whole{duration->milliseconds, Unit::milliseconds};
  }
  if (const auto* size = value.as<Size>()) {
    return Whole{size->bytes, Unit::bytes};
  }
  return std::nullopt;
}

Value with_unit(std::int64_t number, Unit unit) {
  switch (unit) {
    case Unit::milliseconds:
      return Duration{number};
    case Unit::bytes:
      return Size{number};
    case Unit::none:
      break;
  }
  return number;
}

std::optional<double> real(const Value& value) {
  if (const auto* number = value.as<double>()) {
    return *number;
  }
  if (const auto* number = value.as<std::int64_t>()) {
    return static_cast<double>(*number);
  }
  return std::nullopt;
}

Computed overflow(Op operation) {
  return failure(
      out_of_range,
      fmt::format("the result of `{}` is out of range: an int, a duration and a size have 64 bits",
                  operator_text(operation)));
}

Computed finite(Op operation, double number) {
  if (!std::isfinite(number)) {
    return failure(out_of_range,
                   fmt::format("the result of `{}` is no finite number", operator_text(operation)));
  }
  return done(number);
}

Computed add_whole(Op operation, Whole left, Whole right) {
  std::int64_t result = 0;
  const bool bad = operation == Op::add
                       ? __builtin_add_overflow(left.number, right.number, &result)
                       : __builtin_sub_overflow(left.number, right.number, &result);
  return bad ? overflow(operation) : done(with_unit(result, left.unit));
}

Computed multiply_whole(Whole left, Whole right) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(left.number, right.number, &result)) {
    return overflow(Op::multiply);
  }
  return done(with_unit(result, left.unit == Unit::none ? right.unit : left.unit));
}

// `unit` is that of the result.
Computed divide_whole(Op operation, Whole left, Whole right, Unit unit) {
  if (right.number == 0) {
    return failure(zero_divisor, fmt::format("`{}` by zero", operator_text(operation)));
  }
  if (left.number == std::numeric_limits<std::int64_t>::min() && right.number == -1) {
    return operation == Op::remainder ? done(with_unit(0, unit)) : overflow(operation);
  }
  return done(with_unit(
      operation == Op::divide ? left.number / right.number : left.number % right.number, unit));
}

Computed real_arithmetic(Op operation, double left, double right) {
  switch (operation) {
    case Op::add:
      return finite(operation, left + right);
    case Op::subtract:
      return finite(operation, left - right);
    case Op::multiply:
      return finite(operation, left * right);
    default:
      break;
  }
  if (right == 0.0) {
    return failure(zero_divisor, fmt::format("`{}` by zero", operator_text(operation)));
  }
  return finite(operation, operation == Op::divide ? left / right : std::fmod(left, right));
}

// A duration or size times or divided by a float, rounded to the next whole unit.
Computed scale(Op operation, Whole quantity, double factor) {
  if (operation == Op::divide && factor == 0.0) {
    return failure(zero_divisor, "`/` by zero");
  }
  const double number = static_cast<double>(quantity.number);
  const double result = std::round(operation == Op::divide ? number / factor : number * factor);
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (!std::isfinite(result) || result >= limit || result < -limit) {
    return overflow(operation);
  }
  return done(with_unit(static_cast<std::int64_t>(result), quantity.unit));
}

Computed whole_arithmetic(Op operation, Whole left, Whole right, const Value& a, const Value& b) {
  const bool same_unit = left.unit == right.unit;
  switch (operation) {
    case Op::add:
    case Op::subtract:
      return same_unit ? add_whole(operation, left, right) : wrong_operands(operation, a, b);
    case Op::multiply:
      return left.unit == Unit::none || right.unit == Unit::none ? multiply_whole(left, right)
                                                                 : wrong_operands(operation, a, b);
    case Op::divide:
      if (same_unit) {
        return divide_whole(operation, left, right, Unit::none);
      }
      return right.unit == Unit::none ? divide_whole(operation, left, right, left.unit)
                                      : wrong_operands(operation, a, b);
    default:
      return same_unit ? divide_whole(operation, left, right, left.unit)
                       : wrong_operands(operation, a, b);
  }
}

Computed number_arithmetic(Op operation, const Value& left, const Value& right) {
  const auto a = whole(left);
  const auto b = whole(right);
  if (a && b) {
    return whole_arithmetic(operation, *a, *b, left, right);
  }
  const auto x = real(left);
  const auto y = real(right);
  if (x && y) {
    return real_arithmetic(operation, *x, *y);
  }
  if (a && y && (operation == Op::multiply || operation == Op::divide)) {
    return scale(operation, *a, *y);
  }
  if (x && b && operation == Op::multiply) {
    return scale(operation, *b, *x);
  }
  return wrong_operands(operation, left, right);
}

bool is_text(const Value& value) {
  return value.as<std::string>() != nullptr;
}

std::string joined_url(std::string_view left, std::string_view right) {
  if (!left.empty() && left.back() == '/' && !right.empty() && right.front() == '/') {
    right.remove_prefix(1);
  }
  return std::string(left) + std::string(right);
}

Computed add(const Value& left, const Value& right, bool joins_url) {
  if (is_text(left) && is_text(right)) {
    return done(joins_url ? joined_url(left.text(), right.text()) : left.text() + right.text());
  }
  if (const auto* list = left.as<List>(); list != nullptr && right.as<List>() != nullptr) {
    List result = *list;
    result.insert(result.end(), right.list().begin(), right.list().end());
    return done(std::move(result));
  }
  return number_arithmetic(Op::add, left, right);
}

// Equality of plain values; a text equals a quantity whose text it is (a secret int is held as
// text).
bool equal(const Value& left, const Value& right, bool by_text) {
  if (by_text && is_text(left) != is_text(right)) {
    const Computed a = text_of(left);
    const Computed b = text_of(right);
    return a.error.empty() && b.error.empty() && same(a.value, b.value);
  }
  return same(left, right);
}

Computed membership(const Value& element, const Value& container, bool by_text) {
  if (const auto* list = container.as<List>()) {
    return done(std::any_of(list->begin(), list->end(),
                            [&](const Value& item) { return equal(element, item, by_text); }));
  }
  if (const auto* object = container.as<Object>(); object != nullptr && is_text(element)) {
    return done(object->find(element.text()) != object->end());
  }
  return wrong_operands(Op::in, element, container);
}

Computed ordered(Op operation, const Value& left, const Value& right) {
  Computed order = compare(left, right);
  if (!order.error.empty()) {
    return order;
  }
  const std::int64_t sign = order.value.integer();
  switch (operation) {
    case Op::less:
      return done(sign < 0);
    case Op::less_equal:
      return done(sign <= 0);
    case Op::greater:
      return done(sign > 0);
    default:
      return done(sign >= 0);
  }
}

Computed logical(Op operation, const Value& left, const Value& right) {
  const Computed a = condition_of(left);
  const Computed b = condition_of(right);
  if (!a.error.empty() || !b.error.empty()) {
    return wrong_operands(operation, left, right);
  }
  return done(operation == Op::logical_and ? a.value.truth() && b.value.truth()
                                           : a.value.truth() || b.value.truth());
}

// A secret that holds a quantity holds its text: read it again for arithmetic.
Value quantity_of_text(const Value& value) {
  if (!is_text(value)) {
    return value;
  }
  if (const auto number = parse_integer(value.text())) {
    return *number;
  }
  if (const auto number = parse_float(value.text())) {
    return *number;
  }
  if (const auto duration = parse_duration(value.text())) {
    return *duration;
  }
  if (const auto size = parse_size(value.text())) {
    return *size;
  }
  return value;
}

// `by_text`: the operands were secrets, whose kind is lost.
Computed plain(Op operation, const Value& left, const Value& right, bool joins_url, bool by_text) {
  switch (operation) {
    case Op::add:
      if (by_text && !(is_text(left) && is_text(right)) && left.as<List>() == nullptr) {
        return number_arithmetic(operation, quantity_of_text(left), quantity_of_text(right));
      }
      return add(left, right, joins_url);
    case Op::equal:
      return done(equal(left, right, by_text));
    case Op::unequal:
      return done(!equal(left, right, by_text));
    case Op::in:
      return membership(left, right, by_text);
    case Op::not_in: {
      Computed inside = membership(left, right, by_text);
      return inside.error.empty() ? done(!inside.value.truth()) : inside;
    }
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
      return by_text ? ordered(operation, quantity_of_text(left), quantity_of_text(right))
                     : ordered(operation, left, right);
    case Op::logical_and:
    case Op::logical_or:
      return logical(operation, left, right);
    case Op::coalesce:
      return done(left.is_null() ? right : left);
    default:
      return by_text ? number_arithmetic(operation, quantity_of_text(left), quantity_of_text(right))
                     : number_arithmetic(operation, left, right);
  }
}

bool tests_presence(Op operation, const Value& left, const Value& right) {
  return (operation == Op::equal || operation == Op::unequal) &&
         (left.is_null() || right.is_null());
}

// Joining texts needs no look at them.
std::optional<Value> join_secret_text(const Value& left, const Value& right) {
  const auto* a = left.as<Secret>();
  const auto* b = right.as<Secret>();
  if (a != nullptr && b != nullptr) {
    return concatenate(*a, *b);
  }
  if (a != nullptr && is_text(right)) {
    return concatenate(*a, right.text());
  }
  if (b != nullptr && is_text(left)) {
    return concatenate(left.text(), *b);
  }
  return std::nullopt;
}

bool adds_lists(Op operation, const Value& left, const Value& right) {
  return operation == Op::add && left.as<List>() != nullptr && right.as<List>() != nullptr;
}

}  // namespace

Computed failure(std::string_view code, std::string error) {
  return {Value(), std::move(error), code};
}

Computed binary(Op operation, const Value& left, const Value& right, bool joins_url) {
  if (tests_presence(operation, left, right)) {
    if (left.is_unknown() || right.is_unknown()) {
      return done(Unknown{});
    }
    return done((left.is_null() && right.is_null()) == (operation == Op::equal));
  }
  if (adds_lists(operation, left, right)) {
    return add(left, right, false);
  }
  const bool secret = contains_secret(left) || contains_secret(right);
  if (contains_unknown(left) || contains_unknown(right)) {
    return done(Unknown{secret});
  }
  if (!secret) {
    return plain(operation, left, right, joins_url, false);
  }
  if (operation == Op::add && !joins_url) {
    if (auto joined = join_secret_text(left, right)) {
      return done(*std::move(joined));
    }
  }
  return computed_secretly({&left, &right}, [&](const Arguments& opened) {
    return plain(operation, *opened[0], *opened[1], joins_url, true);
  });
}

Computed negate(const Value& value) {
  if (value.is_unknown()) {
    return done(value);
  }
  if (value.as<Secret>() != nullptr) {
    return computed_secretly(
        {&value}, [](const Arguments& opened) { return negate(quantity_of_text(*opened[0])); });
  }
  if (const auto* number = value.as<double>()) {
    return done(-*number);
  }
  if (const auto number = whole(value)) {
    std::int64_t result = 0;
    if (__builtin_sub_overflow(std::int64_t{0}, number->number, &result)) {
      return overflow(Op::subtract);
    }
    return done(with_unit(result, number->unit));
  }
  return failure(wrong_kind, fmt::format("`-` cannot take {}", kind_of(value)));
}

Computed logical_not(const Value& value) {
  if (value.is_unknown()) {
    return done(value);
  }
  if (value.as<Secret>() != nullptr) {
    return computed_secretly({&value}, [](const Arguments& opened) {
      Computed condition = condition_of(*opened[0]);
      return condition.error.empty() ? done(!condition.value.truth()) : condition;
    });
  }
  if (const auto* truth = value.as<bool>()) {
    return done(!*truth);
  }
  return failure(wrong_kind, fmt::format("`not` wants a bool, not {}", kind_of(value)));
}

Computed compare(const Value& left, const Value& right) {
  const auto sign = [](const auto& a, const auto& b) { return done(a < b ? -1 : (b < a ? 1 : 0)); };
  if (is_text(left) && is_text(right)) {
    return sign(left.text(), right.text());
  }
  const auto a = whole(left);
  const auto b = whole(right);
  if (a && b && a->unit == b->unit) {
    return sign(a->number, b->number);
  }
  const auto x = real(left);
  const auto y = real(right);
  if (x && y) {
    return sign(*x, *y);
  }
  return failure(wrong_kind, fmt::format("{} and {} have no order", kind_of(left), kind_of(right)));
}

Computed text_of(const Value& value) {
  if (is_text(value) || value.as<Secret>() != nullptr || value.is_unknown()) {
    return done(value);
  }
  if (const auto* number = value.as<std::int64_t>()) {
    return done(std::to_string(*number));
  }
  if (const auto* truth = value.as<bool>()) {
    return done(*truth ? "true" : "false");
  }
  if (const auto* number = value.as<double>()) {
    return done(to_text(*number));
  }
  if (const auto* duration = value.as<Duration>()) {
    return done(to_text(*duration));
  }
  if (const auto* size = value.as<Size>()) {
    return done(to_text(*size));
  }
  if (const auto* reference = value.as<Reference>()) {
    return failure(
        "E0513", fmt::format("`{}` is a resource and has no text of its own: write `.url` or `.id`",
                             reference->address));
  }
  return failure("E0513", fmt::format("{} has no text", kind_of(value)));
}

std::string_view kind_of(const Value& value) {
  static constexpr std::string_view names[] = {
      "null",     "a bool",     "an int", "a float", "a text",           "a duration",    "a size",
      "a secret", "a resource", "a list", "a map",   "an unknown value", "a hidden value"};
  return names[value.variant().index()];
}

std::size_t weight(const Value& value, std::size_t most) {
  std::size_t sum = sizeof(Value);
  if (const auto* text = value.as<std::string>()) {
    return sum + text->size();
  }
  if (const auto* list = value.as<List>()) {
    for (const auto& item : *list) {
      sum += weight(item, most);
      if (sum > most) {
        return sum;
      }
    }
  } else if (const auto* object = value.as<Object>()) {
    for (const auto& [key, item] : *object) {
      sum += key.size() + sizeof(std::string) + weight(item, most);
      if (sum > most) {
        return sum;
      }
    }
  }
  return sum;
}

std::string_view operator_text(Op operation) {
  static constexpr std::string_view texts[] = {
      "*", "/", "%", "+", "-", "??", "<", "<=", ">", ">=", "==", "!=", "in", "not in", "and", "or"};
  return texts[static_cast<std::size_t>(operation)];
}

}  // namespace infra
