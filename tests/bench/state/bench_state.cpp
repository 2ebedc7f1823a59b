// How fast a state is written and read: `bench_state [RECORDS] [FOLDER]`.
#include <fmt/format.h>
#include <stdlib.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>

#include "state/store.h"

namespace {

using namespace infra;

class FixedKey final : public Variables {
 public:
  [[nodiscard]] std::optional<std::string> get(const std::string& name) const override {
    return name == "INFRA_KEY" ? std::optional<std::string>(std::string(64, 'a')) : std::nullopt;
  }
};

ResourceRecord record(std::size_t number) {
  ResourceRecord one;
  one.address = fmt::format("service.api[\"{}\"]", number);
  one.provider = "simulator";
  one.type = "simulator.service";
  one.id = fmt::format("srv-{:016x}", number);
  one.marker = "infra-abcdefghij0123456789";
  one.dependencies = {"database.main", "secret.token"};
  one.applied =
      Object{{"name", one.id},
             {"run_as", "web"},
             {"port", 8080},
             {"memory", Size{512'000'000}},
             {"health", Object{{"path", "/health"}, {"timeout", Duration{30'000}}}},
             {"env", Object{{"A", "1"}, {"B", "two"}, {"TOKEN", Secret(std::string("s3cret"))}}}};
  one.live = one.applied;
  one.live.set("/url", "https://" + one.id + ".example.net").set("/id", one.id);
  return one;
}

struct Measured {
  double seconds, processor;  // of the clock on the wall; of this process alone
};

Measured seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t processor = std::clock();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC};
}

void print(const char* what, std::size_t count, Measured measured) {
  fmt::print("{:<46} {:>8.1f} ms (processor {:>7.1f} ms) {:>9.0f} per second\n", what,
             measured.seconds * 1000, measured.processor * 1000,
             static_cast<double>(count) / measured.seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
  std::string folder = (argc > 2 ? std::string(argv[2]) : "/tmp") + "/bench-state-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) {
    fmt::print(stderr, "cannot make a folder {}\n", folder);
    return 1;
  }
  FixedKey variables;
  World world = real_world();
  world.variables = &variables;
  const Store::Location location{folder + "/state.db", "bench", "dev"};
  {
    Store store = Store::open(location, world, {}, std::chrono::milliseconds(0));
    constexpr std::size_t group = 64;  // an intent and an outcome for each, 64 to a commit
    print("applied durably, commits of 64, with intents", count, seconds_of([&] {
            for (std::size_t first = 0; first < count; first += group) {
              Commit intents;
              Commit outcomes;
              for (std::size_t i = first; i < std::min(first + group, count); ++i) {
                Intent intent;
                intent.op = fmt::format("{:032x}", i);
                ResourceRecord made = record(i);
                intent.address = made.address;
                intent.type = made.type;
                intent.desired = made.applied;
                intents.put_intents.push_back(std::move(intent));
                outcomes.remove_intents.push_back(fmt::format("{:032x}", i));
                outcomes.put.push_back(std::move(made));
              }
              store.commit(std::move(intents));
              store.commit(std::move(outcomes));
            }
          }));
    print("one snapshot", count, seconds_of([&] { store.snapshot("run", "bench"); }));
    constexpr std::size_t singles = 200;
    print("single commits", singles, seconds_of([&] {
            for (std::size_t i = 0; i < singles; ++i) {
              Commit commit;
              commit.put.push_back(record(i));
              store.commit(std::move(commit));
            }
          }));
  }
  std::size_t seen = 0;
  print("read", count, seconds_of([&] { seen = Store::read(location, world).resources.size(); }));
  print("open for writing", count,
        seconds_of([&] { (void)Store::open(location, world, {}, std::chrono::milliseconds(0)); }));
  fmt::print("{} records, {:.1f} MB\n", seen,
             static_cast<double>(std::filesystem::file_size(location.path)) / 1e6);
  std::filesystem::remove_all(folder);
  return 0;
}
