#include "base/cron.h"

#include <gtest/gtest.h>

namespace infra {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;

sys_seconds at(int year, unsigned month, unsigned day, int hour = 0, int minute = 0,
               int second = 0) {
  return sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)) +
         std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

Schedule schedule(std::string_view text) {
  auto parsed = Schedule::parse(text);
  if (auto* error = std::get_if<std::string>(&parsed)) {
    ADD_FAILURE() << text << ": " << *error;
    return std::get<Schedule>(Schedule::parse("* * * * *"));
  }
  return std::get<Schedule>(parsed);
}

std::string error_of(std::string_view text) {
  const auto parsed = Schedule::parse(text);
  return parsed.index() == 1 ? std::get<1>(parsed) : "";
}

TEST(Cron, FindsTheNextFiring) {
  struct Case {
    const char* text;
    sys_seconds after, next;
  };
  const Case cases[] = {
      {"* * * * *", at(2026, 1, 1, 0, 0, 30), at(2026, 1, 1, 0, 1)},
      {"0 8 * * *", at(2026, 1, 1, 8), at(2026, 1, 2, 8)},
      {"0 8 * * *", at(2026, 1, 1, 7, 59, 59), at(2026, 1, 1, 8)},
      {"*/15 9-17 * * mon-fri", at(2026, 1, 2, 17, 45), at(2026, 1, 5, 9)},
      {"0 0 29 2 *", at(2026, 1, 1), at(2028, 2, 29)},
      {"0 0 13 * 5", at(2026, 1, 1), at(2026, 1, 2)},
      {"0 0 */2 * 1", at(2026, 1, 1), at(2026, 1, 5)},
      {"0 0 1 jan,JUL *", at(2026, 1, 1), at(2026, 7, 1)},
      {"0 0 * * 7", at(2026, 1, 1), at(2026, 1, 4)},
      {"0 0 * * 5-7", at(2026, 1, 3), at(2026, 1, 4)},
      {"@daily", at(2026, 12, 31, 12), at(2027, 1, 1)},
      {"@weekly", at(2026, 1, 1), at(2026, 1, 4)},
      {"every 15m", at(2026, 1, 1, 0, 7), at(2026, 1, 1, 0, 15)},
      {"every 7m", sys_seconds{}, sys_seconds(std::chrono::seconds(420))},
      {"every 7m", sys_seconds(std::chrono::seconds(-1)), sys_seconds{}},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(schedule(one.text).next(one.after, "UTC"), one.next) << one.text;
  }
  EXPECT_EQ(schedule("0 0 30 2 *").next(at(2026, 1, 1), "UTC"), std::nullopt);
  EXPECT_EQ(schedule("0 8 * * *").next(at(2026, 1, 1), "Nowhere/None"), std::nullopt);
}

TEST(Cron, FollowsTheZone) {
  // In Berlin the clock goes from 2:00 to 3:00 on 29 March 2026 (01:00 UTC).
  EXPECT_EQ(schedule("30 2 * * *").next(at(2026, 3, 28, 12), "Europe/Berlin"), at(2026, 3, 29, 1));
  EXPECT_EQ(schedule("30 2 * * *").next(at(2026, 3, 29, 1), "Europe/Berlin"),
            at(2026, 3, 30, 0, 30));
  EXPECT_EQ(schedule("*/20 2 * * *").next(at(2026, 3, 29, 1), "Europe/Berlin"), at(2026, 3, 30, 0));
  // And from 3:00 back to 2:00 on 25 October 2026 (01:00 UTC): 2:30 comes twice and fires once.
  EXPECT_EQ(schedule("30 2 * * *").next(at(2026, 10, 24, 12), "Europe/Berlin"),
            at(2026, 10, 25, 0, 30));
  EXPECT_EQ(schedule("30 2 * * *").next(at(2026, 10, 25, 0, 30), "Europe/Berlin"),
            at(2026, 10, 26, 1, 30));
  EXPECT_EQ(schedule("0 8 * * *").next(at(2026, 7, 1), "Europe/Berlin"), at(2026, 7, 1, 6));
  EXPECT_EQ(schedule("0 0 1 1 *").next(at(2026, 6, 1), "Pacific/Kiritimati"), at(2026, 12, 31, 10));
}

TEST(Cron, NeverGoesBackOrStandsStill) {
  const Schedule one = schedule("17 */3 * * *");
  sys_seconds time = at(2026, 3, 1);
  for (int i = 0; i < 3000; ++i) {
    const auto next = one.next(time, "America/New_York");
    ASSERT_TRUE(next);
    ASSERT_GT(*next, time);
    ASSERT_LE(*next - time, std::chrono::hours(5));
    time = *next;
  }
}

TEST(Cron, SaysWhatIsWrong) {
  EXPECT_EQ(error_of("0 24 * * *"), "the hour is 0 to 23, not 24");
  EXPECT_EQ(error_of("60 0 * * *"), "the minute is 0 to 59, not 60");
  for (const char* bad : {"",
                          "* * * *",
                          "* * * * * *",
                          "a * * * *",
                          "*/0 * * * *",
                          "5/2 * * * *",
                          "5-1 * * * *",
                          "1,,2 * * * *",
                          "0 0 0 * *",
                          "0 0 * 13 *",
                          "0 0 * foo *",
                          "0 0 * * 8",
                          "0 0 L * *",
                          "@reboot",
                          "@",
                          "every",
                          "every 0s",
                          "every 500ms",
                          "every x",
                          "-1 * * * *",
                          "99999999999999999999 * * * *",
                          "*/99999999999 * * * *",
                          "1- * * * *",
                          "* * * * mond"}) {
    EXPECT_NE(error_of(bad), "") << bad;
  }
}

TEST(Cron, KnowsItsShortestGap) {
  const std::pair<const char*, std::int64_t> minutes[] = {
      {"* * * * *", 1},        {"*/15 * * * *", 15},   {"0,50 * * * *", 10},
      {"0 8 * * *", 1440},     {"0 0,23 * * *", 60},   {"0 0 * * 0", 10080},
      {"every 7m", 7},         {"59 23 * * 0", 10080}, {"0 0 1 * *", 28 * 1440},
      {"0 0,12 1,2 * *", 720},
  };
  for (const auto& [text, gap] : minutes) {
    EXPECT_EQ(schedule(text).shortest_gap().milliseconds, gap * 60'000) << text;
  }
}

TEST(Cron, WritesFiveFields) {
  const std::pair<const char*, std::optional<std::string>> cases[] = {
      {"  0  8 *  * mon-fri ", "0 8 * * 1-5"},
      {"@hourly", "0 * * * *"},
      {"every 15m", "*/15 * * * *"},
      {"every 1m", "* * * * *"},
      {"every 2h", "0 */2 * * *"},
      {"every 1d", "0 0 * * *"},
      {"every 1w", "0 0 * * 4"},
      {"every 7m", std::nullopt},
      {"every 90m", std::nullopt},
      {"every 30s", std::nullopt},
      {"0 0 1 jan,3-5/2 *", "0 0 1 1,3-5/2 *"},
  };
  for (const auto& [text, five] : cases) {
    EXPECT_EQ(schedule(text).five_fields(), five) << text;
  }
  EXPECT_EQ(schedule(" @daily ").text(), "@daily");
}

TEST(Cron, KnowsZones) {
  EXPECT_TRUE(known_zone("UTC"));
  EXPECT_TRUE(known_zone("Europe/Berlin"));
  EXPECT_FALSE(known_zone("Europe/Nowhere"));
  EXPECT_FALSE(known_zone(""));
  EXPECT_FALSE(known_zone("../../etc/passwd"));
}

}  // namespace
}  // namespace infra
