// `infra providers [list|show NAME]`: what each driver sells, printed from its schema.
#include <fmt/format.h>

#include "base/json.h"
#include "base/kinds.h"
#include "base/text.h"
#include "cli/command.h"
#include "planner/change_text.h"
#include "providers/registry.h"

namespace infra {
namespace {

std::string_view presence_text(Presence presence) {
  switch (presence) {
    case Presence::required:
      return "required";
    case Presence::optional:
      return "optional";
    case Presence::computed:
      return "computed";
    case Presence::optional_computed:
      return "optional, else computed";
  }
  return "";
}

std::string_view change_text(OnChange on_change) {
  switch (on_change) {
    case OnChange::update:
      return "";
    case OnChange::grow:
      return "only grows";
    case OnChange::replace:
      return "replaces";
    case OnChange::refuse:
      return "cannot change";
  }
  return "";
}

std::string_view adoption_text(Adoption::Class how) {
  switch (how) {
    case Adoption::key:
      return "by the key of its request";
    case Adoption::unique:
      return "by its unique name";
    case Adoption::marker:
      return "by infra's marker on it";
    case Adoption::listed:
      return "by listing before and after";
    case Adoption::harmless:
      return "need not be found: a twin costs nothing";
    case Adoption::none:
      return "cannot be found again: a person must look";
  }
  return "";
}

std::string_view role_text(Role role) {
  switch (role) {
    case Role::parent:
      return "contains it";
    case Role::input:
      return "is ready before it";
    case Role::part:
      return "is made once it exists";
    case Role::deployment:
      return "makes it live";
  }
  return "";
}

std::string_view rule_text(Rule rule) {
  switch (rule) {
    case Rule::absent:
      return "is not offered";
    case Rule::at_least:
      return "at least";
    case Rule::at_most:
      return "at most";
    case Rule::length_at_most:
      return "length at most";
    case Rule::one_of:
      return "one of";
    case Rule::not_one_of:
      return "not one of";
    case Rule::matches:
      return "matches";
    case Rule::every_at_least:
      return "at least this far apart:";
  }
  return "";
}

std::string attribute_remarks(const Attribute& attribute) {
  std::vector<std::string> remarks{std::string(presence_text(attribute.presence))};
  if (const auto change = change_text(attribute.on_change); !change.empty()) {
    remarks.emplace_back(change);
  }
  if (attribute.effect != Effect::none) {
    remarks.emplace_back(effect_text(attribute.effect));
  }
  if (attribute.secrecy != Secrecy::never) {
    remarks.emplace_back(attribute.secrecy == Secrecy::always ? "secret" : "may be secret");
  }
  if (attribute.fill != Fill::nothing) {
    remarks.emplace_back(attribute.fill == Fill::name ? "filled with the name"
                                                      : "filled with a random text");
  }
  if (!attribute.otherwise.is_null()) {
    remarks.push_back("default " + value_text(attribute.otherwise));
  }
  if (attribute.made) {
    remarks.emplace_back("known once it is made");
  }
  return join(remarks, ", ");
}

// A path of a schema, `*` for any entry.
std::string schema_path(const Path& path) {
  return path.empty() ? "(whole)" : path_text(path);
}

// The portable type of a path is what its kind says of it.
std::string attribute_type(const TypeSchema& type, const Attribute& attribute) {
  if (attribute.type.base == Type::portable) {
    if (const Kind* kind = find_kind(type.kind)) {
      for (const KindAttribute& each : kind->attributes) {
        if (each.path == attribute.path) {
          return type_text(each.type);
        }
      }
      for (const KindOutput& each : kind->outputs) {
        if (each.path == attribute.path) {
          return type_text(each.type);
        }
      }
    }
    return "as the kind says";
  }
  return type_text(attribute.type);
}

std::string attributes_text(const TypeSchema& type, const TextStyle& style) {
  std::string out;
  for (const Attribute& attribute : type.attributes) {
    out += fmt::format("    {:<24} {}  ({})\n", schema_path(attribute.path),
                       attribute_type(type, attribute), attribute_remarks(attribute));
    if (!attribute.doc.empty()) {
      for (const std::string& line : wrap(attribute.doc, style.columns - 8)) {
        out += "        " + line + "\n";
      }
    }
  }
  return out;
}

std::string limits_text(const TypeSchema& type) {
  std::string out;
  for (const Limit& limit : type.limits) {
    out += fmt::format("    limit: {} {}{}", schema_path(limit.path), rule_text(limit.rule),
                       limit.value.is_null() ? "" : " " + value_text(limit.value));
    if (!limit.when.empty()) {
      out += " where " + schema_path(limit.when) + " is set";
    }
    if (!limit.tiers.empty()) {
      out += " on " + list_text(limit.tiers, "or");
    }
    out += (limit.reason.empty() ? "" : ": " + limit.reason) + "\n";
  }
  return out;
}

std::string type_page(const TypeSchema& type, const TextStyle& style) {
  std::string out = "\n  " + paint(Tone::strong, type.name, style);
  if (!type.kind.empty()) {
    out += fmt::format("  serves `{}`", type.kind);
  }
  out += type.stateful ? "  holds data: guarded\n" : "\n";
  out += attributes_text(type, style) + limits_text(type);
  for (const Companion& companion : type.companions) {
    out += fmt::format("    with: {}, which {}\n", companion.type, role_text(companion.role));
  }
  out += fmt::format("    found again {}; replaced {}\n", adoption_text(type.adoption.how),
                     type.delete_first ? "by deleting first" : "by creating first");
  return out;
}

std::string provider_page(const ProviderSchema& schema, const TextStyle& style) {
  std::string out = paint(Tone::strong, schema.name, style) + "\n";
  if (!schema.settings.empty()) {
    out += "\n  settings of `provider " + schema.name + " { … }`\n";
    TypeSchema settings;
    settings.attributes = schema.settings;
    out += attributes_text(settings, style);
  }
  for (const Endpoint& endpoint : schema.endpoints) {
    out += fmt::format("\n  endpoint {}: {}\n", endpoint.name, endpoint.base_url);
  }
  for (const TypeSchema& type : schema.types) {
    out += type_page(type, style);
  }
  return out;
}

Value attribute_document(const TypeSchema& type, const Attribute& attribute) {
  return Object{{"path", attribute.path},
                {"type", attribute_type(type, attribute)},
                {"presence", presence_text(attribute.presence)},
                {"on_change", change_text(attribute.on_change)},
                {"effect", effect_text(attribute.effect)},
                {"secret", attribute.secrecy != Secrecy::never},
                {"doc", attribute.doc}};
}

Value provider_document(const ProviderSchema& schema) {
  List types;
  for (const TypeSchema& type : schema.types) {
    List attributes;
    for (const Attribute& attribute : type.attributes) {
      attributes.push_back(attribute_document(type, attribute));
    }
    types.push_back(Object{{"name", type.name},
                           {"kind", type.kind},
                           {"stateful", type.stateful},
                           {"adoption", adoption_text(type.adoption.how)},
                           {"attributes", std::move(attributes)}});
  }
  return Object{{"name", schema.name}, {"types", std::move(types)}};
}

int list_providers(Session& session) {
  List document;
  std::string text;
  for (const Provider* provider : all_providers()) {
    const ProviderSchema& schema = provider->schema();
    std::vector<std::string> kinds;
    for (const TypeSchema& type : schema.types) {
      if (!type.kind.empty() && std::find(kinds.begin(), kinds.end(), type.kind) == kinds.end()) {
        kinds.push_back(type.kind);
      }
    }
    document.push_back(Object{{"name", schema.name}, {"kinds", List(kinds.begin(), kinds.end())}});
    text += fmt::format("{:<12} {} ({})\n", schema.name, plural(schema.types.size(), "type"),
                        join(kinds, ", "));
  }
  session.terminal.print(session.options.json ? to_json(document, SecretText::refuse, 2) + "\n"
                                              : text);
  return 0;
}

int show_provider(Session& session, const std::string& name) {
  const Provider* provider = find_provider(name);
  if (provider == nullptr) {
    std::vector<std::string> known;
    for (const Provider* each : all_providers()) {
      known.push_back(each->schema().name);
    }
    const auto near = nearest(name, known);
    throw CommandError(
        1, fmt::format("there is no driver `{}`", printable(name)),
        near ? fmt::format("did you mean `{}`?", *near) : "there are " + list_text(known));
  }
  session.terminal.print(
      session.options.json
          ? to_json(provider_document(provider->schema()), SecretText::sensitive, 2) + "\n"
          : provider_page(provider->schema(), session.terminal.style()));
  return 0;
}

}  // namespace

void add_providers_commands(CLI::App& root, Session& session) {
  CLI::App& group = add_command(root, "providers", "The drivers that this program has");
  group.require_subcommand(0, 1);
  const auto list = [&session] {
    session.streams = false;
    session.command = [&session] { return list_providers(session); };
  };
  group.callback([&session, list] {
    if (!session.command) {  // a command of the group came first
      list();
    }
  });
  add_command(group, "list", "List them").callback(list);
  CLI::App& show = add_command(group, "show", "Print a driver's types, attributes and limits");
  auto name = std::make_shared<std::string>();
  show.add_option("name", *name, "The driver")->required();
  show.callback([&session, name] {
    session.streams = false;
    session.command = [&session, name] { return show_provider(session, *name); };
  });
}

}  // namespace infra
