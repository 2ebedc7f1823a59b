#include <fmt/format.h>

#include <algorithm>

#include "compiler/function_table.h"

namespace infra::functions {
namespace {

constexpr std::string_view wrong_argument = "E0519";

Computed keys(const Arguments& arguments, FunctionWorld& /*world*/) {
  List result;
  for (const auto& [key, item] : arguments[0]->object()) {
    result.emplace_back(key);
  }
  return done(std::move(result));
}

Computed values(const Arguments& arguments, FunctionWorld& /*world*/) {
  List result;
  for (const auto& [key, item] : arguments[0]->object()) {
    result.push_back(item);
  }
  return done(std::move(result));
}

Computed merge(const Arguments& arguments, FunctionWorld& /*world*/) {
  Object result;
  for (const auto* argument : arguments) {
    for (const auto& [key, item] : argument->object()) {
      result.insert_or_assign(key, item);
    }
  }
  return done(std::move(result));
}

Computed range(const Arguments& arguments, FunctionWorld& /*world*/) {
  const bool has_end = !arguments[1]->is_null();
  const std::int64_t start = has_end ? arguments[0]->integer() : 0;
  const std::int64_t end = has_end ? arguments[1]->integer() : arguments[0]->integer();
  const std::int64_t step = arguments[2]->integer(1);
  constexpr std::size_t most = 1'000'000;
  if (step == 0) {
    return failure(wrong_argument, "`range` cannot step by 0");
  }
  List result;
  std::int64_t number = start;
  while (step > 0 ? number < end : number > end) {
    if (result.size() == most) {
      return failure(wrong_argument, "`range` gives at most 1,000,000 numbers");
    }
    result.emplace_back(number);
    if (__builtin_add_overflow(number, step, &number)) {
      break;
    }
  }
  return done(std::move(result));
}

Computed zip(const Arguments& arguments, FunctionWorld& /*world*/) {
  const List& first = arguments[0]->list();
  const List& second = arguments[1]->list();
  List result;
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    result.emplace_back(Object{{"first", first[i]}, {"second", second[i]}});
  }
  return done(std::move(result));
}

Computed flatten(const Arguments& arguments, FunctionWorld& /*world*/) {
  List result;
  for (const auto& item : arguments[0]->list()) {
    if (const auto* list = item.as<List>()) {
      result.insert(result.end(), list->begin(), list->end());
    } else {
      result.push_back(item);
    }
  }
  return done(std::move(result));
}

// Texts and whole numbers are looked up in a set, everything else by comparison.
Computed distinct(const Arguments& arguments, FunctionWorld& /*world*/) {
  List result;
  std::vector<Value> others;
  std::map<std::string, bool, std::less<>> texts;
  std::map<std::int64_t, bool> numbers;
  for (const auto& item : arguments[0]->list()) {
    bool added = true;
    if (const auto* text = item.as<std::string>()) {
      added = texts.emplace(*text, true).second;
    } else if (const auto* number = item.as<std::int64_t>()) {
      added = numbers.emplace(*number, true).second;
    } else {
      added = std::none_of(others.begin(), others.end(),
                           [&](const Value& other) { return same(other, item); });
      if (added) {
        others.push_back(item);
      }
      if (others.size() > 10'000) {
        return failure(wrong_argument, "`distinct` compares at most 10,000 lists and maps");
      }
    }
    if (added) {
      result.push_back(item);
    }
  }
  return done(std::move(result));
}

Computed sort(const Arguments& arguments, FunctionWorld& /*world*/) {
  List result = arguments[0]->list();
  for (std::size_t i = 1; i < result.size();
       ++i) {  // all comparable with the first: with each other
    Computed order = compare(result[0], result[i]);
    if (!order.error.empty()) {
      return order;
    }
  }
  std::stable_sort(result.begin(), result.end(), [](const Value& left, const Value& right) {
    return compare(left, right).value.integer() < 0;
  });
  return done(std::move(result));
}

std::vector<const Value*> items_of(const Arguments& arguments) {
  if (const auto* list = arguments[0]->as<List>(); list != nullptr && arguments.size() == 1) {
    std::vector<const Value*> result;
    for (const auto& item : *list) {
      result.push_back(&item);
    }
    return result;
  }
  return arguments;
}

Computed extreme(const Arguments& arguments, std::string_view name, int wanted) {
  const std::vector<const Value*> items = items_of(arguments);
  if (items.empty()) {
    return failure(wrong_argument, fmt::format("`{}` of nothing", name));
  }
  const Value* best = items.front();
  for (const auto* item : items) {
    Computed order = compare(*item, *best);
    if (!order.error.empty()) {
      return order;
    }
    if (order.value.integer() == wanted) {
      best = item;
    }
  }
  return done(*best);
}

Computed minimum(const Arguments& arguments, FunctionWorld& /*world*/) {
  return extreme(arguments, "min", -1);
}

Computed maximum(const Arguments& arguments, FunctionWorld& /*world*/) {
  return extreme(arguments, "max", 1);
}

Computed sum(const Arguments& arguments, FunctionWorld& /*world*/) {
  const List& list = arguments[0]->list();
  if (list.empty()) {
    return done(0);
  }
  Value total = list.front();
  for (std::size_t i = 1; i < list.size(); ++i) {
    Computed next = binary(ast::BinaryOperator::add, total, list[i], false);
    if (!next.error.empty()) {
      return next;
    }
    total = std::move(next.value);
  }
  if (total.as<std::string>() != nullptr || total.as<List>() != nullptr) {
    return failure("E0503",
                   fmt::format("`sum` adds numbers, durations or sizes, not {}", kind_of(total)));
  }
  return done(std::move(total));
}

Computed coalesce(const Arguments& arguments, FunctionWorld& /*world*/) {
  bool secret = false;
  for (const auto* argument : arguments) {
    secret = secret || contains_secret(*argument);
  }
  for (const auto* argument : arguments) {
    if (argument->is_unknown()) {
      return done(Unknown{secret});
    }
    if (!argument->is_null()) {
      return done(*argument);
    }
  }
  return done(Value());
}

Computed reveal(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(*arguments[0]);  // the output says that it is revealed; the value stays a secret
}

constexpr Entry entries[] = {
    {"coalesce", 1, Looks::nowhere, coalesce},
    {"distinct", 1, Looks::inside, distinct},
    {"flatten", 1, Looks::outside, flatten},
    {"keys", 1, Looks::outside, keys},
    {"max", 1, Looks::inside, maximum},
    {"merge", 1, Looks::outside, merge},
    {"min", 1, Looks::inside, minimum},
    {"range", 3, Looks::inside, range},
    {"reveal", 1, Looks::nowhere, reveal},
    {"sort", 1, Looks::inside, sort},
    {"sum", 1, Looks::inside, sum},
    {"values", 1, Looks::outside, values},
    {"zip", 2, Looks::outside, zip},
};

}  // namespace

std::span<const Entry> collection_functions() {
  return entries;
}

}  // namespace infra::functions
