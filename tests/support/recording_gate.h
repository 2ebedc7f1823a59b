// tests/support/recording_gate.h — a Gate that lets everything through and writes down what was
// asked and recorded; and contexts for doors of tests.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "providers/doors.h"

namespace infra::testing {

class RecordingGate : public Gate {
 public:
  Reply<Done> before_request(bool repeatable) override {
    asked.push_back(repeatable);
    return refuse ? Reply<Done>(*refuse) : Reply<Done>(Done{});
  }
  Reply<Done> record(std::size_t change, const Remote& remote, std::vector<Path> took) override {
    recorded.push_back({change, remote, std::move(took)});
    return Done{};
  }

  struct Recorded {
    std::size_t change;
    Remote remote;
    std::vector<Path> took;
  };
  std::vector<bool> asked;
  std::vector<Recorded> recorded;
  std::optional<Error> refuse;
};

// A door's context whose waiting takes no time and is added up in `waited`.
[[nodiscard]] inline DoorContext quick_context(const ProviderSchema& schema, Value settings,
                                               std::chrono::milliseconds* waited = nullptr) {
  DoorContext context;
  context.schema = &schema;
  context.endpoint = schema.endpoints.empty() ? nullptr : &schema.endpoints.front();
  context.settings = std::move(settings);
  context.world = real_world();
  context.memory = std::make_shared<Memory>();
  context.pace = make_pace(*context.world.clock);
  context.wait = [waited](std::chrono::milliseconds time) -> Reply<Done> {
    if (waited != nullptr) {
      *waited += time;
    }
    return Done{};
  };
  return context;
}

}  // namespace infra::testing
