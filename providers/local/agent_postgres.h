// providers/local/agent_postgres.h — the environment's PostgreSQL cluster: made from the installed
// binaries with its first database, removed with its last.
//
// It listens on 127.0.0.1 with scram-sha-256, on a port that it keeps. The agent speaks to it with
// psql over the cluster's own socket, which lets this account in by its identity (peer): no
// password is on a command line, in a file or in the server's log. As root, everything of it runs
// as the user `postgres`, with its files below /var/lib/infra, where that user can reach them.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "providers/local/agent_keeper.h"
#include "providers/local/agent_process.h"

namespace infra::local {

struct PostgresDatabase {
  std::string name;  // of the database and of its login role
  std::optional<Secret> password;
  std::vector<std::string> extensions, dropped_extensions;
};

struct PostgresFound {  // what the cluster holds of one database
  bool role = false, database = false;
  std::set<std::string> extensions;
};

class Postgres {
 public:
  using Done = std::function<void(const std::string& wrong, const std::string& help)>;
  using Found =
      std::function<void(const std::string& wrong, const std::map<std::string, PostgresFound>&)>;

  explicit Postgres(Shared shared);

  // Brings the cluster up, and the database to what is asked. Repeatable.
  void apply(const PostgresDatabase& database, Done done);
  // What is there of these databases, in a running cluster.
  void inspect(const std::vector<std::string>& names, Found found);
  void drop(const std::string& name, Done done);
  void remove_cluster(Done done);  // its files too
  void stop(std::function<void()> stopped);

  [[nodiscard]] int port() const;
  [[nodiscard]] std::string socket_folder() const;

 private:
  using Next = std::function<void()>;
  struct Binaries {
    std::string postgres, initdb, psql;
  };
  void enqueue(std::function<void(Next)> job);
  void run_next();
  void bring_up(Done done);
  [[nodiscard]] std::string choose_binaries();
  [[nodiscard]] std::string prepare_folder();
  void initialise(Done done);
  void write_access_rules(Done done);
  void launch(Done done);
  void await_answer(int attempts, Done done);
  void end_leftover(int attempts, Next next);
  void psql(const std::string& database, const Secret& script,
            std::function<void(CommandResult)> done);
  [[nodiscard]] Program server_program() const;
  [[nodiscard]] Program as_owner(std::vector<std::string> arguments) const;

  Shared shared_;
  std::string folder_;  // holds data/ and socket/
  std::optional<Account> account_;
  Binaries binaries_;
  std::unique_ptr<Process> server_;
  bool answering_ = false, busy_ = false;
  std::vector<std::function<void(Next)>> jobs_;
};

// SQL text of a name and of a value.
[[nodiscard]] std::string quote_name(std::string_view name);
[[nodiscard]] std::string quote_value(std::string_view value);

}  // namespace infra::local
