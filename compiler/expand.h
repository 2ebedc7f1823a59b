// compiler/expand.h — `for` and `if` around statements carried out: which resources there are in
// one environment, under which addresses, on which platform.
//
// A stage of its own before anything else is evaluated: what exists never depends on a resource.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "compiler/evaluate.h"
#include "compiler/evaluation.h"
#include "compiler/graph.h"

namespace infra {

inline constexpr std::size_t most_rounds = 100'000;   // of one `for`
inline constexpr std::size_t most_nodes = 1'000'000;  // of one graph

// The rounds of every scope.
class Rounds {
 public:
  Rounds(Evaluation& evaluation, Evaluator& evaluator);

  [[nodiscard]] const std::vector<const Round*>& of(ScopeId scope) const { return rounds_[scope]; }

 private:
  void pass(ScopeId scope, const Scope& what, const Round& parent);
  void pass_arm(ScopeId scope, const Scope& what, const Round& parent);
  void pass_loop(ScopeId scope, const Scope& what, const Round& parent);
  bool add_round(ScopeId scope, const Round& parent, const ast::For& loop, Value key, Value value);
  Diagnostic& fail(std::string_view code, const Span& span, std::string message);

  Evaluation& evaluation_;
  Evaluator& evaluator_;
  std::vector<std::vector<const Round*>> rounds_;
  std::set<std::pair<Span, std::string>> reported_;
  Diagnostic ignored_;  // what is said a second time goes here
};

// The keys of the `for`s around a round, outermost first.
[[nodiscard]] std::vector<std::string> keys_of(const Evaluation& evaluation, const Round* round);

// `KIND.NAME["key"]…`
[[nodiscard]] std::string address_text(std::string_view base, const std::vector<std::string>& keys);

// Fills `graph.nodes` (address order, nothing evaluated yet) and the evaluation's instances, ids
// and families.
void expand(Evaluation& evaluation, const Rounds& rounds, ResourceGraph& graph,
            Diagnostics& diagnostics);

}  // namespace infra
