// What a reply means: done, refused, to be sent again, to be looked for, or not known.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "planner/coordinator.h"

namespace infra {

using std::chrono::milliseconds;

namespace {

constexpr int most_unclear_rounds = 4;
constexpr int most_refused_connections = 3;
constexpr milliseconds shortest_pause{1000};
constexpr milliseconds longest_backoff{60000};

Error not_ready() {
  return Error{ErrorKind::pending,
               "it exists, and was not ready in time",
               {},
               "the next apply goes on from here",
               {},
               false};
}

std::string shown(const Value& value) {
  return contains_secret(value) || value.as<Hidden>() != nullptr
             ? "(sensitive)"
             : to_json(value, SecretText::sensitive);
}

}  // namespace

void Coordinator::settle(const Shared& run, Replies replies) {
  if (refused_as_a_whole(*run, replies)) {
    run->one_by_one = true;
  } else {
    for (std::size_t i = 0; i < run->changes.size(); ++i) {
      if (run->changes[i].finished || (run->only && *run->only != i)) {
        continue;
      }
      if (i >= replies.size()) {
        replies.resize(i, Error{ErrorKind::unclear, "the driver gave no answer"});
        replies.emplace_back(Error{ErrorKind::unclear, "the driver gave no answer"});
      }
      settle_one(run, i, replies[i]);
      run->changes[i].sent_before = true;
    }
  }
  go_on(run);
}

// Definite, several, and no member named: each may have been refused for the fault of another.
bool Coordinator::refused_as_a_whole(const StepRun& run, const Replies& replies) const {
  if (run.one_by_one || run.changes.size() < 2) {
    return false;
  }
  for (std::size_t i = 0; i < run.changes.size(); ++i) {
    const bool refused = i < replies.size() && !replies[i] &&
                         replies[i].error().kind == ErrorKind::invalid &&
                         replies[i].error().path.empty();
    if (run.changes[i].finished || run.changes[i].known || !refused) {
      return false;
    }
  }
  return true;
}

// After every reply and look-up of a step: send what is to be sent again, or be done with it.
void Coordinator::go_on(const Shared& run) {
  if (run->looking > 0) {
    return;
  }
  const auto unfinished = [&] {
    return std::ranges::find_if(run->changes, [](const ChangeRun& c) { return !c.finished; });
  };
  if (run->one_by_one && run->next.empty()) {
    const auto member = unfinished();
    if (member != run->changes.end()) {
      run->only = static_cast<std::size_t>(member - run->changes.begin());
      run->next = {*run->only};
    }
  }
  if (run->next.empty()) {
    --flying_;
    return;
  }
  if (run->next_at > now() && !interrupted()) {
    later_.push_back({run->next_at, [this, run] { send_again(run); }});
  } else {
    send_again(run);
  }
}

void Coordinator::send_again(const Shared& run) {
  const auto next = std::exchange(run->next, {});
  run->next_at = milliseconds(0);
  if (interrupted()) {
    for (const std::size_t index : next) {
      settle_unfinished(run, index, Error{ErrorKind::pending, "interrupted"});
    }
    --flying_;
    return;
  }
  run->door.deadline = std::max(run->door.deadline, now() + milliseconds(60000));
  Commit commit;
  for (const std::size_t index : next) {
    ChangeRun& change = run->changes[index];
    ++change.intent.attempt;
    change.intent.sent_at = draft_.options.world.clock->now().time_since_epoch().count();
    change.change.again = change.ambiguous || change.known;
    commit.put_intents.push_back(change.intent);
  }
  put(std::move(commit));
  batch_has_intents_ = true;
  after_commit_.emplace_back([this, run] { launch(run); });
}

void Coordinator::try_again(StepRun& run, std::size_t index, milliseconds after) {
  run.next.push_back(index);
  run.next_at = std::max(run.next_at, now() + after);
}

void Coordinator::settle_one(const Shared& run, std::size_t index, Reply<Remote>& reply) {
  ChangeRun& change = run->changes[index];
  if (!reply) {
    settle_error(run, index, reply.error());
    return;
  }
  if (change.change.action == Action::remove) {
    succeed_removal(*run, change);
    return;
  }
  if (reply->id.empty()) {
    reply->id = change.change.id;
  }
  if (reply->status == Status::ready ||
      (reply->status == Status::pending && change.pending_after)) {
    succeed(*run, change, *reply);
    return;
  }
  Commit commit;
  note_known(*run, change, *reply, change.took, commit);
  put(std::move(commit));
  if (reply->status == Status::pending) {
    fail_known(*run, change, not_ready());
  } else {
    fail_known(*run, change,
               Error{ErrorKind::broken,
                     "it exists, and will never be ready",
                     {},
                     "the next apply replaces it",
                     {},
                     false});
  }
}

void Coordinator::settle_error(const Shared& run, std::size_t index, const Error& error) {
  ChangeRun& change = run->changes[index];
  const bool creates = change.change.action == Action::create;
  switch (error.kind) {
    case ErrorKind::missing:
      if (change.change.action == Action::remove) {
        succeed_removal(*run, change);
      } else {
        fail(*run, change, error);
      }
      return;
    case ErrorKind::denied:
      denied_.emplace(run->provider, change.change.address);
      fail(*run, change, error);
      return;
    case ErrorKind::exists:
      if (creates) {
        look(run, index, Why::said_to_exist);
      } else {
        fail(*run, change, error);
      }
      return;
    case ErrorKind::stale:
      look_at_document(run, index, error);
      return;
    case ErrorKind::busy: {
      const milliseconds wanted =
          error.after
              ? milliseconds(*error.after)
              : std::min(longest_backoff, shortest_pause * (5 << std::min(change.refusals, 4)));
      ++change.refusals;
      const milliseconds most =
          std::max(milliseconds(change.notes.schema->ready_within), milliseconds(300000));
      if (now() + wanted - run->started > most) {
        fail(*run, change, error);
      } else {
        try_again(*run, index, wanted);
      }
      return;
    }
    case ErrorKind::not_sent:
      if (++change.refusals > most_refused_connections) {
        fail(*run, change, error);
      } else {
        try_again(*run, index, shortest_pause * (1 << change.refusals));
      }
      return;
    case ErrorKind::unclear:
      settle_unclear(run, index, error);
      return;
    case ErrorKind::pending:
      settle_unfinished(run, index, error);
      return;
    case ErrorKind::broken:
      fail_known(*run, change, error);
      return;
    case ErrorKind::none:
    case ErrorKind::invalid:
      fail(*run, change, error);
      return;
  }
}

// It may have been done. Settle, look, go on; or, where that harms nobody, simply go on.
void Coordinator::settle_unclear(const Shared& run, std::size_t index, const Error& error) {
  ChangeRun& change = run->changes[index];
  change.ambiguous = true;
  // What was sent may have left any time until now.
  change.intent.sent_at = draft_.options.world.clock->now().time_since_epoch().count();
  if (interrupted() || ++change.unclear_rounds > most_unclear_rounds) {
    leave_open(*run, change, error);
    return;
  }
  const Adoption::Class how = change.notes.schema->adoption.how;
  const bool nameless = change.change.action == Action::create && !change.known;
  if (error.repeatable || (nameless && how == Adoption::harmless)) {
    try_again(*run, index, shortest_pause);
  } else if (nameless && how == Adoption::none) {
    leave_open(*run, change, error);
  } else {
    look(run, index, Why::answer_was_lost);
  }
}

// The command is ending, or it took too long: what is known is kept, what is not is looked for next
// time.
void Coordinator::settle_unfinished(const Shared& run, std::size_t index, const Error& error) {
  ChangeRun& change = run->changes[index];
  if (change.known || (change.change.action == Action::update && !change.ambiguous)) {
    fail_known(*run, change, error);
  } else if (run->sent == 0 && !change.ambiguous) {
    fail(*run, change, error);  // nothing was sent
  } else {
    change.ambiguous = true;
    leave_open(*run, change, error);
  }
}

// --- endings ---

void Coordinator::succeed(StepRun& run, ChangeRun& change, const Remote& remote) {
  Commit commit;
  note_done(run, change, remote, change.pending_after ? RecordStatus::pending : RecordStatus::ready,
            commit);
  put(std::move(commit));
  batch_has_done_ = true;
  if (!change.pending_after) {
    check_convergence(change, change.record);
  }
  change.finished = true;
  listener_.step_done(change.shown, change.record.id, now() - run.started);
  finish_task(change.task, true);
}

void Coordinator::succeed_removal(StepRun& run, ChangeRun& change) {
  Commit commit;
  const std::string& address = change.change.address;
  commit.remove_intents.push_back(change.intent.op);
  if (!change.shown.deposed.empty()) {
    commit.remove_deposed.push_back(change.shown.deposed);
    draft_.state.deposed.erase(change.shown.deposed);
  } else {
    commit.remove.push_back(address);
    removed_.push_back(draft_.state.resources.extract(address));
  }
  put(std::move(commit));
  batch_has_done_ = true;
  change.finished = true;
  listener_.step_done(change.shown, change.change.id, now() - run.started);
  finish_task(change.task, true);
}

// Nothing was done by this attempt, provably. The intent goes only when that holds of every one.
void Coordinator::fail(StepRun& run, ChangeRun& change, const Error& error) {
  if (change.known) {
    fail_known(run, change, error);
    return;
  }
  if (change.ambiguous) {
    leave_open(run, change, error);
    return;
  }
  Commit commit;
  commit.remove_intents.push_back(change.intent.op);
  put(std::move(commit));
  change.finished = true;
  out_.failed.push_back({change.change.address, error});
  out_.stale = out_.stale || error.kind == ErrorKind::stale;
  failed_because_[change.task] = change.change.address;
  listener_.step_failed(change.shown, error, now() - run.started);
  finish_task(change.task, false);
}

// It exists, and is not what it should be: the row says so, and the next apply goes on from there.
void Coordinator::fail_known(StepRun& run, ChangeRun& change, const Error& error) {
  Commit commit;
  commit.remove_intents.push_back(change.intent.op);
  ResourceRecord record = change.known ? change.record : change.notes.before;
  if (change.change.action != Action::remove && !record.id.empty()) {
    const bool made_now = change.intent.kind == IntentKind::create;
    record.status =
        error.kind == ErrorKind::broken && made_now ? RecordStatus::tainted : RecordStatus::pending;
    if (change.replaces) {
      const auto old = draft_.state.resources.find(record.address);
      if (old != draft_.state.resources.end() && old->second.id != record.id) {
        DeposedRecord deposed{change.intent.op, "replaced", draft_.state.serial, old->second};
        draft_.state.deposed[deposed.op] = deposed;
        commit.put_deposed.push_back(std::move(deposed));
      }
    }
    take_record(change.task, record, {});
    commit.put.push_back(std::move(record));
  }
  put(std::move(commit));
  change.finished = true;
  out_.failed.push_back({change.change.address, error});
  failed_because_[change.task] = change.change.address;
  listener_.step_failed(change.shown, error, now() - run.started);
  finish_task(change.task, false);
}

// Its outcome is not known: the intent stays, and says so.
void Coordinator::leave_open(StepRun& run, ChangeRun& change, const Error& error) {
  change.intent.error = error.message;
  change.intent.took = change.took;
  Commit commit;
  commit.put_intents.push_back(change.intent);
  put(std::move(commit));
  change.finished = true;
  out_.unknown.push_back({change.intent.op, change.change.address, change.intent.kind,
                          change.intent.sent_at, change.intent.adoption != "none"});
  failed_because_[change.task] = change.change.address;
  listener_.step_failed(change.shown, error, now() - run.started);
  finish_task(change.task, false);
}

// --- rows ---

// From a job's thread: durable when it returns.
Reply<Done> Coordinator::record(StepRun& run, std::size_t index, const Remote& remote,
                                std::vector<Path> took) {
  if (index >= run.changes.size()) {
    return Done{};  // a member that only stays
  }
  const auto ticket = std::make_shared<Ticket>();
  post([this, &run, index, remote, took = std::move(took), ticket] {
    ChangeRun& change = run.changes[index];
    Commit commit;
    for (const auto& path : took) {
      change.took.push_back(path);
    }
    note_known(run, change, remote, change.took, commit);
    put(std::move(commit));
    batch_has_known_ = true;
    after_commit_.emplace_back([this, &change, ticket] {
      listener_.step_known(change.shown, change.intent.result_id);
      runner_.answer(*ticket, Done{});
    });
  });
  return runner_.await(*ticket);
}

void Coordinator::note_known(StepRun& run, ChangeRun& change, const Remote& remote,
                             const std::vector<Path>& took, Commit& commit) {
  if (change.change.action == Action::remove) {
    return;
  }
  Remote known = remote;
  if (known.id.empty()) {
    known.id = change.change.id;
  }
  const std::string parent = change.intent.parent.empty() ? run.parent : change.intent.parent;
  change.record =
      known_record(change.notes, known, change.notes.schema->parent.empty() ? "" : parent, took,
                   draft_.fingerprints);
  change.known = true;
  change.change.id = known.id;
  change.intent.phase = IntentPhase::known;
  change.intent.result_id = known.id;
  change.intent.took = took;
  if (!change.replaces) {
    commit.put.push_back(change.record);
    take_record(change.task, change.record, known);
  }
  commit.put_intents.push_back(change.intent);
}

void Coordinator::note_done(StepRun& run, ChangeRun& change, const Remote& remote,
                            RecordStatus status, Commit& commit) {
  std::string parent = parent_id(*change.notes.schema, change.change.desired);
  if (parent.empty() && !change.notes.schema->parent.empty()) {
    knowledge_parent(run, change, parent);
  }
  draft_.knowledge.resolve_references(change.notes.desired);  // born in this call, named by now
  change.record = done_record(change.notes, remote, parent, status, draft_.fingerprints);
  const std::string& address = change.record.address;
  if (change.replaces) {
    const auto old = draft_.state.resources.find(address);
    if (old != draft_.state.resources.end() && old->second.id != change.record.id) {
      DeposedRecord deposed{change.intent.op, "replaced", draft_.state.serial, old->second};
      draft_.state.deposed[deposed.op] = deposed;
      commit.put_deposed.push_back(std::move(deposed));
    }
  }
  commit.put.push_back(change.record);
  commit.remove_intents.push_back(change.intent.op);
  take_record(change.task, change.record, remote);
}

// Its container was born in the same call: named by now.
void Coordinator::knowledge_parent(const StepRun& run, const ChangeRun& change,
                                   std::string& parent) {
  Value reference = change.change.desired.at(change.notes.schema->parent);
  draft_.knowledge.resolve_references(reference);
  parent = reference.reference().id;
  if (!parent.empty()) {
    return;
  }
  for (const auto& other : run.changes) {
    if (other.change.address == reference.reference().address) {
      parent = other.change.id;
    }
  }
}

void Coordinator::take_record(TaskIndex task, const ResourceRecord& record, const Remote& remote) {
  ResourceRecord& kept = draft_.state.resources[record.address];
  kept = record;
  const NodeIndex node = graph_.tasks[task].node;
  draft_.observations[record.address] = {Seen::present, record.marks, remote.status,
                                         remote.version};
  if (node == no_node) {
    return;
  }
  Fact& fact = draft_.knowledge[node];
  fact.record = &kept;
  fact.born = true;
  fact.ready = record.status == RecordStatus::ready;
  fact.changed.clear();
}

// After an apply the next plan must be empty: what was read back is what was asked for.
void Coordinator::check_convergence(const ChangeRun& change, const ResourceRecord& record) {
  const LeafInput leaves{change.notes.schema, &change.notes.desired, &record,
                         &record.live,        &record.marks,         &draft_.fingerprints};
  for (const auto& leaf : compare_leaves(leaves).drift) {
    const Value& asked = change.notes.desired.at(leaf.path);
    out_.divergences.push_back({record.address, leaf.path,
                                leaf.sensitive ? "(sensitive)" : shown(asked),
                                leaf.sensitive ? "(sensitive)" : shown(leaf.after)});
  }
}

}  // namespace infra
