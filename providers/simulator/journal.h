// providers/simulator/journal.h — the cloud on disk: one JSON line per write, appended and never
// rewritten.
//
// A process that dies in mid-write leaves a torn last line, which every reader ignores and the next
// writer closes with a line break. Several processes may append: lines of others are read before
// each use. Not synced: it outlives a killed process, not a power cut.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/value.h"

namespace infra {

class CloudJournal {
 public:
  explicit CloudJournal(std::string path) : path_(std::move(path)) {}
  ~CloudJournal();
  CloudJournal(const CloudJournal&) = delete;
  CloudJournal& operator=(const CloudJournal&) = delete;
  CloudJournal(CloudJournal&&) = delete;
  CloudJournal& operator=(CloudJournal&&) = delete;

  // Hands over each complete line written by others since the last look. A file that is not there
  // is empty. The error, with path and reason, when it cannot be read.
  [[nodiscard]] std::optional<std::string> catch_up(
      const std::function<void(const Value& line)>& take);
  // Appends one line with one write; makes the file (0600) when missing.
  [[nodiscard]] std::optional<std::string> append(const Value& line);

 private:
  [[nodiscard]] std::optional<std::string> open_for(bool writing);
  [[nodiscard]] std::string failure(std::string_view doing) const;

  std::string path_;
  int file_ = -1;
  bool writable_ = false;
  std::int64_t read_to_ = 0;  // all lines before this byte are known
  std::string rest_;          // of a line that was not complete at the last look
};

}  // namespace infra
