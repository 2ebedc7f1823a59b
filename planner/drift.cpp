// What the platforms changed, apart from what the text has pending. Changes nothing.
#include <algorithm>

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

}  // namespace

DriftReport drift(const Compilation& compilation, const State& state, const EngineOptions& options,
                  bool checks) {
  const auto runner = make_thread_runner(options.parallelism);
  auto draft = make_draft(compilation, state, options, *runner, false);
  DriftReport report;
  if (checks) {
    report.checks = run_checks(draft->graph, remembered_outputs(draft->state), options, *runner);
  }
  report.has_drift = draft->plan.has_drift();
  report.has_pending = std::ranges::any_of(draft->plan.changes, pending_change);
  report.plan = std::move(draft->plan);
  return report;
}

int DriftReport::exit_status() const {
  const bool failed = std::ranges::any_of(checks, [](const CheckResult& check) {
    return check.status == "fail" || check.status == "error";
  });
  if (plan.diagnostics.has_errors() || !plan.complete || failed) {
    return 1;
  }
  return has_drift && has_pending ? 4 : has_drift ? 3 : has_pending ? 2 : 0;
}

}  // namespace infra
