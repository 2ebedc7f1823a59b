#include "providers/local/agent_postgres.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/text.h"
#include "providers/local/agent_ports.h"

namespace infra::local {
namespace {

constexpr const char* owner_name = "postgres";
constexpr const char* install_help =
    "install it (Debian, Ubuntu: apt-get install postgresql), or place the database elsewhere";
constexpr milliseconds sql_timeout{60'000};

// Gives the role what stands in its database and belongs to the cluster's superuser, as after a
// role was dropped and made again.
constexpr const char* give_back = R"sql(
do $give$
declare one record; new_owner text := %ROLE%;
begin
  for one in select format('alter schema %I owner to %I', nspname, new_owner) as statement
      from pg_namespace n where nspowner = 'postgres'::regrole and nspname !~ '^pg_'
      and nspname not in ('information_schema', 'public')
      and not exists (select from pg_depend d where d.classid = 'pg_namespace'::regclass
                      and d.objid = n.oid and d.deptype = 'e') loop
    execute one.statement;
  end loop;
  for one in select format('alter table %s owner to %I', c.oid::regclass, new_owner) as statement
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relowner = 'postgres'::regrole and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass
                      and d.objid = c.oid and d.deptype in ('e', 'a', 'i')) loop
    execute one.statement;
  end loop;
  for one in select format('alter routine %s owner to %I', p.oid::regprocedure, new_owner)
      as statement from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where p.proowner = 'postgres'::regrole
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass
                      and d.objid = p.oid and d.deptype = 'e') loop
    execute one.statement;
  end loop;
  for one in select format('alter type %s owner to %I', t.oid::regtype, new_owner) as statement
      from pg_type t join pg_namespace n on n.oid = t.typnamespace
      where t.typowner = 'postgres'::regrole and t.typtype in ('e', 'd')
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (select from pg_depend d where d.classid = 'pg_type'::regclass
                      and d.objid = t.oid and d.deptype = 'e') loop
    execute one.statement;
  end loop;
end $give$;
)sql";

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

std::string own_user_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry == nullptr ? "" : entry->pw_name;
}

// Version folders of Debian and its kin, newest first.
std::vector<std::string> installed_folders() {
  std::vector<std::pair<int, std::string>> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
    found.emplace_back(std::atoi(entry.path().filename().c_str()), entry.path() / "bin");
  }
  std::ranges::sort(found, std::greater<>());
  std::vector<std::string> folders;
  for (auto& [version, folder] : found) {
    folders.push_back(folder);
  }
  folders.emplace_back("/usr/local/pgsql/bin");
  return folders;
}

// What a failed command said, on one line.
std::string complaint(const CommandResult& result) {
  if (!result.failure.empty()) {
    return result.failure;
  }
  std::istringstream lines(result.errors);
  std::string line;
  std::string last;
  while (std::getline(lines, line)) {
    const std::size_t error = line.find("ERROR:");
    const std::size_t fatal = line.find("FATAL:");
    if (const std::size_t at = std::min(error, fatal); at != std::string::npos) {
      return line.substr(line.find_first_not_of(' ', at + 6));
    }
    if (!line.empty()) {
      last = line;
    }
  }
  return last.empty() ? fmt::format("it ended with status {}", result.exit_status) : last;
}

std::string write_owned(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);  // initdb made it: owner and mode stay
  file << text;
  file.close();
  return file ? "" : fmt::format("cannot write {}", path);
}

// Makes the folder or takes it over: a real one, that nobody else owns.
std::string own_folder(const std::string& path, uid_t user, gid_t group, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return fmt::format("cannot make the folder {}: {}", path, std::strerror(errno));
  }
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) ||
      (found.st_uid != user && found.st_uid != geteuid())) {
    return fmt::format("{} is there already and is not this account's folder", path);
  }
  if (geteuid() == 0 && chown(path.c_str(), user, group) != 0) {
    return fmt::format("cannot give {} to its user: {}", path, std::strerror(errno));
  }
  return chmod(path.c_str(), mode) == 0
             ? ""
             : fmt::format("cannot set the mode of {}: {}", path, std::strerror(errno));
}

}  // namespace

std::string quote_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    out += c == '"' ? "\"\"" : std::string(1, c);
  }
  return out + "\"";
}

std::string quote_value(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    out += c == '\'' ? "''" : std::string(1, c);
  }
  return out + "'";
}

Postgres::Postgres(Shared shared) : shared_(std::move(shared)) {
  const Value& cluster = shared_.registry.note("cluster");
  folder_ = cluster.at("/folder").text();
  if (geteuid() == 0) {
    account_ = find_account(owner_name);
  }
  if (folder_.empty()) {
    folder_ = geteuid() == 0
                  ? "/var/lib/infra/postgres-" + sha256_hex(shared_.data_folder).substr(0, 16)
                  : shared_.data_folder + "/postgres";
  }
}

int Postgres::port() const {
  return static_cast<int>(shared_.registry.note("cluster").at("/port").integer());
}

std::string Postgres::socket_folder() const {
  return folder_ + "/socket";
}

void Postgres::enqueue(std::function<void(Next)> job) {
  jobs_.push_back(std::move(job));
  run_next();
}

void Postgres::run_next() {
  if (busy_ || jobs_.empty()) {
    return;
  }
  busy_ = true;
  auto job = std::move(jobs_.front());
  jobs_.erase(jobs_.begin());
  job([this] {
    shared_.loop.later(milliseconds(0), [this] {
      busy_ = false;
      run_next();
    });
  });
}

std::string Postgres::choose_binaries() {
  const char* named = std::getenv("INFRA_POSTGRES_BIN");
  std::vector<std::string> folders = installed_folders();
  if (named != nullptr) {
    folders = {named};
  } else if (const std::string in_path = find_program("postgres"); !in_path.empty()) {
    folders.push_back(std::filesystem::path(in_path).parent_path());
  }
  for (const auto& folder : folders) {
    const Binaries candidate{folder + "/postgres", folder + "/initdb", folder + "/psql"};
    if (access(candidate.postgres.c_str(), X_OK) == 0 &&
        access(candidate.initdb.c_str(), X_OK) == 0 && access(candidate.psql.c_str(), X_OK) == 0) {
      binaries_ = candidate;
      return "";
    }
  }
  return named != nullptr
             ? fmt::format("PostgreSQL is not in {}, which INFRA_POSTGRES_BIN names", named)
             : std::string(
                   "PostgreSQL is not installed on this machine: postgres, initdb and "
                   "psql are not in /usr/lib/postgresql/*/bin and not on the PATH");
}

std::string Postgres::prepare_folder() {
  if (geteuid() == 0 && !account_) {
    return "PostgreSQL does not run as root, and this machine has no user `postgres`";
  }
  if (folder_.starts_with("/var/lib/infra/")) {
    if (mkdir("/var/lib/infra", 0755) != 0 && errno != EEXIST) {
      return fmt::format("cannot make the folder /var/lib/infra: {}", std::strerror(errno));
    }
    chmod("/var/lib/infra", 0755);  // whatever the mask: the server's user has to pass through
  }
  const uid_t user = account_ ? account_->user : geteuid();
  const gid_t group = account_ ? account_->group : getegid();
  std::string wrong = own_folder(folder_, user, group, 0700);
  if (wrong.empty()) {
    wrong = own_folder(socket_folder(), user, group, 0700);
  }
  return wrong;
}

Program Postgres::as_owner(std::vector<std::string> arguments) const {
  Program program;
  program.arguments = std::move(arguments);
  program.folder = folder_;
  program.account = account_;
  for (auto& entry : inherited_environment()) {
    if (entry.first == "PATH" || entry.first == "TZ") {
      program.environment.push_back(std::move(entry));
    }
  }
  program.environment.emplace_back("LC_ALL", Secret("C.UTF-8"));
  program.environment.emplace_back("HOME", Secret(folder_));
  return program;
}

// Brings the cluster up if it is down: binaries, files, server, until it answers.
void Postgres::bring_up(Done done) {
  if (answering_ && server_ && server_->state() == Process::State::running) {
    done("", "");
    return;
  }
  answering_ = false;
  if (const std::string wrong = choose_binaries(); !wrong.empty()) {
    done(wrong, install_help);
    return;
  }
  if (const std::string wrong = prepare_folder(); !wrong.empty()) {
    done(wrong, geteuid() == 0 && !account_ ? install_help : "");
    return;
  }
  if (port() == 0) {
    const int chosen = choose_port(shared_.data_folder + "\npostgres", [this](int candidate) {
      return shared_.registry.holds_port(candidate);
    });
    const std::string wrong =
        shared_.registry.set_note("cluster", Object{{"folder", folder_}, {"port", chosen}});
    if (!wrong.empty()) {
      done(wrong, "");
      return;
    }
  }
  std::error_code error;
  if (std::filesystem::exists(folder_ + "/data/global/pg_control", error)) {
    write_access_rules(std::move(done));
  } else {
    initialise(std::move(done));
  }
}

void Postgres::initialise(Done done) {
  std::error_code error;
  std::filesystem::remove_all(folder_ + "/data", error);  // a run that was cut short
  Program initdb =
      as_owner({binaries_.initdb, "--pgdata=" + folder_ + "/data", "--username=postgres",
                "--auth-local=peer", "--auth-host=scram-sha-256", "--encoding=UTF8",
                "--locale=C.UTF-8", "--no-instructions", "--no-sync"});
  run_command(shared_.loop, std::move(initdb), milliseconds(120'000),
              [this, done = std::move(done)](const CommandResult& result) {
                if (!result.succeeded()) {
                  std::error_code ignored;
                  std::filesystem::remove_all(folder_ + "/data", ignored);
                  done("the PostgreSQL cluster cannot be made: " + complaint(result), "");
                  return;
                }
                write_access_rules(done);
              });
}

void Postgres::write_access_rules(Done done) {
  std::string people;
  for (const std::string& name : {own_user_name(), std::string(owner_name)}) {
    if (!name.empty()) {
      people += fmt::format("infra {} postgres\n", quote_name(name));
    }
  }
  std::string wrong = write_owned(folder_ + "/data/pg_hba.conf",
                                  "local all all peer map=infra\n"
                                  "host all all 127.0.0.1/32 scram-sha-256\n");
  if (wrong.empty()) {
    wrong = write_owned(folder_ + "/data/pg_ident.conf", people);
  }
  if (!wrong.empty()) {
    done(wrong, "");
    return;
  }
  end_leftover(100, [this, done = std::move(done)] { launch(done); });
}

// A server that an earlier agent left running on these files is ended first.
void Postgres::end_leftover(int attempts, Next next) {
  std::ifstream file(folder_ + "/data/postmaster.pid");
  pid_t pid = 0;
  std::error_code error;
  if (!(file >> pid) || pid <= 1 ||
      std::filesystem::read_symlink(fmt::format("/proc/{}/cwd", pid), error) != folder_ + "/data" ||
      error || attempts == 0) {
    next();
    return;
  }
  kill(pid, attempts > 50 ? SIGINT : SIGQUIT);
  shared_.loop.later(milliseconds(100), [this, attempts, next = std::move(next)] {
    end_leftover(attempts - 1, next);
  });
}

Program Postgres::server_program() const {
  Program program =
      as_owner({binaries_.postgres, "-D", folder_ + "/data", "-p", std::to_string(port()), "-c",
                "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=../socket", "-c",
                "password_encryption=scram-sha-256", "-c", "max_connections=200", "-c",
                "log_statement=none"});
  program.log = shared_.data_folder + "/logs/postgres.log";
  program.death_signal = SIGINT;
  return program;
}

void Postgres::launch(Done done) {
  ProcessSpec spec;
  spec.name = "PostgreSQL";
  spec.identifier = "postgres";
  spec.data_folder = shared_.data_folder;
  spec.program = [this] { return server_program(); };
  spec.readiness = {Readiness::port,      port(),          "",
                    milliseconds(60'000), milliseconds(0), milliseconds(30'000)};
  spec.restart = Restart::always;
  spec.max_retries = 5;
  spec.port = port();
  spec.stop_signal = SIGINT;
  server_ = std::make_unique<Process>(shared_.loop, std::move(spec));
  server_->start();
  await_answer(600, std::move(done));
}

void Postgres::await_answer(int attempts, Done done) {
  if (server_->state() == Process::State::stopped || attempts == 0) {
    const std::string why = server_->failure().empty() ? "it does not answer" : server_->failure();
    done("PostgreSQL does not start: " + why,
         "its log is " + shared_.data_folder + "/logs/postgres.log");
    return;
  }
  if (server_->state() != Process::State::running) {
    shared_.loop.later(milliseconds(20), [this, attempts, done = std::move(done)] {
      await_answer(attempts - 1, done);
    });
    return;
  }
  psql("postgres", Secret("select 1;\n"),
       [this, attempts, done = std::move(done)](const CommandResult& result) {
         if (result.succeeded()) {
           answering_ = true;
           done("", "");
           return;
         }
         if (result.errors.find("starting up") == std::string::npos && attempts < 500) {
           done("PostgreSQL lets the agent not in: " + complaint(result), "");
           return;
         }
         shared_.loop.later(milliseconds(100),
                            [this, attempts, done] { await_answer(attempts - 1, done); });
       });
}

void Postgres::psql(const std::string& database, const Secret& script,
                    std::function<void(CommandResult)> done) {
  Program program = as_owner({binaries_.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h",
                              "/proc/self/fd/3", "-p", std::to_string(port()), "-U", "postgres",
                              "-d", database, "-f", "-"});
  program.environment.emplace_back("PGCONNECT_TIMEOUT", Secret("10"));
  program.input = script;
  const int folder = open(socket_folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  program.folder_descriptor = folder;
  run_command(shared_.loop, std::move(program), sql_timeout, std::move(done));
  if (folder >= 0) {
    close(folder);
  }
}

void Postgres::apply(const PostgresDatabase& database, Done done) {
  enqueue([this, database, done = std::move(done)](const Next& next) {
    auto end = [next, done](const std::string& wrong, const std::string& help) {
      done(wrong, help);
      next();
    };
    bring_up([this, database, end](const std::string& wrong, const std::string& help) {
      if (!wrong.empty()) {
        end(wrong, help);
        return;
      }
      const std::string name = quote_name(database.name);
      const std::string value = quote_value(database.name);
      // Statements with a password must not reach the server's log, even when they fail.
      Secret script(fmt::format(
          "set log_min_error_statement = panic;\nset log_min_duration_statement = -1;\n"
          "select {} where not exists (select from pg_roles where rolname = {}) \\gexec\n",
          quote_value("create role " + name + " login"), value));
      if (database.password) {
        script = concatenate(script, fmt::format("alter role {} login password ", name));
        script = concatenate(script, Secret(quote_value(database.password->expose())));
        script = concatenate(script, ";\n");
      }
      script = concatenate(
          script,
          fmt::format("select {} where not exists (select from pg_database where datname = {}) "
                      "\\gexec\nalter database {} owner to {};\n",
                      quote_value("create database " + name + " owner " + name), value, name,
                      name));
      psql("postgres", script, [this, database, end](const CommandResult& made) {
        if (!made.succeeded()) {
          end(fmt::format("PostgreSQL refuses to make {}: {}", database.name, complaint(made)), "");
          return;
        }
        std::string inside;
        for (const auto& extension : database.dropped_extensions) {
          inside += fmt::format("drop extension if exists {};\n", quote_name(extension));
        }
        for (const auto& extension : database.extensions) {
          inside += fmt::format("create extension if not exists {};\n", quote_name(extension));
        }
        inside += replaced(give_back, "%ROLE%", quote_value(database.name));
        psql(database.name, Secret(inside), [database, end](const CommandResult& filled) {
          const bool control = filled.errors.find("extension") != std::string::npos;
          end(filled.succeeded() ? ""
                                 : fmt::format("PostgreSQL refuses the extensions of {}: {}",
                                               database.name, complaint(filled)),
              filled.succeeded() || !control
                  ? ""
                  : "an extension comes with a package of its own (postgresql-contrib, "
                    "postgresql-15-postgis-3, …)");
        });
      });
    });
  });
}

void Postgres::inspect(const std::vector<std::string>& names, Found found) {
  enqueue([this, names, found = std::move(found)](const Next& next) {
    bring_up([this, names, found, next](const std::string& wrong, const std::string& /*help*/) {
      if (!wrong.empty()) {
        found(wrong, {});
        next();
        return;
      }
      std::string script;
      for (const auto& name : names) {
        const std::string value = quote_value(name);
        script += fmt::format(
            "select 'role', rolname from pg_roles where rolname = {0} and rolcanlogin;\n"
            "select 'database', datname from pg_database where datname = {0};\n"
            "select exists (select from pg_database where datname = {0}) as there \\gset\n"
            "\\if :there\n\\connect {1}\n"
            "select 'extension', current_database(), extname from pg_extension;\n"
            "\\connect postgres\n\\endif\n",
            value, quote_name(name));
      }
      psql("postgres", Secret(script), [found, next](const CommandResult& result) {
        std::map<std::string, PostgresFound> all;
        std::istringstream lines(result.output);
        for (std::string line; std::getline(lines, line);) {
          const std::size_t first = line.find('|');
          const std::size_t second = std::min(line.find('|', first + 1), line.size());
          if (first == std::string::npos) {
            continue;
          }
          const std::string what = line.substr(0, first);
          PostgresFound& one = all[line.substr(first + 1, second - first - 1)];
          one.role = one.role || what == "role";
          one.database = one.database || what == "database";
          if (what == "extension") {
            one.extensions.insert(line.substr(second + 1));
          }
        }
        found(result.succeeded() ? "" : "PostgreSQL does not answer: " + complaint(result), all);
        next();
      });
    });
  });
}

void Postgres::drop(const std::string& name, Done done) {
  enqueue([this, name, done = std::move(done)](const Next& next) {
    auto end = [next, done](const std::string& wrong, const std::string& help) {
      done(wrong, help);
      next();
    };
    bring_up([this, name, end](const std::string& wrong, const std::string& help) {
      if (!wrong.empty()) {
        end(wrong, help);
        return;
      }
      psql("postgres",
           Secret(fmt::format("drop database if exists {0} with (force);\n"
                              "drop role if exists {0};\n",
                              quote_name(name))),
           [name, end](const CommandResult& result) {
             end(result.succeeded()
                     ? ""
                     : fmt::format("PostgreSQL refuses to drop {}: {}", name, complaint(result)),
                 "");
           });
    });
  });
}

void Postgres::remove_cluster(Done done) {
  enqueue([this, done = std::move(done)](const Next& next) {
    auto erase = [this, done, next] {
      server_.reset();
      std::error_code error;
      std::filesystem::remove_all(folder_, error);
      if (folder_.starts_with("/var/lib/infra/")) {
        rmdir("/var/lib/infra");  // stays while another environment has a cluster there
      }
      std::error_code log;
      std::filesystem::remove(shared_.data_folder + "/logs/postgres.log", log);
      std::string wrong = shared_.registry.set_note("cluster", Value());
      if (error) {
        wrong = fmt::format("cannot remove {}: {}", folder_, error.message());
      }
      done(wrong, "");
      next();
    };
    answering_ = false;
    end_leftover(server_ ? 0 : 100, [this, erase] {
      if (!server_) {
        erase();
        return;
      }
      // Its files go: nothing needs to be written to them any more.
      server_->stop([this, erase] { shared_.loop.later(milliseconds(0), erase); }, SIGQUIT);
    });
  });
}

void Postgres::stop(std::function<void()> stopped) {
  answering_ = false;
  if (server_) {
    server_->stop(std::move(stopped));
  } else {
    stopped();
  }
}

}  // namespace infra::local
