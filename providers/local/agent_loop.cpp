#include "providers/local/agent_loop.h"

#include <sys/wait.h>

#include <csignal>
#include <cstdint>
#include <utility>

namespace infra::local {

Loop::Loop() {
  uv_loop_init(&loop_);
  on_signal(SIGCHLD, [this] { reap(); });
}

Loop::~Loop() {
  for (auto& signal : signals_) {
    uv_close(reinterpret_cast<uv_handle_t*>(&signal->handle), nullptr);
  }
  uv_run(&loop_, UV_RUN_NOWAIT);
  uv_loop_close(&loop_);
}

void Loop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
}

void Loop::stop() {
  uv_stop(&loop_);
}

milliseconds Loop::now() {
  return milliseconds(static_cast<std::int64_t>(uv_hrtime() / 1'000'000));
}

void Loop::later(milliseconds delay, std::function<void()> act) {
  struct Once {
    uv_timer_t handle{};
    std::function<void()> act;
  };
  auto* once = new Once{{}, std::move(act)};
  uv_timer_init(&loop_, &once->handle);
  once->handle.data = once;
  const auto fire = [](uv_timer_t* handle) {
    auto* self = static_cast<Once*>(handle->data);
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete static_cast<Once*>(closed->data); });
    auto what = std::move(self->act);
    what();
  };
  uv_update_time(&loop_);
  uv_timer_start(&once->handle, fire, static_cast<std::uint64_t>(delay.count()), 0);
}

void Loop::on_exit(pid_t pid, std::function<void(int)> act) {
  watched_[pid] = std::move(act);
}

void Loop::on_signal(int number, std::function<void()> act) {
  auto signal = std::make_unique<Signal>();
  signal->act = std::move(act);
  uv_signal_init(&loop_, &signal->handle);
  signal->handle.data = signal.get();
  uv_signal_start(
      &signal->handle, [](uv_signal_t* handle, int) { static_cast<Signal*>(handle->data)->act(); },
      number);
  uv_unref(reinterpret_cast<uv_handle_t*>(&signal->handle));
  signals_.push_back(std::move(signal));
}

void Loop::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0) {
      return;
    }
    const auto found = watched_.find(pid);
    if (found == watched_.end()) {
      continue;
    }
    auto act = std::move(found->second);
    watched_.erase(found);
    act(status);
  }
}

Timer::Timer(Loop& loop) : state_(new State) {
  uv_timer_init(loop.raw(), &state_->handle);
  state_->handle.data = state_;
}

Timer::~Timer() {
  uv_timer_stop(&state_->handle);
  uv_close(reinterpret_cast<uv_handle_t*>(&state_->handle),
           [](uv_handle_t* closed) { delete static_cast<State*>(closed->data); });
}

void Timer::once(milliseconds delay, std::function<void()> act) {
  arm(delay, milliseconds(0), std::move(act));
}

void Timer::every(milliseconds period, std::function<void()> act) {
  arm(period, period, std::move(act));
}

void Timer::cancel() {
  uv_timer_stop(&state_->handle);
}

void Timer::arm(milliseconds delay, milliseconds period, std::function<void()> act) {
  state_->act = std::move(act);
  const auto fire = [](uv_timer_t* handle) {
    const auto what = static_cast<State*>(handle->data)->act;  // it may arm or destroy the timer
    what();
  };
  uv_update_time(state_->handle.loop);
  uv_timer_start(&state_->handle, fire, static_cast<std::uint64_t>(delay.count()),
                 static_cast<std::uint64_t>(period.count()));
}

}  // namespace infra::local
