// cli/session.h — one run of the command line: the global options, the world, the terminal, and
// what nearly every command begins with: finding the stack, its environment and its state.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/events.h"
#include "cli/terminal.h"
#include "compiler/compile.h"
#include "planner/engine.h"
#include "state/store.h"

namespace infra {

// Everything was said already; only the exit status is left.
struct Finished {
  int exit_status;
};

struct GlobalOptions {
  std::string folder = ".";
  std::string environment;  // "": INFRA_ENV, else the only one there is
  std::vector<std::string> parameters;
  std::string parameter_file;
  std::string state_path;
  std::string json_into;
  std::string lock_timeout = "0s";
  std::size_t parallelism = 10;
  bool json = false;
  bool no_colour = false;
};

class Session {
 public:
  Session();

  GlobalOptions options;
  World world;
  Terminal terminal;
  std::function<int()> command;  // what the command line chose
  bool checks_text = false;      // the command is about all environments, not one
  bool streams = true;           // --json means events; false: one document, the command's own

  // Opens the event stream where --json or --json-into asks for one; `events()` is null elsewhere.
  void open_events();
  [[nodiscard]] Events* events() const { return events_.get(); }
  [[nodiscard]] bool prints_text() const { return !options.json; }

  // The stack's folder, absolute. CommandError when it is none, or holds no *.infra file.
  [[nodiscard]] std::string folder() const;
  [[nodiscard]] std::string stack_folder() const;

  // Compiles for the chosen environment and reports what is wrong; Finished{1} after errors.
  [[nodiscard]] Compilation compile();
  // Compiles for one environment that the caller knows (of a saved plan).
  [[nodiscard]] Compilation compile_for(const std::string& environment);
  // Compiles for `environment`, or without one; reports nothing, and may hold errors.
  [[nodiscard]] Compilation check(std::optional<std::string> environment) const;
  // Each finding once, however often it is handed in.
  void report(const Diagnostics& diagnostics, const Sources& sources);

  // What --env or INFRA_ENV says; nothing when neither does.
  [[nodiscard]] std::optional<std::string> wanted_environment() const;
  // For commands that need state but no text: as wanted, else the only environment with a state,
  // else the stack's only one.
  [[nodiscard]] std::string state_environment() const;
  [[nodiscard]] std::string data_folder(const std::string& environment) const;
  [[nodiscard]] Store::Location location(const std::string& environment) const;
  [[nodiscard]] State read_state(const std::string& environment) const;
  [[nodiscard]] Store open_store(const std::string& environment, const std::string& command) const;

  [[nodiscard]] std::chrono::milliseconds lock_timeout() const;
  [[nodiscard]] EngineOptions engine_options(const Compilation& compilation,
                                             const std::string& operation,
                                             Listener* listener) const;
  // A terminal on both sides, no CI, INFRA_INPUT not 0.
  [[nodiscard]] bool may_ask() const;

 private:
  [[nodiscard]] CompileRequest request(std::optional<std::string> environment) const;
  [[nodiscard]] std::string only_environment(const std::vector<std::string>& environments) const;

  [[nodiscard]] Compilation checked(Compilation compilation);

  std::unique_ptr<Events> events_;
  std::set<std::string> reported_;
};

}  // namespace infra
