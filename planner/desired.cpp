#include "planner/desired.h"

#include <algorithm>

#include "base/kinds.h"

namespace infra {
namespace {

Value raw_attributes(const ResourceGraph& graph, const Expansion& expansion,
                     const Knowledge& knowledge, NodeIndex index, Diagnostics& diagnostics);

Value written_attributes(const ResourceGraph& graph, const Expansion& expansion,
                         const Knowledge& knowledge, NodeIndex index, Diagnostics& diagnostics) {
  const Node& node = expansion[index];
  if (node.resource != nullptr) {
    return node.edges.empty() && node.resource->dependencies.empty()
               ? node.resource->attributes
               : graph.attributes(*node.resource, knowledge.outputs(), diagnostics);
  }
  const Value owner = node.owner == no_node
                          ? Value(Object{})
                          : raw_attributes(graph, expansion, knowledge, node.owner, diagnostics);
  return companion_attributes(expansion, node, owner);
}

// What the type takes with `fill`: kept where it was once made.
void fill_attributes(const ResourceGraph& graph, const Node& node, const Fact& fact,
                     Value& attributes) {
  if (fills_name(node, attributes)) {
    const bool kept = fact.record != nullptr && (fact.born || fact.keeps_name);
    Value name = kept ? fact.record->live.at("/name") : Value();
    if (kept && name.text().empty()) {
      name = fact.record->applied.at("/name");
    }
    if (name.text().empty()) {
      const std::uint32_t generation =
          fact.record == nullptr ? 0 : fact.record->generation + (kept ? 0U : 1U);
      name = filled_name(graph, node, generation);
    }
    attributes.set("/name", name);
  }
  for (const auto& attribute : node.schema->attributes) {
    if (attribute.fill == Fill::random && !attributes.at(attribute.path) &&
        fact.record != nullptr && fact.born) {
      if (const Value& kept = fact.record->live.at(attribute.path); kept.as<Secret>() != nullptr) {
        attributes.set(attribute.path, kept);
      }
    }
  }
}

Value raw_attributes(const ResourceGraph& graph, const Expansion& expansion,
                     const Knowledge& knowledge, NodeIndex index, Diagnostics& diagnostics) {
  const Node& node = expansion[index];
  Value attributes = written_attributes(graph, expansion, knowledge, index, diagnostics);
  if (attributes.as<Object>() == nullptr) {
    attributes = Object{};
  }
  if (!node.is_secret()) {
    fill_attributes(graph, node, knowledge[index], attributes);
  }
  link_companions(expansion, node, attributes);
  return attributes;
}

// A leaf that only sources which cannot be read here decide stays as it was applied.
void keep_missing_sources(const Expansion& expansion, const Knowledge& knowledge, const Node& node,
                          Value& attributes) {
  for (const auto& edge : node.edges) {
    if (!expansion[edge.target].is_secret() || !knowledge[edge.target].missing_source) {
      continue;
    }
    const bool others = std::ranges::any_of(node.edges, [&](const Edge& other) {
      return other.attribute == edge.attribute && !knowledge[other.target].missing_source &&
             contains_unknown(knowledge.output(other.target, other.output));
    });
    if (!others && attributes.at(edge.attribute).is_unknown()) {
      attributes.set(edge.attribute, Hidden{});
    }
  }
}

}  // namespace

std::size_t longest(const TypeSchema& schema, std::string_view path) {
  for (const auto& limit : schema.limits) {
    if (limit.path == path && limit.rule == Rule::length_at_most) {
      return static_cast<std::size_t>(limit.value.integer());
    }
  }
  return 0;
}

bool fills_name(const Node& node, const Value& attributes) {
  if (node.is_secret() || attributes.at("/name")) {
    return false;
  }
  const Attribute* name = find_attribute(*node.schema, "/name");
  if (name == nullptr || name->presence == Presence::computed) {
    return false;
  }
  return node.resource != nullptr || name->fill == Fill::name;
}

std::string filled_name(const ResourceGraph& graph, const Node& node, std::uint32_t generation) {
  const std::size_t most = longest(*node.schema, "/name");
  const bool suffixed = generation > 0 && node.schema->adoption.how == Adoption::unique;
  const std::string suffix = suffixed ? "-" + std::to_string(generation + 1) : "";
  if (most == 0 || node.default_name.size() + suffix.size() <= most) {
    return node.default_name + suffix;
  }
  return default_name(graph.stack, node.address, graph.environment, most - suffix.size()) + suffix;
}

Value desired_attributes(const ResourceGraph& graph, const Expansion& expansion,
                         const Knowledge& knowledge, NodeIndex index, Diagnostics& diagnostics) {
  const Node& node = expansion[index];
  Value attributes = raw_attributes(graph, expansion, knowledge, index, diagnostics);
  strip_companions(node, attributes);
  if (!node.edges.empty()) {
    keep_missing_sources(expansion, knowledge, node, attributes);
    knowledge.resolve_references(attributes);
  }
  return attributes;
}

}  // namespace infra
