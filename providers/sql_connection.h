// providers/sql_connection.h — one connection to a PostgreSQL server, as the SQL door needs it.
// libpq stays behind it.
//
// Blocks, but never beyond the deadline, and looks at `stopped` ten times a second. Refusals are
// Errors by SQLSTATE; what the server says is given with the line of the statement it points at,
// and never with a parameter's value.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/value.h"
#include "providers/provider.h"

namespace infra {

struct SqlLimits {
  std::chrono::milliseconds connect{10000};
  std::function<std::chrono::milliseconds()> left;  // until the deadline; empty: none
  std::function<bool()> stopped;                    // empty: never
};

class SqlConnection {
 public:
  // `not_sent` when no server answers, `denied` when it refuses the credential, `missing` when it
  // has no such database.
  [[nodiscard]] static Reply<std::unique_ptr<SqlConnection>> open(const Secret& url,
                                                                  SqlLimits limits);
  ~SqlConnection();
  SqlConnection(const SqlConnection&) = delete;
  SqlConnection& operator=(const SqlConnection&) = delete;
  SqlConnection(SqlConnection&&) = delete;
  SqlConnection& operator=(SqlConnection&&) = delete;

  // In a READ ONLY transaction. Each row is an Object of its columns.
  [[nodiscard]] Reply<List> select(const Statement& statement);
  // All in one transaction; the rows of the last. A connection lost before COMMIT was sent is
  // `not_sent` (the server rolls back), one lost after is `unclear`. A statement without parameters
  // may hold several, separated by semicolons.
  [[nodiscard]] Reply<List> execute(const std::vector<Statement>& statements);

 private:
  struct Implementation;
  explicit SqlConnection(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

// The URL of the same database for another user. In a statement, `$scramN` is the verifier of the
// password in parameter N, quoted as a literal, so that no log of the server ever has the password.
[[nodiscard]] Secret url_as(const Secret& url, const std::string& user, const Secret& password);

}  // namespace infra
