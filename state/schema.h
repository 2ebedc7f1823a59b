// state/schema.h — the tables of the state file and how older files become newer ones.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace SQLite {
class Database;
}

namespace infra {

constexpr int application_id = 0x696E6672;  // "infr"

// migrations()[i] brings a file from user_version i to i + 1. Each only adds: tables, or columns
// whose default is '' or 0 (see sign_row).
[[nodiscard]] std::span<const std::string_view> migrations();

[[nodiscard]] int schema_version_of(SQLite::Database& database);

// Runs what is missing, each step in a transaction of its own with its user_version.
void migrate(SQLite::Database& database, std::span<const std::string_view> steps);

}  // namespace infra
