#include "base/quantity.h"

#include <gtest/gtest.h>

#include <limits>

namespace infra {
namespace {

TEST(Duration, Reads) {
  const std::pair<const char*, std::int64_t> good[] = {
      {"0s", 0},
      {"1ms", 1},
      {"30s", 30'000},
      {"1h30m", 5'400'000},
      {"1.5s", 1500},
      {"0.001s", 1},
      {"90d", 7'776'000'000},
      {"2w", 1'209'600'000},
      {"1w2d3h4m5s6ms", 788'645'006},
      {"1_000s", 1'000'000},
      {"-5m", -300'000},
      {"0.5h", 1'800'000},
      {"1.25m", 75'000},
  };
  for (const auto& [text, milliseconds] : good) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(duration->milliseconds, milliseconds) << text;
  }
  for (const char* bad :
       {"", "5", "s", "5min", "1m1h", "1m1m", "1.5", "0.0001s", "1.s", ".5s", "1__0s", "_1s", "1_s",
        "99999999999999999w", "1h ", " 1h", "1H", "--1s"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(Size, Reads) {
  const std::pair<const char*, std::int64_t> good[] = {
      {"0B", 0},
      {"1KB", 1000},
      {"1KiB", 1024},
      {"1.5GiB", 1'610'612'736},
      {"1GB", 1'000'000'000},
      {"2TiB", 2'199'023'255'552},
      {"0.5KB", 500},
      {"512MB", 512'000'000},
  };
  for (const auto& [text, bytes] : good) {
    const auto size = parse_size(text);
    ASSERT_TRUE(size) << text;
    EXPECT_EQ(size->bytes, bytes) << text;
  }
  for (const char* bad :
       {"", "1", "512M", "1kb", "0.5B", "1KB1B", "99999999TiB", "1.0001KB", "1PB"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
}

TEST(Number, Reads) {
  EXPECT_EQ(parse_integer("1_000"), 1000);
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* bad : {"", "-", "9223372036854775808", "0x1F", "1.0", "1e3", "1_", "+1"}) {
    EXPECT_FALSE(parse_integer(bad)) << bad;
  }
  EXPECT_EQ(parse_float("2e3"), 2000.0);
  EXPECT_EQ(parse_float("-1.5"), -1.5);
  EXPECT_EQ(parse_float("1_0.5e-1"), 1.05);
  EXPECT_EQ(parse_float("1e+2"), 100.0);
  EXPECT_EQ(parse_float("1e-999"), 0.0);
  for (const char* bad : {"", "1e999", "nan", "inf", "1.", ".5", "1e", "0x1p3", "1.5.2"}) {
    EXPECT_FALSE(parse_float(bad)) << bad;
  }
}

TEST(Quantity, WritesTheShortestExactText) {
  const std::pair<std::int64_t, const char*> durations[] = {
      {0, "0s"},           {5'400'000, "1h30m"}, {1500, "1s500ms"},  {1'209'600'000, "2w"},
      {691'200'000, "8d"}, {-300'000, "-5m"},    {86'400'000, "1d"}, {61'001, "1m1s1ms"},
  };
  for (const auto& [milliseconds, text] : durations) {
    EXPECT_EQ(to_text(Duration{milliseconds}), text);
  }
  const std::pair<std::int64_t, const char*> sizes[] = {
      {0, "0B"}, {512'000'000, "512MB"}, {1'073'741'824, "1GiB"}, {1500, "1500B"},
      {1, "1B"}, {1000, "1KB"},
  };
  for (const auto& [bytes, text] : sizes) {
    EXPECT_EQ(to_text(Size{bytes}), text);
  }
  const std::pair<double, const char*> numbers[] = {
      {1.5, "1.5"},   {2.0, "2.0"},        {0.1, "0.1"},
      {-0.0, "-0.0"}, {1e300, "1.0e+300"}, {5e-324, "5.0e-324"},
  };
  for (const auto& [number, text] : numbers) {
    EXPECT_EQ(to_text(number), text);
  }
}

TEST(Quantity, TextReadsBackEqual) {
  for (std::int64_t i = 1; i < 4'000'000'000'000; i = i * 3 + 1) {
    EXPECT_EQ(parse_duration(to_text(Duration{i})), Duration{i});
    EXPECT_EQ(parse_size(to_text(Size{i})), Size{i});
  }
  const auto most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(parse_duration(to_text(Duration{most})), Duration{most});
  EXPECT_EQ(parse_size(to_text(Size{most})), Size{most});
  for (const double number :
       {0.1, 1.0 / 3, 1e-7, 123456.789, 1e22, std::numeric_limits<double>::max()}) {
    EXPECT_EQ(parse_float(to_text(number)), number);
  }
}

TEST(Quantity, ElapsedForPeople) {
  EXPECT_EQ(elapsed_text(Duration{400}), "0.4s");
  EXPECT_EQ(elapsed_text(Duration{9'960}), "10s");
  EXPECT_EQ(elapsed_text(Duration{12'400}), "12s");
  EXPECT_EQ(elapsed_text(Duration{185'000}), "3m05s");
  EXPECT_EQ(elapsed_text(Duration{3'725'000}), "1h02m");
}

}  // namespace
}  // namespace infra
