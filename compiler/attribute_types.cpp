#include "compiler/attribute_types.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/cron.h"
#include "base/quantity.h"
#include "base/text.h"
#include "compiler/operators.h"

namespace infra {
namespace {

constexpr std::string_view wrong_type = "E0515";
constexpr std::string_view refined = "E0514";

// What cannot be looked at yet, or not at all.
bool is_closed(const Value& value) {
  return value.is_unknown() || value.as<Secret>() != nullptr || value.as<Hidden>() != nullptr;
}

std::string enumeration_mistake(const Type& type, const std::string& text) {
  if (type.names.empty() ||
      std::find(type.names.begin(), type.names.end(), text) != type.names.end()) {
    return {};
  }
  std::vector<std::string> quoted;
  for (const auto& name : type.names) {
    quoted.push_back("`" + name + "`");
  }
  return fmt::format("`{}` is none of {}", printable(text), list_text(quoted, "or"));
}

std::string text_mistake(const Type& type, const std::string& text) {
  switch (type.base) {
    case Type::url:
      return url_mistake(text);
    case Type::cron: {
      const auto parsed = Schedule::parse(text);
      const auto* error = std::get_if<std::string>(&parsed);
      return error == nullptr ? std::string()
                              : fmt::format("`{}` is no schedule: {}", printable(text), *error);
    }
    case Type::enumeration:
      return enumeration_mistake(type, text);
    default:
      return {};
  }
}

class Conforming {
 public:
  explicit Conforming(const TypeComplaint& complain) : complain_(complain) {}

  Value value(Value given, const Type& type, const Path& path) const {
    if (given.is_null() || is_closed(given)) {
      return given;
    }
    switch (type.base) {
      case Type::text:
      case Type::url:
      case Type::cron:
      case Type::enumeration:
        return text(std::move(given), type, path);
      case Type::list:
        return list(std::move(given), type, path);
      case Type::map:
        return map(std::move(given), type, path);
      case Type::reference:
        return given.as<Reference>() != nullptr || given.as<std::string>() != nullptr
                   ? given
                   : refused(given, "a resource", path);
      case Type::portable:
      case Type::any:
        return given;
      case Type::integer:
      case Type::number:
      case Type::boolean:
      case Type::duration:
      case Type::size:
        return scalar(std::move(given), type, path);
      default:
        return given.as<Object>() != nullptr ? without_nulls(std::move(given))
                                             : refused(given, type_text(type), path);
    }
  }

  [[nodiscard]] static Value without_nulls(Value given) {
    if (auto* object = given.as<Object>()) {
      for (auto entry = object->begin(); entry != object->end();) {
        entry = entry->second.is_null() ? object->erase(entry) : std::next(entry);
      }
    }
    return given;
  }

 private:
  Value refused(const Value& given, std::string_view wanted, const Path& path) const {
    complain_(path, wrong_type, fmt::format("it wants {}, not {}", wanted, kind_of(given)));
    return {};
  }

  Value text(Value given, const Type& type, const Path& path) const {
    const auto* plain = given.as<std::string>();
    if (plain == nullptr) {
      return refused(given, type.base == Type::text ? "a text" : type_text(type), path);
    }
    if (std::string mistake = text_mistake(type, *plain); !mistake.empty()) {
      complain_(path, refined, std::move(mistake));
    }
    return given;
  }

  Value scalar(Value given, const Type& type, const Path& path) const {
    const bool fits = (type.base == Type::integer && given.as<std::int64_t>() != nullptr) ||
                      (type.base == Type::number && given.as<double>() != nullptr) ||
                      (type.base == Type::boolean && given.as<bool>() != nullptr) ||
                      (type.base == Type::duration && given.as<Duration>() != nullptr) ||
                      (type.base == Type::size && given.as<Size>() != nullptr);
    if (fits) {
      return given;
    }
    if (const auto* number = given.as<std::int64_t>();
        number != nullptr && type.base == Type::number) {
      return static_cast<double>(*number);
    }
    return refused(given, (type.base == Type::integer ? "an " : "a ") + type_text(type), path);
  }

  // An address without keys names all rounds of its `for`s, which are a map.
  static void add_rounds(const Value& rounds, List& result) {
    for (const auto& [key, round] : rounds.object()) {
      if (round.as<Object>() != nullptr) {
        add_rounds(round, result);
      } else if (!round.is_null()) {
        result.push_back(round);
      }
    }
  }

  Value list(Value given, const Type& type, const Path& path) const {
    auto* items = given.as<List>();
    if (items == nullptr) {
      return refused(given, "a list", path);
    }
    List result;
    result.reserve(items->size());
    const Type* item_type = type.of.empty() ? nullptr : &type.of.front();
    const bool drops_null = item_type != nullptr && item_type->base == Type::reference;
    for (std::size_t i = 0; i < items->size(); ++i) {
      Value& item = (*items)[i];
      const Path at = join(path, std::to_string(i));
      if (item.is_null()) {
        if (!drops_null && item_type != nullptr) {
          complain_(at, "E0516", "an element of this list is null");
        }
        continue;
      }
      if (drops_null && item.as<Object>() != nullptr) {
        add_rounds(item, result);
        continue;
      }
      result.push_back(item_type == nullptr ? std::move(item)
                                            : value(std::move(item), *item_type, at));
    }
    return result;
  }

  Value map(Value given, const Type& type, const Path& path) const {
    auto* object = given.as<Object>();
    if (object == nullptr) {
      return refused(given, "a map", path);
    }
    given = without_nulls(std::move(given));
    if (!type.of.empty()) {
      for (auto& [key, item] : *given.as<Object>()) {
        item = value(std::move(item), type.of.front(), join(path, key));
      }
    }
    return given;
  }

  const TypeComplaint& complain_;
};

// An environment variable's text; durations and sizes want a unit of the author's choice.
Value variable_text(Value given, const Path& path, const TypeComplaint& complain) {
  const bool plain = given.as<bool>() != nullptr || given.as<std::int64_t>() != nullptr ||
                     given.as<double>() != nullptr;
  if (plain) {
    return text_of(given).value;
  }
  if (given.as<std::string>() != nullptr || given.is_null() || is_closed(given)) {
    return given;
  }
  complain(
      path, wrong_type,
      fmt::format("an environment variable is a text, a number or a bool, not {}", kind_of(given)));
  return {};
}

Value variables(Value given, const Path& path, const TypeComplaint& complain) {
  if (given.as<Object>() == nullptr) {
    if (!given.is_null() && !is_closed(given)) {
      complain(path, wrong_type, fmt::format("it wants a map, not {}", kind_of(given)));
      return {};
    }
    return given;
  }
  given = Conforming::without_nulls(std::move(given));
  for (auto& [key, item] : *given.as<Object>()) {
    item = variable_text(std::move(item), join(path, key), complain);
  }
  return given;
}

// `migrations = "x/*.sql"`, or a list of such.
Value read_files(const Value& given, const Path& path, Readings& readings,
                 const TypeComplaint& complain) {
  if (given.is_null() || is_closed(given)) {
    return given;
  }
  const List single{given};
  const List& patterns = given.as<List>() != nullptr ? given.list() : single;
  List result;
  for (const auto& pattern : patterns) {
    if (pattern.is_unknown()) {
      return Unknown{};
    }
    if (pattern.as<std::string>() == nullptr) {
      complain(path, wrong_type,
               fmt::format("it wants a path or a glob, not {}", kind_of(pattern)));
      return {};
    }
    Computed files = readings.files(pattern.text());
    if (!files.error.empty()) {
      complain(path, files.code, files.error);
      return {};
    }
    if (files.value.is_unknown()) {
      return Unknown{};
    }
    if (files.value.list().empty()) {
      complain(path, "W0520", fmt::format("no file matches `{}`", printable(pattern.text())));
    }
    result.insert(result.end(), files.value.list().begin(), files.value.list().end());
  }
  return result;
}

Value record(Value given, const AttributeTypes::Node& node, const Path& path, Readings& readings,
             const TypeComplaint& complain) {
  given = Conforming::without_nulls(std::move(given));
  for (auto& [key, item] : *given.as<Object>()) {
    item = conform(std::move(item), node.child(key), join(path, key), readings, complain);
  }
  return Conforming::without_nulls(std::move(given));
}

}  // namespace

const AttributeTypes::Node* AttributeTypes::Node::child(std::string_view step) const {
  const auto found = children.find(step);
  return found != children.end() ? &found->second : any_child.get();
}

AttributeTypes::Node& AttributeTypes::at(std::string_view path) {
  Node* node = &root_;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto slash = path.find('/');
    const std::string step = unescape_step(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash);
    if (step == "*") {
      if (!node->any_child) {
        node->any_child = std::make_unique<Node>();
      }
      node = node->any_child.get();
    } else {
      node = &node->children[step];
    }
  }
  return *node;
}

AttributeTypes::AttributeTypes(const Kind* kind, const TypeSchema* schema) {
  if (kind != nullptr) {
    for (const auto& attribute : kind->attributes) {
      Node& node = at(attribute.path);
      node.type = &attribute.type;
      node.files = attribute.files;
      node.environment = attribute.path == "/env";
    }
  }
  if (schema != nullptr) {
    for (const auto& attribute : schema->attributes) {
      if (attribute.type.base != Type::portable && !attribute.path.empty()) {
        at(attribute.path).type = &attribute.type;
      }
    }
  }
}

AttributeTypes::AttributeTypes(const std::vector<Attribute>& settings) {
  for (const auto& attribute : settings) {
    if (!attribute.path.empty()) {
      at(attribute.path).type = &attribute.type;
    }
  }
}

Value conform(Value value, const AttributeTypes::Node* node, const Path& path, Readings& readings,
              const TypeComplaint& complain) {
  if (node == nullptr || value.is_null()) {
    return value;
  }
  if (node->environment) {
    return variables(std::move(value), path, complain);
  }
  if (node->files) {
    return read_files(value, path, readings, complain);
  }
  if (node->type != nullptr && node->children.empty()) {
    return conform(std::move(value), *node->type, path, complain);
  }
  if (value.as<Object>() != nullptr) {
    return record(std::move(value), *node, path, readings, complain);
  }
  if (node->type != nullptr) {
    return conform(std::move(value), *node->type, path, complain);
  }
  if (!is_closed(value) && (!node->children.empty() || node->any_child != nullptr)) {
    complain(path, wrong_type, fmt::format("it wants a block, not {}", kind_of(value)));
    return {};
  }
  return value;
}

Value conform(Value value, const Type& type, const Path& path, const TypeComplaint& complain) {
  return Conforming(complain).value(std::move(value), type, path);
}

std::string url_mistake(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view scheme = text.substr(0, colon);
  const bool named = colon != std::string_view::npos && !scheme.empty() &&
                     std::isalpha(static_cast<unsigned char>(scheme.front())) != 0 &&
                     std::all_of(scheme.begin(), scheme.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
                     });
  if (!named) {
    return fmt::format("`{}` is no url: it begins with a scheme, such as `https://`",
                       printable(text));
  }
  const bool blank =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; });
  if (blank) {
    return fmt::format("`{}` is no url: it has a blank or control character", printable(text));
  }
  if (colon + 1 == text.size() || text.substr(colon + 1) == "//") {
    return fmt::format("`{}` is no url: nothing follows its scheme", printable(text));
  }
  return {};
}

}  // namespace infra
