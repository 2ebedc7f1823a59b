// `infra why ADDRESS`: why a resource exists, what it waits for, who waits for it, and what touched
// it last.
#include <fmt/format.h>

#include <map>
#include <set>

#include "base/address.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "planner/change_text.h"

namespace infra {
namespace {

struct Reasons {
  std::string address, type, provider, written;
  std::vector<std::string> keys;
  std::map<std::string, std::set<std::string>> needs, needed_by;  // address -> what for
  std::set<std::string> checks, outputs;
  bool in_text = false, existing = false;
};

std::string use_text(const Dependency& dependency) {
  std::string text = path_text(dependency.attribute);
  if (!dependency.output.empty()) {
    text += " uses its " + path_text(dependency.output);
  }
  return dependency.attribute.empty() ? "" : text;
}

NodeId id_of(const ResourceGraph& graph, const ResourceNode& node) {
  return static_cast<NodeId>(&node - graph.nodes.data());
}

void add_graph_reasons(const Compilation& compilation, Reasons& reasons) {
  const ResourceGraph& graph = *compilation.graph;
  const ResourceNode* node = graph.find(reasons.address);
  if (node == nullptr) {  // a companion lives with its owner
    node = graph.find(std::string(address_owner(reasons.address)));
  }
  if (node == nullptr) {
    return;
  }
  reasons.in_text = true;
  reasons.existing = node->existing;
  reasons.type = node->type;
  reasons.provider = node->provider;
  reasons.keys = node->keys;
  reasons.written = compilation.sources.place(node->span);
  const NodeId self = id_of(graph, *node);
  for (const Dependency& dependency : node->dependencies) {
    if (dependency.target != self) {
      reasons.needs[graph.nodes[dependency.target].address].insert(use_text(dependency));
    }
  }
  for (const ResourceNode& other : graph.nodes) {
    for (const Dependency& dependency : other.dependencies) {
      if (dependency.target == self && &other != node) {
        reasons.needed_by[other.address].insert(use_text(dependency));
      }
    }
  }
  const auto refers = [self](const std::vector<Dependency>& dependencies) {
    return std::any_of(dependencies.begin(), dependencies.end(),
                       [self](const Dependency& each) { return each.target == self; });
  };
  for (const PlannedCheck& check : graph.checks) {
    if (refers(check.dependencies)) {
      reasons.checks.insert(check.name);
    }
  }
  for (const PlannedOutput& output : graph.outputs) {
    if (refers(output.dependencies)) {
      reasons.outputs.insert(output.name);
    }
  }
}

std::string uses_text(const std::map<std::string, std::set<std::string>>& uses) {
  std::string out;
  for (const auto& [address, ways] : uses) {
    std::vector<std::string> words;
    for (const std::string& way : ways) {
      if (!way.empty()) {
        words.push_back(printable(way));
      }
    }
    out +=
        "    " + printable(address) + (words.empty() ? "" : "  (" + join(words, ", ") + ")") + "\n";
  }
  return out;
}

// What state says of it: its id, its last change, and the run that made it.
std::string state_text(const Session& session, const std::string& environment,
                       const std::string& address) {
  const State state = session.read_state(environment);
  const auto found = state.resources.find(address);
  if (found == state.resources.end()) {
    return "  not in state: it was never applied here\n";
  }
  const ResourceRecord& record = found->second;
  std::string out =
      fmt::format("  in state as {}", record.id.empty() ? "(no id yet)" : printable(record.id));
  out += fmt::format(", last changed at serial {}", record.updated_serial);
  const auto history = Store::history(session.location(environment), session.world);
  const HistoryEntry* run = nullptr;
  for (const HistoryEntry& entry : history) {
    if (entry.serial >= record.updated_serial && (run == nullptr || entry.serial < run->serial)) {
      run = &entry;
    }
  }
  if (run != nullptr) {
    const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds{run->at}};
    out += fmt::format(" by `infra {}`, {}", printable(run->what), timestamp(at));
  }
  out += "\n";
  if (record.generation > 0) {
    out += fmt::format("  replaced {}\n", plural(record.generation, "time"));
  }
  for (const auto& [op, intent] : state.intents) {
    if (intent.address == address) {
      out += "  an operation of an earlier run on it is unfinished; `infra apply` settles it\n";
    }
  }
  return out;
}

std::string reasons_text(const Reasons& reasons, const TextStyle& style) {
  std::string out = paint(Tone::strong, printable(reasons.address), style);
  if (!reasons.in_text) {
    return out + "\n  the text does not have it in this environment\n";
  }
  out += "  " + printable(reasons.type) + "\n";
  out += fmt::format("  written at {}{}\n", printable(reasons.written),
                     reasons.provider.empty() ? "" : ", placed on " + printable(reasons.provider));
  if (!reasons.keys.empty()) {
    out += fmt::format("  the round {} of its `for`\n", printable(join(reasons.keys, ", ")));
  }
  if (reasons.existing) {
    out += "  managed by somebody else: read, never changed\n";
  }
  if (!reasons.needs.empty()) {
    out += "  needs\n" + uses_text(reasons.needs);
  }
  if (!reasons.needed_by.empty()) {
    out += "  is needed by\n" + uses_text(reasons.needed_by);
  }
  if (!reasons.checks.empty()) {
    out += "  is probed by check " +
           list_text(std::vector<std::string>(reasons.checks.begin(), reasons.checks.end())) + "\n";
  }
  if (!reasons.outputs.empty()) {
    out += "  is shown by output " +
           list_text(std::vector<std::string>(reasons.outputs.begin(), reasons.outputs.end())) +
           "\n";
  }
  if (reasons.needed_by.empty() && reasons.checks.empty() && reasons.outputs.empty()) {
    out += "  nothing in the text refers to it\n";
  }
  return out;
}

Value uses_document(const std::map<std::string, std::set<std::string>>& uses) {
  Object out;
  for (const auto& [address, ways] : uses) {
    out.emplace(address, List(ways.begin(), ways.end()));
  }
  return out;
}

int run_why(Session& session, const std::string& text) {
  Reasons reasons;
  reasons.address = canonical_address(text);
  const Compilation compilation = session.compile();
  add_graph_reasons(compilation, reasons);
  const std::string& environment = compilation.graph->environment;
  const bool in_state = session.read_state(environment).resources.contains(reasons.address);
  if (!reasons.in_text && !in_state) {
    std::vector<std::string> known;
    for (const ResourceNode& node : compilation.graph->nodes) {
      known.push_back(node.address);
    }
    const auto near = nearest(reasons.address, known);
    throw CommandError(1,
                       fmt::format("neither the text nor state has {}", printable(reasons.address)),
                       near ? fmt::format("did you mean {}?", printable(*near))
                            : "`infra graph` shows what the text has");
  }
  if (session.options.json) {
    session.terminal.print(
        to_json(Object{{"address", reasons.address},
                       {"type", reasons.type},
                       {"written", reasons.written},
                       {"needs", uses_document(reasons.needs)},
                       {"needed_by", uses_document(reasons.needed_by)},
                       {"checks", List(reasons.checks.begin(), reasons.checks.end())},
                       {"outputs", List(reasons.outputs.begin(), reasons.outputs.end())},
                       {"in_state", in_state}},
                SecretText::refuse, 2) +
        "\n");
    return 0;
  }
  session.terminal.print(reasons_text(reasons, session.terminal.style()) +
                         state_text(session, environment, reasons.address));
  return 0;
}

}  // namespace

void add_why_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "why", "Explain why a resource exists and whom it touches");
  auto address = std::make_shared<std::string>();
  command.add_option("address", *address, "The resource")->required();
  command.callback([&session, address] {
    session.streams = false;
    session.command = [&session, address] { return run_why(session, *address); };
  });
}

}  // namespace infra
