#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/quantity.h"
#include "compiler/function_calls.h"
#include "compiler/function_table.h"

namespace infra {
namespace {

using functions::Entry;
using functions::Looks;

// --- the door -----------------------------------------------------------------------------------

// The plain value behind a secret. Every use is in this file; nothing it gives leaves unsealed.
Value opened(const Value& value) {
  if (const auto* secret = value.as<Secret>()) {
    return secret->expose();
  }
  if (const auto* list = value.as<List>()) {
    List result;
    result.reserve(list->size());
    for (const auto& item : *list) {
      result.push_back(opened(item));
    }
    return result;
  }
  if (const auto* object = value.as<Object>()) {
    Object result;
    for (const auto& [key, item] : *object) {
      result.emplace_hint(result.end(), key, opened(item));
    }
    return result;
  }
  return value;
}

void wipe_texts(Value& value) {
  if (auto* text = value.as<std::string>()) {
    wipe(*text);
  } else if (auto* list = value.as<List>()) {
    std::for_each(list->begin(), list->end(), wipe_texts);
  } else if (auto* object = value.as<Object>()) {
    for (auto& [key, item] : *object) {
      wipe_texts(item);
    }
  }
}

bool is_container(const Value& value) {
  return value.as<List>() != nullptr || value.as<Object>() != nullptr;
}

// --- calls --------------------------------------------------------------------------------------

bool any_of(const Arguments& arguments, bool (*test)(const Value&)) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [test](const Value* argument) { return test(*argument); });
}

bool is_unknown(const Value& value) {
  return value.is_unknown();
}

bool is_secret(const Value& value) {
  return value.as<Secret>() != nullptr;
}

// Whether an argument must be known before the function can say anything.
bool waits(const Entry& entry, const Arguments& arguments) {
  switch (entry.looks) {
    case Looks::nowhere:
      return false;
    case Looks::outside:
      return any_of(arguments, is_unknown);
    case Looks::inside:
      return any_of(arguments, contains_unknown);
  }
  return true;
}

bool opens(const Entry& entry, const FunctionSignature& signature, const Arguments& arguments) {
  if (entry.looks == Looks::nowhere || signature.secrecy == SecretRule::carries ||
      signature.secrecy == SecretRule::gives) {
    return false;
  }
  return entry.looks == Looks::inside ? any_of(arguments, contains_secret)
                                      : any_of(arguments, is_secret);
}

}  // namespace

Value sealed(Value value) {
  if (auto* list = value.as<List>()) {
    for (auto& item : *list) {
      item = sealed(std::move(item));
    }
    return value;
  }
  if (auto* object = value.as<Object>()) {
    for (auto& [key, item] : *object) {
      item = sealed(std::move(item));
    }
    return value;
  }
  if (value.is_unknown()) {
    return Unknown{true};
  }
  if (auto* text = value.as<std::string>()) {
    return Secret(std::move(*text));
  }
  Computed text = text_of(value);
  if (!text.error.empty() || text.value.as<std::string>() == nullptr) {
    return value;
  }
  return Secret(text.value.text());
}

Computed computed_secretly(const Arguments& arguments,
                           const std::function<Computed(const Arguments&)>& compute) {
  std::vector<Value> plain;
  plain.reserve(arguments.size());
  Arguments pointers;
  pointers.reserve(arguments.size());
  for (const auto* argument : arguments) {
    plain.push_back(opened(*argument));
    pointers.push_back(&plain.back());
  }
  Computed result = compute(pointers);
  for (auto& value : plain) {
    wipe_texts(value);
  }
  if (!result.error.empty()) {
    wipe(result.error);
    return failure(result.code,
                   "this cannot be computed from the secret's value (which is not shown)");
  }
  result.value = sealed(std::move(result.value));
  return result;
}

Computed secret_member(const Secret& secret, std::string_view name) {
  const Value value = secret;
  return computed_secretly({&value}, [name](const Arguments& arguments) -> Computed {
    const auto parsed = parse_json(arguments[0]->text());
    const auto* json = std::get_if<0>(&parsed);
    const auto* object = json == nullptr ? nullptr : json->as<Object>();
    const auto found = object == nullptr ? Object::const_iterator() : object->find(name);
    if (object == nullptr || found == object->end()) {
      return failure("E0507", "no such entry");
    }
    return {is_container(found->second) ? Value(to_json(found->second, SecretText::refuse))
                                        : found->second,
            {},
            {}};
  });
}

Computed condition_of(const Value& value) {
  if (value.as<bool>() != nullptr || value.is_unknown()) {
    return {value, {}, {}};
  }
  if (value.as<Secret>() == nullptr && value.as<std::string>() == nullptr) {
    return failure("E0503", fmt::format("a condition wants a bool, not {}", kind_of(value)));
  }
  // What a condition decides is all that becomes of it; the caller seals what depends on it.
  const Value plain = opened(value);
  if (plain.text() == "true" || plain.text() == "false") {
    return {plain.text() == "true", {}, {}};
  }
  return failure("E0503", fmt::format("a condition wants a bool, not {}", kind_of(value)));
}

Computed call_function(const FunctionSignature& signature, const Arguments& arguments,
                       FunctionWorld& world) {
  const Entry* entry = functions::find_entry(signature.name, signature.parameter_count());
  if (entry == nullptr) {
    return failure("E0309", fmt::format("`{}` cannot stand here", signature.name));
  }
  const bool secret = any_of(arguments, contains_secret);
  if (secret && signature.secrecy == SecretRule::refuses) {
    return failure("E0306", fmt::format("`{}` takes no secret", signature.name));
  }
  if (waits(*entry, arguments)) {
    return {Unknown{secret || signature.secrecy == SecretRule::gives}, {}, {}};
  }
  if (!opens(*entry, signature, arguments)) {
    return entry->compute(arguments, world);
  }
  return computed_secretly(arguments, [&](const Arguments& plain) {
    Computed result = entry->compute(plain, world);
    // Keys of what a secret text holds are part of the secret.
    if (result.value.as<Object>() != nullptr && entry->seals_whole) {
      result.value = to_json(result.value, SecretText::refuse);
    }
    return result;
  });
}

}  // namespace infra
