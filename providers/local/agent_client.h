// providers/local/agent_client.h — what others ask of an agent without a door: whether one
// answers, what a service wrote, to fire a cron now.
//
// Paths are derived from an environment's data folder (FOLDER/.infra/ENV). No function here starts
// an agent.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

#include "base/value.h"

namespace infra {

// The agent's own folder below an environment's data folder, and its files.
[[nodiscard]] std::string agent_folder(const std::string& environment_data);
[[nodiscard]] std::string agent_socket(const std::string& environment_data);
[[nodiscard]] std::string agent_registry_file(const std::string& environment_data);

// True when an agent accepts connections there, now.
[[nodiscard]] bool agent_answers(const std::string& environment_data);

// Starts an agent unless one answers, and waits until it does. What went wrong, or "". Only for
// commands that change things. `executable`: this program.
[[nodiscard]] std::string ensure_agent(const std::string& environment_data,
                                       const std::string& executable);

struct AgentAnswer {
  int status = 0;  // 0: no agent, see `failure`
  Value body;
  std::string failure;
};
[[nodiscard]] AgentAnswer ask_agent(const std::string& environment_data, const std::string& method,
                                    const std::string& path, std::chrono::milliseconds timeout);

// The last `lines` lines that a service, Redis or the cluster ("postgres") wrote; `id` is the
// resource's id. The text, or [1]: why there is none.
struct LogText {
  std::string text, failure;
};
[[nodiscard]] LogText read_log(const std::string& environment_data, const std::string& id,
                               std::size_t lines);
// Where it is, to be followed.
[[nodiscard]] std::string log_file(const std::string& environment_data, const std::string& id);

// Fires a cron now and waits for its end: "HTTP 200", "status 0"; or why it could not be fired.
struct FireResult {
  bool succeeded = false;
  std::string text;
};
[[nodiscard]] FireResult fire_cron(const std::string& environment_data, const std::string& id);

}  // namespace infra
