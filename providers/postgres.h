// providers/postgres.h — the `postgres` driver: what lives inside a PostgreSQL database, whichever
// platform runs it.
//
// One type so far, `postgres.migrations`: the companion of a database that has `migrations` or a
// `seed`. What was applied is written down in the database itself, in the table infra.migrations,
// one row with each file in the file's own transaction.
#pragma once
#include "providers/provider.h"

namespace infra {

[[nodiscard]] const Provider& postgres_provider();  // lives for ever, thread-safe

}  // namespace infra
