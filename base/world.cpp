#include "base/world.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <stdexcept>

namespace infra {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class RealClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::sys_time<milliseconds> now() const override {
    return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] milliseconds steady() const override {
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return milliseconds(std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000);
  }
};

class RealRandom final : public Random {
 public:
  RealRandom() {
    if (sodium_init() < 0) {
      throw std::runtime_error("libsodium cannot start: no source of random numbers");
    }
  }
  void fill(unsigned char* bytes, std::size_t count) override { randombytes_buf(bytes, count); }
};

class RealVariables final : public Variables {
 public:
  [[nodiscard]] std::optional<std::string> get(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }
};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

std::string system_reason() {
  return std::generic_category().message(errno);
}

// One step of a path against one step of a pattern: `*`, `?`, `[a-z]`, `[!x]`.
bool matches_step(std::string_view pattern, std::string_view text) {
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  std::size_t p = 0;
  std::size_t t = 0;
  const auto one = [&pattern](std::size_t& at, char c) {
    if (pattern[at] == '?') {
      ++at;
      return true;
    }
    const std::size_t close =
        pattern[at] == '[' ? pattern.find(']', at + 2) : std::string_view::npos;
    if (close == std::string_view::npos) {
      return pattern[at++] == c;
    }
    std::string_view set = pattern.substr(at + 1, close - at - 1);
    const bool negated = set.front() == '!' || set.front() == '^';
    set.remove_prefix(negated && set.size() > 1 ? 1 : 0);
    bool inside = false;
    for (std::size_t i = 0; i < set.size(); ++i) {
      if (i + 2 < set.size() && set[i + 1] == '-') {
        inside = inside || (c >= set[i] && c <= set[i + 2]);
        i += 2;
      } else {
        inside = inside || c == set[i];
      }
    }
    at = close + 1;
    return inside != negated;
  };
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = t;
      continue;
    }
    std::size_t next = p;
    if (p < pattern.size() && one(next, text[t])) {
      p = next;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

class Globber {
 public:
  Globber(fs::path folder, std::vector<std::string> steps)
      : folder_(std::move(folder)), steps_(std::move(steps)) {}

  std::vector<std::string> run() {
    walk({}, 0, 0);
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  static constexpr std::size_t most_depth = 64;

  void walk(const fs::path& below, std::size_t step, std::size_t depth) {
    if (step == steps_.size() || depth > most_depth) {
      return;
    }
    const bool any_depth = steps_[step] == "**";
    if (any_depth) {
      walk(below, step + 1, depth);
    }
    std::error_code error;
    for (fs::directory_iterator item(folder_ / below, error), end; !error && item != end;
         item.increment(error)) {
      const std::string name = item->path().filename().string();
      const bool hidden = name.starts_with('.') && !steps_[step].starts_with('.');
      if (hidden || (!any_depth && !matches_step(steps_[step], name))) {
        continue;
      }
      std::error_code ignored;
      const fs::path path = below / name;
      if (item->is_directory(ignored)) {
        // `**` does not follow links, so that it cannot go round in circles.
        if (!any_depth || !item->is_symlink(ignored)) {
          walk(path, any_depth ? step : step + 1, depth + 1);
        }
      } else if (step + 1 == steps_.size() && item->is_regular_file(ignored)) {
        found_.push_back(path.generic_string());
      }
    }
  }

  fs::path folder_;
  std::vector<std::string> steps_;
  std::vector<std::string> found_;
};

class RealFiles final : public Files {
 public:
  [[nodiscard]] std::variant<std::string, std::string> read(const std::string& path,
                                                            std::size_t most) const override {
    const auto failed = [&path](const std::string& reason) {
      return std::variant<std::string, std::string>(std::in_place_index<1>,
                                                    fmt::format("{}: {}", path, reason));
    };
    // Without waiting, so that a pipe in the place of a file cannot hang the reader.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat status {};
    if (file.number() < 0 || ::fstat(file.number(), &status) != 0) {
      return failed(system_reason());
    }
    if (!S_ISREG(status.st_mode)) {
      return failed(S_ISDIR(status.st_mode) ? "is a folder, not a file" : "is no regular file");
    }
    std::string text;
    std::array<char, 65536> block;
    while (true) {
      const ssize_t count = ::read(file.number(), block.data(), block.size());
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0) {
        return failed(system_reason());
      }
      if (count == 0) {
        return std::variant<std::string, std::string>(std::in_place_index<0>, std::move(text));
      }
      text.append(block.data(), static_cast<std::size_t>(count));
      if (text.size() > most) {
        return failed(fmt::format("is larger than {} bytes", most));
      }
    }
  }

  [[nodiscard]] std::vector<std::string> glob(const std::string& folder,
                                              const std::string& pattern) const override {
    std::vector<std::string> steps;
    for (const fs::path& step : fs::path(pattern)) {
      if (step == "..") {
        return {};  // nothing outside the folder is found
      }
      if (!step.empty() && step != "." && step != "/" &&
          (step != "**" || steps.empty() || steps.back() != "**")) {
        steps.push_back(step.string());
      }
    }
    return Globber(folder, std::move(steps)).run();
  }

  [[nodiscard]] bool exists(const std::string& path) const override {
    std::error_code error;
    return fs::exists(path, error);
  }
};

}  // namespace

World real_world() {
  static RealClock clock;
  static RealRandom random;
  static RealVariables variables;
  static RealFiles files;
  return {&clock, &random, &variables, &files};
}

std::string random_hex(Random& random, std::size_t bytes) {
  std::vector<unsigned char> buffer(bytes);
  random.fill(buffer.data(), buffer.size());
  std::string text;
  text.reserve(2 * bytes);
  for (const unsigned char byte : buffer) {
    constexpr std::string_view digits = "0123456789abcdef";
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

Secret random_text(Random& random, std::size_t length, std::string_view alphabet) {
  if (alphabet.empty()) {
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  }
  if (alphabet.size() > 256) {
    throw std::invalid_argument("an alphabet has at most 256 characters");
  }
  // Bytes beyond the last full round of the alphabet are thrown away: a remainder would favour its
  // first characters.
  const std::size_t fair = 256 - 256 % alphabet.size();
  std::string text;
  text.reserve(length);
  std::array<unsigned char, 64> bytes{};
  while (text.size() < length) {
    random.fill(bytes.data(), bytes.size());
    for (const unsigned char byte : bytes) {
      if (byte < fair && text.size() < length) {
        text += alphabet[byte % alphabet.size()];
      }
    }
  }
  sodium_memzero(bytes.data(), bytes.size());
  return Secret(std::move(text));
}

std::string uuid(Random& random) {
  std::array<unsigned char, 16> bytes{};
  random.fill(bytes.data(), bytes.size());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text += i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

std::string timestamp(std::chrono::sys_time<milliseconds> time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

#ifdef INFRA_CRASH_POINTS
namespace {

struct Crash {
  std::string name;
  long passing = 0;
};

Crash planned_crash() {
  const char* text = std::getenv("INFRA_CRASH");
  const std::string_view plan = text == nullptr ? "" : text;
  const std::size_t colon = plan.rfind(':');
  if (colon == std::string_view::npos) {
    return {std::string(plan), 1};
  }
  return {std::string(plan.substr(0, colon)), std::atol(text + colon + 1)};
}

}  // namespace

void crash_point(std::string_view name) {
  const Crash crash = planned_crash();  // a test's child sets it after the fork
  static std::atomic<long> passed{0};
  if (crash.name == name && !name.empty() && ++passed == crash.passing) {
    ::kill(::getpid(), SIGKILL);
  }
}

std::chrono::milliseconds doubted(std::chrono::milliseconds settle) {
  const char* text = std::getenv("INFRA_SETTLE_MS");
  return text == nullptr ? settle : std::min(settle, std::chrono::milliseconds(std::atol(text)));
}
#endif

}  // namespace infra
