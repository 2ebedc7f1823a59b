#include "providers/local/agent_process.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "providers/local/agent_http.h"
#include "providers/local/agent_ports.h"

namespace infra::local {
namespace {

constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{5'000};
constexpr milliseconds proven_after{60'000};  // up this long: earlier failures are forgotten
constexpr milliseconds probe_timeout{5'000};
constexpr int misses_allowed = 3;

milliseconds pause_before(int attempt) {
  const int doublings = std::min(attempt, 10);
  return std::min(longest_pause, milliseconds(first_pause.count() << doublings));
}

std::string describe_end(int status) {
  if (WIFEXITED(status)) {
    return fmt::format("it ended with status {}", WEXITSTATUS(status));
  }
  return fmt::format("it was ended by signal {}", WTERMSIG(status));
}

}  // namespace

const char* state_name(Process::State state) {
  switch (state) {
    case Process::State::idle:
      return "idle";
    case Process::State::starting:
      return "starting";
    case Process::State::running:
      return "running";
    case Process::State::waiting:
      return "waiting";
    case Process::State::stopping:
      return "stopping";
    case Process::State::stopped:
      return "stopped";
  }
  return "idle";
}

Process::Process(Loop& loop, ProcessSpec spec)
    : loop_(loop), spec_(std::move(spec)), timer_(loop), limit_(loop) {}

Process::~Process() {
  ++*generation_;
  if (group_ > 0) {
    kill(-group_, SIGKILL);
  }
}

void Process::enter(State state) {
  state_ = state;
  if (changed_) {
    changed_();
  }
}

void Process::start() {
  if (state_ == State::starting || state_ == State::running || state_ == State::waiting) {
    return;
  }
  attempts_ = 0;
  restarts_ = 0;
  failure_.clear();
  state_ = State::starting;
  await_port(30);
}

// The process that was stopped a moment ago may hold the port a little longer.
void Process::await_port(int attempts) {
  if (spec_.port == 0 || port_is_free(spec_.port)) {
    launch();
    return;
  }
  if (attempts == 0) {
    give_up(fmt::format("port {} is in use by {}", spec_.port, port_holder(spec_.port)));
    return;
  }
  timer_.once(milliseconds(100), [this, attempts] { await_port(attempts - 1); });
}

void Process::launch() {
  ++*generation_;
  misses_ = 0;
  last_probe_.clear();
  Program program = spec_.program();
  program.environment.emplace_back("INFRA_AGENT", Secret(spec_.data_folder));
  program.environment.emplace_back("INFRA_PROCESS", Secret(spec_.identifier));
  const auto child = spawn(program);
  if (const auto* why = std::get_if<std::string>(&child)) {
    give_up(*why);
    return;
  }
  pid_ = group_ = std::get<pid_t>(child);
  started_ = loop_.now();
  loop_.on_exit(pid_, [this, alive = generation_, mine = *generation_](int status) {
    if (*alive == mine) {
      ended(status);
    }
  });
  enter(State::starting);
  if (spec_.readiness.kind == Readiness::alive) {
    timer_.once(milliseconds(500), [this] { check_alive(); });
    return;
  }
  limit_.once(spec_.readiness.within + spec_.readiness.grace, [this] {
    failure_ = fmt::format("it did not answer within {} s ({})",
                           (spec_.readiness.within + spec_.readiness.grace).count() / 1000,
                           last_probe_.empty() ? "no answer" : last_probe_);
    retry(failure_);
  });
  timer_.once(milliseconds(50), [this] { probe(); });
}

void Process::check_alive() {
  failure_.clear();
  enter(State::running);
}

void Process::probe() {
  auto done = [this, alive = generation_, mine = *generation_](const HttpResult& result) {
    if (*alive == mine && (state_ == State::starting || state_ == State::running)) {
      const bool good = spec_.readiness.kind == Readiness::port
                            ? result.status != 0
                            : result.status >= 200 && result.status < 400;
      probed(good, result.failure.empty()
                       ? fmt::format("{} answered {}", spec_.readiness.path, result.status)
                       : result.failure);
    }
  };
  const int port = spec_.readiness.port_number;
  if (spec_.readiness.kind == Readiness::port) {
    try_connect(loop_, port, probe_timeout, done);
  } else {
    send_request(loop_, {"GET", port, spec_.readiness.path, {}, ""}, probe_timeout, done);
  }
}

void Process::probed(bool good, const std::string& why) {
  if (good) {
    misses_ = 0;
    limit_.cancel();
    if (loop_.now() - started_ > proven_after) {
      attempts_ = 0;
    }
    if (state_ == State::starting) {
      failure_.clear();
      enter(State::running);
    }
    timer_.once(spec_.readiness.interval, [this] { probe(); });
    return;
  }
  last_probe_ = why;
  if (state_ == State::starting) {
    timer_.once(milliseconds(100), [this] { probe(); });
  } else if (++misses_ < misses_allowed) {
    timer_.once(std::min(spec_.readiness.interval, probe_timeout), [this] { probe(); });
  } else {
    retry(fmt::format("it stopped answering ({})", why));
  }
}

// Ends what runs, then follows the restart policy as if it had failed by itself.
void Process::retry(const std::string& why) {
  ++*generation_;
  timer_.cancel();
  limit_.cancel();
  failure_ = why;
  if (group_ > 0) {
    kill(-group_, SIGKILL);
  }
  end_strays();
  pid_ = group_ = 0;
  if (loop_.now() - started_ > proven_after) {
    attempts_ = 0;
  }
  if (spec_.restart == Restart::no || (spec_.max_retries >= 0 && attempts_ >= spec_.max_retries)) {
    give_up(attempts_ == 0 ? why : fmt::format("{}, after {} restarts", why, attempts_));
    return;
  }
  const milliseconds pause = pause_before(attempts_);
  ++attempts_;
  ++restarts_;
  enter(State::waiting);
  timer_.once(pause, [this] { await_port(30); });
}

void Process::ended(int status) {
  const std::string how = describe_end(status);
  const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (state_ == State::stopping) {
    pid_ = 0;
    return;  // finish_stop watches the group
  }
  if (clean && spec_.restart != Restart::always) {
    ++*generation_;
    if (group_ > 0) {
      kill(-group_, SIGKILL);
    }
    end_strays();
    pid_ = group_ = 0;
    give_up(how);
    return;
  }
  retry(how);
}

void Process::give_up(const std::string& why) {
  timer_.cancel();
  limit_.cancel();
  failure_ = why;
  enter(State::stopped);
}

void Process::end_strays() {
  kill_strays(spec_.data_folder, spec_.identifier);
}

void Process::stop(std::function<void()> stopped, int signal) {
  stopped_.push_back(std::move(stopped));
  if (state_ == State::stopping) {
    return;
  }
  timer_.cancel();
  limit_.cancel();
  state_ = State::stopping;
  if (group_ > 0) {
    const int number = signal == 0 ? spec_.stop_signal : signal;
    kill(number == SIGTERM ? -group_ : group_, number);
    limit_.once(spec_.stop_within, [this] {
      if (group_ > 0) {
        kill(-group_, SIGKILL);
      }
    });
  }
  finish_stop();
}

void Process::finish_stop() {
  if (group_ > 0 && (pid_ != 0 || group_alive(group_))) {
    timer_.once(milliseconds(20), [this] { finish_stop(); });
    return;
  }
  ++*generation_;
  limit_.cancel();
  end_strays();
  pid_ = group_ = 0;
  enter(State::stopped);
  auto waiting = std::move(stopped_);
  stopped_.clear();
  for (auto& act : waiting) {
    act();
  }
}

}  // namespace infra::local
