// Earlier states: one snapshot for each run, going back to one, and backups of the whole file.
#include <SQLiteCpp/Backup.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "state/database.h"
#include "state/store.h"
#include "state/store_implementation.h"

namespace infra {
namespace {

constexpr int snapshots_kept = 20;

SealingKey::Mac sign_history(const SealingKey& key, const State& state, const HistoryEntry& entry,
                             const RowSum& resources) {
  return key.row_mac(
      pieces({"history", state.lineage, fmt::format("{}", entry.serial),
              fmt::format("{}", entry.at), entry.run, entry.what, resources.bytes()}));
}

HistoryEntry read_entry(SQLite::Statement& select) {
  return {static_cast<std::uint64_t>(select.getColumn(0).getInt64()),
          select.getColumn(1).getInt64(), select.getColumn(2).getString(),
          select.getColumn(3).getString()};
}

// The rows of one snapshot, with its signature checked.
std::vector<Row> read_snapshot(SQLite::Database& database, const SealingKey& key,
                               const State& state, const std::string& path, std::uint64_t serial) {
  SQLite::Statement entry_of(database,
                             "SELECT serial, at, run, what, mac FROM history WHERE serial = ?");
  entry_of.bind(1, static_cast<std::int64_t>(serial));
  if (!entry_of.executeStep()) {
    throw StateError(1, fmt::format("the state {} keeps no snapshot of serial {}", path, serial),
                     "`infra state history` lists those it keeps");
  }
  const HistoryEntry entry = read_entry(entry_of);
  const auto mac = read_mac(entry_of, 4);
  const Table& table = tables()[resource_table];
  SQLite::Statement select(
      database, fmt::format("SELECT {} FROM snapshot WHERE serial = ?", column_list(table)));
  select.bind(1, static_cast<std::int64_t>(serial));
  std::vector<Row> rows;
  RowSum sum;
  while (select.executeStep()) {
    rows.push_back(read_row(select, table.columns.size()));
    sum.add(sign_row(key, table, rows.back()));
  }
  if (!mac || *mac != sign_history(key, state, entry, sum)) {
    throw_damaged(path, fmt::format("the snapshot of serial {} was changed by something else than "
                                    "infra",
                                    serial));
  }
  return rows;
}

}  // namespace

void Store::snapshot(const std::string& run, const std::string& what) {
  Implementation& own = *implementation_;
  const auto at = own.world.clock->now().time_since_epoch().count();
  const HistoryEntry entry{own.state.serial, at, run, what};
  own.transaction(own.state.serial, own.state.epoch, "write", [&] {
    SQLite::Statement already(*own.database, "SELECT count(*) FROM history WHERE run = ?");
    already.bind(1, run);
    if (already.executeStep() && already.getColumn(0).getInt() > 0) {
      return;
    }
    SQLite::Statement forget(*own.database, "DELETE FROM history WHERE serial = ?");
    forget.bind(1, static_cast<std::int64_t>(entry.serial));
    forget.exec();
    const SealingKey::Mac mac =
        sign_history(own.key, own.state, entry, own.ledger.sum(resource_table));
    SQLite::Statement insert(*own.database,
                             "INSERT INTO history (serial, at, run, what, mac) VALUES (?,?,?,?,?)");
    insert.bind(1, static_cast<std::int64_t>(entry.serial));
    insert.bind(2, entry.at);
    insert.bind(3, entry.run);
    insert.bind(4, entry.what);
    insert.bind(5, mac.data(), static_cast<int>(mac.size()));
    insert.exec();
    const std::string columns = column_list(tables()[resource_table]);
    SQLite::Statement copy(*own.database,
                           fmt::format("INSERT INTO snapshot (serial, {0}, mac) SELECT ?, {0}, mac "
                                       "FROM resource",
                                       columns));
    copy.bind(1, static_cast<std::int64_t>(entry.serial));
    copy.exec();
    own.database->exec(
        fmt::format("DELETE FROM history WHERE serial NOT IN "
                    "(SELECT serial FROM history ORDER BY serial DESC LIMIT {})",
                    snapshots_kept));
  });
}

std::vector<HistoryEntry> Store::history(const Location& given, World world) {
  const Location location{resolved(given.path), given.stack, given.environment};
  std::vector<HistoryEntry> entries;
  read_state(location, world, [&entries](SQLite::Database& database, const SealingKey&, Loaded&) {
    entries.clear();
    SQLite::Statement select(database,
                             "SELECT serial, at, run, what FROM history ORDER BY serial DESC");
    while (select.executeStep()) {
      entries.push_back(read_entry(select));
    }
  });
  return entries;
}

std::vector<RunRecord> Store::runs(const Location& given, World world) {
  const Location location{resolved(given.path), given.stack, given.environment};
  std::vector<RunRecord> runs;
  read_state(location, world, [&runs](SQLite::Database& database, const SealingKey&, Loaded&) {
    runs.clear();
    const Table& table = tables()[run_table];
    SQLite::Statement select(
        database, fmt::format("SELECT {} FROM run ORDER BY started DESC, run", column_list(table)));
    while (select.executeStep()) {
      runs.push_back(RowCodec::run(read_row(select, table.columns.size())));
    }
  });
  return runs;
}

void Store::rollback(std::uint64_t serial) {
  Implementation& own = *implementation_;
  Commit commit;
  try {
    for (const auto& [address, record] : own.state.resources) {
      commit.remove.push_back(address);
    }
    for (const Row& row :
         read_snapshot(*own.database, own.key, own.state, own.location.path, serial)) {
      commit.put.push_back(own.codec->resource(row));
    }
  } catch (const SQLite::Exception& error) {
    throw_state_error(error, own.location.path, "roll back");
  } catch (const SealingError& error) {
    throw_damaged(own.location.path, error.what());
  }
  this->commit(std::move(commit));
}

void Store::backup(const Location& given, World world, const std::string& to) {
  const Location location{resolved(given.path), given.stack, given.environment};
  const std::string target = resolved(to);
  const std::string draft = target + ".new-" + random_hex(*world.random, 8);
  try {
    const bool there = read_state(
        location, world, [&draft](SQLite::Database& database, const SealingKey&, Loaded&) {
          ::unlink(draft.c_str());
          make_empty_file(draft);
          SQLite::Database copy(draft, SQLite::OPEN_READWRITE | SQLite::OPEN_NOFOLLOW);
          SQLite::Backup(copy, database).executeStep(-1);
          copy.exec("PRAGMA journal_mode = DELETE");  // one file, nothing beside it
        });
    if (!there) {
      throw StateError(1, fmt::format("there is no state {} to back up", location.path));
    }
    put_in_place(draft, target);
  } catch (...) {
    ::unlink(draft.c_str());
    throw;
  }
}

}  // namespace infra
