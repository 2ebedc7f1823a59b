#include "state/schema.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <array>

namespace infra {
namespace {

constexpr std::string_view first_schema = R"sql(
CREATE TABLE meta (k TEXT PRIMARY KEY, v TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE resource (
  address TEXT PRIMARY KEY, generation INTEGER NOT NULL, provider TEXT NOT NULL, type TEXT NOT NULL,
  id TEXT NOT NULL, parent TEXT NOT NULL, status TEXT NOT NULL, marker TEXT NOT NULL,
  stateful INTEGER NOT NULL, protected INTEGER NOT NULL, delete_first INTEGER NOT NULL,
  schema_version INTEGER NOT NULL, updated_serial INTEGER NOT NULL, dependencies TEXT NOT NULL,
  marks TEXT NOT NULL, data TEXT NOT NULL, mac BLOB NOT NULL) STRICT;

CREATE TABLE deposed (
  op TEXT PRIMARY KEY, reason TEXT NOT NULL, since_serial INTEGER NOT NULL,
  address TEXT NOT NULL, generation INTEGER NOT NULL, provider TEXT NOT NULL, type TEXT NOT NULL,
  id TEXT NOT NULL, parent TEXT NOT NULL, status TEXT NOT NULL, marker TEXT NOT NULL,
  stateful INTEGER NOT NULL, protected INTEGER NOT NULL, delete_first INTEGER NOT NULL,
  schema_version INTEGER NOT NULL, updated_serial INTEGER NOT NULL, dependencies TEXT NOT NULL,
  marks TEXT NOT NULL, data TEXT NOT NULL, mac BLOB NOT NULL) STRICT;

CREATE TABLE intent (
  op TEXT PRIMARY KEY, call TEXT NOT NULL, run TEXT NOT NULL, epoch INTEGER NOT NULL,
  address TEXT NOT NULL, generation INTEGER NOT NULL, kind TEXT NOT NULL, provider TEXT NOT NULL,
  type TEXT NOT NULL, adoption TEXT NOT NULL, marker TEXT NOT NULL, request_hash TEXT NOT NULL,
  phase TEXT NOT NULL, attempt INTEGER NOT NULL, sent_at INTEGER NOT NULL,
  settle_ms INTEGER NOT NULL, before_id TEXT NOT NULL, result_id TEXT NOT NULL,
  parent TEXT NOT NULL, error TEXT NOT NULL, deposed INTEGER NOT NULL, data TEXT NOT NULL,
  mac BLOB NOT NULL) STRICT;

CREATE TABLE output (
  name TEXT PRIMARY KEY, revealed INTEGER NOT NULL, data TEXT NOT NULL, mac BLOB NOT NULL) STRICT;

CREATE TABLE run (
  run TEXT PRIMARY KEY, command TEXT NOT NULL, plan_hash TEXT NOT NULL, holder TEXT NOT NULL,
  commit_id TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL, outcome TEXT NOT NULL,
  checks TEXT NOT NULL, mac BLOB NOT NULL) STRICT;

CREATE TABLE history (
  serial INTEGER PRIMARY KEY, at INTEGER NOT NULL, run TEXT NOT NULL, what TEXT NOT NULL,
  mac BLOB NOT NULL) STRICT;

CREATE TABLE snapshot (
  serial INTEGER NOT NULL REFERENCES history (serial) ON DELETE CASCADE,
  address TEXT NOT NULL, generation INTEGER NOT NULL, provider TEXT NOT NULL, type TEXT NOT NULL,
  id TEXT NOT NULL, parent TEXT NOT NULL, status TEXT NOT NULL, marker TEXT NOT NULL,
  stateful INTEGER NOT NULL, protected INTEGER NOT NULL, delete_first INTEGER NOT NULL,
  schema_version INTEGER NOT NULL, updated_serial INTEGER NOT NULL, dependencies TEXT NOT NULL,
  marks TEXT NOT NULL, data TEXT NOT NULL, mac BLOB NOT NULL,
  PRIMARY KEY (serial, address)) STRICT;
)sql";

constexpr std::array<std::string_view, 1> steps_so_far{first_schema};

}  // namespace

std::span<const std::string_view> migrations() {
  return steps_so_far;
}

int schema_version_of(SQLite::Database& database) {
  return database.execAndGet("PRAGMA user_version").getInt();
}

void migrate(SQLite::Database& database, std::span<const std::string_view> steps) {
  for (auto version = static_cast<std::size_t>(schema_version_of(database)); version < steps.size();
       ++version) {
    SQLite::Transaction transaction(database);
    database.exec(std::string(steps[version]));
    database.exec(fmt::format("PRAGMA user_version = {}", version + 1));
    transaction.commit();
  }
}

}  // namespace infra
