#include "providers/local/agent.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/version.h"
#include "providers/local/agent_client.h"
#include "providers/local/agent_crons.h"
#include "providers/local/agent_databases.h"
#include "providers/local/agent_folders.h"
#include "providers/local/agent_services.h"

namespace infra {
namespace {

using namespace infra::local;

constexpr milliseconds farewell{1'500};  // empty and unasked this long: it ends
constexpr milliseconds first_wait{30'000};

// The agent's objects, its interface and its end.
class Agent {
 public:
  explicit Agent(std::string folder)
      : folder_(std::move(folder)),
        registry_(folder_ + "/registry.json"),
        volumes_(Shared{loop_, registry_, folder_}),
        buckets_(Shared{loop_, registry_, folder_}),
        services_(Shared{loop_, registry_, folder_},
                  [this](const std::string& id) { return volumes_.folder_of(id); }),
        server_(loop_, [this](const ServerRequest& request,
                              const Responder& responder) { handle(request, responder); }),
        idle_(loop_) {}

  // What is wrong, or "".
  std::string open() {
    if (const std::string wrong = registry_.load(); !wrong.empty()) {
      return wrong;
    }
    databases_ = std::make_unique<Databases>(Shared{loop_, registry_, folder_});
    crons_ = std::make_unique<Crons>(Shared{loop_, registry_, folder_}, services_);
    keepers_ = {{std::string(databases_kind), databases_.get()},
                {std::string(buckets_kind), &buckets_},
                {std::string(volumes_kind), &volumes_},
                {std::string(services_kind), &services_},
                {std::string(crons_kind), crons_.get()}};
    return server_.listen("agent.sock");
  }

  void run() {
    const std::size_t strays = kill_strays(folder_, "");
    if (strays > 0) {
      say(fmt::format("ended {} processes that an earlier agent left", strays));
    }
    databases_->resume();
    services_.resume();
    crons_->resume();
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
      loop_.on_signal(number, [this] { halt(); });
    }
    last_request_ = loop_.now() + first_wait - farewell;
    idle_.every(milliseconds(100), [this] { end_when_empty(); });
    loop_.run();
  }

  [[nodiscard]] bool empty() const { return registry_.empty(); }

 private:
  static void say(const std::string& line) { fmt::print(stderr, "{}\n", line); }

  void end_when_empty() {
    if (!halting_ && registry_.empty() && loop_.now() - last_request_ >= farewell) {
      loop_.stop();
    }
  }

  void halt() {
    if (std::exchange(halting_, true)) {
      return;
    }
    say("asked to end: stopping what runs");
    services_.halt([this] { databases_->halt([this] { loop_.stop(); }); });
  }

  void handle(const ServerRequest& request, const Responder& responder) {
    if (request.path != "/") {  // who only asks whether it is there does not keep it
      last_request_ = answered_first_ ? loop_.now() : std::max(last_request_, loop_.now());
    }
    std::vector<std::string> steps;
    for (std::size_t at = 1; at <= request.path.size();) {
      const std::size_t end = std::min(request.path.find('/', at), request.path.size());
      steps.push_back(request.path.substr(at, end - at));
      at = end + 1;
    }
    if (halting_) {
      responder.refuse(409, "the agent is ending");
    } else if (request.path == "/") {
      responder.answer(200, Object{{"agent", program_version}, {"pid", std::int64_t{getpid()}}});
    } else if (const auto keeper = keepers_.find(steps[0]); keeper == keepers_.end()) {
      responder.refuse(404, fmt::format("the agent has nothing at {}", request.path));
    } else {
      answered_first_ = answered_first_ || request.method == "PUT";
      route(*keeper->second, steps, request, responder);
    }
  }

  static void route(Keeper& keeper, const std::vector<std::string>& steps,
                    const ServerRequest& request, const Responder& responder) {
    const bool named = steps.size() >= 2 && !steps[1].empty() && plain(steps[1]);
    if (steps.size() == 1 && request.method == "GET") {
      keeper.list(responder);
    } else if (steps.size() == 2 && named && request.method == "GET") {
      keeper.get(steps[1], request, responder);
    } else if (steps.size() == 2 && named && request.method == "PUT") {
      keeper.put(steps[1], request, responder);
    } else if (steps.size() == 2 && named && request.method == "DELETE") {
      keeper.remove(steps[1], responder);
    } else if (steps.size() == 3 && named && request.method == "POST") {
      keeper.act(steps[1], steps[2], responder);
    } else {
      responder.refuse(
          405, fmt::format("the agent does not take {} at {}", request.method, request.path));
    }
  }

  // An id becomes part of file names.
  static bool plain(const std::string& id) {
    return id.size() <= 128 && std::ranges::all_of(id, [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_';
           });
  }

  std::string folder_;
  Loop loop_;
  Registry registry_;
  Volumes volumes_;
  Buckets buckets_;
  Services services_;
  std::unique_ptr<Databases> databases_;
  std::unique_ptr<Crons> crons_;
  std::map<std::string, Keeper*, std::less<>> keepers_;
  Server server_;
  Timer idle_;
  milliseconds last_request_{0};
  bool halting_ = false, answered_first_ = false;
};

// Makes the agent's folder and takes its lock. The lock's descriptor, -1 when another agent holds
// it, -2 with `wrong` when it cannot be had.
int take_lock(const std::string& folder, std::string& wrong) {
  const std::string file = folder + "/agent.lock";
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
    if (error || (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)) {
      wrong = fmt::format("cannot make the agent's folder {}: {}", folder,
                          error ? error.message() : std::strerror(errno));
      return -2;
    }
    struct stat found {};
    if (lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) ||
        found.st_uid != geteuid()) {
      wrong = fmt::format("{} is not a folder of this account", folder);
      return -2;
    }
    chmod(folder.c_str(), 0700);
    const int lock = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0 && errno != ENOENT) {
      wrong = fmt::format("cannot open {}: {}", file, std::strerror(errno));
      return -2;
    }
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0) {
      close(lock);
      return -1;
    }
    struct stat opened {};
    struct stat named {};
    if (lock >= 0 && fstat(lock, &opened) == 0 && stat(file.c_str(), &named) == 0 &&
        opened.st_ino == named.st_ino) {
      return lock;
    }
    if (lock >= 0) {
      close(lock);  // an agent that ended took its folder with it in between
    }
  }
  wrong = fmt::format("cannot take the lock {}", file);
  return -2;
}

// The environment's folder of an agent's folder (FOLDER/.infra/ENV of FOLDER/.infra/ENV/local).
std::string environment_of(const std::string& folder) {
  return std::filesystem::path(folder).parent_path();
}

bool wait_for_answer(const std::string& folder, milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (agent_answers(environment_of(folder))) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
  return false;
}

// Serves until nothing is left. `ready`: gets one line when it answers (empty) or cannot.
int serve(const std::string& folder, int ready) {
  const auto report = [ready](const std::string& wrong) {
    if (ready >= 0) {
      const ssize_t ignored = write(ready, (wrong + "\n").c_str(), wrong.size() + 1);
      (void)ignored;
      close(ready);
    } else if (!wrong.empty()) {
      fmt::print(stderr, "{}\n", wrong);
    }
  };
  umask(077);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::string wrong;
  int lock = -1;
  for (int attempt = 0; attempt < 500 && lock == -1; ++attempt) {
    lock = take_lock(folder, wrong);
    if (lock == -1 && agent_answers(environment_of(folder))) {
      report("");
      return 0;  // another one serves already
    }
    if (lock == -1) {
      std::this_thread::sleep_for(milliseconds(20));  // it is starting, or ending
    }
  }
  if (lock < 0) {
    report(wrong.empty() ? fmt::format("an agent holds {} and does not answer", folder) : wrong);
    return 1;
  }
  std::error_code error;
  std::filesystem::create_directories(folder + "/logs", error);
  if (error || chdir(folder.c_str()) != 0) {
    report(fmt::format("cannot use the folder {}", folder));
    return 1;
  }
  auto agent = std::make_unique<Agent>(folder);
  wrong = agent->open();
  report(wrong);
  if (!wrong.empty()) {
    return 1;
  }
  agent->run();
  unlink("agent.sock");
  if (agent->empty()) {
    std::filesystem::remove_all(folder, error);
  }
  // What it holds goes with the process; the lock is the last to go.
  std::fflush(nullptr);
  std::_Exit(0);
}

// The new process's own standard files and session; the caller gets its report through `ready`.
int serve_detached(const std::string& folder, int ready) {
  setsid();
  umask(077);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const int null = open("/dev/null", O_RDWR);
  const int log =
      open((folder + "/agent.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
  dup2(null, 0);
  dup2(log >= 0 ? log : null, 1);
  dup2(log >= 0 ? log : null, 2);
  for (int number = 3; number < 256; ++number) {
    if (number != ready) {
      close(number);
    }
  }
  return serve(folder, ready);
}

int detach(const std::string& folder) {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    fmt::print(stderr, "cannot start the agent: {}\n", std::strerror(errno));
    return 1;
  }
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    std::_Exit(serve_detached(folder, ends[1]));
  }
  close(ends[1]);
  std::string said;
  std::array<char, 1024> buffer{};
  for (ssize_t got = 0; child > 0 && (got = read(ends[0], buffer.data(), buffer.size())) != 0;) {
    if (got > 0) {
      said.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      break;
    }
  }
  close(ends[0]);
  if (said == "\n" && wait_for_answer(folder, milliseconds(10'000))) {
    return 0;
  }
  fmt::print(stderr, "{}", said.size() > 1 ? said : "the agent ended before it answered\n");
  return 1;
}

}  // namespace

int run_agent(const AgentOptions& options) {
  if (!options.data_folder.starts_with('/')) {
    fmt::print(stderr, "the agent's folder must be an absolute path, not {}\n",
               options.data_folder);
    return 1;
  }
  const std::string folder = agent_folder(options.data_folder);
  return options.detach ? detach(folder) : serve(folder, -1);
}

}  // namespace infra
