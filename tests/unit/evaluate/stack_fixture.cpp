#include "stack_fixture.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace infra::testing {
namespace {

Type type(Type::Base base) {
  return {base, {}, {}};
}

Attribute attribute(Path path, Type::Base base, Presence presence = Presence::optional) {
  Attribute result;
  result.path = std::move(path);
  result.type = type(base);
  result.presence = presence;
  return result;
}

TypeSchema service_type(const std::string& driver) {
  TypeSchema result;
  result.name = driver + ".service";
  result.kind = "service";
  for (const auto* path : {"/name", "/source", "/command", "/env", "/port", "/needs", "/run_as",
                           "/memory", "/build", "/health", "/domains", "/replicas", "/singleton",
                           "/public", "/restart", "/volume", "/region"}) {
    result.attributes.push_back(attribute(path, Type::portable));
  }
  result.attributes[3].secrecy = Secrecy::allowed;
  Attribute url = attribute("/url", Type::url, Presence::computed);
  url.made = true;
  result.attributes.push_back(url);
  result.attributes.push_back(attribute("/" + driver + "/framework", Type::text));
  result.attributes.push_back(attribute("/" + driver + "/weight", Type::number));
  result.attributes.push_back(attribute("/" + driver + "/ticket", Type::text, Presence::computed));
  return result;
}

TypeSchema plain_type(const std::string& driver, const std::string& kind, std::vector<Path> paths) {
  TypeSchema result;
  result.name = driver + "." + kind;
  result.kind = kind;
  for (auto& path : paths) {
    result.attributes.push_back(attribute(std::move(path), Type::portable));
  }
  return result;
}

ProviderSchema platform(const std::string& name) {
  ProviderSchema result;
  result.name = name;
  Attribute token = attribute("/token", Type::text);
  token.secrecy = Secrecy::allowed;
  result.settings = {token, attribute("/team", Type::text)};
  result.types.push_back(service_type(name));
  result.types.push_back(plain_type(name, "database",
                                    {"/name", "/engine", "/version", "/plan", "/region",
                                     "/extensions", "/migrations", "/seed", "/backup"}));
  result.types.back().attributes.push_back(
      attribute("/" + name + "/key", Type::text, Presence::computed));
  result.types.back().attributes.back().secrecy = Secrecy::always;
  result.types.push_back(plain_type(name, "bucket",
                                    {"/name", "/public", "/region", "/allowed_types",
                                     "/max_object_size", "/versioning", "/expire_after", "/cors"}));
  result.types.push_back(plain_type(
      name, "cron",
      {"/name", "/schedule", "/timezone", "/call", "/run", "/auth", "/timeout", "/retries"}));
  TypeSchema thing;
  thing.name = name + ".thing";
  thing.attributes = {
      attribute("/name", Type::text),       attribute("/size", Type::integer),
      attribute("/share", Type::number),    attribute("/wait", Type::duration),
      attribute("/room", Type::size),       attribute("/link", Type::url),
      attribute("/on", Type::boolean),      attribute("/data", Type::any),
      attribute("/owner", Type::reference), attribute("/token", Type::text),
      attribute("/note", Type::text),       attribute("/slug", Type::text, Presence::computed)};
  thing.attributes[8].type.names = {"*.service", "*.database", name + ".thing"};
  thing.attributes[9].secrecy = Secrecy::allowed;
  thing.attributes[7].secrecy = Secrecy::allowed;
  result.types.push_back(thing);
  return result;
}

const std::vector<ProviderSchema>& platforms() {
  static const std::vector<ProviderSchema> all{platform("local"), platform("cloud"),
                                               platform("docker")};
  return all;
}

class FixedClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::sys_time<std::chrono::milliseconds> now() const override {
    return std::chrono::sys_time<std::chrono::milliseconds>(
        std::chrono::milliseconds(1'700'000'000'000));
  }
  [[nodiscard]] std::chrono::milliseconds steady() const override { return {}; }
};

class ZeroRandom final : public Random {
 public:
  void fill(unsigned char* bytes, std::size_t count) override { std::fill_n(bytes, count, '\0'); }
};

}  // namespace

struct Stack::Disk final : Files {
  std::map<std::string, std::string> files;
  [[nodiscard]] std::variant<std::string, std::string> read(const std::string& path,
                                                            std::size_t most) const override {
    const auto found = files.find(path);
    if (found == files.end()) {
      return std::variant<std::string, std::string>(std::in_place_index<1>,
                                                    path + ": no such file");
    }
    if (found->second.size() > most) {
      return std::variant<std::string, std::string>(std::in_place_index<1>,
                                                    path + ": larger than allowed");
    }
    return std::variant<std::string, std::string>(std::in_place_index<0>, found->second);
  }
  [[nodiscard]] std::vector<std::string> glob(const std::string& folder,
                                              const std::string& pattern) const override {
    std::vector<std::string> names;
    for (const auto& [path, text] : files) {
      if (path.starts_with(folder + "/") &&
          fnmatch(pattern.c_str(), path.c_str() + folder.size() + 1, FNM_PATHNAME) == 0) {
        names.push_back(path.substr(folder.size() + 1));
      }
    }
    return names;
  }
  [[nodiscard]] bool exists(const std::string& path) const override {
    const auto found = files.lower_bound(path);
    return found != files.end() && (found->first == path || found->first.starts_with(path + "/"));
  }
};

struct Stack::Process final : Variables {
  std::map<std::string, std::string> variables;
  mutable std::map<std::string, int> asked;
  [[nodiscard]] std::optional<std::string> get(const std::string& name) const override {
    ++asked[name];
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  }
};

Stack::Stack(std::string main)
    : disk_(std::make_shared<Disk>()), process_(std::make_shared<Process>()) {
  static FixedClock clock;
  static ZeroRandom random;
  disk_->files["/repository/.git/HEAD"] = "";
  disk_->files["/repository/stack/main.infra"] = std::move(main);
  request_.folder = "/repository/stack";
  request_.environment = "default";
  request_.world = {&clock, &random, process_.get(), disk_.get()};
  for (const auto& one : platforms()) {
    request_.schemas.push_back(&one);
  }
}

Stack& Stack::file(const std::string& name, const std::string& text) {
  disk_->files["/repository/stack/" + name] = text;
  return *this;
}
Stack& Stack::variable(const std::string& name, const std::string& value) {
  process_->variables[name] = value;
  return *this;
}
Stack& Stack::parameter(const std::string& name, const std::string& text) {
  request_.parameters[name] = text;
  return *this;
}
Stack& Stack::parameter_file(const std::string& name) {
  request_.parameter_file = name;
  return *this;
}
Stack& Stack::environment(const std::string& name) {
  request_.environment = name;
  return *this;
}
Stack& Stack::reads_nothing() {
  request_.read_sources = false;
  return *this;
}

const Compilation& Stack::compilation() {
  if (!compilation_) {
    compilation_ = std::make_unique<Compilation>(compile(request_));
  }
  return *compilation_;
}

const ResourceGraph& Stack::graph() {
  static const ResourceGraph none;
  if (!compilation().graph) {
    ADD_FAILURE() << messages();
    return none;
  }
  return *compilation().graph;
}

const ResourceNode& Stack::node(std::string_view address) {
  static const ResourceNode none;
  const ResourceNode* found = graph().find(address);
  if (found == nullptr) {
    ADD_FAILURE() << "no node " << address;
    return none;
  }
  return *found;
}

std::string Stack::attribute(std::string_view address, std::string_view path) {
  const Value& value = node(address).attributes.at(path);
  return value.is_null() ? "-" : shown(value);
}

std::string Stack::attribute_with(std::string_view address, std::string_view path,
                                  const std::map<std::string, Value>& outputs) {
  const Outputs known = [&](std::string_view target, std::string_view output) -> Value {
    const auto found = outputs.find(std::string(target) + std::string(output));
    return found == outputs.end() ? Value(Unknown{}) : found->second;
  };
  Diagnostics diagnostics;
  const Value all = graph().attributes(node(address), known, diagnostics);
  if (diagnostics.has_errors()) {
    return diagnostics.all().front().code;
  }
  const Value& value = all.at(path);
  return value.is_null() ? "-" : shown(value);
}

std::string Stack::codes() {
  std::string result;
  for (const auto& one : compilation().diagnostics.all()) {
    if (one.severity == Severity::note) {
      continue;
    }
    result += (result.empty() ? "" : " ") + one.code;
  }
  return result;
}

std::string Stack::messages() {
  return render(compilation().diagnostics, compilation().sources, {});
}

std::string Stack::dependencies(std::string_view address) {
  std::string result;
  static constexpr const char* waits[] = {"none", "made", "live"};
  for (const auto& one : node(address).dependencies) {
    result += fmt::format("{} {} of {} for {}\n", waits[static_cast<int>(one.wait)],
                          one.output.empty() ? "it" : one.output, graph().nodes[one.target].address,
                          one.attribute);
  }
  return result;
}

std::string shown(const Value& value) {
  if (const auto* unknown = value.as<Unknown>()) {
    return unknown->secret ? "?*" : "?";
  }
  if (value.as<Secret>() != nullptr) {
    return "*";
  }
  if (const auto* reference = value.as<Reference>()) {
    return "&" + reference->address + (reference->id.empty() ? "" : "=" + reference->id);
  }
  std::string result;
  if (const auto* list = value.as<List>()) {
    for (const auto& item : *list) {
      result += (result.empty() ? "" : ",") + shown(item);
    }
    return "[" + result + "]";
  }
  if (const auto* object = value.as<Object>()) {
    for (const auto& [key, item] : *object) {
      result += (result.empty() ? "" : ",") + key + "=" + shown(item);
    }
    return "{" + result + "}";
  }
  const std::string json = to_json(value, SecretText::refuse);
  return value.as<Duration>() != nullptr || value.as<Size>() != nullptr
             ? json.substr(1, json.size() - 2)
             : json;
}

namespace {

std::string probe(const std::string& expression, const std::string& before) {
  return before + "\nresource local.thing probe { data = " + expression + " }\n";
}

}  // namespace

std::string evaluated(const std::string& expression, const std::string& before) {
  return Stack(probe(expression, before)).attribute("resource.probe", "/data");
}

std::string mistakes(const std::string& expression, const std::string& before) {
  return Stack(probe(expression, before)).codes();
}

}  // namespace infra::testing
