// Tasks of one group into few steps: never a cycle, never a value edge inside one call.
#include <gtest/gtest.h>

#include <algorithm>

#include "planner/steps.h"
#include "providers/simulator/faults.h"

namespace infra {
namespace {

struct Graph {
  std::vector<Task> tasks;
  void edge(TaskIndex earlier, TaskIndex later, bool within = false) {
    tasks[later].after.push_back(earlier);
    if (within) {
      tasks[later].within.push_back(earlier);
    }
  }
};

Graph grouped(std::size_t count, const std::string& group) {
  Graph graph;
  graph.tasks.resize(count);
  for (auto& task : graph.tasks) {
    task.group = group;
  }
  return graph;
}

bool acyclic(const std::vector<Step>& steps) {
  std::vector<std::size_t> waits(steps.size());
  std::vector<StepIndex> ready;
  std::size_t done = 0;
  for (StepIndex i = 0; i < steps.size(); ++i) {
    waits[i] = steps[i].after.size();
    if (waits[i] == 0) {
      ready.push_back(i);
    }
  }
  while (!ready.empty()) {
    const StepIndex step = ready.back();
    ready.pop_back();
    ++done;
    for (const StepIndex later : steps[step].before) {
      if (--waits[later] == 0) {
        ready.push_back(later);
      }
    }
  }
  return done == steps.size();
}

TEST(Contraction, WhatNothingSeparatesGoesTogether) {
  Graph graph = grouped(4, "g");
  EXPECT_EQ(contract_tasks(graph.tasks).size(), 1U);
}

TEST(Contraction, AValueSplitsTheStep) {
  Graph graph = grouped(3, "g");
  graph.edge(0, 1);
  const auto steps = contract_tasks(graph.tasks);
  EXPECT_EQ(steps.size(), 2U);
  EXPECT_NE(graph.tasks[0].step, graph.tasks[1].step);
}

TEST(Contraction, AReferenceBornInTheCallDoesNot) {
  Graph graph = grouped(2, "g");
  graph.edge(0, 1, true);
  EXPECT_EQ(contract_tasks(graph.tasks).size(), 1U);
}

TEST(Contraction, AWayThroughAnotherProviderDoes) {
  Graph graph = grouped(3, "g");
  graph.tasks[1].group.clear();
  graph.edge(0, 1);
  graph.edge(1, 2);
  EXPECT_EQ(contract_tasks(graph.tasks).size(), 3U);
}

TEST(Contraction, TwoGroupsAcrossEachOtherStayAcyclic) {
  Graph graph = grouped(4, "g");
  graph.tasks[2].group = graph.tasks[3].group = "h";
  graph.edge(0, 2);
  graph.edge(3, 1);
  EXPECT_TRUE(acyclic(contract_tasks(graph.tasks)));
}

Graph random_graph(Dice& dice, std::size_t count) {
  Graph graph;
  graph.tasks.resize(count);
  for (auto& task : graph.tasks) {
    const auto drawn = dice.below(10);
    task.group = drawn < 3 ? "" : drawn < 7 ? "g" : "h";
  }
  for (TaskIndex later = 1; later < count; ++later) {
    for (TaskIndex earlier = 0; earlier < later; ++earlier) {
      if (dice.below(5) == 0) {
        const bool same_group = !graph.tasks[later].group.empty() &&
                                graph.tasks[later].group == graph.tasks[earlier].group;
        graph.edge(earlier, later, same_group && dice.below(5) < 2);
      }
    }
  }
  return graph;
}

TEST(Contraction, RandomGraphsStayAcyclicAndNeedFewerCalls) {
  Dice dice(7);
  std::size_t calls = 0, single = 0;
  for (int round = 0; round < 4000; ++round) {
    Graph graph = random_graph(dice, 3 + dice.below(10));
    const auto steps = contract_tasks(graph.tasks);
    ASSERT_TRUE(acyclic(steps)) << round;
    for (TaskIndex later = 0; later < graph.tasks.size(); ++later) {
      const Task& task = graph.tasks[later];
      single += task.group.empty() ? 0U : 1U;
      for (const TaskIndex earlier : task.after) {
        const bool inside = std::ranges::binary_search(task.within, earlier);
        ASSERT_TRUE(inside || graph.tasks[earlier].step != task.step) << round;
      }
    }
    for (const auto& step : steps) {
      calls += graph.tasks[step.tasks.front()].group.empty() ? 0U : 1U;
    }
  }
  EXPECT_LT(calls, single * 6 / 10);
}

TEST(Contraction, ManyTasksAreMergedByLayers) {
  Graph graph = grouped(2000, "g");
  for (TaskIndex i = 1; i < 2000; ++i) {
    graph.edge(0, i);
  }
  EXPECT_EQ(contract_tasks(graph.tasks).size(), 2U);
}

}  // namespace
}  // namespace infra
