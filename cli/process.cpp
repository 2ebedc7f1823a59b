#include "cli/process.h"

#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/version.h"

namespace infra {
namespace {

std::atomic<int> interrupt_count{0};
std::atomic<int> first_signal{0};

int status_of(int signal) {
  return signal == SIGINT ? 130 : 143;
}

extern "C" void on_interrupt(int signal) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
  if (interrupt_count.fetch_add(1) == 0) {
    static constexpr char text[] =
        "\nInterrupt received. Nothing new is started; calls under way are waited for and their "
        "outcomes kept.\nOnce more to leave at once.\n";
    (void)!::write(STDERR_FILENO, text, sizeof text - 1);
    return;
  }
  static constexpr char text[] =
      "\nTwo interrupts received. Leaving at once: nothing is lost, what has no outcome yet is on "
      "record and is settled by the next `infra apply`.\n";
  (void)!::write(STDERR_FILENO, text, sizeof text - 1);
  ::_exit(status_of(first_signal.load()));
}

std::string user_at_host() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) {
    host[0] = '\0';
  }
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  const std::string user = found != nullptr ? found->pw_name : std::to_string(::geteuid());
  return user + "@" + host.data();
}

std::string run_url(const Variables& variables) {
  const auto server = variables.get("GITHUB_SERVER_URL");
  const auto repository = variables.get("GITHUB_REPOSITORY");
  const auto run = variables.get("GITHUB_RUN_ID");
  if (server && repository && run) {
    return *server + "/" + *repository + "/actions/runs/" + *run;
  }
  return variables.get("CI_JOB_URL").value_or("");
}

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string packed_reference(const std::filesystem::path& folder, const std::string& name) {
  std::ifstream file(folder / "packed-refs");
  for (std::string line; std::getline(file, line);) {
    if (line.size() > 41 && line.compare(41, std::string::npos, name) == 0) {
      return line.substr(0, 40);
    }
  }
  return {};
}

std::string repository_head(const std::filesystem::path& repository) {
  std::filesystem::path folder = repository;
  std::error_code none;
  if (std::filesystem::is_regular_file(folder, none)) {  // a work tree: "gitdir: PATH"
    const std::string link = first_line(folder);
    if (!link.starts_with("gitdir: ")) {
      return {};
    }
    folder = repository.parent_path() / link.substr(8);
  }
  const std::string head = first_line(folder / "HEAD");
  if (!head.starts_with("ref: ")) {
    return head.size() >= 40 ? head : "";
  }
  const std::string name = head.substr(5);
  const std::string shared = first_line(folder / "commondir");
  const std::filesystem::path common = shared.empty() ? folder : folder / shared;
  const std::string commit = first_line(common / name);
  return commit.empty() ? packed_reference(common, name) : commit;
}

}  // namespace

void harden_process() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::umask(077);
  std::signal(SIGPIPE, SIG_IGN);
}

void count_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    // A signal that was ignored when we were started (nohup) stays ignored.
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) {
      continue;
    }
    ::sigaction(signal, &action, nullptr);
  }
}

const std::atomic<int>& interrupts() {
  return interrupt_count;
}

int interrupt_status() {
  const int signal = first_signal.load();
  return signal == 0 ? 0 : status_of(signal);
}

std::string executable_path() {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/self/exe", none).string();
}

LockInfo lock_holder(World world, const std::string& operation, const std::string& state_path) {
  LockInfo info;
  info.id = uuid(*world.random);
  info.operation = operation;
  info.info = run_url(*world.variables);
  info.who = user_at_host();
  info.version = program_version;
  info.created = timestamp(world.clock->now());
  info.path = state_path;
  info.pid = ::getpid();
  return info;
}

std::string source_commit(const Variables& variables, const std::string& folder) {
  for (const char* name : {"GITHUB_SHA", "CI_COMMIT_SHA"}) {
    if (const auto commit = variables.get(name); commit && !commit->empty()) {
      return *commit;
    }
  }
  std::error_code none;
  for (std::filesystem::path at = folder;; at = at.parent_path()) {
    if (std::filesystem::exists(at / ".git", none)) {
      return repository_head(at / ".git");
    }
    if (at == at.root_path() || at.empty()) {
      return {};
    }
  }
}

}  // namespace infra
