// cli/command_line.h — the words of the command line: the tree of commands and flags, and what is
// said when a word is none of them.
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/session.h"

namespace infra {

// The whole tree, bound to `session`, which must outlive it.
[[nodiscard]] std::unique_ptr<CLI::App> make_command_line(Session& session);

// Parses and runs; the exit status. Everything that ends a command is caught here.
[[nodiscard]] int run_command_line(int count, const char* const* words);

// `-auto-approve` and `-detailed-exitcode=…` become `--auto-approve`, …: long flags of the tree
// may be written with one dash. What follows `--` is left alone.
[[nodiscard]] std::vector<std::string> with_two_dashes(const CLI::App& root,
                                                       std::vector<std::string> words);

}  // namespace infra
