// What the platforms changed, apart from what the text has pending. Changes nothing.
#include <algorithm>
#include <set>

#include "planner/apply.h"
#include "planner/checks.h"
#include "planner/draft.h"

namespace infra {
namespace {

bool pending_change(const PlannedChange& change) {
  if (change.operation == Operation::no_op || change.operation == Operation::read) {
    return !change.import_id.empty() || !change.previous_address.empty();
  }
  return change.origin != Origin::drift && change.reason != "was deleted outside infra";
}

// What drifted is not asked whether it answers, nor what it answers for.
std::set<std::string> drifted(const Plan& plan) {
  std::set<std::string> addresses;
  for (const PlannedChange& change : plan.drift) {
    addresses.insert(change.address);
    addresses.insert(change.affects.begin(), change.affects.end());
  }
  return addresses;
}

}  // namespace

DriftReport drift(const Compilation& compilation, const State& state, const EngineOptions& options,
                  bool checks) {
  const auto runner = make_thread_runner(options.parallelism);
  auto draft = make_draft(compilation, state, options, *runner, false);
  DriftReport report;
  report.plan = assemble_plan(*draft, true);
  if (checks) {
    report.checks = run_checks(draft->graph, remembered_outputs(draft->state), options, *runner,
                               drifted(report.plan));
  }
  report.has_drift = report.plan.has_drift();
  report.has_pending = std::ranges::any_of(report.plan.changes, pending_change);
  return report;
}

int DriftReport::exit_status() const {
  const bool failed = std::ranges::any_of(checks, [](const CheckResult& check) {
    return check.status == "fail" || check.status == "error";
  });
  if (plan.diagnostics.has_errors() || !plan.complete || (failed && !has_drift)) {
    return 1;
  }
  return has_drift && has_pending ? 4 : has_drift ? 3 : has_pending ? 2 : 0;
}

}  // namespace infra
