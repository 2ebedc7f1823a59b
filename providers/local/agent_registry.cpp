#include "providers/local/agent_registry.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/json.h"

namespace infra::local {
namespace {

const Value nothing;
const Object no_objects;

std::string write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t wrote = write(file, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote <= 0) {
      return std::strerror(errno);
    }
    content.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return fsync(file) == 0 ? "" : std::strerror(errno);
}

}  // namespace

std::string write_file_atomically(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".new";
  const int file = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) {
    return fmt::format("cannot write {}: {}", fresh, std::strerror(errno));
  }
  std::string wrong = write_all(file, content);
  if (close(file) != 0 && wrong.empty()) {
    wrong = std::strerror(errno);
  }
  if (wrong.empty() && rename(fresh.c_str(), path.c_str()) != 0) {
    wrong = std::strerror(errno);
  }
  if (!wrong.empty()) {
    unlink(fresh.c_str());
    return fmt::format("cannot write {}: {}", path, wrong);
  }
  const std::string folder = std::filesystem::path(path).parent_path();
  if (const int handle = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); handle >= 0) {
    fsync(handle);
    close(handle);
  }
  return "";
}

Value read_registry(const std::string& file) {
  Registry registry(file);
  Object all;
  if (registry.load().empty()) {
    for (const auto kind :
         {services_kind, databases_kind, buckets_kind, volumes_kind, crons_kind}) {
      all.emplace(std::string(kind), registry.all(kind));
    }
  }
  return all;
}

std::string Registry::load() {
  std::error_code error;
  if (!std::filesystem::exists(file_, error)) {
    return "";
  }
  std::ifstream stream(file_, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)),
                         std::istreambuf_iterator<char>());
  if (!stream.good() && !stream.eof()) {
    return fmt::format("cannot read {}", file_);
  }
  auto parsed = parse_json(text);
  if (const auto* wrong = std::get_if<std::string>(&parsed)) {
    return fmt::format("{} is damaged: {}", file_, *wrong);
  }
  const Value& root = std::get<Value>(parsed);
  kinds_ = root.at("/objects").object();
  notes_ = root.at("/notes").object();
  return "";
}

const Object& Registry::all(std::string_view kind) const {
  const auto found = kinds_.find(kind);
  return found == kinds_.end() ? no_objects : found->second.object();
}

const Value& Registry::find(std::string_view kind, std::string_view id) const {
  const Object& objects = all(kind);
  const auto found = objects.find(id);
  return found == objects.end() ? nothing : found->second;
}

bool Registry::empty() const {
  for (const auto& [kind, objects] : kinds_) {
    if (!objects.object().empty()) {
      return false;
    }
  }
  return true;
}

const Value& Registry::note(std::string_view name) const {
  const auto found = notes_.find(name);
  return found == notes_.end() ? nothing : found->second;
}

std::string Registry::put(std::string_view kind, const std::string& id, Value record) {
  Object objects = all(kind);
  objects[id] = std::move(record);
  kinds_[std::string(kind)] = std::move(objects);
  return save();
}

std::string Registry::erase(std::string_view kind, std::string_view id) {
  Object objects = all(kind);
  if (const auto found = objects.find(id); found != objects.end()) {
    objects.erase(found);
    kinds_[std::string(kind)] = std::move(objects);
  }
  return save();
}

std::string Registry::set_note(std::string_view name, Value value) {
  notes_[std::string(name)] = std::move(value);
  return save();
}

bool Registry::holds_port(int port) const {
  for (const auto& [kind, objects] : kinds_) {
    for (const auto& [id, record] : objects.object()) {
      if (record.at("/port").integer() == port) {
        return true;
      }
    }
  }
  return note("cluster").at("/port").integer() == port;
}

std::string Registry::save() const {
  const Value root(Object{{"version", 1}, {"objects", kinds_}, {"notes", notes_}});
  return write_file_atomically(file_, to_json(root, SecretText::refuse, 1) + "\n");
}

}  // namespace infra::local
