#include "compiler/addresses.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/text.h"

namespace infra {
namespace {

// Reads the steps from the outside in; false where the expression is no address.
bool read_steps(Evaluator& evaluator, const ast::Expression& expression, const Round& round,
                std::vector<AddressStep>& steps) {
  if (const auto* name = expression.as<ast::NameExpression>()) {
    steps.push_back({name->name, {}});
    return true;
  }
  if (const auto* member = expression.as<ast::Member>()) {
    if (!read_steps(evaluator, *member->object, round, steps)) {
      return false;
    }
    steps.push_back({member->name.text, {}});
    return true;
  }
  if (const auto* index = expression.as<ast::Index>()) {
    if (!read_steps(evaluator, *index->object, round, steps)) {
      return false;
    }
    const Value key = evaluator.expression(*index->index, round);
    steps.back().keys.push_back(key.text());
    return key.as<std::string>() != nullptr;
  }
  return false;
}

// Puts the keys of the shared rounds before those that are written.
void fill_shared_keys(const Evaluation& evaluation, const Round& round, Address& address) {
  if (address.steps.size() < 2) {
    return;
  }
  const auto family = evaluation.families.find(address.steps[0].name + "." + address.steps[1].name);
  if (family == evaluation.families.end()) {
    return;
  }
  std::vector<std::string> shared;
  for (const ScopeId loop : family->second.loops) {
    const auto* at = &round;
    while (at != nullptr && at->scope != loop) {
      at = at->parent;
    }
    if (at == nullptr) {
      break;
    }
    shared.push_back(at->key.text());
  }
  auto& keys = address.steps[1].keys;
  if (shared.size() + keys.size() <= family->second.loops.size()) {
    keys.insert(keys.begin(), shared.begin(), shared.end());
  }
}

bool is_before(const MovedStatement& left, const MovedStatement& right) {
  return left.span < right.span;
}

}  // namespace

std::optional<std::string> addressed(const Evaluation& evaluation, Evaluator& evaluator,
                                     const ast::Expression& expression, const Round& round) {
  Address address;
  if (const auto* literal = expression.as<ast::Literal>()) {
    if (auto parsed = parse_address(literal->value.text())) {
      address = *std::move(parsed);
    }
  } else if (!read_steps(evaluator, expression, round, address.steps)) {
    address.steps.clear();
  }
  if (address.steps.size() < 2) {
    evaluator.diagnostics()
        .error("E0207", expression.span, "this is no address")
        .help.emplace_back(
            "an address is KIND.NAME, with a key for each `for` around it: service.api[\"eu\"]");
    return std::nullopt;
  }
  fill_shared_keys(evaluation, round, address);
  return address.text();
}

void check_moved(const ResourceGraph& graph, Diagnostics& diagnostics) {
  std::map<std::string, const MovedStatement*, std::less<>> by_from;
  std::map<std::string, const MovedStatement*, std::less<>> by_to;
  std::vector<MovedStatement> moved = graph.moved;
  std::stable_sort(moved.begin(), moved.end(), is_before);
  const auto twice = [&](const MovedStatement& one, const MovedStatement& other,
                         std::string_view end, const std::string& address) {
    diagnostics
        .error("E0620", one.span, fmt::format("two `moved` have the same `{}`: `{}`", end, address))
        .related.push_back({other.span, "the other one"});
  };
  for (const auto& one : moved) {
    if (const auto [other, added] = by_from.try_emplace(one.from, &one); !added) {
      twice(one, *other->second, "from", one.from);
    }
    if (const auto [other, added] = by_to.try_emplace(one.to, &one); !added) {
      twice(one, *other->second, "to", one.to);
    }
    if (address_kind(one.from) != address_kind(one.to)) {
      diagnostics.error(
          "E0620", one.span,
          fmt::format("`{}` cannot become `{}`: it is of another kind", one.from, one.to));
    }
    if (graph.find(one.from) != nullptr) {
      diagnostics.error("E0620", one.span,
                        fmt::format("`{}` is moved away and still exists in environment `{}`",
                                    one.from, graph.environment));
    }
  }
  for (const auto& one : moved) {
    const MovedStatement* at = &one;
    for (std::size_t steps = 0; at != nullptr && steps <= moved.size(); ++steps) {
      const auto next = by_from.find(at->to);
      at = next == by_from.end() ? nullptr : next->second;
      if (at == &one) {
        diagnostics.error("E0620", one.span, fmt::format("`{}` is moved in a circle", one.from));
        return;
      }
    }
  }
}

}  // namespace infra
