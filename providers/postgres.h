// providers/postgres.h — the `postgres` driver: what lives inside a PostgreSQL database, whichever
// platform runs it.
//
// `postgres.migrations` is the companion of a database that has `migrations` or a `seed`;
// `postgres.role`, `postgres.grant` and `postgres.extension` are written by name. Of migrations,
// what was applied is written down in the database itself, in the table infra.migrations, one row
// with each file in the file's own transaction.
#pragma once
#include "providers/provider.h"

namespace infra {

[[nodiscard]] const Provider& postgres_provider();  // lives for ever, thread-safe

}  // namespace infra
