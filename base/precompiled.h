// base/precompiled.h — what nearly every file reads, compiled once per target. No file may count on
// it: builds without INFRA_PRECOMPILED (clang-tidy's among them) hold each to its own includes.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/value.h"
