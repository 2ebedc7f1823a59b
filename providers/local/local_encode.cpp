#include "providers/local/local_encode.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/json.h"
#include "base/kinds.h"
#include "base/quantity.h"
#include "providers/local/local.h"
#include "providers/support.h"

namespace infra::local {
namespace {

namespace fs = std::filesystem;

// A copy in which every secret is Hidden.
Value without_secrets(const Value& value) {
  if (value.as<Secret>() != nullptr || value.is_unknown()) {
    return Hidden{};
  }
  if (const auto* object = value.as<Object>()) {
    Object copy;
    for (const auto& [key, item] : *object) {
      copy.emplace(key, without_secrets(item));
    }
    return copy;
  }
  if (const auto* list = value.as<List>()) {
    List copy;
    for (const auto& item : *list) {
      copy.push_back(without_secrets(item));
    }
    return copy;
  }
  return value;
}

std::int64_t milliseconds_of(const Value& value, std::int64_t otherwise) {
  const auto* duration = value.as<Duration>();
  return duration == nullptr ? otherwise : duration->milliseconds;
}

// An environment value as text; numbers and booleans as the language writes them.
std::string plain_text(const Value& value) {
  if (const auto* number = value.as<double>()) {
    return to_text(*number);
  }
  if (const auto* boolean = value.as<bool>()) {
    return *boolean ? "true" : "false";
  }
  if (const auto* integer = value.as<std::int64_t>()) {
    return std::to_string(*integer);
  }
  if (const auto* duration = value.as<Duration>()) {
    return to_text(*duration);
  }
  if (const auto* size = value.as<Size>()) {
    return to_text(*size);
  }
  return value.text();
}

Value environment_body(const Value& environment) {
  Object body;
  for (const auto& [key, value] : environment.object()) {
    if (value.as<Hidden>() != nullptr) {
      body[key] = Object{{"keep", true}};
    } else if (value.as<Secret>() != nullptr) {
      body[key] = Object{{"secret", true}, {"value", value}};
    } else if (!value.is_null()) {
      body[key] = Object{{"value", plain_text(value)}};
    }
  }
  return body;
}

// web, static and function are asked over their port; so is whatever has a port of its own.
std::string readiness_of(const Value& desired) {
  if (desired.at("/health/path")) {
    return "http";
  }
  const std::string run_as = desired.at("/run_as").text();
  const bool worker = run_as == "worker" || run_as == "tool";
  return !worker || desired.at("/port") || desired.at("/health/port") ? "port" : "alive";
}

// What the schema says is used when nothing was written.
void fill_defaults(std::string_view type, Value& attributes) {
  for (const Attribute& one : find_type(local_schema(), type)->attributes) {
    if (one.otherwise && !attributes.at(one.path)) {
      attributes.set(one.path, one.otherwise);
    }
  }
}

// What is held and not running, or gone from the disk, is to be made good by an update: it keeps
// its id, so that nothing is made a second time beside it.
void set_status(Remote& remote, bool sound) {
  remote.status = sound ? Status::ready : Status::broken;
}

}  // namespace

std::string encode_in_url(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string note_attributes(const Value& desired) {
  return to_tagged_json(without_secrets(desired));
}

Value noted_attributes(const Value& note) {
  auto parsed = parse_tagged_json(note.text());
  auto* value = std::get_if<Value>(&parsed);
  return value != nullptr && value->as<Object>() != nullptr ? std::move(*value) : Value(Object{});
}

Reply<std::string> source_folder(const Value& source, const std::string& stack_folder) {
  std::error_code error;
  const std::string below =
      source.at("/directory") ? source.at("/directory").text() : source.at("/root").text();
  const fs::path stack(stack_folder);
  if (below.empty() || below == ".") {
    return stack.string();
  }
  if (fs::path(below).is_absolute()) {
    return below;
  }
  if (fs::is_directory(stack / below, error)) {
    return (stack / below).lexically_normal().string();
  }
  // A root counts from the top of the repository: the stack may lie in a folder beside it.
  for (fs::path top = stack; source.at("/root") && top.has_relative_path();
       top = top.parent_path()) {
    if (fs::is_directory(top / below, error)) {
      return (top / below).lexically_normal().string();
    }
    if (fs::exists(top / ".git", error)) {
      break;
    }
  }
  return Error{
      ErrorKind::invalid,
      fmt::format("the folder {} is not there", (stack / below).lexically_normal().string()),
      source.at("/directory") ? "/source/directory" : "/source/root",
      "on this machine a source is the working tree; write `local { source = "
      "directory(\".\") }` to run in another folder"};
}

std::int64_t patience_ms(const Value& desired) {
  return milliseconds_of(desired.at("/health/timeout"), 60'000) +
         milliseconds_of(desired.at("/health/grace"), 0);
}

Reply<Value> service_body(const Change& change, const std::string& stack_folder) {
  const Value& desired = change.desired;
  const bool tool = desired.at("/run_as").text() == "tool";
  std::string folder = stack_folder;
  if (!tool) {
    TRY(found, source_folder(desired.at("/source"), stack_folder));
    folder = *found;
  }
  const std::string restart = desired.at("/restart/policy").text();
  const std::int64_t retries = restart == "always" ? -1 : 10;
  Value body(Object{{"name", desired.at("/name")},
                    {"noted", note_attributes(desired)},
                    {"folder", folder},
                    {"command", desired.at("/command").text()},
                    {"tool", tool},
                    {"check", readiness_of(desired)},
                    {"health_path", desired.at("/health/path").text()},
                    {"within_ms", milliseconds_of(desired.at("/health/timeout"), 60'000)},
                    {"grace_ms", milliseconds_of(desired.at("/health/grace"), 0)},
                    {"interval_ms", milliseconds_of(desired.at("/health/interval"), 30'000)},
                    {"restart", restart.empty() ? "on_failure" : restart},
                    {"max_retries", desired.at("/restart/max_retries").integer(retries)},
                    {"port", desired.at("/port").integer(0)},
                    {"env", environment_body(desired.at("/env"))},
                    {"run", change.action == Action::update}});
  if (const Value& port = desired.at("/health/port")) {
    body.set("/health_port", port);
  }
  if (change.redeploy) {
    body.set("/redeploy", change.op);
  }
  Object volumes;
  for (const auto& [name, reference] : desired.at("/volumes").object()) {
    volumes[name] = reference.reference().id;
  }
  body.set("/volumes", std::move(volumes));
  return body;
}

Value database_body(const Change& change) {
  const Value& desired = change.desired;
  Value body(Object{{"name", desired.at("/name")},
                    {"noted", note_attributes(desired)},
                    {"engine", desired.at("/engine").text()},
                    {"extensions", desired.at("/extensions").list()}});
  if (const Value& password = desired.at("/password"); password.as<Secret>() != nullptr) {
    body.set("/password", password);
  }
  return body;
}

Value bucket_body(const Change& change) {
  const Value& desired = change.desired;
  Object rules;
  for (const char* name :
       {"public", "allowed_types", "max_object_size", "versioning", "expire_after", "cors"}) {
    if (const Value& value = desired.at(join("", name))) {
      rules[name] = value;
    }
  }
  Value noted(Object{{"name", desired.at("/name")}});
  if (const Value& region = desired.at("/region")) {
    noted.set("/region", region);
  }
  return Object{{"name", desired.at("/name")},
                {"noted", note_attributes(noted)},
                {"rules", std::move(rules)}};
}

Value volume_body(const Change& change) {
  return Object{{"name", change.desired.at("/name")}, {"noted", note_attributes(change.desired)}};
}

Reply<Value> cron_body(const Change& change) {
  const Value& desired = change.desired;
  const Value& call = desired.at("/call");
  const Value& run = desired.at("/run");
  const Value& target = call ? call.at("/service") : run.at("/service");
  for (const auto& [name, field] : call.at("/form").object()) {
    if (field.as<Object>() != nullptr) {
      return Error{
          ErrorKind::invalid,
          fmt::format("the form field `{}` is a file, and crons of this machine send none", name),
          "/call", "let the service read the file itself"};
    }
  }
  Value request(Object{{"headers", Object{}}});
  for (const auto& [name, value] : call.at("/headers").object()) {
    request.set(join("/headers", name),
                value.as<Secret>() != nullptr ? value : Value(plain_text(value)));
  }
  for (const char* part : {"json", "form"}) {
    if (const Value& value = call.at(join("", part))) {
      request.set(join("", part), value);
    }
  }
  if (const Value& auth = desired.at("/auth")) {
    request.set("/auth", auth);
  }
  const std::string method = call.at("/method").text();
  return Value(Object{{"name", desired.at("/name")},
                      {"noted", note_attributes(desired)},
                      {"schedule", desired.at("/schedule").text()},
                      {"timezone", desired.at("/timezone").text()},
                      {"service", target.reference().id},
                      {"method", method.empty() ? "GET" : method},
                      {"path", call ? call.at("/path").text() : "/"},
                      {"command", run.at("/command").text()},
                      {"timeout_ms", milliseconds_of(desired.at("/timeout"), 60'000)},
                      {"retries", desired.at("/retries").integer(0)},
                      {"has_secrets", contains_secret(request)},
                      {"request", request}});
}

Remote service_remote(const Value& view) {
  Remote remote;
  remote.id = remote.marker = view.at("/id").text();
  remote.attributes = noted_attributes(view.at("/noted"));
  fill_defaults("local.service", remote.attributes);
  const std::string state = view.at("/state").text();
  set_status(remote, state != "made" && state != "stopped");
  const std::string address = fmt::format("127.0.0.1:{}", view.at("/port").integer());
  remote.attributes.set("/id", remote.id);
  remote.attributes.set("/host", "127.0.0.1");
  remote.attributes.set("/url", "http://" + address);
  remote.attributes.set("/internal_url", "http://" + address);
  remote.attributes.set("/port", view.at("/port"));
  remote.attributes.set("/local/status", state);
  remote.attributes.set("/local/pid", view.at("/pid").integer());
  remote.attributes.set("/local/failure", view.at("/failure").text());
  remote.attributes.set("/local/restarts", view.at("/restarts").integer());
  remote.attributes.set("/local/log", view.at("/log"));
  for (const auto& [key, digest] : view.at("/digests").object()) {
    remote.marks[join("/env", key)] = digest.text();
  }
  return remote;
}

Remote database_remote(const Value& view) {
  Remote remote;
  remote.id = remote.marker = view.at("/id").text();
  remote.attributes = noted_attributes(view.at("/noted"));
  Value& found = remote.attributes;
  found.set("/id", remote.id);
  const std::string state = view.at("/state").text();
  set_status(remote, view.at("/present").truth() && state != "failed" && state != "stopped");
  const std::string engine = view.at("/engine").text();
  if (engine == "sqlite" || engine == "libsql") {
    found.set("/url", Secret("file:" + view.at("/file").text()));
    found.erase("/password");
    return remote;
  }
  found.set("/host", "127.0.0.1");
  found.set("/port", view.at("/port"));
  found.set("/url", Hidden{});
  found.set("/password", Hidden{});
  if (engine == "redis") {
    found.set("/user", "default");
    return remote;
  }
  found.set("/user", view.at("/user"));
  found.set("/local/socket", view.at("/socket"));
  if (found.at("/extensions")) {
    found.set("/extensions", view.at("/extensions"));
  }
  return remote;
}

Remote bucket_remote(const Value& view) {
  Remote remote;
  remote.id = remote.marker = view.at("/id").text();
  remote.attributes = noted_attributes(view.at("/noted"));
  for (const auto& [name, value] : view.at("/rules").object()) {
    Value read = value;
    if (name == "max_object_size") {
      if (const auto size = parse_size(value.text())) {
        read = *size;
      }
    } else if (name == "expire_after") {
      if (const auto duration = parse_duration(value.text())) {
        read = *duration;
      }
    } else if (name != "public" && name != "allowed_types" && name != "versioning" &&
               name != "cors") {
      continue;
    }
    remote.attributes.set(join("", name), std::move(read));
  }
  remote.attributes.set("/id", remote.id);
  remote.attributes.set("/endpoint", "file://" + view.at("/folder").text());
  set_status(remote, view.at("/present").truth());
  return remote;
}

Remote volume_remote(const Value& view) {
  Remote remote;
  remote.id = remote.marker = view.at("/id").text();
  remote.attributes = noted_attributes(view.at("/noted"));
  remote.attributes.set("/id", remote.id);
  remote.attributes.set("/local/path", view.at("/folder"));
  set_status(remote, view.at("/present").truth());
  return remote;
}

Remote cron_remote(const Value& view) {
  Remote remote;
  set_status(remote, view.at("/armed").truth());  // without its secret it does not fire
  remote.id = remote.marker = view.at("/id").text();
  remote.attributes = noted_attributes(view.at("/noted"));
  fill_defaults("local.cron", remote.attributes);
  remote.attributes.set("/id", remote.id);
  remote.attributes.set("/next_run", view.at("/next_run"));
  if (const Value& last = view.at("/last")) {
    remote.attributes.set("/local/last_run", last.at("/at"));
    remote.attributes.set("/local/last_result", last.at("/result"));
    remote.attributes.set("/local/last_took", last.at("/took"));
    remote.attributes.set("/local/runs", last.at("/count"));
  }
  return remote;
}

}  // namespace infra::local
