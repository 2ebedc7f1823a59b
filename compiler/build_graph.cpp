#include "compiler/build_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/address.h"
#include "base/text.h"
#include "compiler/addresses.h"
#include "compiler/evaluate.h"
#include "compiler/expand.h"
#include "compiler/inputs.h"
#include "compiler/placement.h"
#include "compiler/steps.h"

namespace infra {
namespace {

// The longest name the type takes; 0: any.
std::size_t name_limit(const TypeSchema* schema) {
  if (schema != nullptr) {
    for (const auto& limit : schema->limits) {
      if (limit.rule == Rule::length_at_most && limit.path == "/name" && limit.when.empty()) {
        return static_cast<std::size_t>(std::max<std::int64_t>(0, limit.value.integer()));
      }
    }
  }
  return 0;
}

bool calls_reveal(const ast::Expression& expression) {
  if (const auto* call = expression.as<ast::Call>()) {
    const auto* name = call->callee->as<ast::NameExpression>();
    return name != nullptr && name->name == "reveal";
  }
  if (const auto* conditional = expression.as<ast::Conditional>()) {
    return calls_reveal(*conditional->then) || calls_reveal(*conditional->otherwise);
  }
  if (const auto* binary = expression.as<ast::Binary>()) {
    return calls_reveal(*binary->left) || calls_reveal(*binary->right);
  }
  return false;
}

class Building {
 public:
  Building(std::shared_ptr<Evaluation> evaluation, const CompileRequest& request, Sources& sources,
           Diagnostics& diagnostics)
      : evaluation_(std::move(evaluation)),
        request_(request),
        sources_(sources),
        diagnostics_(diagnostics),
        module_(evaluation_->module) {
    graph_.stack = module_.stack_name;
    graph_.environments = module_.environments;
    graph_.environment = *request.environment;
    evaluation_->environment = graph_.environment;
    evaluation_->stack_name = graph_.stack;
    evaluation_->schemas = request.schemas;
  }

  std::optional<ResourceGraph> run() {
    settle_inputs(*evaluation_,
                  {request_.parameters, request_.parameter_file, request_.folder,
                   graph_.environment, request_.world},
                  sources_, diagnostics_);
    if (diagnostics_.has_errors()) {
      return std::nullopt;
    }
    Evaluator expanding(*evaluation_, nullptr, diagnostics_);
    const Rounds rounds(*evaluation_, expanding);
    if (diagnostics_.has_errors()) {
      return std::nullopt;
    }
    expanding.move_constants(*evaluation_);
    expand(*evaluation_, rounds, graph_, diagnostics_);
    if (diagnostics_.has_errors()) {
      return std::nullopt;
    }
    evaluator_.emplace(*evaluation_, nullptr, diagnostics_);
    add_settings();
    add_nodes();
    add_providers();
    add_checks(rounds);
    add_outputs(rounds);
    add_refactorings(rounds);
    finish();
    return diagnostics_.has_errors() ? std::nullopt : std::optional(std::move(graph_));
  }

 private:
  std::vector<Dependency> dependencies(const Value& value) {
    std::vector<Dependency> result;
    for (auto& read : evaluator_->take_reads(value)) {
      const auto id = evaluation_->ids.find(read.address);
      if (id != evaluation_->ids.end()) {
        result.push_back({id->second, read.wait, std::move(read.output), std::move(read.path)});
      }
    }
    const auto key = [](const Dependency& one) {
      return std::tie(one.target, one.output, one.attribute);
    };
    std::sort(result.begin(), result.end(),
              [&](const Dependency& a, const Dependency& b) { return key(a) < key(b); });
    result.erase(
        std::unique(result.begin(), result.end(),
                    [&](const Dependency& a, const Dependency& b) { return key(a) == key(b); }),
        result.end());
    result.shrink_to_fit();
    return result;
  }

  void add_nodes() {
    constexpr std::size_t most_bytes = std::size_t{2} << 30U;
    std::size_t bytes = 0;
    for (NodeId id = 0; id < graph_.nodes.size(); ++id) {
      ResourceNode& node = graph_.nodes[id];
      const Instance& instance = evaluation_->instances[id];
      node.origin = &instance;
      node.attributes = evaluator_->attributes(id);
      bytes += weight(node.attributes);
      if (bytes > most_bytes) {
        diagnostics_.error("E0511", node.span,
                           "the attributes of all resources take more than 2 GiB");
        return;
      }
      node.dependencies = dependencies(node.attributes);
      node.default_name =
          default_name(graph_.stack, node.address, graph_.environment, name_limit(instance.schema));
    }
  }

  void add_settings() {
    const auto blocks = module_.environment_blocks.find(graph_.environment);
    if (blocks == module_.environment_blocks.end()) {
      return;
    }
    for (const auto* block : blocks->second) {
      if (const auto* item = find_item(block->settings, "protect")) {
        add_protected(*item->value);
      }
      if (const auto* item = find_item(block->settings, "after")) {
        const auto* word = item->value->as<ast::NameExpression>();
        graph_.settings.after = word != nullptr
                                    ? word->name
                                    : evaluator_->expression(*item->value, evaluation_->top).text();
      }
      if (const auto* item = find_item(block->settings, "ephemeral")) {
        graph_.settings.ephemeral = evaluator_->expression(*item->value, evaluation_->top).truth();
      }
    }
  }

  void add_protected(const ast::Expression& expression) {
    if (const auto* list = expression.as<ast::ListLiteral>()) {
      for (const auto& element : list->elements) {
        add_protected(*element.value);
      }
      return;
    }
    if (const auto* word = expression.as<ast::NameExpression>()) {
      graph_.settings.protect.push_back(word->name);  // a kind
      return;
    }
    if (auto address = addressed(*evaluation_, *evaluator_, expression, evaluation_->top)) {
      graph_.settings.protect.push_back(*std::move(address));
    }
  }

  // Provider blocks that a resource of this environment lives on; the others are never configured.
  void add_providers() {
    std::map<std::string, std::string> used;  // alias -> driver
    for (NodeId id = 0; id < graph_.nodes.size(); ++id) {
      if (!graph_.nodes[id].provider.empty()) {
        used.try_emplace(graph_.nodes[id].provider, evaluation_->instances[id].driver);
      }
    }
    for (const auto& [alias, driver] : used) {
      ProviderBlock block{alias, driver, Object(), {}};
      const auto declared = module_.providers.find(alias);
      if (declared != module_.providers.end()) {
        block.settings = provider_settings(*declared->second, driver);
        block.span = declared->second->name.span;
      }
      graph_.providers.push_back(std::move(block));
    }
  }

  Value provider_settings(const ast::Provider& provider, const std::string& driver) {
    Value settings = evaluator_->body(provider.body, evaluation_->top);
    if (!evaluator_->take_reads(settings).empty()) {
      diagnostics_
          .error("E0604", provider.body.span,
                 "a provider's settings must be known before anything is made")
          .help.emplace_back("use a param, a secret's variable by env(…), a file or a literal");
      return settings;
    }
    const ProviderSchema* schema = evaluation_->schema(driver);
    if (schema == nullptr) {
      return settings;
    }
    const AttributeTypes types(schema->settings);
    const TypeComplaint complain = [&](const Path& path, std::string_view code,
                                       std::string message) {
      const auto* item =
          find_item(provider.body, unescape_step(path.substr(1, path.find('/', 1) - 1)));
      diagnostics_.error(code, item == nullptr ? provider.name.span : item->span,
                         std::move(message));
    };
    return conform(std::move(settings), &types.root(), "", evaluation_->readings, complain);
  }

  static std::string name_in(const Evaluation& evaluation, const std::string& name,
                             const Round* round) {
    return address_text(name, keys_of(evaluation, round));
  }

  void add_checks(const Rounds& rounds) {
    for (const auto& [name, placed] : module_.checks) {
      const auto* check = placed.statement->as<ast::Check>();
      for (const Round* round : rounds.of(placed.scope)) {
        evaluation_->checks.push_back(std::make_shared<WrittenCheck>(WrittenCheck{check, round}));
        PlannedCheck planned{name_in(*evaluation_, name, round),
                             {},
                             {},
                             check->name.span,
                             evaluation_->checks.back().get()};
        planned.body = evaluate_body(*check, *round);
        planned.dependencies = dependencies(planned.body);
        if (!planned.body.is_null()) {
          graph_.checks.push_back(std::move(planned));
        }
      }
    }
  }

  Value evaluate_body(const ast::Check& check, const Round& round) {
    return with_probe(evaluator_->body(check.body, round));
  }

 public:
  // Null where the service or database that the check asks is absent in this environment.
  static Value with_probe(Value body) {
    auto* entries = body.as<Object>();
    if (entries == nullptr) {
      return body;
    }
    bool asks = false;
    for (const std::string_view probe : {"call", "tcp", "sql"}) {
      asks = asks || !body.at("/" + std::string(probe)).is_null();
    }
    const bool absent =
        entries->find("database") != entries->end() && body.at("/database").is_null();
    if (!asks || absent) {
      return {};
    }
    for (auto entry = entries->begin(); entry != entries->end();) {
      entry = entry->second.is_null() ? entries->erase(entry) : std::next(entry);
    }
    return body;
  }

 private:
  void add_outputs(const Rounds& rounds) {
    for (const auto& [name, placed] : module_.outputs) {
      const auto* output = placed.statement->as<ast::Output>();
      for (const Round* round : rounds.of(placed.scope)) {
        evaluation_->outputs.push_back(
            std::make_shared<WrittenOutput>(WrittenOutput{output, round}));
        PlannedOutput planned;
        planned.name = name_in(*evaluation_, name, round);
        planned.span = output->name.span;
        planned.origin = evaluation_->outputs.back().get();
        planned.value = evaluator_->expression(output->value, *round);
        planned.dependencies = dependencies(planned.value);
        planned.revealed = calls_reveal(output->value);
        if (const auto* item =
                output->settings ? find_item(*output->settings, "description") : nullptr) {
          planned.description = evaluator_->expression(*item->value, *round).text();
        }
        if (!planned.value.is_null() || !planned.dependencies.empty()) {
          graph_.outputs.push_back(std::move(planned));
        }
      }
    }
  }

  std::optional<std::string> address_of(const ast::Body& body, std::string_view key,
                                        const Round& round) {
    const auto* item = find_item(body, key);
    return item == nullptr ? std::nullopt
                           : addressed(*evaluation_, *evaluator_, *item->value, round);
  }

  void add_refactorings(const Rounds& rounds) {
    for (const auto& placed : module_.moved) {
      const auto& body = placed.statement->as<ast::Moved>()->body;
      for (const Round* round : rounds.of(placed.scope)) {
        auto from = address_of(body, "from", *round);
        auto to = address_of(body, "to", *round);
        if (from && to) {
          graph_.moved.push_back({*std::move(from), *std::move(to), body.span});
        }
      }
    }
    for (const auto& placed : module_.removed) {
      const auto& body = placed.statement->as<ast::Removed>()->body;
      for (const Round* round : rounds.of(placed.scope)) {
        if (auto address = address_of(body, "address", *round)) {
          const auto* destroy = find_item(body, "destroy");
          const bool destroys =
              destroy != nullptr && evaluator_->expression(*destroy->value, *round).truth();
          graph_.removed.push_back({*std::move(address), destroys, body.span});
        }
      }
    }
    for (const auto& placed : module_.adopts) {
      const auto& body = placed.statement->as<ast::Adopt>()->body;
      for (const Round* round : rounds.of(placed.scope)) {
        add_adopted(body, *round);
      }
    }
    check_moved(graph_, diagnostics_);
  }

  void add_adopted(const ast::Body& body, const Round& round) {
    auto address = address_of(body, "address", round);
    const auto* id = find_item(body, "id");
    if (!address || id == nullptr) {
      return;
    }
    const Value value = evaluator_->expression(*id->value, round);
    static_cast<void>(evaluator_->take_reads(Value()));
    if (value.as<std::string>() == nullptr) {
      diagnostics_.error("E0503", id->value->span,
                         fmt::format("`id` is a text that is known, not {}", kind_of(value)));
      return;
    }
    if (const auto known = evaluation_->ids.find(*address); known == evaluation_->ids.end()) {
      diagnostics_
          .error("E0207", body.span,
                 fmt::format("`{}` is adopted, and there is no such resource in environment `{}`",
                             *address, graph_.environment))
          .help.emplace_back("name a resource with all its keys, or put `adopt` into an `if`");
      return;
    }
    graph_.adopted.push_back({*std::move(address), value.text(), body.span});
  }

  // Two resources that a platform would know by the same name.
  void check_names() {
    std::map<std::tuple<std::string, std::string, std::string>, NodeId> names;
    for (NodeId id = 0; id < graph_.nodes.size(); ++id) {
      const ResourceNode& node = graph_.nodes[id];
      const Value& written = node.attributes.at("/name");
      const bool named = written.as<std::string>() != nullptr;
      if (node.existing || node.provider.empty() ||
          (!named && (!written.is_null() || node.kind == "resource"))) {
        continue;
      }
      const auto [other, added] = names.try_emplace(
          {node.provider, node.type, named ? written.text() : node.default_name}, id);
      if (!added) {
        const ResourceNode& first = graph_.nodes[other->second];
        auto& error = diagnostics_.error(
            "E0607", graph_.span(node, "/name"),
            fmt::format("`{}` and `{}` would both be called `{}` on {}", first.address,
                        node.address, printable(std::get<2>(other->first)), node.provider));
        error.related.push_back({graph_.span(first, "/name"), "the other one"});
        error.address = node.address;
        error.help.emplace_back("give one of them another `name`");
        if (++name_errors_ > 20) {
          return;
        }
      }
    }
  }

  void finish() {
    if (diagnostics_.has_errors()) {
      return;
    }
    check_names();
    find_cycles(*evaluation_, graph_, diagnostics_);
    evaluator_->move_constants(*evaluation_);
    for (const auto& [name, value] : evaluation_->parameters) {
      graph_.parameters.emplace(name, value);
    }
    graph_.reads = evaluation_->readings.reads();
    graph_.evaluation = evaluation_;
  }

  std::shared_ptr<Evaluation> evaluation_;
  const CompileRequest& request_;
  Sources& sources_;
  Diagnostics& diagnostics_;
  const Module& module_;
  ResourceGraph graph_;
  std::optional<Evaluator> evaluator_;
  std::size_t name_errors_ = 0;
};

}  // namespace

Value evaluate_check(const Evaluation& evaluation, const WrittenCheck& written,
                     const Outputs* outputs, Diagnostics& diagnostics) {
  Evaluator evaluator(evaluation, outputs, diagnostics);
  Value body = Building::with_probe(evaluator.body(written.check->body, *written.round));
  if (outputs != nullptr) {
    evaluator.fill_references(body);
  }
  return body;
}

std::optional<ResourceGraph> build_graph(std::vector<ast::File> files, Module module,
                                         const CompileRequest& request, Sources& sources,
                                         Diagnostics& diagnostics) {
  auto evaluation =
      std::make_shared<Evaluation>(request.world, request.folder, request.read_sources);
  evaluation->files = std::move(files);
  evaluation->module = std::move(module);
  return Building(std::move(evaluation), request, sources, diagnostics).run();
}

}  // namespace infra
