#include "planner/coordinator.h"

#include <fmt/format.h>

#include <algorithm>

namespace infra {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t steps_per_worker = 4;  // under intents at once: so many share a commit
constexpr milliseconds longest_pause{100};

bool calls_out(TaskKind kind) {
  return kind == TaskKind::make || kind == TaskKind::finish || kind == TaskKind::update ||
         kind == TaskKind::drop;
}

}  // namespace

// Asked by the door before each request of one step.
class StepGate : public Gate {
 public:
  StepGate(Coordinator& coordinator, std::shared_ptr<StepRun> run)
      : coordinator_(coordinator), run_(std::move(run)) {}

  Reply<Done> before_request(bool /*repeatable*/) override {
    if (coordinator_.runner_.abandoned() || coordinator_.interrupted()) {
      return Error{ErrorKind::pending,
                   "interrupted before the next request",
                   {},
                   "the next apply goes on from here",
                   {},
                   false};
    }
    ++run_->sent;
    return Done{};
  }

  Reply<Done> record(std::size_t change, const Remote& remote, std::vector<Path> took) override {
    return coordinator_.record(*run_, change, remote, std::move(took));
  }

 private:
  Coordinator& coordinator_;
  std::shared_ptr<StepRun> run_;
};

void pass_point(const ExecutionHooks& hooks, std::string_view name) {
  crash_point(name);
  if (hooks.at_point) {
    hooks.at_point(name);
  }
}

ExecutionResult execute(const ExecutionInput& input, const StepGraph& graph) {
  return Coordinator(input, graph).run();
}

Coordinator::Coordinator(const ExecutionInput& input, const StepGraph& graph)
    : in_(input),
      draft_(input.draft),
      graph_(graph),
      runner_(input.runner),
      listener_(input.draft.options.listener == nullptr ? silent_ : *input.draft.options.listener),
      waits_for_(graph.steps.size()),
      open_tasks_(graph.steps.size()),
      failed_because_(graph.tasks.size()),
      over_(graph.tasks.size(), false),
      left_(graph.steps.size()) {
  for (StepIndex i = 0; i < graph.steps.size(); ++i) {
    waits_for_[i] = graph.steps[i].after.size();
    open_tasks_[i] = graph.steps[i].tasks.size();
    if (waits_for_[i] == 0) {
      ready_.push_back(i);
    }
  }
}

ExecutionResult Coordinator::run() {
  runner_.serve_with([this] {
    serve();
    flush();
  });
  while (left_ > 0 || flying_ > 0) {
    bool moved = serve();
    run_due();
    if (interrupted()) {
      stop_new();
      if (flying_ == 0) {
        break;
      }
    } else {
      begin_ready();
    }
    moved = moved || !batch_.empty() || !after_commit_.empty();
    flush();
    if (!moved) {
      wait();
    }
  }
  flush();
  runner_.serve_with({});
  return std::move(out_);
}

bool Coordinator::interrupted() const {
  const auto* interrupts = draft_.options.interrupts;
  return interrupts != nullptr && interrupts->load() > 0;
}

milliseconds Coordinator::now() const {
  return draft_.options.world.clock->steady();
}

void Coordinator::post(std::function<void()> event) {
  {
    const std::lock_guard lock(inbox_mutex_);
    inbox_.push_back(std::move(event));
  }
  runner_.notify();
}

void Coordinator::start_job(Runner::Job job) {
  {
    const std::lock_guard lock(inbox_mutex_);
    ++jobs_;
  }
  runner_.start([this, job = std::move(job)] {
    job();
    const std::lock_guard lock(inbox_mutex_);
    --jobs_;
  });
}

Coordinator::~Coordinator() {
  const auto running = [this] {
    const std::lock_guard lock(inbox_mutex_);
    return jobs_ > 0;
  };
  runner_.serve_with({});
  if (running()) {
    runner_.abandon();
  }
  while (running()) {
    runner_.pump(longest_pause);
  }
}

bool Coordinator::serve() {
  std::vector<std::function<void()>> events;
  {
    const std::lock_guard lock(inbox_mutex_);
    events.swap(inbox_);
  }
  for (auto& event : events) {
    event();
  }
  return !events.empty();
}

void Coordinator::wait() {
  milliseconds pause = longest_pause;
  for (const auto& parked : later_) {
    pause = std::min(pause, std::max(parked.when - now(), milliseconds(0)));
  }
  runner_.pump(pause);
  listener_.tick();
}

void Coordinator::run_due() {
  const milliseconds time = now();
  std::vector<std::function<void()>> due;
  for (auto parked = later_.begin(); parked != later_.end();) {
    if (parked->when <= time) {
      due.push_back(std::move(parked->what));
      parked = later_.erase(parked);
    } else {
      ++parked;
    }
  }
  for (auto& what : due) {
    what();
  }
}

// An interrupt has come: what has not begun does not begin.
void Coordinator::stop_new() {
  if (out_.interrupted) {
    return;
  }
  out_.interrupted = true;
  ready_.clear();
  for (auto& parked : later_) {
    parked.when = milliseconds(0);
  }
}

void Coordinator::put(Commit commit) {
  if (batch_.empty()) {
    batch_ = std::move(commit);
  } else {
    batch_.merge(std::move(commit));
  }
}

void Coordinator::flush() {
  while (!batch_.empty() || !after_commit_.empty()) {
    Commit commit;
    std::swap(commit, batch_);
    std::vector<std::function<void()>> then;
    then.swap(after_commit_);
    const bool intents = std::exchange(batch_has_intents_, false);
    const bool known = std::exchange(batch_has_known_, false);
    const bool done = std::exchange(batch_has_done_, false);
    if (known) {
      pass_point(in_.hooks, "apply.before_known");
    }
    if (done) {
      pass_point(in_.hooks, "apply.before_done");
    }
    if (intents) {
      pass_point(in_.hooks, "apply.before_intent");
    }
    if (!commit.empty()) {
      in_.store.commit(std::move(commit));
    }
    if (known) {
      pass_point(in_.hooks, "apply.after_known");
    }
    if (done) {
      pass_point(in_.hooks, "apply.after_done");
    }
    if (intents) {
      pass_point(in_.hooks, "apply.after_intent");
    }
    for (auto& what : then) {
      what();
    }
  }
}

void Coordinator::begin_ready() {
  const std::size_t most = std::max<std::size_t>(runner_.width() * steps_per_worker, 1);
  while (!ready_.empty() && flying_ < most) {
    const StepIndex step = ready_.front();
    ready_.pop_front();
    begin(step);
  }
}

void Coordinator::begin(StepIndex step) {
  auto run = std::make_shared<StepRun>();
  run->step = step;
  run->call = random_hex(*draft_.options.world.random, 8);
  run->started = now();
  const auto tasks = graph_.steps[step].tasks;
  for (const TaskIndex task : tasks) {
    if (!leave_out(task) && !do_at_once(task)) {
      add_change(*run, task);
    }
  }
  if (run->changes.empty()) {
    return;
  }
  add_group_members(*run);
  ++flying_;
  if (!open_door(*run)) {
    --flying_;
    return;
  }
  write_intents(run);
}

// True when something it waits for has failed, or its own past is not settled.
bool Coordinator::leave_out(TaskIndex index) {
  const Task& task = graph_.tasks[index];
  std::string because;
  for (const TaskIndex before : task.after) {
    if (!failed_because_[before].empty()) {
      because = failed_because_[before];
    }
  }
  if (because.empty() && in_.blocked.contains(task.change->address)) {
    because = task.change->address;
  }
  const auto denied = denied_.find(task.change->provider);
  if (because.empty() && calls_out(task.kind) && denied != denied_.end()) {
    because = denied->second;
  }
  if (because.empty()) {
    return false;
  }
  failed_because_[index] = because;
  if (because != task.change->address) {
    const bool told = std::ranges::any_of(out_.skipped, [&](const SkippedChange& skipped) {
      return skipped.address == task.change->address;
    });
    if (!told) {
      out_.skipped.push_back({task.change->address, because});
      listener_.step_skipped(*task.change, because);
    }
  }
  finish_task(index, false);
  return true;
}

// Secrets, forgotten and adopted ones need no call.
bool Coordinator::do_at_once(TaskIndex index) {
  const Task& task = graph_.tasks[index];
  if (calls_out(task.kind)) {
    return false;
  }
  listener_.step_started(*task.change);
  auto prepared = prepare_commit(in_, graph_, index);
  if (prepared.index() == 1) {
    const Error& error = std::get<1>(prepared);
    out_.failed.push_back({task.change->address, error});
    failed_because_[index] = task.change->address;
    listener_.step_failed(*task.change, error, milliseconds(0));
    finish_task(index, false);
    return true;
  }
  Commit& commit = std::get<0>(prepared);
  for (const auto& record : commit.put) {
    take_record(index, record, {});
  }
  for (const auto& address : commit.remove) {
    draft_.state.resources.erase(address);
  }
  for (const auto& op : commit.remove_deposed) {
    draft_.state.deposed.erase(op);
  }
  put(std::move(commit));
  batch_has_done_ = true;
  listener_.step_done(*task.change, task.change->id, milliseconds(0));
  finish_task(index, true);
  return true;
}

bool Coordinator::add_change(StepRun& run, TaskIndex index) {
  const Task& task = graph_.tasks[index];
  Prepared prepared = task.kind == TaskKind::drop ? prepare_drop(in_, graph_, index)
                                                  : prepare_change(in_, graph_, index);
  if (auto* change = std::get_if<ChangeRun>(&prepared)) {
    change->intent.call = run.call;
    run.provider = change->intent.provider;
    run.changes.push_back(std::move(*change));
    return true;
  }
  if (auto* nothing = std::get_if<NothingToDo>(&prepared)) {
    for (const auto& record : nothing->commit.put) {
      take_record(index, record, {});
    }
    put(std::move(nothing->commit));
    listener_.step_started(*task.change);
    listener_.step_done(*task.change, task.change->id, milliseconds(0));
    finish_task(index, true);
    return false;
  }
  const Error& error = std::get<Error>(prepared);
  out_.failed.push_back({task.change->address, error});
  failed_because_[index] = task.change->address;
  listener_.step_failed(*task.change, error, milliseconds(0));
  finish_task(index, false);
  return false;
}

// The unchanged members of a group go along: some platforms take them all in one document.
void Coordinator::add_group_members(StepRun& run) {
  const Task& first = graph_.tasks[run.changes.front().task];
  if (!first.group.empty()) {
    const auto members = graph_.groups.find(first.group);
    for (const NodeIndex member :
         members == graph_.groups.end() ? std::vector<NodeIndex>() : members->second) {
      const Fact& fact = draft_.knowledge[member];
      const std::string& address = draft_.expansion[member].address;
      const bool in_step = std::ranges::any_of(
          run.changes, [&](const ChangeRun& change) { return change.change.address == address; });
      if (in_step || fact.record == nullptr || fact.record->id.empty()) {
        continue;
      }
      Change stay;
      stay.action = Action::stay;
      stay.address = address;
      stay.type = draft_.expansion[member].type;
      stay.id = fact.record->id;
      stay.desired = stay.live = fact.record->live;
      stay.keep = fact.record->keep;
      run.members.push_back(std::move(stay));
    }
  }
  for (const auto& change : run.changes) {
    if (run.parent.empty()) {
      run.parent = change.intent.parent;
    }
    const Observation* seen = draft_.observation(change.change.address);
    if (run.version.empty() && seen != nullptr) {
      run.version = seen->version;
    }
  }
}

bool Coordinator::open_door(StepRun& run) {
  const ChangeRun& first = run.changes.front();
  const bool removes = first.change.action == Action::remove;
  auto counterpart = draft_.doorway.counterpart(run.provider, first.intent.type);
  std::optional<std::string> why;
  if (counterpart.index() != 0) {
    why = std::get<1>(counterpart);
  } else {
    run.counterpart = std::get<0>(counterpart);
    auto door = draft_.doorway.context(
        run.counterpart, removes ? first.notes.before.applied : first.change.desired,
        removes ? remembered_outputs(draft_.state) : draft_.knowledge.outputs(),
        std::make_shared<Memory>());
    if (door.index() == 0) {
      run.door = std::get<0>(std::move(door));
      const auto longest = std::ranges::max(run.changes, {}, [](const ChangeRun& change) {
        return change.notes.schema->ready_within;
      });
      run.door.deadline = now() + longest.notes.schema->ready_within;
      return true;
    }
    why = std::get<1>(door);
  }
  for (auto& change : run.changes) {
    fail(run, change, Error{ErrorKind::invalid, *why, {}, {}, {}, false});
  }
  return false;
}

// T1: one row per change, in one commit with whatever else is ready.
void Coordinator::write_intents(const Shared& run) {
  for (std::size_t i = 0; i < run->changes.size(); ++i) {
    if (needs_listing(run->changes[i])) {
      const std::string key = listing_key(*run, run->changes[i]);
      if (!listings_[key].done) {
        list_then(run, i, [this, run] { write_intents(run); });
        return;
      }
    }
  }
  if (interrupted()) {
    --flying_;
    return;
  }
  Commit commit;
  for (auto& change : run->changes) {
    if (change.finished) {
      continue;
    }
    take_baseline(*run, change);
    change.intent.sent_at = draft_.options.world.clock->now().time_since_epoch().count();
    commit.put_intents.push_back(change.intent);
  }
  put(std::move(commit));
  batch_has_intents_ = true;
  after_commit_.emplace_back([this, run] {
    for (const auto& change : run->changes) {
      listener_.step_started(change.shown);
    }
    launch(run);
  });
}

void Coordinator::launch(const Shared& run) {
  start_job([this, run] {
    ApplyRequest request;
    request.parent = run->parent;
    request.call = run->call;
    request.version = run->version;
    // A driver knows changes by their place: those that are over stay, in theirs.
    for (std::size_t i = 0; i < run->changes.size(); ++i) {
      request.changes.push_back(run->changes[i].change);
      if (run->changes[i].finished || (run->only && *run->only != i)) {
        request.changes.back().action = Action::stay;
      }
    }
    request.changes.insert(request.changes.end(), run->members.begin(), run->members.end());
    StepGate gate(*this, run);
    const auto writer = open_writer(run->door, gate);
    auto replies = run->counterpart.driver->apply(request, *writer);
    post([this, run, replies = std::move(replies)]() mutable {
      pass_point(in_.hooks, "apply.after_call");
      settle(run, std::move(replies));
    });
  });
}

void Coordinator::finish_task(TaskIndex task, bool well) {
  if (over_[task]) {
    return;
  }
  over_[task] = true;
  if (well) {
    const PlannedChange& change = *graph_.tasks[task].change;
    const TaskKind kind = graph_.tasks[task].kind;
    const bool made_live_later = kind == TaskKind::make && graph_.tasks[task].node != no_node &&
                                 draft_.expansion[graph_.tasks[task].node].has_made;
    out_.done.import +=
        kind == TaskKind::adopt || (!change.import_id.empty() && kind == TaskKind::update) ? 1U
                                                                                           : 0U;
    if (kind == TaskKind::drop ||
        (kind == TaskKind::forget && change.operation != Operation::forget)) {
      ++out_.done.destroy;
    } else if (kind == TaskKind::forget) {
      ++out_.done.forget;
    } else if ((change.operation == Operation::create || change.operation == Operation::replace) &&
               !made_live_later) {
      ++out_.done.add;
    } else if (change.operation == Operation::update) {
      ++out_.done.change;
    }
  }
  step_progress(graph_.tasks[task].step);
}

void Coordinator::step_progress(StepIndex step) {
  if (--open_tasks_[step] > 0) {
    return;
  }
  --left_;
  for (const StepIndex later : graph_.steps[step].before) {
    if (--waits_for_[later] == 0) {
      ready_.push_back(later);
    }
  }
}

}  // namespace infra
