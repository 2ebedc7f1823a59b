#include "cli/planning.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/files.h"

namespace infra {
namespace {

constexpr std::size_t longest_printed_contract = 2000;

}  // namespace

void add_planning_flags(CLI::App& command, PlanningOptions& options) {
  command
      .add_option("--allow-destroy", options.allow_destroy,
                  "A resource whose data may go; may be repeated")
      ->type_name("ADDRESS")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      .add_option("--target", options.targets,
                  "Only this resource and what it needs; may be repeated")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  command.add_flag("--refresh,!--no-refresh", options.refresh,
                   "Look at the platforms first (default true)");
}

void apply_planning_flags(const PlanningOptions& options, EngineOptions& engine) {
  for (const std::string& text : options.allow_destroy) {
    engine.allow_destroy.insert(canonical_address(text));
  }
  for (const std::string& text : options.targets) {
    engine.targets.push_back(canonical_address(text));
  }
  engine.refresh = options.refresh;
}

Listeners::Listeners(Session& session) {
  if (session.prints_text()) {
    text_ = std::make_unique<ProgressText>(session.terminal, *session.world.clock);
    chorus_.add(text_.get());
  }
  if (session.events() != nullptr) {
    events_ = std::make_unique<ProgressEvents>(*session.events(), *session.world.clock);
    chorus_.add(events_.get());
  }
}

void Listeners::clear() {
  if (text_ != nullptr) {
    text_->clear();
  }
}

void show_plan(Session& session, const Plan& plan, const Compilation& compilation) {
  const std::string contract = session_contract(session, plan);
  session.report(plan.diagnostics, compilation.sources);
  if (session.events() != nullptr) {
    session.events()->plan(plan, contract);
  }
  if (!session.prints_text()) {
    return;
  }
  const bool printed = contract.size() <= longest_printed_contract;
  session.terminal.print(
      plan_text(plan, compilation, session.terminal.style(), printed ? contract : ""));
  if (!printed) {
    session.terminal.print("contract: too long for a line; `infra plan --format json` has it\n");
  }
}

std::optional<SealingKey> session_key(const Session& session) {
  return SealingKey::find(session.world);
}

std::string session_contract(const Session& session, const Plan& plan) {
  if (!plan.has_changes()) {
    return {};
  }
  const auto key = session_key(session);
  return contract_token(plan, key ? &*key : nullptr);
}

Plan read_saved_plan(const Session& session, const std::string& path) {
  const std::string text = read_text_file(path);
  const auto key = session_key(session);
  if (!key) {
    throw CommandError(6, "this machine has no key to check the saved plan with",
                       "set INFRA_KEY to the key of the machine that made it");
  }
  auto loaded = load_plan(text, *key);
  if (const auto* why = std::get_if<std::string>(&loaded)) {
    throw CommandError(6, fmt::format("{}: {}", printable(path), *why),
                       "make the plan again with `infra plan --out FILE`");
  }
  return std::get<Plan>(std::move(loaded));
}

}  // namespace infra
