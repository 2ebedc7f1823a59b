#include "compiler/types.h"

#include <algorithm>

#include "base/text.h"

namespace infra {
namespace {

constexpr std::uint32_t deepest_type = 200;
constexpr std::uint64_t heaviest_type = 1'000'000;
constexpr std::size_t longest_text = 240;  // of a type in a message
constexpr std::size_t base_count = static_cast<std::size_t>(TypeBase::either) + 1;

std::string_view base_text(TypeBase base) {
  switch (base) {
    case TypeBase::error:
      return "unknown";
    case TypeBase::null:
      return "null";
    case TypeBase::any:
      return "any";
    case TypeBase::text:
      return "string";
    case TypeBase::integer:
      return "int";
    case TypeBase::number:
      return "float";
    case TypeBase::boolean:
      return "bool";
    case TypeBase::duration:
      return "duration";
    case TypeBase::size:
      return "size";
    case TypeBase::url:
      return "url";
    case TypeBase::cron:
      return "cron";
    case TypeBase::zone:
      return "time zone";
    case TypeBase::stack:
      return "stack";
    case TypeBase::source:
      return "source";
    case TypeBase::origin:
      return "env(…) or file(…)";
    case TypeBase::generator:
      return "generator";
    case TypeBase::call:
      return "call";
    case TypeBase::run:
      return "command";
    case TypeBase::auth:
      return "auth";
    case TypeBase::upload:
      return "upload";
    case TypeBase::matcher:
      return "matcher";
    case TypeBase::scalar:
    case TypeBase::env_value:
      return "text or number";
    default:
      return "";
  }
}

std::string reference_text(const StaticType& type) {
  if (!type.kind.empty()) {
    return std::string(type.kind);
  }
  std::vector<std::string> names;
  for (const auto& word : type.words) {
    names.push_back(word.starts_with("*.") ? word.substr(2) : word);
  }
  return names.empty() ? "resource" : list_text(names, "or");
}

std::string plain_text(const StaticType& type) {
  switch (type.base) {
    case TypeBase::enumeration: {
      std::string text;
      for (const auto& word : type.words) {
        text += (text.empty() ? "\"" : " | \"") + word + "\"";
      }
      return text;
    }
    case TypeBase::list:
      return "list<" + type_text(type.element) + ">";
    case TypeBase::map:
      return "map<" + type_text(type.element) + ">";
    case TypeBase::record: {
      std::string text;
      for (const auto& field : type.fields) {
        if (text.size() > longest_text) {
          text += ", …";
          break;
        }
        text += (text.empty() ? "" : ", ") + field.name + ": " + type_text(field.type);
      }
      return "{" + text + "}";
    }
    case TypeBase::resource:
      return reference_text(type);
    case TypeBase::view:
      return std::string(type.kind) + "." + type.driver;
    case TypeBase::either: {
      std::vector<std::string> names;
      for (const TypeId alternative : type.alternatives) {
        names.push_back(type_text(alternative));
      }
      return list_text(names, "or");
    }
    default:
      return std::string(base_text(type.base));
  }
}

bool has_element(const StaticType& type) {
  return type.base == TypeBase::list || type.base == TypeBase::map;
}

bool words_within(const StaticType& inner, const StaticType& outer) {
  return std::all_of(inner.words.begin(), inner.words.end(), [&](const std::string& word) {
    return std::find(outer.words.begin(), outer.words.end(), word) != outer.words.end();
  });
}

Fit worse(Fit left, Fit right) {
  return left == Fit::yes ? right : left;
}

Fit fit_reference(const StaticType& expected, const StaticType& actual) {
  if (actual.base != TypeBase::resource) {
    return Fit::wrong;
  }
  if (!expected.kind.empty()) {
    return expected.kind == actual.kind ? Fit::yes : Fit::wrong;
  }
  if (expected.words.empty()) {
    return Fit::yes;
  }
  for (const auto& word : expected.words) {
    const std::size_t dot = word.find('.');
    const std::string_view kind =
        dot == std::string::npos ? std::string_view(word) : std::string_view(word).substr(dot + 1);
    // A `resource P.T` carries its type in `words`; the five kinds are known by their kind.
    if (kind == actual.kind || word == "*" ||
        (!actual.words.empty() && (actual.words.front() == word || word == "resource"))) {
      return Fit::yes;
    }
  }
  return Fit::wrong;
}

Fit fit_record(const StaticType& expected, const StaticType& actual) {
  Fit result = Fit::yes;
  for (const auto& field : actual.fields) {
    const TypeField* wanted = expected.field(field.name);
    if (wanted == nullptr) {
      return Fit::wrong;
    }
    result = worse(result, fit(wanted->type, field.type));
  }
  for (const auto& wanted : expected.fields) {
    if (wanted.required && actual.field(wanted.name) == nullptr) {
      return Fit::wrong;
    }
  }
  return result;
}

Fit fit_map(const StaticType& expected, const StaticType& actual) {
  if (actual.base == TypeBase::map) {
    return fit(expected.element, actual.element);
  }
  if (actual.base != TypeBase::record) {
    return Fit::wrong;
  }
  Fit result = Fit::yes;
  for (const auto& field : actual.fields) {
    result = worse(result, fit(expected.element, field.type));
  }
  return result;
}

Fit fit_either(const StaticType& expected, TypeId actual) {
  Fit best = Fit::wrong;
  for (const TypeId alternative : expected.alternatives) {
    const Fit one = fit(alternative, actual);
    if (one == Fit::yes) {
      return one;
    }
    best = best == Fit::wrong ? one : best;
  }
  return best;
}

// The kinds of both are compared; `?` and secrecy are seen to by the caller.
Fit fit_plain(const StaticType& expected, const StaticType& actual) {
  switch (expected.base) {
    case TypeBase::text:
    case TypeBase::url:
    case TypeBase::cron:
    case TypeBase::zone:
      return is_text(&actual) ? Fit::yes : Fit::wrong;
    case TypeBase::enumeration:
      if (actual.base == TypeBase::enumeration) {
        return words_within(actual, expected) ? Fit::yes : Fit::not_a_word;
      }
      return actual.base == TypeBase::text ? Fit::yes : Fit::wrong;
    case TypeBase::number:
      return is_number(&actual) ? Fit::yes : Fit::wrong;
    case TypeBase::list:
      return actual.base == TypeBase::list ? fit(expected.element, actual.element) : Fit::wrong;
    case TypeBase::map:
      return fit_map(expected, actual);
    case TypeBase::record:
      return actual.base == TypeBase::record ? fit_record(expected, actual) : Fit::wrong;
    case TypeBase::resource:
      return fit_reference(expected, actual);
    case TypeBase::scalar:
      return has_text(&actual) ? Fit::yes : Fit::wrong;
    case TypeBase::env_value:
      return is_text(&actual) || is_number(&actual) || actual.base == TypeBase::boolean
                 ? Fit::yes
                 : Fit::wrong;
    case TypeBase::either:
      return fit_either(expected, &actual);
    default:
      return expected.base == actual.base ? Fit::yes : Fit::wrong;
  }
}

}  // namespace

const TypeField* StaticType::field(std::string_view name) const {
  for (const auto& one : fields) {
    if (one.name == name) {
      return &one;
    }
  }
  return nullptr;
}

TypeTable::TypeTable() {
  for (std::size_t i = 0; i < base_count; ++i) {
    StaticType type;
    type.base = static_cast<TypeBase>(i);
    basics_.push_back(add(std::move(type)));
  }
}

TypeId TypeTable::add(StaticType type) {
  type.holds_secret = type.secret;
  type.depth = 1;
  type.weight = 1;
  const auto measure = [&](TypeId part) {
    type.holds_secret = type.holds_secret || part->holds_secret;
    type.depth = std::max(type.depth, part->depth + 1);
    type.weight += part->weight;
  };
  if (type.element != nullptr) {
    measure(type.element);
  }
  for (const auto& field : type.fields) {
    measure(field.type);
  }
  if (type.depth > deepest_type || type.weight > heaviest_type) {
    return type.holds_secret ? secret(any()) : any();
  }
  types_.push_back(std::move(type));
  return &types_.back();
}

TypeId TypeTable::enumeration(std::vector<std::string> words) {
  StaticType type;
  type.base = TypeBase::enumeration;
  type.words = std::move(words);
  return add(std::move(type));
}

TypeId TypeTable::list(TypeId element) {
  TypeId& known = lists_[element];
  if (known == nullptr) {
    StaticType type;
    type.base = TypeBase::list;
    type.element = element;
    known = add(std::move(type));
  }
  return known;
}

TypeId TypeTable::map(TypeId element) {
  TypeId& known = maps_[element];
  if (known == nullptr) {
    StaticType type;
    type.base = TypeBase::map;
    type.element = element;
    known = add(std::move(type));
  }
  return known;
}

TypeId TypeTable::record(std::vector<TypeField> fields) {
  StaticType type;
  type.base = TypeBase::record;
  type.fields = std::move(fields);
  return add(std::move(type));
}

TypeId TypeTable::either(std::vector<TypeId> alternatives) {
  StaticType type;
  type.base = TypeBase::either;
  type.alternatives = std::move(alternatives);
  return add(std::move(type));
}

TypeId TypeTable::resource(std::string_view kind, const void* resource) {
  StaticType type;
  type.base = TypeBase::resource;
  type.kind = kind;
  type.resource = resource;
  return add(std::move(type));
}

TypeId TypeTable::reference_to(std::vector<std::string> types) {
  StaticType type;
  type.base = TypeBase::resource;
  type.words = std::move(types);
  return add(std::move(type));
}

TypeId TypeTable::view(std::string_view kind, const void* resource, std::string driver) {
  StaticType type;
  type.base = TypeBase::view;
  type.kind = kind;
  type.resource = resource;
  type.driver = std::move(driver);
  return add(std::move(type));
}

TypeId TypeTable::optional(TypeId type) {
  if (type->optional || is_silent(type) || type->base == TypeBase::null) {
    return type;
  }
  TypeId& known = optionals_[type];
  if (known == nullptr) {
    StaticType copy = *type;
    copy.optional = true;
    known = add(std::move(copy));
    requireds_[known] = type;
  }
  return known;
}

TypeId TypeTable::required(TypeId type) {
  if (!type->optional) {
    return type;
  }
  TypeId& known = requireds_[type];
  if (known == nullptr) {
    StaticType copy = *type;
    copy.optional = false;
    known = add(std::move(copy));
  }
  return known;
}

TypeId TypeTable::with_leaves(TypeId type, bool secret) {
  StaticType copy = *type;
  if (has_element(copy)) {
    copy.element = secret ? this->secret(copy.element) : open(copy.element);
  } else if (copy.base == TypeBase::record) {
    for (auto& field : copy.fields) {
      field.type = secret ? this->secret(field.type) : open(field.type);
    }
  } else {
    copy.secret = secret;
  }
  return add(std::move(copy));
}

TypeId TypeTable::secret(TypeId type) {
  if (type->secret || type->base == TypeBase::error || type->base == TypeBase::null) {
    return type;
  }
  if (const auto known = secrets_.find(type); known != secrets_.end()) {
    return known->second;
  }
  const TypeId made = with_leaves(type, true);
  secrets_.emplace(type, made);
  return made;
}

TypeId TypeTable::open(TypeId type) {
  if (!has_secret(type)) {
    return type;
  }
  if (const auto known = opens_.find(type); known != opens_.end()) {
    return known->second;
  }
  const TypeId made = with_leaves(type, false);
  opens_.emplace(type, made);
  return made;
}

TypeId TypeTable::common_record(const StaticType& left, const StaticType& right) {
  std::vector<TypeField> fields;
  for (const auto& field : left.fields) {
    const TypeField* other = right.field(field.name);
    const TypeId type = other == nullptr ? optional(field.type) : common(field.type, other->type);
    if (type == nullptr) {
      return nullptr;
    }
    fields.push_back({field.name, type, field.required && other != nullptr && other->required});
  }
  for (const auto& field : right.fields) {
    if (left.field(field.name) == nullptr) {
      fields.push_back({field.name, optional(field.type), false});
    }
  }
  return record(std::move(fields));
}

// Both are without `?`, neither is error, any or null.
TypeId TypeTable::common_plain(TypeId left, TypeId right) {
  const StaticType& a = *left;
  const StaticType& b = *right;
  if (a.base == TypeBase::record && b.base == TypeBase::record) {
    return common_record(a, b);
  }
  if (has_element(a) && a.base == b.base) {
    const TypeId element = common(a.element, b.element);
    return element == nullptr ? nullptr : a.base == TypeBase::list ? list(element) : map(element);
  }
  if (a.base == TypeBase::map && b.base == TypeBase::record) {
    TypeId element = a.element;
    for (const auto& field : b.fields) {
      element = element == nullptr ? nullptr : common(element, field.type);
    }
    return element == nullptr ? nullptr : map(element);
  }
  if (a.base == TypeBase::record && b.base == TypeBase::map) {
    return common_plain(right, left);
  }
  const bool secret_leaf = a.secret || b.secret;
  TypeId result = nullptr;
  if (a.base == TypeBase::enumeration && b.base == TypeBase::enumeration) {
    result = words_within(b, a) ? left : words_within(a, b) ? right : text();
  } else if (a.base == TypeBase::resource && b.base == TypeBase::resource && a.kind == b.kind) {
    result = a.resource == b.resource ? left : resource(a.kind, nullptr);
  } else if (a.base == b.base) {
    result = left;
  } else if (is_text(left) && is_text(right)) {
    result = text();
  } else if (is_number(left) && is_number(right)) {
    result = basic(TypeBase::number);
  }
  return result != nullptr && secret_leaf ? secret(result) : result;
}

TypeId TypeTable::common(TypeId left, TypeId right) {
  if (left == right) {
    return left;
  }
  if (left->base == TypeBase::error || right->base == TypeBase::error) {
    return error();
  }
  if (left->base == TypeBase::null || right->base == TypeBase::null) {
    return optional(left->base == TypeBase::null ? right : left);
  }
  if (left->base == TypeBase::any || right->base == TypeBase::any) {
    return has_secret(left) || has_secret(right) ? secret(any()) : any();
  }
  const TypeId result = common_plain(required(left), required(right));
  if (result == nullptr) {
    return nullptr;
  }
  return left->optional || right->optional ? optional(result) : result;
}

Fit fit(TypeId expected, TypeId actual) {
  if (expected == actual || is_silent(expected) || actual->base == TypeBase::error) {
    return expected->base == TypeBase::any && !expected->secret && has_secret(actual) ? Fit::secret
                                                                                      : Fit::yes;
  }
  if (actual->base == TypeBase::null) {
    return expected->optional || expected->base == TypeBase::null ? Fit::yes : Fit::missing;
  }
  if (actual->base != TypeBase::any) {
    const Fit plain = fit_plain(*expected, *actual);
    if (plain != Fit::yes) {
      return plain;
    }
  }
  if (actual->optional && !expected->optional) {
    return Fit::missing;
  }
  const bool takes_secret = expected->secret || expected->base == TypeBase::env_value ||
                            has_element(*expected) || expected->base == TypeBase::record ||
                            expected->base == TypeBase::either;
  return actual->secret && !takes_secret ? Fit::secret : Fit::yes;
}

bool same_type(TypeId left, TypeId right) {
  return left == right || type_text(left) == type_text(right);
}

bool has_secret(TypeId type) {
  return type->holds_secret;
}

bool is_text(TypeId type) {
  return type->base == TypeBase::text || type->base == TypeBase::url ||
         type->base == TypeBase::cron || type->base == TypeBase::zone ||
         type->base == TypeBase::enumeration;
}

bool is_number(TypeId type) {
  return type->base == TypeBase::integer || type->base == TypeBase::number;
}

bool is_quantity(TypeId type) {
  return is_number(type) || type->base == TypeBase::duration || type->base == TypeBase::size;
}

bool has_text(TypeId type) {
  return is_text(type) || is_quantity(type) || type->base == TypeBase::boolean;
}

bool is_silent(TypeId type) {
  return type->base == TypeBase::error || type->base == TypeBase::any;
}

bool comparable(TypeId left, TypeId right) {
  if (is_silent(left) || is_silent(right) || left->base == TypeBase::null ||
      right->base == TypeBase::null) {
    return true;
  }
  if ((is_text(left) && is_text(right)) || (is_number(left) && is_number(right))) {
    return true;
  }
  const bool maps = (left->base == TypeBase::map || left->base == TypeBase::record) &&
                    (right->base == TypeBase::map || right->base == TypeBase::record);
  if (maps) {
    return true;
  }
  if (left->base == TypeBase::list && right->base == TypeBase::list) {
    return comparable(left->element, right->element);
  }
  if (left->base == TypeBase::resource && right->base == TypeBase::resource) {
    return left->kind == right->kind;
  }
  return left->base == right->base;
}

std::string type_text(TypeId type) {
  std::string text = plain_text(*type);
  if (type->secret) {
    text = "secret<" + text + ">";
  }
  return type->optional ? text + "?" : text;
}

std::string type_phrase(TypeId type) {
  if (type->base == TypeBase::null) {
    return "null";
  }
  const std::string text = type_text(type);
  if (text.starts_with('"')) {
    return "one of " + text;
  }
  const bool vowel = text.find_first_of("aeio") == 0;
  return (vowel ? "an " : "a ") + text;
}

}  // namespace infra
