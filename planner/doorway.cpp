#include "planner/doorway.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/kinds.h"

namespace infra {

std::variant<Counterpart, std::string> Doorway::counterpart(std::string_view provider,
                                                            std::string_view type) const {
  Counterpart found;
  const std::string_view driver_name = type.substr(0, type.find('.'));
  for (const auto* driver : options_.providers) {
    if (driver->schema().name == driver_name) {
      found.driver = driver;
      found.schema = find_type(driver->schema(), type);
    }
  }
  if (found.schema == nullptr) {
    return fmt::format("this program has no driver for {}", type);
  }
  for (const auto& block : graph_.providers) {
    if (block.alias == provider) {
      found.block = &block;
    }
  }
  const bool needs_settings = std::ranges::any_of(
      found.driver->schema().settings,
      [](const Attribute& setting) { return setting.presence == Presence::required; });
  if (found.block == nullptr && needs_settings) {
    return fmt::format(
        "nothing in the text configures the provider {} any more; keep its block until all that it "
        "holds is destroyed",
        provider);
  }
  return found;
}

const Endpoint* Doorway::endpoint_of(const Counterpart& counterpart) {
  const auto& endpoints = counterpart.driver->schema().endpoints;
  if (endpoints.empty()) {
    return nullptr;
  }
  for (const auto& endpoint : endpoints) {
    if (endpoint.name == counterpart.schema->endpoint) {
      return &endpoint;
    }
  }
  return endpoints.data();
}

Value Doorway::settings_of(const Counterpart& counterpart) const {
  Value settings = counterpart.block == nullptr ? Value(Object{}) : counterpart.block->settings;
  if (settings.as<Object>() == nullptr) {
    settings = Object{};
  }
  settings.set("/infra/stack", graph_.stack);
  settings.set("/infra/environment", graph_.environment);
  settings.set("/infra/folder", options_.folder);
  settings.set("/infra/data", options_.data_folder);
  settings.set("/infra/executable", options_.executable);
  return settings;
}

std::variant<DoorContext, std::string> Doorway::context(const Counterpart& counterpart,
                                                        const Value& attributes,
                                                        const Outputs& output,
                                                        std::shared_ptr<Memory> memory) const {
  DoorContext context;
  context.schema = &counterpart.driver->schema();
  context.endpoint = endpoint_of(counterpart);
  context.settings = settings_of(counterpart);
  context.world = options_.world;
  context.memory = std::move(memory);
  context.pace = pace_;
  context.stopped = [this] { return stopped(); };
  context.wait = [this](std::chrono::milliseconds time) {
    return runner_.wait(time, [this] { return stopped(); });
  };
  context.requested = [this, counter = requested_] {
    ++*counter;
    runner_.yield();
  };
  if (context.endpoint == nullptr || context.endpoint->through.empty()) {
    return context;
  }
  const Reference& target = attributes.at(context.endpoint->through).reference();
  if (target.address.empty()) {
    return fmt::format("{} is reached through `{}`, which names no resource",
                       counterpart.schema->name, context.endpoint->through.substr(1));
  }
  for (const auto& [setting, path] : context.endpoint->takes) {
    Value value = output(target.address, path);
    if (value.is_null() || contains_unknown(value) || value.as<Hidden>() != nullptr) {
      return fmt::format("{} of `{}` is not known", path.substr(1), target.address);
    }
    context.settings.set(setting.starts_with('/') ? setting : "/" + setting, std::move(value));
  }
  return context;
}

bool Doorway::stopped() const {
  return runner_.abandoned() || (options_.interrupts != nullptr && *options_.interrupts > 0);
}

}  // namespace infra
