#include "planner/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/address.h"
#include "base/kinds.h"

namespace infra {

std::string_view type_suffix(std::string_view type) {
  const auto dot = type.find('.');
  return dot == std::string_view::npos ? type : type.substr(dot + 1);
}

void Expansion::index() {
  by_address_.clear();
  by_address_.reserve(nodes.size());
  dependents.assign(nodes.size(), {});
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    by_address_.emplace(nodes[i].address, i);
    for (const auto& edge : nodes[i].edges) {
      auto& users = dependents[edge.target];
      if (users.empty() || users.back() != i) {
        users.push_back(i);
      }
    }
  }
}

NodeIndex Expansion::find(std::string_view address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? no_node : found->second;
}

namespace {

std::string_view first_step(std::string_view path) {
  const auto end = path.find('/', 1);
  return path.substr(0, end);
}

std::string_view last_step(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool makes_first(const TypeSchema& schema) {
  return std::ranges::any_of(schema.attributes, [](const Attribute& a) {
    return a.presence == Presence::computed && a.made;
  });
}

// True when the owner's own schema speaks of the path, so that it stays with the owner as well.
bool lists(const TypeSchema& schema, std::string_view path) {
  return std::ranges::any_of(schema.attributes, [&](const Attribute& a) {
    return covers(path, a.path) || covers(a.path, path);
  });
}

class Expander {
 public:
  Expander(const ResourceGraph& graph, std::span<const Provider* const> providers,
           Diagnostics& diagnostics)
      : graph_(graph), providers_(providers), diagnostics_(diagnostics) {
    for (const auto& block : graph.providers) {
      blocks_.emplace(block.alias, &block);
    }
  }

  Expansion run() {
    out_.nodes.reserve(graph_.nodes.size());
    for (const auto& resource : graph_.nodes) {
      add_resource(resource);
    }
    const std::size_t written = out_.nodes.size();
    for (NodeIndex i = 0; i < out_.nodes.size(); ++i) {  // grows while it runs
      add_companions(i);
    }
    for (NodeIndex i = 0; i < written; ++i) {
      connect(i);
    }
    fill_references();
    sort_nodes(written);
    out_.index();
    return std::move(out_);
  }

 private:
  void add_resource(const ResourceNode& resource) {
    Node node;
    node.address = resource.address;
    node.kind = resource.kind;
    node.name = resource.name;
    node.keys = resource.keys;
    node.type = resource.type;
    node.provider = resource.provider;
    node.resource = &resource;
    node.default_name = resource.default_name;
    node.existing = resource.existing;
    node.span = resource.span;
    if (resource.type != secret_type) {
      bind(node);
    }
    out_.nodes.push_back(std::move(node));
  }

  // Finds the block, driver and schema; one error per provider that this program has no driver for.
  void bind(Node& node) {
    const std::string driver_name(node.type.substr(0, node.type.find('.')));
    if (const auto block = blocks_.find(node.provider); block != blocks_.end()) {
      node.block = block->second;
    }
    for (const auto* provider : providers_) {
      if (provider->schema().name == driver_name) {
        node.driver = provider;
        node.schema = find_type(provider->schema(), node.type);
      }
    }
    if (node.schema != nullptr) {
      node.has_made = makes_first(*node.schema);
      return;
    }
    static const TypeSchema nothing{};
    node.schema = &nothing;
    if (missing_.insert(driver_name).second) {
      auto& error = diagnostics_.error(
          "E0801", node.span,
          node.driver == nullptr
              ? fmt::format("`{}` needs {}, and this program has no driver for it", node.address,
                            driver_name)
              : fmt::format("`{}` has the type {}, which the driver of {} does not have",
                            node.address, node.type, driver_name));
      error.address = node.address;
      error.help.push_back("plan an environment that is placed elsewhere: infra providers");
    }
  }

  void add_companions(NodeIndex owner) {
    if (out_.nodes[owner].is_secret() || out_.nodes[owner].existing) {
      return;
    }
    const TypeSchema& schema = *out_.nodes[owner].schema;
    for (const auto& rule : schema.companions) {
      switch (rule.per) {
        case Per::provider:
          add_provider_companion(owner, rule);
          break;
        case Per::owner:
          if (rule.from.empty() || attributes_of(owner).at(rule.from)) {
            add_companion(owner, rule, std::string(type_suffix(rule.type)), rule.from, {});
          }
          break;
        case Per::block:
          add_blocks(owner, rule);
          break;
        case Per::item:
          add_items(owner, rule);
          break;
      }
    }
  }

  void add_provider_companion(NodeIndex owner, const Companion& rule) {
    const std::string provider = out_.nodes[owner].provider;
    const std::string address =
        Address{{{"provider", {}}, {provider, {}}, {std::string(type_suffix(rule.type)), {}}}}
            .text();
    auto found = shared_.find(address);
    if (found == shared_.end()) {
      const NodeIndex made = push_companion(owner, rule, address, {}, {});
      found = shared_.emplace(address, made).first;
    }
    link(owner, found->second, rule, rule.link);
  }

  void add_blocks(NodeIndex owner, const Companion& rule) {
    const Value blocks = attributes_of(owner).at(rule.from);
    for (const auto& [name, block] : blocks.object()) {
      Address address = *parse_address(out_.nodes[owner].address);
      address.steps.push_back({std::string(last_step(rule.from)), {}});
      address.steps.push_back({name, {}});
      add_companion_at(owner, rule, address.text(), join(rule.from, name), name);
    }
  }

  void add_items(NodeIndex owner, const Companion& rule) {
    const Value items = attributes_of(owner).at(rule.from);
    std::size_t position = 0;
    for (const auto& item : items.list()) {
      if (item.text().empty()) {
        auto& error = diagnostics_.error(
            "E0802", graph_span(owner, rule.from),
            fmt::format("`{}{}` must be known when planning: each of its items becomes a resource "
                        "of its own",
                        out_.nodes[owner].address, rule.from));
        error.address = out_.nodes[owner].address;
        error.help.push_back("write the items as text, a param or a let");
        return;
      }
      Address address = *parse_address(out_.nodes[owner].address);
      address.steps.push_back({std::string(last_step(rule.from)), {item.text()}});
      add_companion_at(owner, rule, address.text(), join(rule.from, std::to_string(position++)),
                       item.text());
    }
  }

  void add_companion(NodeIndex owner, const Companion& rule, std::string step, Path from,
                     std::string item) {
    Address address = *parse_address(out_.nodes[owner].address);
    address.steps.push_back({std::move(step), {}});
    add_companion_at(owner, rule, address.text(), std::move(from), std::move(item));
  }

  void add_companion_at(NodeIndex owner, const Companion& rule, std::string address, Path from,
                        std::string item) {
    const bool several = rule.per == Per::block || rule.per == Per::item;
    const NodeIndex made = push_companion(owner, rule, std::move(address), std::move(from), item);
    link(owner, made, rule, several ? join(rule.link, item) : rule.link);
  }

  NodeIndex push_companion(NodeIndex owner, const Companion& rule, std::string address, Path from,
                           std::string item) {
    Node node;
    const Node& its_owner = out_.nodes[owner];
    node.address = std::move(address);
    node.kind = std::string(type_suffix(rule.type));
    node.name = item.empty() ? std::string(address_name(node.address)) : item;
    node.type = rule.type;
    node.provider = its_owner.provider;
    node.companion = &rule;
    node.owner = owner;
    node.from = std::move(from);
    node.item = std::move(item);
    node.span = its_owner.resource != nullptr && !node.from.empty()
                    ? graph_.span(*its_owner.resource, node.from)
                    : its_owner.span;
    node.default_name = default_name(graph_.stack, node.address, graph_.environment);
    bind(node);
    out_.nodes.push_back(std::move(node));
    return static_cast<NodeIndex>(out_.nodes.size() - 1);
  }

  // Edges between owner and companion, by role.
  void link(NodeIndex owner, NodeIndex companion, const Companion& rule, const Path& attribute) {
    auto& nodes = out_.nodes;
    switch (rule.role) {
      case Role::parent:
      case Role::input:
        nodes[owner].edges.push_back({companion, Wait::live, {}, attribute, true});
        nodes[owner].parents.push_back(companion);
        break;
      case Role::part:
        nodes[companion].edges.push_back({owner, Wait::made, {}, rule.link, true});
        nodes[owner].parts.push_back(companion);
        break;
      case Role::deployment:
        nodes[companion].edges.push_back({owner, Wait::made, {}, rule.link, true});
        nodes[owner].deployment = companion;
        break;
    }
  }

  // The dependencies of the text, each where its attribute ended: at the resource or a companion.
  void connect(NodeIndex index) {
    const ResourceNode& resource = *out_.nodes[index].resource;
    for (const auto& dependency : resource.dependencies) {
      const Edge edge{dependency.target, waiting(dependency), dependency.output,
                      dependency.attribute, false};
      bool taken = false;
      for (const NodeIndex hanging : companions_of(index)) {
        if (takes(out_.nodes[hanging], dependency.attribute) && hanging != edge.target) {
          out_.nodes[hanging].edges.push_back(edge);
          taken = true;
        }
      }
      if (!taken || lists(*schema_of(index), first_step(dependency.attribute))) {
        if (edge.target != index || edge.wait != Wait::live) {
          out_.nodes[index].edges.push_back(edge);
        }
      }
    }
    if (out_.nodes[index].deployment != no_node) {
      auto& running = out_.nodes[out_.nodes[index].deployment];
      for (const NodeIndex part : out_.nodes[index].parts) {
        running.edges.push_back({part, Wait::live, {}, {}, true});
      }
    }
  }

  const TypeSchema* schema_of(NodeIndex index) const {
    static const TypeSchema secrets{};
    return out_.nodes[index].is_secret() ? &secrets : out_.nodes[index].schema;
  }

  std::vector<NodeIndex> companions_of(NodeIndex index) const {
    const Node& node = out_.nodes[index];
    std::vector<NodeIndex> all = node.parts;
    all.insert(all.end(), node.parents.begin(), node.parents.end());
    if (node.deployment != no_node) {
      all.push_back(node.deployment);
    }
    return all;
  }

  static bool takes(const Node& companion, std::string_view attribute) {
    if (!companion.from.empty() && covers(companion.from, attribute)) {
      return true;
    }
    if (companion.companion->per == Per::item && covers(companion.companion->from, attribute)) {
      return true;
    }
    return std::ranges::any_of(companion.companion->takes,
                               [&](const auto& pair) { return covers(pair.first, attribute); });
  }

  // What a use of an output waits for, by the schema of the target: a formula needs nothing but
  // inputs, an output that is known once the thing exists needs it made.
  Wait waiting(const Dependency& dependency) const {
    const Node& target = out_.nodes[dependency.target];
    if (dependency.wait == Wait::none || target.is_secret() || dependency.output.empty()) {
      return dependency.wait;
    }
    const Attribute* attribute = find_attribute(*target.schema, dependency.output);
    if (attribute == nullptr) {
      return dependency.output == "/id" && target.has_made ? Wait::made : dependency.wait;
    }
    if (!attribute->formula.empty()) {
      return Wait::none;
    }
    if (attribute->presence == Presence::computed && target.has_made) {
      return attribute->made ? Wait::made : Wait::live;
    }
    return dependency.wait;
  }

  // A required reference that was left out names the only resource there is for it.
  void fill_references() {
    for (NodeIndex i = 0; i < out_.nodes.size(); ++i) {
      if (out_.nodes[i].is_secret() || out_.nodes[i].resource == nullptr) {
        continue;
      }
      for (const auto& attribute : out_.nodes[i].schema->attributes) {
        if (attribute.presence == Presence::required && attribute.type.base == Type::reference &&
            !out_.nodes[i].resource->attributes.at(attribute.path)) {
          fill_reference(i, attribute);
        }
      }
    }
  }

  void fill_reference(NodeIndex index, const Attribute& attribute) {
    for (const auto& edge : out_.nodes[index].edges) {
      if (edge.link && edge.attribute == attribute.path) {
        return;
      }
    }
    std::vector<NodeIndex> candidates;
    for (NodeIndex i = 0; i < out_.nodes.size(); ++i) {
      const Node& other = out_.nodes[i];
      if (i != index && !other.is_secret() && other.provider == out_.nodes[index].provider &&
          fits(attribute.type.names, other.type)) {
        candidates.push_back(i);
      }
    }
    if (candidates.size() == 1) {
      out_.nodes[index].edges.push_back({candidates[0], Wait::made, {}, attribute.path, true});
      out_.nodes[index].parents.push_back(candidates[0]);
      return;
    }
    auto& error = diagnostics_.error(
        "E0803", out_.nodes[index].span,
        fmt::format("`{}` needs `{}`, and {}", out_.nodes[index].address, attribute.path.substr(1),
                    candidates.empty() ? "there is no resource it could name"
                                       : "there are several that it could name"));
    error.address = out_.nodes[index].address;
    for (const NodeIndex candidate : candidates) {
      error.help.push_back(
          fmt::format("write `{} = {}`", attribute.path.substr(1), out_.nodes[candidate].address));
    }
  }

  static bool fits(const std::vector<std::string>& names, const std::string& type) {
    return std::ranges::any_of(names, [&](const std::string& name) {
      return name == type || (name.starts_with("*.") && name.substr(2) == type_suffix(type));
    });
  }

  const Value& attributes_of(NodeIndex index) {
    const Node& node = out_.nodes[index];
    if (node.resource != nullptr) {
      return node.resource->attributes;
    }
    static const Value nothing{Object{}};
    auto found = companion_values_.find(index);
    if (found == companion_values_.end()) {
      const Value owner = node.owner == no_node ? nothing : attributes_of(node.owner);
      found = companion_values_.emplace(index, companion_attributes(out_, out_.nodes[index], owner))
                  .first;
    }
    return found->second;
  }

  Span graph_span(NodeIndex index, std::string_view attribute) const {
    const Node& node = out_.nodes[index];
    return node.resource != nullptr ? graph_.span(*node.resource, attribute) : node.span;
  }

  // Puts companions where their addresses belong and renumbers all that names a node.
  void sort_nodes(std::size_t written) {
    if (out_.nodes.size() == written) {
      return;
    }
    std::vector<NodeIndex> order(out_.nodes.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](NodeIndex left, NodeIndex right) {
      return address_less(out_.nodes[left].address, out_.nodes[right].address);
    });
    std::vector<NodeIndex> now(order.size());
    std::vector<Node> sorted;
    sorted.reserve(order.size());
    for (NodeIndex i = 0; i < order.size(); ++i) {
      now[order[i]] = i;
      sorted.push_back(std::move(out_.nodes[order[i]]));
    }
    const auto renumber = [&](NodeIndex& index) {
      index = index == no_node ? no_node : now[index];
    };
    for (auto& node : sorted) {
      renumber(node.owner);
      renumber(node.deployment);
      std::ranges::for_each(node.parts, renumber);
      std::ranges::for_each(node.parents, renumber);
      for (auto& edge : node.edges) {
        renumber(edge.target);
      }
    }
    out_.nodes = std::move(sorted);
  }

  const ResourceGraph& graph_;
  std::span<const Provider* const> providers_;
  Diagnostics& diagnostics_;
  Expansion out_;
  std::map<std::string, const ProviderBlock*, std::less<>> blocks_;
  std::map<std::string, NodeIndex> shared_;  // companions of provider blocks, by address
  std::map<NodeIndex, Value> companion_values_;
  std::set<std::string> missing_;
};

// The attribute that holds the item: the one that `takes` names, else the first that is neither
// link, container nor computed.
Path item_attribute(const Node& node) {
  for (const auto& [theirs, own] : node.companion->takes) {
    if (theirs == node.companion->from) {
      return own;
    }
  }
  for (const auto& attribute : node.schema->attributes) {
    if (attribute.presence != Presence::computed && attribute.path != node.companion->link &&
        attribute.path != node.schema->parent) {
      return attribute.path;
    }
  }
  return "/name";
}

void take_block(const Node& node, const Value& block, Value& own) {
  for (const auto& [key, value] : block.object()) {
    own.set(join("", key), value);
  }
  const Attribute* name = find_attribute(*node.schema, "/name");
  if (name != nullptr && name->fill == Fill::nothing && !own.at("/name")) {
    own.set("/name", node.item);
  }
}

}  // namespace

Expansion expand(const ResourceGraph& graph, std::span<const Provider* const> providers,
                 Diagnostics& diagnostics) {
  return Expander(graph, providers, diagnostics).run();
}

Value companion_attributes(const Expansion& expansion, const Node& node,
                           const Value& owner_attributes) {
  const Companion& rule = *node.companion;
  Value own{Object{}};
  if (rule.per == Per::block) {
    take_block(node, owner_attributes.at(node.from), own);
  } else if (rule.per == Per::item) {
    own.set(item_attribute(node), node.item);
  } else if (rule.per == Per::provider && !rule.from.empty() && node.block != nullptr) {
    if (const Value& named = node.block->settings.at(rule.from)) {
      own.set("/name", named);
    }
  }
  for (const auto& [theirs, its] : rule.takes) {
    if (rule.per == Per::item && theirs == rule.from) {
      continue;
    }
    if (const Value& value = owner_attributes.at(theirs)) {
      own.set(its, value);
    }
  }
  if ((rule.role == Role::part || rule.role == Role::deployment) && node.owner != no_node &&
      node.owner < expansion.nodes.size()) {
    own.set(rule.link, Reference{expansion[node.owner].address, ""});
  }
  return own;
}

void link_companions(const Expansion& expansion, const Node& node, Value& attributes) {
  for (const auto& edge : node.edges) {
    if (edge.link && !edge.attribute.empty() && edge.target != node.owner) {
      attributes.set(edge.attribute, Reference{expansion[edge.target].address, ""});
    }
  }
}

void strip_companions(const Node& node, Value& attributes) {
  if (node.is_secret()) {
    return;
  }
  for (const auto& rule : node.schema->companions) {
    if (rule.per == Per::provider) {
      continue;
    }
    if (!rule.from.empty() && !lists(*node.schema, rule.from)) {
      attributes.erase(rule.from);
    }
    for (const auto& pair : rule.takes) {
      if (!lists(*node.schema, pair.first)) {
        attributes.erase(pair.first);
      }
    }
  }
}

}  // namespace infra
