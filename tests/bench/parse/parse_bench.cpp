// parse_bench [FILE [MEGABYTES [ROUNDS]]] — how fast source text becomes a tree, and text is
// formatted. The file (default: a stack of everyday statements) is repeated up to the size.
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "compiler/parser.h"

namespace {

using infra::Diagnostics;
using infra::Sources;

constexpr std::string_view everyday = R"(# A service with its database, as people write them.
database main on supabase {
  engine     = postgres
  version    = "15"
  migrations = "drizzle/*.sql"
}

service web on vercel {
  source = github("odys-team/odys", branch: "main")
  env {
    DATABASE_URL    = database.main.url
    SENTRY_DSN      = secret.sentry_dsn ?? null
    NEXT_PUBLIC_URL = "${service.web.url}/app"   # inserted
  }
  health  { path = "/api/health", timeout = 30s }
  memory  = if environment == prod then 1GB else 256MB
  domains = [for d in domains if d != "": lower(d)]
}

)";

// Of this thread, so that a busy machine does not change the figure.
double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double seconds(const std::chrono::steady_clock::time_point& since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

std::string text_of(const char* path, std::size_t bytes) {
  std::string one(everyday);
  if (path != nullptr) {
    const std::ifstream file(path, std::ios::binary);
    std::ostringstream read;
    read << file.rdbuf();
    one = read.str();
  }
  std::string text;
  while (text.size() < bytes && !one.empty()) {
    text += one;
  }
  return text;
}

std::size_t parse_once(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics;
  const auto file = sources.add("bench.infra", text);
  const auto tree = parse(sources, file, diagnostics);
  return tree.statements.size() + diagnostics.error_count();
}

}  // namespace

int main(int count, char** words) {
  const char* path = count > 1 && words[1][0] != '-' ? words[1] : nullptr;
  const std::size_t megabytes = count > 2 ? std::strtoul(words[2], nullptr, 10) : 2;
  const int rounds = count > 3 ? std::atoi(words[3]) : 5;
  const std::string text = text_of(path, megabytes * 1'000'000);
  const double size = static_cast<double>(text.size()) / 1e6;
  for (int i = 0; i < rounds; ++i) {
    const double start = processor_seconds();
    const std::size_t statements = parse_once(text);
    const double alone = processor_seconds() - start;
    const auto both = std::chrono::steady_clock::now();
    std::thread other([&] { parse_once(text); });
    parse_once(text);
    other.join();
    const double two = seconds(both);
    Sources sources;
    Diagnostics diagnostics;
    const auto file = sources.add("bench.infra", text);
    const double begin = processor_seconds();
    const std::size_t formatted = format(sources, file, diagnostics).size();
    const double format_time = processor_seconds() - begin;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    fmt::print(
        "{:.1f} MB, {} statements: parse {:.3f} s of processor = {:.1f} MB/s; two threads on "
        "the clock {:.1f} MB/s; "
        "format {:.1f} MB/s ({} bytes); {} MB at most\n",
        size, statements, alone, size / alone, 2 * size / two, size / format_time, formatted,
        usage.ru_maxrss / 1024);
  }
  return 0;
}
