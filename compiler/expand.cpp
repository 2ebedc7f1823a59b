#include "compiler/expand.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/json.h"
#include "base/quantity.h"
#include "base/text.h"
#include "compiler/capability.h"
#include "compiler/placement.h"

namespace infra {

// --- rounds -------------------------------------------------------------------------------------

Rounds::Rounds(Evaluation& evaluation, Evaluator& evaluator)
    : evaluation_(evaluation), evaluator_(evaluator) {
  const auto& scopes = evaluation_.module.scopes;
  rounds_.resize(scopes.size());
  rounds_[0].push_back(&evaluation_.top);
  std::vector<ScopeId> order;
  for (ScopeId scope = 1; scope < scopes.size(); ++scope) {
    order.push_back(scope);
  }
  std::stable_sort(order.begin(), order.end(), [&](ScopeId left, ScopeId right) {
    return scopes[left].depth < scopes[right].depth;
  });
  for (const ScopeId scope : order) {
    for (const Round* parent : rounds_[scopes[scope].parent]) {
      pass(scope, scopes[scope], *parent);
    }
  }
}

Diagnostic& Rounds::fail(std::string_view code, const Span& span, std::string message) {
  return reported_.emplace(span, code).second
             ? evaluator_.diagnostics().error(code, span, std::move(message))
             : ignored_ = Diagnostic();
}

void Rounds::pass(ScopeId scope, const Scope& what, const Round& parent) {
  if (what.condition != nullptr) {
    pass_arm(scope, what, parent);
  } else if (what.loop != nullptr) {
    pass_loop(scope, what, parent);
  }
}

void Rounds::pass_arm(ScopeId scope, const Scope& what, const Round& parent) {
  const ast::Expression& condition = what.condition->condition;
  const Value value = evaluator_.expression(condition, parent);
  if (contains_secret(value)) {
    fail("E0306", condition.span, "what exists cannot depend on a secret");
  } else if (value.as<bool>() != nullptr) {
    if (value.truth() == what.then) {
      evaluation_.rounds.push_back({&parent, scope, {}, {}});
      rounds_[scope].push_back(&evaluation_.rounds.back());
    }
  } else if (!value.is_unknown()) {
    fail("E0503", condition.span, fmt::format("a condition wants a bool, not {}", kind_of(value)));
  } else if (!evaluator_.diagnostics().has_errors()) {
    fail("E0604", condition.span, "what exists must be known before anything else is");
  }
}

bool Rounds::add_round(ScopeId scope, const Round& parent, const ast::For& loop, Value key,
                       Value value) {
  if (rounds_[scope].size() >= most_rounds) {
    fail("E0603", loop.source.span, "this `for` has more than 100,000 rounds")
        .help.emplace_back("split what it makes over several stacks");
    return false;
  }
  evaluation_.rounds.push_back({&parent, scope, std::move(key), std::move(value)});
  rounds_[scope].push_back(&evaluation_.rounds.back());
  return true;
}

void Rounds::pass_loop(ScopeId scope, const Scope& what, const Round& parent) {
  const ast::For& loop = *what.loop;
  Value source = evaluator_.expression(loop.source, parent);
  if (auto* object = source.as<Object>()) {
    for (auto& [key, value] : *object) {
      if (!add_round(scope, parent, loop, key, loop.first ? std::move(value) : Value())) {
        return;
      }
    }
    return;
  }
  auto* list = source.as<List>();
  if (list == nullptr) {
    if (source.is_unknown() && evaluator_.diagnostics().has_errors()) {
      return;
    }
    const std::string_view code = contains_secret(source) ? "E0306" : "E0602";
    fail(source.is_unknown() ? "E0604" : code, loop.source.span,
         fmt::format("`for` goes over a list of texts or a map that is known, not {}",
                     kind_of(source)));
    return;
  }
  if (loop.first) {
    fail("E0602", loop.source.span,
         "`for i, x in` a list gives positions, and positions are no identities")
        .help.emplace_back("go over a map, or over the elements alone: `for x in …`");
    return;
  }
  std::set<std::string, std::less<>> seen;
  for (auto& item : *list) {
    if (item.as<std::string>() == nullptr) {
      const bool secret = item.as<Secret>() != nullptr;
      fail(secret ? "E0306" : "E0602", loop.source.span,
           fmt::format("the elements that `for` goes over are texts, each its own key, not {}",
                       kind_of(item)));
      return;
    }
    if (!seen.insert(item.text()).second) {
      fail("E0602", loop.source.span,
           fmt::format("`{}` is in this list twice: each element is a key of its own",
                       printable(item.text())));
      return;
    }
    if (!add_round(scope, parent, loop, std::move(item), {})) {
      return;
    }
  }
}

std::vector<std::string> keys_of(const Evaluation& evaluation, const Round* round) {
  std::vector<std::string> keys;
  for (; round != nullptr; round = round->parent) {
    if (evaluation.module.scopes[round->scope].loop != nullptr) {
      keys.push_back(round->key.text());
    }
  }
  std::reverse(keys.begin(), keys.end());
  return keys;
}

std::string address_text(std::string_view base, const std::vector<std::string>& keys) {
  std::string text(base);
  for (const auto& key : keys) {
    text += "[";
    text += json_quote(key);
    text += "]";
  }
  return text;
}

// --- instances ----------------------------------------------------------------------------------

namespace {

struct Draft {  // a node on its way
  std::vector<std::string> keys;
  const ast::Declaration* declaration;
  const Round* round;
};

// Keys that are both numbers go by value, all else by bytes: the order of addresses.
bool key_less(const std::string& left, const std::string& right) {
  const auto is_number = [](const std::string& text) {
    return !text.empty() && text.size() <= 18 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (is_number(left) && is_number(right)) {
    const std::int64_t a = *parse_integer(left);
    const std::int64_t b = *parse_integer(right);
    if (a != b) {
      return a < b;
    }
  }
  return left < right;
}

bool draft_less(const Draft& left, const Draft& right) {
  return std::lexicographical_compare(left.keys.begin(), left.keys.end(), right.keys.begin(),
                                      right.keys.end(), key_less);
}

class Expanding {
 public:
  Expanding(Evaluation& evaluation, const Rounds& rounds, ResourceGraph& graph,
            Diagnostics& diagnostics)
      : evaluation_(evaluation),
        rounds_(rounds),
        graph_(graph),
        diagnostics_(diagnostics),
        placements_(evaluation.module, graph.environment) {}

  void run() {
    for (const auto& [base, declared] : evaluation_.module.resources) {
      std::vector<Draft> drafts;
      for (const auto& one : declared) {
        for (const Round* round : rounds_.of(one.scope)) {
          drafts.push_back({keys_of(evaluation_, round), one.declaration, round});
        }
      }
      if (!drafts.empty()) {
        add_family(base, declared, std::move(drafts));
      }
      if (graph_.nodes.size() > most_nodes) {
        diagnostics_.error("E0603", declared.front().declaration->name.span,
                           "the stack has more than 1,000,000 resources");
        return;
      }
    }
    settle_types();
  }

 private:
  void add_family(const std::string& base, const std::vector<DeclaredResource>& declared,
                  std::vector<Draft> drafts) {
    std::stable_sort(drafts.begin(), drafts.end(), draft_less);
    Family& family = evaluation_.families[base];
    for (const auto& one : declared) {
      const auto loops = loops_around(one.scope);
      if (loops.size() > family.loops.size()) {
        family.loops = loops;
      }
    }
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      if (i > 0 && drafts[i].keys == drafts[i - 1].keys) {
        auto& error =
            diagnostics_.error("E0201", drafts[i].declaration->name.span,
                               fmt::format("`{}` is declared twice in environment `{}`",
                                           address_text(base, drafts[i].keys), graph_.environment));
        error.related.push_back({drafts[i - 1].declaration->name.span, "the other one"});
        continue;
      }
      add_node(base, family, drafts[i]);
    }
  }

  [[nodiscard]] std::vector<ScopeId> loops_around(ScopeId scope) const {
    std::vector<ScopeId> loops;
    for (; scope != 0; scope = evaluation_.module.scopes[scope].parent) {
      if (evaluation_.module.scopes[scope].loop != nullptr) {
        loops.push_back(scope);
      }
    }
    std::reverse(loops.begin(), loops.end());
    return loops;
  }

  void add_node(const std::string& base, Family& family, Draft& draft) {
    const ast::Declaration& declaration = *draft.declaration;
    ResourceNode node;
    node.address = address_text(base, draft.keys);
    node.kind = declaration.kind.text;
    node.name = declaration.name.text;
    node.existing = declaration.existing;
    node.span = declaration.name.span;
    Instance instance{draft.declaration, draft.round, find_kind(node.kind), nullptr, nullptr, {}};
    place(declaration, draft.keys, node, instance);

    const auto id = static_cast<NodeId>(graph_.nodes.size());
    evaluation_.ids.emplace(node.address, id);
    Value* at = &family.instances;
    for (const auto& key : draft.keys) {
      if (at->as<Object>() == nullptr) {
        *at = Object();
      }
      at = &(*at->as<Object>())[key];
    }
    *at = Reference{node.address, ""};
    node.keys = std::move(draft.keys);
    graph_.nodes.push_back(std::move(node));
    evaluation_.instances.push_back(instance);
  }

  void place(const ast::Declaration& declaration, const std::vector<std::string>& keys,
             ResourceNode& node, Instance& instance) {
    if (node.kind == "secret") {
      node.type = "infra.secret";
      return;
    }
    const Placement placement = placements_.find(declaration, keys);
    node.provider = placement.provider;
    instance.driver = driver_of(evaluation_.module, placement.provider);
    if (node.provider.empty()) {
      diagnostics_
          .error("E0402", node.span,
                 fmt::format("`{}` has no place in environment `{}`", node.address,
                             graph_.environment))
          .help.emplace_back(fmt::format(
              "write `{} {} on PROVIDER`, or `place` it in the environment", node.kind, node.name));
      return;
    }
    const ProviderSchema* schema = evaluation_.schema(instance.driver);
    if (node.kind == "resource") {
      node.type =
          fmt::format("{}.{}", instance.driver, declaration.type ? declaration.type->text : "");
      instance.schema = schema == nullptr ? nullptr : find_type(*schema, node.type);
      return;
    }
    node.type = fmt::format("{}.{}", instance.driver, node.kind);
    if (schema != nullptr) {
      instance.schema = choose_type(*schema, node.kind, Value(Object()));
      node.type = instance.schema == nullptr ? node.type : instance.schema->name;
    }
  }

  [[nodiscard]] const AttributeTypes* types(const Kind* kind, const TypeSchema* schema) {
    const auto key = std::make_pair(kind, schema);
    auto found = evaluation_.types.find(key);
    if (found == evaluation_.types.end()) {
      found = evaluation_.types.emplace(key, AttributeTypes(kind, schema)).first;
    }
    return &found->second;
  }

  // Where a platform has several types of a kind, what the resource asks for chooses.
  void settle_types() {
    for (auto& instance : evaluation_.instances) {
      instance.types = types(instance.kind, instance.schema);
    }
    evaluation_.expanded = true;
    Diagnostics ignored;
    Evaluator evaluator(evaluation_, nullptr, ignored);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      Instance& instance = evaluation_.instances[i];
      const ProviderSchema* schema =
          instance.kind == nullptr ? nullptr : evaluation_.schema(instance.driver);
      if (schema == nullptr || types_of_kind(*schema, instance.kind->name).size() < 2) {
        continue;
      }
      const Value attributes = evaluator.attributes(static_cast<NodeId>(i));
      static_cast<void>(evaluator.take_reads(Value()));
      instance.schema = choose_type(*schema, instance.kind->name, attributes);
      instance.types = types(instance.kind, instance.schema);
      graph_.nodes[i].type = instance.schema->name;
    }
  }

  Evaluation& evaluation_;
  const Rounds& rounds_;
  ResourceGraph& graph_;
  Diagnostics& diagnostics_;
  Placements placements_;
};

}  // namespace

void expand(Evaluation& evaluation, const Rounds& rounds, ResourceGraph& graph,
            Diagnostics& diagnostics) {
  Expanding(evaluation, rounds, graph, diagnostics).run();
}

}  // namespace infra
