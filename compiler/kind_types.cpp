#include "compiler/kind_types.h"

#include <algorithm>
#include <memory>

namespace infra {
namespace {

// The paths below one step, until they become a record or a map.
struct PathTree {
  std::vector<std::pair<std::string, std::unique_ptr<PathTree>>> children;
  TypeId type = nullptr;
  bool required = false;

  PathTree& child(std::string_view step) {
    for (auto& [name, tree] : children) {
      if (name == step) {
        return *tree;
      }
    }
    children.emplace_back(std::string(step), std::make_unique<PathTree>());
    return *children.back().second;
  }

  [[nodiscard]] TypeId build(TypeTable& table) const {
    if (children.empty()) {
      return type;
    }
    if (children.front().first == "*") {
      return table.map(children.front().second->build(table));
    }
    std::vector<TypeField> fields;
    for (const auto& [name, tree] : children) {
      const TypeId built = tree->build(table);
      fields.push_back({name, tree->required ? built : table.optional(built), tree->required});
    }
    return table.record(std::move(fields));
  }
};

// The first step of a path ("health" of "/health/path"), and the path without it.
std::string_view first_step(std::string_view path) {
  return path.substr(1, std::min(path.find('/', 1), path.size()) - 1);
}

// Portable attributes that `base/kinds.h` describes more loosely than they are written.
TypeId special(TypeTable& table, std::string_view path) {
  if (path == "/env") {
    return table.map(table.optional(table.basic(TypeBase::env_value)));
  }
  if (path == "/migrations" || path == "/seed") {
    return table.either({table.text(), table.list(table.text())});
  }
  if (path == "/backup/keep") {
    return table.either({table.integer(), table.basic(TypeBase::duration)});
  }
  if (path == "/build/builder") {  // the usual ones as plain words, any other as text
    return table.either(
        {table.enumeration({"nixpacks", "railpack", "buildpacks", "dockerfile"}), table.text()});
  }
  if (path == "/timezone") {
    return table.basic(TypeBase::zone);
  }
  if (path == "/needs") {
    return table.list(table.optional(table.reference_to({})));
  }
  return nullptr;
}

TypeBase plain_base(Type::Base base) {
  switch (base) {
    case Type::text:
      return TypeBase::text;
    case Type::integer:
      return TypeBase::integer;
    case Type::number:
      return TypeBase::number;
    case Type::boolean:
      return TypeBase::boolean;
    case Type::duration:
      return TypeBase::duration;
    case Type::size:
      return TypeBase::size;
    case Type::url:
      return TypeBase::url;
    case Type::cron:
      return TypeBase::cron;
    case Type::source:
      return TypeBase::source;
    case Type::origin:
      return TypeBase::origin;
    case Type::generator:
      return TypeBase::generator;
    case Type::call:
      return TypeBase::call;
    case Type::run:
      return TypeBase::run;
    case Type::auth:
      return TypeBase::auth;
    default:
      return TypeBase::any;
  }
}

bool takes_secret(Secrecy secrecy) {
  return secrecy != Secrecy::never;
}

// What a driver's attribute is called inside its overlay: "/vercel/framework" is "framework".
std::string_view inside_overlay(std::string_view driver, std::string_view path) {
  const bool own = path.size() > driver.size() + 2 && path.substr(1, driver.size()) == driver &&
                   path[driver.size() + 1] == '/';
  return own ? path.substr(driver.size() + 1) : path;
}

}  // namespace

TypeId KindTypes::convert(const Type& type, bool secret) {
  TypeId made = nullptr;
  switch (type.base) {
    case Type::enumeration:
      made = table_.enumeration(type.names);
      break;
    case Type::list:
    case Type::map: {
      const TypeId element = type.of.empty() ? table_.any() : convert(type.of.front(), secret);
      made = type.base == Type::list ? table_.list(element) : table_.map(element);
      break;
    }
    case Type::reference:
      made = table_.reference_to(type.names);
      break;
    case Type::object:
      made = table_.map(table_.any());
      break;
    default:
      made = table_.basic(plain_base(type.base));
  }
  return secret ? table_.secret(made) : made;
}

TypeId KindTypes::portable(std::string_view kind, std::string_view path, bool secret) {
  if (const TypeId known = special(table_, path)) {
    return known;
  }
  const Kind* facts = find_kind(kind);
  const KindAttribute* known = facts == nullptr ? nullptr : find_attribute(*facts, path);
  if (known == nullptr) {
    return nullptr;
  }
  return convert(known->type, secret || takes_secret(known->secrecy));
}

TypeId KindTypes::record(const std::vector<PathType>& paths) {
  PathTree root;
  for (const auto& one : paths) {
    PathTree* at = &root;
    std::string_view rest = one.path;
    while (!rest.empty()) {
      const std::string_view step = first_step(rest);
      at = &at->child(step);
      rest.remove_prefix(step.size() + 1);
    }
    at->type = one.type;
    at->required = one.required;
  }
  return root.children.empty() ? table_.record({}) : root.build(table_);
}

TypeId KindTypes::attributes(std::string_view kind) {
  if (const auto known = attributes_.find(kind); known != attributes_.end()) {
    return known->second;
  }
  std::vector<PathType> paths;
  if (const Kind* facts = find_kind(kind)) {
    for (const auto& one : facts->attributes) {
      paths.push_back({one.path, portable(kind, one.path, false), false});
    }
  }
  const TypeId made = record(paths);
  attributes_.emplace(kind, made);
  return made;
}

TypeId KindTypes::readable(TypeId type) {
  switch (type->base) {
    case TypeBase::env_value:
      return table_.secret(table_.any());  // any variable may hold a secret
    case TypeBase::either:
    case TypeBase::scalar:
      return table_.any();
    case TypeBase::zone:
      return table_.text();
    case TypeBase::list:
      return table_.list(readable(type->element));
    case TypeBase::map:
      return table_.map(readable(type->element));
    case TypeBase::record: {
      std::vector<TypeField> fields = type->fields;
      for (auto& field : fields) {
        const TypeId read = readable(field.type);
        field.type = field.type->optional ? table_.optional(read) : read;
      }
      return table_.record(std::move(fields));
    }
    default:
      return table_.required(type);
  }
}

TypeId KindTypes::read_attribute(std::string_view kind, std::string_view name) {
  std::pair<std::string, std::string> key(kind, name);
  if (const auto known = read_.find(key); known != read_.end()) {
    return known->second;
  }
  const TypeField* field = attributes(kind)->field(name);
  const TypeId made = field == nullptr ? nullptr : readable(field->type);
  read_.emplace(std::move(key), made);
  return made;
}

TypeId KindTypes::output(std::string_view kind, std::string_view name) {
  std::pair<std::string, std::string> key(kind, name);
  if (const auto known = outputs_.find(key); known != outputs_.end()) {
    return known->second;
  }
  TypeId made = nullptr;
  if (const Kind* facts = find_kind(kind)) {
    for (const auto& one : facts->outputs) {
      if (std::string_view(one.path).substr(1) == name) {
        made = convert(one.type, one.secret);
      }
    }
  }
  outputs_.emplace(std::move(key), made);
  return made;
}

std::vector<std::string> KindTypes::outputs(std::string_view kind) {
  std::vector<std::string> names;
  if (const Kind* facts = find_kind(kind)) {
    for (const auto& one : facts->outputs) {
      names.push_back(one.path.substr(1));
    }
    for (const auto& field : attributes(kind)->fields) {
      names.push_back(field.name);
    }
  }
  return names;
}

TypeId KindTypes::attribute(const Attribute& attribute, std::string_view kind) {
  const bool secret = takes_secret(attribute.secrecy);
  if (attribute.type.base == Type::portable) {
    const TypeId known = portable(kind, attribute.path, secret);
    return known != nullptr ? known : secret ? table_.secret(table_.any()) : table_.any();
  }
  return convert(attribute.type, secret);
}

TypeId KindTypes::overlay(const ProviderSchema& provider, std::string_view kind) {
  std::pair<const void*, std::string> key(&provider, kind);
  if (const auto known = overlays_.find(key); known != overlays_.end()) {
    return known->second;
  }
  std::vector<PathType> paths;
  const Kind* facts = find_kind(kind);
  for (const auto& type : provider.types) {
    if (type.kind != kind) {
      continue;
    }
    for (const auto& one : type.attributes) {
      const bool is_portable = facts != nullptr && find_attribute(*facts, one.path) != nullptr;
      if (one.presence != Presence::computed && !is_portable) {
        paths.push_back({inside_overlay(provider.name, one.path), attribute(one, kind), false});
      }
    }
  }
  if (facts != nullptr) {
    for (const auto& one : facts->attributes) {
      paths.push_back({one.path, portable(kind, one.path, false), false});
    }
  }
  const TypeId made = record(paths);
  overlays_.emplace(std::move(key), made);
  return made;
}

TypeId KindTypes::resource(const TypeSchema& type) {
  TypeId& known = records_[&type];
  if (known == nullptr) {
    std::vector<PathType> paths;
    for (const auto& one : type.attributes) {
      if (one.presence != Presence::computed) {
        const bool required = one.presence == Presence::required && one.fill == Fill::nothing;
        paths.push_back({one.path, attribute(one, type.kind), required});
      }
    }
    known = record(paths);
  }
  return known;
}

TypeId KindTypes::resource_output(const TypeSchema& type, std::string_view name) {
  TypeId made = name == "id" ? table_.text() : nullptr;
  for (const auto& one : type.attributes) {
    if (first_step(one.path) != name) {
      continue;
    }
    if (one.path.size() != name.size() + 1) {
      return table_.any();
    }
    const bool given = one.presence == Presence::required || one.presence == Presence::computed ||
                       one.presence == Presence::optional_computed || one.fill != Fill::nothing;
    made = convert(one.type, one.secrecy == Secrecy::always);
    made = given ? made : table_.optional(made);
  }
  return made;
}

TypeId KindTypes::settings(const ProviderSchema& provider) {
  TypeId& known = records_[&provider];
  if (known == nullptr) {
    std::vector<PathType> paths;
    for (const auto& one : provider.settings) {
      const TypeId base =
          one.type.base == Type::portable ? table_.text() : convert(one.type, false);
      paths.push_back({one.path, table_.secret(base), one.presence == Presence::required});
    }
    known = record(paths);
  }
  return known;
}

TypeId KindTypes::driver_output(const ProviderSchema& provider, std::string_view kind,
                                std::string_view name) {
  for (const auto& type : provider.types) {
    if (type.kind != kind) {
      continue;
    }
    for (const auto& one : type.attributes) {
      const std::string_view path = inside_overlay(provider.name, one.path);
      if (first_step(path) == name) {
        return path.size() == name.size() + 1 ? convert(one.type, one.secrecy == Secrecy::always)
                                              : table_.any();
      }
    }
  }
  return nullptr;
}

std::vector<std::string> KindTypes::driver_outputs(const ProviderSchema& provider,
                                                   std::string_view kind) {
  std::vector<std::string> names;
  for (const auto& type : provider.types) {
    for (const auto& one : type.attributes) {
      if (type.kind == kind) {
        names.emplace_back(first_step(inside_overlay(provider.name, one.path)));
      }
    }
  }
  return names;
}

}  // namespace infra
