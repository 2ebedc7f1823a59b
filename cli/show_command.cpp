// `infra show`: what state remembers, one resource of it, a saved plan, or what a local service
// wrote.
#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/files.h"
#include "cli/planning.h"
#include "planner/change_text.h"
#include "planner/document.h"
#include "providers/local/agent_client.h"

namespace infra {
namespace {

struct ShowOptions {
  std::string what, logs;
  std::string format = "text";
  std::size_t lines = 200;
};

std::string_view status_text(RecordStatus status) {
  switch (status) {
    case RecordStatus::ready:
      return "ready";
    case RecordStatus::pending:
      return "pending";
    case RecordStatus::tainted:
      return "tainted";
  }
  return "ready";
}

std::vector<const ResourceRecord*> in_order(const State& state) {
  std::vector<const ResourceRecord*> records;
  for (const auto& [address, record] : state.resources) {
    records.push_back(&record);
  }
  std::sort(records.begin(), records.end(), [](const auto* left, const auto* right) {
    return address_less(left->address, right->address);
  });
  return records;
}

std::string record_text(const ResourceRecord& record, const TextStyle& style) {
  PlannedChange shown;  // the leaves look as they do in a plan
  shown.operation = Operation::create;
  shown.after = record.live.is_null() ? record.applied : record.live;
  if (shown.after.as<Object>() != nullptr) {
    shown.after.erase("/id");  // said above them
  }
  std::string out = paint(Tone::strong, printable(record.address), style) +
                    fmt::format("  {}  {}", printable(record.type), status_text(record.status)) +
                    (record.stateful ? "  holds data" : "") +
                    (record.protected_ ? "  protected" : "") + "\n";
  if (!record.id.empty()) {
    out += "        id  " + printable(record.id) + "\n";
  }
  for (TextLine& line : leaf_lines(shown, style)) {
    line.text.replace(line.text.find('+'), 1, " ");
    out += line.text + "\n";
  }
  if (!record.dependencies.empty()) {
    std::vector<std::string> names;
    for (const std::string& address : record.dependencies) {
      names.push_back(printable(address));
    }
    for (const std::string& line : wrap("needs " + list_text(names), style.columns - 8)) {
      out += "        " + line + "\n";
    }
  }
  return out;
}

std::string state_text(const State& state, const TextStyle& style) {
  if (state.resources.empty() && state.deposed.empty()) {
    return "State is empty: nothing was applied yet.\n";
  }
  std::string out;
  for (const ResourceRecord* record : in_order(state)) {
    out += record_text(*record, style) + "\n";
  }
  for (const auto& [op, deposed] : state.deposed) {
    out += fmt::format("{}  {}  deposed ({}), waits for its removal\n",
                       printable(deposed.record.address), printable(deposed.record.type),
                       printable(deposed.reason));
  }
  for (const auto& [op, intent] : state.intents) {
    out +=
        fmt::format("{}  an operation of an earlier run is unfinished; `infra apply` settles it\n",
                    printable(intent.address));
  }
  if (!state.outputs.empty()) {
    out += paint(Tone::strong, "Outputs:", style) + "\n";
    for (const auto& [name, output] : state.outputs) {
      const bool sensitive = output.revealed || contains_secret(output.value);
      out += fmt::format("  {}  {}\n", printable(name),
                         sensitive ? "(sensitive)" : value_text(output.value));
    }
  }
  return out + fmt::format("\nserial {}, lineage {}\n", state.serial, state.lineage);
}

const ResourceRecord& record_of(const State& state, const std::string& address) {
  const auto found = state.resources.find(address);
  if (found != state.resources.end()) {
    return found->second;
  }
  std::vector<std::string> known;
  for (const auto& [each, record] : state.resources) {
    known.push_back(each);
  }
  const auto near = nearest(address, known);
  throw CommandError(1, fmt::format("state has no {}", printable(address)),
                     near ? fmt::format("did you mean {}?", printable(*near))
                          : "`infra state list` lists what it has");
}

// All that the address names: itself, its rounds, what hangs on it.
int show_resources(Session& session, const State& state, const ShowOptions& options) {
  const std::string address = canonical_address(options.what);
  State part;
  part.lineage = state.lineage;
  part.serial = state.serial;
  part.stack = state.stack;
  part.environment = state.environment;
  for (const auto& [each, record] : state.resources) {
    if (address_matches(address, each)) {
      part.resources.emplace(each, record);
    }
  }
  if (part.resources.empty()) {
    (void)record_of(state, address);
  }
  if (options.format == "json" || session.options.json) {
    session.terminal.print(state_json(part));
    return 0;
  }
  for (const ResourceRecord* record : in_order(part)) {
    session.terminal.print(record_text(*record, session.terminal.style()));
  }
  return 0;
}

int show_logs(Session& session, const ShowOptions& options) {
  const std::string environment = session.state_environment();
  const State state = session.read_state(environment);
  const ResourceRecord& record = record_of(state, canonical_address(options.logs));
  if (!record.type.starts_with("local.")) {
    throw CommandError(1,
                       fmt::format("{} is a {}: its log is kept by its platform",
                                   printable(record.address), printable(record.type)),
                       "--logs shows what runs on this machine");
  }
  const LogText log = read_log(session.data_folder(environment), record.id, options.lines);
  if (!log.failure.empty()) {
    throw CommandError(1, log.failure);
  }
  session.terminal.print(printable(log.text, true));
  return 0;
}

int show_plan_file(Session& session, const ShowOptions& options) {
  const Plan plan = read_saved_plan(session, options.what);
  const Compilation nothing;
  const bool json = options.format == "json" || session.options.json;
  session.terminal.print(json ? plan_json(plan, nothing, State{}, plan.contract)
                              : plan_text(plan, nothing, session.terminal.style(), plan.contract));
  return 0;
}

int run_show(Session& session, const ShowOptions& options) {
  if (!options.logs.empty()) {
    return show_logs(session, options);
  }
  // `shop.plan` reads as an address too: a file that is there, and no folder, is meant.
  if (!options.what.empty() && file_exists(options.what) && !is_folder(options.what)) {
    return show_plan_file(session, options);
  }
  const State state = session.read_state(session.state_environment());
  if (!options.what.empty()) {
    return show_resources(session, state, options);
  }
  session.terminal.print(options.format == "json" || session.options.json
                             ? state_json(state)
                             : state_text(state, session.terminal.style()));
  return 0;
}

}  // namespace

void add_show_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "show", "Show what state remembers, or a saved plan");
  auto options = std::make_shared<ShowOptions>();
  command.add_option("what", options->what, "An address, or a plan file; without it, everything");
  command.add_option("--format", options->format, "text or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  command.add_option("--logs", options->logs, "What a resource on this machine wrote")
      ->type_name("ADDRESS");
  command.add_option("--lines", options->lines, "How many lines of the log (default 200)")
      ->type_name("N");
  command.callback([&session, options] {
    session.streams = false;
    session.command = [&session, options] { return run_show(session, *options); };
  });
}

}  // namespace infra
