// The order of the checking pass, and what exists where.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compiler/checker.h"

namespace infra {
namespace {

// Platforms that need no provider block, because there is nothing to say about them.
constexpr std::array<std::string_view, 2> without_block{"local", "docker"};

bool same_operands(const ast::Binary& left, const ast::Binary& right) {
  return left.operation == right.operation && same_expression(*left.left, *right.left) &&
         same_expression(*left.right, *right.right);
}

bool same_elements(const ast::ListLiteral& left, const ast::ListLiteral& right) {
  return std::equal(left.elements.begin(), left.elements.end(), right.elements.begin(),
                    right.elements.end(), [](const ast::Element& one, const ast::Element& other) {
                      return one.spread == other.spread &&
                             same_expression(*one.value, *other.value);
                    });
}

}  // namespace

bool same_expression(const ast::Expression& left, const ast::Expression& right) {
  if (&left == &right) {
    return true;
  }
  if (left.node.index() != right.node.index()) {
    return false;
  }
  if (const auto* name = left.as<ast::NameExpression>()) {
    return name->name == right.as<ast::NameExpression>()->name;
  }
  if (const auto* literal = left.as<ast::Literal>()) {
    return same(literal->value, right.as<ast::Literal>()->value);
  }
  if (const auto* member = left.as<ast::Member>()) {
    const auto* other = right.as<ast::Member>();
    return member->name.text == other->name.text &&
           same_expression(*member->object, *other->object);
  }
  if (const auto* index = left.as<ast::Index>()) {
    const auto* other = right.as<ast::Index>();
    return same_expression(*index->index, *other->index) &&
           same_expression(*index->object, *other->object);
  }
  if (const auto* unary = left.as<ast::Unary>()) {
    const auto* other = right.as<ast::Unary>();
    return unary->operation == other->operation &&
           same_expression(*unary->operand, *other->operand);
  }
  if (const auto* binary = left.as<ast::Binary>()) {
    return same_operands(*binary, *right.as<ast::Binary>());
  }
  if (const auto* list = left.as<ast::ListLiteral>()) {
    return same_elements(*list, *right.as<ast::ListLiteral>());
  }
  return false;
}

Checker::Checker(const Module& module, const Sources& sources,
                 const std::vector<const ProviderSchema*>& schemas, Diagnostics& diagnostics)
    : module_(module), sources_(sources), diagnostics_(diagnostics), statics_(module) {
  for (const ProviderSchema* schema : schemas) {
    schemas_.emplace(schema->name, schema);
    driver_names_.insert(schema->name);
  }
  for (const auto& [alias, driver] : module.drivers) {
    driver_names_.insert(driver);
  }
  driver_names_.insert(without_block.begin(), without_block.end());
  for (const auto& environment : module.environments) {
    placements_.emplace_back(module, environment);
  }
  environment_type_ = types_.enumeration(module.environments);
  for (const auto& use : module.uses) {
    aliases_.insert(use.statement->as<ast::Use>()->alias.text);
  }
  scope_facts_.resize(module.scopes.size());
  scope_facts_known_.resize(module.scopes.size());
}

void Checker::run() {
  refuse_what_is_not_available();
  prepare_resources();
  check_stack();
  check_values();
  check_environments();
  check_providers();
  for (const auto& info : resources_) {
    check_resource(*info);
  }
  check_outputs();
  check_checks();
  check_notifies();
  check_policies();
  check_moved();
  check_removed();
  check_adopts();
  warn_of_missing_drivers();
  note_what_has_no_effect();
}

void Checker::refuse_what_is_not_available() {
  const auto refuse = [&](const Span& span, std::string_view word) {
    auto& diagnostic = error(
        "E0230", {span.file, span.begin, span.begin + static_cast<std::uint32_t>(word.size())},
        fmt::format("`{}` is not available yet", word));
    diagnostic.help.push_back("write the resources out, or make them with `for`");
  };
  for (const auto& [name, component] : module_.components) {
    refuse(component.statement->span, "component");
  }
  for (const auto& use : module_.uses) {
    refuse(use.statement->span, "use");
  }
  for (const auto& import : module_.imports) {
    refuse(import.statement->span, "import");
  }
}

// --- what exists where

bool Checker::encloses(ScopeId outer, ScopeId inner) const {
  while (module_.scopes[inner].depth > module_.scopes[outer].depth) {
    inner = module_.scopes[inner].parent;
  }
  return inner == outer;
}

Site Checker::site_of(ScopeId scope, Purpose purpose) const {
  return {scope, statics_.scope(scope).possibly, purpose, false};
}

void Checker::add_facts(const ast::Expression& condition, bool truth, std::vector<Premise>& facts) {
  if (const auto* unary = condition.as<ast::Unary>();
      unary != nullptr && unary->operation == ast::UnaryOperator::logical_not) {
    add_facts(*unary->operand, !truth, facts);
    return;
  }
  const auto joining = truth ? ast::BinaryOperator::logical_and : ast::BinaryOperator::logical_or;
  if (const auto* binary = condition.as<ast::Binary>();
      binary != nullptr && binary->operation == joining) {
    add_facts(*binary->left, truth, facts);
    add_facts(*binary->right, truth, facts);
    return;
  }
  facts.push_back({&condition, truth});
}

const std::vector<Premise>& Checker::scope_facts(ScopeId scope) {
  if (!scope_facts_known_[scope]) {
    std::vector<Premise> facts;
    if (scope != 0) {
      const Scope& here = module_.scopes[scope];
      facts = scope_facts(here.parent);
      if (here.condition != nullptr) {
        add_facts(here.condition->condition, here.then, facts);
      }
    }
    scope_facts_[scope] = std::move(facts);
    scope_facts_known_[scope] = true;
  }
  return scope_facts_[scope];
}

bool Checker::known_fact(const ast::Expression& condition, bool truth, const Site& site) {
  const auto says_so = [&](const Premise& fact) {
    return fact.truth == truth && same_expression(*fact.expression, condition);
  };
  const auto& facts = scope_facts(site.scope);
  return std::any_of(facts.begin(), facts.end(), says_so) ||
         std::any_of(facts_.begin(), facts_.end(), says_so);
}

// True when an enclosing condition says `path != null`.
bool Checker::known_present(const ast::Expression& path, const Site& site) {
  const auto says_so = [&](const Premise& fact) {
    const auto* test = fact.expression->as<ast::Binary>();
    const auto wanted = fact.truth ? ast::BinaryOperator::unequal : ast::BinaryOperator::equal;
    if (test == nullptr || test->operation != wanted) {
      return false;
    }
    const auto is_null = [](const ast::Expression& expression) {
      const auto* literal = expression.as<ast::Literal>();
      return literal != nullptr && literal->value.is_null();
    };
    return (is_null(*test->right) && same_expression(*test->left, path)) ||
           (is_null(*test->left) && same_expression(*test->right, path));
  };
  const auto& facts = scope_facts(site.scope);
  return std::any_of(facts_.begin(), facts_.end(), says_so) ||
         std::any_of(facts.begin(), facts.end(), says_so);
}

// The environments of a place in which a condition surely has this truth.
EnvironmentSet Checker::where_holds(const ast::Expression& condition, bool truth, ScopeId written,
                                    const Site& site) {
  std::vector<Premise> parts;
  add_facts(condition, truth, parts);
  EnvironmentSet holds = statics_.all();
  for (const Premise& part : parts) {
    if (!known_fact(*part.expression, part.truth, site)) {
      const Verdict verdict = statics_.verdict(*part.expression, written);
      holds = holds & (part.truth ? verdict.certainly : statics_.all().without(verdict.possibly));
    }
  }
  return holds;
}

// The environments of a place in which a resource surely exists. Conditions inside rounds that are
// not shared only say which rounds there are.
EnvironmentSet Checker::covered(const ResourceInfo& info, const Site& site) {
  EnvironmentSet result;
  for (ScopeId scope : info.existence) {
    EnvironmentSet here = statics_.all();
    while (!encloses(scope, site.scope)) {
      const Scope& one = module_.scopes[scope];
      if (one.condition != nullptr) {
        here = here & where_holds(one.condition->condition, one.then, one.parent, site);
      } else {
        here = statics_.all();
      }
      scope = one.parent;
    }
    result = result | here;
  }
  return result & site.environments;
}

Site Checker::narrowed(const Site& site, const ast::Expression& condition, bool truth) const {
  const Verdict verdict = statics_.verdict(condition, site.scope);
  Site inside = site;
  inside.environments =
      truth ? site.environments & verdict.possibly : site.environments.without(verdict.certainly);
  return inside;
}

std::string Checker::environment_names(EnvironmentSet set) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < module_.environments.size(); ++i) {
    if (set.contains(i)) {
      names.push_back("`" + module_.environments[i] + "`");
    }
  }
  return list_text(names);
}

// --- resources

void Checker::prepare_resources() {
  resources_.reserve(module_.resource_order.size());
  for (const auto& address : module_.resource_order) {
    const auto found = module_.resources.find(address);
    auto info = std::make_unique<ResourceInfo>();
    info->address = found->first;
    info->declarations = &found->second;
    const ast::Declaration& first = *found->second.front().declaration;
    info->kind = first.kind.text;
    info->name = first.name.text;
    prepare_existence(*info);
    by_kind_[info->kind].emplace(info->name, info.get());
    if (info->kind == "secret") {
      info->type = types_.secret(types_.text());
      prepare_absence(*info);
    } else {
      prepare_places(*info);
      info->type = types_.resource(info->kind, info.get());
    }
    resources_.push_back(std::move(info));
  }
}

void Checker::prepare_existence(ResourceInfo& info) {
  bool first = true;
  for (const auto& declared : *info.declarations) {
    info.existence.push_back(declared.scope);
    std::vector<const ast::For*> loops;
    for (ScopeId id = declared.scope; id != 0; id = module_.scopes[id].parent) {
      if (module_.scopes[id].loop != nullptr) {
        loops.insert(loops.begin(), module_.scopes[id].loop);
      }
    }
    if (first) {
      info.loops = std::move(loops);
    } else if (loops.size() != info.loops.size()) {
      error("E0209", declared.declaration->name.span,
            fmt::format("`{}` has {} here and {} elsewhere", info.address,
                        plural(loops.size(), "key"), plural(info.loops.size(), "key")))
          .related.push_back({info.declarations->front().declaration->name.span,
                              "the same address, in another number of `for`s"});
    }
    first = false;
  }
  // Both arms of one `if` together are the place around it.
  for (bool merged = info.existence.size() > 1; merged;) {
    merged = false;
    for (std::size_t i = 0; i < info.existence.size() && !merged; ++i) {
      for (std::size_t j = i + 1; j < info.existence.size() && !merged; ++j) {
        const Scope& left = module_.scopes[info.existence[i]];
        const Scope& right = module_.scopes[info.existence[j]];
        if (left.condition != nullptr && left.condition == right.condition) {
          info.existence[i] = left.parent;
          info.existence.erase(info.existence.begin() + static_cast<std::ptrdiff_t>(j));
          merged = true;
        }
      }
    }
  }
}

// A secret that is `optional` somewhere may be absent there.
void Checker::prepare_absence(ResourceInfo& info) {
  for (const auto& declared : *info.declarations) {
    const ast::Item* item = find_item(declared.declaration->body, "optional");
    if (item != nullptr && item->value) {
      info.absent = info.absent | statics_.verdict(*item->value, declared.scope).possibly;
    }
  }
}

void Checker::prepare_places(ResourceInfo& info) {
  for (const auto& declared : *info.declarations) {
    const EnvironmentSet possibly = statics_.scope(declared.scope).possibly;
    for (std::size_t i = 0; i < placements_.size(); ++i) {
      if (!possibly.contains(i)) {
        continue;
      }
      for (const Placement& place : placements_[i].find_all(*declared.declaration)) {
        const auto same = [&](const auto& entry) { return entry.first == place.provider; };
        const auto known = std::find_if(info.places.begin(), info.places.end(), same);
        if (known == info.places.end()) {
          info.places.emplace_back(place.provider, EnvironmentSet::one(i));
        } else {
          known->second = known->second | EnvironmentSet::one(i);
        }
      }
    }
  }
}

void check(const Module& module, const Sources& sources,
           const std::vector<const ProviderSchema*>& schemas, Diagnostics& diagnostics) {
  Checker(module, sources, schemas, diagnostics).run();
}

}  // namespace infra
