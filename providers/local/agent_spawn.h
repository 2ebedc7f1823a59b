// providers/local/agent_spawn.h — child processes: starting one, running a command to its end,
// finding and ending what an earlier agent left behind.
//
// Every child is the leader of a process group of its own, gets a signal when the agent dies, and
// has INFRA_AGENT=DATA_FOLDER in its environment, by which its descendants are found again however
// they detach. Secrets reach a child by its environment or its standard input (kept in memory),
// never by its arguments.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/secret.h"
#include "providers/local/agent_loop.h"

namespace infra::local {

struct Account {  // whom to become before the program starts; needs root
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
};

// The account of that name on this machine; nothing when there is none.
[[nodiscard]] std::optional<Account> find_account(const std::string& name);

using Environment = std::vector<std::pair<std::string, Secret>>;

struct Program {
  std::vector<std::string> arguments;  // [0]: an absolute path
  std::string folder;                  // where it starts; "": the agent's own
  Environment environment;             // all of it: nothing is inherited
  std::optional<Account> account;
  std::optional<Secret> input;  // its standard input; else /dev/null
  std::string log;              // file that its output is appended to; "": see `output`
  int output = -1, errors = -1;
  int folder_descriptor = -1;  // given to it as descriptor 3
  int death_signal = 15;       // sent to it when the agent dies
};

// The child's process id, or why it could not be started ("cannot enter /x: Permission denied").
[[nodiscard]] std::variant<pid_t, std::string> spawn(const Program& program);

struct CommandResult {
  int exit_status = -1;  // 128 + n when signal n ended it
  std::string output, errors;
  std::string failure;  // could not be started, or took too long; else ""
  [[nodiscard]] bool succeeded() const { return failure.empty() && exit_status == 0; }
};
// Runs the program to its end and hands over what it wrote; its output is kept in memory, at most
// 4 MiB of it. Killed after `timeout`.
void run_command(Loop& loop, Program program, milliseconds timeout,
                 std::function<void(CommandResult)> done);

// What of the agent's own environment a child may see: PATH, HOME, LANG, TZ and the like.
[[nodiscard]] Environment inherited_environment();
// The program's absolute path, looked up in PATH and then in `folders`; "" when there is none.
[[nodiscard]] std::string find_program(const std::string& name,
                                       const std::vector<std::string>& folders = {});

// Kills every process that carries INFRA_AGENT=`data_folder` (and, when not empty,
// INFRA_PROCESS=`process`), whoever its parent is; returns how many there were.
std::size_t kill_strays(std::string_view data_folder, std::string_view process);
// True while a process of the group lives (zombies count until they are reaped).
[[nodiscard]] bool group_alive(pid_t group);

}  // namespace infra::local
