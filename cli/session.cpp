#include "cli/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/address.h"
#include "base/quantity.h"
#include "base/text.h"
#include "cli/files.h"
#include "cli/process.h"
#include "providers/registry.h"

namespace infra {
namespace {

std::map<std::string, std::string> parameters_of(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> out;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw CommandError(1, fmt::format("--param wants NAME=VALUE, not `{}`", printable(text)),
                         "for example --param region=eu-west-1");
    }
    out[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return out;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

[[noreturn]] void ask_for_environment(const std::vector<std::string>& environments) {
  throw CommandError(1,
                     fmt::format("the stack has several environments: {}", list_text(environments)),
                     fmt::format("say which: --env {}, or set INFRA_ENV", environments.front()));
}

}  // namespace

Session::Session() : world(real_world()) {}

void Session::open_events() {
  if (options.json && streams) {
    events_ = Events::to_output(terminal, *world.clock);
  } else if (!options.json_into.empty()) {
    events_ = Events::to_file(options.json_into, *world.clock);
  }
}

std::string Session::folder() const {
  const std::string path = absolute_path(options.folder);
  if (!is_folder(path)) {
    throw CommandError(1, fmt::format("{} is no folder", printable(path)),
                       "--dir wants the folder of a stack");
  }
  return path;
}

std::string Session::stack_folder() const {
  const std::string path = folder();
  if (infra_files(path, false).empty()) {
    throw CommandError(1, fmt::format("no *.infra file in {}", printable(path)),
                       "`infra init DIR` writes a small stack that applies at once; --dir names "
                       "the folder of one that is there");
  }
  return path;
}

CompileRequest Session::request(std::optional<std::string> environment) const {
  CompileRequest request;
  request.folder = stack_folder();
  request.environment = std::move(environment);
  request.parameters = parameters_of(options.parameters);
  if (!options.parameter_file.empty()) {
    request.parameter_file = absolute_path(options.parameter_file);
  }
  request.schemas = all_schemas();
  request.world = world;
  return request;
}

Compilation Session::check(std::optional<std::string> environment) const {
  return infra::compile(request(std::move(environment)));
}

std::optional<std::string> Session::wanted_environment() const {
  if (!options.environment.empty()) {
    return options.environment;
  }
  const auto variable = world.variables->get("INFRA_ENV");
  return variable && !variable->empty() ? variable : std::nullopt;
}

std::string Session::only_environment(const std::vector<std::string>& environments) const {
  if (environments.empty()) {
    return "default";
  }
  if (environments.size() > 1) {
    ask_for_environment(environments);
  }
  return environments.front();
}

Compilation Session::compile() {
  CompileRequest wanted = request(wanted_environment());
  wanted.or_the_only_one = true;
  return checked(infra::compile(wanted));
}

Compilation Session::compile_for(const std::string& environment) {
  return checked(infra::compile(request(environment)));
}

Compilation Session::checked(Compilation compilation) {
  report(compilation.diagnostics, compilation.sources);
  if (compilation.diagnostics.has_errors()) {
    throw Finished{1};
  }
  if (!compilation.graph) {
    ask_for_environment(compilation.environments);
  }
  return compilation;
}

void Session::report(const Diagnostics& diagnostics, const Sources& sources) {
  Diagnostics fresh;
  // Platforms without a driver are `validate`'s to tell: what runs is not placed on them.
  const auto of_text_alone = [&](const Diagnostic& one) {
    return !checks_text && one.code == "W0401";
  };
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (of_text_alone(diagnostic)) {
      continue;
    }
    if (reported_
            .insert(fmt::format("{}|{}|{}|{}", diagnostic.code, diagnostic.span.file,
                                diagnostic.span.begin, diagnostic.message))
            .second) {
      fresh.add(diagnostic);
    }
  }
  if (events_ != nullptr) {
    for (const Diagnostic& diagnostic : fresh.all()) {
      events_->diagnostic(diagnostic, sources);
    }
  }
  if (!options.json && !fresh.all().empty()) {
    const TextStyle style = terminal.error_style();
    DiagnosticStyle look;
    look.colour = style.colour;
    look.columns = style.columns;
    std::string text = render(fresh, sources, look);
    if (!text.ends_with("\n\n")) {
      text += text.ends_with("\n") ? "\n" : "\n\n";
    }
    terminal.complain(text);
  }
}

std::string Session::state_environment() const {
  if (const auto wanted = wanted_environment()) {
    if (!is_plain_name(*wanted)) {
      throw CommandError(1, fmt::format("`{}` is no environment's name", printable(*wanted)));
    }
    return *wanted;
  }
  std::vector<std::string> with_state;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder() + "/.infra", error), end;
       !error && it != end; it.increment(error)) {
    if (file_exists(it->path().string() + "/state.db")) {
      with_state.push_back(it->path().filename().string());
    }
  }
  if (with_state.size() == 1) {
    return with_state.front();
  }
  if (with_state.size() > 1) {
    std::sort(with_state.begin(), with_state.end());
    ask_for_environment(with_state);
  }
  return only_environment(check(std::nullopt).environments);
}

std::string Session::data_folder(const std::string& environment) const {
  return folder() + "/.infra/" + environment;
}

Store::Location Session::location(const std::string& environment) const {
  Store::Location location;
  location.environment = environment;
  location.path = options.state_path.empty() ? data_folder(environment) + "/state.db"
                                             : absolute_path(options.state_path);
  return location;
}

State Session::read_state(const std::string& environment) const {
  return Store::read(location(environment), world);
}

Store Session::open_store(const std::string& environment, const std::string& operation) const {
  const Store::Location where = location(environment);
  if (!file_exists(where.path)) {
    throw CommandError(1, fmt::format("there is no state at {}", printable(where.path)),
                       "it is made by the first `infra apply`; --env or --state name another");
  }
  return Store::open(where, world, lock_holder(world, operation, where.path), lock_timeout());
}

std::chrono::milliseconds Session::lock_timeout() const {
  const auto timeout = parse_duration(options.lock_timeout);
  if (!timeout || timeout->milliseconds < 0) {
    throw CommandError(
        1,
        fmt::format("--lock-timeout wants a duration, not `{}`", printable(options.lock_timeout)),
        "for example --lock-timeout 60s");
  }
  return std::chrono::milliseconds{timeout->milliseconds};
}

EngineOptions Session::engine_options(const Compilation& compilation, const std::string& operation,
                                      Listener* listener) const {
  EngineOptions engine;
  const std::string& environment = compilation.graph->environment;
  engine.folder = folder();
  engine.state_path = location(environment).path;
  engine.data_folder = data_folder(environment);
  engine.executable = executable_path();
  engine.world = world;
  engine.providers = all_providers();
  engine.parallelism = std::max<std::size_t>(1, options.parallelism);
  engine.lock_timeout = lock_timeout();
  engine.holder = lock_holder(world, operation, engine.state_path);
  engine.commit = source_commit(*world.variables, engine.folder);
  engine.interrupts = &interrupts();
  engine.listener = listener;
  engine.read_other = [this](const std::string& other) {
    Store::Location where = location(other);
    where.path = data_folder(other) + "/state.db";
    return Store::read(where, world);
  };
  return engine;
}

bool Session::may_ask() const {
  const auto input = world.variables->get("INFRA_INPUT");
  const auto automation = world.variables->get("CI");
  const bool forbidden =
      (input && *input == "0") || (automation && !automation->empty() && *automation != "false");
  return !forbidden && !options.json && terminal.input_is_terminal() &&
         terminal.output_is_terminal();
}

}  // namespace infra
