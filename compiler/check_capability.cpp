// Where resources live, and what the platforms there can do.
#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.h"
#include "base/text.h"
#include "compiler/capability.h"
#include "compiler/checker.h"

namespace infra {
namespace {

std::string_view verb_of(std::string_view kind) {
  return kind == "service" ? "run" : kind == "cron" ? "call" : "hold";
}

std::string_view life_of(std::string_view run_as) {
  return run_as == "worker"     ? "a worker never returns"
         : run_as == "static"   ? "a static site is files"
         : run_as == "function" ? "a function is called, and returns"
         : run_as == "tool"     ? "a tool is started by whoever uses it"
                                : "a web service answers requests";
}

std::string shown(const Value& value) {
  if (const auto* text = value.as<std::string>()) {
    return "`" + printable(*text) + "`";
  }
  if (const auto* duration = value.as<Duration>()) {
    return to_text(*duration);
  }
  if (const auto* size = value.as<Size>()) {
    return to_text(*size);
  }
  if (const auto* integer = value.as<std::int64_t>()) {
    return std::to_string(*integer);
  }
  if (const auto* number = value.as<double>()) {
    return to_text(*number);
  }
  return value.as<bool>() != nullptr ? value.truth() ? "true" : "false" : "";
}

bool is_null_literal(const ast::Expression& expression) {
  const auto* literal = expression.as<ast::Literal>();
  return literal != nullptr && literal->value.is_null();
}

// The item of a body that a path leads to, as deep as it goes; nullptr when not even its first step
// is there.
const ast::Item* deepest_item(const ast::Body& body, std::string_view path) {
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view step = path.substr(1, end - 1);
  for (const auto& item : body.items) {
    if (item.kind == ast::Item::Kind::spread || item.key.expression || item.key.text != step) {
      continue;
    }
    const auto* below = item.value ? item.value->as<ast::Body>() : nullptr;
    if (below != nullptr && end < path.size() && !item.label) {
      if (const ast::Item* deeper = deepest_item(*below, path.substr(end))) {
        return deeper;
      }
    }
    return &item;
  }
  return nullptr;
}

bool has_spread(const ast::Body& body) {
  return std::any_of(body.items.begin(), body.items.end(),
                     [](const ast::Item& item) { return item.kind == ast::Item::Kind::spread; });
}

}  // namespace

Span Checker::placed_at(const ast::Declaration& declaration, std::string_view provider,
                        EnvironmentSet environments) const {
  for (std::size_t i = 0; i < placements_.size(); ++i) {
    if (!environments.contains(i)) {
      continue;
    }
    for (const Placement& place : placements_[i].find_all(declaration)) {
      if (place.provider == provider) {
        return place.span;
      }
    }
  }
  return declaration.name.span;
}

void Checker::check_places(const ResourceInfo& info, const DeclaredResource& declared) {
  const ast::Declaration& declaration = *declared.declaration;
  if (info.kind == "secret" || info.kind == "resource") {
    return;
  }
  const EnvironmentSet possibly = statics_.scope(declared.scope).possibly;
  EnvironmentSet homeless;
  for (const auto& [provider, environments] : info.places) {
    if (provider.empty()) {
      for (std::size_t i = 0; i < placements_.size(); ++i) {
        const bool here = possibly.contains(i) && environments.contains(i) &&
                          placements_[i].find(declaration).provider.empty();
        homeless = here ? homeless | EnvironmentSet::one(i) : homeless;
      }
    }
  }
  if (info.kind == "cron" && called_service(declaration)) {
    homeless = EnvironmentSet();  // it lives with that service, about which all is said elsewhere
  }
  if (!homeless.empty()) {
    const bool everywhere = homeless == statics_.all();
    auto& diagnostic = error("E0402", declaration.name.span,
                             everywhere ? fmt::format("`{}` has no place to live", info.address)
                                        : fmt::format("`{}` has no place to live in {}",
                                                      info.address, environment_names(homeless)));
    diagnostic.help.push_back(fmt::format("write `{}{} {} on PROVIDER`",
                                          declaration.existing ? "existing " : "", info.kind,
                                          info.name));
    if (!declaration.existing) {
      diagnostic.help.push_back(
          fmt::format("or, in an `environment` block: `place {} on PROVIDER`", info.address));
    }
  }
  if (declaration.existing) {
    return;
  }
  for (const auto& [provider, environments] : info.places) {
    const std::string_view driver = driver_of(module_, provider);
    const ProviderSchema* known = provider.empty() ? nullptr : schema(driver);
    if (known == nullptr || (environments & possibly).empty()) {
      continue;
    }
    Placing placing{info, declared, provider, driver, *known, environments & possibly};
    const ast::Item* overlay = find_item(declaration.body, driver);
    placing.overlay =
        overlay == nullptr || !overlay->value ? nullptr : overlay->value->as<ast::Body>();
    placing.placed = placed_at(declaration, provider, placing.environments);
    check_driver(placing);
  }
}

// `place all on P` promises that nothing else is needed there.
void Checker::check_promises(const ResourceInfo& info, const DeclaredResource& declared) {
  const ast::Declaration& declaration = *declared.declaration;
  if (!declaration.existing && info.kind != "resource") {
    return;
  }
  const std::optional<ast::Name>& own =
      info.kind == "resource" ? declaration.provider : declaration.on;
  const EnvironmentSet certainly = statics_.scope(declared.scope).certainly;
  for (std::size_t i = 0; own && i < placements_.size(); ++i) {
    const auto promise = placements_[i].promise();
    if (!promise || !certainly.contains(i) ||
        driver_of(module_, promise->provider) == driver_of(module_, own->text)) {
      continue;
    }
    auto& diagnostic =
        error("E0403", own->span,
              fmt::format("`{}` needs {}, and everything of `{}` is placed on {}", info.address,
                          own->text, module_.environments[i], promise->provider));
    diagnostic.related.push_back({promise->span, "a promise that nothing else is needed"});
    diagnostic.help.push_back(
        fmt::format("put it into `if environment != {} {{ … }}`", module_.environments[i]));
    return;
  }
}

void Checker::check_driver(const Placing& placing) {
  if (types_of_kind(placing.schema, placing.info.kind).empty()) {
    auto& diagnostic =
        error("E0405", placing.declared.declaration->name.span,
              fmt::format("{} has no {}s: it cannot {} `{}`", placing.provider, placing.info.kind,
                          verb_of(placing.info.kind), placing.info.address));
    diagnostic.related.push_back({placing.placed, "placed here"});
    diagnostic.address = placing.info.address;
    return;
  }
  const auto types = check_limits(placing);
  if (types.empty()) {
    return;
  }
  check_taken(placing, types);
  if (types.size() == 1) {
    check_written(placing, *types.front());
  }
}

// --- attributes that a platform does not have

void Checker::check_taken(const Placing& placing, const std::vector<const TypeSchema*>& types) {
  const TypeId portable = kind_types_.attributes(placing.info.kind);
  check_taken_below(placing, types, placing.declared.declaration->body, portable, "", false);
  if (placing.overlay != nullptr) {
    check_taken_below(placing, types, *placing.overlay, portable, "", true);
  }
}

void Checker::check_taken_below(const Placing& placing, const std::vector<const TypeSchema*>& types,
                                const ast::Body& body, TypeId record, const std::string& prefix,
                                bool overlay) {
  for (const auto& item : body.items) {
    const TypeField* field = item.kind == ast::Item::Kind::spread || item.key.expression
                                 ? nullptr
                                 : record->field(item.key.text);
    if (field == nullptr || !item.value || is_null_literal(*item.value)) {
      continue;  // what is no portable attribute is held against the driver's own elsewhere
    }
    const std::string path = prefix + "/" + field->name;
    const auto* below = item.value->as<ast::Body>();
    TypeId type = field->type;
    std::string deeper = path;
    if (item.label && type->base == TypeBase::map) {
      type = type->element;
      deeper = join(path, item.label->text);
    }
    if (below != nullptr && type->base == TypeBase::record) {
      check_taken_below(placing, types, *below, type, deeper, overlay);
      continue;
    }
    const ast::Item* replaced =
        placing.overlay == nullptr || overlay ? nullptr : deepest_item(*placing.overlay, path);
    if (replaced != nullptr && replaced->value && is_null_literal(*replaced->value)) {
      continue;
    }
    const bool taken = std::any_of(types.begin(), types.end(), [&](const TypeSchema* one) {
      return takes_attribute(*one, path) || takes_attribute(*one, "/" + placing.schema.name + path);
    });
    if (taken) {
      continue;
    }
    auto& diagnostic = error("E0401", item.key.span,
                             fmt::format("{} has no attribute `{}` for `{}`", placing.provider,
                                         path.substr(1), placing.info.address));
    diagnostic.related.push_back({placing.placed, "placed here"});
    diagnostic.address = placing.info.address;
    if (!overlay) {
      diagnostic.help.push_back(
          fmt::format("take it away there: `{} {{ {} = null }}`", placing.driver, item.key.text));
      diagnostic.help.push_back("or write it in the block of a driver that has it");
    }
  }
}

// Resources on a provider that a reference could mean, as many as a message would name; none for
// what is no reference.
const std::vector<std::string>& Checker::candidates_for(const Attribute& attribute,
                                                        std::string_view provider) {
  const auto [slot, fresh] = candidates_.try_emplace({&attribute, provider});
  std::vector<std::string>& found = slot->second;
  if (!fresh || attribute.type.base != Type::reference) {
    return found;
  }
  const TypeId wanted = types_.reference_to(attribute.type.names);
  for (const auto& other : resources_) {
    const bool there = std::any_of(other->places.begin(), other->places.end(),
                                   [&](const auto& place) { return place.first == provider; });
    if (other->kind != "secret" && there && fit(wanted, other->type) == Fit::yes) {
      found.push_back("`" + std::string(other->address) + "`");
      if (found.size() == 8) {
        break;
      }
    }
  }
  return found;
}

// What the platform cannot do without. A reference that is left out is filled in where only one
// resource can be meant.
void Checker::check_written(const Placing& placing, const TypeSchema& type) {
  const ast::Body& body = placing.declared.declaration->body;
  if (has_spread(body) || (placing.overlay != nullptr && has_spread(*placing.overlay))) {
    return;
  }
  const std::string own = "/" + placing.schema.name;
  for (const auto& attribute : type.attributes) {
    if (attribute.presence != Presence::required || attribute.fill != Fill::nothing) {
      continue;
    }
    const bool prefixed = covers(own, attribute.path);
    const std::string_view path =
        prefixed ? std::string_view(attribute.path).substr(own.size()) : attribute.path;
    if (path.size() < 2 || path.find('/', 1) != std::string_view::npos ||
        (placing.overlay != nullptr && deepest_item(*placing.overlay, path) != nullptr) ||
        (!prefixed && deepest_item(body, path) != nullptr)) {
      continue;
    }
    const std::vector<std::string>& candidates = candidates_for(attribute, placing.provider);
    if (candidates.size() == 1) {
      continue;
    }
    const bool portable =
        kind_types_.attributes(placing.info.kind)->field(path.substr(1)) != nullptr;
    auto& diagnostic = error("E0302", placing.declared.declaration->name.span,
                             fmt::format("on {}, `{}` needs `{}`", placing.provider,
                                         placing.info.address, path.substr(1)));
    diagnostic.related.push_back({placing.placed, "placed here"});
    diagnostic.address = placing.info.address;
    diagnostic.help.push_back(
        portable ? fmt::format("write `{} = …`", path.substr(1))
                 : fmt::format("write `{} {{ {} = … }}`", placing.driver, path.substr(1)));
    if (!candidates.empty()) {
      diagnostic.help.push_back("it could be " + list_text(candidates, "or"));
    }
  }
}

// --- limits

std::string Checker::tier_of(std::string_view provider) const {
  const auto block = module_.providers.find(provider);
  const ast::Item* item =
      block == module_.providers.end() ? nullptr : find_item(block->second->body, "tier");
  if (item == nullptr || !item->value) {
    return {};
  }
  const auto value = statics_.constant(*item->value, 0, 0);
  return value ? value->text() : std::string();
}

Value Checker::known_call(const ast::Call& call, std::size_t environment, ScopeId scope) const {
  const auto known = [&](std::size_t index) {
    return index < call.arguments.size()
               ? known_value(*call.arguments[index].value, environment, scope)
               : Value(Unknown{});
  };
  if (const auto* member = call.callee->as<ast::Member>()) {
    Object object{{"service", Unknown{}}};
    if (member->name.text == "http") {
      object.emplace("path", known(0));
      object.emplace("method", "GET");
    } else {
      object.emplace("command", known(0));
    }
    for (const auto& argument : call.arguments) {
      if (argument.name) {
        object.insert_or_assign(argument.name->text,
                                known_value(*argument.value, environment, scope));
      }
    }
    return Value(std::move(object));
  }
  const auto* callee = call.callee->as<ast::NameExpression>();
  if (callee == nullptr || call.arguments.empty()) {
    return Unknown{};
  }
  const std::string& name = callee->name;
  if (name != "image" && name != "github" && name != "git" && name != "directory") {
    return Unknown{};
  }
  Value first = known(0);
  return Object{{name, first.is_unknown() ? Value("…") : std::move(first)}};
}

Value Checker::known_value(const ast::Expression& expression, std::size_t environment,
                           ScopeId scope) const {
  if (const auto* body = expression.as<ast::Body>()) {
    Object object;
    for (const auto& item : body->items) {
      if (item.kind == ast::Item::Kind::spread || item.key.expression || !item.value) {
        return Unknown{};
      }
      Value value = known_value(*item.value, environment, scope);
      if (!item.label) {
        object.insert_or_assign(item.key.text, std::move(value));
        continue;
      }
      Value& group = object[item.key.text];
      if (group.as<Object>() == nullptr) {
        group = Value(Object{});
      }
      group.as<Object>()->insert_or_assign(item.label->text, std::move(value));
    }
    return Value(std::move(object));
  }
  if (const auto* call = expression.as<ast::Call>()) {
    return known_call(*call, environment, scope);
  }
  if (const auto* conditional = expression.as<ast::Conditional>()) {
    const auto condition = statics_.constant(*conditional->condition, environment, scope);
    const bool* truth = condition ? condition->as<bool>() : nullptr;
    return truth == nullptr ? Value(Unknown{})
                            : known_value(*truth ? *conditional->then : *conditional->otherwise,
                                          environment, scope);
  }
  auto value = statics_.constant(expression, environment, scope);
  return value ? std::move(*value) : Value(Unknown{});
}

// The attributes on one provider as far as the text says them: overlay merged, the rest Unknown.
Value Checker::known_attributes(const Placing& placing, std::size_t environment) const {
  const ScopeId scope = placing.declared.scope;
  Object merged;
  const auto write = [&](const ast::Body& body, bool overlay) {
    for (const auto& item : body.items) {
      if (item.kind == ast::Item::Kind::spread || item.key.expression || !item.value ||
          (!overlay && is_driver(item.key.text))) {
        continue;
      }
      Value value = known_value(*item.value, environment, scope);
      Value& slot = merged[item.key.text];
      if (item.label) {
        if (slot.as<Object>() == nullptr) {
          slot = Value(Object{});
        }
        slot.as<Object>()->insert_or_assign(item.label->text, std::move(value));
      } else if (overlay && slot.as<Object>() != nullptr && value.as<Object>() != nullptr) {
        for (const auto& [key, part] : value.object()) {
          slot.as<Object>()->insert_or_assign(key, part);
        }
      } else {
        slot = std::move(value);
      }
    }
  };
  write(placing.declared.declaration->body, false);
  if (placing.overlay != nullptr) {
    write(*placing.overlay, true);
    Object own = merged;
    merged.insert_or_assign(placing.schema.name, Value(std::move(own)));
  }
  return Value(std::move(merged));
}

void Checker::report_limit(const Placing& placing, const Limit& limit, const Value& attributes,
                           Severity severity) {
  const std::size_t star = limit.path.find("/*");
  const std::string path = limit.path.substr(0, star);
  const Value& value = attributes.at(path);
  const std::string name = path.substr(std::min<std::size_t>(1, path.size()));
  const bool life = path == "/run_as";
  std::string problem;
  if (life) {
    problem = fmt::format("it is a {}", value.text());
  } else if (limit.rule == Rule::absent || shown(value).empty()) {
    problem = fmt::format("it has `{}`", name);
  } else {
    problem = fmt::format("`{}` is {}", name, shown(value));
  }
  const std::string reason = limit.reason.empty() ? limit_text(limit) : limit.reason;
  const ast::Item* item =
      placing.overlay == nullptr ? nullptr : deepest_item(*placing.overlay, path);
  item = item == nullptr ? deepest_item(placing.declared.declaration->body, path) : item;
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.code = severity == Severity::error ? "E0412" : "W0413";
  diagnostic.span = item != nullptr ? item->span : placing.declared.declaration->name.span;
  diagnostic.message =
      fmt::format("{} {} {} `{}`: {}, and {}", placing.provider,
                  severity == Severity::error ? "cannot" : "may not", verb_of(placing.info.kind),
                  placing.info.address, problem, reason);
  diagnostic.label = life ? std::string(life_of(value.text())) : limit_text(limit);
  diagnostic.related.push_back({placing.placed, "placed here"});
  if (!limit.help.empty()) {
    diagnostic.help.push_back(limit.help);
  }
  diagnostic.address = placing.info.address;
  diagnostics_.add(std::move(diagnostic));
}

namespace {

std::vector<const Limit*> broken_limits(const TypeSchema& type, const Value& attributes,
                                        std::string_view tier) {
  std::vector<const Limit*> broken;
  for (const auto& limit : type.limits) {
    if (!limit_holds(limit, attributes, tier)) {
      broken.push_back(&limit);
    }
  }
  return broken;
}

// When every type wants another value of the same attribute: one limit that names them all.
std::optional<Limit> joined_limit(const std::vector<std::vector<const Limit*>>& broken) {
  Limit joined{broken.front().front()->path, Rule::one_of, {}, {}, {}, {}, {}};
  List values;
  for (const auto& limits : broken) {
    const auto same = std::find_if(limits.begin(), limits.end(), [&](const Limit* limit) {
      return limit->path == joined.path && limit->rule == Rule::one_of;
    });
    if (same == limits.end()) {
      return std::nullopt;
    }
    const List& more = (*same)->value.list();
    values.insert(values.end(), more.begin(), more.end());
  }
  joined.value = Value(std::move(values));
  return joined;
}

}  // namespace

// The types that may serve the resource; none when a limit was broken, which has been said then.
std::vector<const TypeSchema*> Checker::check_limits(const Placing& placing) {
  const auto types = types_of_kind(placing.schema, placing.info.kind);
  const bool limited = std::any_of(types.begin(), types.end(),
                                   [](const TypeSchema* type) { return !type->limits.empty(); });
  if (!limited) {
    return types;
  }
  const std::string tier = tier_of(placing.provider);
  std::vector<const TypeSchema*> fitting;
  for (std::size_t i = 0; i < module_.environments.size(); ++i) {
    if (!placing.environments.contains(i)) {
      continue;
    }
    const Value attributes = known_attributes(placing, i);
    std::vector<std::vector<const Limit*>> broken;
    for (const TypeSchema* type : types) {
      auto limits = broken_limits(*type, attributes, tier);
      if (!limits.empty()) {
        broken.push_back(std::move(limits));
      } else if (std::find(fitting.begin(), fitting.end(), type) == fitting.end()) {
        fitting.push_back(type);
      }
    }
    if (broken.size() == types.size()) {
      if (const auto joined = types.size() > 1 ? joined_limit(broken) : std::nullopt) {
        report_limit(placing, *joined, attributes, Severity::error);
        return {};
      }
      const auto closest = std::min_element(
          broken.begin(), broken.end(),
          [](const auto& left, const auto& right) { return left.size() < right.size(); });
      for (const Limit* limit : *closest) {
        report_limit(placing, *limit, attributes, Severity::error);
      }
      return {};
    }
    for (const auto& limit : fitting.front()->limits) {
      if (tier.empty() && !limit.tiers.empty() &&
          !limit_holds(limit, attributes, limit.tiers.front())) {
        report_limit(placing, limit, attributes, Severity::warning);
      }
    }
  }
  return fitting;
}

}  // namespace infra
