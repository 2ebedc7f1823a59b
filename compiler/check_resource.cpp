// Declarations: attributes against kinds, overlays against drivers, what a kind asks for.
#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.h"
#include "base/text.h"
#include "compiler/checker.h"

namespace infra {
namespace {

struct Range {
  std::string_view key;
  std::int64_t least, most;
};
constexpr std::array<Range, 6> ranges{{{"port", 1, 65535},
                                       {"replicas", 0, 10'000},
                                       {"max_retries", 0, 1'000'000},
                                       {"retries", 0, 1'000},
                                       {"keep", 1, 100'000},
                                       {"approvals", 0, 100}}};

bool has_spread(const ast::Body& body) {
  return std::any_of(body.items.begin(), body.items.end(),
                     [](const ast::Item& item) { return item.kind == ast::Item::Kind::spread; });
}

}  // namespace

void Checker::check_resource(const ResourceInfo& info) {
  for (const auto& declared : *info.declarations) {
    check_declaration(info, declared);
  }
}

void Checker::check_declaration(const ResourceInfo& info, const DeclaredResource& declared) {
  const ast::Declaration& declaration = *declared.declaration;
  const Site site = site_of(declared.scope, Purpose::resource);
  if (declaration.on) {
    check_provider(*declaration.on);
  }
  if (declaration.existing) {
    check_existing(declaration, site);
  } else if (info.kind == "resource") {
    check_platform_resource(declaration, site);
  } else {
    check_portable(info, declared, site);
    check_kind_rules(declaration, site);
  }
  check_places(info, declared);
  check_promises(info, declared);
}

bool Checker::is_overlay(const ast::Item& item, TypeId record) const {
  return item.kind != ast::Item::Kind::spread && !item.key.expression &&
         record->field(item.key.text) == nullptr && is_driver(item.key.text);
}

void Checker::check_portable(const ResourceInfo& info, const DeclaredResource& declared,
                             const Site& site) {
  const ast::Body& body = declared.declaration->body;
  const TypeId record = kind_types_.attributes(info.kind);
  refuse_duplicates(body);
  for (const auto& item : body.items) {
    if (item.kind == ast::Item::Kind::spread) {
      spread_into_record(item, record, site);
      continue;
    }
    if (item.key.expression) {
      error("E0301", item.key.span, "the name of an attribute is fixed: `${}` cannot stand in it");
      continue;
    }
    if (const TypeField* field = record->field(item.key.text)) {
      Site inside = site;
      inside.purpose = field->name == "generate" ? Purpose::generator : site.purpose;
      coerce_item(item, *field, inside);
      continue;
    }
    if (is_overlay(item, record) && info.kind != "secret") {
      check_overlay(info, item, item.key.text, site);
      continue;
    }
    const auto alias = module_.drivers.find(item.key.text);
    if (alias != module_.drivers.end()) {
      error("E0301", item.key.span,
            fmt::format("`{}` is an alias; such a block has the driver's name", item.key.text))
          .help.push_back(fmt::format("write `{} {{ … }}`", alias->second));
      continue;
    }
    report_unknown_attribute(item, record, fmt::format("a {}", info.kind));
  }
  check_ranges(body, site);
}

void Checker::infer_freely(const ast::Body& body, const Site& site) {
  Site lenient = site;
  lenient.lenient = true;
  infer_body(body, nullptr, lenient);
}

// Checked whatever the environment; names narrow to where the resource is on that driver.
void Checker::check_overlay(const ResourceInfo& info, const ast::Item& item,
                            std::string_view driver, const Site& site) {
  const auto* body = item.value ? item.value->as<ast::Body>() : nullptr;
  if (item.label || body == nullptr) {
    error("E0303", item.key.span,
          fmt::format("`{}` is a driver's name: what holds there stands in `{} {{ … }}`", driver,
                      driver));
    return;
  }
  Site inside = site;
  EnvironmentSet there;
  for (const auto& [provider, environments] : info.places) {
    if (driver_of(module_, provider) == driver) {
      there = there | environments;
    }
  }
  if (!(there & site.environments).empty()) {
    inside.environments = there & site.environments;
  }
  const ProviderSchema* provider = schema(driver);
  if (provider == nullptr) {
    infer_freely(*body, inside);
    return;
  }
  coerce_record(*body, kind_types_.overlay(*provider, info.kind), inside,
                fmt::format("`{}` of a {}", driver, info.kind));
  check_ranges(*body, inside);
}

void Checker::check_platform_resource(const ast::Declaration& declaration, const Site& site) {
  if (!declaration.provider || !declaration.type || !check_provider(*declaration.provider)) {
    infer_freely(declaration.body, site);
    return;
  }
  const std::string_view driver = driver_of(module_, declaration.provider->text);
  const ProviderSchema* provider = schema(driver);
  if (provider == nullptr) {
    infer_freely(declaration.body, site);
    return;
  }
  const std::string name = fmt::format("{}.{}", driver, declaration.type->text);
  if (const TypeSchema* type = find_type(*provider, name)) {
    const TypeId record = kind_types_.resource(*type);
    check_shape(declaration.body, record->fields, declaration.name.span, site,
                fmt::format("a `{}`", name));
    return;
  }
  auto& diagnostic = error("E0405", declaration.type->span,
                           fmt::format("`{}` has no type `{}`", driver, declaration.type->text));
  std::vector<std::string> names;
  for (const auto& type : provider->types) {
    const std::size_t dot = type.name.find('.');
    names.push_back(dot == std::string::npos ? type.name : type.name.substr(dot + 1));
  }
  suggest(diagnostic, declaration.type->text, names);
}

void Checker::check_existing(const ast::Declaration& declaration, const Site& site) {
  if (declaration.kind.text == "resource" && declaration.provider) {
    check_provider(*declaration.provider);
  }
  check_shape(declaration.body, {{"id", types_.text(), true}}, declaration.name.span, site,
              fmt::format("`existing {} {}`", declaration.kind.text, declaration.name.text));
  refuse_same_object(declaration, site);
}

// One object under two names would be read twice, and moved apart unnoticed.
void Checker::refuse_same_object(const ast::Declaration& declaration, const Site& site) {
  const ast::Item* item = find_item(declaration.body, "id");
  const auto& provider =
      declaration.kind.text == "resource" ? declaration.provider : declaration.on;
  if (item == nullptr || !item->value || !provider) {
    return;
  }
  for (std::size_t i = 0; i < module_.environments.size(); ++i) {
    const auto id = site.environments.contains(i) ? statics_.constant(*item->value, i, site.scope)
                                                  : std::nullopt;
    if (!id || id->as<std::string>() == nullptr) {
      continue;
    }
    const std::string key =
        fmt::format("{}\n{}\n{}\n{}", i, provider->text, declaration.kind.text, id->text());
    const auto [first, fresh] = existing_ids_.emplace(key, item->value->span);
    if (!fresh) {
      auto& diagnostic =
          error("E0201", item->value->span,
                fmt::format("`{}` on {} is taken up twice", printable(id->text()), provider->text));
      diagnostic.related.push_back({first->second, "first here"});
      return;
    }
  }
}

void Checker::check_kind_rules(const ast::Declaration& declaration, const Site& site) {
  const ast::Body& body = declaration.body;
  const std::string address = declaration.kind.text + "." + declaration.name.text;
  const auto need = [&](std::string_view key, std::string_view example) {
    if (find_item(body, key) == nullptr && !has_spread(body)) {
      error("E0302", declaration.name.span, fmt::format("`{}` needs `{}`", address, key))
          .help.push_back(fmt::format("write `{}`", example));
    }
  };
  if (declaration.kind.text == "database") {
    need("engine", "engine = postgres");
  } else if (declaration.kind.text == "secret") {
    check_secret(declaration, site);
  } else if (declaration.kind.text == "cron") {
    need("schedule", "schedule = \"0 8 * * *\"");
    const ast::Item* call = find_item(body, "call");
    const ast::Item* run = find_item(body, "run");
    if (call != nullptr && run != nullptr) {
      error("E0313", run->key.span, fmt::format("`{}` has both `call` and `run`", address))
          .related.push_back({call->key.span, "a cron does one of the two"});
    } else if (call == nullptr && run == nullptr && !has_spread(body)) {
      error("E0302", declaration.name.span, fmt::format("`{}` needs `call` or `run`", address))
          .help.push_back(
              "write `call = service.NAME.http(\"/path\")` or "
              "`run = service.NAME.command(\"…\")`");
    }
    if (const ast::Item* auth = find_item(body, "auth");
        auth != nullptr && run != nullptr && call == nullptr) {
      error("E0313", auth->key.span, "`auth` proves a request, and a command sends none")
          .related.push_back({run->key.span, "it runs a command"});
    }
  }
}

void Checker::check_secret(const ast::Declaration& declaration, const Site& site) {
  const ast::Body& body = declaration.body;
  const ast::Item* from = find_item(body, "from");
  const ast::Item* generate = find_item(body, "generate");
  if (from != nullptr && generate != nullptr) {
    error("E0313", generate->key.span,
          fmt::format("`secret.{}` is both read and generated", declaration.name.text))
        .related.push_back({from->key.span, "a secret has one source"});
  }
  if (const ast::Item* rotate = find_item(body, "rotate_every");
      rotate != nullptr && generate == nullptr && !has_spread(body)) {
    error("E0313", rotate->key.span, "only a generated secret can be rotated")
        .help.push_back("write `generate = random(32)`, or change it at its source");
  }
  const ast::Item* optional = find_item(body, "optional");
  if (optional == nullptr || !optional->value) {
    return;
  }
  for (std::size_t i = 0; i < module_.environments.size(); ++i) {
    if (site.environments.contains(i) && !statics_.constant(*optional->value, i, site.scope)) {
      Diagnostics known;  // what is wrong inside has been said already
      std::swap(known, diagnostics_);
      infer(*optional->value, types_.boolean(), site);
      std::swap(known, diagnostics_);
      if (!known.has_errors()) {
        error("E0604", optional->value->span, "`optional` depends on `environment` alone")
            .help.push_back("whether a secret may be absent decides the types of all that use it");
      }
      return;
    }
  }
}

void Checker::check_range(const ast::Item& item, const Site& site) {
  const bool plain =
      item.value->as<ast::Literal>() != nullptr || item.value->as<ast::Unary>() != nullptr;
  if (!plain) {
    return;
  }
  const auto value = statics_.constant(*item.value, 0, site.scope);
  if (!value) {
    return;
  }
  const auto* duration = value->as<Duration>();
  const auto* integer = value->as<std::int64_t>();
  if (duration != nullptr && duration->milliseconds < 0) {
    error("E0312", item.value->span, fmt::format("`{}` cannot be negative", item.key.text));
    return;
  }
  if (item.key.text == "cpu" && ((integer != nullptr && *integer <= 0) ||
                                 (value->as<double>() != nullptr && *value->as<double>() <= 0))) {
    error("E0312", item.value->span, "`cpu` is more than 0");
    return;
  }
  if (integer == nullptr) {
    return;
  }
  for (const Range& range : ranges) {
    if (range.key == item.key.text && (*integer < range.least || *integer > range.most)) {
      error("E0312", item.value->span,
            fmt::format("`{}` is {} to {}, not {}", range.key, range.least, range.most, *integer));
      return;
    }
  }
}

// Numbers that no platform could take, in the attributes themselves and one level below; `env` and
// the like hold the author's own keys.
void Checker::check_ranges(const ast::Body& body, const Site& site) {
  for (const auto& item : body.items) {
    if (item.kind == ast::Item::Kind::spread || !item.value) {
      continue;
    }
    if (const auto* below = item.value->as<ast::Body>()) {
      const bool own =
          item.key.text == "health" || item.key.text == "restart" || item.key.text == "backup";
      if (own) {
        check_ranges(*below, site);
      }
      continue;
    }
    check_range(item, site);
  }
}

}  // namespace infra
