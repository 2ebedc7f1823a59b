// What was there of a name before anything was sent: so that what a lost call made can be told from
// what others made.
#include <fmt/format.h>

#include "planner/coordinator.h"

namespace infra {

bool Coordinator::needs_listing(const ChangeRun& change) const {
  if (change.change.action != Action::create || change.finished) {
    return false;
  }
  const Adoption::Class how = change.notes.schema->adoption.how;
  const bool by_name = how == Adoption::unique || how == Adoption::listed;
  const bool stage_two = change.shown.stage == 2 && how == Adoption::key;
  // What is born into a container that is born in this run has no neighbours yet.
  const bool has_container = change.notes.schema->parent.empty() || !change.intent.parent.empty();
  return (by_name || stage_two) && has_container;
}

std::string Coordinator::listing_key(const StepRun& run, const ChangeRun& change) const {
  const Endpoint* endpoint = Doorway::endpoint_of(run.counterpart);
  const std::string through = endpoint == nullptr || endpoint->through.empty()
                                  ? std::string()
                                  : change.change.desired.at(endpoint->through).reference().address;
  return fmt::format("{}\n{}\n{}\n{}", run.provider, change.intent.type, change.intent.parent,
                     through);
}

void Coordinator::list_then(const Shared& run, std::size_t index, std::function<void()> then) {
  const ChangeRun& change = run->changes[index];
  Listing& listing = listings_[listing_key(*run, change)];
  listing.waiting.push_back(std::move(then));
  if (listing.asked) {
    return;
  }
  listing.asked = true;
  const TypeSchema* schema = change.notes.schema;
  const std::string parent = change.intent.parent;
  start_job([this, run, schema, parent, &listing] {
    const auto reader = open_reader(run->door);
    auto found = run->counterpart.driver->list({schema->name, parent, {}, {}}, *reader);
    post([this, schema, &listing, found = std::move(found)]() mutable {
      if (found) {
        for (auto& remote : *found) {
          std::string name = known_by(*schema, remote.attributes);
          listing.by_name.emplace(std::move(name), std::move(remote));
        }
      }
      listing.done = true;  // what cannot be listed has no baseline: a twin is then told by marker
      auto waiting = std::move(listing.waiting);
      listing.waiting.clear();
      for (auto& then_do : waiting) {
        then_do();
      }
    });
  });
}

void Coordinator::take_baseline(StepRun& run, ChangeRun& change) {
  if (!needs_listing(change)) {
    return;
  }
  Listing& listing = listings_[listing_key(run, change)];
  const std::string name = known_by(*change.notes.schema, change.change.desired);
  const auto [first, last] = listing.by_name.equal_range(name);
  for (auto found = first; found != last && !name.empty(); ++found) {
    if (change.notes.schema->adoption.how == Adoption::key) {
      // Only seen now that its way in is open: it is there already, so it is brought to what it
      // should be.
      change.change.action = Action::update;
      change.change.id = found->second.id;
      change.change.live = found->second.attributes;
      change.change.keep = found->second.keep;
      change.notes.before.id = found->second.id;
    } else {
      change.intent.baseline.push_back(found->second.id);
    }
  }
}

}  // namespace infra
