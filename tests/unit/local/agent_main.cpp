// A program that is nothing but the agent, called as the driver calls this project's own:
// `agent --data FOLDER [--detach]`.
#include <string_view>

#include "providers/local/agent.h"

int main(int argc, char** argv) {
  infra::AgentOptions options;
  for (int i = 2; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--detach") {
      options.detach = true;
    } else if (word == "--data" && i + 1 < argc) {
      options.data_folder = argv[++i];
    }
  }
  return infra::run_agent(options);
}
