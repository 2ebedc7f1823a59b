#include "providers/local/agent_spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

namespace infra::local {
namespace {

constexpr std::size_t most_output = 4U << 20U;

struct Descriptor {
  int number = -1;
  explicit Descriptor(int value = -1) : number(value) {}
  Descriptor(Descriptor&& other) noexcept : number(std::exchange(other.number, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number, other.number);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) {
      close(number);
    }
  }
};

// A file in memory that holds `content`, to be read from its start.
Descriptor memory_file(std::string_view content) {
  Descriptor file(memfd_create("infra", MFD_CLOEXEC));
  for (std::size_t done = 0; file.number >= 0 && done < content.size();) {
    const ssize_t wrote = write(file.number, content.data() + done, content.size() - done);
    if (wrote <= 0) {
      return Descriptor();
    }
    done += static_cast<std::size_t>(wrote);
  }
  if (file.number >= 0) {
    lseek(file.number, 0, SEEK_SET);
  }
  return file;
}

std::string read_memory_file(int file) {
  std::string text;
  std::array<char, 8192> buffer{};
  for (off_t at = 0; text.size() < most_output;) {
    const ssize_t got = pread(file, buffer.data(), buffer.size(), at);
    if (got <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
    at += got;
  }
  return text;
}

// What the child needs, laid out before the fork: after it, only calls that are safe there.
struct Prepared {
  std::vector<char*> arguments, environment;
  std::vector<std::string> texts;
  int input = -1, output = -1, errors = -1, folder_descriptor = -1, report = -1;
  const char* folder = nullptr;
  const Account* account = nullptr;
  int death_signal = 0;
  pid_t agent = 0;
};

enum Step : int { step_account = 1, step_folder, step_files, step_program };

[[noreturn]] void fail_in_child(const Prepared& p, Step step) {
  const std::array<int, 2> failure{static_cast<int>(step), errno};
  const ssize_t ignored = write(p.report, failure.data(), sizeof(failure));
  (void)ignored;
  _exit(127);
}

void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number) {
    signal(number, SIG_DFL);
  }
}

[[noreturn]] void become(const Prepared& p) {
  setpgid(0, 0);
  reset_signals();
  if (p.account != nullptr && (initgroups(p.account->name.c_str(), p.account->group) != 0 ||
                               setgid(p.account->group) != 0 || setuid(p.account->user) != 0)) {
    fail_in_child(p, step_account);
  }
  prctl(PR_SET_PDEATHSIG, p.death_signal);
  if (getppid() != p.agent) {
    _exit(127);  // the agent died in between
  }
  if (p.folder != nullptr && chdir(p.folder) != 0) {
    fail_in_child(p, step_folder);
  }
  const int report = fcntl(p.report, F_DUPFD_CLOEXEC, 10);
  const int folder = p.folder_descriptor < 0 ? -1 : fcntl(p.folder_descriptor, F_DUPFD, 10);
  if (report < 0 || dup2(p.input, 0) < 0 || dup2(p.output, 1) < 0 || dup2(p.errors, 2) < 0 ||
      (folder >= 0 && dup2(folder, 3) < 0)) {
    fail_in_child(p, step_files);
  }
  Prepared late = p;
  late.report = report;
  for (int number = folder >= 0 ? 4 : 3; number < 1024; ++number) {
    if (number != report) {
      close(number);
    }
  }
  execve(p.arguments[0], p.arguments.data(), p.environment.data());
  fail_in_child(late, step_program);
}

std::string describe_failure(const Program& program, int step, int error) {
  const char* why = std::strerror(error);
  switch (step) {
    case step_account:
      return fmt::format("cannot become the user {}: {}", program.account->name, why);
    case step_folder:
      return fmt::format("cannot enter the folder {}: {}", program.folder, why);
    case step_program:
      return fmt::format("cannot start {}: {}", program.arguments[0], why);
    default:
      return fmt::format("cannot set up the files of {}: {}", program.arguments[0], why);
  }
}

void lay_out(const Program& program, Prepared& p) {
  for (const auto& [key, value] : program.environment) {
    p.texts.push_back(key + "=" + std::string(value.expose()));
  }
  for (auto& text : p.texts) {
    p.environment.push_back(text.data());
  }
  p.environment.push_back(nullptr);
  for (const auto& argument : program.arguments) {
    p.arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  p.arguments.push_back(nullptr);
  p.folder = program.folder.empty() ? nullptr : program.folder.c_str();
  p.account = program.account ? &*program.account : nullptr;
  p.death_signal = program.death_signal;
  p.folder_descriptor = program.folder_descriptor;
  p.agent = getpid();
}

}  // namespace

std::optional<Account> find_account(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) {
    return std::nullopt;
  }
  return Account{name, entry->pw_uid, entry->pw_gid};
}

std::variant<pid_t, std::string> spawn(const Program& program) {
  Descriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  Descriptor log;
  Descriptor input;
  if (!program.log.empty()) {
    log = Descriptor(
        open(program.log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (log.number < 0) {
      return fmt::format("cannot write the log {}: {}", program.log, std::strerror(errno));
    }
  }
  if (program.input) {
    input = memory_file(program.input->expose());
    if (input.number < 0) {
      return fmt::format("no memory for the input of {}", program.arguments[0]);
    }
  }
  std::array<int, 2> report{-1, -1};
  if (pipe2(report.data(), O_CLOEXEC) != 0) {
    return fmt::format("cannot start {}: {}", program.arguments[0], std::strerror(errno));
  }
  Descriptor reading(report[0]);
  Descriptor writing(report[1]);
  Prepared p;
  lay_out(program, p);
  p.input = program.input ? input.number : null.number;
  p.output = log.number >= 0 ? log.number : program.output >= 0 ? program.output : null.number;
  p.errors = log.number >= 0 ? log.number : program.errors >= 0 ? program.errors : null.number;
  p.report = writing.number;
  const pid_t child = fork();
  if (child == 0) {
    become(p);
  }
  for (auto& text : p.texts) {
    wipe(text);
  }
  if (child < 0) {
    return fmt::format("cannot start {}: {}", program.arguments[0], std::strerror(errno));
  }
  writing = Descriptor();
  std::array<int, 2> failure{};
  ssize_t got = 0;
  do {
    got = read(reading.number, failure.data(), sizeof(failure));
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof(failure))) {
    waitpid(child, nullptr, 0);
    return describe_failure(program, failure[0], failure[1]);
  }
  return child;
}

void run_command(Loop& loop, Program program, milliseconds timeout,
                 std::function<void(CommandResult)> done) {
  struct Running {
    Descriptor output, errors;
    bool late = false;
    std::unique_ptr<Timer> limit;
  };
  auto running = std::make_shared<Running>();
  running->output = memory_file("");
  running->errors = memory_file("");
  program.output = running->output.number;
  program.errors = running->errors.number;
  program.log.clear();
  const std::string name = std::filesystem::path(program.arguments[0]).filename();
  const auto started = spawn(program);
  if (const auto* why = std::get_if<std::string>(&started)) {
    CommandResult result;
    result.failure = *why;
    loop.later(milliseconds(0), [result, done] { done(result); });
    return;
  }
  const pid_t pid = std::get<pid_t>(started);
  running->limit = std::make_unique<Timer>(loop);
  running->limit->once(timeout, [running, pid] {
    running->late = true;
    kill(-pid, SIGKILL);
  });
  loop.on_exit(pid, [running, pid, name, timeout, done = std::move(done)](int status) {
    running->limit.reset();
    kill(-pid, SIGKILL);  // what it may have left in its group
    CommandResult result;
    result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.output = read_memory_file(running->output.number);
    result.errors = read_memory_file(running->errors.number);
    if (running->late) {
      result.failure = fmt::format("{} did not end within {} s", name, timeout.count() / 1000);
    }
    done(std::move(result));
  });
}

Environment inherited_environment() {
  static constexpr std::array names{"PATH",     "HOME",       "LANG",         "LC_ALL",
                                    "LC_CTYPE", "TZ",         "USER",         "LOGNAME",
                                    "SHELL",    "TMPDIR",     "VIRTUAL_ENV",  "NVM_DIR",
                                    "NVM_BIN",  "PYENV_ROOT", "SSL_CERT_FILE"};
  Environment kept;
  for (const char* name : names) {
    if (const char* value = std::getenv(name)) {
      kept.emplace_back(name, Secret(value));
    }
  }
  return kept;
}

std::string find_program(const std::string& name, const std::vector<std::string>& folders) {
  std::vector<std::string> places;
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    places.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  places.insert(places.end(), folders.begin(), folders.end());
  for (const auto& place : places) {
    const std::string candidate = place + "/" + name;
    if (place.starts_with('/') && access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return "";
}

std::size_t kill_strays(std::string_view data_folder, std::string_view process) {
  const std::string agent = std::string(1, '\0') + "INFRA_AGENT=" + std::string(data_folder) + '\0';
  const std::string which =
      process.empty() ? std::string()
                      : std::string(1, '\0') + "INFRA_PROCESS=" + std::string(process) + '\0';
  std::size_t killed = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    const pid_t pid = static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10));
    std::ifstream file(entry.path() / "environ", std::ios::binary);
    std::string text(1, '\0');
    text.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (pid != getpid() && text.find(agent) != std::string::npos &&
        (which.empty() || text.find(which) != std::string::npos)) {
      killed += kill(pid, SIGKILL) == 0 ? 1 : 0;
    }
    wipe(text);
  }
  return killed;
}

bool group_alive(pid_t group) {
  return group > 0 && (kill(-group, 0) == 0 || errno == EPERM);
}

}  // namespace infra::local
