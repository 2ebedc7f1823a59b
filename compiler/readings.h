// compiler/readings.h — what evaluation reads of the outside: variables, files, folders, the time.
//
// Each source is read once per compilation and remembered, so that an evaluation repeated while
// applying sees what planning saw. Paths stay inside the repository (the nearest folder upwards
// that holds `.git`, else the stack's own). Thread-safe.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/world.h"
#include "compiler/function_calls.h"
#include "compiler/graph.h"

namespace infra {

class Readings final : public FunctionWorld {
 public:
  static constexpr std::size_t most_bytes = std::size_t{16} << 20U;  // of one file

  // Nothing is read where `reads` is false: every source is Unknown.
  Readings(World world, std::string folder, bool reads);

  Computed variable(const std::string& name, const Value& otherwise) override;
  Computed file_text(const std::string& path) override;
  Computed folder(const std::string& path) override;
  Computed moment() override;

  // The files of a path or glob below the stack's folder as a list of {file, sha256}, in name
  // order. A path without a wildcard must exist; a glob may find nothing.
  Computed files(const std::string& pattern);

  // What was read so far, in name order.
  [[nodiscard]] std::vector<InputRead> reads() const;

 private:
  struct Place {
    std::string path;   // absolute
    std::string error;  // when it leaves the repository
  };
  [[nodiscard]] Place place(const std::string& path) const;
  Computed list_files(const std::string& pattern);
  Computed file_entry(const std::string& shown, const std::string& path);
  void record(const std::string& kind, const std::string& name, Value value);

  World world_;
  std::string folder_, repository_;
  bool reads_;
  mutable std::mutex mutex_;
  std::map<std::string, Computed> files_, lists_;               // by absolute path, by pattern
  std::map<std::pair<std::string, std::string>, Value> taken_;  // kind and name
};

// `.` and `..` taken out; absolute paths only. Symbolic links are not followed.
[[nodiscard]] std::string normal_path(std::string_view path);

}  // namespace infra
