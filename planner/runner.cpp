#include "planner/runner.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace infra {
namespace {

Error leaving() {
  return Error{ErrorKind::pending, "the command is ending", {}, {}, {}, false};
}

}  // namespace

class ThreadRunner : public Runner {
 public:
  explicit ThreadRunner(std::size_t threads) : width_(threads == 0 ? 1 : threads) {}

  ~ThreadRunner() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      abandoned_ = true;
    }
    work_.notify_all();
    answered_.notify_all();
    for (auto& thread : threads_) {
      thread.join();
    }
  }

  void start(Job job) override {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    if (idle_ == 0 && threads_.size() < width_) {
      threads_.emplace_back([this] { work(); });
    }
    work_.notify_one();
  }

  [[nodiscard]] std::size_t width() const override { return width_; }

  void pump(std::chrono::milliseconds most) override {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, most, [this] { return woken_; });
    woken_ = false;
  }

  void answer(Ticket& ticket, Reply<Done> reply) override {
    {
      const std::lock_guard lock(mutex_);
      ticket.answer_ = std::move(reply);
    }
    answered_.notify_all();
  }

  void serve_with(std::function<void()> /*serve*/) override {}

  void abandon() override {
    {
      const std::lock_guard lock(mutex_);
      abandoned_ = true;
    }
    answered_.notify_all();
  }

  void notify() override {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    wake_.notify_one();
  }

  Reply<Done> await(Ticket& ticket) override {
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [&] { return ticket.answered() || abandoned_; });
    return ticket.answered() ? *ticket.answer_ : Reply<Done>(leaving());
  }

  Reply<Done> wait(std::chrono::milliseconds time, const std::function<bool()>& stopped) override {
    const auto until = std::chrono::steady_clock::now() + time;
    std::unique_lock lock(mutex_);
    while (std::chrono::steady_clock::now() < until) {
      if (abandoned_ || (stopped && stopped())) {
        return leaving();
      }
      const auto slice = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
      answered_.wait_until(lock, std::min(slice, until));
    }
    return Done{};
  }

  [[nodiscard]] bool abandoned() const override { return abandoned_; }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      work_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
      --idle_;
      if (ending_) {
        return;
      }
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
      woken_ = true;
      wake_.notify_one();
    }
  }

  const std::size_t width_;
  std::mutex mutex_;
  std::condition_variable work_, wake_, answered_;
  std::deque<Job> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool woken_ = false, ending_ = false;
  std::atomic<bool> abandoned_{false};
};

class InlineRunner : public Runner {
 public:
  void start(Job job) override { jobs_.push_back(std::move(job)); }
  [[nodiscard]] std::size_t width() const override { return 1; }
  void pump(std::chrono::milliseconds /*most*/) override {
    if (!jobs_.empty()) {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      job();
    }
  }
  void answer(Ticket& ticket, Reply<Done> reply) override { ticket.answer_ = std::move(reply); }
  void serve_with(std::function<void()> serve) override { serve_ = std::move(serve); }
  void abandon() override { abandoned_ = true; }
  void notify() override {}
  Reply<Done> await(Ticket& ticket) override {
    while (!ticket.answered() && serve_) {
      serve_();
    }
    return ticket.answered() ? *ticket.answer_ : Reply<Done>(leaving());
  }
  Reply<Done> wait(std::chrono::milliseconds /*time*/,
                   const std::function<bool()>& stopped) override {
    return abandoned_ || (stopped && stopped()) ? Reply<Done>(leaving()) : Reply<Done>(Done{});
  }
  [[nodiscard]] bool abandoned() const override { return abandoned_; }

 private:
  std::deque<Job> jobs_;
  std::function<void()> serve_;
  bool abandoned_ = false;
};

std::unique_ptr<Runner> make_thread_runner(std::size_t threads) {
  return std::make_unique<ThreadRunner>(threads);
}

std::unique_ptr<Runner> make_inline_runner() {
  return std::make_unique<InlineRunner>();
}

void run_all(Runner& runner, std::vector<Runner::Job> jobs, const std::function<void()>& between) {
  struct Shared {
    std::mutex mutex;
    std::size_t left = 0;
  };
  const auto shared = std::make_shared<Shared>();
  shared->left = jobs.size();
  for (auto& job : jobs) {
    runner.start([job = std::move(job), shared, &runner] {
      job();
      {
        const std::lock_guard lock(shared->mutex);
        --shared->left;
      }
      runner.notify();
    });
  }
  for (;;) {
    {
      const std::lock_guard lock(shared->mutex);
      if (shared->left == 0) {
        return;
      }
    }
    runner.pump(std::chrono::milliseconds(100));
    if (between) {
      between();
    }
  }
}

}  // namespace infra
