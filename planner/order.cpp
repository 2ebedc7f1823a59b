// The order in which nodes are planned: depth first along what they wait for.
#include <algorithm>

#include "planner/draft.h"

namespace infra {

std::vector<NodeIndex> evaluation_order(const Expansion& expansion) {
  struct Visit {
    NodeIndex node;
    std::size_t next = 0;
  };
  enum : std::uint8_t { fresh, open, closed };
  std::vector<std::uint8_t> state(expansion.nodes.size(), fresh);
  std::vector<NodeIndex> order;
  order.reserve(expansion.nodes.size());
  std::vector<Visit> stack;
  for (NodeIndex root = 0; root < expansion.nodes.size(); ++root) {
    if (state[root] != fresh) {
      continue;
    }
    state[root] = open;
    stack.push_back({root});
    while (!stack.empty()) {
      Visit& visit = stack.back();
      const auto& edges = expansion[visit.node].edges;
      if (visit.next == edges.size()) {
        state[visit.node] = closed;
        order.push_back(visit.node);
        stack.pop_back();
        continue;
      }
      const NodeIndex target = edges[visit.next++].target;
      if (state[target] == fresh) {  // an open one closes a cycle of made and live: cut here
        state[target] = open;
        stack.push_back({target});
      }
    }
  }
  return order;
}

}  // namespace infra
