// planner/plan.h — what will be done, to what, why, and what it does to running users: plain data
// that renders to text, JSON and Markdown, saves to a file, and becomes steps.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/schema.h"
#include "base/value.h"
#include "state/record.h"

namespace infra {

enum class Operation : std::uint8_t { no_op, create, update, replace, remove, forget, read };

// Where a difference comes from: the text (or an input) was changed since the last apply, the
// platform was, or both.
enum class Origin : std::uint8_t { configuration, drift, both };

struct LeafChange {
  Path path;               // "/env/DATABASE_URL"
  Value before;            // as the platform shows it, else as last applied; null: absent
  Value after;             // null: absent; Unknown: known after apply
  bool sensitive = false;  // print neither side
  Origin origin = Origin::configuration;
  Effect effect = Effect::none;
  bool replaces = false;  // this leaf makes it a replacement
  std::string reason;  // "odys.infra:31", "was changed outside infra", "database.main.url becomes
                       // known", "rotated"
};

struct PlannedChange {
  std::string address;
  std::string previous_address;  // moved or renamed
  bool renamed = false;          // recognised as a rename, without a `moved` statement
  std::string kind, type, provider, name;
  std::vector<std::string> keys;
  Operation operation = Operation::no_op;
  bool create_first = true;   // replace: create before delete
  std::string deposed;        // op of the deposed object that is removed, or ""
  std::string id;             // remote id as known; "" for a create
  std::string import_id;      // adopted by this plan
  std::string action_reason;  // CI-visible: replace_because_cannot_update,
                              // delete_because_no_resource_config, …
  std::string reason;         // one line for a person: why
  std::vector<LeafChange> leaves;
  Value before;  // all that is known of it now (null for create)
  Value after;   // what it will be (null for remove); Unknown where only apply will know
  Effect effect = Effect::none;  // the worst of its leaves, or of its operation
  Origin origin = Origin::configuration;
  bool existing = false;  // read only
  bool stateful = false;
  bool redeploy = false;
  bool live = true;  // false: only the part that makes it (a later change of the same address makes
                     // it live)
  int stage =
      1;  // 2: depends on an endpoint that this plan creates; looked at again before it is touched
  std::vector<std::string> affects;       // running consumers downstream
  std::vector<std::string> dependencies;  // addresses that must be done before (remove: after)
  Span span;
  bool has_span = false;
};

struct Refusal {  // exit 3
  std::string address;
  std::string why;   // "database.main holds data, and this plan would destroy it"
  std::string help;  // "--allow-destroy=database.main"
};

struct UnfinishedOperation {  // an open intent: shown by plan, settled by apply
  std::string op, address;
  IntentKind kind = IntentKind::create;
  std::int64_t sent_at = 0;
  bool resolvable = true;  // false: adoption class none
};

struct OutputChange {
  std::string name;
  Operation operation = Operation::no_op;  // create update remove no_op
  Value before, after;
  bool sensitive = false;
};

struct CallEstimate {  // "41 calls, 12 left this hour"
  std::string provider;
  std::size_t calls = 0;
};

struct Counts {
  std::size_t import = 0, add = 0, change = 0, destroy = 0, forget = 0;
};

struct Plan {
  std::string stack, environment;
  std::string lineage;
  std::uint64_t serial = 0;
  std::string configuration_hash;  // of texts, files read, inputs (keyed), driver versions
  std::string created;             // RFC 3339, UTC
  bool destroy = false;            // made by `destroy`
  std::vector<PlannedChange>
      changes;  // all resources, no-ops included, in address order (deposed ones behind)
  std::vector<PlannedChange> drift;  // what the platform changed, whatever is done about it
  std::vector<OutputChange> outputs;
  std::vector<Refusal> refusals;
  std::vector<UnfinishedOperation> unfinished;
  std::vector<CallEstimate> calls;
  Diagnostics diagnostics;  // warnings of compiling and planning
  std::map<std::string, Value> parameters;
  bool complete = true;  // false: a provider could not be read
  std::string contract;  // set by load_plan alone: the keyed token of the plan that was saved
  [[nodiscard]] Counts counts() const;
  [[nodiscard]] bool has_changes() const;  // what `--detailed-exitcode` counts
  [[nodiscard]] bool has_drift() const;
};

[[nodiscard]] std::string_view operation_text(Operation operation);  // "create", "update", …

}  // namespace infra
