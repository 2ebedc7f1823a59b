#include "tests/support/stack_world.h"

#include <fnmatch.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <mutex>

namespace infra::test {
namespace {

using std::chrono::milliseconds;

class ManualClock : public Clock {
 public:
  [[nodiscard]] std::chrono::sys_time<milliseconds> now() const override {
    return std::chrono::sys_days(std::chrono::year{2026} / 1 / 2) + milliseconds(moved_.load());
  }
  [[nodiscard]] milliseconds steady() const override { return milliseconds(moved_.load()); }
  void move(milliseconds by) { moved_ += by.count(); }

 private:
  std::atomic<std::int64_t> moved_{0};
};

class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : dice_(seed) {}
  void fill(unsigned char* bytes, std::size_t count) override {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < count; ++i) {
      bytes[i] = static_cast<unsigned char>(dice_.below(256));
    }
  }

 private:
  std::mutex mutex_;
  Dice dice_;
};

class MapVariables : public Variables {
 public:
  explicit MapVariables(const std::map<std::string, std::string>& all) : all_(all) {}
  [[nodiscard]] std::optional<std::string> get(const std::string& name) const override {
    if (name == "INFRA_KEY") {
      return std::string(64, 'a');
    }
    const auto found = all_.find(name);
    return found == all_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  const std::map<std::string, std::string>& all_;
};

class MapFiles : public Files {
 public:
  MapFiles(const std::string& folder, const std::map<std::string, std::string>& all)
      : folder_(folder), all_(all) {}
  [[nodiscard]] std::variant<std::string, std::string> read(const std::string& path,
                                                            std::size_t /*most*/) const override {
    using Answer = std::variant<std::string, std::string>;
    const auto found = all_.find(name_of(path));
    return found == all_.end() ? Answer(std::in_place_index<1>, path + ": No such file")
                               : Answer(std::in_place_index<0>, found->second);
  }
  [[nodiscard]] std::vector<std::string> glob(const std::string& /*folder*/,
                                              const std::string& pattern) const override {
    std::vector<std::string> names;
    for (const auto& [name, text] : all_) {
      if (fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) == 0) {
        names.push_back(name);
      }
    }
    return names;
  }
  [[nodiscard]] bool exists(const std::string& path) const override {
    return all_.contains(name_of(path));
  }

 private:
  std::string name_of(const std::string& path) const {
    return path.starts_with(folder_ + "/") ? path.substr(folder_.size() + 1) : path;
  }
  const std::string folder_;
  const std::map<std::string, std::string>& all_;
};

std::filesystem::path new_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "infra-test-XXXXXX").string();
  return mkdtemp(pattern.data());
}

}  // namespace

struct StackWorld::Parts {
  Parts(StackWorld& owner, const Setup& setup)
      : folder(new_folder()),
        random(setup.seed),
        variables(owner.variables),
        files(folder.string(), owner.files),
        cloud(simulator_schema(), cloud_options(setup)),
        simulator(cloud),
        providers{&simulator} {}

  CloudOptions cloud_options(const Setup& setup) const {
    CloudOptions made;
    made.clock = setup.clock;
    made.seed = setup.seed;
    made.behaviours = setup.behaviours;
    if (setup.fault_rate > 0) {
      made.faults = FaultSchedule(setup.seed, setup.fault_rate);
      if (setup.only) {
        made.faults.enable_only(*setup.only);
      }
    }
    return made;
  }

  std::filesystem::path folder;
  ManualClock clock;
  SeededRandom random;
  MapVariables variables;
  MapFiles files;
  Cloud cloud;
  Simulator simulator;
  std::vector<const Provider*> providers;
  std::mutex calls_mutex;
  std::vector<std::string> calls;
};

StackWorld::StackWorld() : StackWorld(Setup()) {}

StackWorld::StackWorld(Setup setup) : parts_(std::make_unique<Parts>(*this, setup)) {
  options.folder = parts_->folder.string();
  options.state_path = (parts_->folder / "state.db").string();
  options.data_folder = parts_->folder.string();
  Clock* clock = setup.clock == nullptr ? &parts_->clock : setup.clock;
  options.world = {clock, &parts_->random, &parts_->variables, &parts_->files};
  options.providers = parts_->providers;
  options.interrupts = &interrupts;
  parts_->cloud.on_mutation = [this](const CloudRequest& request) {
    static constexpr const char* verbs[] = {"create", "update", "remove", "list"};
    const std::lock_guard lock(parts_->calls_mutex);
    parts_->calls.push_back(std::string(verbs[static_cast<int>(request.verb)]) + " " +
                            request.address);
  };
}

StackWorld::~StackWorld() {
  std::error_code ignored;
  std::filesystem::remove_all(parts_->folder, ignored);
}

void StackWorld::write(std::string text) {
  files["main.infra"] = std::move(text);
}

Compilation StackWorld::compile() const {
  CompileRequest request;
  request.folder = options.folder;
  request.environment = environment;
  request.schemas = {&simulator_schema()};
  request.world = options.world;
  Compilation compiled = infra::compile(request);
  EXPECT_TRUE(compiled.graph) << render(compiled.diagnostics, compiled.sources, {});
  return compiled;
}

Plan StackWorld::plan() {
  const auto runner = make_inline_runner();
  return make_plan_with(compile(), state(), options, false, *runner);
}

Plan StackWorld::destroy_plan() {
  const auto runner = make_inline_runner();
  return make_plan_with(compile(), state(), options, true, *runner);
}

ApplyResult StackWorld::apply() {
  const auto runner = make_inline_runner();
  return apply_with(compile(), options, {}, false, *runner, {});
}

ApplyResult StackWorld::apply_on(Runner& runner, const ExecutionHooks& hooks) {
  return apply_with(compile(), options, {}, false, runner, hooks);
}

ApplyResult StackWorld::destroy() {
  const auto runner = make_inline_runner();
  return apply_with(compile(), options, {}, true, *runner, {});
}

State StackWorld::state() const {
  return Store::read({options.state_path, "stack", environment}, options.world);
}

Cloud& StackWorld::cloud() {
  return parts_->cloud;
}

std::vector<std::string> StackWorld::calls() {
  const std::lock_guard lock(parts_->calls_mutex);
  return std::exchange(parts_->calls, {});
}

void StackWorld::move_clock(milliseconds by) {
  parts_->clock.move(by);
}

const PlannedChange& change_of(const Plan& plan, const std::string& address) {
  static const PlannedChange none;
  for (const auto& change : plan.changes) {
    if (change.address == address && change.deposed.empty()) {
      return change;
    }
  }
  ADD_FAILURE() << address << " is not in the plan: " << summary(plan);
  return none;
}

Operation operation_of(const Plan& plan, const std::string& address) {
  return change_of(plan, address).operation;
}

std::string summary(const Plan& plan) {
  std::string all;
  for (const auto& change : plan.changes) {
    if (change.operation != Operation::no_op) {
      all += (all.empty() ? "" : ", ") + std::string(operation_text(change.operation)) + " " +
             change.address;
    }
  }
  for (const auto& diagnostic : plan.diagnostics.all()) {
    if (diagnostic.severity == Severity::error) {
      all += " [" + diagnostic.code + " " + diagnostic.message + "]";
    }
  }
  return all;
}

}  // namespace infra::test
