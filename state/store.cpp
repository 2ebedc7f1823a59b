#include "state/store.h"

#include <SQLiteCpp/Exception.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "state/database.h"
#include "state/schema.h"
#include "state/store_implementation.h"

namespace infra {
namespace {

SealingKey key_for(World world, const std::string& path, bool there) {
  try {
    return there ? existing_key(world, path) : SealingKey::find_or_create(world);
  } catch (const SealingError& error) {
    throw StateError(1, error.what(), error.help());
  }
}

bool counts(const Commit& commit) {
  return !commit.put.empty() || !commit.remove.empty() || !commit.rename.empty() ||
         !commit.put_deposed.empty() || !commit.remove_deposed.empty() ||
         !commit.put_intents.empty() || !commit.remove_intents.empty();
}

Store::Location resolved_location(const Store::Location& location) {
  return {resolved(location.path), location.stack, location.environment};
}

// Which address each moved resource ends at, chains followed.
std::map<std::string, std::string> moves_of(
    const std::vector<std::pair<std::string, std::string>>& renames) {
  std::map<std::string, std::string> moves;
  for (const auto& [from, to] : renames) {
    bool chained = false;
    for (auto& [start, end] : moves) {
      if (end == from) {
        end = to;
        chained = true;
      }
    }
    if (!chained) {
      moves[from] = to;
    }
  }
  return moves;
}

// True when something was renamed.
bool rename_in(ResourceRecord& record, const std::map<std::string, std::string>& moves) {
  bool changed = false;
  if (const auto move = moves.find(record.address); move != moves.end()) {
    record.address = move->second;
    changed = true;
  }
  for (std::string& dependency : record.dependencies) {
    if (const auto move = moves.find(dependency); move != moves.end()) {
      dependency = move->second;
      changed = true;
    }
  }
  return changed;
}

}  // namespace

SealingKey existing_key(World world, const std::string& path) {
  try {
    auto key = SealingKey::find(world);
    if (key) {
      return *key;
    }
  } catch (const SealingError& error) {
    throw StateError(1, error.what(), error.help());
  }
  throw StateError(1, fmt::format("there is no key to open the state {} with", path),
                   "set INFRA_KEY, or copy the key file of the machine that made the state to "
                   "~/.config/infra/key (mode 0600)");
}

bool read_state(const Store::Location& location, World world,
                const std::function<void(SQLite::Database&, const SealingKey&, Loaded&)>& use) {
  if (!check_file(location.path)) {
    return false;
  }
  const SealingKey key = existing_key(world, location.path);
  read_database(location.path, [&](SQLite::Database& database) {
    Loaded loaded = load(database, key, location, world);
    use(database, key, loaded);
  });
  return true;
}

Store::Implementation::Implementation(const Location& where, World given_world, LockInfo holder,
                                      std::chrono::milliseconds lock_timeout)
    : location(resolved_location(where)),
      world(given_world),
      lock((prepare_folder(location.path),
            std::make_unique<StateLock>(location.path, std::move(holder), *world.clock,
                                        lock_timeout))),
      key(key_for(world, location.path, check_file(location.path))) {
  create_if_missing();
  try {
    database = open_for_writing(location.path);
    migrate(*database, migrations());
    Loaded loaded = load(*database, key, location, world);
    state = std::move(loaded.state);
    ledger = std::move(loaded.ledger);
    prepare_statements();
  } catch (const SQLite::Exception& error) {
    throw_state_error(error, location.path, "open");
  }
  codec = std::make_unique<RowCodec>(key, *world.random, state.lineage, state.environment);
  transaction(state.serial, state.epoch + 1, "lock", [] {});
  lock->set_epoch(state.epoch);
}

void Store::Implementation::create_if_missing() {
  if (check_file(location.path)) {
    return;
  }
  State fresh;
  fresh.lineage = random_hex(*world.random, 16);
  fresh.stack = location.stack;
  fresh.environment = location.environment;
  const std::string mac = state_mac(key, fresh, Ledger());
  create_database(
      location.path, random_hex(*world.random, 8), [&](SQLite::Database& fresh_database) {
        SQLite::Statement insert(fresh_database, "INSERT INTO meta (k, v) VALUES (?, ?)");
        const std::pair<const char*, std::string> rows[] = {
            {"lineage", fresh.lineage},
            {"serial", "0"},
            {"epoch", "0"},
            {"stack", fresh.stack},
            {"mac", mac},
            {"key_id", key.id()},
            {"environment", fresh.environment},
        };
        for (const auto& [name, value] : rows) {
          insert.bind(1, name);
          insert.bind(2, value);
          insert.exec();
          insert.reset();
        }
      });
}

void Store::Implementation::prepare_statements() {
  const auto prepare = [this](const std::string& sql) {
    return std::make_unique<SQLite::Statement>(*database, sql);
  };
  for (std::size_t i = 0; i < table_count; ++i) {
    const Table& table = tables()[i];
    std::string marks;
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      marks += "?, ";
    }
    put_[i] = prepare(fmt::format("INSERT OR REPLACE INTO {} ({}, mac) VALUES ({}?)", table.name,
                                  column_list(table), marks));
    remove_[i] =
        prepare(fmt::format("DELETE FROM {} WHERE {} = ?", table.name, table.columns.front()));
  }
  read_meta_ = prepare("SELECT k, v FROM meta WHERE k IN ('epoch', 'serial')");
  write_meta_ = prepare("UPDATE meta SET v = ?2 WHERE k = ?1");
}

// Another run that took the lock has raised the epoch; nothing that this one knows is sure then.
void Store::Implementation::check_fence() {
  std::map<std::string, std::string> meta;
  read_meta_->reset();
  while (read_meta_->executeStep()) {
    meta[read_meta_->getColumn(0).getString()] = read_meta_->getColumn(1).getString();
  }
  read_meta_->reset();
  if (meta["epoch"] != fmt::format("{}", state.epoch)) {
    throw StateError(5,
                     fmt::format("another run has taken over the state {} (epoch {}, this run has "
                                 "{}): nothing more is written",
                                 location.path, meta["epoch"], state.epoch),
                     "let the other run end, then run the command again: it settles what this one "
                     "left open");
  }
  if (meta["serial"] != fmt::format("{}", state.serial)) {
    throw StateError(1,
                     fmt::format("the state {} moved from serial {} to {} without this run",
                                 location.path, state.serial, meta["serial"]),
                     "run the command again");
  }
}

void Store::Implementation::transaction(std::uint64_t serial, std::uint64_t epoch,
                                        std::string_view doing, const std::function<void()>& work) {
  const std::uint64_t old_serial = state.serial;
  const std::uint64_t old_epoch = state.epoch;
  const auto take_back = [&] {
    ledger.take_back();
    state.serial = old_serial;
    state.epoch = old_epoch;
    if (sqlite3_get_autocommit(database->getHandle()) == 0) {
      database->tryExec("ROLLBACK");
    }
  };
  try {
    database->exec("BEGIN IMMEDIATE");
    check_fence();
    work();
    state.serial = serial;
    state.epoch = epoch;
    const std::pair<const char*, std::string> meta[] = {
        {"serial", fmt::format("{}", serial)},
        {"epoch", fmt::format("{}", epoch)},
        {"mac", state_mac(key, state, ledger)},
    };
    for (const auto& [name, value] : meta) {
      write_meta_->bind(1, name);
      write_meta_->bind(2, value);
      write_meta_->exec();
      write_meta_->reset();
    }
    crash_point("state.before_commit");
    database->exec("COMMIT");
    crash_point("state.after_commit");
    ledger.keep();
  } catch (const SQLite::Exception& error) {
    take_back();
    throw_state_error(error, location.path, doing);
  } catch (...) {
    take_back();
    throw;
  }
}

void Store::Implementation::put(TableId table, const Row& row) {
  SQLite::Statement& statement = *put_[table];
  statement.reset();
  int index = 1;
  for (const Cell& cell : row) {
    if (const auto* number = std::get_if<std::int64_t>(&cell)) {
      statement.bind(index++, *number);
    } else {
      statement.bind(index++, std::get<std::string>(cell));
    }
  }
  const SealingKey::Mac mac = sign_row(key, tables()[table], row);
  statement.bind(index, mac.data(), static_cast<int>(mac.size()));
  statement.exec();
  statement.reset();
  ledger.put(table, std::get<std::string>(row.front()), mac);
}

void Store::Implementation::remove(TableId table, const std::string& name) {
  SQLite::Statement& statement = *remove_[table];
  statement.reset();
  statement.bind(1, name);
  statement.exec();
  statement.reset();
  ledger.remove(table, name);
}

void Store::Implementation::write(const Commit& commit) {
  for (const std::string& address : commit.remove) {
    remove(resource_table, address);
  }
  for (const ResourceRecord& record : commit.put) {
    put(resource_table, codec->row(record));
  }
  for (const std::string& op : commit.remove_deposed) {
    remove(deposed_table, op);
  }
  for (const DeposedRecord& deposed : commit.put_deposed) {
    put(deposed_table, codec->row(deposed));
  }
  for (const std::string& op : commit.remove_intents) {
    remove(intent_table, op);
  }
  for (const Intent& intent : commit.put_intents) {
    put(intent_table, codec->row(intent));
  }
  if (commit.outputs) {
    for (const auto& [name, output] : state.outputs) {
      remove(output_table, name);
    }
    for (const OutputRecord& output : *commit.outputs) {
      put(output_table, codec->row(output));
    }
  }
  if (commit.run) {
    put(run_table, codec->row(*commit.run));
  }
}

void Store::Implementation::remember(Commit&& commit) {
  for (const std::string& address : commit.remove) {
    state.resources.erase(address);
  }
  for (ResourceRecord& record : commit.put) {
    std::string address = record.address;
    state.resources.insert_or_assign(std::move(address), std::move(record));
  }
  for (const std::string& op : commit.remove_deposed) {
    state.deposed.erase(op);
  }
  for (DeposedRecord& deposed : commit.put_deposed) {
    std::string op = deposed.op;
    state.deposed.insert_or_assign(std::move(op), std::move(deposed));
  }
  for (const std::string& op : commit.remove_intents) {
    state.intents.erase(op);
  }
  for (Intent& intent : commit.put_intents) {
    std::string op = intent.op;
    state.intents.insert_or_assign(std::move(op), std::move(intent));
  }
  if (commit.outputs) {
    state.outputs.clear();
    for (OutputRecord& output : *commit.outputs) {
      std::string name = output.name;
      state.outputs.insert_or_assign(std::move(name), std::move(output));
    }
  }
  if (commit.run) {
    state.last_run = std::move(commit.run);
  }
}

// A rename becomes a removal and writes: everything that names the old address, and everything
// sealed under it, is written anew.
void Store::Implementation::follow_renames(Commit& commit) const {
  if (commit.rename.empty()) {
    return;
  }
  const auto moves = moves_of(commit.rename);
  Commit moved;
  for (const auto& [from, to] : moves) {
    if (state.resources.count(from) > 0 && from != to) {
      moved.remove.push_back(from);
    }
  }
  for (const auto& [address, record] : state.resources) {
    ResourceRecord copy = record;
    if (rename_in(copy, moves)) {
      moved.put.push_back(std::move(copy));
    }
  }
  for (const auto& [op, deposed] : state.deposed) {
    DeposedRecord copy = deposed;
    if (rename_in(copy.record, moves)) {
      moved.put_deposed.push_back(std::move(copy));
    }
  }
  for (const auto& [op, intent] : state.intents) {
    if (const auto move = moves.find(intent.address); move != moves.end()) {
      Intent copy = intent;
      copy.address = move->second;
      moved.put_intents.push_back(std::move(copy));
    }
  }
  // A resource that stood at an address to which another moves gives way to it.
  std::stable_partition(moved.put.begin(), moved.put.end(), [&moves](const auto& record) {
    return std::none_of(moves.begin(), moves.end(),
                        [&record](const auto& move) { return move.second == record.address; });
  });
  commit.rename.clear();
  moved.merge(std::move(commit));
  commit = std::move(moved);
}

State Store::read(const Location& given, World world) {
  const Location location = resolved_location(given);
  State state;
  state.stack = location.stack;
  state.environment = location.environment;
  read_state(location, world, [&state](SQLite::Database&, const SealingKey&, Loaded& loaded) {
    state = std::move(loaded.state);
  });
  return state;
}

Store Store::open(const Location& location, World world, LockInfo holder,
                  std::chrono::milliseconds lock_timeout) {
  return Store(std::make_unique<Implementation>(location, world, std::move(holder), lock_timeout));
}

Store::Store(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

const State& Store::state() const {
  return implementation_->state;
}
std::uint64_t Store::epoch() const {
  return implementation_->state.epoch;
}
const SealingKey& Store::key() const {
  return implementation_->key;
}

void Store::commit(Commit commit) {
  if (commit.empty()) {
    return;
  }
  Implementation& own = *implementation_;
  const std::uint64_t serial = own.state.serial + (counts(commit) ? 1 : 0);
  own.follow_renames(commit);
  for (ResourceRecord& record : commit.put) {
    record.updated_serial = serial;
  }
  for (DeposedRecord& deposed : commit.put_deposed) {
    deposed.since_serial = deposed.since_serial == 0 ? serial : deposed.since_serial;
  }
  for (Intent& intent : commit.put_intents) {
    intent.epoch = intent.epoch == 0 ? own.state.epoch : intent.epoch;
  }
  own.transaction(serial, own.state.epoch, "write", [&] { own.write(commit); });
  own.remember(std::move(commit));
}

std::optional<LockInfo> Store::holder(const Location& location) {
  return StateLock::holder(resolved(location.path));
}

void Store::release(const Location& given, World world, std::uint64_t epoch) {
  const Location location = resolved_location(given);
  if (!check_file(location.path)) {
    throw StateError(1, fmt::format("there is no state {}", location.path), "nothing is locked");
  }
  const std::uint64_t current = read(location, world).epoch;
  if (current != epoch) {
    throw StateError(1,
                     fmt::format("the state {} is at epoch {}, not {}: another run has taken it "
                                 "since",
                                 location.path, current, epoch),
                     "look again with `infra lock show`");
  }
  LockInfo holder;
  holder.operation = "lock release";
  const Implementation raised(location, world, std::move(holder), std::chrono::milliseconds(0));
}

}  // namespace infra
