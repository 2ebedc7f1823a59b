// `infra drift`: what was changed outside infra, apart from what the text wants changed. Changes
// nothing.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/planning.h"
#include "planner/change_text.h"

namespace infra {
namespace {

bool failed_check(const std::vector<CheckResult>& checks) {
  for (const CheckResult& check : checks) {
    if (check.status == "fail" || check.status == "error") {
      return true;
    }
  }
  return false;
}

std::size_t pending(const Plan& plan) {
  std::size_t count = 0;
  for (const PlannedChange& change : plan.changes) {
    count += is_shown(change) && change.origin != Origin::drift ? 1 : 0;
  }
  return count;
}

void print_report(Session& session, const DriftReport& report) {
  const TextStyle style = session.terminal.style();
  std::string text;
  if (!report.plan.drift.empty()) {
    text += paint(Tone::strong, "Changed outside infra since the last apply:", style) + "\n" +
            drift_lines(report.plan.drift, style) + "\n";
  }
  for (const CheckResult& check : report.checks) {
    text += paint(check.status == "pass" ? Tone::added : Tone::danger,
                  fmt::format("check.{}: {}{}", printable(check.name), check.status,
                              check.message.empty() || check.status == "pass"
                                  ? ""
                                  : ": " + printable(check.message)),
                  style) +
            "\n";
  }
  if (report.has_drift) {
    text += paint(Tone::strong,
                  fmt::format("Drift: {}.", plural(report.plan.drift.size(), "resource")), style) +
            " `infra apply` makes it what the text says again.\n";
  } else {
    text += paint(Tone::strong, "No drift.", style) + "\n";
  }
  if (report.has_pending) {
    text += fmt::format("Pending: {} of the text not applied yet; `infra plan` shows it.\n",
                        plural(pending(report.plan), "change"));
  }
  session.terminal.print(text);
}

void report_events(Session& session, const DriftReport& report) {
  session.events()->plan(report.plan, "");
  session.events()->emit(
      report.has_drift ? "warn" : "info", "drift_summary",
      report.has_drift ? "Drift detected" : "No drift",
      Object{{"drift", report.has_drift},
             {"pending", report.has_pending},
             {"resources", static_cast<std::int64_t>(report.plan.drift.size())}});
}

int run_drift(Session& session, const std::string& format, bool checks) {
  const Compilation compilation = session.compile();
  const State state = session.read_state(compilation.graph->environment);
  Listeners listeners(session);
  const bool watched = session.terminal.smart() && format == "text";
  Listener silent;
  const EngineOptions engine = session.engine_options(
      compilation, "OperationTypePlan",
      watched || session.events() != nullptr ? static_cast<Listener*>(&listeners.all()) : &silent);
  const DriftReport report = drift(compilation, state, engine, checks);
  listeners.clear();
  session.report(report.plan.diagnostics, compilation.sources);
  if (session.events() != nullptr) {
    report_events(session, report);
  }
  if (session.prints_text()) {
    if (format == "json") {
      session.terminal.print(plan_json(report.plan, compilation, state));
    } else {
      print_report(session, report);
    }
  }
  if (report.plan.diagnostics.has_errors() || !report.plan.complete) {
    return 1;
  }
  const int status = report.exit_status();
  return status == 0 && failed_check(report.checks) ? 1 : status;
}

}  // namespace

void add_drift_command(CLI::App& root, Session& session) {
  CLI::App& command =
      add_command(root, "drift", "Show what was changed outside infra; changes nothing");
  auto format = std::make_shared<std::string>("text");
  auto checks = std::make_shared<bool>(true);
  command.add_option("--format", *format, "text or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  command.add_flag("--checks,!--no-checks", *checks, "Run the stack's checks too (default true)");
  command.callback([&session, format, checks] {
    session.command = [&session, format, checks] { return run_drift(session, *format, *checks); };
  });
}

}  // namespace infra
