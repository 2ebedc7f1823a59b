// base/cron.h — schedules: five fields (minute hour day month weekday; lists, ranges, steps,
// names), `@daily` and its kin, or "every 15m". Semantics of the fields are Vixie cron's: day and
// weekday both restricted means either.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/value.h"

namespace infra {

class Schedule {
 public:
  // The schedule, or why the text is none ("the hour is 0 to 23, not 24").
  static std::variant<Schedule, std::string> parse(std::string_view text);

  // The first time after `after` at which it fires, in the named IANA zone ("UTC",
  // "Europe/Berlin"). A local time that the zone skips fires at the first moment after the gap; one
  // that it repeats fires once. Nothing when it never fires (30 February) within eight years.
  // `every` counts from the Unix epoch.
  [[nodiscard]] std::optional<std::chrono::sys_seconds> next(std::chrono::sys_seconds after,
                                                             std::string_view zone) const;

  // The shortest distance between two firings, for a platform's floor.
  [[nodiscard]] Duration shortest_gap() const;

  // Five fields that say the same, where there are such ("every 15m" is "*/15 * * * *"); nothing
  // for "every 7m".
  [[nodiscard]] std::optional<std::string> five_fields() const;

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[nodiscard]] bool fires_on(std::chrono::sys_days day) const;

  std::string text_;
  std::string fields_;  // five, names as numbers; "" for `every`
  std::optional<Duration> every_;
  std::uint64_t minutes_ = 0, hours_ = 0, days_ = 0, months_ = 0, weekdays_ = 0;  // bit i: value i
  bool any_day_ = true, any_weekday_ = true;
};

// True when this machine's zone database has the IANA name.
[[nodiscard]] bool known_zone(std::string_view name);

}  // namespace infra
