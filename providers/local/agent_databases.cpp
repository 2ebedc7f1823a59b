#include "providers/local/agent_databases.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "providers/local/agent_ports.h"

namespace infra::local {
namespace {

bool is_file(const Value& record) {
  const std::string engine = record.at("/engine").text();
  return engine == "sqlite" || engine == "libsql";
}

bool is_postgres(const Value& record) {
  return record.at("/engine").text() == "postgres";
}

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.list()) {
    out.push_back(item.text());
  }
  return out;
}

// An empty file is an empty SQLite database.
std::string make_file(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) {
    return fmt::format("cannot make {}: {}", path, std::strerror(errno));
  }
  close(file);
  return "";
}

RedisDatabase redis_of(const std::string& id, const Value& record) {
  return {id, record.at("/name").text(), record.at("/folder").text(),
          record.at("/password_sha256").text(), static_cast<int>(record.at("/port").integer())};
}

}  // namespace

Databases::Databases(Shared shared) : shared_(shared), postgres_(shared), redis_(shared) {}

void Databases::resume() {
  for (const auto& [id, record] : shared_.registry.all(databases_kind)) {
    if (is_file(record)) {
      continue;
    }
    if (!is_postgres(record)) {
      begin(id, std::nullopt, {});
      continue;
    }
    // The cluster is brought up, and nothing in it is touched: what is missing there is for the
    // next plan to say.
    work_[id].busy = true;
    postgres_.inspect({}, [this, one = id](const std::string& wrong, const auto& /*found*/) {
      end(one, wrong, "");
    });
  }
}

// The body and what is remembered, as one record; what is wrong, or "".
std::string Databases::complete_record(const std::string& id, const Value& body,
                                       Value& record) const {
  const Value& old = shared_.registry.find(databases_kind, id);
  const std::string engine = body.at("/engine").text();
  record = Object{{"name", body.at("/name")},
                  {"noted", body.at("/noted")},
                  {"engine", engine},
                  {"extensions", body.at("/extensions")}};
  if (body.at("/name").text().empty()) {
    return "a database needs a name";
  }
  for (const auto& [other, existing] : shared_.registry.all(databases_kind)) {
    if (other != id && existing.at("/engine").text() == engine &&
        existing.at("/name").text() == body.at("/name").text()) {
      return fmt::format("another database is called {} already", body.at("/name").text());
    }
  }
  if (engine == "redis") {
    const int port = old ? static_cast<int>(old.at("/port").integer())
                         : choose_port(shared_.data_folder + "\n" + id, [this](int candidate) {
                             return shared_.registry.holds_port(candidate);
                           });
    if (port == 0) {
      return "no port from 20000 to 32699 is free on this machine";
    }
    record.set("/port", port);
    record.set("/folder", shared_.data_folder + "/databases/" + id);
    record.set("/password_sha256", body.at("/password").text().empty()
                                       ? old.at("/password_sha256")
                                       : Value(sha256_hex(body.at("/password").text())));
    return record.at("/password_sha256").text().empty() ? "a Redis database needs a password" : "";
  }
  if (is_file(record)) {
    record.set("/file",
               old ? old.at("/file")
                   : Value(shared_.data_folder + "/databases/" + body.at("/name").text() + ".db"));
    return "";
  }
  return is_postgres(record) ? ""
                             : fmt::format("this machine runs no databases of the kind {}", engine);
}

void Databases::put(const std::string& id, const ServerRequest& request,
                    const Responder& responder) {
  if (work_[id].busy) {
    work_[id].later.push_back([this, id, request, responder] { put(id, request, responder); });
    return;
  }
  Value record;
  if (const std::string wrong = complete_record(id, request.body, record); !wrong.empty()) {
    responder.refuse(422, wrong);
    return;
  }
  const Value old = shared_.registry.find(databases_kind, id);
  if (const std::string wrong = shared_.registry.put(databases_kind, id, record); !wrong.empty()) {
    responder.refuse(500, wrong);
    return;
  }
  std::vector<std::string> dropped = texts(old.at("/extensions"));
  const std::vector<std::string> wanted = texts(record.at("/extensions"));
  std::erase_if(dropped, [&](const std::string& name) {
    return std::ranges::find(wanted, name) != wanted.end();
  });
  std::optional<Secret> password;
  if (!request.body.at("/password").text().empty()) {
    password = Secret(request.body.at("/password").text());
  }
  work_[id].fresh = old.is_null();
  begin(id, std::move(password), std::move(dropped));
  responder.answer(202, Object{{"id", id}, {"state", "working"}});
}

void Databases::begin(const std::string& id, std::optional<Secret> password,
                      std::vector<std::string> dropped) {
  const Value record = shared_.registry.find(databases_kind, id);
  Work& work = work_[id];
  work.busy = true;
  work.failure.clear();
  work.help.clear();
  auto done = [this, id](const std::string& wrong, const std::string& help) {
    end(id, wrong, help);
  };
  if (is_file(record)) {
    done(make_file(record.at("/file").text()), "");
  } else if (is_postgres(record)) {
    postgres_.apply({record.at("/name").text(), std::move(password),
                     texts(record.at("/extensions")), std::move(dropped)},
                    done);
  } else {
    redis_.apply(redis_of(id, record), done);
  }
}

void Databases::end(const std::string& id, const std::string& wrong, const std::string& help) {
  Work& work = work_[id];
  work.failure = wrong;
  work.help = help;
  if (!wrong.empty() && std::exchange(work.fresh, false)) {
    clear(id, [this, id](const std::string& /*wrong*/, const std::string& /*help*/) {
      const std::string unsaved = shared_.registry.erase(databases_kind, id);
      settle(id);
    });
    return;
  }
  settle(id);
}

void Databases::settle(const std::string& id) {
  Work& work = work_[id];
  work.busy = false;
  for (auto& [number, responder] : std::exchange(work.waiting, {})) {
    answer_one(id, responder);
  }
  do_later(id);
}

// Requests that came while it was busy, in their order; the first may make it busy again.
void Databases::do_later(const std::string& id) {
  const auto work = work_.find(id);
  if (work == work_.end() || work->second.later.empty()) {
    return;
  }
  shared_.loop.later(milliseconds(0), [acts = std::exchange(work->second.later, {})] {
    for (const auto& act : acts) {
      act();
    }
  });
}

Value Databases::view(const std::string& id, const PostgresFound* found,
                      const std::string& wrong) const {
  const Value& record = shared_.registry.find(databases_kind, id);
  const auto known = work_.find(id);
  const Work none;
  const Work& work = known == work_.end() ? none : known->second;
  Value shown(Object{{"id", id},
                     {"name", record.at("/name")},
                     {"noted", record.at("/noted")},
                     {"engine", record.at("/engine")},
                     {"failure", wrong.empty() ? work.failure : wrong},
                     {"help", work.help}});
  bool present = true;
  bool failed = !work.failure.empty() || !wrong.empty();
  if (is_postgres(record)) {
    shown.set("/port", postgres_.port());
    shown.set("/socket", postgres_.socket_folder());
    shown.set("/user", record.at("/name"));
    present = found == nullptr || (found->role && found->database);
    List extensions;
    for (const auto& name : texts(record.at("/extensions"))) {
      if (found != nullptr && found->extensions.contains(name)) {
        extensions.emplace_back(name);
      }
    }
    shown.set("/extensions", std::move(extensions));
  } else if (is_file(record)) {
    shown.set("/file", record.at("/file"));
    present = std::filesystem::exists(record.at("/file").text());
  } else {
    shown.set("/port", record.at("/port"));
    if (!work.busy && !redis_.running(id) && !failed) {
      shown.set("/failure", "it is not running");
      failed = true;
    }
  }
  shown.set("/present", present);
  shown.set("/state", work.busy ? "working" : failed ? "failed" : "ready");
  return shown;
}

// The views of these databases, after a look into the cluster where one is needed.
void Databases::look(std::vector<std::string> ids, Views done) {
  std::vector<std::string> names;
  for (const auto& id : ids) {
    const Value& record = shared_.registry.find(databases_kind, id);
    if (is_postgres(record) && !work_[id].busy) {
      names.push_back(record.at("/name").text());
    }
  }
  auto gather = [this, ids = std::move(ids), done = std::move(done)](
                    const std::string& wrong, const std::map<std::string, PostgresFound>& all) {
    List views;
    for (const auto& id : ids) {
      const Value record = shared_.registry.find(databases_kind, id);
      if (record.is_null()) {
        continue;  // removed meanwhile
      }
      if (!is_postgres(record) || work_[id].busy) {
        views.push_back(view(id, nullptr, ""));
      } else if (!wrong.empty()) {
        views.push_back(view(id, nullptr, wrong));
      } else {
        const auto found = all.find(record.at("/name").text());
        const PostgresFound nothing;
        views.push_back(view(id, found == all.end() ? &nothing : &found->second, ""));
      }
    }
    done(std::move(views));
  };
  if (names.empty()) {
    gather("", {});
  } else {
    postgres_.inspect(names, gather);
  }
}

void Databases::list(const Responder& responder) {
  std::vector<std::string> ids;
  for (const auto& [id, record] : shared_.registry.all(databases_kind)) {
    ids.push_back(id);
  }
  look(std::move(ids), [responder](List views) {
    responder.answer(200, Object{{"items", std::move(views)}});
  });
}

void Databases::answer_one(const std::string& id, const Responder& responder) {
  look({id}, [this, id, responder](const List& views) {
    if (const auto work = work_.find(id);
        views.empty() && work != work_.end() && !work->second.failure.empty()) {
      responder.refuse(422, work->second.failure, work->second.help);
      work_.erase(work);
    } else if (views.empty()) {
      refuse_missing(responder, databases_kind, id);
    } else {
      responder.answer(200, views.front());
    }
  });
}

void Databases::get(const std::string& id, const ServerRequest& request,
                    const Responder& responder) {
  if (shared_.registry.find(databases_kind, id).is_null()) {
    answer_one(id, responder);
    return;
  }
  Work& work = work_[id];
  const milliseconds wait = wait_of(request);
  if (!work.busy || wait.count() == 0) {
    answer_one(id, responder);
    return;
  }
  const std::uint64_t number = ++waits_;
  work.waiting.emplace_back(number, responder);
  shared_.loop.later(wait, [this, id, number] {
    auto& waiting = work_[id].waiting;
    const auto late = std::ranges::find(waiting, number, [](const auto& one) { return one.first; });
    if (late != waiting.end()) {
      const Responder one = late->second;
      waiting.erase(late);
      answer_one(id, one);
    }
  });
}

void Databases::remove(const std::string& id, const Responder& responder) {
  const Value record = shared_.registry.find(databases_kind, id);
  if (record.is_null()) {
    refuse_missing(responder, databases_kind, id);
    return;
  }
  if (work_[id].busy) {
    work_[id].later.push_back([this, id, responder] { remove(id, responder); });
    return;
  }
  work_[id].busy = true;
  clear(id, [this, id, responder](const std::string& wrong, const std::string& help) {
    forget(id, responder, wrong, help);
  });
}

// Removes what there is of it: processes, files, roles; the record stays.
void Databases::clear(const std::string& id, Postgres::Done done) {
  const Value record = shared_.registry.find(databases_kind, id);
  if (is_postgres(record)) {
    clear_postgres(id, record.at("/name").text(), std::move(done));
    return;
  }
  std::error_code error;
  if (is_file(record)) {
    const std::string file = record.at("/file").text();
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      std::filesystem::remove(file + suffix, error);
    }
    done(error ? fmt::format("cannot remove {}: {}", file, error.message()) : "", "");
    return;
  }
  redis_.remove(id, [folder = record.at("/folder").text(), done = std::move(done)] {
    std::error_code failed;
    std::filesystem::remove_all(folder, failed);
    done(failed ? fmt::format("cannot remove {}: {}", folder, failed.message()) : "", "");
  });
}

void Databases::clear_postgres(const std::string& id, const std::string& name,
                               Postgres::Done done) {
  std::size_t others = 0;
  for (const auto& [other, record] : shared_.registry.all(databases_kind)) {
    others += other != id && is_postgres(record) ? 1U : 0U;
  }
  if (others == 0) {
    postgres_.remove_cluster(std::move(done));
  } else {
    postgres_.drop(name, std::move(done));
  }
}

void Databases::forget(const std::string& id, const Responder& responder, const std::string& wrong,
                       const std::string& help) {
  work_[id].busy = false;
  const std::string failed = wrong.empty() ? shared_.registry.erase(databases_kind, id) : wrong;
  do_later(id);
  if (!failed.empty()) {
    responder.refuse(500, failed, help);
    return;
  }
  auto waiting = std::move(work_[id].waiting);
  work_.erase(id);
  for (auto& [number, late] : waiting) {
    refuse_missing(late, databases_kind, id);
  }
  responder.answer(200, Object{});
}

void Databases::halt(std::function<void()> halted) {
  redis_.stop([this, halted = std::move(halted)] { postgres_.stop(halted); });
}

}  // namespace infra::local
