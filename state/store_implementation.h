// state/store_implementation.h — what a Store holds; shared by the files that implement it.
#pragma once
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "state/ledger.h"
#include "state/lock.h"
#include "state/rows.h"
#include "state/store.h"

namespace infra {

// The key of this machine for a state that is there: throws StateError when there is none.
[[nodiscard]] SealingKey existing_key(World world, const std::string& path);

// Reads and checks the whole file. False when there is none.
bool read_state(const Store::Location& location, World world,
                const std::function<void(SQLite::Database&, const SealingKey&, Loaded&)>& use);

struct Store::Implementation {
  Implementation(const Location& where, World given_world, LockInfo holder,
                 std::chrono::milliseconds lock_timeout);

  // Does `work` in one durable transaction that begins by checking that no other run has taken
  // over, and ends with the new serial, epoch and signature. Whatever goes wrong, nothing of it is
  // kept.
  void transaction(std::uint64_t serial, std::uint64_t epoch, std::string_view doing,
                   const std::function<void()>& work);
  void put(TableId table, const Row& row);
  void remove(TableId table, const std::string& key);
  void write(const Commit& commit);
  void remember(Commit&& commit);  // the same in memory
  void follow_renames(Commit& commit) const;

  Location location;
  World world;
  std::unique_ptr<StateLock> lock;
  SealingKey key;
  std::unique_ptr<SQLite::Database> database;
  State state;
  Ledger ledger;
  std::unique_ptr<RowCodec> codec;

 private:
  void create_if_missing();
  void prepare_statements();
  void check_fence();

  std::array<std::unique_ptr<SQLite::Statement>, table_count> put_, remove_;
  std::unique_ptr<SQLite::Statement> read_meta_, write_meta_;
};

}  // namespace infra
