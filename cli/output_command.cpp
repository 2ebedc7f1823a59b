// `infra output`: what the last apply gave out. A revealed output is printed by its name alone.
#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "planner/change_text.h"
#include "planner/document.h"

namespace infra {
namespace {

bool hidden(const OutputRecord& output) {
  return output.revealed || contains_secret(output.value);
}

int print_all(Session& session, const State& state) {
  if (session.options.json) {
    Object document;
    for (const auto& [name, output] : state.outputs) {
      document.emplace(name, output_document(output.value, hidden(output)));
    }
    session.terminal.print(to_json(document, SecretText::sensitive, 2) + "\n");
    return 0;
  }
  for (const auto& [name, output] : state.outputs) {
    session.terminal.print(fmt::format("{} = {}\n", printable(name),
                                       hidden(output) ? "(sensitive)" : value_text(output.value)));
  }
  if (state.outputs.empty()) {
    session.terminal.complain("no outputs: the stack has none, or was not applied yet\n");
  }
  return 0;
}

// Text raw, so that it can be used in a script; all else as JSON.
std::string raw_text(const Value& value, bool json) {
  if (const auto* secret = value.as<Secret>()) {
    const std::string_view bytes = secret->expose();
    return json ? json_quote(bytes) : std::string(bytes);
  }
  if (const auto* text = value.as<std::string>(); text != nullptr && !json) {
    return *text;
  }
  return to_json(value, SecretText::exposed);
}

int print_one(Session& session, const State& state, const std::string& name) {
  const auto found = state.outputs.find(name);
  if (found == state.outputs.end()) {
    std::vector<std::string> known;
    for (const auto& [each, output] : state.outputs) {
      known.push_back(each);
    }
    const auto near = nearest(name, known);
    throw CommandError(1, fmt::format("there is no output `{}`", printable(name)),
                       near            ? fmt::format("did you mean `{}`?", printable(*near))
                       : known.empty() ? "the stack has none, or was not applied yet"
                                       : "there are " + list_text(known));
  }
  const OutputRecord& output = found->second;
  if (contains_secret(output.value) && !output.revealed) {
    throw CommandError(3, fmt::format("output `{}` is secret", printable(name)),
                       "write `reveal(…)` around it in the text to let this command print it");
  }
  std::string text = raw_text(output.value, session.options.json) + "\n";
  session.terminal.print(text);
  wipe(text);
  return 0;
}

}  // namespace

void add_output_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "output", "Print the outputs of the last apply");
  auto name = std::make_shared<std::string>();
  command.add_option("name", *name, "One output, raw: for scripts");
  command.callback([&session, name] {
    session.streams = false;
    session.command = [&session, name] {
      const State state = session.read_state(session.state_environment());
      return name->empty() ? print_all(session, state) : print_one(session, state, *name);
    };
  });
}

}  // namespace infra
