// compiler/evaluate_guards.h — what an Evaluator changes for a while and puts back.
#pragma once
#include "compiler/evaluate.h"

namespace infra {

class Evaluator::Depth {
 public:
  explicit Depth(Evaluator& evaluator) : evaluator_(evaluator) { ++evaluator_.depth_; }
  ~Depth() { --evaluator_.depth_; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;
  Depth(Depth&&) = delete;
  Depth& operator=(Depth&&) = delete;

 private:
  Evaluator& evaluator_;
};

// Errors are counted and not said: what is evaluated may never be needed.
class Evaluator::Quiet {
 public:
  explicit Quiet(Evaluator& evaluator) : evaluator_(evaluator) { ++evaluator_.quiet_; }
  ~Quiet() { --evaluator_.quiet_; }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  Quiet(Quiet&&) = delete;
  Quiet& operator=(Quiet&&) = delete;

 private:
  Evaluator& evaluator_;
};

// Names mean what they mean elsewhere: in another round, with other locals.
class Evaluator::Switched {
 public:
  Switched(Evaluator& evaluator, Context context)
      : evaluator_(evaluator), before_(std::exchange(evaluator.context_, context)) {}
  ~Switched() { evaluator_.context_ = before_; }
  Switched(const Switched&) = delete;
  Switched& operator=(const Switched&) = delete;
  Switched(Switched&&) = delete;
  Switched& operator=(Switched&&) = delete;

 private:
  Evaluator& evaluator_;
  Context before_;
};

// What is being evaluated, for the path of a circle.
class Evaluator::Running {
 public:
  Running(Evaluator& evaluator, std::string name, const Span& span) : evaluator_(evaluator) {
    evaluator_.running_.emplace_back(std::move(name), span);
  }
  ~Running() { evaluator_.running_.pop_back(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  Running(Running&&) = delete;
  Running& operator=(Running&&) = delete;

 private:
  Evaluator& evaluator_;
};

}  // namespace infra
