// cli/planning.h — what plan, apply, destroy and drift share: their flags, their listeners, and the
// ways a plan is shown.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sealing.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/session.h"

namespace infra {

struct PlanningOptions {
  std::vector<std::string> allow_destroy, targets;
  bool refresh = true;
};

void add_planning_flags(CLI::App& command, PlanningOptions& options);
void apply_planning_flags(const PlanningOptions& options, EngineOptions& engine);

// The listeners that this session calls for, in one; lives as long as the command.
class Listeners {
 public:
  explicit Listeners(Session& session);
  [[nodiscard]] Chorus& all() { return chorus_; }
  void clear();  // before other text is printed

 private:
  Chorus chorus_;
  std::unique_ptr<ProgressText> text_;
  std::unique_ptr<ProgressEvents> events_;
};

// The plan on standard output (unless JSON has that) and in the event stream.
void show_plan(Session& session, const Plan& plan, const Compilation& compilation);

// The key that tokens are made with; nothing where this machine has none.
[[nodiscard]] std::optional<SealingKey> session_key(const Session& session);
// The contract token of the plan under that key; "" for an empty plan.
[[nodiscard]] std::string session_contract(const Session& session, const Plan& plan);

// A saved plan. CommandError 6 when it is none of ours.
[[nodiscard]] Plan read_saved_plan(const Session& session, const std::string& path);

}  // namespace infra
