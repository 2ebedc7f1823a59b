// The sections that text alone decides: `diagnostics`, everything that compiling the story says,
// and `formatted`, its canonical text ("(as it is)" when nothing changes).
#include "compiler/parser.h"
#include "tests/golden/story.h"
#include "tests/golden/story_world.h"

namespace infra::golden {
namespace {

std::string diagnostics(const Story& story) {
  const StoryWorld world(story);
  const Compilation compilation = compile(world.request());
  return render(compilation.diagnostics, compilation.sources, {});
}

std::string formatted(const Story& story) {
  Sources sources;
  const FileId file = sources.add("main.infra", story.text);
  Diagnostics found;
  const std::string text = format(sources, file, found);
  return text == story.text ? "(as it is)\n" : text;
}

const SectionRegistration diagnostics_section("diagnostics", diagnostics);
const SectionRegistration formatted_section("formatted", formatted);

}  // namespace
}  // namespace infra::golden
