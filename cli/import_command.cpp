// `infra import` and `infra recover`: a person's word about what exists.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/planning.h"
#include "cli/process.h"
#include "cli/progress.h"

namespace infra {
namespace {

int run_import(Session& session, const std::string& address, const std::string& id) {
  const std::string canonical = canonical_address(address);
  if (id.empty()) {
    throw CommandError(1, "an id is needed, and it is empty");
  }
  const Compilation compilation = session.compile();
  Listeners listeners(session);
  const EngineOptions engine =
      session.engine_options(compilation, "OperationTypeImport", &listeners.all());
  count_interrupts();
  import_resource(compilation, canonical, id, engine);
  listeners.clear();
  if (session.prints_text()) {
    session.terminal.print(
        fmt::format("{} now manages {}. `infra plan` shows what the text wants changed on it.\n",
                    printable(canonical), printable(id)));
  }
  return 0;
}

struct RecoverOptions {
  std::string address, id;
  bool absent = false;
};

int run_recover(Session& session, const RecoverOptions& options) {
  if (options.absent != options.id.empty()) {
    throw CommandError(1, "say what the platform shows: --id ID, or --absent",
                       "`infra plan` lists the operations whose end is unknown");
  }
  const std::string address = canonical_address(options.address);
  const Compilation compilation = session.compile();
  Listeners listeners(session);
  const EngineOptions engine =
      session.engine_options(compilation, "OperationTypeRecover", &listeners.all());
  count_interrupts();
  recover(compilation, address,
          options.absent ? std::nullopt : std::optional<std::string>(options.id), engine);
  listeners.clear();
  if (session.prints_text()) {
    session.terminal.print(
        options.absent ? fmt::format("{}: taken as never done; the next apply does it anew.\n",
                                     printable(address))
                       : fmt::format("{}: it is {}.\n", printable(address), printable(options.id)));
  }
  return 0;
}

}  // namespace

void add_import_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "import", "Take an existing object under management");
  auto address = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  command.add_option("address", *address, "The resource of the text")->required();
  command.add_option("id", *id, "The platform's id of the object")->required();
  command.callback([&session, address, id] {
    session.command = [&session, address, id] { return run_import(session, *address, *id); };
  });
}

void add_recover_command(CLI::App& root, Session& session) {
  CLI::App& command =
      add_command(root, "recover", "Say how an operation ended that nothing can look up");
  auto options = std::make_shared<RecoverOptions>();
  command.add_option("address", options->address, "The resource")->required();
  command.add_option("--id", options->id, "It happened: the id of the object")->type_name("ID");
  command.add_flag("--absent", options->absent, "It never happened");
  command.callback([&session, options] {
    session.command = [&session, options] { return run_recover(session, *options); };
  });
}

}  // namespace infra
