// cli/progress.h — what a person sees while an apply, a destroy or a refresh runs, and what the
// event stream says of it.
//
// On a terminal the steps under way stand below the finished lines with the time each has taken and
// what is left, and are redrawn in place; elsewhere each step is a line when it begins and one when
// it ends.
#pragma once
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/session.h"
#include "planner/change_text.h"

namespace infra {

// Tells several listeners the same.
class Chorus : public Listener {
 public:
  void add(Listener* listener) { listeners_.push_back(listener); }

  void refresh_started(const std::string& provider, const std::string& type) override;
  void refresh_done(const std::string& provider, const std::string& type,
                    std::size_t objects) override;
  void plan_made(const Plan& plan) override;
  void recovering(const Intent& intent) override;
  void recovered(const Intent& intent, const std::string& how) override;
  void step_started(const PlannedChange& change) override;
  void step_known(const PlannedChange& change, const std::string& id) override;
  void step_done(const PlannedChange& change, const std::string& id,
                 std::chrono::milliseconds took) override;
  void step_failed(const PlannedChange& change, const Error& error,
                   std::chrono::milliseconds took) override;
  void step_skipped(const PlannedChange& change, const std::string& because) override;
  void check_started(const std::string& name) override;
  void check_done(const CheckResult& result) override;
  void tick() override;

 private:
  std::vector<Listener*> listeners_;
};

class ProgressText : public Listener {
 public:
  ProgressText(Terminal& terminal, const Clock& clock) : terminal_(terminal), clock_(clock) {}
  ~ProgressText() override { clear(); }
  ProgressText(const ProgressText&) = delete;
  ProgressText& operator=(const ProgressText&) = delete;

  void refresh_started(const std::string& provider, const std::string& type) override;
  void refresh_done(const std::string& provider, const std::string& type,
                    std::size_t objects) override;
  void plan_made(const Plan& plan) override;
  void recovering(const Intent& intent) override;
  void recovered(const Intent& intent, const std::string& how) override;
  void step_started(const PlannedChange& change) override;
  void step_done(const PlannedChange& change, const std::string& id,
                 std::chrono::milliseconds took) override;
  void step_failed(const PlannedChange& change, const Error& error,
                   std::chrono::milliseconds took) override;
  void step_skipped(const PlannedChange& change, const std::string& because) override;
  void check_started(const std::string& name) override;
  void check_done(const CheckResult& result) override;
  void tick() override;

  void clear();  // takes the redrawn lines away, before other text is printed

 private:
  struct Running {
    std::string text;
    std::chrono::milliseconds since{0}, said{0};
  };
  [[nodiscard]] static std::string key_of(const PlannedChange& change);
  void line(Tone tone, const std::string& text);
  void begin(const std::string& key, const std::string& text, bool say);
  void end(const std::string& key);
  void draw();
  void remind();

  Terminal& terminal_;
  const Clock& clock_;
  std::map<std::string, Running> running_;
  std::set<std::string> made_;  // addresses that exist and are made live by a later step
  std::size_t left_ = 0;
  std::size_t drawn_ = 0;
  std::chrono::milliseconds last_drawn_{0};
};

class ProgressEvents : public Listener {
 public:
  ProgressEvents(Events& events, const Clock& clock) : events_(events), clock_(clock) {}

  void refresh_started(const std::string& provider, const std::string& type) override;
  void refresh_done(const std::string& provider, const std::string& type,
                    std::size_t objects) override;
  void recovered(const Intent& intent, const std::string& how) override;
  void step_started(const PlannedChange& change) override;
  void step_done(const PlannedChange& change, const std::string& id,
                 std::chrono::milliseconds took) override;
  void step_failed(const PlannedChange& change, const Error& error,
                   std::chrono::milliseconds took) override;
  void step_skipped(const PlannedChange& change, const std::string& because) override;
  void check_done(const CheckResult& result) override;
  void tick() override;

 private:
  struct Running {
    PlannedChange change;
    std::chrono::milliseconds since{0}, said{0};
  };
  std::map<std::string, Running> running_;
  Events& events_;
  const Clock& clock_;
};

}  // namespace infra
