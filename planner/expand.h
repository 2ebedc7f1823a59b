// planner/expand.h — graph and schemas to nodes: every resource of the text, and everything that
// hangs on one with an id of its own (volumes, deployments, migrations, an implied project).
//
// A node has its own address, row, guard and drift. Expansion is a pure function, before anything
// is looked at.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/diagnostics.h"
#include "base/schema.h"
#include "compiler/graph.h"
#include "providers/provider.h"

namespace infra {

using NodeIndex = std::uint32_t;  // index into Expansion::nodes, which are in address order
inline constexpr NodeIndex no_node = UINT32_MAX;
inline constexpr std::string_view secret_type = "infra.secret";

struct Edge {  // what a node waits for
  NodeIndex target = no_node;
  Wait wait = Wait::live;
  Path output;        // of the target; "": the target itself
  Path attribute;     // of this node that uses it
  bool link = false;  // between a companion and its owner: satisfied within one call of a group
};

struct Node {
  std::string address, kind, name;
  std::vector<std::string> keys;
  std::string type;
  std::string provider;                    // name or alias of the block; "" for a secret
  const ProviderBlock* block = nullptr;    // nullptr for a secret
  const Provider* driver = nullptr;        // nullptr for a secret
  const TypeSchema* schema = nullptr;      // nullptr for a secret
  const ResourceNode* resource = nullptr;  // as written; nullptr for a companion
  const Companion* companion = nullptr;    // what made it a companion
  NodeIndex owner = no_node;               // per provider: the first that called for it
  Path from;                               // of the owner: "/volume/data"; "" where there is none
  std::string item;                        // block's name or item's text
  std::string default_name;
  bool existing = false;
  bool has_made = false;  // its type is brought into being first, and made live by a second change
  Span span;
  std::vector<Edge> edges;
  std::vector<NodeIndex> parents;  // containers and inputs: nodes that its links name
  std::vector<NodeIndex> parts;    // made once it exists; it counts as live only with them
  NodeIndex deployment = no_node;  // its running form
  [[nodiscard]] bool is_secret() const { return schema == nullptr; }
};

struct Expansion {
  std::vector<Node> nodes;
  std::vector<std::vector<NodeIndex>> dependents;  // by node: who has an edge to it

  [[nodiscard]] NodeIndex find(std::string_view address) const;  // no_node: there is none
  [[nodiscard]] const Node& operator[](NodeIndex index) const { return nodes[index]; }
  void index();  // after `nodes` is complete

 private:
  std::unordered_map<std::string_view, NodeIndex> by_address_;
};

[[nodiscard]] Expansion expand(const ResourceGraph& graph,
                               std::span<const Provider* const> providers,
                               Diagnostics& diagnostics);

// The attributes of a companion, out of those of its owner: what it takes, its block or item, and
// the link to its owner.
[[nodiscard]] Value companion_attributes(const Expansion& expansion, const Node& node,
                                         const Value& owner_attributes);
// Names the companions that a node stands in or waits for in its attributes.
void link_companions(const Expansion& expansion, const Node& node, Value& attributes);
// Takes what belongs to its companions alone out of an owner's attributes.
void strip_companions(const Node& node, Value& attributes);

// "vercel.service" -> "service"
[[nodiscard]] std::string_view type_suffix(std::string_view type);

}  // namespace infra
