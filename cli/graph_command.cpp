// `infra graph`: what waits for what, as DOT, Mermaid or SVG.
#include <fmt/format.h>

#include <map>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/graph_picture.h"

namespace infra {
namespace {

struct Edge {
  NodeId from = 0, to = 0;
  bool made = false;  // waits only until the other one is made
  auto operator<=>(const Edge&) const = default;
};

// One edge per pair; waiting for `live` is the stronger.
std::vector<Edge> edges_of(const ResourceGraph& graph) {
  std::map<std::pair<NodeId, NodeId>, bool> edges;
  for (NodeId from = 0; from < graph.nodes.size(); ++from) {
    for (const Dependency& dependency : graph.nodes[from].dependencies) {
      if (dependency.wait == Wait::none || dependency.target == from) {
        continue;
      }
      const bool made = dependency.wait == Wait::made;
      const auto [place, fresh] = edges.try_emplace({from, dependency.target}, made);
      place->second = place->second && made;
    }
  }
  std::vector<Edge> out;
  for (const auto& [pair, made] : edges) {
    out.push_back({pair.first, pair.second, made});
  }
  return out;
}

// Nodes by the provider block that they are placed on; secrets have none.
std::map<std::string, std::vector<NodeId>> by_provider(const ResourceGraph& graph) {
  std::map<std::string, std::vector<NodeId>> groups;
  for (NodeId id = 0; id < graph.nodes.size(); ++id) {
    groups[graph.nodes[id].provider].push_back(id);
  }
  return groups;
}

// Inside a quoted word of DOT: printable text has no line breaks; quotes and backslashes remain.
std::string dot_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + "\"";
}

std::string_view dot_shape(const ResourceNode& node) {
  if (node.kind == "database" || node.kind == "bucket") {
    return "cylinder";
  }
  return node.kind == "secret" ? "note" : node.kind == "cron" ? "cds" : "box";
}

std::string dot_of(const ResourceGraph& graph) {
  std::string out =
      fmt::format("digraph {} {{\n  rankdir = \"LR\"\n  node [fontname=\"sans-serif\"]\n",
                  dot_text(graph.stack + " " + graph.environment));
  std::size_t cluster = 0;
  for (const auto& [provider, ids] : by_provider(graph)) {
    const bool framed = !provider.empty();
    if (framed) {
      out +=
          fmt::format("  subgraph cluster_{} {{\n    label = {}\n", cluster++, dot_text(provider));
    }
    for (const NodeId id : ids) {
      const ResourceNode& node = graph.nodes[id];
      out += fmt::format("    {} [shape={}{}]\n", dot_text(node.address), dot_shape(node),
                         node.existing ? ", style=dashed" : "");
    }
    out += framed ? "  }\n" : "";
  }
  for (const Edge& edge : edges_of(graph)) {
    out += fmt::format("  {} -> {}{}\n", dot_text(graph.nodes[edge.from].address),
                       dot_text(graph.nodes[edge.to].address), edge.made ? " [style=dashed]" : "");
  }
  return out + "}\n";
}

// Mermaid's quoted texts know entities and nothing else.
std::string mermaid_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '"':
        out += "#quot;";
        break;
      case '#':
        out += "#35;";
        break;
      case '<':
        out += "#lt;";
        break;
      case '>':
        out += "#gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string mermaid_of(const ResourceGraph& graph) {
  std::string out = "flowchart LR\n";
  std::size_t cluster = 0;
  for (const auto& [provider, ids] : by_provider(graph)) {
    const bool framed = !provider.empty();
    if (framed) {
      out += fmt::format("  subgraph p{}[\"{}\"]\n", cluster++, mermaid_text(provider));
    }
    for (const NodeId id : ids) {
      const ResourceNode& node = graph.nodes[id];
      const bool data = node.kind == "database" || node.kind == "bucket";
      out += fmt::format("    n{}{}\"{}\"{}\n", id, data ? "[(" : "[", mermaid_text(node.address),
                         data ? ")]" : "]");
    }
    out += framed ? "  end\n" : "";
  }
  for (const Edge& edge : edges_of(graph)) {
    out += fmt::format("  n{} {} n{}\n", edge.from, edge.made ? "-.->" : "-->", edge.to);
  }
  return out;
}

std::string json_of(const ResourceGraph& graph) {
  List nodes;
  for (const ResourceNode& node : graph.nodes) {
    nodes.push_back(
        Object{{"address", node.address}, {"type", node.type}, {"provider", node.provider}});
  }
  List edges;
  for (const Edge& edge : edges_of(graph)) {
    edges.push_back(Object{{"from", graph.nodes[edge.from].address},
                           {"to", graph.nodes[edge.to].address},
                           {"wait", edge.made ? "made" : "live"}});
  }
  return to_json(Object{{"nodes", std::move(nodes)}, {"edges", std::move(edges)}},
                 SecretText::refuse, 2) +
         "\n";
}

int run_graph(Session& session, const std::string& format) {
  const Compilation compilation = session.compile();
  const ResourceGraph& graph = *compilation.graph;
  std::string text;
  if (format == "json" || session.options.json) {
    text = json_of(graph);
  } else if (format == "mermaid") {
    text = mermaid_of(graph);
  } else {
    text = format == "svg" ? svg_of_dot(dot_of(graph)) : dot_of(graph);
  }
  session.terminal.print(text);
  return 0;
}

}  // namespace

void add_graph_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "graph", "Draw what waits for what");
  auto format = std::make_shared<std::string>("dot");
  command.add_option("--format", *format, "dot, mermaid, svg or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"dot", "mermaid", "svg", "json"}));
  command.callback([&session, format] {
    session.streams = false;
    session.command = [&session, format] { return run_graph(session, *format); };
  });
}

}  // namespace infra
