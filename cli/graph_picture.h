// cli/graph_picture.h — DOT text to an SVG picture, by Graphviz's library where it is installed.
#pragma once
#include <string>

namespace infra {

// Loads libgvc when called, never before. CommandError 1 when it is not installed or refuses.
[[nodiscard]] std::string svg_of_dot(const std::string& dot);

}  // namespace infra
