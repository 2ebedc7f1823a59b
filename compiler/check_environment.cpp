// `stack`, `environment` and `provider`: what is settled before any resource.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compiler/checker.h"

namespace infra {

TypeId Checker::optional_secret_text() {
  return types_.optional(types_.secret(types_.text()));
}

void Checker::no_effect(std::string_view word, const Span& span) {
  const auto known = std::find_if(no_effect_.begin(), no_effect_.end(),
                                  [&](const auto& entry) { return entry.first == word; });
  if (known == no_effect_.end()) {
    no_effect_.emplace_back(word, span);
  }
}

void Checker::note_what_has_no_effect() {
  if (no_effect_.empty()) {
    return;
  }
  std::vector<std::string> words;
  for (const auto& [word, span] : no_effect_) {
    words.push_back("`" + word + "`");
  }
  const bool one = words.size() == 1;
  auto& note =
      diagnostics_.note("N0301", no_effect_.front().second,
                        fmt::format("{} {} checked, and {} no effect yet", list_text(words),
                                    one ? "is" : "are", one ? "has" : "have"));
  for (std::size_t i = 1; i < no_effect_.size(); ++i) {
    note.related.push_back({no_effect_[i].second, "and this"});
  }
}

void Checker::check_stack() {
  if (module_.stack == nullptr) {
    return;
  }
  const ast::Stack& stack = *module_.stack;
  const Site site = site_of(0, Purpose::before_resources);
  refuse_duplicates(stack.body);
  const TypeId state = types_.text();
  const TypeId encryption = types_.record({{"key", optional_secret_text(), false},
                                           {"passphrase", optional_secret_text(), false},
                                           {"key_file", types_.optional(types_.text()), false}});
  const TypeId record = types_.record({{"environments", types_.list(types_.text()), false},
                                       {"state", state, false},
                                       {"encryption", encryption, false}});
  for (const auto& item : stack.body.items) {
    const TypeField* field =
        item.kind == ast::Item::Kind::spread ? nullptr : record->field(item.key.text);
    if (item.kind == ast::Item::Kind::spread) {
      error("E0301", item.span, "nothing can be spread into a `stack`: it is settled first");
    } else if (field == nullptr || item.key.expression) {
      report_unknown_attribute(item, record, "a `stack`");
    } else if (field->name != "environments") {  // that one was read before everything else
      coerce_item(item, *field, site);
      no_effect(field->name, item.key.span);
      const auto* keys = item.value->as<ast::Body>();
      if (field->name == "encryption" && keys != nullptr && keys->items.size() != 1) {
        error("E0313", item.key.span,
              "`encryption` has exactly one of `key`, `passphrase` and `key_file`");
      }
    }
  }
}

// --- environments

void Checker::check_environments() {
  for (std::size_t i = 0; i < module_.environments.size(); ++i) {
    const auto found = module_.environment_blocks.find(module_.environments[i]);
    if (found == module_.environment_blocks.end()) {
      continue;
    }
    for (const ast::Environment* block : found->second) {
      check_places_of(*block);
      check_environment(*block, i);
    }
    for (const auto& conflict : placements_[i].conflicts()) {
      auto& diagnostic = error("E0404", conflict.second,
                               fmt::format("two rules place `{}` of `{}` on different providers",
                                           conflict.selector, module_.environments[i]));
      diagnostic.related.push_back({conflict.first, "the other rule"});
      diagnostic.help.push_back(
          "keep one; a rule for a single address beats one for a kind, and "
          "that one beats `all`");
    }
  }
}

void Checker::check_places_of(const ast::Environment& block) {
  for (const auto& place : block.places) {
    check_provider(place.provider);
    for (const auto& selector : place.selectors) {
      check_selector(selector);
    }
  }
}

void Checker::check_selector(const ast::AddressExpression& selector) {
  const auto& steps = selector.steps;
  const std::string& first = steps.front().name.text;
  if (steps.size() == 1 && first == "all") {
    return;
  }
  if (aliases_.contains(first)) {
    return;  // a component's; said to be unavailable where it is used
  }
  if (!is_resource_kind(first) || first == "secret" || first == "resource") {
    auto& diagnostic =
        error("E0207", selector.span,
              first == "secret" || first == "resource"
                  ? fmt::format("a {} cannot be placed", first)
                  : fmt::format("`{}` is neither `all`, a kind nor an address", first));
    suggest(diagnostic, first, {"all", "service", "database", "bucket", "cron"});
    if (diagnostic.help.empty()) {
      diagnostic.help.push_back("placed are services, databases, buckets and crons");
    }
    return;
  }
  for (const auto& step : steps) {
    for (const auto& key : step.keys) {
      const auto* literal = key.as<ast::Literal>();
      if (literal == nullptr || literal->value.as<std::string>() == nullptr) {
        error("E0207", key.span, "a key in `place` is a plain text, such as [\"eu\"]");
      }
    }
  }
  if (steps.size() == 1) {
    return;
  }
  const ResourceInfo* info = find_resource(first, steps[1].name.text);
  if (info == nullptr) {
    report_unknown_resource(first, steps[1].name);
  } else if (steps.size() > 2) {
    error("E0207", steps[2].name.span,
          fmt::format("a {} lives with its {}", steps[2].name.text, first))
        .help.push_back(fmt::format("place `{}` instead", info->address));
  } else if (info->declarations->front().declaration->existing) {
    error("E0404", selector.span,
          fmt::format("`{}` is an `existing` one: it stays where it is", info->address));
  } else if (steps[1].keys.size() > info->loops.size()) {
    error("E0207", selector.span,
          fmt::format("`{}` has {}", info->address, plural(info->loops.size(), "key")));
  }
}

void Checker::check_protect(const ast::Expression& list) {
  const auto* elements = list.as<ast::ListLiteral>();
  if (elements == nullptr) {
    error("E0303", list.span, "`protect` is a list of kinds and addresses")
        .help.push_back("write `protect = [database, service.web]`");
    return;
  }
  for (const auto& element : elements->elements) {
    const auto* word = element.value->as<ast::NameExpression>();
    if (word != nullptr && is_resource_kind(word->name)) {
      continue;
    }
    if (!element.spread) {
      const auto address = read_address(*element.value);
      if (address && find_resource(address->kind, address->name) == nullptr) {
        report_unknown_resource(address->kind, {address->name, address->span});
      }
    } else {
      error("E0303", element.value->span, "`protect` names kinds and addresses one by one");
    }
  }
}

void Checker::check_after(const ast::Environment& block, const ast::Expression& value) {
  const Site site = site_of(0, Purpose::before_resources);
  if (coerce(value, environment_type_, site, "after")->base == TypeBase::error) {
    return;
  }
  // One step after the other, back to where it began?
  std::vector<std::string> path{block.name.text};
  const ast::Expression* next = &value;
  while (next != nullptr && path.size() <= module_.environments.size()) {
    const auto known = statics_.constant(*next, 0, 0);
    if (!known) {
      return;
    }
    path.push_back(known->text());
    if (path.back() == path.front()) {
      error("E0601", value.span,
            fmt::format("environments wait for each other in a circle: {}", join(path, " → ")));
      return;
    }
    const auto found = module_.environment_blocks.find(path.back());
    const ast::Item* item = found == module_.environment_blocks.end()
                                ? nullptr
                                : find_item(found->second.front()->settings, "after");
    next = item == nullptr || !item->value ? nullptr : &*item->value;
  }
}

void Checker::check_environment(const ast::Environment& block, std::size_t index) {
  Site site = site_of(0, Purpose::before_resources);
  site.environments = EnvironmentSet::one(index);
  refuse_duplicates(block.settings);
  for (const auto& item : block.settings.items) {
    if (item.kind == ast::Item::Kind::spread || item.key.expression || item.label) {
      error("E0301", item.span, "an `environment` block holds settings by their plain name");
      continue;
    }
    const std::string& key = item.key.text;
    if (key == "protect") {
      check_protect(*item.value);
    } else if (key == "after") {
      check_after(block, *item.value);
      no_effect(key, item.key.span);
    } else if (key == "approvals") {
      coerce(*item.value, types_.integer(), site, key);
      check_range(item, site);
      no_effect(key, item.key.span);
    } else if (key == "ephemeral") {
      coerce(*item.value, types_.boolean(), site, key);
    } else if (const auto found = module_.parameters.find(key); found != module_.parameters.end()) {
      rests_ = on_nothing;
      coerce(*item.value, parameters_[found->second], site, key);
    } else {
      auto& diagnostic =
          error("E0202", item.key.span, fmt::format("there is no param `{}`", printable(key)));
      std::vector<std::string> names{"protect", "after", "approvals", "ephemeral"};
      for (const auto& [name, parameter] : module_.parameters) {
        names.push_back(name);
      }
      suggest(diagnostic, key, names);
      if (diagnostic.help.empty()) {
        diagnostic.help.push_back(fmt::format("declare it: param {}: TYPE", key));
      }
    }
  }
}

// --- providers

void Checker::check_providers() {
  const Site site = site_of(0, Purpose::before_resources);
  for (const auto& [alias, block] : module_.providers) {
    const ProviderSchema* known = schema(block->name.text);
    if (known == nullptr) {
      infer_freely(block->body, site);
      continue;
    }
    const TypeId record = kind_types_.settings(*known);
    std::vector<TypeField> fields = record->fields;
    for (const auto& endpoint : known->endpoints) {
      const bool listed = std::any_of(fields.begin(), fields.end(), [&](const TypeField& field) {
        return field.name == endpoint.name;
      });
      if (!endpoint.name.empty() && !listed) {  // an address of its own replaces the platform's
        fields.push_back({endpoint.name, optional_secret_text(), false});
      }
    }
    check_shape(block->body, fields,
                alias == block->name.text ? block->name.span : block->alias->span, site,
                fmt::format("the provider `{}`", alias));
  }
}

// One warning for each platform that is declared or used, and has no driver in this program.
void Checker::warn_of_missing_drivers() {
  std::map<std::string_view, Span> missing;
  for (const auto& [alias, block] : module_.providers) {
    if (schema(block->name.text) == nullptr) {
      missing.emplace(block->name.text, block->name.span);
    }
  }
  const auto used = [&](const ast::Name& name) {
    const std::string_view driver = driver_of(module_, name.text);
    if (schema(driver) == nullptr && is_driver(driver)) {
      missing.emplace(driver, name.span);
    }
  };
  for (const auto& environment : module_.environments) {
    const auto found = module_.environment_blocks.find(environment);
    if (found == module_.environment_blocks.end()) {
      continue;
    }
    for (const auto& place : found->second.front()->places) {
      used(place.provider);
    }
  }
  for (const auto& info : resources_) {
    for (const auto& declared : *info->declarations) {
      if (declared.declaration->on) {
        used(*declared.declaration->on);
      }
      if (declared.declaration->provider) {
        used(*declared.declaration->provider);
      }
    }
  }
  for (const auto& [driver, span] : missing) {
    auto& warning = diagnostics_.warning(
        "W0401", span, fmt::format("this program has no driver for `{}` yet", driver));
    warning.label = "what belongs to it is not checked";
    warning.help.push_back("environments that do not use it can be planned and applied");
  }
}

}  // namespace infra
