#include "tests/support/postgres_cluster.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace infra::testing {
namespace {

std::string binaries() {
  std::string newest;
  const std::filesystem::path all = "/usr/lib/postgresql";
  if (std::filesystem::exists(all)) {
    for (const auto& version : std::filesystem::directory_iterator(all)) {
      newest = std::max(newest, (version.path() / "bin").string());
    }
  }
  return newest;
}

void run(const std::string& command) {
  const std::string whole = geteuid() == 0
                                ? fmt::format("runuser -u postgres -- sh -c '{}'", command)
                                : fmt::format("sh -c '{}'", command);
  if (const int status = std::system(whole.c_str());
      status != 0) {  // NOLINT(concurrency-mt-unsafe)
    throw std::runtime_error(fmt::format("`{}` ended with {}", command, status));
  }
}

}  // namespace

PostgresCluster::PostgresCluster() {
  std::array<char, 32> name{"/tmp/infra-cluster-XXXXXX"};
  if (mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no folder for a cluster in /tmp");
  }
  folder_ = name.data();
  if (geteuid() == 0) {
    if (std::system(fmt::format("chown postgres {}", folder_).c_str()) !=
        0) {  // NOLINT(concurrency-mt-unsafe)
      throw std::runtime_error("there is no user `postgres`: install postgresql");
    }
  }
  run(fmt::format("{}/initdb -D {}/data -U postgres -A trust --no-sync >{}/log 2>&1", binaries(),
                  folder_, folder_));
  start();
}

void PostgresCluster::start() {
  run(
      fmt::format("{0}/pg_ctl -D {1}/data -w -l {1}/log -o \"-k {1} -h \\\"\\\" -c fsync=off\" "
                  "start >/dev/null 2>&1",
                  binaries(), folder_));
}

void PostgresCluster::stop() {
  run(fmt::format("{0}/pg_ctl -D {1}/data -w -m immediate stop >/dev/null 2>&1", binaries(),
                  folder_));
}

PostgresCluster::~PostgresCluster() {
  try {
    stop();
  } catch (const std::exception&) {  // already stopped
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Secret PostgresCluster::url(const std::string& database) const {
  return Secret(fmt::format("postgres://postgres@/{}?host={}", database, folder_));
}

}  // namespace infra::testing
