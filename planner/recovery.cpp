#include "planner/recovery.h"

#include <algorithm>

#include "base/address.h"
#include "base/kinds.h"
#include "planner/journal.h"

namespace infra {
namespace {

const ResourceRecord* row_of(const State& state, const std::string& address) {
  const auto found = state.resources.find(address);
  return found == state.resources.end() ? nullptr : &found->second;
}

const DeposedRecord* deposed_of(const State& state, const Intent& intent) {
  for (const auto& [op, deposed] : state.deposed) {
    if (deposed.record.address == intent.address && deposed.record.id == intent.before_id) {
      return &deposed;
    }
  }
  return nullptr;
}

ResourceRecord born_record(const TypeSchema& schema, const Intent& intent, bool ephemeral) {
  ResourceRecord record;
  record.address = intent.address;
  record.generation = intent.generation;
  record.provider = intent.provider;
  record.type = intent.type;
  record.marker = intent.marker;
  record.parent = intent.parent;
  record.applied = Object{};
  record.live = Object{};
  const Kind* kind = find_kind(address_kind(intent.address));
  const bool guarded =
      kind != nullptr && kind->guarded && address_owner(intent.address) == intent.address;
  record.stateful = (guarded || schema.stateful) && !ephemeral;
  record.delete_first = schema.delete_first;
  return record;
}

// It is there: its row says pending, so that the plan which follows goes on with it.
void adopt_created(const State& state, const TypeSchema& schema, bool ephemeral,
                   const Intent& intent, const LookupResult& result,
                   const Fingerprints& fingerprints, Settlement& out) {
  const ResourceRecord* row = row_of(state, intent.address);
  const Remote& remote = result.objects.front();
  const bool is_row = row != nullptr && row->id == remote.id;
  ObjectNotes notes{&schema, is_row ? *row : born_record(schema, intent, ephemeral),
                    intent.desired};
  ResourceRecord record = known_record(notes, remote, intent.parent, intent.took, fingerprints);
  record.generation = intent.generation;
  if (row != nullptr && !is_row && !row->id.empty()) {  // the replaced one waits for its removal
    record.dependencies = row->dependencies;
    record.protected_ = row->protected_;
    out.commit.put_deposed.push_back({intent.op, "replaced", state.serial, *row});
  }
  for (std::size_t i = 1; i < result.objects.size(); ++i) {
    DeposedRecord twin{intent.op + "-" + result.objects[i].id, "duplicate", state.serial, record};
    twin.record.id = result.objects[i].id;
    out.commit.put_deposed.push_back(std::move(twin));
  }
  out.commit.put.push_back(std::move(record));
  out.how = "adopted";
}

}  // namespace

Settlement settle_intent(const State& state, const TypeSchema& schema, bool ephemeral,
                         const Intent& intent, const LookupResult& result,
                         const Fingerprints& fingerprints) {
  Settlement out;
  if (result.end == LookupEnd::unresolvable || result.end == LookupEnd::interrupted) {
    out.how = "unresolved";
    return out;
  }
  const bool found = result.end == LookupEnd::found;
  const ResourceRecord* row = row_of(state, intent.address);
  out.commit.remove_intents.push_back(intent.op);
  switch (intent.kind) {
    case IntentKind::create:
      if (found) {
        adopt_created(state, schema, ephemeral, intent, result, fingerprints, out);
      } else {
        out.how = "discarded";
        if (row != nullptr && !intent.result_id.empty() && row->id == intent.result_id) {
          out.commit.remove.push_back(intent.address);
        }
      }
      break;
    case IntentKind::update:
      out.how = found ? "retried" : "discarded";
      if (found && row != nullptr) {
        ResourceRecord record = *row;
        record.status = RecordStatus::pending;  // the plan that follows sees it through
        out.commit.put.push_back(std::move(record));
      }
      break;
    case IntentKind::remove:
      out.how = found ? "retried" : "settled";
      if (!found) {
        if (const auto* deposed = deposed_of(state, intent)) {
          out.commit.remove_deposed.push_back(deposed->op);
        } else if (row != nullptr && row->id == intent.before_id) {
          out.commit.remove.push_back(intent.address);
        }
      }
      break;
  }
  return out;
}

namespace {

class Recovery {
 public:
  explicit Recovery(const RecoveryInput& input)
      : in_(input),
        doorway_(input.graph, input.options, input.runner),
        listener_(input.options.listener == nullptr ? silent_ : *input.options.listener) {}

  Recovered run() {
    collect();
    std::vector<Runner::Job> jobs;
    for (auto& look : looks_) {
      if (look.possible) {
        jobs.push_back([&look] { look.result = look_up(look.input); });
      }
    }
    run_all(in_.runner, std::move(jobs), [this] { listener_.tick(); });
    for (const auto& look : looks_) {
      finish(look);
    }
    return std::move(out_);
  }

 private:
  struct Look {
    Intent intent;
    LookupInput input;
    LookupResult result;
    bool possible = false;
  };

  void collect() {
    const State& state = in_.store.state();
    std::vector<Intent> intents;
    for (const auto& [op, intent] : state.intents) {
      intents.push_back(intent);
    }
    std::ranges::stable_sort(intents, [](const Intent& left, const Intent& right) {
      return address_less(left.address, right.address);
    });
    for (const auto& intent : intents) {
      last_sent_ = std::max(last_sent_, intent.sent_at);
    }
    looks_.reserve(intents.size());
    for (auto& intent : intents) {
      listener_.recovering(intent);
      looks_.push_back(look_for(std::move(intent)));
    }
  }

  Look look_for(Intent intent) {
    const State& state = in_.store.state();
    Look look;
    look.intent = std::move(intent);
    const auto counterpart = doorway_.counterpart(look.intent.provider, look.intent.type);
    if (counterpart.index() != 0) {
      look.result = {LookupEnd::interrupted, {}, std::get<1>(counterpart)};
      return look;
    }
    look.input.counterpart = std::get<0>(counterpart);
    const ResourceRecord* row = row_of(state, look.intent.address);
    const Value attributes = look.intent.kind == IntentKind::remove
                                 ? (row == nullptr ? Value() : row->applied)
                                 : look.intent.desired;
    auto door = doorway_.context(look.input.counterpart, attributes, remembered_outputs(state),
                                 std::make_shared<Memory>());
    if (door.index() != 0) {
      look.result = {LookupEnd::interrupted, {}, std::get<1>(door)};
      return look;
    }
    look.input.door = std::get<0>(std::move(door));
    look.input.intent = look.intent;
    look.input.intent.sent_at = last_sent_;  // the process lived at least until then, and an intent
                                             // may have waited for its turn
    look.input.clock = in_.options.world.clock;
    look.input.wait = look.input.door.wait;
    for (const auto& [address, record] : state.resources) {
      const bool own = address == look.intent.address && record.id == look.intent.result_id;
      if (record.type == look.intent.type && !own) {
        look.input.known.insert(record.id);
      }
    }
    for (const auto& [op, deposed] : state.deposed) {
      look.input.known.insert(deposed.record.id);
    }
    look.possible = true;
    return look;
  }

  void finish(const Look& look) {
    Settlement settlement{{}, "unresolved"};
    if (look.possible) {
      settlement =
          settle_intent(in_.store.state(), *look.input.counterpart.schema,
                        in_.graph.settings.ephemeral, look.intent, look.result, in_.fingerprints);
    }
    if (settlement.how == "unresolved") {
      out_.blocked.insert(look.intent.address);
      out_.unknown.push_back({look.intent.op, look.intent.address, look.intent.kind,
                              look.intent.sent_at, look.intent.adoption != "none"});
    }
    pass_point(in_.hooks, "recover.before_settled");
    if (!settlement.commit.empty()) {
      in_.store.commit(std::move(settlement.commit));
    }
    pass_point(in_.hooks, "recover.after_settled");
    listener_.recovered(look.intent, settlement.how);
  }

  const RecoveryInput& in_;
  Doorway doorway_;
  Listener silent_;
  Listener& listener_;
  std::vector<Look> looks_;
  std::int64_t last_sent_ = 0;
  Recovered out_;
};

}  // namespace

Recovered settle_intents(const RecoveryInput& input) {
  return input.store.state().intents.empty() ? Recovered() : Recovery(input).run();
}

}  // namespace infra
