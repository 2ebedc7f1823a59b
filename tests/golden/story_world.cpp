#include "tests/golden/story_world.h"

#include <fnmatch.h>

#include <map>
#include <sstream>

#include "providers/local/local.h"
#include "providers/simulator/simulator.h"

namespace infra::golden {
namespace {

using Texts = std::map<std::string, std::string>;

class StillClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::sys_time<std::chrono::milliseconds> now() const override {
    return std::chrono::sys_days(std::chrono::year{2026} / 1 / 2);
  }
  [[nodiscard]] std::chrono::milliseconds steady() const override {
    return std::chrono::milliseconds{0};
  }
};

class RepeatedRandom final : public Random {
 public:
  void fill(unsigned char* bytes, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      bytes[i] = static_cast<unsigned char>(next_++ * 37 + 11);
    }
  }

 private:
  std::size_t next_ = 0;
};

class StoryVariables final : public Variables {
 public:
  explicit StoryVariables(Texts texts) : texts_(std::move(texts)) {}
  [[nodiscard]] std::optional<std::string> get(const std::string& name) const override {
    const auto found = texts_.find(name);
    return found == texts_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  Texts texts_;
};

class StoryFiles final : public Files {
 public:
  explicit StoryFiles(Texts texts) : texts_(std::move(texts)) {}
  [[nodiscard]] std::variant<std::string, std::string> read(const std::string& path,
                                                            std::size_t most) const override {
    const auto found = texts_.find(path);
    using Answer = std::variant<std::string, std::string>;
    if (found == texts_.end()) {
      return Answer(std::in_place_index<1>, path + ": No such file or directory");
    }
    if (found->second.size() > most) {
      return Answer(std::in_place_index<1>, path + ": File too large");
    }
    return Answer(std::in_place_index<0>, found->second);
  }
  [[nodiscard]] std::vector<std::string> glob(const std::string& folder,
                                              const std::string& pattern) const override {
    std::vector<std::string> names;
    for (const auto& [path, text] : texts_) {
      if (path.starts_with(folder + "/")) {
        const std::string name = path.substr(folder.size() + 1);
        if (fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) == 0) {
          names.push_back(name);
        }
      }
    }
    return names;
  }
  [[nodiscard]] bool exists(const std::string& path) const override {
    return texts_.contains(path);
  }

 private:
  Texts texts_;
};

// Lines of `NAME = TEXT`.
Texts pairs(const std::string& body) {
  Texts texts;
  std::istringstream lines(body);
  std::string line;
  while (std::getline(lines, line)) {
    if (const std::size_t equals = line.find(" = "); equals != std::string::npos) {
      texts[line.substr(0, equals)] = line.substr(equals + 3);
    }
  }
  return texts;
}

Texts files(const Story& story) {
  Texts texts{{std::string(story_folder) + "/main.infra", story.text}};
  for (const Section& section : story.sections) {
    if (section.name == "file") {
      texts[std::string(story_folder) + "/" + section.argument] = section.body;
    }
  }
  return texts;
}

const SectionRegistration file_section("file");
const SectionRegistration environment_section("environment");
const SectionRegistration parameters_section("parameters");
const SectionRegistration variables_section("variables");

}  // namespace

struct StoryWorld::Parts {
  explicit Parts(const Story& story)
      : variables(pairs(story.input("variables"))),
        files(golden::files(story)),
        environment(story.input("environment")),
        parameters(pairs(story.input("parameters"))) {}
  mutable StillClock clock;
  mutable RepeatedRandom random;
  mutable StoryVariables variables;
  mutable StoryFiles files;
  std::string environment;
  Texts parameters;
};

StoryWorld::StoryWorld(const Story& story) : parts_(std::make_unique<Parts>(story)) {}
StoryWorld::~StoryWorld() = default;

World StoryWorld::world() const {
  return {&parts_->clock, &parts_->random, &parts_->variables, &parts_->files};
}

CompileRequest StoryWorld::request() const {
  CompileRequest request;
  request.folder = story_folder;
  if (!parts_->environment.empty()) {
    request.environment = parts_->environment;
  }
  request.parameters = parts_->parameters;
  request.schemas = story_schemas();
  request.world = world();
  return request;
}

std::vector<const ProviderSchema*> story_schemas() {
  return {&local_schema(), &simulator_schema(), &functions_schema()};
}

}  // namespace infra::golden
