// planner/doorway.h — which door leads to a type: the provider block's settings, the endpoint, and
// what fills it.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "compiler/graph.h"
#include "planner/engine.h"
#include "planner/expand.h"
#include "planner/runner.h"
#include "providers/doors.h"

namespace infra {

// What it takes to speak of one type at one provider block.
struct Counterpart {
  const Provider* driver = nullptr;
  const TypeSchema* schema = nullptr;
  const ProviderBlock* block = nullptr;  // nullptr: the driver needs no settings
};

class Doorway {
 public:
  Doorway(const ResourceGraph& graph, const EngineOptions& options, Runner& runner)
      : graph_(graph), options_(options), runner_(runner), pace_(make_pace(*options.world.clock)) {}

  // The driver, type and block behind `provider` (a name or alias) and "vercel.service"; or why
  // there is none.
  [[nodiscard]] std::variant<Counterpart, std::string> counterpart(std::string_view provider,
                                                                   std::string_view type) const;
  // `attributes`: of the object, for an endpoint that leads through another resource; `output`
  // answers for that resource. Or why the door cannot be opened yet.
  [[nodiscard]] std::variant<DoorContext, std::string> context(
      const Counterpart& counterpart, const Value& attributes, const Outputs& output,
      std::shared_ptr<Memory> memory) const;
  [[nodiscard]] static const Endpoint* endpoint_of(const Counterpart& counterpart);
  [[nodiscard]] bool stopped() const;  // an interrupt has come
  [[nodiscard]] std::size_t requests() const { return *requested_; }

 private:
  [[nodiscard]] Value settings_of(const Counterpart& counterpart) const;

  const ResourceGraph& graph_;
  const EngineOptions& options_;
  Runner& runner_;
  std::shared_ptr<Pace> pace_;
  std::shared_ptr<std::atomic<std::size_t>> requested_ =
      std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace infra
