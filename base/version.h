// base/version.h — what this program calls itself; a test holds it equal to the build's version.
#pragma once
#include <string_view>

namespace infra {

inline constexpr std::string_view program_version = "0.1.0";

}  // namespace infra
