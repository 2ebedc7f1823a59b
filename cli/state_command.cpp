// `infra state …`: what is remembered, looked at and put right by hand. Objects on platforms are
// never touched from here.
#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/files.h"

namespace infra {
namespace {

std::string time_text(std::int64_t milliseconds) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{
      std::chrono::milliseconds{milliseconds}};
  std::string text = timestamp(time);  // 2026-09-20T10:00:00.000Z
  if (text.size() >= 19) {
    text = text.substr(0, 10) + " " + text.substr(11, 8) + "Z";
  }
  return text;
}

std::vector<std::string> addresses_of(const State& state, const std::string& selector) {
  std::vector<std::string> addresses;
  for (const auto& [address, record] : state.resources) {
    if (selector.empty() || address_matches(selector, address)) {
      addresses.push_back(address);
    }
  }
  std::sort(addresses.begin(), addresses.end(), address_less);
  return addresses;
}

std::vector<std::string> wanted_addresses(const State& state, const std::string& selector) {
  std::vector<std::string> addresses = addresses_of(state, selector);
  if (addresses.empty()) {
    const auto near = nearest(selector, addresses_of(state, ""));
    throw CommandError(1, fmt::format("state has no {}", printable(selector)),
                       near ? fmt::format("did you mean {}?", printable(*near))
                            : "`infra state list` lists what it has");
  }
  return addresses;
}

// What is under way must be settled before anybody renames or forgets it.
void refuse_unfinished(const State& state, const std::vector<std::string>& addresses) {
  for (const auto& [op, intent] : state.intents) {
    if (std::find(addresses.begin(), addresses.end(), intent.address) != addresses.end()) {
      throw CommandError(4,
                         fmt::format("an operation on {} is unfinished", printable(intent.address)),
                         "`infra apply` settles it first, or `infra recover`");
    }
  }
}

RunRecord run_record(const Session& session, const std::string& command) {
  RunRecord run;
  run.run = uuid(*session.world.random);
  run.command = command;
  run.started = run.ended = session.world.clock->now().time_since_epoch().count();
  run.outcome = "done";
  return run;
}

// --- list

int run_list(Session& session, const std::string& selector) {
  const State state = session.read_state(session.state_environment());
  const std::string canonical = selector.empty() ? "" : canonical_address(selector);
  const auto addresses = addresses_of(state, canonical);
  if (session.options.json) {
    List document;
    for (const std::string& address : addresses) {
      const ResourceRecord& record = state.resources.find(address)->second;
      document.push_back(Object{{"address", address}, {"type", record.type}, {"id", record.id}});
    }
    session.terminal.print(to_json(document, SecretText::refuse, 2) + "\n");
    return 0;
  }
  for (const std::string& address : addresses) {
    session.terminal.print(printable(address) + "\n");
  }
  return 0;
}

// --- mv

// The address that `address`, which `from` names, has below `to`: keys and companions move along.
std::string moved_address(const Address& from, const Address& to, const std::string& address) {
  Address whole = *parse_address(address);
  Address result = to;
  const AddressStep& last = whole.steps[from.steps.size() - 1];
  const auto& named = from.steps.back().keys;
  if (named.size() < last.keys.size()) {
    result.steps.back().keys.insert(result.steps.back().keys.end(),
                                    last.keys.begin() + static_cast<std::ptrdiff_t>(named.size()),
                                    last.keys.end());
  }
  result.steps.insert(result.steps.end(),
                      whole.steps.begin() + static_cast<std::ptrdiff_t>(from.steps.size()),
                      whole.steps.end());
  return result.text();
}

int run_move(Session& session, const std::string& from_text, const std::string& to_text) {
  const std::string from = canonical_address(from_text);
  const std::string to = canonical_address(to_text);
  if (from == to) {
    throw CommandError(1, "both addresses are the same");
  }
  if (address_kind(from) != address_kind(to)) {
    throw CommandError(1,
                       fmt::format("a {} cannot become a {}", address_kind(from), address_kind(to)),
                       "`state mv` renames; another kind is another object");
  }
  Store store = session.open_store(session.state_environment(), "OperationTypeStateMove");
  const auto addresses = wanted_addresses(store.state(), from);
  refuse_unfinished(store.state(), addresses);
  Commit commit;
  for (const std::string& address : addresses) {
    const std::string target = moved_address(*parse_address(from), *parse_address(to), address);
    const bool also_moves =
        std::find(addresses.begin(), addresses.end(), target) != addresses.end();
    if (store.state().resources.contains(target) && !also_moves) {
      throw CommandError(1, fmt::format("state has a {} already", printable(target)),
                         "move that one away first, or `infra state rm` it");
    }
    commit.rename.emplace_back(address, target);
  }
  commit.run = run_record(session, "state mv");
  const std::string run = commit.run->run;
  const auto renames = commit.rename;
  store.commit(std::move(commit));
  store.snapshot(run, "state mv");
  for (const auto& [old_address, new_address] : renames) {
    session.terminal.print(
        fmt::format("{} is now {}\n", printable(old_address), printable(new_address)));
  }
  return 0;
}

// --- rm

int run_remove(Session& session, const std::vector<std::string>& selectors, bool force) {
  Store store = session.open_store(session.state_environment(), "OperationTypeStateRemove");
  std::vector<std::string> addresses;
  for (const std::string& selector : selectors) {
    const auto found = wanted_addresses(store.state(), canonical_address(selector));
    addresses.insert(addresses.end(), found.begin(), found.end());
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  refuse_unfinished(store.state(), addresses);
  for (const std::string& address : addresses) {
    const ResourceRecord& record = store.state().resources.find(address)->second;
    if ((record.stateful || record.protected_) && !force) {
      throw CommandError(
          3,
          fmt::format("{} {}", printable(address),
                      record.protected_ ? "is protected" : "holds data"),
          "forgetting it leaves the object without anybody who minds it; --force does it");
    }
  }
  Commit commit;
  commit.remove = addresses;
  commit.run = run_record(session, "state rm");
  const std::string run = commit.run->run;
  store.commit(std::move(commit));
  store.snapshot(run, "state rm");
  for (const std::string& address : addresses) {
    session.terminal.print(
        fmt::format("{} is forgotten; the object itself stays as it is\n", printable(address)));
  }
  return 0;
}

// --- history, rollback, backup

int run_history(Session& session) {
  const Store::Location where = session.location(session.state_environment());
  const auto entries = Store::history(where, session.world);
  if (session.options.json) {
    List document;
    for (const HistoryEntry& entry : entries) {
      document.push_back(Object{{"serial", static_cast<std::int64_t>(entry.serial)},
                                {"at", time_text(entry.at)},
                                {"run", entry.run},
                                {"what", entry.what}});
    }
    session.terminal.print(to_json(document, SecretText::refuse, 2) + "\n");
    return 0;
  }
  if (entries.empty()) {
    session.terminal.complain("no history: nothing was applied yet\n");
  }
  for (const HistoryEntry& entry : entries) {
    session.terminal.print(fmt::format("{:>8}  {}  {}  {}\n", entry.serial, time_text(entry.at),
                                       printable(entry.what), printable(entry.run)));
  }
  return 0;
}

int run_rollback(Session& session, std::uint64_t serial) {
  Store store = session.open_store(session.state_environment(), "OperationTypeStateRollback");
  if (!store.state().intents.empty()) {
    throw CommandError(4, "operations of an earlier run are unfinished",
                       "`infra apply` settles them first");
  }
  store.rollback(serial);
  session.terminal.print(fmt::format(
      "State is what it was at serial {}, as serial {}. Nothing was touched on any platform: "
      "`infra plan` shows what differs.\n",
      serial, store.state().serial));
  return 0;
}

int run_backup(Session& session, const std::string& to) {
  const Store::Location where = session.location(session.state_environment());
  if (!file_exists(where.path)) {
    throw CommandError(1, fmt::format("there is no state at {}", printable(where.path)),
                       "it is made by the first `infra apply`");
  }
  Store::backup(where, session.world, absolute_path(to));
  session.terminal.print(
      fmt::format("Backed up to {}. Its secrets are sealed with this machine's "
                  "key: keep that too.\n",
                  printable(to)));
  return 0;
}

// Adds one command of the group; `make` binds its options and gives what it runs.
CLI::App& add(CLI::App& group, Session& session, const char* name, const char* what,
              std::function<int()> run) {
  CLI::App& command = add_command(group, name, what);
  command.callback([&session, run = std::move(run)] {
    session.streams = false;
    session.command = run;
  });
  return command;
}

void add_changing_commands(CLI::App& group, Session& session) {
  auto from = std::make_shared<std::string>();
  auto to = std::make_shared<std::string>();
  CLI::App& move = add(group, session, "mv", "Give what is remembered another address",
                       [&session, from, to] { return run_move(session, *from, *to); });
  move.add_option("from", *from, "Its address now")->required();
  move.add_option("to", *to, "Its address from now on")->required();

  auto addresses = std::make_shared<std::vector<std::string>>();
  auto force = std::make_shared<bool>(false);
  CLI::App& remove =
      add(group, session, "rm", "Forget resources; the objects stay as they are",
          [&session, addresses, force] { return run_remove(session, *addresses, *force); });
  remove.add_option("addresses", *addresses, "What is forgotten")->required();
  remove.add_flag("--force", *force, "What holds data or is protected too");

  auto serial = std::make_shared<std::uint64_t>(0);
  CLI::App& rollback = add(group, session, "rollback", "Remember what was remembered at a serial",
                           [&session, serial] { return run_rollback(session, *serial); });
  rollback.add_option("serial", *serial, "A serial of `infra state history`")->required();
}

}  // namespace

void add_state_commands(CLI::App& root, Session& session) {
  CLI::App& group = add_command(root, "state", "Look at and put right what is remembered");
  group.require_subcommand(1);
  auto selector = std::make_shared<std::string>();
  CLI::App& list = add(group, session, "list", "List the addresses that state has",
                       [&session, selector] { return run_list(session, *selector); });
  list.add_option("address", *selector, "Only what this address names");
  add(group, session, "history", "List the serials that can be rolled back to",
      [&session] { return run_history(session); });
  auto file = std::make_shared<std::string>();
  CLI::App& backup = add(group, session, "backup", "Copy the state into a file",
                         [&session, file] { return run_backup(session, *file); });
  backup.add_option("file", *file, "Where to")->required();
  add_changing_commands(group, session);
}

}  // namespace infra
