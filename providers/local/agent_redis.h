// providers/local/agent_redis.h — one redis-server for each Redis database, on 127.0.0.1, with its
// data in a folder of its own.
//
// Its configuration is handed to it on its standard input and holds the SHA-256 of the password
// (Redis's own form for an ACL), never the password.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "providers/local/agent_keeper.h"
#include "providers/local/agent_process.h"

namespace infra::local {

struct RedisDatabase {
  std::string id, name, folder, password_sha256;
  int port = 0;
};

class Redis {
 public:
  using Done = std::function<void(const std::string& wrong, const std::string& help)>;
  explicit Redis(Shared shared) : shared_(std::move(shared)) {}

  // Runs it as asked: started, or started anew when something differs from what runs. Calls back
  // when it answers.
  void apply(const RedisDatabase& database, Done done);
  void remove(const std::string& id, std::function<void()> removed);  // the folder stays
  void stop(std::function<void()> stopped);
  [[nodiscard]] bool running(const std::string& id) const;

 private:
  struct Server {
    RedisDatabase database;
    std::unique_ptr<Process> process;
  };
  void start(const RedisDatabase& database, Done done);
  void await(const std::string& id, int attempts, Done done);
  Shared shared_;
  std::map<std::string, Server> servers_;
};

}  // namespace infra::local
