#include "compiler/placement.h"

#include <algorithm>

#include "compiler/environment_set.h"

namespace infra {
namespace {

// The keys of a selector's step, when all are plain text or numbers.
std::optional<std::vector<std::string>> literal_keys(const ast::AddressExpression::Step& step) {
  std::vector<std::string> keys;
  for (const auto& key : step.keys) {
    const auto* literal = key.as<ast::Literal>();
    if (literal == nullptr || literal->value.as<std::string>() == nullptr) {
      return std::nullopt;
    }
    keys.push_back(literal->value.text());
  }
  return keys;
}

bool starts_with(std::span<const std::string> keys, std::span<const std::string> prefix) {
  return prefix.size() <= keys.size() && std::equal(prefix.begin(), prefix.end(), keys.begin());
}

}  // namespace

const ast::Item* find_item(const ast::Body& body, std::string_view key) {
  for (const auto& item : body.items) {
    if (item.kind != ast::Item::Kind::spread && !item.label && !item.key.expression &&
        item.key.text == key) {
      return &item;
    }
  }
  return nullptr;
}

std::string_view driver_of(const Module& module, std::string_view provider) {
  const auto found = module.drivers.find(provider);
  return found == module.drivers.end() ? provider : std::string_view(found->second);
}

std::optional<std::string_view> called_service(const ast::Declaration& cron) {
  for (const std::string_view key : {"call", "run"}) {
    const ast::Item* item = find_item(cron.body, key);
    if (item == nullptr || !item->value) {
      continue;
    }
    const ast::Expression* value = &*item->value;
    while (const auto* conditional = value->as<ast::Conditional>()) {
      value = &*conditional->then;
    }
    const ResourceMention mention = mentioned_resource(*value);
    if (mention && mention.kind == "service") {
      return mention.name;
    }
  }
  return std::nullopt;
}

Placements::Placements(const Module& module, std::string_view environment) : module_(module) {
  const auto found = module.environment_blocks.find(environment);
  if (found == module.environment_blocks.end()) {
    return;
  }
  for (const ast::Environment* block : found->second) {
    for (const auto& place : block->places) {
      for (const auto& selector : place.selectors) {
        add(selector, place);
      }
    }
  }
}

void Placements::set(std::optional<Placement>& slot, Placement placement,
                     std::string_view selector) {
  if (!slot) {
    slot = placement;
  } else if (slot->provider != placement.provider) {
    conflicts_.push_back({slot->span, placement.span, selector});
  }
}

void Placements::add(const ast::AddressExpression& selector, const ast::Environment::Place& place) {
  Placement placement{place.provider.text, place.span, true, false};
  const auto& steps = selector.steps;
  if (steps.size() == 1 && steps[0].name.text == "all") {
    placement.by_all = true;
    set(all_, placement, "all");
    return;
  }
  std::string address;
  for (const auto& step : steps) {
    address += (address.empty() ? "" : ".") + step.name.text;
  }
  auto keys = literal_keys(steps.back());
  if (!keys) {
    return;  // the checker refuses it
  }
  if (!keys->empty()) {
    add_keyed(address, std::move(*keys), placement);
    return;
  }
  const auto [slot, inserted] = selectors_.try_emplace(address);
  set(slot->second, placement, slot->first);
}

void Placements::add_keyed(const std::string& address, std::vector<std::string> keys,
                           Placement placement) {
  auto& rules = keyed_[address];
  for (const auto& rule : rules) {
    if (rule.keys == keys) {
      if (rule.placement.provider != placement.provider) {
        conflicts_.push_back({rule.placement.span, placement.span, keyed_.find(address)->first});
      }
      return;
    }
  }
  rules.push_back({std::move(keys), placement});
}

std::optional<Placement> Placements::rule(std::string_view kind, std::string_view name,
                                          std::span<const std::string> keys) const {
  if (!keyed_.empty() || selectors_.size() > 0) {
    const std::string address = std::string(kind) + "." + std::string(name);
    if (const auto found = keyed_.find(address); found != keyed_.end() && !keys.empty()) {
      const KeyedRule* best = nullptr;
      for (const auto& candidate : found->second) {
        if (starts_with(keys, candidate.keys) &&
            (best == nullptr || candidate.keys.size() > best->keys.size())) {
          best = &candidate;
        }
      }
      if (best != nullptr) {
        return best->placement;
      }
    }
    if (const auto found = selectors_.find(address); found != selectors_.end()) {
      return found->second;
    }
    if (const auto found = selectors_.find(std::string(kind)); found != selectors_.end()) {
      return found->second;
    }
  }
  return all_;
}

Placement Placements::find(const ast::Declaration& declaration,
                           std::span<const std::string> keys) const {
  const std::string_view kind = declaration.kind.text;
  if (kind == "secret") {
    return {};
  }
  if (kind == "resource") {
    return declaration.provider
               ? Placement{declaration.provider->text, declaration.provider->span, false, false}
               : Placement{};
  }
  Placement own;
  if (declaration.on) {
    own = {declaration.on->text, declaration.on->span, false, false};
  }
  if (declaration.existing) {
    return own;
  }
  if (const auto found = rule(kind, declaration.name.text, keys)) {
    return *found;
  }
  if (kind != "cron" || declaration.on) {
    return own;
  }
  const auto service = called_service(declaration);
  if (!service) {
    return own;
  }
  const auto target = module_.resources.find("service." + std::string(*service));
  return target == module_.resources.end() || target->second.empty()
             ? own
             : find(*target->second.front().declaration, keys);
}

std::vector<Placement> Placements::find_all(const ast::Declaration& declaration) const {
  std::vector<Placement> places{find(declaration)};
  if (keyed_.empty() || declaration.existing) {
    return places;
  }
  std::string address = declaration.kind.text + "." + declaration.name.text;
  if (const auto found = keyed_.find(address); found != keyed_.end()) {
    for (const auto& rule : found->second) {
      places.push_back(rule.placement);
    }
  }
  return places;
}

}  // namespace infra
