// One test per story; and every code that has a page is shown by a story.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/diagnostics.h"
#include "tests/golden/story.h"

namespace infra::golden {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool updating() {
  const char* value = std::getenv("INFRA_UPDATE_GOLDEN");
  return value != nullptr && std::string_view(value) == "1";
}

std::vector<fs::path> stories() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(GOLDEN_STORIES)) {
    if (entry.path().extension() == ".infra") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, ComesOutAsWritten) {
  Story story = parse_story(GetParam(), read(GetParam()));
  bool produced = false;
  for (Section& section : story.sections) {
    const auto known = known_sections().find(section.name);
    ASSERT_NE(known, known_sections().end())
        << story.path << " has a section that nothing knows: " << section.name;
    if (known->second == nullptr) {
      continue;
    }
    produced = true;
    std::string result = known->second(story);
    result += result.empty() || result.ends_with('\n') ? "" : "\n";
    Section fresh{section.name, section.argument, result};
    const Story alone{"", "", {fresh}};
    const Section normal = parse_story("", story_text(alone)).sections.front();
    if (updating()) {
      section.body = normal.body;
    } else {
      EXPECT_EQ(normal.body, section.body)
          << story.path << ", section " << section.name
          << "\nrun this test with INFRA_UPDATE_GOLDEN=1 to rewrite it, and review the change";
    }
  }
  if (updating()) {
    if (!produced) {
      Section fresh{"diagnostics", "", known_sections().at("diagnostics")(story)};
      story.sections.push_back(std::move(fresh));
    }
    std::ofstream(GetParam(), std::ios::binary) << story_text(story);
  } else {
    EXPECT_TRUE(produced) << story.path << " expects nothing; run it with INFRA_UPDATE_GOLDEN=1";
  }
}

std::string name_of(const testing::TestParamInfo<fs::path>& parameter) {
  std::string name = fs::relative(parameter.param, GOLDEN_STORIES).replace_extension().string();
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Stories, Golden, testing::ValuesIn(stories()), name_of);

// Codes that a story cannot show, each with its reason: lines of `CODE reason` in
// unshown_codes.txt.
std::set<std::string> unshown() {
  std::set<std::string> codes;
  std::istringstream lines(read(fs::path(GOLDEN_STORIES) / "unshown_codes.txt"));
  std::string line;
  while (std::getline(lines, line)) {
    if (!line.empty() && line[0] != '#') {
      codes.insert(line.substr(0, line.find(' ')));
      EXPECT_NE(line.find(' '), std::string::npos) << line << " gives no reason";
    }
  }
  return codes;
}

TEST(Codes, EveryPageIsShownByAStory) {
  std::string all;
  for (const auto& path : stories()) {
    for (const Section& section : parse_story(path, read(path)).sections) {
      all += section.body;
    }
  }
  const std::set<std::string> allowed = unshown();
  for (const std::string_view code : explained_codes()) {
    const bool shown = all.find("[" + std::string(code) + "]") != std::string::npos;
    EXPECT_NE(shown, allowed.contains(std::string(code)))
        << code << (shown ? " is shown, so unshown_codes.txt need not name it" : " is in no story");
  }
}

}  // namespace
}  // namespace infra::golden
