// planner/desired.h — what a node should be: the author's attributes with what is known by now,
// names filled in, references to ids, and what belongs to companions handed on to them.
#pragma once
#include "base/diagnostics.h"
#include "compiler/graph.h"
#include "planner/expand.h"
#include "planner/knowledge.h"

namespace infra {

// Unknown where only apply will know, Hidden where the source cannot be read here and the value was
// applied before. A reference to what is not born has an empty id.
[[nodiscard]] Value desired_attributes(const ResourceGraph& graph, const Expansion& expansion,
                                       const Knowledge& knowledge, NodeIndex node,
                                       Diagnostics& diagnostics);

// The name that a node without a written one gets: kept from state, else made. `generation` above 0
// is added where old and new must not have the same.
[[nodiscard]] std::string filled_name(const ResourceGraph& graph, const Node& node,
                                      std::uint32_t generation);
// True when the author has not written a name and the type takes one.
[[nodiscard]] bool fills_name(const Node& node, const Value& attributes);

// The longest text that the type takes at `path`; 0: it does not say.
[[nodiscard]] std::size_t longest(const TypeSchema& schema, std::string_view path);

}  // namespace infra
