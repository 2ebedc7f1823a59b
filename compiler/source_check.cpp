#include "compiler/source_check.h"

#include <fmt/format.h>

#include "base/text.h"

namespace infra::syntax {

namespace {
constexpr std::size_t maximum_bytes = std::size_t{16} << 20;
}

bool readable(const Sources& sources, FileId file, Diagnostics& diagnostics) {
  const std::string_view text = sources.text(file);
  if (text.size() > maximum_bytes) {
    auto& error = diagnostics.error("E0102", {file, 0, 0},
                                    fmt::format("this file is too large: {} bytes", text.size()));
    error.label = "a file is at most 16 MiB";
    error.help.emplace_back("a stack may have many files; they are one scope");
    return false;
  }
  std::size_t bad = 0;
  if (!valid_utf8(text, &bad)) {
    const auto place = static_cast<std::uint32_t>(bad);
    auto& error = diagnostics.error(
        "E0101", {file, place, place + 1},
        fmt::format("byte 0x{:02X} at offset {} is not UTF-8",
                    static_cast<unsigned>(static_cast<unsigned char>(text[bad])), bad));
    error.help.emplace_back("save the file as UTF-8");
    return false;
  }
  return true;
}

}  // namespace infra::syntax
