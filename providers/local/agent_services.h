// providers/local/agent_services.h — services: commands that run as supervised processes.
//
// A service is made (it has an id and a port) by a put with `run: false`, and live by one with
// `run: true`. Secrets of its environment are held in memory alone; after the agent died, a service
// that has none is started again at once, one that has some waits for the next put.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "providers/local/agent_keeper.h"
#include "providers/local/agent_process.h"

namespace infra::local {

class Services : public Keeper {
 public:
  // `volume_folder`: the folder of a volume's id, "" when there is none.
  Services(Shared shared, std::function<std::string(const std::string&)> volume_folder);
  ~Services() override;

  void resume() override;
  void list(const Responder& responder) override;
  void get(const std::string& id, const ServerRequest& request,
           const Responder& responder) override;
  void put(const std::string& id, const ServerRequest& request,
           const Responder& responder) override;
  void remove(const std::string& id, const Responder& responder) override;
  void act(const std::string& id, const std::string& verb, const Responder& responder) override;
  void halt(std::function<void()> halted) override;

  [[nodiscard]] int port_of(const std::string& id) const;  // 0: no such service
  // A shell command in the service's folder and environment; nothing when its secrets are not here.
  [[nodiscard]] std::optional<Program> program_of(const std::string& id,
                                                  const std::string& command) const;

 private:
  struct Service;
  struct Waiting {
    std::string id;
    std::uint64_t number;
    Responder responder;
  };
  [[nodiscard]] Value view(const Service& service) const;
  [[nodiscard]] std::string read_definition(const Value& body, Service& service) const;
  [[nodiscard]] int decide_port(const Value& body, const Service& service) const;
  [[nodiscard]] Environment environment_of(const Service& service) const;
  [[nodiscard]] ProcessSpec process_of(const Service& service) const;
  void run(Service& service, bool again);
  void build(Service& service);
  void settle(const std::string& id);
  void rotate_logs();
  [[nodiscard]] std::string log_of(const std::string& id) const;

  Shared shared_;
  std::function<std::string(const std::string&)> volume_folder_;
  std::map<std::string, std::unique_ptr<Service>, std::less<>> services_;
  std::vector<Waiting> waiting_;
  std::uint64_t waits_ = 0;
  Timer rotation_;
};

}  // namespace infra::local
