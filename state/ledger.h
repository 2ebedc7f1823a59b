// state/ledger.h — everything read from a state file, with the signature of each row and the sums
// over them that the file's own signature holds.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/sealing.h"
#include "state/record.h"
#include "state/row_sum.h"
#include "state/rows.h"
#include "state/store.h"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace infra {

// The signatures of all rows. Changes can be taken back until they are kept.
class Ledger {
 public:
  void load(TableId table, const std::string& key, const SealingKey::Mac& mac) {
    set(table, key, mac);
  }
  void put(TableId table, const std::string& key, const SealingKey::Mac& mac);
  void remove(TableId table, const std::string& key);
  void keep() { undo_.clear(); }
  void take_back();

  [[nodiscard]] const RowSum& sum(TableId table) const { return sums_[table]; }

 private:
  struct Undo {
    TableId table;
    std::string key;
    std::optional<SealingKey::Mac> before;
  };
  void set(TableId table, const std::string& key, const std::optional<SealingKey::Mac>& mac);

  std::array<std::unordered_map<std::string, SealingKey::Mac>, table_count> rows_;
  std::array<RowSum, table_count> sums_;
  std::vector<Undo> undo_;
};

// The signature over the whole state, in hex as `meta` holds it.
[[nodiscard]] std::string state_mac(const SealingKey& key, const State& state,
                                    const Ledger& ledger);
[[nodiscard]] std::string hex_of(const SealingKey::Mac& mac);

// "address, generation, …" and the row that a statement over these columns stands at.
[[nodiscard]] std::string column_list(const Table& table);
[[nodiscard]] Row read_row(SQLite::Statement& statement, std::size_t columns, int first = 0);
[[nodiscard]] std::optional<SealingKey::Mac> read_mac(SQLite::Statement& statement, int column);

struct Loaded {
  State state;
  Ledger ledger;
};

// Reads all tables and checks all signatures. Throws StateError: 7 for damage with the row's name
// where it is known, 1 for a key or a stack that is not this one.
[[nodiscard]] Loaded load(SQLite::Database& database, const SealingKey& key,
                          const Store::Location& location, World world);

}  // namespace infra
