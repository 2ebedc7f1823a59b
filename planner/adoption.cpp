// Looking for what a call may have made, and going on with what is found.
#include <fmt/format.h>

#include <algorithm>

#include "base/kinds.h"
#include "planner/coordinator.h"

namespace infra {

using std::chrono::milliseconds;

std::set<std::string> Coordinator::known_ids(const std::string& type,
                                             const std::string& except) const {
  std::set<std::string> ids;
  for (const auto& [address, record] : draft_.state.resources) {
    if (record.type == type && address != except) {
      ids.insert(record.id);
    }
  }
  for (const auto& [op, deposed] : draft_.state.deposed) {
    if (deposed.record.type == type) {
      ids.insert(deposed.record.id);
    }
  }
  return ids;
}

LookupInput Coordinator::lookup_input(const StepRun& run, const ChangeRun& change) const {
  LookupInput input;
  input.counterpart = run.counterpart;
  if (const auto own = draft_.doorway.counterpart(run.provider, change.intent.type);
      own.index() == 0) {
    input.counterpart = std::get<0>(own);
  }
  input.door = run.door;
  input.door.deadline = milliseconds(0);
  input.door.memory = std::make_shared<Memory>();
  input.intent = change.intent;
  if (input.intent.parent.empty()) {
    input.intent.parent = change.notes.schema->parent.empty() ? std::string() : run.parent;
  }
  input.known = known_ids(change.intent.type, change.replaces ? "" : change.change.address);
  input.clock = draft_.options.world.clock;
  input.wait = [this](milliseconds time) {
    return runner_.wait(time, [this] { return interrupted(); });
  };
  return input;
}

void Coordinator::look(const Shared& run, std::size_t index, Why why) {
  ++run->looking;
  start_job([this, run, index, why, input = lookup_input(*run, run->changes[index])] {
    LookupResult result;
    if (why != Why::said_to_exist) {
      result = look_up(input);
    } else if (auto found = look_once(input)) {
      result = {found->empty() ? LookupEnd::absent : LookupEnd::found, std::move(*found), {}};
    } else {
      result = {LookupEnd::interrupted, {}, found.error().message};
    }
    post([this, run, index, why, result = std::move(result)]() mutable {
      --run->looking;
      if (why == Why::answer_was_lost) {
        looked(run, index, true, std::move(result));
      } else {
        found_before(run, index, std::move(result));
      }
      go_on(run);
    });
  });
}

// After an answer was lost.
void Coordinator::looked(const Shared& run, std::size_t index, bool settled, LookupResult result) {
  ChangeRun& change = run->changes[index];
  const bool removes = change.change.action == Action::remove;
  switch (result.end) {
    case LookupEnd::found:
      if (removes) {
        try_again(*run, index, milliseconds(0));
      } else {
        adopt(run, index, result.objects);
      }
      return;
    case LookupEnd::absent:
      if (removes) {
        succeed_removal(*run, change);
      } else if (change.intent.kind == IntentKind::create && !change.known) {
        change.ambiguous = !settled;
        try_again(*run, index, milliseconds(0));
      } else {
        fail(*run, change, Error{ErrorKind::missing, "it does not exist any more"});
      }
      return;
    case LookupEnd::unresolvable:
    case LookupEnd::interrupted:
      leave_open(
          *run, change,
          Error{ErrorKind::unclear, result.error.empty() ? "the answer was lost" : result.error});
      return;
  }
}

// The platform says that it exists: ours, or a stranger's of the same name.
void Coordinator::found_before(const Shared& run, std::size_t index, LookupResult result) {
  ChangeRun& change = run->changes[index];
  const bool ours = result.end == LookupEnd::found &&
                    (change.ambiguous || looks_like_ours(change, result.objects.front()));
  if (ours) {
    adopt(run, index, result.objects);
    return;
  }
  if (result.end == LookupEnd::interrupted) {
    change.ambiguous = true;
    leave_open(*run, change, Error{ErrorKind::unclear, result.error});
    return;
  }
  if (result.end == LookupEnd::absent && change.intent.baseline.empty() && !change.doubted) {
    change.doubted = true;  // listings lag behind
    look(run, index, Why::exists_unlisted);
    return;
  }
  change.ambiguous = false;
  const std::string name = change.change.desired.at("/name").text();
  Error error{ErrorKind::exists,
              fmt::format("there is already one of the name `{}`, which infra did not make", name)};
  error.help = change.intent.baseline.empty()
                   ? "give it another name, or take the other over with `adopt`"
                   : fmt::format(
                         "give it another name, or take it over: adopt {{ address = {}, "
                         "id = \"{}\" }}",
                         change.change.address, change.intent.baseline.front());
  fail(*run, change, error);
}

// Nothing marks it, and it was not there before: it is taken for ours when it is in all that it
// shows what was asked for.
bool Coordinator::looks_like_ours(const ChangeRun& change, const Remote& remote) const {
  if (!remote.marker.empty()) {
    return remote.marker == change.intent.marker;
  }
  bool alike = true;
  for_each_owned_leaf(change.change.desired, "", [&](const Path& path, const Value& leaf) {
    const Value& live = remote.attributes.at(path);
    if (leaf.is_null() || contains_secret(leaf) || live.as<Hidden>() != nullptr) {
      return;
    }
    const Attribute* attribute = find_attribute(*change.notes.schema, path);
    const Same mode = attribute == nullptr ? Same::exact : attribute->same;
    const bool left_to_default =
        live.is_null() && attribute != nullptr && same(leaf, attribute->otherwise);
    alike = alike && (left_to_default || same_spelling(leaf, live, mode));
  });
  return alike;
}

// It is there: recorded at once, then brought to what it should be. Of several the first is kept;
// the others are named, and removed later.
void Coordinator::adopt(const Shared& run, std::size_t index, const std::vector<Remote>& objects) {
  ChangeRun& change = run->changes[index];
  const Remote& remote = objects.front();
  Commit commit;
  note_known(*run, change, remote, change.took, commit);
  for (auto twin = objects.begin() + 1; twin != objects.end(); ++twin) {
    DeposedRecord deposed{change.intent.op + "-" + twin->id, "duplicate", draft_.state.serial,
                          change.record};
    deposed.record.id = twin->id;
    draft_.state.deposed[deposed.op] = deposed;
    commit.put_deposed.push_back(std::move(deposed));
  }
  put(std::move(commit));
  batch_has_known_ = true;
  listener_.step_known(change.shown, remote.id);
  if (change.change.action == Action::create) {
    change.change.action = Action::update;
    change.notes.before = change.record;
  }
  change.change.live = change.record.live;
  change.change.keep = remote.keep;
  change.change.changed = differing(in_, *change.notes.schema, change.notes.desired, change.record);
  change.ambiguous = false;
  const bool as_wanted = change.change.changed.empty() && !change.change.redeploy &&
                         remote.status == Status::ready && !change.pending_after;
  if (as_wanted) {
    succeed(*run, change, remote);
  } else {
    change.ambiguous = true;
    try_again(*run, index, milliseconds(0));
  }
}

// The document it lives in has changed since it was read. Where our own leaves are as they were, it
// is sent again with the new version.
void Coordinator::look_at_document(const Shared& run, std::size_t index, const Error& error) {
  ChangeRun& change = run->changes[index];
  if (++change.stale_rounds > most_stale_rounds_) {
    fail(*run, change, error);
    return;
  }
  ++run->looking;
  start_job([this, run, index, error, input = lookup_input(*run, change)] {
    const auto reader = open_reader(input.door);
    auto listed = input.counterpart.driver->list(
        {input.counterpart.schema->name, input.intent.parent, {}, {}}, *reader);
    post([this, run, index, error, listed = std::move(listed)]() mutable {
      --run->looking;
      ChangeRun& mine = run->changes[index];
      bool same_as_before = bool(listed);
      if (listed) {
        for (const auto& remote : *listed) {
          run->version = remote.version;
          if (remote.id != mine.change.id) {
            continue;
          }
          const auto kept = keep_read_back(*mine.notes.schema, remote, Value(), mine.notes.before,
                                           draft_.fingerprints);
          const LeafInput leaves{mine.notes.schema, &mine.notes.desired, &mine.notes.before,
                                 &kept.live,        &kept.marks,         &draft_.fingerprints};
          const auto now_drifted = compare_leaves(leaves).drift.size();
          const LeafInput planned{mine.notes.schema,        &mine.notes.desired,
                                  &mine.notes.before,       &mine.notes.before.live,
                                  &mine.notes.before.marks, &draft_.fingerprints};
          same_as_before = now_drifted == compare_leaves(planned).drift.size();
        }
      }
      if (same_as_before) {
        try_again(*run, index, milliseconds(0));
      } else {
        fail(*run, mine, error);
      }
      go_on(run);
    });
  });
}

}  // namespace infra
