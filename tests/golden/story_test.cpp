#include "tests/golden/story.h"

#include <gtest/gtest.h>

namespace infra::golden {
namespace {

TEST(Story, IsReadAndWrittenBack) {
  const std::string text =
      "# a comment\nlet x = 1\n\n### file b.infra\n# let y = 2\n#\n# let z = 3\n\n### "
      "diagnostics\n# one\n";
  const Story story = parse_story("p", text);
  EXPECT_EQ(story.text, "# a comment\nlet x = 1\n");
  ASSERT_EQ(story.sections.size(), 2U);
  EXPECT_EQ(story.sections[0].argument, "b.infra");
  EXPECT_EQ(story.sections[0].body, "let y = 2\n\nlet z = 3\n");
  EXPECT_EQ(story.input("diagnostics"), "one");
  EXPECT_EQ(story.find("plan"), nullptr);
  EXPECT_EQ(story_text(story), text);
}

TEST(Story, MayHaveNoTextAndNoSections) {
  EXPECT_EQ(parse_story("p", "### diagnostics\n# x\n").text, "");
  EXPECT_TRUE(parse_story("p", "let x = 1\n").sections.empty());
  EXPECT_EQ(story_text(parse_story("p", "let x = 1\n")), "let x = 1\n");
}

}  // namespace
}  // namespace infra::golden
