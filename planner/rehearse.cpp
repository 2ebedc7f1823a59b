// The order, parallelism and expected duration of an apply, on paper: each change takes as long as
// the simulator takes its type to need.
#include <algorithm>
#include <map>
#include <queue>

#include "base/kinds.h"
#include "planner/engine.h"
#include "providers/simulator/behaviour.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds time_of_a_secret{1};

struct Piece {  // one call to come
  const PlannedChange* change = nullptr;
  std::string operation;
  milliseconds takes{0};
  std::vector<std::size_t> before;  // pieces that wait for it
  std::size_t waits_for = 0;
};

const TypeSchema* schema_of(const EngineOptions& options, const std::string& type) {
  for (const auto* driver : options.providers) {
    if (const auto* schema = find_type(driver->schema(), type)) {
      return schema;
    }
  }
  return nullptr;
}

milliseconds duration(const EngineOptions& options, const PlannedChange& change, Action action) {
  const TypeSchema* schema = schema_of(options, change.type);
  return schema == nullptr ? time_of_a_secret : expected_duration(*schema, action);
}

class Schedule {
 public:
  Schedule(const Plan& plan, const EngineOptions& options) : options_(options) {
    for (const auto& change : plan.changes) {
      add(change);
    }
    for (const auto& change : plan.changes) {
      connect(change);
    }
  }

  Rehearsal run() {
    using Ending = std::pair<milliseconds, std::size_t>;
    std::priority_queue<Ending, std::vector<Ending>, std::greater<>> running;
    std::queue<std::size_t> ready;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      if (pieces_[i].waits_for == 0) {
        ready.push(i);
      }
    }
    Rehearsal out;
    milliseconds now{0};
    const std::size_t width = std::max<std::size_t>(options_.parallelism, 1);
    while (!ready.empty() || !running.empty()) {
      while (!ready.empty() && running.size() < width) {
        const std::size_t piece = ready.front();
        ready.pop();
        const Piece& begun = pieces_[piece];
        out.steps.push_back({{begun.change->address}, begun.operation, now, begun.takes});
        running.push({now + begun.takes, piece});
        out.parallel = std::max(out.parallel, running.size());
      }
      const auto [ends, piece] = running.top();
      running.pop();
      now = ends;
      for (const std::size_t next : pieces_[piece].before) {
        if (--pieces_[next].waits_for == 0) {
          ready.push(next);
        }
      }
    }
    out.total = now;
    return out;
  }

 private:
  void add(const PlannedChange& change) {
    switch (change.operation) {
      case Operation::create:
        last_[change.address] = push(change, "create", Action::create);
        break;
      case Operation::update:
        last_[change.address] = push(change, "update", Action::update);
        break;
      case Operation::replace: {
        const std::size_t made = push(change, "create", Action::create);
        const std::size_t dropped = push(change, "delete", Action::remove);
        wait(change.create_first ? dropped : made, change.create_first ? made : dropped);
        last_[change.address] = made;
        break;
      }
      case Operation::remove:
        dropped_[change.address] = push(change, "delete", Action::remove);
        break;
      default:
        break;
    }
  }

  std::size_t push(const PlannedChange& change, const char* operation, Action action) {
    pieces_.push_back({&change, operation, duration(options_, change, action), {}, 0});
    return pieces_.size() - 1;
  }

  void wait(std::size_t later, std::size_t earlier) {
    pieces_[earlier].before.push_back(later);
    ++pieces_[later].waits_for;
  }

  // Services may wait for each other's address alone; such a circle is left open where it closes.
  void connect(const PlannedChange& change) {
    for (const auto& dependency : change.dependencies) {
      const auto mine = last_.find(change.address);
      const auto theirs = last_.find(dependency);
      if (mine != last_.end() && theirs != last_.end() && !leads(mine->second, theirs->second)) {
        wait(mine->second, theirs->second);
      }
      const auto dropped = dropped_.find(change.address);
      const auto their_drop = dropped_.find(dependency);
      if (dropped != dropped_.end() && their_drop != dropped_.end()) {
        wait(their_drop->second, dropped->second);
      }
    }
  }

  [[nodiscard]] bool leads(std::size_t from, std::size_t to) const {
    std::vector<std::size_t> open{from};
    std::vector<bool> seen(pieces_.size(), false);
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      if (at == to) {
        return true;
      }
      for (const std::size_t next : pieces_[at].before) {
        if (!seen[next]) {
          seen[next] = true;
          open.push_back(next);
        }
      }
    }
    return false;
  }

  const EngineOptions& options_;
  std::vector<Piece> pieces_;
  std::map<std::string, std::size_t> last_, dropped_;
};

}  // namespace

Rehearsal rehearse(const Plan& plan, const EngineOptions& options) {
  return Schedule(plan, options).run();
}

}  // namespace infra
