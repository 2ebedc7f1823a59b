// tests/golden/story_world.h — the world of a story: its files in memory, the variables that it
// names, a clock that stands still, randomness that repeats.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/schema.h"
#include "base/world.h"
#include "compiler/compile.h"
#include "tests/golden/story.h"

namespace infra::golden {

class StoryWorld {
 public:
  explicit StoryWorld(const Story& story);
  ~StoryWorld();
  StoryWorld(const StoryWorld&) = delete;
  StoryWorld& operator=(const StoryWorld&) = delete;

  [[nodiscard]] World world() const;

  // Input sections that it reads:
  //   ### file NAME       another file of the stack's folder
  //   ### environment     the environment to compile; without it all are checked, none evaluated
  //   ### parameters      NAME = TEXT, as after --param
  //   ### variables       NAME = TEXT, of the process
  [[nodiscard]] CompileRequest request() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The platforms that stories may use.
[[nodiscard]] std::vector<const ProviderSchema*> story_schemas();

inline constexpr const char* story_folder = "/stack";

}  // namespace infra::golden
