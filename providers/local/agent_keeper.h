// providers/local/agent_keeper.h — what the agent's parts share: the loop, the registry, the data
// folder, and the four requests that each kind of object answers.
#pragma once
#include <functional>
#include <string>

#include "providers/local/agent_loop.h"
#include "providers/local/agent_registry.h"
#include "providers/local/agent_server.h"

namespace infra::local {

struct Shared {
  Loop& loop;
  Registry& registry;
  std::string data_folder;  // absolute
};

// The objects of one kind. An id is the client's, so that a repeated put makes nothing twice.
class Keeper {
 public:
  virtual ~Keeper() = default;
  // Takes up what the registry holds from an earlier agent.
  virtual void resume() = 0;
  virtual void list(const Responder& responder) = 0;  // {"items": [view, …]}
  // `wait_ms` in the query: answers when the object has settled, or that much later.
  virtual void get(const std::string& id, const ServerRequest& request,
                   const Responder& responder) = 0;
  virtual void put(const std::string& id, const ServerRequest& request,
                   const Responder& responder) = 0;
  // Answers when nothing is left of it.
  virtual void remove(const std::string& id, const Responder& responder) = 0;
  // POST /KIND/ID/VERB.
  virtual void act(const std::string& id, const std::string& verb, const Responder& responder);
  // Ends what runs, keeps what is remembered.
  virtual void halt(std::function<void()> halted) { halted(); }
};

[[nodiscard]] milliseconds wait_of(const ServerRequest& request);  // 0 when it does not wait
void refuse_missing(const Responder& responder, std::string_view kind, const std::string& id);

}  // namespace infra::local
