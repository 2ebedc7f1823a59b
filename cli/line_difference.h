// cli/line_difference.h — two texts compared line by line, as `diff -u` prints it.
#pragma once
#include <string>
#include <string_view>

namespace infra {

// "" when both are equal. Names stand in the two head lines.
[[nodiscard]] std::string line_difference(std::string_view before, std::string_view after,
                                          std::string_view before_name,
                                          std::string_view after_name);

}  // namespace infra
