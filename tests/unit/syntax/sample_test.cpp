#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "compiler/tree_dump.h"
#include "syntax_support.h"

namespace infra::test {
namespace {

TEST(Sample, EveryFileIsReadWithoutErrors) {
  const auto all = samples();
  EXPECT_GE(all.size(), 6U);
  for (const Sample& entry : all) {
    const Parsed result = parsed(entry.text);
    EXPECT_EQ(result.rendered(), "") << entry.name;
    EXPECT_FALSE(result.file.statements.empty()) << entry.name;
  }
}

// Every decision of the grammar is made by one token of look-ahead: the generated parser has no
// call of the adaptive prediction, which is slow and shares state between threads.
TEST(Grammar, NeedsOneTokenOfLookAhead) {
  const std::ifstream file(GENERATED_PARSER);
  ASSERT_TRUE(file) << GENERATED_PARSER;
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find("InfraParser::statement()"), std::string::npos);
  EXPECT_EQ(text.str().find("adaptivePredict"), std::string::npos);
}

TEST(Sample, FilesAreReadInParallel) {
  const auto all = samples();
  std::vector<std::string> alone;
  for (const Sample& entry : all) {
    alone.push_back(dump(parsed(entry.text).file));
  }
  std::vector<std::thread> threads;
  std::vector<std::vector<std::string>> together(4);
  for (auto& results : together) {
    threads.emplace_back([&all, &results] {
      for (const Sample& entry : all) {
        results.push_back(dump(parsed(entry.text).file));
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  for (const auto& results : together) {
    EXPECT_EQ(results, alone);
  }
}

}  // namespace
}  // namespace infra::test
