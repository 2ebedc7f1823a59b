#include "providers/local/agent_services.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "providers/local/agent_ports.h"

namespace infra::local {
namespace {

constexpr std::uintmax_t largest_log = 4U << 20U;
constexpr milliseconds rotation_period{10'000};

// What of a put is kept in the registry, and compared to know whether a restart is due.
constexpr const char* definition_fields[] = {
    "folder",   "command",     "tool",    "check",   "health_path", "health_port", "within_ms",
    "grace_ms", "interval_ms", "volumes", "restart", "max_retries", "stop_ms"};

std::string variable_name(std::string_view volume) {
  std::string name = "INFRA_VOLUME_";
  for (const char c : volume) {
    const auto byte = static_cast<unsigned char>(c);
    name += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return name;
}

}  // namespace

struct Services::Service {
  std::string id;
  Value record = Object{};                // as in the registry
  std::map<std::string, Secret> secrets;  // of its environment
  std::unique_ptr<Process> process;
  bool renewing = false;  // being stopped to be started with another definition
  bool leaving = false;

  [[nodiscard]] bool live() const { return record.at("/run").truth(); }
  [[nodiscard]] bool tool() const { return record.at("/tool").truth(); }
  [[nodiscard]] bool complete() const {  // every secret of it is at hand
    return std::ranges::all_of(record.at("/env").object(), [&](const auto& entry) {
      return !entry.second.at("/secret").truth() || secrets.contains(entry.first);
    });
  }
  [[nodiscard]] std::string state() const {
    if (!live()) {
      return "made";
    }
    if (tool()) {
      return "ready";
    }
    if (!process) {
      return "stopped";
    }
    return renewing ? "starting" : state_name(process->state());
  }
  [[nodiscard]] bool settled() const {
    const std::string now = state();
    return now != "starting" && now != "waiting" && now != "stopping" && now != "idle";
  }
};

Services::Services(Shared shared, std::function<std::string(const std::string&)> volume_folder)
    : shared_(std::move(shared)),
      volume_folder_(std::move(volume_folder)),
      rotation_(shared_.loop) {
  rotation_.every(rotation_period, [this] { rotate_logs(); });
}

Services::~Services() = default;

std::string Services::log_of(const std::string& id) const {
  return shared_.data_folder + "/logs/" + id + ".log";
}

Value Services::view(const Service& service) const {
  Object digests;
  for (const auto& [key, secret] : service.secrets) {
    digests[key] = sha256_hex(secret.expose());
  }
  Value shown(Object{{"id", service.id},
                     {"name", service.record.at("/name")},
                     {"noted", service.record.at("/noted")},
                     {"port", service.record.at("/port")},
                     {"state", service.state()},
                     {"complete", service.complete()},
                     {"log", log_of(service.id)},
                     {"digests", std::move(digests)}});
  if (service.process) {
    shown.set("/failure", service.process->failure());
    shown.set("/restarts", service.process->restarts());
    shown.set("/pid", std::int64_t{service.process->pid()});
  } else if (service.live() && !service.tool()) {
    shown.set("/failure", "the agent was started again and does not have its secrets");
  }
  return shown;
}

void Services::resume() {
  for (const auto& [id, record] : shared_.registry.all(services_kind)) {
    auto service = std::make_unique<Service>();
    service->id = id;
    service->record = record;
    Service& kept = *services_.emplace(id, std::move(service)).first->second;
    if (kept.live() && !kept.tool() && kept.complete()) {
      run(kept, false);
    }
  }
}

void Services::list(const Responder& responder) {
  List items;
  for (const auto& [id, service] : services_) {
    items.push_back(view(*service));
  }
  responder.answer(200, Object{{"items", std::move(items)}});
}

void Services::get(const std::string& id, const ServerRequest& request,
                   const Responder& responder) {
  const auto found = services_.find(id);
  if (found == services_.end()) {
    refuse_missing(responder, services_kind, id);
    return;
  }
  const milliseconds wait = wait_of(request);
  if (wait.count() == 0 || found->second->settled()) {
    responder.answer(200, view(*found->second));
    return;
  }
  const std::uint64_t number = ++waits_;
  waiting_.push_back({id, number, responder});
  shared_.loop.later(wait, [this, number] {
    const auto late = std::ranges::find(waiting_, number, &Waiting::number);
    if (late == waiting_.end()) {
      return;
    }
    const Waiting one = *late;
    waiting_.erase(late);
    const auto still = services_.find(one.id);
    if (still == services_.end()) {
      refuse_missing(one.responder, services_kind, one.id);
    } else {
      one.responder.answer(200, view(*still->second));
    }
  });
}

// Answers who waits for the service, when it has settled.
void Services::settle(const std::string& id) {
  const auto found = services_.find(id);
  if (found == services_.end() || !found->second->settled()) {
    return;
  }
  std::vector<Waiting> rest;
  for (auto& one : std::exchange(waiting_, {})) {
    if (one.id == id) {
      one.responder.answer(200, view(*found->second));
    } else {
      rest.push_back(std::move(one));
    }
  }
  waiting_.insert(waiting_.end(), rest.begin(), rest.end());
}

// The port that was written, the one it has, or a free one; 0 when the machine has none left.
int Services::decide_port(const Value& body, const Service& service) const {
  if (const auto wanted = body.at("/port").integer(); wanted > 0) {
    return static_cast<int>(wanted);
  }
  const auto had = service.record.at("/port").integer();
  if (had > 0 && !service.record.at("/port_written").truth()) {
    return static_cast<int>(had);
  }
  return choose_port(shared_.data_folder + "\n" + service.id,
                     [this](int port) { return shared_.registry.holds_port(port); });
}

// Fills the service from the body; what is wrong with it, or "".
std::string Services::read_definition(const Value& body, Service& service) const {
  const Value old = service.record;
  Value fresh(Object{});
  Object environment;
  std::map<std::string, Secret> secrets;
  for (const auto& [key, entry] : body.at("/env").object()) {
    if (entry.at("/keep").truth()) {
      const auto known = service.secrets.find(key);
      if (known == service.secrets.end()) {
        return fmt::format(
            "the value of {} is not known here any more, and its source cannot be "
            "read",
            key);
      }
      secrets.insert(*known);
      environment[key] = Object{{"secret", true}};
    } else if (entry.at("/secret").truth()) {
      secrets.insert_or_assign(key, Secret(entry.at("/value").text()));
      environment[key] = Object{{"secret", true}};
    } else {
      environment[key] = Object{{"value", entry.at("/value").text()}};
    }
  }
  for (const char* field : definition_fields) {
    if (const Value& value = body.at(join("", field))) {
      fresh.set(join("", field), value);
    }
  }
  const int port = decide_port(body, service);
  if (port == 0) {
    return "no port from 20000 to 32699 is free on this machine";
  }
  fresh.set("/name", body.at("/name"));
  fresh.set("/noted", body.at("/noted"));
  fresh.set("/redeploy", body.at("/redeploy") ? body.at("/redeploy") : old.at("/redeploy"));
  fresh.set("/port", port);
  fresh.set("/port_written", body.at("/port").integer() > 0);
  fresh.set("/env", std::move(environment));
  fresh.set("/run", body.at("/run").truth() || old.at("/run").truth());
  service.record = std::move(fresh);
  service.secrets = std::move(secrets);
  return "";
}

void Services::put(const std::string& id, const ServerRequest& request,
                   const Responder& responder) {
  const auto found = services_.find(id);
  if (found != services_.end() && found->second->leaving) {
    responder.refuse(409, "the service is being stopped and removed");
    return;
  }
  auto fresh = std::make_unique<Service>();
  fresh->id = id;
  if (found != services_.end()) {
    fresh->record = found->second->record;
    fresh->secrets = found->second->secrets;
  }
  const bool only_made = !request.body.at("/run").truth();
  if (only_made && found != services_.end() && found->second->live()) {
    responder.answer(200, view(*found->second));  // it lives already: made twice is made once
    return;
  }
  if (const std::string wrong = read_definition(request.body, *fresh); !wrong.empty()) {
    responder.refuse(422, wrong);
    return;
  }
  for (const auto& [other, service] : services_) {
    if (other != id &&
        service->record.at("/port").integer() == fresh->record.at("/port").integer()) {
      responder.refuse(422, fmt::format("port {} is already given to the service {}",
                                        fresh->record.at("/port").integer(),
                                        service->record.at("/name").text()));
      return;
    }
  }
  if (const std::string wrong = shared_.registry.put(services_kind, id, fresh->record);
      !wrong.empty()) {
    responder.refuse(500, wrong);
    return;
  }
  bool changed = false;
  if (found == services_.end()) {
    services_.emplace(id, std::move(fresh));
  } else {
    Service& service = *found->second;
    Value before = std::exchange(service.record, std::move(fresh->record));
    Value after = service.record;
    for (const char* unimportant : {"/noted", "/run", "/name"}) {
      before.erase(unimportant);
      after.erase(unimportant);
    }
    const auto equal = [](const auto& left, const auto& right) {
      return left.first == right.first && same_secret(left.second, right.second);
    };
    changed =
        !same(before, after) || !std::equal(service.secrets.begin(), service.secrets.end(),
                                            fresh->secrets.begin(), fresh->secrets.end(), equal);
    service.secrets = std::move(fresh->secrets);
  }
  Service& service = *services_.at(id);
  if (service.live() && !service.tool()) {
    run(service, changed);
  }
  responder.answer(200, view(service));
}

// Sees to it that it runs with its definition; `again`: what runs has an older one.
void Services::run(Service& service, bool again) {
  if (service.renewing || service.leaving) {
    return;  // it will be built from the definition as it is then
  }
  if (!service.process) {
    build(service);
    return;
  }
  if (!again) {
    service.process->start();
    return;
  }
  service.renewing = true;
  service.process->stop([this, id = service.id] {
    const auto found = services_.find(id);
    if (found != services_.end() && !found->second->leaving) {
      shared_.loop.later(milliseconds(0), [this, id] {
        const auto still = services_.find(id);
        if (still != services_.end() && !still->second->leaving) {
          still->second->renewing = false;
          build(*still->second);
        }
      });
    }
  });
}

void Services::build(Service& service) {
  service.process = std::make_unique<Process>(shared_.loop, process_of(service));
  service.process->on_change([this, id = service.id] { settle(id); });
  service.process->start();
}

Environment Services::environment_of(const Service& service) const {
  std::map<std::string, Secret> all;
  for (auto& [key, value] : inherited_environment()) {
    all.insert_or_assign(key, std::move(value));
  }
  for (const auto& [key, entry] : service.record.at("/env").object()) {
    if (!entry.at("/secret").truth()) {
      all.insert_or_assign(key, Secret(entry.at("/value").text()));
    }
  }
  for (const auto& [key, secret] : service.secrets) {
    all.insert_or_assign(key, secret);
  }
  for (const auto& [name, id] : service.record.at("/volumes").object()) {
    all.insert_or_assign(variable_name(name), Secret(volume_folder_(id.text())));
  }
  all.insert_or_assign("PORT", Secret(std::to_string(service.record.at("/port").integer())));
  return {all.begin(), all.end()};
}

ProcessSpec Services::process_of(const Service& service) const {
  const Value& record = service.record;
  ProcessSpec spec;
  spec.name = record.at("/name").text();
  spec.identifier = service.id;
  spec.data_folder = shared_.data_folder;
  spec.port = static_cast<int>(record.at("/port").integer());
  const std::string check = record.at("/check").text();
  spec.readiness.kind = check == "http"   ? Readiness::http
                        : check == "port" ? Readiness::port
                                          : Readiness::alive;
  spec.readiness.path = record.at("/health_path").text();
  spec.readiness.port_number = static_cast<int>(record.at("/health_port").integer(spec.port));
  spec.readiness.within = milliseconds(record.at("/within_ms").integer(60'000));
  spec.readiness.grace = milliseconds(record.at("/grace_ms").integer(0));
  spec.readiness.interval =
      std::max(milliseconds(1'000), milliseconds(record.at("/interval_ms").integer(30'000)));
  const std::string restart = record.at("/restart").text();
  spec.restart = restart == "never"    ? Restart::no
                 : restart == "always" ? Restart::always
                                       : Restart::on_failure;
  spec.max_retries = static_cast<int>(record.at("/max_retries").integer(10));
  spec.stop_within = milliseconds(record.at("/stop_ms").integer(10'000));
  spec.program = [this, id = service.id] {
    const Service& current = *services_.at(id);
    Program program;
    program.arguments = {"/bin/sh", "-c", current.record.at("/command").text()};
    program.folder = current.record.at("/folder").text();
    program.environment = environment_of(current);
    program.log = log_of(id);
    return program;
  };
  return spec;
}

int Services::port_of(const std::string& id) const {
  const auto found = services_.find(id);
  return found == services_.end() ? 0
                                  : static_cast<int>(found->second->record.at("/port").integer());
}

std::optional<Program> Services::program_of(const std::string& id,
                                            const std::string& command) const {
  const auto found = services_.find(id);
  if (found == services_.end() || !found->second->complete()) {
    return std::nullopt;
  }
  Program program;
  program.arguments = {"/bin/sh", "-c", command};
  program.folder = found->second->record.at("/folder").text();
  program.environment = environment_of(*found->second);
  program.environment.emplace_back("INFRA_AGENT", Secret(shared_.data_folder));
  return program;
}

void Services::remove(const std::string& id, const Responder& responder) {
  const auto found = services_.find(id);
  if (found == services_.end()) {
    refuse_missing(responder, services_kind, id);
    return;
  }
  Service& service = *found->second;
  service.leaving = true;
  auto gone = [this, id, responder] {
    std::error_code ignored;
    std::filesystem::remove(log_of(id), ignored);
    std::filesystem::remove(log_of(id) + ".1", ignored);
    shared_.loop.later(milliseconds(0), [this, id, responder] {
      services_.erase(id);
      const std::string wrong = shared_.registry.erase(services_kind, id);
      if (wrong.empty()) {
        responder.answer(200, Object{});
      } else {
        responder.refuse(500, wrong);
      }
    });
  };
  if (service.process) {
    service.process->stop(gone);
  } else {
    gone();
  }
}

void Services::act(const std::string& id, const std::string& verb, const Responder& responder) {
  const auto found = services_.find(id);
  if (found == services_.end()) {
    refuse_missing(responder, services_kind, id);
  } else if (verb != "stop") {
    Keeper::act(id, verb, responder);
  } else if (!found->second->process) {
    responder.answer(200, view(*found->second));
  } else {
    found->second->process->stop([this, id, responder] {
      const auto still = services_.find(id);
      responder.answer(200, still == services_.end() ? Value(Object{}) : view(*still->second));
    });
  }
}

void Services::halt(std::function<void()> halted) {
  auto left = std::make_shared<std::size_t>(1);
  auto one_less = [left, halted = std::move(halted)] {
    if (--*left == 0) {
      halted();
    }
  };
  for (auto& [id, service] : services_) {
    service->leaving = true;
    if (service->process) {
      ++*left;
      service->process->stop(one_less);
    }
  }
  one_less();
}

// A process appends to its log by itself; what grew too large is copied aside and emptied.
void Services::rotate_logs() {
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(shared_.data_folder + "/logs", error)) {
    const std::string path = entry.path();
    if (path.ends_with(".log") && entry.file_size(error) > largest_log && !error) {
      std::filesystem::copy_file(path, path + ".1",
                                 std::filesystem::copy_options::overwrite_existing, error);
      std::filesystem::permissions(
          path + ".1", std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
          error);
      if (truncate(path.c_str(), 0) != 0) {
        continue;  // tried again with the next round
      }
    }
  }
}

}  // namespace infra::local
