// `infra agent`: the resident process that keeps an environment's services on this machine. An
// apply starts it; nobody needs to.
#include "cli/command.h"
#include "cli/files.h"
#include "providers/local/agent.h"

namespace infra {

void add_agent_command(CLI::App& root, Session& session) {
  CLI::App& command =
      add_command(root, "agent", "Keep an environment's local services (apply starts it)");
  auto options = std::make_shared<AgentOptions>();
  command.add_option("--data", options->data_folder, "Data folder (default .infra/ENV)")
      ->type_name("DIR");
  command.add_flag("--detach", options->detach, "Go on as a process of its own");
  command.callback([&session, options] {
    session.streams = false;
    session.command = [&session, options] {
      AgentOptions chosen = *options;
      chosen.data_folder = chosen.data_folder.empty()
                               ? session.data_folder(session.state_environment())
                               : absolute_path(chosen.data_folder);
      return run_agent(chosen);
    };
  });
}

}  // namespace infra
