// cli/events.h — the stream of events of `--json` and `--json-into`: one JSON object per line, in
// the shapes that tools of this field read. No event carries a secret.
//
// Each line has @level, @message, @module, @timestamp and type; the first has type "version".
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/world.h"
#include "cli/terminal.h"
#include "planner/engine.h"

namespace infra {

class Events {
 public:
  // The terminal and the clock must outlive it.
  [[nodiscard]] static std::unique_ptr<Events> to_output(Terminal& terminal, const Clock& clock);
  // Throws CommandError 1 when the file cannot be written.
  [[nodiscard]] static std::unique_ptr<Events> to_file(const std::string& path, const Clock& clock);
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // A line of this type with `body`'s keys.
  void emit(std::string_view level, std::string_view type, std::string_view message, Object body);

  void diagnostic(const Diagnostic& diagnostic, const Sources& sources);
  // What ends a command, as a diagnostic.
  void failure(std::string_view message, std::string_view help);
  // planned_change of everything that changes, resource_drift, change_summary, outputs.
  void plan(const Plan& plan, std::string_view contract);
  void summary(const Counts& counts, std::string_view operation);
  void outputs(const std::vector<OutputRecord>& outputs);

 private:
  Events(Terminal* terminal, int descriptor, const Clock& clock);
  void begin();

  Terminal* terminal_ = nullptr;
  int descriptor_ = -1;
  const Clock& clock_;
};

// {addr, module, resource, implied_provider, resource_type, resource_name, resource_key}
[[nodiscard]] Value resource_event(const PlannedChange& change);
// "create" "update" "replace" "delete" "forget" "read" "noop" "move" "import"
[[nodiscard]] std::string_view event_action(const PlannedChange& change);
// {severity, summary, detail, address?, range, snippet}: of events and of `validate --json`.
[[nodiscard]] Value diagnostic_document(const Diagnostic& diagnostic, const Sources& sources);

}  // namespace infra
