// providers/simulator/behaviour.h — how an imitated platform behaves in time, and what it makes of
// the values it is given.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/schema.h"
#include "base/value.h"
#include "providers/provider.h"

namespace infra {

// In time on the cloud's clock.
struct Behaviour {
  std::chrono::milliseconds ready_after{0};   // from its birth, or a redeploy, until it is ready
  std::chrono::milliseconds effect_delay{0};  // from the answer until the change can be seen
  std::chrono::milliseconds list_lag{0};      // from its birth until a listing shows it
  std::chrono::milliseconds delete_lag{0};    // a removed one is still listed, its name still taken
  bool rewrites = true;    // values are stored in the platform's own spelling, never echoed
  bool versioned = false;  // its container is one document with an ETag
};

// By type name; "" holds for every type that is not named.
using Behaviours = std::map<std::string, Behaviour, std::less<>>;

// How a type of any driver typically behaves, told from its schema alone: what a rehearsal assumes.
[[nodiscard]] Behaviour typical_behaviour(const TypeSchema& type);
// How long one change of it typically takes until it is ready.
[[nodiscard]] std::chrono::milliseconds expected_duration(const TypeSchema& type, Action action);

// The platform's own spelling of a value that it takes for the same: another order, letter case,
// slash, or full image name. Exact values stay as they are.
[[nodiscard]] Value rewritten(Same same, const Value& value);

// The address of `service.web` as a platform shows it: without the author's name for it.
[[nodiscard]] Value without_addresses(const Value& value);

// What a platform may know of an object when it makes an output for it.
struct ObjectFacts {
  const TypeSchema* type = nullptr;
  std::string_view id;
  const Value* attributes = nullptr;
  const std::map<Path, std::string>* marks = nullptr;  // of its secrets
  std::int64_t written = 0;                            // moves with every write
};
// A computed output: the same as long as what it follows is the same.
[[nodiscard]] Value computed(const Attribute& attribute, const ObjectFacts& object);
// A credential that is shown only in the answer that makes it.
[[nodiscard]] Secret issued_secret(const ObjectFacts& object, std::string_view path);

// What a platform lets see of a secret: its SHA-256 in hex.
[[nodiscard]] std::string digest_of(const Secret& secret);

}  // namespace infra
