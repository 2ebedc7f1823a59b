#include "base/cron.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <span>
#include <stdexcept>

#include "base/quantity.h"
#include "base/text.h"

namespace infra {
namespace {

constexpr int days_searched = 8 * 366;
constexpr std::int64_t day_minutes = 24 * 60;

struct Field {
  std::string_view name;
  int first, last;
  std::span<const std::string_view> words;  // the value of words[i] is first + i
};

constexpr std::array<std::string_view, 12> month_words{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_words{"sun", "mon", "tue", "wed",
                                                        "thu", "fri", "sat"};

const std::array<Field, 5> fields{{
    {"minute", 0, 59, {}},
    {"hour", 0, 23, {}},
    {"day", 1, 31, {}},
    {"month", 1, 12, month_words},
    {"weekday", 0, 7, weekday_words},
}};

struct Reading {  // of one field
  std::uint64_t bits = 0;
  std::string text;   // names as numbers
  std::string error;  // "" when it was read
};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// A number or a name of the field; -1 and an error when it is neither or out of range.
int read_value(const Field& field, std::string_view text, std::string& error) {
  for (std::size_t i = 0; i < field.words.size(); ++i) {
    if (text.size() == 3 && contains_ignoring_case(text, field.words[i])) {
      return field.first + static_cast<int>(i);
    }
  }
  int value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size() ||
      (code != std::errc() && code != std::errc::result_out_of_range) || text.front() == '-') {
    error = fmt::format(
        "the {} is a number from {} to {}{}, not `{}`", field.name, field.first, field.last,
        field.words.empty() ? "" : " or a name such as `" + std::string(field.words[1]) + "`",
        printable(text));
    return -1;
  }
  if (code == std::errc::result_out_of_range || value < field.first || value > field.last) {
    error = fmt::format("the {} is {} to {}, not {}", field.name, field.first, field.last,
                        printable(text));
    return -1;
  }
  return value;
}

// `*`, `5`, `1-5`, each with a step `/2` behind a range or star.
void read_item(const Field& field, std::string_view item, Reading& reading) {
  const std::size_t slash = item.find('/');
  const std::string_view range = item.substr(0, slash);
  int first = field.first;
  int last = field.name == "weekday" ? 6 : field.last;
  std::string text = "*";
  const std::size_t dash = range.find('-');
  if (range != "*") {
    first = read_value(field, range.substr(0, dash), reading.error);
    last = first;
    text = fmt::format("{}", first);
    if (reading.error.empty() && dash != std::string_view::npos) {
      last = read_value(field, range.substr(dash + 1), reading.error);
      text += fmt::format("-{}", last);
    }
  }
  int step = 1;
  if (reading.error.empty() && slash != std::string_view::npos) {
    const std::string_view digits = item.substr(slash + 1);
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
    if (digits.empty() || code != std::errc() || end != digits.data() + digits.size() || step < 1 ||
        step > field.last) {
      reading.error = fmt::format("the step of the {} is a number from 1 to {}, not `{}`",
                                  field.name, field.last, printable(digits));
    } else if (range != "*" && dash == std::string_view::npos) {
      reading.error =
          fmt::format("a step stands behind a range: write `{}-{}/{}`", first, field.last, step);
    }
    text += fmt::format("/{}", step);
  }
  if (reading.error.empty() && first > last) {
    reading.error = fmt::format("the {} goes from {} down to {}; write the smaller one first",
                                field.name, first, last);
  }
  if (!reading.error.empty()) {
    return;
  }
  for (int value = first; value <= last; value += step) {
    reading.bits |= 1ULL << static_cast<unsigned>(field.name == "weekday" ? value % 7 : value);
  }
  reading.text += (reading.text.empty() ? "" : ",") + text;
}

Reading read_field(const Field& field, std::string_view text) {
  Reading reading;
  if (text.find_first_of("?LW#") != std::string_view::npos && field.words.empty()) {
    reading.error =
        fmt::format("`{}` is no cron of five fields: `?`, `L`, `W` and `#` have no meaning here",
                    printable(text));
    return reading;
  }
  for (const std::string_view item : split(text, ",")) {
    if (item.empty()) {
      reading.error = fmt::format("the {} has a comma with nothing beside it", field.name);
    } else {
      read_item(field, item, reading);
    }
    if (!reading.error.empty()) {
      break;
    }
  }
  return reading;
}

struct Nickname {
  std::string_view name, fields;
};
constexpr std::array<Nickname, 7> nicknames{{
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
}};

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool has(std::uint64_t bits, unsigned value) {
  return (bits >> value & 1U) != 0;
}

const date::time_zone* find_zone(std::string_view name) {
  if (name.empty()) {
    return nullptr;
  }
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

// When a local time comes: skipped by the zone, at the first moment after the gap; repeated, the
// first time.
std::chrono::sys_seconds moment(const date::time_zone& zone, date::local_seconds local) {
  const date::local_info info = zone.get_info(local);
  if (info.result == date::local_info::nonexistent) {
    return info.second.begin;
  }
  return std::chrono::sys_seconds(local.time_since_epoch() - info.first.offset);
}

}  // namespace

std::variant<Schedule, std::string> Schedule::parse(std::string_view text) {
  Schedule schedule;
  text = trim(text);
  schedule.text_ = std::string(text);
  if (text.starts_with("every ")) {
    const std::string_view amount = trim(text.substr(6));
    const auto every = parse_duration(amount);
    if (!every || every->milliseconds < 1000 || every->milliseconds % 1000 != 0) {
      return fmt::format("`every` takes a duration of whole seconds such as `15m`, not `{}`",
                         printable(amount));
    }
    schedule.every_ = *every;
    return schedule;
  }
  if (text.starts_with('@')) {
    const auto* found = std::find_if(nicknames.begin(), nicknames.end(),
                                     [text](const Nickname& one) { return one.name == text; });
    if (found == nicknames.end()) {
      return fmt::format(
          "`{}` is none of @yearly, @monthly, @weekly, @daily, @midnight and @hourly",
          printable(text));
    }
    text = found->fields;
  }
  std::vector<std::string_view> parts = split(text, " \t");
  parts.erase(std::remove(parts.begin(), parts.end(), std::string_view{}), parts.end());
  if (parts.size() != fields.size()) {
    return fmt::format(
        "a schedule has five fields (minute hour day month weekday), not {}; or write `@daily` or "
        "`every 15m`",
        parts.size());
  }
  const std::array<std::uint64_t*, 5> targets{&schedule.minutes_, &schedule.hours_, &schedule.days_,
                                              &schedule.months_, &schedule.weekdays_};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    Reading reading = read_field(fields[i], parts[i]);
    if (!reading.error.empty()) {
      return reading.error;
    }
    *targets[i] = reading.bits;
    schedule.fields_ += (i == 0 ? "" : " ") + reading.text;
  }
  schedule.any_day_ = parts[2].starts_with('*');
  schedule.any_weekday_ = parts[4].starts_with('*');
  return schedule;
}

bool Schedule::fires_on(std::chrono::sys_days day) const {
  const std::chrono::year_month_day date(day);
  const bool by_day = has(days_, static_cast<unsigned>(date.day()));
  const bool by_weekday = has(weekdays_, std::chrono::weekday(day).c_encoding());
  const bool fits = any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
  return fits && has(months_, static_cast<unsigned>(date.month()));
}

std::optional<std::chrono::sys_seconds> Schedule::next(std::chrono::sys_seconds after,
                                                       std::string_view zone_name) const {
  using std::chrono::seconds;
  if (every_) {
    const seconds step(every_->milliseconds / 1000);
    const auto passed = after.time_since_epoch() / step;
    const bool before_epoch =
        after.time_since_epoch() < seconds(0) && after.time_since_epoch() % step != seconds(0);
    return std::chrono::sys_seconds(step * (before_epoch ? passed : passed + 1));
  }
  const date::time_zone* zone = find_zone(zone_name);
  if (zone == nullptr) {
    return std::nullopt;
  }
  const date::local_seconds local = zone->to_local(after);
  const auto today = std::chrono::floor<std::chrono::days>(local.time_since_epoch());
  for (int i = 0; i <= days_searched; ++i) {
    const std::chrono::days day = today + std::chrono::days(i);
    if (!fires_on(std::chrono::sys_days(day))) {
      continue;
    }
    for (unsigned hour = 0; hour < 24; ++hour) {
      // Hours that ended before `after` are passed over at once.
      const seconds start = day + std::chrono::hours(hour);
      if (!has(hours_, hour) || start + std::chrono::hours(1) <= local.time_since_epoch()) {
        continue;
      }
      for (std::uint64_t rest = minutes_; rest != 0; rest &= rest - 1) {
        const seconds time = start + std::chrono::minutes(std::countr_zero(rest));
        const std::chrono::sys_seconds fired = moment(*zone, date::local_seconds(time));
        if (fired > after) {
          return fired;
        }
      }
    }
  }
  return std::nullopt;
}

Duration Schedule::shortest_gap() const {
  if (every_) {
    return *every_;
  }
  std::vector<std::int64_t> minutes;  // of a day
  for (std::int64_t i = 0; i < day_minutes; ++i) {
    if (has(hours_, static_cast<unsigned>(i / 60)) &&
        has(minutes_, static_cast<unsigned>(i % 60))) {
      minutes.push_back(i);
    }
  }
  std::int64_t gap = days_searched * day_minutes;
  for (std::size_t i = 1; i < minutes.size(); ++i) {
    gap = std::min(gap, minutes[i] - minutes[i - 1]);
  }
  const std::chrono::sys_days start = std::chrono::year(2024) / 1 / 1;
  std::optional<int> before;
  for (int i = 0; i < days_searched && !minutes.empty(); ++i) {
    if (fires_on(start + std::chrono::days(i))) {
      if (before) {
        gap = std::min(gap, (i - *before) * day_minutes + minutes.front() - minutes.back());
      }
      before = i;
    }
  }
  return {gap * 60'000};
}

std::optional<std::string> Schedule::five_fields() const {
  if (!every_) {
    return fields_;
  }
  if (every_->milliseconds % 60'000 != 0) {
    return std::nullopt;
  }
  const std::int64_t minutes = every_->milliseconds / 60'000;
  if (minutes == 1) {
    return "* * * * *";
  }
  if (minutes < 60 && 60 % minutes == 0) {
    return fmt::format("*/{} * * * *", minutes);
  }
  if (minutes == 60) {
    return "0 * * * *";
  }
  if (minutes < day_minutes && minutes % 60 == 0 && 24 % (minutes / 60) == 0) {
    return fmt::format("0 */{} * * *", minutes / 60);
  }
  if (minutes == day_minutes) {
    return "0 0 * * *";
  }
  if (minutes == 7 * day_minutes) {
    return "0 0 * * 4";  // the epoch was a Thursday
  }
  return std::nullopt;
}

bool known_zone(std::string_view name) {
  return find_zone(name) != nullptr;
}

}  // namespace infra
