// providers/local/agent_loop.h — the agent's one thread: an event loop (libuv) with timers, signals
// and the ends of child processes as plain function calls.
//
// Everything of the agent runs on this loop and on no other thread, so nothing in it is locked.
#pragma once
#include <sys/types.h>
#include <uv.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace infra::local {

using std::chrono::milliseconds;

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();  // until stop()
  void stop();
  [[nodiscard]] uv_loop_t* raw() { return &loop_; }

  // Calls `act` once, `delay` from now; it cannot be taken back (Timer can).
  void later(milliseconds delay, std::function<void()> act);
  // Calls `act` with the wait status when the child `pid` has ended. Children that nobody watches
  // (orphans that the agent inherits) are reaped in silence.
  void on_exit(pid_t pid, std::function<void(int status)> act);
  void on_signal(int number, std::function<void()> act);
  [[nodiscard]] milliseconds now();  // monotonic

 private:
  struct Signal {
    uv_signal_t handle{};
    std::function<void()> act;
  };
  void reap();

  uv_loop_t loop_{};
  std::vector<std::unique_ptr<Signal>> signals_;
  std::map<pid_t, std::function<void(int)>> watched_;
};

// One pending call; starting it again replaces it, destroying it cancels it.
class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void once(milliseconds delay, std::function<void()> act);
  void every(milliseconds period, std::function<void()> act);
  void cancel();

 private:
  struct State {
    uv_timer_t handle{};
    std::function<void()> act;
  };
  void arm(milliseconds delay, milliseconds period, std::function<void()> act);
  State* state_;  // freed by the loop once the handle is closed
};

}  // namespace infra::local
