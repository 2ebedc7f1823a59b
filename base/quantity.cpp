#include "base/quantity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace infra {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 6> duration_units{{
    {"w", 604'800'000},
    {"d", 86'400'000},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1000},
    {"ms", 1},
}};

constexpr std::array<Unit, 9> size_units{{
    {"TiB", 1LL << 40},
    {"TB", 1'000'000'000'000},
    {"GiB", 1LL << 30},
    {"GB", 1'000'000'000},
    {"MiB", 1LL << 20},
    {"MB", 1'000'000},
    {"KiB", 1LL << 10},
    {"KB", 1000},
    {"B", 1},
}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Digits with single `_` between them, from the front of `text`, which they are taken off.
std::optional<std::string> take_digits(std::string_view& text) {
  std::string digits;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      digits += text[i];
    } else if (text[i] != '_' || i == 0 || text[i - 1] == '_' || i + 1 == text.size() ||
               !is_digit(text[i + 1])) {
      break;
    }
  }
  if (digits.empty()) {
    return std::nullopt;
  }
  text.remove_prefix(i);
  return digits;
}

std::optional<std::int64_t> to_integer(std::string_view digits) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return number;
}

// `whole.fraction` times `factor`, exact, or nothing.
std::optional<std::int64_t> scaled(std::string_view whole, std::string_view fraction,
                                   std::int64_t factor) {
  const auto number = to_integer(whole);
  std::int64_t result = 0;
  if (!number || __builtin_mul_overflow(*number, factor, &result)) {
    return std::nullopt;
  }
  while (!fraction.empty() && fraction.back() == '0') {
    fraction.remove_suffix(1);
  }
  std::int64_t rest = factor;  // what is left of one unit after each decimal place, times its digit
  std::int64_t divisor = 1;
  std::int64_t digits = 0;
  for (const char c : fraction) {
    if (__builtin_mul_overflow(divisor, 10, &divisor) ||
        __builtin_mul_overflow(digits, 10, &digits) ||
        __builtin_add_overflow(digits, c - '0', &digits)) {
      return std::nullopt;
    }
  }
  // factor * digits / divisor must be whole: take common factors out first.
  while (divisor % 10 == 0 && rest % 10 == 0) {
    divisor /= 10;
    rest /= 10;
  }
  while (divisor % 2 == 0 && rest % 2 == 0) {
    divisor /= 2;
    rest /= 2;
  }
  while (divisor % 5 == 0 && rest % 5 == 0) {
    divisor /= 5;
    rest /= 5;
  }
  if (digits % divisor != 0) {
    return std::nullopt;
  }
  std::int64_t part = 0;
  if (__builtin_mul_overflow(digits / divisor, rest, &part) ||
      __builtin_add_overflow(result, part, &result)) {
    return std::nullopt;
  }
  return result;
}

template <std::size_t N>
const Unit* take_unit(std::string_view& text, const std::array<Unit, N>& units) {
  std::size_t length = 0;
  while (length < text.size() && ((text[length] >= 'a' && text[length] <= 'z') ||
                                  (text[length] >= 'A' && text[length] <= 'Z'))) {
    ++length;
  }
  for (const Unit& unit : units) {
    if (unit.name == text.substr(0, length)) {
      text.remove_prefix(length);
      return &unit;
    }
  }
  return nullptr;
}

struct Part {
  std::int64_t amount;
  const Unit* unit;
};

// One number with its unit.
template <std::size_t N>
std::optional<Part> take_part(std::string_view& text, const std::array<Unit, N>& units) {
  const auto whole = take_digits(text);
  if (!whole) {
    return std::nullopt;
  }
  std::string fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const auto digits = take_digits(text);
    if (!digits) {
      return std::nullopt;
    }
    fraction = *digits;
  }
  const Unit* unit = take_unit(text, units);
  if (unit == nullptr) {
    return std::nullopt;
  }
  const auto amount = scaled(*whole, fraction, unit->factor);
  if (!amount) {
    return std::nullopt;
  }
  return Part{*amount, unit};
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) {
    text.remove_prefix(1);
  }
  if (text.empty()) {
    return std::nullopt;
  }
  std::int64_t total = 0;
  const Unit* before = nullptr;
  while (!text.empty()) {
    const auto part = take_part(text, duration_units);
    if (!part || (before != nullptr && part->unit->factor >= before->factor) ||
        __builtin_add_overflow(total, part->amount, &total)) {
      return std::nullopt;
    }
    before = part->unit;
  }
  return Duration{negative ? -total : total};
}

std::optional<Size> parse_size(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) {
    text.remove_prefix(1);
  }
  const auto part = take_part(text, size_units);
  if (!part || !text.empty()) {
    return std::nullopt;
  }
  return Size{negative ? -part->amount : part->amount};
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) {
    text.remove_prefix(1);
  }
  const auto digits = take_digits(text);
  if (!digits || !text.empty()) {
    return std::nullopt;
  }
  return to_integer(negative ? "-" + *digits : *digits);
}

std::optional<double> parse_float(std::string_view text) {
  std::string plain;
  if (text.starts_with('-')) {
    plain = "-";
    text.remove_prefix(1);
  }
  const auto whole = take_digits(text);
  if (!whole) {
    return std::nullopt;
  }
  plain += *whole;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const auto fraction = take_digits(text);
    if (!fraction) {
      return std::nullopt;
    }
    plain += "." + *fraction;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    plain += "e";
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) {
      plain += text.front();
      text.remove_prefix(1);
    }
    const auto exponent = take_digits(text);
    if (!exponent) {
      return std::nullopt;
    }
    plain += *exponent;
  }
  if (!text.empty()) {
    return std::nullopt;
  }
  // fmt and strtod follow the locale; the engine never sets one. `from_chars` does not.
  if (const std::size_t plus = plain.find('+'); plus != std::string::npos) {
    plain.erase(plus, 1);
  }
  double number = 0;
#if defined(__cpp_lib_to_chars)
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), number);
  const bool read = error == std::errc() && end == plain.data() + plain.size();
  if (error == std::errc::result_out_of_range) {  // too small is zero, too large is none
    number = std::strtod(plain.c_str(), nullptr);
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
  }
#else
  char* end = nullptr;
  number = std::strtod(plain.c_str(), &end);
  const bool read = end == plain.c_str() + plain.size();
#endif
  return read && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::string to_text(Duration duration) {
  if (duration.milliseconds == 0) {
    return "0s";
  }
  const bool negative = duration.milliseconds < 0;
  auto rest = static_cast<std::uint64_t>(duration.milliseconds);
  rest = negative ? 0 - rest : rest;
  std::string text = negative ? "-" : "";
  for (const Unit& unit : duration_units) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    // A week is only written where nothing smaller is left: "2w", but "8d".
    if (rest >= factor && (unit.name != "w" || rest % factor == 0)) {
      text += fmt::format("{}{}", rest / factor, unit.name);
      rest %= factor;
    }
  }
  return text;
}

std::string to_text(Size size) {
  if (size.bytes == 0) {
    return "0B";
  }
  const bool negative = size.bytes < 0;
  auto bytes = static_cast<std::uint64_t>(size.bytes);
  bytes = negative ? 0 - bytes : bytes;
  std::string best;
  for (const Unit& unit : size_units) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (bytes % factor == 0) {
      std::string text = fmt::format("{}{}", bytes / factor, unit.name);
      if (best.empty() || text.size() < best.size()) {
        best = std::move(text);
      }
    }
  }
  return negative ? "-" + best : best;
}

std::string to_text(double number) {
  std::string text = fmt::format("{}", number);  // shortest that reads back equal
  if (text.find_first_of(".n") != std::string::npos) {
    return text;
  }
  const std::size_t exponent = text.find('e');
  text.insert(exponent == std::string::npos ? text.size() : exponent, ".0");
  return text;
}

std::string elapsed_text(Duration duration) {
  const std::int64_t milliseconds = duration.milliseconds < 0 ? 0 : duration.milliseconds;
  if (milliseconds < 9'950) {
    return fmt::format("{:.1f}s", static_cast<double>(milliseconds) / 1000.0);
  }
  const std::int64_t seconds = (milliseconds + 500) / 1000;
  if (seconds < 60) {
    return fmt::format("{}s", seconds);
  }
  if (seconds < 3600) {
    return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  }
  return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
}

}  // namespace infra
