#include "compiler/module.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/text.h"
#include "compiler/environment_set.h"
#include "compiler/placement.h"

namespace infra {
namespace {

constexpr std::array<std::string_view, 9> roots{"service",     "database", "bucket",
                                                "secret",      "cron",     "resource",
                                                "environment", "stack",    "provider"};
constexpr std::array<std::string_view, 8> setting_names{
    "protect", "after", "approvals", "ephemeral", "place", "check", "forbid", "require"};

bool is_root(std::string_view name) {
  return std::find(roots.begin(), roots.end(), name) != roots.end();
}

// What a statement is called in messages, and where it may stand.
struct StatementFacts {
  std::string_view word;
  bool in_if, in_for;
};
StatementFacts facts_of(const ast::Statement& statement) {
  static constexpr std::array<StatementFacts, 19> facts{{
      {"stack", false, false},     {"environment", false, false},
      {"provider", false, false},  {"param", false, false},
      {"let", true, true},         {"resource", true, true},
      {"for", true, true},         {"if", true, true},
      {"component", false, false}, {"use", true, true},
      {"import", false, false},    {"output", true, false},
      {"check", true, false},      {"notify", true, false},
      {"policy", true, false},     {"moved", false, false},
      {"removed", false, false},   {"adopt", true, false},
      {"statement", true, true},
  }};
  static_assert(std::variant_size_v<ast::Statement::Node> + 1 == facts.size());
  return facts[statement.node.index()];
}

// Names of one kind that people could not tell apart.
std::string look(std::string_view name) {
  std::string plain;
  for (const char letter : name) {
    if (letter != '-' && letter != '_') {
      plain += static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
    }
  }
  return plain;
}

class Collector {
 public:
  explicit Collector(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Module run(const std::vector<ast::File>& files) {
    for (const auto& file : files) {
      stack(file);
    }
    environments(files);
    for (const auto& file : files) {
      block(file.statements, 0);
    }
    refuse_shadowing();
    return std::move(module_);
  }

 private:
  void stack(const ast::File& file);
  void environments(const std::vector<ast::File>& files);
  void guess_environments(const std::vector<ast::File>& files);
  void block(const ast::Block& statements, ScopeId scope);
  void statement(const ast::Statement& statement, ScopeId scope);
  [[nodiscard]] bool may_stand(const ast::Statement& statement, ScopeId scope);
  void add(const ast::Stack&, Module::Placed) {}  // read before everything else
  void add(const ast::Environment& environment, Module::Placed placed);
  void add(const ast::Provider& provider, Module::Placed placed);
  void add(const ast::Parameter& parameter, Module::Placed placed);
  void add(const ast::Let& let, Module::Placed placed);
  void add(const ast::Declaration& declaration, Module::Placed placed);
  void add(const ast::For& node, Module::Placed placed);
  void add(const ast::If& node, Module::Placed placed);
  void add(const ast::Use& node, Module::Placed placed);
  void add(const ast::Component& node, Module::Placed placed) {
    named(module_.components, node.name, "component", placed);
  }
  void add(const ast::Output& node, Module::Placed placed) {
    named(module_.outputs, node.name, "output", placed);
  }
  void add(const ast::Check& node, Module::Placed placed) {
    named(module_.checks, node.name, "check", placed);
  }
  void add(const ast::Notify& node, Module::Placed placed) {
    named(module_.notifies, node.name, "notify", placed);
  }
  void add(const ast::Policy& node, Module::Placed placed) {
    named(module_.policies, node.name, "policy", placed);
  }
  void add(const ast::Import&, Module::Placed placed) { module_.imports.push_back(placed); }
  void add(const ast::Moved&, Module::Placed placed) { module_.moved.push_back(placed); }
  void add(const ast::Removed&, Module::Placed placed) { module_.removed.push_back(placed); }
  void add(const ast::Adopt&, Module::Placed placed) { module_.adopts.push_back(placed); }
  void nested(const ast::Block& statements, Scope scope);
  [[nodiscard]] bool exclude_each_other(ScopeId left, ScopeId right) const;
  [[nodiscard]] bool free_root(const ast::Name& name, std::string_view what);
  void named(std::map<std::string, Module::Placed, std::less<>>& table, const ast::Name& name,
             std::string_view what, Module::Placed placed);
  void duplicate(const Span& again, const Span& first, std::string message);
  void refuse_shadowing();
  void refuse_shadowing(const ast::Name& name, ScopeId outside);

  Diagnostics& diagnostics_;
  Module module_;
  std::unordered_map<std::string, const ast::Name*> looks_;    // "service.web" without dashes
  std::unordered_map<std::string, const ast::Name*> aliases_;  // of `use`
  std::unordered_map<std::string, Span> names_;  // params and top-level lets: one space
};

void Collector::duplicate(const Span& again, const Span& first, std::string message) {
  auto& error = diagnostics_.error("E0201", again, std::move(message));
  error.label = "declared again here";
  error.related.push_back({first, "first declared here"});
}

void Collector::stack(const ast::File& file) {
  for (const auto& statement : file.statements) {
    const auto* stack = statement.as<ast::Stack>();
    if (stack == nullptr) {
      continue;
    }
    if (module_.stack != nullptr) {
      duplicate(stack->name.span, module_.stack->name.span,
                "a folder is one stack, and this is its second `stack`");
      continue;
    }
    module_.stack = stack;
    module_.stack_name = stack->name.text;
  }
}

// Without a list the blocks say what it should be: one error instead of one at every mention.
void Collector::guess_environments(const std::vector<ast::File>& files) {
  std::vector<std::string> names;
  const ast::Name* first = nullptr;
  for (const auto& file : files) {
    for (const auto& statement : file.statements) {
      const auto* block = statement.as<ast::Environment>();
      if (block == nullptr || block->name.text == "default" || names.size() == most_environments ||
          std::find(names.begin(), names.end(), block->name.text) != names.end()) {
        continue;
      }
      first = first == nullptr ? &block->name : first;
      names.push_back(block->name.text);
    }
  }
  if (first == nullptr) {
    return;
  }
  module_.environments = names;
  // A misspelt attribute, or a list of another form, is told by itself.
  const bool told = module_.stack != nullptr &&
                    std::any_of(module_.stack->body.items.begin(), module_.stack->body.items.end(),
                                [](const ast::Item& item) {
                                  return item.key.text != "state" && item.key.text != "encryption";
                                });
  if (!told) {
    diagnostics_
        .error("E0204", first->span,
               fmt::format("the stack lists no environment `{}`", first->text))
        .help.push_back(fmt::format("list all: stack {} {{ environments = [{}] }}",
                                    module_.stack_name, join(names, ", ")));
  }
}

// The list is literal: words or texts, since everything else depends on it.
void Collector::environments(const std::vector<ast::File>& files) {
  const ast::Item* item =
      module_.stack == nullptr ? nullptr : find_item(module_.stack->body, "environments");
  if (item == nullptr || !item->value) {
    guess_environments(files);
    return;
  }
  const auto* list = item->value->as<ast::ListLiteral>();
  if (list == nullptr || list->elements.empty()) {
    diagnostics_.error("E0210", item->value->span,
                       "`environments` is a list of names, such as [dev, prod]");
    guess_environments(files);
    return;
  }
  std::vector<std::string> names;
  std::unordered_map<std::string, Span> seen;
  for (const auto& element : list->elements) {
    const auto* word = element.value->as<ast::NameExpression>();
    const auto* literal = element.value->as<ast::Literal>();
    const std::string name = word != nullptr      ? word->name
                             : literal != nullptr ? literal->value.text()
                                                  : std::string();
    const Span span = element.value->span;
    if (element.spread || name.empty()) {
      diagnostics_.error("E0210", span, "an environment is written as its plain name");
    } else if (const auto [first, inserted] = seen.emplace(name, span); !inserted) {
      duplicate(span, first->second, fmt::format("the environment `{}` is listed twice", name));
    } else {
      names.push_back(name);
    }
  }
  if (names.size() > most_environments) {
    diagnostics_.error("E0210", item->value->span,
                       fmt::format("a stack has at most {} environments, and this one has {}",
                                   most_environments, names.size()));
    names.resize(most_environments);
  }
  if (!names.empty()) {
    module_.environments = std::move(names);
  }
}

void Collector::block(const ast::Block& statements, ScopeId scope) {
  for (const auto& one : statements) {
    statement(one, scope);
  }
}

bool Collector::may_stand(const ast::Statement& statement, ScopeId scope) {
  if (scope == 0) {
    return true;
  }
  const StatementFacts facts = facts_of(statement);
  bool inside_for = false;
  for (ScopeId id = scope; id != 0; id = module_.scopes[id].parent) {
    inside_for = inside_for || module_.scopes[id].loop != nullptr;
  }
  if (inside_for ? facts.in_for : facts.in_if) {
    return true;
  }
  auto& error = diagnostics_.error(
      "E0211",
      {statement.span.file, statement.span.begin,
       statement.span.begin + static_cast<std::uint32_t>(facts.word.size())},
      fmt::format("`{}` cannot stand inside {}", facts.word, inside_for ? "a `for`" : "an `if`"));
  error.help.push_back(facts.in_if ? "move it out of the `for`; the resources of all rounds can be "
                                     "read there as a map"
                                   : "move it to the top level");
  return false;
}

void Collector::statement(const ast::Statement& statement, ScopeId scope) {
  if (!may_stand(statement, scope)) {
    return;
  }
  const Module::Placed placed{&statement, scope};
  std::visit([&](const auto& node) { add(node, placed); }, statement.node);
}

void Collector::add(const ast::For& node, Module::Placed placed) {
  Scope inside;
  inside.parent = placed.scope;
  inside.loop = &node;
  nested(node.block, std::move(inside));
}

void Collector::add(const ast::If& node, Module::Placed placed) {
  for (const bool then : {true, false}) {
    Scope inside;
    inside.parent = placed.scope;
    inside.condition = &node;
    inside.then = then;
    nested(then ? node.then : node.otherwise, std::move(inside));
  }
}

void Collector::add(const ast::Use& node, Module::Placed placed) {
  const auto [first, inserted] = aliases_.emplace(node.alias.text, &node.alias);
  if (!inserted) {
    duplicate(node.alias.span, first->second->span,
              fmt::format("`{}` is already the alias of a component", node.alias.text));
  } else if (free_root(node.alias, "an alias")) {
    module_.uses.push_back(placed);
  }
}

void Collector::nested(const ast::Block& statements, Scope scope) {
  scope.depth = module_.scopes[scope.parent].depth + 1;
  const auto id = static_cast<ScopeId>(module_.scopes.size());
  module_.scopes.push_back(std::move(scope));
  block(statements, id);
}

void Collector::named(std::map<std::string, Module::Placed, std::less<>>& table,
                      const ast::Name& name, std::string_view what, Module::Placed placed) {
  const auto [first, inserted] = table.emplace(name.text, placed);
  if (!inserted) {
    duplicate(
        name.span, first->second.statement->span,
        fmt::format("there is already {} {} `{}`", what == "output" ? "an" : "a", what, name.text));
  }
}

void Collector::add(const ast::Environment& environment, Module::Placed /*placed*/) {
  const auto& names = module_.environments;
  if (std::find(names.begin(), names.end(), environment.name.text) == names.end()) {
    auto& error =
        diagnostics_.error("E0204", environment.name.span,
                           fmt::format("the stack has no environment `{}`", environment.name.text));
    if (const auto near = nearest(environment.name.text, names)) {
      error.help.push_back(fmt::format("did you mean `{}`?", *near));
    } else {
      error.help.push_back(fmt::format(
          "list it: stack {} {{ environments = [{}{}] }}", module_.stack_name,
          names.front() == "default" ? "" : join(names, ", ") + ", ", environment.name.text));
    }
    return;
  }
  auto& blocks = module_.environment_blocks[environment.name.text];
  if (!blocks.empty()) {
    duplicate(environment.name.span, blocks.front()->name.span,
              fmt::format("the environment `{}` has two blocks", environment.name.text));
    return;
  }
  blocks.push_back(&environment);
}

void Collector::add(const ast::Provider& provider, Module::Placed /*placed*/) {
  const ast::Name& name = provider.alias ? *provider.alias : provider.name;
  const auto [first, inserted] = module_.providers.emplace(name.text, &provider);
  if (!inserted) {
    const ast::Provider& other = *first->second;
    duplicate(name.span, other.alias ? other.alias->span : other.name.span,
              fmt::format("there is already a provider `{}`", name.text));
    return;
  }
  module_.drivers.emplace(name.text, provider.name.text);
}

bool Collector::free_root(const ast::Name& name, std::string_view what) {
  if (!is_root(name.text)) {
    return true;
  }
  diagnostics_.error(
      "E0205", name.span,
      fmt::format("`{}` is a word of the language: {} cannot be called so", name.text, what));
  return false;
}

void Collector::add(const ast::Parameter& parameter, Module::Placed /*placed*/) {
  const ast::Name& name = parameter.name;
  if (std::find(setting_names.begin(), setting_names.end(), name.text) != setting_names.end()) {
    diagnostics_.error("E0205", name.span,
                       fmt::format("no param can be called `{}`: in an `environment` block that "
                                   "word has a meaning of its own",
                                   name.text));
    return;
  }
  if (!free_root(name, "a param")) {
    return;
  }
  if (const auto [first, inserted] = names_.emplace(name.text, name.span); !inserted) {
    duplicate(name.span, first->second, fmt::format("there is already a value `{}`", name.text));
    return;
  }
  module_.parameters.emplace(name.text, &parameter);
}

void Collector::add(const ast::Let& let, Module::Placed placed) {
  const ScopeId scope = placed.scope;
  if (!free_root(let.name, "a let")) {
    return;
  }
  if (scope == 0) {
    if (const auto [first, inserted] = names_.emplace(let.name.text, let.name.span); !inserted) {
      duplicate(let.name.span, first->second,
                fmt::format("there is already a value `{}`", let.name.text));
      return;
    }
  }
  const auto [first, inserted] = module_.scopes[scope].lets.emplace(let.name.text, &let);
  if (!inserted) {
    duplicate(let.name.span, first->second->name.span,
              fmt::format("there is already a value `{}`", let.name.text));
  }
}

// True when the places are in different arms of one `if`.
bool Collector::exclude_each_other(ScopeId left, ScopeId right) const {
  for (ScopeId i = left; i != 0; i = module_.scopes[i].parent) {
    const Scope& one = module_.scopes[i];
    for (ScopeId j = right; j != 0 && one.condition != nullptr; j = module_.scopes[j].parent) {
      const Scope& other = module_.scopes[j];
      if (one.condition == other.condition && one.then != other.then) {
        return true;
      }
    }
  }
  return false;
}

void Collector::add(const ast::Declaration& declaration, Module::Placed placed) {
  const ScopeId scope = placed.scope;
  const ast::Name& name = declaration.name;
  std::string address = declaration.kind.text + "." + name.text;
  const auto [similar, alone] =
      looks_.emplace(declaration.kind.text + "." + look(name.text), &name);
  if (!alone && similar->second->text != name.text) {
    auto& error = diagnostics_.error("E0208", name.span,
                                     fmt::format("`{}` and `{}` differ only in case, `-` or `_`",
                                                 name.text, similar->second->text));
    error.help.push_back("platforms treat such names as one; give one of them another name");
    error.related.push_back({similar->second->span, "the other one"});
  }
  auto& declared = module_.resources[address];
  for (const auto& other : declared) {
    if (!exclude_each_other(scope, other.scope)) {
      duplicate(name.span, other.declaration->name.span,
                fmt::format("`{}` is declared twice", address));
      return;
    }
  }
  if (declared.empty()) {
    module_.resource_order.push_back(address);
  }
  declared.push_back({&declaration, scope});
}

void Collector::refuse_shadowing(const ast::Name& name, ScopeId outside) {
  Span first;
  if (const NameMeaning meaning = find_name(module_, outside, name.text); meaning.let != nullptr) {
    first = meaning.let->name.span;
  } else if (meaning.loop != nullptr) {
    first = meaning.loop_first ? meaning.loop->first->span : meaning.loop->second.span;
  } else if (meaning.parameter != nullptr) {
    first = meaning.parameter->name.span;
  } else if (const auto alias = aliases_.find(name.text); alias != aliases_.end()) {
    first = alias->second->span;
  } else {
    return;
  }
  auto& error = diagnostics_.error(
      "E0203", name.span, fmt::format("`{}` would hide another `{}`", name.text, name.text));
  error.label = "hides it from here on";
  error.related.push_back({first, "visible here as well"});
  error.help.push_back("give one of them another name");
}

void Collector::refuse_shadowing() {
  for (ScopeId id = 1; id < module_.scopes.size(); ++id) {
    const Scope& scope = module_.scopes[id];
    if (scope.loop != nullptr) {
      if (scope.loop->first && free_root(*scope.loop->first, "a `for` variable")) {
        refuse_shadowing(*scope.loop->first, scope.parent);
      }
      if (free_root(scope.loop->second, "a `for` variable")) {
        refuse_shadowing(scope.loop->second, scope.parent);
      }
      if (scope.loop->first && scope.loop->first->text == scope.loop->second.text) {
        duplicate(scope.loop->second.span, scope.loop->first->span,
                  "the two variables of a `for` have one name");
      }
      for (const auto& [name, let] : scope.lets) {
        const bool first = scope.loop->first && scope.loop->first->text == name;
        if (first || scope.loop->second.text == name) {
          refuse_shadowing(let->name, id);
        }
      }
    }
    for (const auto& [name, let] : scope.lets) {
      refuse_shadowing(let->name, scope.parent);
    }
  }
  for (const auto& [alias, name] : aliases_) {
    if (const auto found = names_.find(alias); found != names_.end()) {
      duplicate(name->span, found->second, fmt::format("there is already a value `{}`", alias));
    }
  }
}

}  // namespace

Module collect(const std::vector<ast::File>& files, Diagnostics& diagnostics) {
  return Collector(diagnostics).run(files);
}

}  // namespace infra
