// providers/simulator/cloud.h — a cloud in one process: objects, a clock, and what goes wrong.
//
// It imitates any platform from its ProviderSchema: stores what the schema lists in its own
// spelling, fills in defaults, makes the computed outputs, hides secrets (it keeps none: only
// marks), and lets time pass on a virtual clock. Two skins stand on it: the Simulator (a driver
// without a socket) and the tests' HTTP server. Thread-safe; nothing is locked while a hook runs.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/schema.h"
#include "base/world.h"
#include "providers/provider.h"
#include "providers/simulator/behaviour.h"
#include "providers/simulator/faults.h"

namespace infra {

class CloudJournal;

struct CloudOptions {
  const Clock* clock = nullptr;  // nullptr: a virtual one of its own, moved by advance()
  std::uint64_t seed = 1;        // of ids, faults and delays
  Behaviours behaviours;
  FaultSchedule faults;
  std::string journal;  // path of a JSON-lines file that keeps the objects; "": memory
};

// One mutating request.
struct CloudRequest {
  CloudVerb verb = CloudVerb::create;
  std::string type, parent, id;
  std::string address;  // whose change it is: for the hook alone
  std::string op, marker;
  Value desired;
  std::vector<Path> changed;
  bool redeploy = false;
};

struct CloudAnswer {
  std::string id;
  std::map<Path, Secret> issued;  // credentials shown this once
};

struct CloudObject {
  std::string type, parent, id;
  std::string marker, op;             // of the request that made it
  Value attributes;                   // in the platform's spelling; secrets are Hidden
  std::map<Path, std::string> marks;  // of its secrets
  std::map<Path, Secret> readable;    // secrets that the platform shows again; never on disk
  std::chrono::milliseconds created{0}, listed_from{0}, ready_at{0};
  std::optional<std::chrono::milliseconds> deleted_at;
  std::int64_t written = 0;  // moves with every write
  bool live = false;         // made live: outputs that are not `made` are there
  bool failed = false;       // never will be ready
  bool foreign = false;      // a stranger's
};

class Cloud {
 public:
  explicit Cloud(const ProviderSchema& schema, CloudOptions options = {});
  ~Cloud();
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;
  Cloud(Cloud&&) = delete;
  Cloud& operator=(Cloud&&) = delete;

  // --- what drivers do ---
  Reply<CloudAnswer> send(const CloudRequest& request);
  [[nodiscard]] Reply<std::vector<Remote>> list(std::string_view type, std::string_view parent);
  // As it is now; `missing` where there is none. No fault strikes here.
  [[nodiscard]] Reply<Remote> read(std::string_view type, std::string_view id);
  [[nodiscard]] std::string version(std::string_view container);  // ETag of a container's document

  // --- time ---
  [[nodiscard]] std::chrono::milliseconds now() const;
  [[nodiscard]] bool has_own_clock() const { return options_.clock == nullptr; }
  void advance(std::chrono::milliseconds by);  // only where it has a clock of its own

  // --- a person at the platform's own console ---
  std::string create_foreign(std::string_view type, std::string_view parent, Value attributes);
  bool edit(std::string_view type, std::string_view id, std::string_view path, const Value& value);
  bool vanish(std::string_view type, std::string_view id);  // with all that it contains

  // --- what tests ask ---
  // Before a mutation is taken: may look whether an intent is durable. Called without a lock.
  std::function<void(const CloudRequest&)> on_mutation;
  [[nodiscard]] std::vector<CloudObject> objects();  // that exist, in type and id order
  [[nodiscard]] std::size_t mutations() const;       // taken so far
  [[nodiscard]] std::vector<std::string> touched_foreign() const;   // "create simulator.thing/x"
  [[nodiscard]] std::map<std::string, std::size_t> struck() const;  // how often which fault struck
  void stop_faults();
  [[nodiscard]] const ProviderSchema& schema() const { return schema_; }
  [[nodiscard]] const Behaviour& behaviour(std::string_view type) const;

 private:
  struct Table {
    const TypeSchema* type = nullptr;
    Behaviour behaviour;
    bool deployed = false;   // a deployment makes it live
    bool born_dead = false;  // has outputs that are `made`: an update or a deployment makes it live
    std::map<std::string, CloudObject, std::less<>> objects;
    std::map<std::string, std::set<std::string>, std::less<>> by_parent;
    std::map<std::string, std::string, std::less<>> names;  // of unique types: to the id
    std::map<std::string, Value, std::less<>> previous;     // for stale reads
  };
  struct Delayed {
    CloudRequest request;
    std::string id;  // a create: the id it will have
    bool partial = false;
  };

  Table* table(std::string_view type);
  Fault draw(const CloudRequest& request, const TypeSchema& type);
  Reply<CloudAnswer> answer(Fault fault, const CloudRequest& request, const Table& table);

  // Under the lock.
  [[nodiscard]] std::chrono::milliseconds time() const;
  CloudObject* find(Table& table, std::string_view id);  // that exists
  Reply<CloudAnswer> take(const CloudRequest& request, const Table& table);
  void settle_due();
  std::optional<Error> sync_journal();
  Reply<CloudAnswer> effect(const CloudRequest& request, const std::string& id, bool partial);
  Reply<CloudAnswer> effect_create(Table& table, const CloudRequest& request, const std::string& id,
                                   bool partial);
  Reply<CloudAnswer> effect_update(Table& table, const CloudRequest& request, bool partial);
  Reply<CloudAnswer> effect_remove(Table& table, const CloudRequest& request);
  void write_leaves(const Table& table, CloudObject& object, const Value& desired,
                    const std::vector<Path>* changed, bool partial);
  std::map<Path, Secret> issue(const Table& table, CloudObject& object,
                               const CloudRequest& request);
  void deploy_owner(const Table& table, const CloudObject& object);
  void remove_with_contents(Table& table, const std::string& id);
  void put(Table& table, CloudObject object);
  void drop(Table& table, const std::string& id);
  void keep(const CloudObject& object);
  void keep_removal(std::string_view type, std::string_view id);
  void replay(const Value& line);
  [[nodiscard]] std::string new_id(const Table& table, const CloudRequest& request);
  [[nodiscard]] std::string known_by(const Table& table, std::string_view parent,
                                     const Value& attributes) const;
  [[nodiscard]] Remote shown(const Table& table, const CloudObject& object);
  void person_acts();
  std::chrono::milliseconds some_delay(const TypeSchema& type);

  const ProviderSchema& schema_;
  CloudOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Table>, std::less<>> tables_;
  std::map<std::string, std::set<std::pair<std::string, std::string>>, std::less<>>
      contents_;  // container's id -> types and ids
  std::map<std::string, std::int64_t, std::less<>> versions_;
  std::multimap<std::chrono::milliseconds, Delayed> delayed_;
  std::chrono::milliseconds virtual_now_{0};
  Dice dice_;
  std::unique_ptr<CloudJournal> journal_;
  std::optional<std::string> journal_error_;
  std::multimap<std::chrono::milliseconds, std::pair<std::string, std::string>> dying_;
  std::size_t mutations_ = 0;
  std::vector<std::string> touched_foreign_;
  std::map<std::string, std::size_t> struck_;
};

}  // namespace infra
