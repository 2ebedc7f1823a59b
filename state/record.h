// state/record.h — what is remembered: the rows of the state of one environment, as plain data.
//
// Values are open here (Secret leaves are Secrets); the store seals them before they touch the
// disk.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/value.h"

namespace infra {

enum class RecordStatus : std::uint8_t { ready, pending, tainted };

struct ResourceRecord {
  std::string address;
  std::uint32_t generation = 0;  // +1 per replacement
  std::string provider;          // the block's name or alias at the last apply
  std::string type;              // "vercel.service"; "infra.secret"
  std::string id;                // remote id; "" only while status is pending
  std::string parent;            // remote id of its container, or ""
  RecordStatus status = RecordStatus::ready;
  Value applied;  // the author's leaves as last applied (desired): the base of three-way comparison
  Value live;  // all attributes as last read back, computed ones included; Hidden where not shown
  std::map<Path, std::string> marks;  // HMAC of the platform's marks, in hex
  std::vector<std::string>
      dependencies;  // addresses it must outlive nothing of: destroyed before them
  std::string marker;
  Value keep;               // the driver's own notes
  bool stateful = false;    // guarded by kind
  bool protected_ = false;  // `protect`: --allow-destroy does not lift it
  bool delete_first = false;
  std::int64_t schema_version = 1;
  std::uint64_t updated_serial = 0;
};

struct DeposedRecord {  // an old object that waits for its removal
  std::string op;       // key
  std::string reason;   // "replaced" | "duplicate"
  std::uint64_t since_serial = 0;
  ResourceRecord record;
};

enum class IntentKind : std::uint8_t { create, update, remove };
enum class IntentPhase : std::uint8_t { sent, known };  // known: an id is recorded

struct Intent {
  std::string op;    // 128 random bits in hex: made once, the same in every attempt
  std::string call;  // shared by all changes of one step
  std::string run;
  std::uint64_t epoch = 0;
  std::string address;
  std::uint32_t generation = 0;
  IntentKind kind = IntentKind::create;
  std::string provider, type;
  std::string adoption;  // "key" "unique" "marker" "listed" "harmless" "none"
  std::string marker;
  std::vector<std::string> baseline;  // ids that were there before the first send (unique, listed)
  std::string request_hash;           // keyed hash of the desired values
  IntentPhase phase = IntentPhase::sent;
  std::uint32_t attempt = 1;
  std::int64_t sent_at = 0;  // milliseconds since the Unix epoch
  std::int64_t settle_ms = 90000;
  std::string before_id;  // replace: the old object
  std::string result_id;
  std::string parent;
  Value desired;  // as sent, generated secrets included (sealed on disk): a crash must not lose a
                  // password
  std::vector<Path> took;  // leaves that did take though the change failed
  std::string error;       // of the last attempt
  bool deposed = false;    // removes a deposed object (its op is before_id's key)
};

struct CheckResult {
  std::string name, status, message;  // pass | fail | error | unknown
};

struct RunRecord {
  std::string run;      // UUID version 7
  std::string command;  // apply | destroy | import | state mv …
  std::string plan_hash, holder, commit;
  std::int64_t started = 0, ended = 0;  // milliseconds since the Unix epoch
  std::string outcome;                  // "" while it runs; done | failed | interrupted
  std::vector<CheckResult> checks;
};

struct HistoryEntry {
  std::uint64_t serial = 0;
  std::int64_t at = 0;
  std::string run, what;
};

struct OutputRecord {
  std::string name;
  Value value;
  bool revealed = false;
};

// Everything at once: what a plan reads.
struct State {
  std::string lineage;       // 128 random bits in hex, made with the first state
  std::uint64_t serial = 0;  // +1 per commit that changes resources, deposed rows or intents
  std::uint64_t epoch = 0;   // +1 per taking of the lock
  std::string stack, environment;
  std::map<std::string, ResourceRecord, std::less<>> resources;
  std::map<std::string, DeposedRecord, std::less<>> deposed;
  std::map<std::string, Intent, std::less<>> intents;  // by op
  std::map<std::string, OutputRecord, std::less<>> outputs;
  std::optional<RunRecord> last_run;
};

}  // namespace infra
