// Tasks of one group into as few steps as leave the graph without a cycle: greedily, in topological
// order, each task into the latest step of its group that has no way to it or from it outside.
#include <algorithm>
#include <map>
#include <numeric>
#include <queue>

#include "planner/steps.h"

namespace infra {
namespace {

constexpr std::size_t most_searched = 600;  // grouped tasks; beyond, they are merged by layers

class Contraction {
 public:
  explicit Contraction(std::vector<Task>& tasks) : tasks_(tasks), root_(tasks.size()) {
    std::iota(root_.begin(), root_.end(), 0);
    before_.resize(tasks.size());
    for (TaskIndex i = 0; i < tasks.size(); ++i) {
      for (const TaskIndex earlier : tasks[i].after) {
        before_[earlier].push_back(i);
      }
    }
  }

  std::vector<Step> run() {
    order_ = topological();
    std::size_t grouped = 0;
    for (const auto& task : tasks_) {
      grouped += task.group.empty() ? 0U : 1U;
    }
    if (grouped > most_searched) {
      merge_layers();
    } else if (grouped > 1) {
      merge_greedily();
    }
    return collect();
  }

 private:
  TaskIndex find(TaskIndex task) {
    while (root_[task] != task) {
      task = root_[task] = root_[root_[task]];
    }
    return task;
  }

  // Smallest index first among those that are ready, so that the order is a function of the graph.
  std::vector<TaskIndex> topological() const {
    std::vector<std::size_t> waiting(tasks_.size());
    std::priority_queue<TaskIndex, std::vector<TaskIndex>, std::greater<>> ready;
    for (TaskIndex i = 0; i < tasks_.size(); ++i) {
      waiting[i] = tasks_[i].after.size();
      if (waiting[i] == 0) {
        ready.push(i);
      }
    }
    std::vector<TaskIndex> order;
    order.reserve(tasks_.size());
    while (!ready.empty()) {
      const TaskIndex task = ready.top();
      ready.pop();
      order.push_back(task);
      for (const TaskIndex later : before_[task]) {
        if (--waiting[later] == 0) {
          ready.push(later);
        }
      }
    }
    return order;
  }

  [[nodiscard]] bool within(TaskIndex later, TaskIndex earlier) const {
    return std::ranges::binary_search(tasks_[later].within, earlier);
  }

  void merge_greedily() {
    std::map<std::string, std::vector<TaskIndex>> open;
    members_.resize(tasks_.size());
    for (TaskIndex i = 0; i < tasks_.size(); ++i) {
      members_[i] = {i};
    }
    for (const TaskIndex task : order_) {
      if (tasks_[task].group.empty()) {
        continue;
      }
      auto& steps = open[tasks_[task].group];
      bool merged = false;
      for (auto step = steps.rbegin(); step != steps.rend() && !merged; ++step) {
        if (can_join(*step, task)) {
          root_[task] = *step;
          members_[*step].push_back(task);
          merged = true;
        }
      }
      if (!merged) {
        steps.push_back(task);
      }
    }
  }

  bool can_join(TaskIndex step, TaskIndex task) {
    return !leads_to(step, task) && !leads_to(task, step);
  }

  // Is there a way from one step to the other that is not satisfied within one call of both?
  bool leads_to(TaskIndex from, TaskIndex to) {
    std::vector<TaskIndex> open{from};
    std::vector<bool> seen(tasks_.size(), false);
    while (!open.empty()) {
      const TaskIndex at = open.back();
      open.pop_back();
      for (const TaskIndex member : members_[at]) {
        for (const TaskIndex later : before_[member]) {
          const TaskIndex next = find(later);
          if (next == at || (at == from && next == to && within(later, member))) {
            continue;
          }
          if (next == to) {
            return true;
          }
          if (!seen[next]) {
            seen[next] = true;
            open.push_back(next);
          }
        }
      }
    }
    return false;
  }

  // By the number of real edges on the longest way to a task: those of one group and one number
  // never wait for one another.
  void merge_layers() {
    std::vector<std::size_t> depth(tasks_.size(), 0);
    std::map<std::pair<std::string, std::size_t>, TaskIndex> first;
    for (const TaskIndex task : order_) {
      for (const TaskIndex earlier : tasks_[task].after) {
        const bool inside = within(task, earlier) && tasks_[task].group == tasks_[earlier].group;
        depth[task] = std::max(depth[task], depth[earlier] + (inside ? 0U : 1U));
      }
      if (!tasks_[task].group.empty()) {
        const auto entry = first.try_emplace({tasks_[task].group, depth[task]}, task).first;
        root_[task] = entry->second;
      }
    }
  }

  std::vector<Step> collect() {
    std::vector<Step> steps;
    std::vector<StepIndex> number(tasks_.size(), UINT32_MAX);
    for (const TaskIndex task : order_) {
      const TaskIndex root = find(task);
      if (number[root] == UINT32_MAX) {
        number[root] = static_cast<StepIndex>(steps.size());
        steps.emplace_back();
      }
      tasks_[task].step = number[root];
      steps[number[root]].tasks.push_back(task);
    }
    for (const TaskIndex task : order_) {
      for (const TaskIndex earlier : tasks_[task].after) {
        if (tasks_[earlier].step != tasks_[task].step) {
          steps[tasks_[task].step].after.push_back(tasks_[earlier].step);
        }
      }
    }
    for (StepIndex i = 0; i < steps.size(); ++i) {
      auto& after = steps[i].after;
      std::ranges::sort(after);
      const auto repeated = std::ranges::unique(after);
      after.erase(repeated.begin(), repeated.end());
      for (const StepIndex earlier : after) {
        steps[earlier].before.push_back(i);
      }
    }
    return steps;
  }

  std::vector<Task>& tasks_;
  std::vector<TaskIndex> root_, order_;
  std::vector<std::vector<TaskIndex>> before_, members_;
};

}  // namespace

std::vector<Step> contract_tasks(std::vector<Task>& tasks) {
  return Contraction(tasks).run();
}

}  // namespace infra
