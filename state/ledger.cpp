#include "state/ledger.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "state/database.h"

namespace infra {

void Ledger::set(TableId table, const std::string& key, const std::optional<SealingKey::Mac>& mac) {
  auto& rows = rows_[table];
  const auto found = rows.find(key);
  if (found != rows.end()) {
    sums_[table].subtract(found->second);
    if (!mac) {
      rows.erase(found);
      return;
    }
    found->second = *mac;
  } else if (mac) {
    rows.emplace(key, *mac);
  }
  if (mac) {
    sums_[table].add(*mac);
  }
}

void Ledger::put(TableId table, const std::string& key, const SealingKey::Mac& mac) {
  const auto found = rows_[table].find(key);
  undo_.push_back(
      {table, key, found == rows_[table].end() ? std::nullopt : std::optional(found->second)});
  set(table, key, mac);
}

void Ledger::remove(TableId table, const std::string& key) {
  const auto found = rows_[table].find(key);
  if (found != rows_[table].end()) {
    undo_.push_back({table, key, found->second});
    set(table, key, std::nullopt);
  }
}

void Ledger::take_back() {
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
    set(undo->table, undo->key, undo->before);
  }
  undo_.clear();
}

std::string hex_of(const SealingKey::Mac& mac) {
  std::string text;
  for (const unsigned char byte : mac) {
    constexpr std::string_view digits = "0123456789abcdef";
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

std::string state_mac(const SealingKey& key, const State& state, const Ledger& ledger) {
  std::string sums;
  for (std::size_t table = 0; table < table_count; ++table) {
    sums += ledger.sum(static_cast<TableId>(table)).bytes();
  }
  return hex_of(
      key.row_mac(pieces({"state", state.lineage, fmt::format("{}", state.serial),
                          fmt::format("{}", state.epoch), state.stack, state.environment, sums})));
}

std::string column_list(const Table& table) {
  return fmt::format("{}", fmt::join(table.columns, ", "));
}

Row read_row(SQLite::Statement& statement, std::size_t columns, int first) {
  Row row;
  row.reserve(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    const SQLite::Column column = statement.getColumn(first + static_cast<int>(i));
    if (column.isInteger()) {
      row.emplace_back(column.getInt64());
    } else {
      row.emplace_back(column.getString());
    }
  }
  return row;
}

std::optional<SealingKey::Mac> read_mac(SQLite::Statement& statement, int column) {
  const std::string bytes = statement.getColumn(column).getString();
  SealingKey::Mac mac{};
  if (bytes.size() != mac.size()) {
    return std::nullopt;
  }
  std::copy(bytes.begin(), bytes.end(), mac.begin());
  return mac;
}

namespace {

class Loader {
 public:
  Loader(SQLite::Database& database, const SealingKey& key, const Store::Location& location,
         World world)
      : database_(database), key_(key), location_(location), world_(world) {}

  Loaded run() {
    read_meta();
    const RowCodec codec(key_, *world_.random, state().lineage, state().environment);
    // Keys come in order, so that each lands at the end of its map.
    each(resource_table, [&](const Row& row, const std::string& name) {
      state().resources.emplace_hint(state().resources.end(), name, codec.resource(row));
    });
    each(deposed_table, [&](const Row& row, const std::string& name) {
      state().deposed.emplace(name, codec.deposed(row));
    });
    each(intent_table, [&](const Row& row, const std::string& name) {
      state().intents.emplace(name, codec.intent(row));
    });
    each(output_table, [&](const Row& row, const std::string& name) {
      state().outputs.emplace(name, codec.output(row));
    });
    each(run_table, [&](const Row& row, const std::string& /*name*/) {
      RunRecord run = RowCodec::run(row);
      if (!state().last_run || state().last_run->started <= run.started) {
        state().last_run = std::move(run);
      }
    });
    if (!same_mac(state_mac(key_, state(), loaded_.ledger), mac_)) {
      throw_damaged(location_.path,
                    "its signature does not agree: rows were added, removed or put back from an "
                    "earlier state by something else than infra");
    }
    return std::move(loaded_);
  }

 private:
  State& state() { return loaded_.state; }

  [[nodiscard]] std::uint64_t number(const std::map<std::string, std::string>& meta,
                                     const std::string& name) const {
    const auto found = meta.find(name);
    std::uint64_t value = 0;
    if (found == meta.end() ||
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), value)
                .ec != std::errc()) {
      throw_damaged(location_.path, fmt::format("it does not say its {}", name));
    }
    return value;
  }

  void read_meta() {
    std::map<std::string, std::string> meta;
    SQLite::Statement select(database_, "SELECT k, v FROM meta");
    while (select.executeStep()) {
      meta.emplace(select.getColumn(0).getString(), select.getColumn(1).getString());
    }
    if (meta["key_id"] != key_.id()) {
      throw StateError(
          1,
          fmt::format("the state {} was sealed with another key (its mark is {}, this machine's is "
                      "{})",
                      location_.path, printable(meta["key_id"]), key_.id()),
          "set INFRA_KEY to the key it was sealed with, or put that key into the key file");
    }
    state().lineage = meta["lineage"];
    state().serial = number(meta, "serial");
    state().epoch = number(meta, "epoch");
    state().stack = meta["stack"];
    state().environment = meta["environment"];
    mac_ = meta["mac"];
    check_whose();
  }

  void check_whose() {
    const bool other_stack = !location_.stack.empty() && state().stack != location_.stack;
    if (other_stack ||
        (!location_.environment.empty() && state().environment != location_.environment)) {
      throw StateError(
          1,
          fmt::format("the state {} belongs to environment `{}` of stack `{}`, not to `{}` of `{}`",
                      location_.path, printable(state().environment), printable(state().stack),
                      location_.environment, location_.stack),
          "name the right one with --state PATH, or the right environment with --env");
    }
  }

  template <class Use>
  void each(TableId id, const Use& use) {
    const Table& table = tables()[id];
    const std::size_t columns = table.columns.size();
    SQLite::Statement select(
        database_, fmt::format("SELECT {}, mac FROM {} ORDER BY {}", column_list(table), table.name,
                               table.columns.front()));
    while (select.executeStep()) {
      const Row row = read_row(select, columns);
      const auto* name = std::get_if<std::string>(&row.front());
      const auto mac = read_mac(select, static_cast<int>(columns));
      const SealingKey::Mac wanted = sign_row(key_, table, row);
      if (name == nullptr || !mac || *mac != wanted) {
        throw_damaged(location_.path,
                      fmt::format("the row of {} `{}` was changed by something else than infra",
                                  table.name, name == nullptr ? "" : printable(*name)));
      }
      try {
        use(row, *name);
      } catch (const StateError&) {
        throw;
      } catch (const std::runtime_error& error) {
        throw_damaged(location_.path, fmt::format("{} `{}`: {}", table.name, printable(*name),
                                                  printable(error.what())));
      }
      loaded_.ledger.load(id, *name, wanted);
    }
  }

  SQLite::Database& database_;
  const SealingKey& key_;
  const Store::Location& location_;
  World world_;
  Loaded loaded_;
  std::string mac_;
};

}  // namespace

Loaded load(SQLite::Database& database, const SealingKey& key, const Store::Location& location,
            World world) {
  return Loader(database, key, location, world).run();
}

}  // namespace infra
