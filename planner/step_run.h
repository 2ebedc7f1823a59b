// planner/step_run.h — one step on its way: what is sent, under which intents, and how it is
// prepared out of the draft.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "planner/execution.h"
#include "planner/journal.h"

namespace infra {

struct ChangeRun {  // one change of a step
  TaskIndex task = no_task;
  PlannedChange shown;  // as listeners see it
  Change change;
  Intent intent;
  ObjectNotes notes;
  bool pending_after = false;  // what it makes is made live by a later task
  bool replaces = false;       // the old object becomes a deposed row with it
  bool known = false;          // its id is on disk
  bool ambiguous = false;      // an attempt of this op may have been sent
  bool sent_before = false;    // a call with it has ended before
  ResourceRecord record;       // as last recorded in this run
  std::vector<Path> took;
  int unclear_rounds = 0, refusals = 0, stale_rounds = 0;
  bool finished = false;
  bool doubted = false;  // the platform said that it exists, and listed none: looked for once more
};

struct StepRun {
  StepIndex step = 0;
  std::string call;
  Counterpart counterpart;  // of the first change: a group has one provider block
  std::string provider;
  std::string parent, version;
  std::vector<Change> members;  // of the group, that stay as they are
  std::vector<ChangeRun> changes;
  DoorContext door;
  std::chrono::milliseconds started{0};
  std::atomic<std::size_t> sent{0};  // requests that change something, so far
  bool one_by_one = false;           // refused as a whole: now member by member
  std::optional<std::size_t> only;   // this member alone is sent
  std::vector<std::size_t> next;     // to be sent again
  std::chrono::milliseconds next_at{0};
  std::size_t looking = 0;  // look-ups under way
};

// What preparing one task gives: something to send, nothing left to do (with what is to be
// written), or why it cannot be done.
struct NothingToDo {
  Commit commit;
};
using Prepared = std::variant<ChangeRun, NothingToDo, Error>;

[[nodiscard]] Prepared prepare_change(const ExecutionInput& input, const StepGraph& graph,
                                      TaskIndex task);
[[nodiscard]] Prepared prepare_drop(const ExecutionInput& input, const StepGraph& graph,
                                    TaskIndex task);
// Secrets, forgotten and adopted ones: all of it happens in one commit.
[[nodiscard]] std::variant<Commit, Error> prepare_commit(const ExecutionInput& input,
                                                         const StepGraph& graph, TaskIndex task);
// The owned leaves in which `record` (as read in this run) differs from `desired`.
[[nodiscard]] std::vector<Path> differing(const ExecutionInput& input, const TypeSchema& schema,
                                          const Value& desired, const ResourceRecord& record);

}  // namespace infra
