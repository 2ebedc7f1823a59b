// planner/runner.h — where blocking driver calls run: worker threads in production, the
// coordinator's own stack in golden tests, threads of their own one at a time on a virtual clock in
// the simulation.
//
// One thread, the coordinator, owns plan, store and listener. It starts jobs and pumps; a job that
// needs something durable hands in a Ticket and blocks until the coordinator has answered it. A
// driver's waits, records and requests are its only yield points, under every runner.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/world.h"
#include "providers/provider.h"

namespace infra {

class Ticket {  // one question of a job to the coordinator
 public:
  [[nodiscard]] bool answered() const { return answer_.has_value(); }

 private:
  friend class ThreadRunner;
  friend class InlineRunner;
  friend class VirtualRunner;
  std::optional<Reply<Done>> answer_;
};

class Runner {
 public:
  using Job = std::function<void()>;
  Runner() = default;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  Runner(Runner&&) = delete;
  Runner& operator=(Runner&&) = delete;
  virtual ~Runner() = default;

  // --- the coordinator ---
  virtual void start(Job job) = 0;
  [[nodiscard]] virtual std::size_t width() const = 0;  // jobs that can run at once
  // Returns when a job has notified or ended since the last pump, or after `most`.
  virtual void pump(std::chrono::milliseconds most) = 0;
  virtual void answer(Ticket& ticket, Reply<Done> reply) = 0;
  // What an inline runner calls while a job of the coordinator's own stack awaits an answer.
  virtual void serve_with(std::function<void()> serve) = 0;
  // From now on every wait and request of a job ends with an error: it leaves as soon as it can.
  virtual void abandon() = 0;

  // --- jobs ---
  virtual void notify() = 0;  // wakes the coordinator
  virtual Reply<Done> await(Ticket& ticket) = 0;
  virtual Reply<Done> wait(std::chrono::milliseconds time,
                           const std::function<bool()>& stopped) = 0;
  virtual void yield() {}  // before a request
  [[nodiscard]] virtual bool abandoned() const = 0;
};

[[nodiscard]] std::unique_ptr<Runner> make_thread_runner(std::size_t threads);
[[nodiscard]] std::unique_ptr<Runner> make_inline_runner();

// Its own clock moves only when every job waits. The order of everything follows from the seed.
class VirtualRunner;
struct VirtualTime {
  std::unique_ptr<Runner> runner;
  Clock* clock = nullptr;  // the runner's own
};
[[nodiscard]] VirtualTime make_virtual_runner(std::uint64_t seed, std::size_t width,
                                              std::chrono::milliseconds start = {});

// Runs all jobs and returns when they have ended.
void run_all(Runner& runner, std::vector<Runner::Job> jobs, const std::function<void()>& between);

}  // namespace infra
