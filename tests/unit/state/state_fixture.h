// A folder, a key and a location of its own for each test, and records that use every kind of
// value.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "base/json.h"
#include "state/store.h"

namespace infra::test {

namespace fs = std::filesystem;

class Environment final : public Variables {
 public:
  std::map<std::string, std::string> values;
  [[nodiscard]] std::optional<std::string> get(const std::string& name) const override {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
};

inline Secret secret(const std::string& text) {
  return Secret(std::string(text));
}

inline Value every_kind() {
  return Object{{"null", Value()},
                {"yes", true},
                {"int", std::int64_t{9'007'199'254'740'993}},
                {"float", 2.0},
                {"text", "plain \x01 é \xff text"},
                {"duration", Duration{1500}},
                {"size", Size{1024}},
                {"secret", secret("canary-plain-secret")},
                {"reference", Reference{"service.web[\"eu\"]", "id-1"}},
                {"list", List{1, secret("canary-in-a-list"), List{}}},
                {"hidden", Hidden{}},
                {"mine", Object{{"$sealed", "ie1.not really"}}},
                {"tag", Object{{"$duration", 5}}}};
}

inline ResourceRecord resource(const std::string& address) {
  ResourceRecord record;
  record.address = address;
  record.generation = 2;
  record.provider = "vercel";
  record.type = "vercel.service";
  record.id = "id-of-" + address;
  record.parent = "parent";
  record.applied = every_kind();
  record.live = Object{{"url", "https://x"}, {"token", secret("canary-live")}};
  record.marks = {{"/env/A", "00ff"}};
  record.dependencies = {"database.main"};
  record.marker = "infra-abc";
  record.keep = Object{{"revision", 3}};
  record.stateful = true;
  record.protected_ = true;
  record.delete_first = true;
  record.schema_version = 4;
  return record;
}

inline Intent intent(const std::string& op) {
  Intent one;
  one.op = op;
  one.call = "call";
  one.run = "run-1";
  one.address = "database.main";
  one.generation = 1;
  one.kind = IntentKind::update;
  one.provider = "supabase";
  one.type = "supabase.database";
  one.adoption = "unique";
  one.marker = "infra-m";
  one.baseline = {"a", "b"};
  one.request_hash = "ff";
  one.phase = IntentPhase::known;
  one.attempt = 3;
  one.sent_at = 1'700'000'000'000;
  one.settle_ms = 5;
  one.before_id = "before";
  one.result_id = "result";
  one.parent = "parent";
  one.desired = Object{{"password", secret("canary-generated")}};
  one.took = {"/env/A"};
  one.error = "it failed";
  one.deposed = true;
  return one;
}

inline void expect_same(const ResourceRecord& a, const ResourceRecord& b) {
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.generation, b.generation);
  EXPECT_EQ(a.provider, b.provider);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.parent, b.parent);
  EXPECT_EQ(a.status, b.status);
  EXPECT_TRUE(same(a.applied, b.applied));
  EXPECT_TRUE(same(a.live, b.live));
  EXPECT_EQ(a.marks, b.marks);
  EXPECT_EQ(a.dependencies, b.dependencies);
  EXPECT_EQ(a.marker, b.marker);
  EXPECT_TRUE(same(a.keep, b.keep));
  EXPECT_EQ(a.stateful, b.stateful);
  EXPECT_EQ(a.protected_, b.protected_);
  EXPECT_EQ(a.delete_first, b.delete_first);
  EXPECT_EQ(a.schema_version, b.schema_version);
}

class StateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "infra-state-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = fs::canonical(pattern);
    variables.values["INFRA_KEY"] = std::string(64, 'a');
    world.variables = &variables;
    location = {(folder / ".infra" / "prod" / "state.db").string(), "odys", "prod"};
  }
  void TearDown() override { fs::remove_all(folder); }

  [[nodiscard]] Store open(std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) const {
    LockInfo holder;
    holder.who = "ann@laptop";
    holder.operation = "apply";
    return Store::open(location, world, holder, timeout);
  }
  [[nodiscard]] State read() const { return Store::read(location, world); }
  void put(const std::string& address) const {
    Store store = open();
    Commit commit;
    commit.put.push_back(resource(address));
    store.commit(std::move(commit));
  }
  // The exit status of what `work` throws; 0 when it throws nothing.
  template <class Work>
  int status_of(const Work& work, std::string* message = nullptr) const {
    try {
      work();
      return 0;
    } catch (const StateError& error) {
      if (message != nullptr) {
        *message = error.what();
      }
      return error.exit_status();
    }
  }

  fs::path folder;
  Environment variables;
  World world = real_world();
  Store::Location location;
};

inline std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

inline void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace infra::test
