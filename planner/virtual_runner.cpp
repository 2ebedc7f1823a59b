// One job at a time on threads of their own: the baton goes from yield point to yield point in an
// order that the seed decides, and time passes only when everybody waits.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "planner/runner.h"

namespace infra {

class VirtualRunner : public Runner, public Clock {
 public:
  VirtualRunner(std::uint64_t seed, std::size_t width, std::chrono::milliseconds start)
      : width_(width == 0 ? 1 : width), now_(start), random_(seed) {
    people_.push_back(std::make_unique<Person>());  // [0]: the coordinator
  }

  ~VirtualRunner() override {
    abandon();
    std::unique_lock lock(mutex_);
    for (;;) {  // every job leaves through its error paths, one after the other
      Person* left = nullptr;
      for (auto& person : people_) {
        if (person.get() != people_[0].get() && person->state != State::done) {
          left = person.get();
        }
      }
      if (left == nullptr) {
        break;
      }
      people_[0]->state = State::asleep;
      people_[0]->until = std::chrono::milliseconds::max();
      give_to(*left);
      wait_for_turn(lock, *people_[0]);
    }
    lock.unlock();
    for (auto& person : people_) {
      if (person->thread.joinable()) {
        person->thread.join();
      }
    }
  }

  void start(Job job) override {
    const std::lock_guard lock(mutex_);
    people_.push_back(std::make_unique<Person>());
    Person* person = people_.back().get();
    person->state = State::queued;
    person->thread = std::thread([this, person, job = std::move(job)]() mutable {
      current_ = person;
      {
        std::unique_lock own(mutex_);
        wait_for_turn(own, *person);
      }
      job();
      job = nullptr;
      std::unique_lock own(mutex_);
      person->state = State::done;
      wake_coordinator();
      pass_on();
    });
  }

  [[nodiscard]] std::size_t width() const override { return width_; }

  void pump(std::chrono::milliseconds most) override {
    std::unique_lock lock(mutex_);
    join_finished();
    Person& self = *people_[0];
    if (woken_) {
      woken_ = false;
      return;
    }
    self.state = State::asleep;
    self.until = now_ + most;
    pass_on();
    wait_for_turn(lock, self);
    woken_ = false;
  }

  void answer(Ticket& ticket, Reply<Done> reply) override {
    const std::lock_guard lock(mutex_);
    ticket.answer_ = std::move(reply);
    for (auto& person : people_) {
      if (person->awaits == &ticket) {
        person->awaits = nullptr;
        person->state = State::ready;
      }
    }
  }

  void serve_with(std::function<void()> /*serve*/) override {}

  void abandon() override {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    for (auto& person : people_) {
      if (person->state == State::awaiting || person->state == State::asleep) {
        person->awaits = nullptr;
        person->state = State::ready;
      }
    }
  }

  void notify() override {
    const std::lock_guard lock(mutex_);
    wake_coordinator();
  }

  Reply<Done> await(Ticket& ticket) override {
    std::unique_lock lock(mutex_);
    Person& self = *current_;
    while (!ticket.answered() && !abandoned_) {
      self.awaits = &ticket;
      self.state = State::awaiting;
      pass_on();
      wait_for_turn(lock, self);
    }
    return ticket.answered() ? *ticket.answer_ : Reply<Done>(leaving());
  }

  Reply<Done> wait(std::chrono::milliseconds time, const std::function<bool()>& stopped) override {
    std::unique_lock lock(mutex_);
    if (abandoned_ || (stopped && stopped())) {
      return leaving();
    }
    Person& self = current_ == nullptr ? *people_[0] : *current_;
    self.state = State::asleep;
    self.until = now_ + time;
    pass_on();
    wait_for_turn(lock, self);
    return abandoned_ || (stopped && stopped()) ? Reply<Done>(leaving()) : Reply<Done>(Done{});
  }

  void yield() override {
    std::unique_lock lock(mutex_);
    if (current_ == nullptr || abandoned_) {
      return;
    }
    current_->state = State::ready;
    pass_on();
    wait_for_turn(lock, *current_);
  }

  [[nodiscard]] bool abandoned() const override { return abandoned_; }

  // --- Clock ---
  [[nodiscard]] std::chrono::sys_time<std::chrono::milliseconds> now() const override {
    const std::lock_guard lock(mutex_);
    return std::chrono::sys_time<std::chrono::milliseconds>(now_);
  }
  [[nodiscard]] std::chrono::milliseconds steady() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }

 private:
  enum class State { ready, queued, asleep, awaiting, done };
  struct Person {  // the coordinator or one job
    State state = State::ready;
    std::chrono::milliseconds until{0};
    Ticket* awaits = nullptr;
    bool turn = false;
    std::condition_variable called;
    std::thread thread;
  };

  static Error leaving() {
    return Error{ErrorKind::pending, "the command is ending", {}, {}, {}, false};
  }

  std::uint64_t draw(std::uint64_t below) {
    random_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = random_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return (z ^ (z >> 31U)) % below;
  }

  void wake_coordinator() {
    woken_ = true;
    if (people_[0]->state == State::asleep) {
      people_[0]->state = State::ready;
    }
  }

  // Gives the baton to somebody who can go on; when nobody can, time passes first.
  void pass_on() {
    std::vector<Person*> ready;
    std::size_t running = 0;
    for (auto& person : people_) {
      const bool job = person.get() != people_[0].get();
      running += job && person->state != State::queued && person->state != State::done ? 1U : 0U;
    }
    for (auto& person : people_) {
      if (person->state == State::ready || (person->state == State::queued && running < width_)) {
        ready.push_back(person.get());
      }
    }
    if (ready.empty()) {
      Person* next = nullptr;
      for (auto& person : people_) {
        if (person->state == State::asleep && (next == nullptr || person->until < next->until)) {
          next = person.get();
        }
      }
      if (next == nullptr) {
        return;  // everybody has ended
      }
      now_ = std::max(now_, next->until);
      ready.push_back(next);
    }
    give_to(*ready[draw(ready.size())]);
  }

  static void give_to(Person& person) {
    person.state = State::ready;
    person.turn = true;
    person.called.notify_one();
  }

  static void wait_for_turn(std::unique_lock<std::mutex>& lock, Person& person) {
    person.called.wait(lock, [&] { return person.turn; });
    person.turn = false;
  }

  void join_finished() {
    for (auto person = people_.begin() + 1; person != people_.end();) {
      if ((*person)->state == State::done) {
        (*person)->thread.join();  // it has let go of everything of ours
        person = people_.erase(person);
      } else {
        ++person;
      }
    }
  }

  const std::size_t width_;
  mutable std::mutex mutex_;
  std::chrono::milliseconds now_;
  std::uint64_t random_;
  std::vector<std::unique_ptr<Person>> people_;
  bool woken_ = false;
  std::atomic<bool> abandoned_{false};
  static thread_local Person* current_;
};

thread_local VirtualRunner::Person* VirtualRunner::current_ = nullptr;

VirtualTime make_virtual_runner(std::uint64_t seed, std::size_t width,
                                std::chrono::milliseconds start) {
  auto runner = std::make_unique<VirtualRunner>(seed, width, start);
  Clock* clock = runner.get();
  return {std::move(runner), clock};
}

}  // namespace infra
