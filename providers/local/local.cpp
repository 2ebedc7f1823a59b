#include "providers/local/local.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "providers/local/agent_client.h"
#include "providers/local/agent_folders.h"
#include "providers/local/agent_registry.h"
#include "providers/local/local_encode.h"
#include "providers/support.h"

namespace infra {
namespace {

using namespace infra::local;

constexpr std::int64_t look_ms = 2'000;  // one look at something that is under way

// What the driver does with each of its types.
struct Handling {
  std::string_view type;
  std::string_view kind;      // of the registry
  std::string_view all, one;  // the agent's paths
  Remote (*remote)(const Value& view);
};
constexpr std::array handlings{
    Handling{"local.service", services_kind, "/services", "/services/{id}", service_remote},
    Handling{"local.volume", volumes_kind, "/volumes", "/volumes/{id}", volume_remote},
    Handling{"local.database", databases_kind, "/databases", "/databases/{id}", database_remote},
    Handling{"local.redis", databases_kind, "/databases", "/databases/{id}", database_remote},
    Handling{"local.file", databases_kind, "/databases", "/databases/{id}", database_remote},
    Handling{"local.bucket", buckets_kind, "/buckets", "/buckets/{id}", bucket_remote},
    Handling{"local.cron", crons_kind, "/crons", "/crons/{id}", cron_remote},
};

const Handling& handling_of(std::string_view type) {
  const auto found = std::ranges::find(handlings, type, &Handling::type);
  return found == handlings.end() ? handlings.front() : *found;
}

// The type of a database by its engine.
std::string_view database_type(const Value& view) {
  const std::string engine = view.at("/engine").text();
  return engine == "redis" ? "local.redis" : engine == "postgres" ? "local.database" : "local.file";
}

bool is_of(const Handling& handling, const Value& view) {
  return handling.kind != databases_kind || database_type(view) == handling.type;
}

std::string data_of(const Reader& reader) {
  return reader.settings().at("/infra/data").text();
}

// One object as the registry of an agent that does not run tells of it: processes and crons are
// stopped, data is there when it is on the disk.
Value view_without_agent(const Handling& handling, const std::string& id, const Value& record) {
  if (handling.kind == buckets_kind) {
    return bucket_view(id, record);
  }
  if (handling.kind == volumes_kind) {
    return volume_view(id, record);
  }
  Value view = record;
  view.set("/id", id);
  const Value& file = record.at("/file");
  std::error_code error;
  view.set("/present", !file || std::filesystem::exists(file.text(), error));
  const bool needs_no_process = bool(file) || record.at("/tool").truth();
  view.set("/state", needs_no_process ? "ready" : "stopped");
  view.set("/failure", "no agent runs");
  if (record.at("/engine").text() == "postgres") {
    view.set("/user", record.at("/name"));
  }
  return view;
}

std::vector<Value> views_without_agent(const Handling& handling, const std::string& data) {
  std::vector<Value> views;
  const Value registry = read_registry(agent_registry_file(data));
  for (const auto& [id, record] : registry.at(join("", handling.kind)).object()) {
    views.push_back(view_without_agent(handling, id, record));
  }
  return views;
}

Error not_ready(const Change& change, const Value& view) {
  return Error{ErrorKind::pending,
               fmt::format("{} does not answer yet{}", change.address,
                           view.at("/failure").text().empty() ? std::string()
                                                              : ": " + view.at("/failure").text()),
               "/health", "infra show --logs " + change.address + " shows what it writes"};
}

class Local : public Provider {
 public:
  [[nodiscard]] const ProviderSchema& schema() const override { return local_schema(); }

  Reply<std::vector<Remote>> list(const Query& query, Reader& agent) const override {
    const Handling& handling = handling_of(query.type);
    std::vector<Value> views;
    if (agent_answers(data_of(agent))) {
      TRY(answer, agent.get({Method::get, handling.all}));
      const List& items = answer->body.at("/items").list();
      views.assign(items.begin(), items.end());
    } else {
      views = views_without_agent(handling, data_of(agent));
    }
    std::vector<Remote> found;
    for (const Value& view : views) {
      if (is_of(handling, view)) {
        found.push_back(handling.remote(view));
      }
    }
    return found;
  }

  std::vector<Reply<Remote>> apply(const ApplyRequest& request, Writer& agent) const override {
    return each(request, agent, [&](std::size_t /*index*/, const Change& change) {
      return change_one(change, agent);
    });
  }

 private:
  static Reply<Remote> change_one(const Change& change, Writer& agent) {
    const std::string wrong =
        ensure_agent(data_of(agent), agent.settings().at("/infra/executable").text());
    if (!wrong.empty()) {
      return Error{ErrorKind::invalid, "the local agent does not start: " + wrong, "",
                   "see that this account may write to " + data_of(agent)};
    }
    const Handling& handling = handling_of(change.type);
    const std::string id = change.id.empty() ? change.marker : change.id;
    if (change.action == Action::remove) {
      return remove(handling, id, agent);
    }
    TRY(body, body_of(change, agent.settings().at("/infra/folder").text()));
    Call put{Method::put, handling.one, {id}};
    put.body.value = *body;
    TRY(answer, agent.send(put));
    Value view = answer->body;
    if (handling.kind == services_kind && change.action == Action::update) {
      return await_service(change, id, agent);
    }
    if (handling.kind == databases_kind) {
      return await_database(change, id, agent);
    }
    Remote remote = handling.remote(view);
    remote.status = Status::ready;  // made is all that was asked for
    return remote;
  }

  static Reply<Remote> remove(const Handling& handling, const std::string& id, Writer& agent) {
    auto gone = agent.send({Method::del, handling.one, {id}});
    if (!gone && gone.error().kind != ErrorKind::missing) {
      return gone.error();
    }
    return Remote{};
  }

  static Reply<Value> body_of(const Change& change, const std::string& stack_folder) {
    const Handling& handling = handling_of(change.type);
    if (handling.kind == services_kind) {
      return service_body(change, stack_folder);
    }
    if (handling.kind == databases_kind) {
      return database_body(change);
    }
    if (handling.kind == buckets_kind) {
      return bucket_body(change);
    }
    if (handling.kind == volumes_kind) {
      return volume_body(change);
    }
    return cron_body(change);
  }

  static Reply<Value> look(const Handling& handling, const std::string& id, Writer& agent) {
    Call get{Method::get, handling.one, {id}};
    get.query = Object{{"wait_ms", look_ms}};
    TRY(answer, agent.get(get));
    return answer->body;
  }

  // The agent answers a look as soon as the service runs or is given up; the door ends the waiting
  // at an interrupt or the deadline.
  static Reply<Remote> await_service(const Change& change, const std::string& id, Writer& agent) {
    const std::int64_t rounds = patience_ms(change.desired) / look_ms + 5;
    Value view;
    for (std::int64_t round = 0; round < rounds; ++round) {
      TRY(seen, look(handling_of(change.type), id, agent));
      view = *seen;
      const std::string state = view.at("/state").text();
      if (state == "running" || state == "ready") {
        return service_remote(view);
      }
      if (state == "stopped") {
        const std::string failure = view.at("/failure").text();
        const bool port = failure.find("port ") == 0;
        return Error{ErrorKind::invalid,
                     fmt::format("{} does not run: {}", change.address, failure),
                     port ? "/port" : "/command",
                     port ? "end that process, or write another `port`"
                          : "infra show --logs " + change.address + " shows what it wrote"};
      }
    }
    return not_ready(change, view);
  }

  static Reply<Remote> await_database(const Change& change, const std::string& id, Writer& agent) {
    for (int round = 0; round < 100; ++round) {
      TRY(seen, look(handling_of(change.type), id, agent));
      const std::string state = seen->at("/state").text();
      if (state == "failed") {
        return Error{ErrorKind::invalid,
                     fmt::format("{}: {}", change.address, seen->at("/failure").text()), "/engine",
                     seen->at("/help").text()};
      }
      if (state == "ready") {
        Remote remote = database_remote(*seen);
        show_password(change.desired, remote);
        return remote;
      }
    }
    return Error{ErrorKind::pending, change.address + " is not ready yet"};
  }

  // The agent does not show passwords; the one that it was just given is known here.
  static void show_password(const Value& desired, Remote& remote) {
    const Value& password = desired.at("/password");
    const Value& found = remote.attributes;
    if (password.as<Secret>() == nullptr || found.at("/password").as<Hidden>() == nullptr) {
      return;
    }
    const std::string host = fmt::format("@127.0.0.1:{}", found.at("/port").integer());
    const bool redis = desired.at("/engine").text() == "redis";
    const std::string user = encode_in_url(found.at("/user").text());
    Value url = redis ? concatenated({"redis://:", password, host})
                      : concatenated({"postgres://" + user + ":", password, host + "/" + user});
    remote.attributes.set("/password", password);
    remote.attributes.set("/url", std::move(url));
  }
};

}  // namespace

const Provider& local_provider() {
  static const Local provider;
  return provider;
}

}  // namespace infra
