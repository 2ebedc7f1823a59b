// Sections about planning and applying, over the simulator:
//   ### before         input: the text that was applied earlier
//   ### later          input: variables that have another value by now, NAME = TEXT (empty: unset)
//   ### remote         input: what somebody did at the platform since then, one a line:
//                        edit ADDRESS /PATH JSON | vanish ADDRESS | foreign TYPE NAME
//   ### allow-destroy  input: addresses
//   ### plan           what `infra plan` prints
//   ### calls          the requests that apply sends, in order, and what it says in the end
//   ### state          the rows that are left
#include <fmt/format.h>

#include <sstream>

#include "base/json.h"
#include "planner/render.h"
#include "tests/golden/story.h"
#include "tests/support/stack_world.h"

namespace infra::golden {
namespace {

using test::StackWorld;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  std::string line;
  while (std::getline(stream, line)) {
    if (!line.empty()) {
      lines.push_back(line);
    }
  }
  return lines;
}

void set_variables(StackWorld& world, const std::string& text) {
  for (const auto& line : lines_of(text)) {
    const auto equals = line.find(" = ");
    if (equals == std::string::npos) {
      world.variables.erase(line.substr(0, line.find(" =")));
    } else {
      world.variables[line.substr(0, equals)] = line.substr(equals + 3);
    }
  }
}

void act(StackWorld& world, const std::string& line) {
  std::istringstream words(line);
  std::string verb, address, path, rest;
  words >> verb >> address;
  if (verb == "foreign") {
    words >> path;
    world.cloud().create_foreign(address, "", Object{{"name", path}});
    return;
  }
  const State state = world.state();
  const auto& record = state.resources.at(address);
  if (verb == "vanish") {
    world.cloud().vanish(record.type, record.id);
    return;
  }
  words >> path;
  std::getline(words, rest);
  world.cloud().edit(record.type, record.id, path, std::get<Value>(parse_json(rest)));
}

// The world of a story as it is when its text is planned.
struct Told {
  explicit Told(const Story& story) {
    for (const auto& section : story.sections) {
      if (section.name == "file") {
        world.files[section.argument] = section.body;
      }
    }
    set_variables(world, story.input("variables"));
    if (const std::string environment = story.input("environment"); !environment.empty()) {
      world.environment = environment;
    }
    if (story.find("before") != nullptr) {
      world.write(story.find("before")->body);
      const ApplyResult result = world.apply();
      if (result.exit_status() != 0) {
        wrong = "what was there before cannot be applied: " + test::summary(result.plan) + "\n";
      }
      (void)world.calls();
    }
    set_variables(world, story.input("later"));
    for (const auto& line : lines_of(story.input("remote"))) {
      act(world, line);
    }
    for (const auto& address : lines_of(story.input("allow-destroy"))) {
      world.options.allow_destroy.insert(address);
    }
    world.write(story.text);
  }
  StackWorld world;
  std::string wrong;
};

std::string plan_of(const Story& story) {
  Told told(story);
  const Plan plan = told.world.plan();
  const Compilation compilation = told.world.compile();
  return told.wrong + plan_text(plan, compilation, {}) +
         render(plan.diagnostics, compilation.sources, {});
}

std::string calls_of(const Story& story) {
  Told told(story);
  const ApplyResult result = told.world.apply();
  std::string all = told.wrong;
  for (const auto& call : told.world.calls()) {
    all += call + "\n";
  }
  for (const auto& failed : result.failed) {
    all += fmt::format("failed {}: {}\n", failed.address, failed.error.message);
    all += failed.error.help.empty() ? "" : "  " + failed.error.help + "\n";
  }
  for (const auto& skipped : result.skipped) {
    all += fmt::format("skipped {} because of {}\n", skipped.address, skipped.because);
  }
  for (const auto& other : result.divergences) {
    all += fmt::format("{}{} asked {} got {}\n", other.address, other.path, other.asked, other.got);
  }
  return all + fmt::format("exit {}", result.exit_status());
}

std::string_view status_text(RecordStatus status) {
  return status == RecordStatus::ready     ? "ready"
         : status == RecordStatus::pending ? "pending"
                                           : "tainted";
}

std::string state_of(const Story& story) {
  Told told(story);
  (void)told.world.apply();
  const State state = told.world.state();
  std::string all = told.wrong;
  for (const auto& [address, record] : state.resources) {
    all += fmt::format("{} {} {} generation {}{}{}\n", address, record.type,
                       status_text(record.status), record.generation,
                       record.stateful ? " guarded" : "", record.protected_ ? " protected" : "");
    all += "  applied " + to_json(record.applied, SecretText::sensitive) + "\n";
  }
  for (const auto& [op, deposed] : state.deposed) {
    all += fmt::format("deposed {} {}\n", deposed.record.address, deposed.reason);
  }
  for (const auto& [op, intent] : state.intents) {
    all += fmt::format("unfinished {}\n", intent.address);
  }
  return all;
}

const SectionRegistration before("before");
const SectionRegistration later("later");
const SectionRegistration remote("remote");
const SectionRegistration allow_destroy("allow-destroy");
const SectionRegistration plan("plan", plan_of);
const SectionRegistration calls("calls", calls_of);
const SectionRegistration state("state", state_of);

}  // namespace
}  // namespace infra::golden
