// base/quantity.h — durations, sizes and numbers as text, both ways.
//
// Durations: `ms s m h d w`, compound in falling order (`1h30m`), exact to 1 ms. Sizes: `B KB MB GB
// TB` are powers of 1000, `KiB MiB GiB TiB` of 1024; a fraction is taken where it is a whole number
// of bytes or milliseconds.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/value.h"

namespace infra {

// Nothing when the text is none, or when it is out of range (more than 63 bits).
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
[[nodiscard]] std::optional<Size> parse_size(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);  // `1_000` is taken
[[nodiscard]] std::optional<double> parse_float(std::string_view text);          // finite only

// The shortest exact text: "1h30m", "0s", "512MB", "1GiB", "1.5" (shortest that reads back equal,
// always with a point).
[[nodiscard]] std::string to_text(Duration duration);
[[nodiscard]] std::string to_text(Size size);
[[nodiscard]] std::string to_text(double number);

// For people watching: "0.4s", "12s", "3m05s".
[[nodiscard]] std::string elapsed_text(Duration duration);

}  // namespace infra
