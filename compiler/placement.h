// compiler/placement.h — which provider a resource lives on in one environment.
//
//   Placements placements(module, "prod");
//   Placement place = placements.find(declaration, {"eu"});
//   place.provider    // "railway", an alias such as "eu", or empty: it has no place
//
// `place ADDRESS` beats `place KIND`, which beats `place all`, which beats `on P`; a rule with keys
// beats the same without. `existing` is never moved, a `resource P.T` lives on P, a secret nowhere.
// A cron without a rule and without `on` lives with the service it calls. A pure function of the
// module, which must outlive it. Cost of `find` does not grow with the number of rules but of those
// that name the same resource.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/diagnostics.h"
#include "compiler/module.h"

namespace infra {

struct Placement {
  std::string_view
      provider;  // name or alias of a provider; empty: no place. Points into the module
  Span span;     // where that was written: the rule, or `on P`
  bool by_rule = false;
  bool by_all = false;  // by `place all`
};

class Placements {
 public:
  Placements(const Module& module, std::string_view environment);

  // With no keys the rules for single rounds are left aside.
  [[nodiscard]] Placement find(const ast::Declaration& declaration,
                               std::span<const std::string> keys = {}) const;

  // Every place that some round of this declaration may have: `find` and the rules with keys.
  [[nodiscard]] std::vector<Placement> find_all(const ast::Declaration& declaration) const;

  // `place all on P`: the provider promised for the whole environment, if there is one.
  [[nodiscard]] std::optional<Placement> promise() const { return all_; }

  struct Conflict {  // two equally exact rules that disagree
    Span first, second;
    std::string_view selector;  // "all", "service", "service.web"
  };
  [[nodiscard]] const std::vector<Conflict>& conflicts() const { return conflicts_; }

 private:
  struct KeyedRule {
    std::vector<std::string> keys;
    Placement placement;
  };
  void add(const ast::AddressExpression& selector, const ast::Environment::Place& place);
  void add_keyed(const std::string& address, std::vector<std::string> keys, Placement placement);
  void set(std::optional<Placement>& slot, Placement placement, std::string_view selector);
  [[nodiscard]] std::optional<Placement> rule(std::string_view kind, std::string_view name,
                                              std::span<const std::string> keys) const;

  const Module& module_;
  std::optional<Placement> all_;
  std::unordered_map<std::string, std::optional<Placement>> selectors_;  // kinds and addresses
  std::unordered_map<std::string, std::vector<KeyedRule>> keyed_;        // by address
  std::vector<Conflict> conflicts_;
};

// The name of the service that a cron calls or runs in, as far as the text says it plainly.
[[nodiscard]] std::optional<std::string_view> called_service(const ast::Declaration& cron);

// The driver behind a provider's name or alias: itself where no block says otherwise.
[[nodiscard]] std::string_view driver_of(const Module& module, std::string_view provider);

// The item with this key and without a label, or nullptr.
[[nodiscard]] const ast::Item* find_item(const ast::Body& body, std::string_view key);

}  // namespace infra
