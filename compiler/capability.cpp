#include "compiler/capability.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <chrono>

#include "base/cron.h"
#include "base/kinds.h"
#include "base/quantity.h"
#include "base/text.h"

namespace infra {
namespace {

// A quantity as a number on one scale: milliseconds, bytes or itself.
std::optional<double> magnitude(const Value& value) {
  if (const auto* integer = value.as<std::int64_t>()) {
    return static_cast<double>(*integer);
  }
  if (const auto* number = value.as<double>()) {
    return *number;
  }
  if (const auto* duration = value.as<Duration>()) {
    return static_cast<double>(duration->milliseconds);
  }
  if (const auto* size = value.as<Size>()) {
    return static_cast<double>(size->bytes);
  }
  return std::nullopt;
}

bool in_order(const Value& smaller, const Value& larger) {
  const auto left = magnitude(smaller);
  const auto right = magnitude(larger);
  return !left || !right || *left <= *right;
}

bool among(const Value& value, const List& list) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Value& item) { return same(item, value); });
}

// The floor of a schedule: seconds as a number, or a duration.
bool fires_rarely_enough(const Value& schedule, const Value& floor) {
  const auto parsed = Schedule::parse(schedule.text());
  const auto* known = std::get_if<Schedule>(&parsed);
  if (known == nullptr) {
    return true;
  }
  const auto* duration = floor.as<Duration>();
  const std::int64_t least = duration != nullptr ? duration->milliseconds : floor.integer() * 1000;
  return known->shortest_gap().milliseconds >= least;
}

bool length_fits(const Value& value, std::int64_t most) {
  if (const auto* text = value.as<std::string>()) {
    return static_cast<std::int64_t>(text->size()) <= most;
  }
  const std::size_t count =
      value.as<List>() != nullptr ? value.list().size() : value.object().size();
  return static_cast<std::int64_t>(count) <= most;
}

bool value_passes(const Limit& limit, const Value& value) {
  switch (limit.rule) {
    case Rule::absent:
      return false;
    case Rule::at_least:
      return in_order(limit.value, value);
    case Rule::at_most:
      return in_order(value, limit.value);
    case Rule::length_at_most:
      return length_fits(value, limit.value.integer());
    case Rule::one_of:
      return among(value, limit.value.list());
    case Rule::not_one_of:
      return !among(value, limit.value.list());
    case Rule::matches:
      return value.as<std::string>() == nullptr ||
             RE2::FullMatch(value.text(), RE2(limit.value.text(), RE2::Quiet));
    case Rule::every_at_least:
      return fires_rarely_enough(value, limit.value);
  }
  return true;
}

// A limit on a path with `*` speaks of every entry there.
bool passes_at(const Limit& limit, const Value& here, std::string_view rest) {
  if (here.is_null() || here.is_unknown() || here.as<Secret>() != nullptr) {
    return true;
  }
  if (rest.empty()) {
    return value_passes(limit, here);
  }
  const std::size_t end = std::min(rest.find('/', 1), rest.size());
  const std::string_view step = rest.substr(1, end - 1);
  const std::string_view below = rest.substr(end);
  if (step != "*") {
    return passes_at(limit, here.at(rest.substr(0, end)), below);
  }
  const Object& object = here.object();
  const List& list = here.list();
  return std::all_of(object.begin(), object.end(),
                     [&](const auto& entry) { return passes_at(limit, entry.second, below); }) &&
         std::all_of(list.begin(), list.end(),
                     [&](const Value& item) { return passes_at(limit, item, below); });
}

std::string shown(const Value& value) {
  if (const auto* duration = value.as<Duration>()) {
    return to_text(*duration);
  }
  if (const auto* size = value.as<Size>()) {
    return to_text(*size);
  }
  if (const auto* number = value.as<double>()) {
    return to_text(*number);
  }
  if (const auto* integer = value.as<std::int64_t>()) {
    return std::to_string(*integer);
  }
  return "`" + value.text() + "`";
}

std::string choices(const Value& list) {
  std::vector<std::string> words;
  for (const Value& item : list.list()) {
    words.push_back(shown(item));
  }
  return list_text(words, "or");
}

}  // namespace

bool limit_holds(const Limit& limit, const Value& attributes, std::string_view tier) {
  if (!limit.tiers.empty() &&
      std::find(limit.tiers.begin(), limit.tiers.end(), tier) == limit.tiers.end()) {
    return true;
  }
  if (!limit.when.empty()) {
    const Value& when = attributes.at(limit.when);
    if (when.is_null() || when.is_unknown()) {
      return true;
    }
  }
  return passes_at(limit, attributes, limit.path);
}

std::vector<const TypeSchema*> types_of_kind(const ProviderSchema& provider,
                                             std::string_view kind) {
  std::vector<const TypeSchema*> types;
  for (const auto& type : provider.types) {
    if (type.kind == kind) {
      types.push_back(&type);
    }
  }
  return types;
}

const TypeSchema* choose_type(const ProviderSchema& provider, std::string_view kind,
                              const Value& attributes, std::string_view tier) {
  const TypeSchema* first = nullptr;
  for (const auto& type : provider.types) {
    if (type.kind != kind) {
      continue;
    }
    const bool holds = std::all_of(type.limits.begin(), type.limits.end(), [&](const Limit& limit) {
      return limit_holds(limit, attributes, tier);
    });
    if (holds) {
      return &type;
    }
    first = first == nullptr ? &type : first;
  }
  return first;
}

bool takes_attribute(const TypeSchema& type, std::string_view path) {
  if (covers("/name", path) || covers("/needs", path) || find_attribute(type, path) != nullptr) {
    return true;
  }
  for (const auto& companion : type.companions) {
    if (!companion.from.empty() && covers(companion.from, path)) {
      return true;
    }
    for (const auto& [from, to] : companion.takes) {
      if (covers(from, path)) {
        return true;
      }
    }
  }
  return std::any_of(type.limits.begin(), type.limits.end(),
                     [&](const Limit& limit) { return covers(limit.path, path); });
}

std::string limit_text(const Limit& limit) {
  const std::string name =
      "`" + limit.path.substr(std::min<std::size_t>(1, limit.path.size())) + "`";
  switch (limit.rule) {
    case Rule::absent:
      return name + " is not available";
    case Rule::at_least:
      return fmt::format("{} is at least {}", name, shown(limit.value));
    case Rule::at_most:
      return fmt::format("{} is at most {}", name, shown(limit.value));
    case Rule::length_at_most:
      return fmt::format("{} is at most {} long", name, limit.value.integer());
    case Rule::one_of:
      return fmt::format("{} is {}", name, choices(limit.value));
    case Rule::not_one_of:
      return fmt::format("{} is not {}", name, choices(limit.value));
    case Rule::matches:
      return fmt::format("{} matches `{}`", name, limit.value.text());
    case Rule::every_at_least: {
      const auto* duration = limit.value.as<Duration>();
      const Duration floor =
          duration != nullptr ? *duration : Duration{limit.value.integer() * 1000};
      return fmt::format("{} fires at most once in {}", name, to_text(floor));
    }
  }
  return name;
}

}  // namespace infra
