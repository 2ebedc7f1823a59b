#include <gtest/gtest.h>

#include "check_support.h"

namespace infra::check_test {
namespace {

TEST(Scale, ten_thousand_resources_check_without_a_word) {
  std::string text = two_environments;
  for (int i = 0; i < 10'000; ++i) {
    const std::string number = std::to_string(i);
    text += "service s" + number +
            " {\n  command = \"x\"\n  port = 80\n  env { A = \"v\", B = service.s" +
            std::to_string(i / 2) + ".url }\n  health { path = \"/\" }\n}\n";
  }
  EXPECT_EQ(check_text(text), std::vector<std::string>{});
}

}  // namespace
}  // namespace infra::check_test
