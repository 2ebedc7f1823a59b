#include "cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/address.h"
#include "base/sealing.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/process.h"
#include "planner/change_text.h"

namespace infra {
namespace {

void collect_long_flags(const CLI::App& app, std::set<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    names.insert(option->get_lnames().begin(), option->get_lnames().end());
    names.insert(option->get_fnames().begin(), option->get_fnames().end());
  }
  for (const CLI::App* sub : app.get_subcommands({})) {
    collect_long_flags(*sub, names);
  }
}

void add_global_flags(CLI::App& root, GlobalOptions& options) {
  constexpr const char* group = "Global flags";
  root.add_option("--dir", options.folder, "Folder of the stack")->type_name("DIR")->group(group);
  root.add_option("--env", options.environment, "Environment; INFRA_ENV, else the only one")
      ->type_name("NAME")
      ->group(group);
  root.add_option("--param", options.parameters, "A parameter's value; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->group(group);
  root.add_option("--param-file", options.parameter_file,
                  "Parameters from a file: NAME = LITERAL lines, or JSON")
      ->type_name("FILE")
      ->group(group);
  root.add_option("--state", options.state_path, "State file (default .infra/ENV/state.db)")
      ->type_name("PATH")
      ->group(group);
  root.add_flag("--json", options.json, "JSON on standard output, events where a command runs")
      ->group(group);
  root.add_option("--json-into", options.json_into, "Events into a file, text on the terminal")
      ->type_name("FILE")
      ->group(group);
  root.add_flag("--no-color", options.no_colour, "No colours; NO_COLOR does the same")
      ->group(group);
  root.add_option("--parallelism", options.parallelism, "Calls at the same time (default 10)")
      ->type_name("N")
      ->check(CLI::Range(1, 256))
      ->group(group);
  root.add_option("--lock-timeout", options.lock_timeout, "How long to wait for the lock (0s)")
      ->type_name("DURATION")
      ->group(group);
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) {
    names.push_back(sub->get_name());
  }
  return names;
}

// Which command the line names so far: its deepest one.
const CLI::App& deepest(const CLI::App& root) {
  const CLI::App* at = &root;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
  }
  return *at;
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : full_name(*app.get_parent()) + " " + app.get_name();
}

CommandError unexpected_word(const CLI::App& root, const std::string& word) {
  const CLI::App& at = deepest(root);
  const std::string shown = printable(word);
  if (word.starts_with("-")) {
    std::set<std::string> names;
    collect_long_flags(at, names);
    for (const CLI::Option* option : root.get_options()) {
      names.insert(option->get_lnames().begin(), option->get_lnames().end());
    }
    const std::vector<std::string> known(names.begin(), names.end());
    const std::string bare = word.substr(word.find_first_not_of('-'));
    const auto near = nearest(bare.substr(0, bare.find('=')), known);
    return {1, fmt::format("`{}` has no flag `{}`", full_name(at), shown),
            near ? fmt::format("did you mean `--{}`?", *near)
                 : fmt::format("`{} --help` lists its flags", full_name(at))};
  }
  const std::vector<std::string> commands = command_names(at);
  if (commands.empty()) {
    return {1, fmt::format("`{}` takes no `{}`", full_name(at), shown),
            fmt::format("`{} --help` shows what it takes", full_name(at))};
  }
  const auto near = nearest(word, commands);
  return {1, fmt::format("`{} {}` is no command", full_name(at), shown),
          near ? fmt::format("did you mean `{} {}`?", full_name(at), *near)
               : fmt::format("`{} --help` lists the commands", full_name(at))};
}

// CLI11 says that words were not expected, but not which one is to blame: the first that was left.
CommandError explain_parse_error(const CLI::App& root, const CLI::ParseError& error) {
  const std::vector<std::string> left = root.remaining(true);
  const auto word =
      std::find_if(left.begin(), left.end(), [](const std::string& each) { return each != "--"; });
  if (word != left.end()) {
    return unexpected_word(root, *word);
  }
  const CLI::App& at = deepest(root);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !command_names(at).empty()) {
    return {1, fmt::format("`{}` wants a command", full_name(at)),
            fmt::format("it has {}", list_text(command_names(at)))};
  }
  return {1, fmt::format("{}: {}", full_name(at), printable(error.what())),
          fmt::format("`{} --help` shows what it takes", full_name(at))};
}

int fail(Session& session, int status, const std::string& message, const std::string& help) {
  if (message.empty()) {
    return status;
  }
  if (session.events() != nullptr) {
    session.events()->failure(message, help);
  }
  if (!session.options.json) {
    const TextStyle style = session.terminal.error_style();
    std::string text = paint(Tone::danger, "error", style) + ": " + printable(message, true) + "\n";
    if (!help.empty()) {
      text += "  = help: " + printable(help, true) + "\n";
    }
    session.terminal.complain(text);
  }
  return status;
}

int run_command(Session& session) {
  try {
    session.open_events();
    const int status = session.command();
    if (status == 0 && session.terminal.failed()) {
      return fail(session, 1, "standard output could not be written", "");
    }
    return status;
  } catch (const Finished& finished) {
    return finished.exit_status;
  } catch (const CommandError& error) {
    return fail(session, error.exit_status(), error.what(), error.help());
  } catch (const StateError& error) {
    return fail(session, error.exit_status(), error.what(), error.help());
  } catch (const SealingError& error) {
    return fail(session, 1, error.what(), error.help());
  } catch (const std::bad_alloc&) {
    return fail(session, 1, "there is not enough memory", "");
  } catch (const std::exception& error) {
    return fail(session, 1, std::string("an error that should not happen: ") + error.what(),
                "what was sent is on record; the next `infra plan` shows what is unfinished");
  }
}

}  // namespace

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& what) {
  CLI::App* command = parent.add_subcommand(name, what);
  command->fallthrough();
  command->footer(
      "Global flags (--dir, --env, --param, --state, --json, …): `infra --help`.\n"
      "Exit status and events: docs/commands.md.");
  return *command;
}

std::string canonical_address(const std::string& text) {
  const auto address = parse_address(text);
  if (!address) {
    throw CommandError(1, fmt::format("`{}` is no address", printable(text)),
                       "an address is KIND.NAME, with [key] for each `for`: service.web, "
                       "service.api[eu], service.bot.volume.data");
  }
  return address->text();
}

std::unique_ptr<CLI::App> make_command_line(Session& session) {
  auto root = std::make_unique<CLI::App>(
      "Compiles a stack's text, plans what must change, and applies it.", "infra");
  root->require_subcommand(1);
  add_global_flags(*root, session.options);
  add_init_command(*root, session);
  add_validate_command(*root, session);
  add_format_command(*root, session);
  add_plan_command(*root, session);
  add_apply_command(*root, session);
  add_destroy_command(*root, session);
  add_drift_command(*root, session);
  add_import_command(*root, session);
  add_show_command(*root, session);
  add_output_command(*root, session);
  add_graph_command(*root, session);
  add_why_command(*root, session);
  add_state_commands(*root, session);
  add_lock_commands(*root, session);
  add_recover_command(*root, session);
  add_providers_commands(*root, session);
  add_explain_command(*root, session);
  add_agent_command(*root, session);
  add_completion_command(*root, session);
  add_version_command(*root, session);
  return root;
}

std::vector<std::string> with_two_dashes(const CLI::App& root, std::vector<std::string> words) {
  std::set<std::string> names;
  collect_long_flags(root, names);
  for (std::string& word : words) {
    if (word == "--") {
      break;
    }
    if (word.size() > 2 && word[0] == '-' && word[1] != '-' &&
        names.contains(word.substr(1, word.find('=') - 1))) {
      word.insert(0, "-");
    }
  }
  return words;
}

int run_command_line(int count, const char* const* words) {
  Session session;
  const std::unique_ptr<CLI::App> root = make_command_line(session);
  std::vector<std::string> arguments(words + std::min(count, 1), words + count);
  if (arguments.empty()) {
    session.terminal.complain(root->help());
    return 1;
  }
  arguments = with_two_dashes(*root, std::move(arguments));
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    root->parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    const CLI::App& at = deepest(*root);
    session.terminal.print(at.help(at.get_parent() == nullptr ? "" : full_name(*at.get_parent())));
    return 0;
  } catch (const CLI::ParseError& error) {
    const CommandError said = explain_parse_error(*root, error);
    return fail(session, said.exit_status(), said.what(), said.help());
  }
  if (session.options.no_colour) {
    session.terminal.no_colour();
  }
  return run_command(session);
}

}  // namespace infra
