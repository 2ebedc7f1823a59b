// planner/refresh.h — what the platforms show now of all that is remembered: by listing, one call
// per type, container and provider block, in parallel.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/diagnostics.h"
#include "planner/doorway.h"
#include "planner/leaves.h"

namespace infra {

enum class Seen : std::uint8_t { unread, present, absent };

struct Observation {
  Seen seen =
      Seen::unread;  // unread: not looked, or it could not be read; what is remembered holds
  std::map<Path, std::string> marks;  // keyed
  Status status = Status::ready;
  std::string version;  // of the document it lives in
};

struct RefreshInput {
  const ResourceGraph* graph = nullptr;
  const Expansion* expansion = nullptr;
  const EngineOptions* options = nullptr;
  const Doorway* doorway = nullptr;
  Runner* runner = nullptr;
  const Fingerprints* fingerprints = nullptr;
};

struct Twin {  // a second object that carries the marker of a remembered one
  std::string address, id, parent;
};

struct Refreshed {
  std::unordered_map<std::string, Observation> by_address;
  std::vector<Twin> twins;
  bool complete = true;
  std::map<std::string, std::size_t> calls;  // by provider block
};

// Looks at every record of `state` (secrets aside) and writes what it sees into its `live`; marks,
// status and presence are in the answer. A provider that cannot be read is one error, and what it
// holds stays as remembered.
[[nodiscard]] Refreshed refresh(State& state, const RefreshInput& input, Diagnostics& diagnostics);

// One object by its id, at the door of `type`. `missing` where there is none.
[[nodiscard]] Reply<Remote> read_one(const RefreshInput& input, const Counterpart& counterpart,
                                     const std::string& id, const Value& attributes,
                                     const Outputs& outputs);

// The outputs of what is remembered: what planning reads through.
[[nodiscard]] Outputs remembered_outputs(const State& state);

}  // namespace infra
