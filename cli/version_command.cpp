// `infra version`
#include "base/json.h"
#include "base/version.h"
#include "cli/command.h"

namespace infra {

void add_version_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "version", "Print the version");
  command.callback([&session] {
    session.streams = false;
    session.command = [&session] {
      const std::string version(program_version);
      session.terminal.print(session.options.json
                                 ? to_json(Object{{"infra_version", version}}, SecretText::refuse) +
                                       "\n"
                                 : "infra " + version + "\n");
      return 0;
    };
  });
}

}  // namespace infra
