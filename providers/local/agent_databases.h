// providers/local/agent_databases.h — databases: PostgreSQL in the environment's cluster, Redis as
// a server each, SQLite and libSQL as a file each.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "providers/local/agent_keeper.h"
#include "providers/local/agent_postgres.h"
#include "providers/local/agent_redis.h"

namespace infra::local {

class Databases : public Keeper {
 public:
  explicit Databases(Shared shared);

  void resume() override;
  void list(const Responder& responder) override;
  void get(const std::string& id, const ServerRequest& request,
           const Responder& responder) override;
  void put(const std::string& id, const ServerRequest& request,
           const Responder& responder) override;
  void remove(const std::string& id, const Responder& responder) override;
  void halt(std::function<void()> halted) override;

 private:
  struct Work {  // what is being done to one, and how the last ended
    bool busy = false;
    bool fresh = false;  // being made for the first time: a failure leaves nothing of it
    std::string failure, help;
    std::vector<std::pair<std::uint64_t, Responder>> waiting;
    std::vector<std::function<void()>> later;  // requests that came while it was busy
  };
  using Views = std::function<void(List)>;
  void look(std::vector<std::string> ids, Views done);
  [[nodiscard]] Value view(const std::string& id, const PostgresFound* found,
                           const std::string& wrong) const;
  [[nodiscard]] std::string complete_record(const std::string& id, const Value& body,
                                            Value& record) const;
  void begin(const std::string& id, std::optional<Secret> password,
             std::vector<std::string> dropped);
  void end(const std::string& id, const std::string& wrong, const std::string& help);
  void answer_one(const std::string& id, const Responder& responder);
  void settle(const std::string& id);
  void do_later(const std::string& id);
  void clear(const std::string& id, Postgres::Done done);
  void clear_postgres(const std::string& id, const std::string& name, Postgres::Done done);
  void forget(const std::string& id, const Responder& responder, const std::string& wrong,
              const std::string& help);

  Shared shared_;
  Postgres postgres_;
  Redis redis_;
  std::map<std::string, Work> work_;
  std::uint64_t waits_ = 0;
};

}  // namespace infra::local
