// providers/local/agent_registry.h — what the agent remembers on disk: one JSON file, mode 0600,
// replaced as a whole and synced, so that it is never half written.
//
// It never holds a secret: an environment variable that is one is only named. What needs its
// secrets again after the agent died gets them with the next apply.
#pragma once
#include <string>
#include <string_view>
#include <variant>

#include "base/value.h"

namespace infra::local {

// The objects of an agent, as kinds of the registry and paths of the agent's HTTP interface.
inline constexpr std::string_view services_kind = "services";
inline constexpr std::string_view databases_kind = "databases";
inline constexpr std::string_view buckets_kind = "buckets";
inline constexpr std::string_view volumes_kind = "volumes";
inline constexpr std::string_view crons_kind = "crons";

class Registry {
 public:
  explicit Registry(std::string file) : file_(std::move(file)) {}

  // What is wrong, or "". A file that is not there is an empty registry.
  [[nodiscard]] std::string load();
  [[nodiscard]] const Object& all(std::string_view kind) const;
  [[nodiscard]] const Value& find(std::string_view kind, std::string_view id) const;
  [[nodiscard]] bool empty() const;  // holds no object
  [[nodiscard]] const Value& note(std::string_view name) const;

  // Each is on disk when it returns; what went wrong, or "". A Secret in the record is a broken
  // invariant: throws std::logic_error.
  [[nodiscard]] std::string put(std::string_view kind, const std::string& id, Value record);
  [[nodiscard]] std::string erase(std::string_view kind, std::string_view id);
  [[nodiscard]] std::string set_note(std::string_view name, Value value);

  [[nodiscard]] bool holds_port(int port) const;  // some object was given it

 private:
  [[nodiscard]] std::string save() const;
  std::string file_;
  Object kinds_, notes_;
};

// Replaces the file in one step, synced; mode 0600. What went wrong, or "".
[[nodiscard]] std::string write_file_atomically(const std::string& path, std::string_view content);

// The registry of an agent that does not run: {kind: {id: record}}; empty when there is none.
[[nodiscard]] Value read_registry(const std::string& file);

}  // namespace infra::local
