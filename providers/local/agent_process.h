// providers/local/agent_process.h — one supervised process: started, watched until it is ready,
// revived by its restart policy with growing pauses, stopped with everything it started.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "providers/local/agent_loop.h"
#include "providers/local/agent_spawn.h"

namespace infra::local {

enum class Restart { no, on_failure, always };

struct Readiness {
  enum Kind { alive, port, http } kind = alive;  // alive: still there after half a second
  int port_number = 0;
  std::string path;
  milliseconds within{60'000};    // from its start until it first answers
  milliseconds grace{0};          // after its start, on top of `within`
  milliseconds interval{30'000};  // later checks; three failures in a row restart it
};

struct ProcessSpec {
  std::string name;        // for messages: "service.web"
  std::string identifier;  // INFRA_PROCESS, by which strays are found
  std::string data_folder;
  std::function<Program()> program;  // made anew for each start; holds secrets only that long
  Readiness readiness;
  Restart restart = Restart::on_failure;
  int max_retries = 10;  // negative: for ever
  int port = 0;          // must be free before it starts; 0: none
  int stop_signal = 15;
  milliseconds stop_within{10'000};
};

// Owned by whoever runs it; must be stopped before it is destroyed (its process is killed if not).
class Process {
 public:
  enum class State {
    idle,      // never started
    starting,  // runs, not ready yet
    running,   // ready
    waiting,   // ended; will be started again
    stopping,
    stopped,  // ended for good, or was stopped
  };

  Process(Loop& loop, ProcessSpec spec);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void start();  // from the first retry on; nothing when it already runs
  // Calls back when no process of it is left. `signal`: instead of the one that is meant to end it.
  void stop(std::function<void()> stopped, int signal = 0);
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }  // why it is not running
  [[nodiscard]] int restarts() const { return restarts_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Called at every change of state.
  void on_change(std::function<void()> act) { changed_ = std::move(act); }

 private:
  void launch();
  void await_port(int attempts);
  void ended(int status);
  void retry(const std::string& why);
  void give_up(const std::string& why);
  void probe();
  void probed(bool good, const std::string& why);
  void check_alive();
  void finish_stop();
  void enter(State state);
  void end_strays();

  Loop& loop_;
  ProcessSpec spec_;
  State state_ = State::idle;
  pid_t pid_ = 0, group_ = 0;
  int restarts_ = 0, attempts_ = 0, misses_ = 0;
  milliseconds started_{0};
  std::string failure_, last_probe_;
  Timer timer_, limit_;
  std::function<void()> changed_;
  std::vector<std::function<void()>> stopped_;
  std::shared_ptr<int> generation_ = std::make_shared<int>(0);  // outlives it in callbacks
};

[[nodiscard]] const char* state_name(Process::State state);

}  // namespace infra::local
