// cli/command.h — the commands of the program: each function adds one, or one group, to the command
// line. What a command does runs after parsing, as `session.command`, and returns the exit status.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "cli/session.h"

namespace infra {

void add_agent_command(CLI::App& root, Session& session);
void add_apply_command(CLI::App& root, Session& session);
void add_completion_command(CLI::App& root, Session& session);
void add_destroy_command(CLI::App& root, Session& session);
void add_drift_command(CLI::App& root, Session& session);
void add_explain_command(CLI::App& root, Session& session);
void add_format_command(CLI::App& root, Session& session);
void add_graph_command(CLI::App& root, Session& session);
void add_import_command(CLI::App& root, Session& session);
void add_init_command(CLI::App& root, Session& session);
void add_lock_commands(CLI::App& root, Session& session);
void add_output_command(CLI::App& root, Session& session);
void add_plan_command(CLI::App& root, Session& session);
void add_providers_commands(CLI::App& root, Session& session);
void add_recover_command(CLI::App& root, Session& session);
void add_show_command(CLI::App& root, Session& session);
void add_state_commands(CLI::App& root, Session& session);
void add_validate_command(CLI::App& root, Session& session);
void add_version_command(CLI::App& root, Session& session);
void add_why_command(CLI::App& root, Session& session);

// A command below `parent` that takes the global flags too.
CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& what);

// The canonical text of an address that a user typed. CommandError when it is none.
[[nodiscard]] std::string canonical_address(const std::string& text);

}  // namespace infra
