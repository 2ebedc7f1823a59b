// state/store.h — the state of one environment on disk: SQLite (WAL, synchronous FULL, foreign
// keys), 0600, sealed secrets.
//
// Errors that end the command are StateError with the exit status they mean. One Store belongs to
// one thread.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/sealing.h"
#include "base/world.h"
#include "state/record.h"

namespace infra {

class StateError : public std::runtime_error {
 public:
  StateError(int exit_status, const std::string& message, std::string help = {})
      : std::runtime_error(message), exit_status_(exit_status), help_(std::move(help)) {}
  [[nodiscard]] int exit_status() const {
    return exit_status_;
  }  // 1 unwritable, no such file · 5 locked · 7 damaged
  [[nodiscard]] const std::string& help() const { return help_; }

 private:
  int exit_status_;
  std::string help_;
};

struct LockInfo {  // JSON keys as the field's tools print them: ID Operation Info Who Version
                   // Created Path
  std::string id, operation, info, who, version, created, path;
  std::int64_t pid = 0;
  std::uint64_t epoch = 0;
};

// One commit's worth of changes; all or nothing.
struct Commit {
  std::vector<ResourceRecord> put;
  std::vector<std::string> remove;                          // addresses
  std::vector<std::pair<std::string, std::string>> rename;  // from, to
  std::vector<DeposedRecord> put_deposed;
  std::vector<std::string> remove_deposed;  // ops
  std::vector<Intent> put_intents;
  std::vector<std::string> remove_intents;  // ops
  std::optional<std::vector<OutputRecord>> outputs;
  std::optional<RunRecord> run;
  [[nodiscard]] bool empty() const;
  void merge(Commit other);  // later wins
};

class Store {
 public:
  struct Location {
    std::string path;  // of state.db
    std::string stack, environment;
  };

  // Reads all of it; never creates, never writes. No file: an empty State with no lineage. A state
  // that cannot be opened with its WAL is read as it is after an integrity check.
  [[nodiscard]] static State read(const Location& location, World world);
  // Opens for writing under the lock (made when missing), raising the epoch. Waits up to
  // `lock_timeout`, then throws 5 naming the holder.
  [[nodiscard]] static Store open(const Location& location, World world, LockInfo holder,
                                  std::chrono::milliseconds lock_timeout);

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();  // frees the lock

  [[nodiscard]] const State& state() const;  // as committed so far
  // Durable when it returns. Throws StateError: fenced (another run raised the epoch), disk full,
  // read-only.
  void commit(Commit commit);
  [[nodiscard]] std::uint64_t epoch() const;
  [[nodiscard]] const SealingKey& key() const;
  void snapshot(const std::string& run,
                const std::string& what);  // once per run; the last 20 are kept

  [[nodiscard]] static std::vector<HistoryEntry> history(const Location& location, World world);
  [[nodiscard]] static std::vector<RunRecord> runs(const Location& location, World world);
  void rollback(
      std::uint64_t serial);  // resources become those of that snapshot; serial goes on rising
  static void backup(const Location& location, World world, const std::string& to);

  [[nodiscard]] static std::optional<LockInfo> holder(const Location& location);  // nothing: free
  // Ends the claim of a holder that is gone: raises the epoch so that it can never write again.
  // Throws 5 when the kernel says it lives.
  static void release(const Location& location, World world, std::uint64_t epoch);

 private:
  struct Implementation;
  explicit Store(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace infra
