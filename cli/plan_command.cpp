// `infra plan`: what an apply would do. Changes nothing anywhere.
#include <fmt/format.h>

#include "base/quantity.h"
#include "base/text.h"
#include "cli/files.h"
#include "cli/planning.h"
#include "planner/change_text.h"

namespace infra {
namespace {

struct PlanOptions : PlanningOptions {
  std::string format = "text";
  std::string out;
  bool detailed = false, rehearse = false, destroy = false;
};

std::string rehearsal_text(const Rehearsal& rehearsal, const TextStyle& style) {
  const auto text_of = [](std::chrono::milliseconds time) {
    return elapsed_text(Duration{time.count()});
  };
  std::string out =
      "\n" + paint(Tone::strong, "Rehearsal, on the simulator's clock:", style) + "\n";
  for (const RehearsedStep& step : rehearsal.steps) {
    std::vector<std::string> names;
    for (const std::string& address : step.addresses) {
      names.push_back(printable(address));
    }
    out += fmt::format("  {:>8}  {:<8} {}  ({})\n", text_of(step.starts), step.operation,
                       join(names, ", "), text_of(step.takes));
  }
  return out + fmt::format("About {}, at most {} at once.\n", text_of(rehearsal.total),
                           plural(rehearsal.parallel, "call"));
}

int plan_status(const PlanOptions& options, const Plan& plan) {
  if (plan.diagnostics.has_errors() || !plan.complete) {
    return plan.refusals.empty() ? 1 : 3;
  }
  if (!plan.refusals.empty()) {
    return 3;
  }
  return options.detailed && plan.has_changes() ? 2 : 0;
}

void print_plan(Session& session, const PlanOptions& options, const Plan& plan,
                const Compilation& compilation, const State& state) {
  if (options.format == "text" || session.options.json) {
    show_plan(session, plan, compilation);
    return;
  }
  const std::string contract = session_contract(session, plan);
  session.report(plan.diagnostics, compilation.sources);
  if (session.events() != nullptr) {
    session.events()->plan(plan, contract);
  }
  session.terminal.print(options.format == "json" ? plan_json(plan, compilation, state, contract)
                                                  : plan_markdown(plan, compilation, contract));
}

int run_plan(Session& session, const PlanOptions& options) {
  const Compilation compilation = session.compile();
  const State state = session.read_state(compilation.graph->environment);
  // Only the finished plan goes to a pipe: progress of the refresh is for people who watch.
  Listeners listeners(session);
  const bool watched = session.terminal.smart() && options.format == "text";
  Listener silent;
  EngineOptions engine = session.engine_options(
      compilation, "OperationTypePlan",
      watched || session.events() != nullptr ? static_cast<Listener*>(&listeners.all()) : &silent);
  apply_planning_flags(options, engine);
  const Plan plan = options.destroy ? make_destroy_plan(compilation, state, engine)
                                    : make_plan(compilation, state, engine);
  listeners.clear();
  print_plan(session, options, plan, compilation, state);
  if (options.rehearse && session.prints_text() && plan.has_changes()) {
    session.terminal.print(rehearsal_text(rehearse(plan, engine), session.terminal.style()));
  }
  if (!options.out.empty()) {
    write_text_file(options.out, save_plan(plan, SealingKey::find_or_create(session.world)), 0600);
    if (session.prints_text() && options.format == "text") {
      session.terminal.print(fmt::format("\nSaved to {}: `infra apply {}` does exactly this.\n",
                                         printable(options.out), printable(options.out)));
    }
  }
  return plan_status(options, plan);
}

}  // namespace

void add_plan_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "plan", "Show what an apply would do; changes nothing");
  auto options = std::make_shared<PlanOptions>();
  add_planning_flags(command, *options);
  command.add_option("--format", options->format, "text, json or markdown")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "markdown"}));
  command.add_option("--out", options->out, "Save the plan for `infra apply FILE`")
      ->type_name("FILE");
  command.add_flag("--detailed-exitcode,--detailed-exit-code", options->detailed,
                   "Exit 2 when there are changes");
  command.add_flag("--rehearse", options->rehearse,
                   "Order, parallelism and duration of the apply, on a virtual clock");
  command.add_flag("--destroy", options->destroy, "Plan what `infra destroy` would do");
  command.callback([&session, options] {
    session.command = [&session, options] { return run_plan(session, *options); };
  });
}

}  // namespace infra
