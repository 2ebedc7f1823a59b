#include "state/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "base/json.h"
#include "base/text.h"
#include "state/database.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

// Somebody who only looks at the lock holds it for a moment; so even without a time-out it is tried
// for this long.
constexpr milliseconds least_patience{100};
constexpr milliseconds longest_pause{250};

std::string lock_path(const std::string& state_path) {
  return state_path + ".lock";
}

std::string read_all(int file) {
  std::array<char, 8192> block{};
  const ssize_t count = ::pread(file, block.data(), block.size(), 0);
  return count > 0 ? std::string(block.data(), static_cast<std::size_t>(count)) : std::string();
}

bool take(int file, int how) {
  while (::flock(file, how | LOCK_NB) != 0) {
    if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

[[noreturn]] void throw_locked(const std::string& state_path, const LockInfo& by) {
  std::string who = by.who.empty() ? "somebody" : printable(by.who);
  if (by.pid != 0) {
    who += fmt::format(" (process {})", by.pid);
  }
  std::string what = by.operation.empty() ? std::string() : ", " + printable(by.operation);
  if (!by.created.empty()) {
    what += ", since " + printable(by.created);
  }
  if (!by.info.empty()) {
    what += ", " + printable(by.info);
  }
  throw StateError(5, fmt::format("the state {} is locked by {}{}", state_path, who, what),
                   "wait until it is done (--lock-timeout=5m waits by itself); the lock ends with "
                   "its process, `infra lock show` tells more");
}

}  // namespace

std::string lock_json(const LockInfo& info) {
  return to_json(Object{{"ID", info.id},
                        {"Operation", info.operation},
                        {"Info", info.info},
                        {"Who", info.who},
                        {"Version", info.version},
                        {"Created", info.created},
                        {"Path", info.path},
                        {"Pid", info.pid},
                        {"Epoch", static_cast<std::int64_t>(info.epoch)}},
                 SecretText::refuse, 2) +
         "\n";
}

LockInfo parse_lock(std::string_view text) {
  const auto parsed = parse_json(text);
  const auto* value = std::get_if<Value>(&parsed);
  if (value == nullptr) {
    return {};
  }
  LockInfo info;
  info.id = value->at("/ID").text();
  info.operation = value->at("/Operation").text();
  info.info = value->at("/Info").text();
  info.who = value->at("/Who").text();
  info.version = value->at("/Version").text();
  info.created = value->at("/Created").text();
  info.path = value->at("/Path").text();
  info.pid = value->at("/Pid").integer();
  info.epoch = static_cast<std::uint64_t>(value->at("/Epoch").integer());
  return info;
}

StateLock::StateLock(const std::string& state_path, LockInfo holder, const Clock& clock,
                     milliseconds timeout)
    : path_(state_path), holder_(std::move(holder)) {
  const std::string path = lock_path(state_path);
  file_ =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  if (file_ < 0) {
    throw_system_error(errno, path, "lock");
  }
  struct stat status {};
  if (::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1) {
    ::close(file_);
    throw StateError(1, fmt::format("refused to lock with {}: it is no plain file", path),
                     "look at who put it there, and remove it");
  }
  ::fchmod(file_, 0600);
  const milliseconds start = clock.steady();
  const milliseconds patience = std::max(timeout, least_patience);
  milliseconds pause{5};
  while (!take(file_, LOCK_EX)) {
    if (clock.steady() - start >= patience) {
      const LockInfo by = parse_lock(read_all(file_));
      ::close(file_);
      throw_locked(state_path, by);
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, longest_pause);
  }
  holder_.path = state_path;
  holder_.pid = ::getpid();
  if (holder_.created.empty()) {
    holder_.created = timestamp(clock.now());
  }
  try {
    write();
  } catch (...) {
    ::close(file_);
    throw;
  }
}

StateLock::~StateLock() {
  if (::ftruncate(file_, 0) != 0) {
    // What stands in it is for messages only; the lock itself ends here in any case.
  }
  ::close(file_);
}

void StateLock::set_epoch(std::uint64_t epoch) {
  holder_.epoch = epoch;
  write();
}

void StateLock::write() {
  const std::string text = lock_json(holder_);
  const bool written = ::ftruncate(file_, 0) == 0 && ::pwrite(file_, text.data(), text.size(), 0) ==
                                                         static_cast<ssize_t>(text.size());
  if (!written) {
    throw_system_error(errno, lock_path(path_), "write");
  }
}

std::optional<LockInfo> StateLock::holder(const std::string& state_path) {
  const int file = ::open(lock_path(state_path).c_str(),
                          O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) {
    return std::nullopt;
  }
  const bool free = take(file, LOCK_SH);
  std::optional<LockInfo> info;
  if (!free) {
    info = parse_lock(read_all(file));
  }
  ::close(file);
  return info;
}

}  // namespace infra
