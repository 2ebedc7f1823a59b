#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.h"
#include "base/text.h"
#include "planner/change_text.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds redraw_every{100};
constexpr milliseconds remind_every{10'000};

std::string_view doing(const PlannedChange& change) {
  switch (change.operation) {
    case Operation::create:
      return change.live ? "creating" : "making";
    case Operation::update:
      return change.redeploy ? "deploying" : "changing";
    case Operation::replace:
      return "replacing";
    case Operation::remove:
      return "removing";
    case Operation::forget:
      return "forgetting";
    case Operation::read:
      return "reading";
    case Operation::no_op:
      return change.import_id.empty() ? "moving" : "adopting";
  }
  return "working";
}

std::string_view done_word(const PlannedChange& change) {
  switch (change.operation) {
    case Operation::create:
      return change.live ? "created" : "made";
    case Operation::update:
      return change.redeploy ? "deployed" : "changed";
    case Operation::replace:
      return "replaced";
    case Operation::remove:
      return "removed";
    case Operation::forget:
      return "forgotten";
    case Operation::read:
      return "read";
    case Operation::no_op:
      return change.import_id.empty() ? "moved" : "adopted";
  }
  return "done";
}

std::string took_text(milliseconds took) {
  return elapsed_text(Duration{took.count()});
}

std::string step_key(const PlannedChange& change) {
  return fmt::format("{}\n{}\n{}\n{}", change.address, static_cast<int>(change.operation),
                     change.deposed, change.live);
}

}  // namespace

// --- Chorus

void Chorus::refresh_started(const std::string& provider, const std::string& type) {
  for (Listener* listener : listeners_) {
    listener->refresh_started(provider, type);
  }
}
void Chorus::refresh_done(const std::string& provider, const std::string& type,
                          std::size_t objects) {
  for (Listener* listener : listeners_) {
    listener->refresh_done(provider, type, objects);
  }
}
void Chorus::plan_made(const Plan& plan) {
  for (Listener* listener : listeners_) {
    listener->plan_made(plan);
  }
}
void Chorus::recovering(const Intent& intent) {
  for (Listener* listener : listeners_) {
    listener->recovering(intent);
  }
}
void Chorus::recovered(const Intent& intent, const std::string& how) {
  for (Listener* listener : listeners_) {
    listener->recovered(intent, how);
  }
}
void Chorus::step_started(const PlannedChange& change) {
  for (Listener* listener : listeners_) {
    listener->step_started(change);
  }
}
void Chorus::step_known(const PlannedChange& change, const std::string& id) {
  for (Listener* listener : listeners_) {
    listener->step_known(change, id);
  }
}
void Chorus::step_done(const PlannedChange& change, const std::string& id, milliseconds took) {
  for (Listener* listener : listeners_) {
    listener->step_done(change, id, took);
  }
}
void Chorus::step_failed(const PlannedChange& change, const Error& error, milliseconds took) {
  for (Listener* listener : listeners_) {
    listener->step_failed(change, error, took);
  }
}
void Chorus::step_skipped(const PlannedChange& change, const std::string& because) {
  for (Listener* listener : listeners_) {
    listener->step_skipped(change, because);
  }
}
void Chorus::check_started(const std::string& name) {
  for (Listener* listener : listeners_) {
    listener->check_started(name);
  }
}
void Chorus::check_done(const CheckResult& result) {
  for (Listener* listener : listeners_) {
    listener->check_done(result);
  }
}
void Chorus::tick() {
  for (Listener* listener : listeners_) {
    listener->tick();
  }
}

// --- ProgressText

std::string ProgressText::key_of(const PlannedChange& change) {
  return step_key(change);
}

void ProgressText::line(Tone tone, const std::string& text) {
  clear();
  terminal_.print(paint(tone, text, terminal_.style()) + "\n");
}

void ProgressText::begin(const std::string& key, const std::string& text, bool say) {
  const milliseconds now = clock_.steady();
  running_[key] = {text, now, now};
  if (terminal_.smart()) {
    draw();
  } else if (say) {
    line(Tone::plain, text + " …");
  }
}

void ProgressText::end(const std::string& key) {
  running_.erase(key);
  clear();
}

void ProgressText::clear() {
  if (drawn_ > 0) {
    terminal_.print(fmt::format("\x1b[{}A\x1b[J", drawn_));
    drawn_ = 0;
  }
}

void ProgressText::draw() {
  clear();
  last_drawn_ = clock_.steady();
  if (running_.empty()) {
    return;
  }
  const std::size_t columns = terminal_.columns();
  const std::size_t most =
      std::max<std::size_t>(3, std::min<std::size_t>(terminal_.rows() / 2, 12));
  std::string text;
  std::size_t shown = 0;
  for (const auto& [key, running] : running_) {
    if (shown + 1 > most) {
      break;
    }
    const std::string took = took_text(last_drawn_ - running.since);
    text += fmt::format(
        "  {} … {}\n",
        shorten(running.text, columns > took.size() + 8 ? columns - took.size() - 8 : 20), took);
    ++shown;
  }
  std::string tail = fmt::format("  {} running", running_.size());
  if (left_ > running_.size()) {
    tail += fmt::format(", {} waiting", left_ - running_.size());
  }
  text += paint(Tone::faint, tail, terminal_.style()) + "\n";
  terminal_.print(text);
  drawn_ = shown + 1;
}

void ProgressText::remind() {
  const milliseconds now = clock_.steady();
  for (auto& [key, running] : running_) {
    if (now - running.said >= remind_every) {
      running.said = now;
      line(Tone::plain,
           fmt::format("{} … still, after {}", running.text, took_text(now - running.since)));
    }
  }
}

void ProgressText::tick() {
  if (!terminal_.smart()) {
    remind();
  } else if (!running_.empty() && clock_.steady() - last_drawn_ >= redraw_every) {
    draw();
  }
}

void ProgressText::refresh_started(const std::string& provider, const std::string& type) {
  begin("refresh " + provider + " " + type, "looking at " + printable(type), false);
}

void ProgressText::refresh_done(const std::string& provider, const std::string& type,
                                std::size_t /*objects*/) {
  end("refresh " + provider + " " + type);
}

void ProgressText::plan_made(const Plan& plan) {
  clear();
  left_ =
      static_cast<std::size_t>(std::count_if(plan.changes.begin(), plan.changes.end(),
                                             [](const auto& change) { return is_shown(change); }));
}

void ProgressText::recovering(const Intent& intent) {
  begin("recover " + intent.op, printable(intent.address) + ": settling an earlier operation",
        true);
}

void ProgressText::recovered(const Intent& intent, const std::string& how) {
  end("recover " + intent.op);
  line(how == "unresolved" ? Tone::danger : Tone::plain,
       fmt::format("{}: an operation of an earlier run: {}", printable(intent.address),
                   printable(how)));
}

void ProgressText::step_started(const PlannedChange& change) {
  const bool second = change.live && made_.contains(change.address);
  begin(key_of(change),
        fmt::format("{}: {}", printable(change.address), second ? "making it live" : doing(change)),
        true);
}

void ProgressText::step_done(const PlannedChange& change, const std::string& id,
                             milliseconds took) {
  end(key_of(change));
  left_ -= left_ > 0 && change.live ? 1 : 0;
  const bool second = change.live && made_.contains(change.address);
  if (!change.live) {
    made_.insert(change.address);
  }
  line(operation_tone(change.operation),
       fmt::format("{}: {} after {}{}", printable(change.address),
                   second ? "live" : done_word(change), took_text(took),
                   id.empty() ? "" : " [" + shorten(printable(id), 60) + "]"));
}

void ProgressText::step_failed(const PlannedChange& change, const Error& error, milliseconds took) {
  end(key_of(change));
  left_ -= left_ > 0 ? 1 : 0;
  line(Tone::danger, fmt::format("{}: {} failed after {}: {}", printable(change.address),
                                 doing(change), took_text(took), printable(error.message)));
}

void ProgressText::step_skipped(const PlannedChange& change, const std::string& because) {
  left_ -= left_ > 0 ? 1 : 0;
  line(Tone::faint,
       fmt::format("{}: skipped, it needs {}", printable(change.address), printable(because)));
}

void ProgressText::check_started(const std::string& name) {
  begin("check " + name, "check." + printable(name) + ": probing", true);
}

void ProgressText::check_done(const CheckResult& result) {
  end("check " + result.name);
  line(result.status == "pass" ? Tone::added : Tone::danger,
       fmt::format("check.{}: {}{}", printable(result.name), printable(result.status),
                   result.message.empty() || result.status == "pass"
                       ? ""
                       : ": " + printable(result.message)));
}

// --- ProgressEvents

void ProgressEvents::refresh_started(const std::string& provider, const std::string& type) {
  events_.emit("info", "refresh_start", fmt::format("{}: Refreshing state...", type),
               Object{{"hook", Object{{"provider", provider}, {"resource_type", type}}}});
}

void ProgressEvents::refresh_done(const std::string& provider, const std::string& type,
                                  std::size_t objects) {
  events_.emit("info", "refresh_complete", fmt::format("{}: Refresh complete", type),
               Object{{"hook", Object{{"provider", provider},
                                      {"resource_type", type},
                                      {"objects", static_cast<std::int64_t>(objects)}}}});
}

void ProgressEvents::recovered(const Intent& intent, const std::string& how) {
  events_.emit(how == "unresolved" ? "error" : "info", "recovered",
               fmt::format("{}: an operation of an earlier run: {}", intent.address, how),
               Object{{"hook", Object{{"addr", intent.address}, {"op", intent.op}, {"how", how}}}});
}

void ProgressEvents::step_started(const PlannedChange& change) {
  const milliseconds now = clock_.steady();
  running_[step_key(change)] = {change, now, now};
  Object hook{{"resource", resource_event(change)}, {"action", event_action(change)}};
  if (!change.id.empty()) {
    hook.emplace("id_key", "id");
    hook.emplace("id_value", change.id);
  }
  events_.emit("info", "apply_start", fmt::format("{}: {}...", change.address, doing(change)),
               Object{{"hook", std::move(hook)}});
}

void ProgressEvents::step_done(const PlannedChange& change, const std::string& id,
                               milliseconds took) {
  running_.erase(step_key(change));
  events_.emit("info", "apply_complete",
               fmt::format("{}: {} after {}", change.address, done_word(change), took_text(took)),
               Object{{"hook", Object{{"resource", resource_event(change)},
                                      {"action", event_action(change)},
                                      {"id_key", "id"},
                                      {"id_value", id},
                                      {"elapsed_seconds", took.count() / 1000}}}});
}

void ProgressEvents::step_failed(const PlannedChange& change, const Error& error,
                                 milliseconds took) {
  running_.erase(step_key(change));
  events_.emit(
      "error", "apply_errored",
      fmt::format("{}: {} errored after {}", change.address, doing(change), took_text(took)),
      Object{{"hook", Object{{"resource", resource_event(change)},
                             {"action", event_action(change)},
                             {"elapsed_seconds", took.count() / 1000}}}});
  events_.emit("error", "diagnostic", "Error: " + error.message,
               Object{{"diagnostic", Object{{"severity", "error"},
                                            {"summary", error.message},
                                            {"detail", error.help},
                                            {"address", change.address}}}});
}

void ProgressEvents::step_skipped(const PlannedChange& change, const std::string& because) {
  events_.emit("warn", "apply_skipped",
               fmt::format("{}: skipped, it needs {}", change.address, because),
               Object{{"hook", Object{{"resource", resource_event(change)},
                                      {"action", event_action(change)},
                                      {"because", because}}}});
}

void ProgressEvents::check_done(const CheckResult& result) {
  events_.emit(result.status == "pass" ? "info" : "error", "check",
               fmt::format("check.{}: {}", result.name, result.status),
               Object{{"check", Object{{"name", result.name},
                                       {"status", result.status},
                                       {"message", result.message}}}});
}

void ProgressEvents::tick() {
  const milliseconds now = clock_.steady();
  for (auto& [key, running] : running_) {
    if (now - running.said < remind_every) {
      continue;
    }
    running.said = now;
    events_.emit(
        "info", "apply_progress",
        fmt::format("{}: Still {}... [{} elapsed]", running.change.address, doing(running.change),
                    took_text(now - running.since)),
        Object{{"hook", Object{{"resource", resource_event(running.change)},
                               {"action", event_action(running.change)},
                               {"elapsed_seconds", (now - running.since).count() / 1000}}}});
  }
}

}  // namespace infra
