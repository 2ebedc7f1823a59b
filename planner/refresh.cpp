#include "planner/refresh.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <set>

#include "base/text.h"

namespace infra {
namespace {

constexpr std::size_t most_doubted = 200;  // of one listing; beyond, it is taken at its word

struct Target {  // one record to be looked at
  ResourceRecord* record = nullptr;
};

struct Look {  // one call: a listing, or one read
  Counterpart counterpart;
  std::string provider, parent, read_id;
  std::vector<Target> targets;
  DoorContext door;
  std::optional<Error> error;
  bool unreachable = false;  // for a reason that is told elsewhere
  std::vector<Remote> found;
};

std::string provider_of(const ResourceRecord& record, const Expansion& expansion) {
  const NodeIndex index = expansion.find(record.address);
  const bool same_type = index != no_node && expansion[index].type == record.type;
  return same_type ? expansion[index].provider : record.provider;
}

class Refresher {
 public:
  Refresher(State& state, const RefreshInput& input, Diagnostics& diagnostics)
      : state_(state), in_(input), diagnostics_(diagnostics) {}

  Refreshed run() {
    collect();
    std::vector<Look*> first, through;
    for (auto& [key, look] : looks_) {
      const Endpoint* endpoint = Doorway::endpoint_of(look.counterpart);
      (endpoint != nullptr && !endpoint->through.empty() ? through : first).push_back(&look);
    }
    look_at(first);
    look_at(through);  // their doors are filled from what the first ones have shown
    for (auto& [key, look] : looks_) {
      take(look);
    }
    return std::move(out_);
  }

 private:
  void collect() {
    for (auto& [address, record] : state_.resources) {
      if (record.type == secret_type || record.id.empty()) {
        continue;
      }
      const std::string provider = provider_of(record, *in_.expansion);
      auto counterpart = in_.doorway->counterpart(provider, record.type);
      if (counterpart.index() != 0) {
        complain(provider, record.address, std::get<1>(counterpart), {});
        continue;
      }
      add(std::get<0>(counterpart), provider, record);
    }
  }

  void add(const Counterpart& counterpart, const std::string& provider, ResourceRecord& record) {
    const bool by_read = counterpart.schema->refresh_by_read;
    // A door through another resource belongs to that one: its listings are not shared.
    const Endpoint* endpoint = Doorway::endpoint_of(counterpart);
    const std::string through = endpoint != nullptr && !endpoint->through.empty()
                                    ? record.applied.at(endpoint->through).reference().address
                                    : std::string();
    const std::string key = provider + '\n' + record.type + '\n' + record.parent + '\n' +
                            (by_read ? record.id : "") + '\n' + through;
    Look& look = looks_[key];
    look.counterpart = counterpart;
    look.provider = provider;
    look.parent = record.parent;
    look.read_id = by_read ? record.id : "";
    look.targets.push_back({&record});
  }

  void look_at(const std::vector<Look*>& looks) {
    std::vector<Runner::Job> jobs;
    const Outputs outputs = remembered_outputs(state_);
    for (Look* look : looks) {
      if (const Observation* way_in = way_into(*look); way_in != nullptr) {
        if (way_in->seen == Seen::absent) {  // what is reached through it is gone with it
          look->error = Error{ErrorKind::missing, {}, {}, {}, {}, false};
          continue;
        }
        if (way_in->status == Status::broken) {  // repaired first; until then what is remembered
          look->unreachable = true;              // holds
          continue;
        }
      }
      auto door = in_.doorway->context(look->counterpart, look->targets.front().record->applied,
                                       outputs, memory(look->provider));
      if (door.index() != 0) {
        look->error = Error{ErrorKind::denied, std::get<1>(door), {}, {}, {}, false};
        continue;
      }
      look->door = std::get<0>(std::move(door));
      ++out_.calls[look->provider];
      if (in_.options->listener != nullptr) {
        in_.options->listener->refresh_started(look->provider, look->counterpart.schema->name);
      }
      jobs.push_back([look] { ask(*look); });
    }
    run_all(*in_.runner, std::move(jobs), [this] {
      if (in_.options->listener != nullptr) {
        in_.options->listener->tick();
      }
    });
    for (Look* look : looks) {
      show_live(*look);
    }
  }

  // The resource through which these are reached, as it was just seen; nullptr: there is none.
  const Observation* way_into(const Look& look) const {
    const Endpoint* endpoint = Doorway::endpoint_of(look.counterpart);
    if (endpoint == nullptr || endpoint->through.empty()) {
      return nullptr;
    }
    const auto& target =
        look.targets.front().record->applied.at(endpoint->through).reference().address;
    const auto seen = out_.by_address.find(target);
    return seen == out_.by_address.end() ? nullptr : &seen->second;
  }

  static void ask(Look& look) {
    const auto reader = open_reader(look.door);
    Query query{look.counterpart.schema->name, look.parent, look.read_id, {}};
    if (!look.read_id.empty()) {
      auto one = look.counterpart.driver->read(query, *reader);
      if (one) {
        look.found.push_back(std::move(*one));
      } else {
        look.error = one.error();
      }
      return;
    }
    auto all = look.counterpart.driver->list(query, *reader);
    if (!all) {
      look.error = all.error();
      return;
    }
    look.found = std::move(*all);
    doubt_absence(look, *reader);
  }

  // Listings lag behind: what one does not show is asked for by its id before it is believed gone.
  static void doubt_absence(Look& look, Reader& reader) {
    std::set<std::string_view> listed;
    for (const auto& remote : look.found) {
      listed.insert(remote.id);
    }
    std::vector<std::string_view> unlisted;
    for (const auto& target : look.targets) {
      if (!listed.contains(target.record->id)) {
        unlisted.push_back(target.record->id);
      }
    }
    if (unlisted.size() > most_doubted) {
      return;
    }
    std::vector<Remote> found;
    for (const std::string_view id : unlisted) {
      auto one = look.counterpart.driver->read({look.counterpart.schema->name, look.parent, id, {}},
                                               reader);
      if (one) {
        found.push_back(std::move(*one));
      } else if (one.error().kind != ErrorKind::missing) {
        look.error = one.error();
        return;
      }
    }
    std::ranges::move(found, std::back_inserter(look.found));
  }

  std::shared_ptr<Memory> memory(const std::string& provider) {
    auto& shared = memories_[provider];
    if (shared == nullptr) {
      shared = std::make_shared<Memory>();
    }
    return shared;
  }

  // Writes what was found into the records, so that doors through them open.
  void show_live(Look& look) {
    if (in_.options->listener != nullptr) {
      in_.options->listener->refresh_done(look.provider, look.counterpart.schema->name,
                                          look.found.size());
    }
    std::unordered_map<std::string_view, Remote*> by_id;
    for (auto& remote : look.found) {
      by_id.emplace(remote.id, &remote);
    }
    for (auto& target : look.targets) {
      Observation& seen = out_.by_address[target.record->address];
      const auto found = by_id.find(target.record->id);
      if (found != by_id.end()) {
        auto kept = keep_read_back(*look.counterpart.schema, *found->second, Value(),
                                   *target.record, *in_.fingerprints);
        target.record->live = std::move(kept.live);
        seen = {Seen::present, std::move(kept.marks), found->second->status,
                found->second->version};
      } else if (look.unreachable) {
        seen.marks = target.record->marks;
      } else if (!look.error || look.error->kind == ErrorKind::missing) {
        seen.seen = Seen::absent;
      } else {
        seen.marks = target.record->marks;
      }
    }
  }

  // A request that was sent twice by what lies between leaves two objects with one marker.
  void note_twins(const Look& look) {
    std::map<std::string_view, const ResourceRecord*> by_marker;
    for (const auto& target : look.targets) {
      by_marker.emplace(target.record->marker, target.record);
    }
    for (const auto& remote : look.found) {
      const auto owner = remote.marker.empty() ? by_marker.end() : by_marker.find(remote.marker);
      if (owner == by_marker.end() || owner->second->id == remote.id) {
        continue;
      }
      const bool known = std::ranges::any_of(state_.deposed, [&](const auto& deposed) {
        return deposed.second.record.id == remote.id;
      });
      if (!known) {
        out_.twins.push_back({owner->second->address, remote.id, look.parent});
      }
    }
  }

  void take(const Look& look) {
    note_twins(look);
    if (look.error && look.error->kind != ErrorKind::missing) {
      complain(look.provider, look.targets.front().record->address, look.error->message,
               look.error->help);
    }
  }

  void complain(const std::string& provider, const std::string& address, const std::string& why,
                const std::string& help) {
    out_.complete = false;
    if (!complained_.insert(provider + why).second) {
      return;
    }
    Diagnostic error;
    error.code = "E0804";
    error.message = fmt::format("cannot read `{}` from {}: {}", address, provider, printable(why));
    error.has_span = false;
    error.address = address;
    if (!help.empty()) {
      error.help.push_back(help);
    }
    error.help.push_back("the plan is incomplete; `--refresh=false` plans with what is remembered");
    diagnostics_.add(std::move(error));
  }

  State& state_;
  const RefreshInput& in_;
  Diagnostics& diagnostics_;
  Refreshed out_;
  std::map<std::string, Look> looks_;
  std::map<std::string, std::shared_ptr<Memory>> memories_;
  std::set<std::string> complained_;
};

}  // namespace

Outputs remembered_outputs(const State& state) {
  return [&state](std::string_view address, std::string_view output) -> Value {
    const auto found = state.resources.find(address);
    if (found == state.resources.end()) {
      return Unknown{};
    }
    return output == "/id" ? Value(found->second.id) : found->second.live.at(output);
  };
}

Refreshed refresh(State& state, const RefreshInput& input, Diagnostics& diagnostics) {
  return Refresher(state, input, diagnostics).run();
}

Reply<Remote> read_one(const RefreshInput& input, const Counterpart& counterpart,
                       const std::string& id, const Value& attributes, const Outputs& outputs) {
  auto door = input.doorway->context(counterpart, attributes, outputs, std::make_shared<Memory>());
  if (door.index() != 0) {
    return Error{ErrorKind::denied, std::get<1>(door), {}, {}, {}, false};
  }
  std::optional<Reply<Remote>> reply;
  run_all(*input.runner, {[&] {
    const auto reader = open_reader(std::get<0>(door));
    const Query query{counterpart.schema->name, {}, id, {}};
    reply.emplace(counterpart.driver->read(query, *reader));
  }},
          {});
  return std::move(*reply);
}

}  // namespace infra
