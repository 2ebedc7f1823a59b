// state/lock.h — one writer at a time: `flock` on a file beside the state, which the kernel frees
// when its holder dies. What stands in the file is for messages.
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "base/world.h"
#include "state/store.h"

namespace infra {

class StateLock {
 public:
  // Waits up to `timeout`; then throws StateError 5 naming the holder.
  StateLock(const std::string& state_path, LockInfo holder, const Clock& clock,
            std::chrono::milliseconds timeout);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

  void set_epoch(std::uint64_t epoch);  // writes it into the file, for whoever looks

  // Nothing when nobody holds it.
  [[nodiscard]] static std::optional<LockInfo> holder(const std::string& state_path);

 private:
  void write();

  std::string path_;
  LockInfo holder_;
  int file_ = -1;
};

[[nodiscard]] std::string lock_json(const LockInfo& info);
[[nodiscard]] LockInfo parse_lock(std::string_view text);  // empty fields where the text has none

}  // namespace infra
