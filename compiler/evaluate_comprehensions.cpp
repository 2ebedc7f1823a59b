#include <fmt/format.h>

#include "base/text.h"
#include "compiler/evaluate_guards.h"

namespace infra {

// The parts are evaluated once with variables that are not known, so that what they read is seen.
Value Evaluator::unknown_comprehension(const ast::Comprehension& comprehension, bool secret) {
  const Quiet quiet(*this);
  const Value nothing = Unknown{secret};
  const Local second{comprehension.second.text, &nothing, context_.locals};
  const Local first{
      comprehension.first ? std::string_view(comprehension.first->text) : std::string_view(),
      &nothing, &second};
  const Switched inside(*this, {context_.round, comprehension.first ? &first : &second});
  for (const auto* part : {&comprehension.condition, &comprehension.key, &comprehension.value}) {
    if (*part) {
      secret = contains_secret(evaluate(**part)) || secret;
    }
  }
  return Unknown{secret};
}

bool Evaluator::collect_entry(const ast::Comprehension& comprehension, Collected& into) {
  const std::size_t first_read = reads_.size();
  if (!comprehension.key) {
    Value value = evaluate(*comprehension.value);
    prefix_reads(first_read, std::to_string(into.list.size()));
    into.list.push_back(std::move(value));
    return true;
  }
  const Value key = evaluate(*comprehension.key);
  collapse_reads(first_read);
  if (key.is_unknown()) {
    into.unknown = true;
    into.secret = into.secret || contains_secret(key);
    return true;
  }
  if (key.as<Secret>() != nullptr) {
    fail("E0306", comprehension.key->span, "a secret cannot be the key of a map: keys are public");
    return false;
  }
  const Computed text = text_of(key);
  if (!text.error.empty()) {
    fail("E0503", comprehension.key->span, fmt::format("a key is a text, not {}", kind_of(key)));
    return false;
  }
  const std::size_t value_read = reads_.size();
  Value value = evaluate(*comprehension.value);
  prefix_reads(value_read, text.value.text());
  if (!into.object.emplace(text.value.text(), std::move(value)).second) {
    fail("E0518", comprehension.key->span,
         fmt::format("the key `{}` is made twice", printable(text.value.text())));
    return false;
  }
  return true;
}

bool Evaluator::collect_round(const ast::Comprehension& comprehension, const Value& first,
                              const Value& second, Collected& into) {
  const Local second_local{comprehension.second.text, &second, context_.locals};
  const Local first_local{
      comprehension.first ? std::string_view(comprehension.first->text) : std::string_view(),
      &first, &second_local};
  const Switched inside(*this,
                        {context_.round, comprehension.first ? &first_local : &second_local});
  if (comprehension.condition) {
    const std::size_t first_read = reads_.size();
    const Value condition = evaluate(*comprehension.condition);
    collapse_reads(first_read);
    if (condition.as<Secret>() != nullptr) {
      fail("E0306", comprehension.condition->span,
           "a secret cannot choose elements: how many there are is public");
      return false;
    }
    const Computed holds = condition_of(condition);
    if (!holds.error.empty()) {
      fail(holds.code, comprehension.condition->span, holds.error);
      return false;
    }
    if (holds.value.is_unknown()) {
      into.unknown = true;
      into.secret = into.secret || contains_secret(quietly(*comprehension.value));
      return true;
    }
    if (!holds.value.truth()) {
      return true;
    }
  }
  return collect_entry(comprehension, into) && !exhausted_;
}

Value Evaluator::node(const ast::Comprehension& comprehension, const ast::Expression& whole) {
  const std::size_t first_read = reads_.size();
  Value storage;
  const Value& source = view(*comprehension.source, storage);
  collapse_reads(first_read);
  if (source.is_unknown()) {
    return unknown_comprehension(comprehension, contains_secret(source));
  }
  Collected collected;
  bool good = true;
  if (const auto* list = source.as<List>()) {
    for (std::size_t i = 0; good && i < list->size(); ++i) {
      good = collect_round(comprehension, static_cast<std::int64_t>(i), (*list)[i], collected);
    }
  } else if (const auto* object = source.as<Object>()) {
    for (auto entry = object->begin(); good && entry != object->end(); ++entry) {
      good = collect_round(comprehension, entry->first, entry->second, collected);
    }
  } else if (!source.is_null()) {  // of a resource that is absent there are no rounds
    const std::string_view code = source.as<Secret>() != nullptr ? "E0306" : "E0503";
    return fail(code, comprehension.source->span,
                fmt::format("`for` goes over a list or a map, not {}", kind_of(source)));
  }
  if (!good || collected.unknown) {
    return Unknown{collected.secret};
  }
  spend(0, (collected.list.size() + collected.object.size()) * sizeof(Value), whole.span);
  return comprehension.key ? Value(std::move(collected.object)) : Value(std::move(collected.list));
}

}  // namespace infra
