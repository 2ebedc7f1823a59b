// planner/lookup.h — finding again what a lost call may have made: by its adoption class, believing
// "absent" only after its settle time.
//
// Runs on a job's thread: it blocks, and its waits end with the command.
#pragma once
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "planner/doorway.h"
#include "state/record.h"

namespace infra {

struct LookupInput {
  Counterpart counterpart;
  DoorContext door;
  Intent intent;                // class, marker, baseline, desired, ids, and when it was sent
  std::set<std::string> known;  // ids of this type that other rows of the state hold
  std::function<Reply<Done>(std::chrono::milliseconds)> wait;
  const Clock* clock = nullptr;
};

enum class LookupEnd : std::uint8_t {
  found,         // one: `objects[0]`; of several, the others are twins of it
  absent,        // believed: the settle time has passed
  unresolvable,  // its class leaves no way to look
  interrupted,   // the command ends, or the platform cannot be read now: `error`
};
struct LookupResult {
  LookupEnd end = LookupEnd::unresolvable;
  std::vector<Remote> objects;
  std::string error;
};

// What became of a create, or of an object whose id is known.
[[nodiscard]] LookupResult look_up(const LookupInput& input);

// One look, without waiting: the objects that can be the one, in id order.
[[nodiscard]] Reply<std::vector<Remote>> look_once(const LookupInput& input);

// What a type is known by within its container: the texts at its `by` paths. "": one of them is
// not there.
[[nodiscard]] std::string known_by(const TypeSchema& schema, const Value& attributes);

}  // namespace infra
