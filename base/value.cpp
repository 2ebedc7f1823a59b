#include "base/value.h"

#include <charconv>
#include <cmath>

namespace infra {
namespace {

const Value null_value{};

// The step of a pointer that begins at `begin` (behind its slash), still escaped.
std::string_view step_at(std::string_view pointer, std::size_t begin) {
  const std::size_t end = pointer.find('/', begin);
  return pointer.substr(begin, end == std::string_view::npos ? end : end - begin);
}

// An index as RFC 6901 writes it: no sign, no leading zeros.
std::optional<std::size_t> index_of(std::string_view step) {
  if (step.empty() || (step.size() > 1 && step.front() == '0')) {
    return std::nullopt;
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc() || end != step.data() + step.size()) {
    return std::nullopt;
  }
  return index;
}

const Value* child(const Value& value, std::string_view step) {
  if (const auto* object = value.as<Object>()) {
    const auto found = step.find('~') == std::string_view::npos ? object->find(step)
                                                                : object->find(unescape_step(step));
    return found == object->end() ? nullptr : &found->second;
  }
  if (const auto* list = value.as<List>()) {
    const auto index = index_of(step);
    return index && *index < list->size() ? &(*list)[*index] : nullptr;
  }
  return nullptr;
}

const Value* find(const Value& value, std::string_view pointer) {
  const Value* here = &value;
  std::size_t begin = 0;
  while (here != nullptr && begin < pointer.size()) {
    const std::string_view step = step_at(pointer, begin + 1);
    here = child(*here, step);
    begin += 1 + step.size();
  }
  return here;
}

bool same_number(std::int64_t integer, double number) {
  // Beyond 2^53 a double stands for one integer exactly, so compare there as integers.
  if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0)) {
    return false;
  }
  return std::trunc(number) == number && static_cast<std::int64_t>(number) == integer;
}

bool same_list(const List& left, const List& right) {
  bool equal = left.size() == right.size();
  for (std::size_t i = 0; equal && i < left.size(); ++i) {
    equal = same(left[i], right[i]);
  }
  return equal;
}

bool same_object(const Object& left, const Object& right) {
  if (left.size() != right.size()) {
    return false;
  }
  auto other = right.begin();
  for (const auto& [key, value] : left) {
    if (key != other->first || !same(value, other->second)) {
      return false;
    }
    ++other;
  }
  return true;
}

}  // namespace

const std::string& Value::text() const {
  static const std::string empty;
  const auto* text = as<std::string>();
  return text != nullptr ? *text : empty;
}

std::int64_t Value::integer(std::int64_t otherwise) const {
  const auto* integer = as<std::int64_t>();
  return integer != nullptr ? *integer : otherwise;
}

bool Value::truth() const {
  const auto* truth = as<bool>();
  return truth != nullptr && *truth;
}

const List& Value::list() const {
  static const List empty;
  const auto* list = as<List>();
  return list != nullptr ? *list : empty;
}

const Object& Value::object() const {
  static const Object empty;
  const auto* object = as<Object>();
  return object != nullptr ? *object : empty;
}

const Reference& Value::reference() const {
  static const Reference empty;
  const auto* reference = as<Reference>();
  return reference != nullptr ? *reference : empty;
}

const Value& Value::at(std::string_view pointer) const {
  const Value* found = find(*this, pointer);
  return found != nullptr ? *found : null_value;
}

Value& Value::set(std::string_view pointer, Value value) {
  Value* here = this;
  std::size_t begin = 0;
  while (begin < pointer.size()) {
    const std::string_view step = step_at(pointer, begin + 1);
    begin += 1 + step.size();
    if (auto* list = here->as<List>()) {
      const auto index = step == "-" ? std::optional(list->size()) : index_of(step);
      if (index && *index <= list->size()) {  // one behind the end appends
        if (*index == list->size()) {
          list->emplace_back();
        }
        here = &(*list)[*index];
        continue;
      }
    }
    if (here->as<Object>() == nullptr) {
      here->value_ = Object{};
    }
    here = &(*here->as<Object>())[unescape_step(step)];
  }
  *here = std::move(value);
  return *this;
}

void Value::erase(std::string_view pointer) {
  if (pointer.empty()) {
    value_ = std::monostate{};
    return;
  }
  const std::size_t slash = pointer.rfind('/');
  if (slash == std::string_view::npos) {
    return;
  }
  auto* parent = const_cast<Value*>(find(*this, pointer.substr(0, slash)));
  const std::string_view step = pointer.substr(slash + 1);
  if (parent == nullptr) {
    return;
  }
  if (auto* object = parent->as<Object>()) {
    object->erase(unescape_step(step));
  } else if (auto* list = parent->as<List>()) {
    if (const auto index = index_of(step); index && *index < list->size()) {
      list->erase(list->begin() + static_cast<std::ptrdiff_t>(*index));
    }
  }
}

bool same(const Value& left, const Value& right) {
  if (const auto* integer = left.as<std::int64_t>(); integer != nullptr && right.as<double>()) {
    return same_number(*integer, *right.as<double>());
  }
  if (const auto* number = left.as<double>(); number != nullptr && right.as<std::int64_t>()) {
    return same_number(*right.as<std::int64_t>(), *number);
  }
  if (left.variant().index() != right.variant().index()) {
    return false;
  }
  return std::visit(
      [&right](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        const T& other = std::get<T>(right.variant());
        if constexpr (std::is_same_v<T, Secret>) {
          return same_secret(value, other);
        } else if constexpr (std::is_same_v<T, List>) {
          return same_list(value, other);
        } else if constexpr (std::is_same_v<T, Object>) {
          return same_object(value, other);
        } else if constexpr (std::is_same_v<T, Unknown>) {
          return false;
        } else {
          return value == other;
        }
      },
      left.variant());
}

bool contains_unknown(const Value& value) {
  if (const auto* list = value.as<List>()) {
    for (const auto& item : *list) {
      if (contains_unknown(item)) {
        return true;
      }
    }
  }
  if (const auto* object = value.as<Object>()) {
    for (const auto& [key, item] : *object) {
      if (contains_unknown(item)) {
        return true;
      }
    }
  }
  return value.is_unknown();
}

bool contains_secret(const Value& value) {
  if (const auto* list = value.as<List>()) {
    for (const auto& item : *list) {
      if (contains_secret(item)) {
        return true;
      }
    }
  }
  if (const auto* object = value.as<Object>()) {
    for (const auto& [key, item] : *object) {
      if (contains_secret(item)) {
        return true;
      }
    }
  }
  const auto* unknown = value.as<Unknown>();
  return value.as<Secret>() != nullptr || (unknown != nullptr && unknown->secret);
}

std::string escape_step(std::string_view step) {
  std::string escaped;
  escaped.reserve(step.size());
  for (const char c : step) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string unescape_step(std::string_view step) {
  std::string plain;
  plain.reserve(step.size());
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1')) {
      plain += step[++i] == '0' ? '~' : '/';
    } else {
      plain += step[i];
    }
  }
  return plain;
}

bool covers(std::string_view prefix, std::string_view path) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace infra
