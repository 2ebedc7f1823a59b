#include "providers/local/agent_redis.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace infra::local {
namespace {

// A title of its own would overwrite the environment by which a lost process is found.
std::string configuration(const RedisDatabase& database) {
  return fmt::format(
      "bind 127.0.0.1\nport {}\ndaemonize no\ndir \"{}\"\nappendonly yes\nsave \"\"\n"
      "logfile \"\"\nset-proc-title no\nuser default on #{} ~* &* +@all\n",
      database.port, database.folder, database.password_sha256);
}

bool alike(const RedisDatabase& left, const RedisDatabase& right) {
  return left.port == right.port && left.folder == right.folder &&
         left.password_sha256 == right.password_sha256;
}

}  // namespace

void Redis::apply(const RedisDatabase& database, Done done) {
  const auto found = servers_.find(database.id);
  if (found == servers_.end()) {
    start(database, std::move(done));
  } else if (alike(found->second.database, database)) {
    found->second.process->start();
    await(database.id, 600, std::move(done));
  } else {
    remove(database.id, [this, database, done = std::move(done)] { start(database, done); });
  }
}

void Redis::start(const RedisDatabase& database, Done done) {
  const std::string program = find_program("redis-server", {"/usr/bin", "/usr/local/bin"});
  if (program.empty()) {
    done("Redis is not installed on this machine: redis-server is not on the PATH",
         "install it (Debian, Ubuntu: apt-get install redis-server), or place the database "
         "elsewhere");
    return;
  }
  std::error_code error;
  std::filesystem::create_directories(database.folder, error);
  if (error) {
    done(fmt::format("cannot make the folder {}: {}", database.folder, error.message()), "");
    return;
  }
  ProcessSpec spec;
  spec.name = database.name;
  spec.identifier = database.id;
  spec.data_folder = shared_.data_folder;
  spec.readiness = {Readiness::port,      database.port,   "",
                    milliseconds(30'000), milliseconds(0), milliseconds(30'000)};
  spec.restart = Restart::always;
  spec.max_retries = 5;
  spec.port = database.port;
  spec.program = [database, program, log = shared_.data_folder + "/logs/" + database.id + ".log"] {
    Program server;
    server.arguments = {program, "-"};
    server.folder = database.folder;
    server.environment = inherited_environment();
    server.input = Secret(configuration(database));
    server.log = log;
    return server;
  };
  Server& server = servers_[database.id];
  server.database = database;
  server.process = std::make_unique<Process>(shared_.loop, std::move(spec));
  server.process->start();
  await(database.id, 600, std::move(done));
}

void Redis::await(const std::string& id, int attempts, Done done) {
  const auto found = servers_.find(id);
  if (found == servers_.end()) {
    done("Redis was removed while it started", "");
    return;
  }
  const Process& process = *found->second.process;
  if (process.state() == Process::State::running) {
    done("", "");
  } else if (process.state() == Process::State::stopped || attempts == 0) {
    done("Redis does not start: " + process.failure(),
         "its log is " + shared_.data_folder + "/logs/" + id + ".log");
  } else {
    shared_.loop.later(milliseconds(50), [this, id, attempts, done = std::move(done)] {
      await(id, attempts - 1, done);
    });
  }
}

void Redis::remove(const std::string& id, std::function<void()> removed) {
  const auto found = servers_.find(id);
  if (found == servers_.end()) {
    removed();
    return;
  }
  found->second.process->stop([this, id, removed = std::move(removed)] {
    shared_.loop.later(milliseconds(0), [this, id, removed] {
      servers_.erase(id);
      std::error_code ignored;
      std::filesystem::remove(shared_.data_folder + "/logs/" + id + ".log", ignored);
      removed();
    });
  });
}

void Redis::stop(std::function<void()> stopped) {
  auto left = std::make_shared<std::size_t>(servers_.size() + 1);
  auto one_less = [left, stopped = std::move(stopped)] {
    if (--*left == 0) {
      stopped();
    }
  };
  for (auto& [id, server] : servers_) {
    server.process->stop(one_less);
  }
  one_less();
}

bool Redis::running(const std::string& id) const {
  const auto found = servers_.find(id);
  return found != servers_.end() && found->second.process->state() == Process::State::running;
}

}  // namespace infra::local
