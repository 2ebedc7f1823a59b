// base/world.h — time, randomness, environment and disk as parameters, so that tests hand in their
// own.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/secret.h"

namespace infra {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::chrono::sys_time<std::chrono::milliseconds> now() const = 0;
  [[nodiscard]] virtual std::chrono::milliseconds steady()
      const = 0;  // since some start; goes on while the machine sleeps
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(unsigned char* bytes,
                    std::size_t count) = 0;  // cryptographically strong in production
};

class Variables {  // the process environment
 public:
  virtual ~Variables() = default;
  [[nodiscard]] virtual std::optional<std::string> get(const std::string& name) const = 0;
};

class Files {  // paths are absolute; errors are one line with the path and the system's reason
 public:
  virtual ~Files() = default;
  [[nodiscard]] virtual std::variant<std::string, std::string> read(
      const std::string& path, std::size_t most) const = 0;  // [1]: error
  [[nodiscard]] virtual std::vector<std::string> glob(
      const std::string& folder,
      const std::string& pattern) const = 0;  // relative to folder, sorted
  [[nodiscard]] virtual bool exists(const std::string& path) const = 0;
};

struct World {
  Clock* clock;
  Random* random;
  Variables* variables;
  Files* files;
};

[[nodiscard]] World real_world();  // this process's; lives for ever

[[nodiscard]] std::string random_hex(Random& random, std::size_t bytes);
// A text of `length` characters drawn evenly from `alphabet` (default A-Z a-z 0-9).
[[nodiscard]] Secret random_text(Random& random, std::size_t length,
                                 std::string_view alphabet = {});
[[nodiscard]] std::string uuid(Random& random);  // version 4, RFC 9562
[[nodiscard]] std::string timestamp(
    std::chrono::sys_time<std::chrono::milliseconds> time);  // RFC 3339, UTC, milliseconds

// Called at named points of the protocol. In a build with INFRA_CRASH_POINTS, INFRA_CRASH=NAME:N
// kills this process with SIGKILL at the N-th passing of NAME; elsewhere it is nothing.
//
// `doubted` is how long an absence is doubted; such a build takes INFRA_SETTLE_MS instead, if that
// is shorter, so that a test of a crash need not wait for it.
#ifdef INFRA_CRASH_POINTS
void crash_point(std::string_view name);
[[nodiscard]] std::chrono::milliseconds doubted(std::chrono::milliseconds settle);
#else
inline std::chrono::milliseconds doubted(std::chrono::milliseconds settle) {
  return settle;
}
inline void crash_point(std::string_view /*name*/) {}
#endif

}  // namespace infra
