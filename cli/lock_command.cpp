// `infra lock show|release`: who holds the state of an environment, and ending the claim of one who
// is gone.
#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"

namespace infra {
namespace {

Value lock_document(const LockInfo& lock) {
  return Object{{"ID", lock.id},
                {"Operation", lock.operation},
                {"Info", lock.info},
                {"Who", lock.who},
                {"Version", lock.version},
                {"Created", lock.created},
                {"Path", lock.path},
                {"Pid", lock.pid},
                {"Epoch", static_cast<std::int64_t>(lock.epoch)}};
}

int show_lock(Session& session) {
  const auto lock = Store::holder(session.location(session.state_environment()));
  if (session.options.json) {
    session.terminal.print((lock ? to_json(lock_document(*lock), SecretText::refuse, 2) : "null") +
                           "\n");
    return 0;
  }
  if (!lock) {
    session.terminal.print("The lock is free.\n");
    return 0;
  }
  session.terminal.print(
      fmt::format("Lock Info:\n"
                  "  ID:        {}\n"
                  "  Path:      {}\n"
                  "  Operation: {}\n"
                  "  Who:       {}\n"
                  "  Version:   {}\n"
                  "  Created:   {}\n"
                  "  Info:      {}\n"
                  "  Process:   {}\n"
                  "  Epoch:     {}\n",
                  printable(lock->id), printable(lock->path), printable(lock->operation),
                  printable(lock->who), printable(lock->version), printable(lock->created),
                  printable(lock->info), lock->pid, lock->epoch));
  return 0;
}

int release_lock(Session& session, std::optional<std::uint64_t> epoch) {
  const Store::Location where = session.location(session.state_environment());
  if (!epoch) {
    const auto lock = Store::holder(where);
    if (!lock) {
      session.terminal.print("The lock is free: there is nothing to release.\n");
      return 0;
    }
    throw CommandError(1,
                       fmt::format("say which claim: it is held by {} since {}",
                                   printable(lock->who), printable(lock->created)),
                       fmt::format("infra lock release --epoch {}", lock->epoch));
  }
  Store::release(where, session.world, *epoch);
  session.terminal.print("Released: whoever held it can never write again.\n");
  return 0;
}

}  // namespace

void add_lock_commands(CLI::App& root, Session& session) {
  CLI::App& group = add_command(root, "lock", "Who holds the state, and ending a dead claim");
  group.require_subcommand(1);
  CLI::App& show = add_command(group, "show", "Show who holds the lock");
  show.callback([&session] {
    session.streams = false;
    session.command = [&session] { return show_lock(session); };
  });
  CLI::App& release = add_command(group, "release", "End the claim of a holder that is gone");
  auto epoch = std::make_shared<std::optional<std::uint64_t>>();
  release.add_option("--epoch", *epoch, "Which claim, as `infra lock show` prints it")
      ->type_name("N");
  release.callback([&session, epoch] {
    session.streams = false;
    session.command = [&session, epoch] { return release_lock(session, *epoch); };
  });
}

}  // namespace infra
