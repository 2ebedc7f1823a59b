// tests/support/postgres_cluster.h — a real, throw-away PostgreSQL cluster on a Unix socket, for as
// long as the object lives.
#pragma once
#include <string>

#include "base/secret.h"

namespace infra::testing {

class PostgresCluster {
 public:
  PostgresCluster();  // initdb and start, as the `postgres` user when root; throws
                      // std::runtime_error with what failed
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;
  PostgresCluster(PostgresCluster&&) = delete;
  PostgresCluster& operator=(PostgresCluster&&) = delete;

  [[nodiscard]] Secret url(const std::string& database = "postgres") const;
  void stop();  // at once, as a crash would
  void start();

 private:
  std::string folder_;
};

}  // namespace infra::testing
