#include "compiler/readings.h"

#include <fmt/format.h>

#include <chrono>

#include "base/text.h"

namespace infra {
namespace {

bool below(const std::string& folder, const std::string& path) {
  return path == folder || folder == "/" ||
         (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string find_repository(const Files& files, const std::string& folder) {
  for (std::string at = folder;; at = parent(at)) {
    if (files.exists(at + "/.git")) {
      return at;
    }
    if (at == "/") {
      return folder;
    }
  }
}

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace

std::string normal_path(std::string_view path) {
  std::vector<std::string_view> steps;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view step = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (step == "..") {
      if (!steps.empty()) {
        steps.pop_back();
      }
    } else if (!step.empty() && step != ".") {
      steps.push_back(step);
    }
  }
  std::string result;
  for (const auto step : steps) {
    result += "/";
    result += step;
  }
  return result.empty() ? "/" : result;
}

Readings::Readings(World world, std::string folder, bool reads)
    : world_(world), folder_(normal_path(folder)), reads_(reads) {
  repository_ = find_repository(*world_.files, folder_);
}

Readings::Place Readings::place(const std::string& path) const {
  if (path.empty()) {
    return {{}, "a path cannot be empty"};
  }
  if (path.front() == '/') {
    return {
        {},
        fmt::format("`{}` is absolute: paths are relative to the stack's folder", printable(path))};
  }
  std::string full = normal_path(folder_ + "/" + path);
  if (!below(repository_, full)) {
    return {
        {},
        fmt::format("`{}` leaves the repository `{}`", printable(path), printable(repository_))};
  }
  return {std::move(full), {}};
}

void Readings::record(const std::string& kind, const std::string& name, Value value) {
  taken_.insert_or_assign({kind, name}, std::move(value));
}

Computed Readings::variable(const std::string& name, const Value& otherwise) {
  if (!reads_) {
    return {Unknown{true}, {}, {}};
  }
  const std::lock_guard lock(mutex_);
  const auto taken = taken_.find({"env", name});
  if (taken != taken_.end() && !taken->second.is_null()) {
    return {taken->second, {}, {}};
  }
  if (auto text = world_.variables->get(name)) {
    Value secret = Secret(*std::move(text));
    record("env", name, secret);
    return {std::move(secret), {}, {}};
  }
  record("env", name, Value());
  if (otherwise.is_null()) {
    return failure("E0504",
                   fmt::format("the environment variable `{}` is not set", printable(name)));
  }
  return {sealed(otherwise), {}, {}};
}

Computed Readings::file_text(const std::string& path) {
  if (!reads_) {
    return {Unknown{}, {}, {}};
  }
  const Place at = place(path);
  if (!at.error.empty()) {
    return failure("E0506", at.error);
  }
  const std::lock_guard lock(mutex_);
  if (const auto known = files_.find(at.path); known != files_.end()) {
    return known->second;
  }
  auto read = world_.files->read(at.path, most_bytes);
  Computed result;
  if (auto* error = std::get_if<1>(&read)) {
    result =
        failure("E0505", fmt::format("cannot read `{}`: {}", printable(path), printable(*error)));
  } else if (!valid_utf8(std::get<0>(read))) {
    result = failure("E0505", fmt::format("`{}` is no UTF-8 text", printable(path)));
  } else {
    record("file", path, sha256_hex(std::get<0>(read)));
    result.value = std::get<0>(std::move(read));
  }
  files_.emplace(at.path, result);
  return result;
}

Computed Readings::folder(const std::string& path) {
  const Place at = place(path);
  if (!at.error.empty()) {
    return failure("E0506", at.error);
  }
  if (!reads_) {
    return {Value(), {}, {}};
  }
  if (!world_.files->exists(at.path)) {
    return failure(
        "E0505", fmt::format("there is no folder `{}` ({})", printable(path), printable(at.path)));
  }
  const std::lock_guard lock(mutex_);
  record("directory", path, Value());
  return {Value(), {}, {}};
}

Computed Readings::moment() {
  if (!reads_) {
    return {Unknown{}, {}, {}};
  }
  const std::lock_guard lock(mutex_);
  const auto taken = taken_.find({"now", ""});
  if (taken == taken_.end()) {
    record("now", "", timestamp(world_.clock->now()));
  }
  return {taken_.find({"now", ""})->second, {}, {}};
}

Computed Readings::file_entry(const std::string& shown, const std::string& path) {
  auto read = world_.files->read(path, most_bytes);
  if (auto* error = std::get_if<1>(&read)) {
    return failure("E0505",
                   fmt::format("cannot read `{}`: {}", printable(shown), printable(*error)));
  }
  const std::string digest = sha256_hex(std::get<0>(read));
  const std::lock_guard lock(mutex_);
  record("file", shown, digest);
  return {Object{{"file", shown}, {"sha256", digest}}, {}, {}};
}

Computed Readings::files(const std::string& pattern) {
  if (!reads_) {
    return {Unknown{}, {}, {}};
  }
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = lists_.find(pattern); known != lists_.end()) {
      return known->second;
    }
  }
  Computed result = list_files(pattern);
  const std::lock_guard lock(mutex_);
  return lists_.try_emplace(pattern, std::move(result)).first->second;
}

Computed Readings::list_files(const std::string& pattern) {
  // The part before the first wildcard is a folder; matches are shown as they would be written.
  std::string prefix;
  std::string rest = pattern;
  for (auto slash = rest.find('/');
       slash != std::string::npos && !has_wildcard(rest.substr(0, slash)); slash = rest.find('/')) {
    prefix += rest.substr(0, slash + 1);
    rest.erase(0, slash + 1);
  }
  if (rest.empty() || rest.find("..") != std::string::npos) {
    return failure("E0506",
                   fmt::format("`{}` names no files: a folder comes before the first wildcard",
                               printable(pattern)));
  }
  const Place at = place(prefix.empty() ? "." : prefix);
  if (!at.error.empty()) {
    return failure("E0506", at.error);
  }
  std::vector<std::string> names{rest};
  if (has_wildcard(rest)) {
    names = world_.files->glob(at.path, rest);
  } else if (!world_.files->exists(at.path + "/" + rest)) {
    return failure("E0520", fmt::format("there is no file `{}` ({})", printable(pattern),
                                        printable(at.path + "/" + rest)));
  }
  List entries;
  for (const auto& name : names) {
    Computed entry = file_entry(prefix + name, at.path + "/" + name);
    if (!entry.error.empty()) {
      return entry;
    }
    entries.push_back(std::move(entry.value));
  }
  return {std::move(entries), {}, {}};
}

std::vector<InputRead> Readings::reads() const {
  const std::lock_guard lock(mutex_);
  std::vector<InputRead> result;
  for (const auto& [key, value] : taken_) {
    result.push_back({key.first, key.second, value});
  }
  return result;
}

}  // namespace infra
