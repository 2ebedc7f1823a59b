#include "compiler/steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/evaluate.h"

namespace infra {
namespace {

using StepId = std::uint32_t;  // 2 * node: made; 2 * node + 1: live

constexpr StepId made_step(NodeId node) {
  return 2 * node;
}
constexpr StepId live_step(NodeId node) {
  return 2 * node + 1;
}

struct Edge {
  StepId to = 0;
  const Dependency* why = nullptr;  // none: made before live
};

class Steps {
 public:
  Steps(const Evaluation& evaluation, const ResourceGraph& graph, Diagnostics& diagnostics)
      : evaluation_(evaluation), graph_(graph), diagnostics_(diagnostics) {
    colours_.resize(graph.nodes.size() * 2, Colour::white);
  }

  void run() {
    for (NodeId id = 0; id < graph_.nodes.size(); ++id) {
      if (colours_[live_step(id)] == Colour::white && !graph_.nodes[id].dependencies.empty()) {
        visit(live_step(id));
      }
    }
  }

 private:
  enum class Colour : std::uint8_t { white, grey, black };
  struct Frame {
    StepId step;
    std::vector<Edge> edges;
    std::size_t next = 0;
  };

  // Made apart from live: what has an output that is there before it runs.
  [[nodiscard]] bool two_steps(NodeId id) const {
    const Instance& instance = evaluation_.instances[id];
    const auto made = [](const auto& one) { return one.made; };
    if (instance.schema != nullptr &&
        std::any_of(instance.schema->attributes.begin(), instance.schema->attributes.end(), made)) {
      return true;
    }
    if (instance.kind == nullptr) {
      return false;
    }
    const auto& outputs = instance.kind->outputs;
    return std::any_of(outputs.begin(), outputs.end(), [&](const KindOutput& output) {
      return output.made && !speaks_of(instance.schema, output.path);
    });
  }

  [[nodiscard]] static bool speaks_of(const TypeSchema* schema, const Path& path) {
    return schema != nullptr &&
           std::any_of(schema->attributes.begin(), schema->attributes.end(),
                       [&](const Attribute& attribute) { return attribute.path == path; });
  }

  [[nodiscard]] bool at_birth(NodeId id, const Path& attribute) const {
    const TypeSchema* schema = evaluation_.instances[id].schema;
    const Attribute* found = schema == nullptr ? nullptr : find_attribute(*schema, attribute);
    return covers("/name", attribute) ||
           (found != nullptr &&
            (found->presence == Presence::required || found->on_change == OnChange::replace));
  }

  [[nodiscard]] std::vector<Edge> edges(StepId step) const {
    const NodeId id = step / 2;
    const bool two = two_steps(id);
    std::vector<Edge> result;
    if (step == live_step(id) && two) {
      result.push_back({made_step(id), nullptr});
    }
    for (const auto& dependency : graph_.nodes[id].dependencies) {
      if (dependency.wait == Wait::none ||
          (two && step == made_step(id) && !at_birth(id, dependency.attribute))) {
        continue;
      }
      const bool waits_made = dependency.wait == Wait::made && two_steps(dependency.target);
      result.push_back(
          {waits_made ? made_step(dependency.target) : live_step(dependency.target), &dependency});
    }
    return result;
  }

  void visit(StepId start) {
    std::vector<Frame> stack;
    push(stack, start);
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.next == top.edges.size()) {
        colours_[top.step] = Colour::black;
        stack.pop_back();
        continue;
      }
      const StepId to = top.edges[top.next++].to;
      if (colours_[to] == Colour::white) {
        push(stack, to);
      } else if (colours_[to] == Colour::grey) {
        report(stack, to);
      }
    }
  }

  void push(std::vector<Frame>& stack, StepId step) {
    colours_[step] = Colour::grey;
    stack.push_back({step, edges(step), 0});
  }

  [[nodiscard]] std::string edge_text(NodeId from, const Dependency& why) const {
    const std::string what =
        why.output.empty() ? std::string("it") : fmt::format("its `{}`", why.output.substr(1));
    return fmt::format("`{}` waits for `{}`: {} is needed here", graph_.nodes[from].address,
                       graph_.nodes[why.target].address, what);
  }

  void report(const std::vector<Frame>& stack, StepId to) {
    auto first = std::find_if(stack.begin(), stack.end(),
                              [to](const Frame& frame) { return frame.step == to; });
    std::string path;
    std::vector<Label> labels;
    bool address = false;
    for (auto frame = first; frame != stack.end(); ++frame) {
      const NodeId from = frame->step / 2;
      const Edge& edge = frame->edges[frame->next - 1];
      if (edge.why == nullptr) {
        continue;
      }
      if (path.empty()) {
        path = "`" + graph_.nodes[from].address + "`";
      }
      path += " → `" + graph_.nodes[edge.why->target].address + "`";
      const Instance& instance = evaluation_.instances[from];
      labels.push_back({written_at(*instance.declaration, instance.driver, edge.why->attribute),
                        edge_text(from, *edge.why)});
      address = address || covers("/url", edge.why->output) || covers("/host", edge.why->output);
    }
    if (labels.empty()) {
      return;
    }
    Diagnostic& error =
        diagnostics_.error("E0606", labels.front().span, "these wait for one another: " + path);
    error.label = labels.front().text;
    error.related.assign(labels.begin() + 1, labels.end());
    error.address = graph_.nodes[stack.back().step / 2].address;
    error.help.emplace_back(address
                                ? "give the service `domains`: then its url is known before it runs"
                                : "take one of these references out");
  }

  const Evaluation& evaluation_;
  const ResourceGraph& graph_;
  Diagnostics& diagnostics_;
  std::vector<Colour> colours_;
};

}  // namespace

void find_cycles(const Evaluation& evaluation, const ResourceGraph& graph,
                 Diagnostics& diagnostics) {
  Steps(evaluation, graph, diagnostics).run();
}

}  // namespace infra
