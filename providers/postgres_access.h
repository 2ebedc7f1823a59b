// providers/postgres_access.h — roles, grants and extensions inside a PostgreSQL database: the
// types of the `postgres` driver beside its migrations.
#pragma once
#include <vector>

#include "base/schema.h"
#include "providers/provider.h"

namespace infra {

// postgres.role, postgres.grant, postgres.extension.
[[nodiscard]] std::vector<TypeSchema> postgres_access_types();
[[nodiscard]] bool is_postgres_access(std::string_view type);

[[nodiscard]] Reply<std::vector<Remote>> list_access(std::string_view type, Reader& database);
[[nodiscard]] Reply<Remote> apply_access(const Change& change, Writer& database);

}  // namespace infra
