// base/text.h — text for people: escaping what a terminal or Markdown would obey, nearest names,
// plurals, widths.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra {

// Text from a platform or a file, safe for a terminal: control characters, DEL and C1 as `\x1b`,
// bidi and zero-width characters as `\u{202e}`, bad UTF-8 as `\xNN`. Line breaks become `\n` unless
// `keep_lines`.
[[nodiscard]] std::string printable(std::string_view text, bool keep_lines = false);

// Inside Markdown: `<code>` with entities, or a fence longer than any run of back-ticks in the
// text.
[[nodiscard]] std::string markdown_code(std::string_view text);
[[nodiscard]] std::string markdown_fence(std::string_view text, std::string_view language);

// True when the bytes are well-formed UTF-8 (RFC 3629); `bad` gets the offset of the first that is
// not.
[[nodiscard]] bool valid_utf8(std::string_view text, std::size_t* bad = nullptr);

// Columns that the text takes on a terminal (wide characters count two), and its longest prefix
// that fits.
[[nodiscard]] std::size_t display_width(std::string_view text);
[[nodiscard]] std::string shorten(std::string_view text,
                                  std::size_t columns);  // ends in `…` when cut

// The candidate with the smallest edit distance (Damerau-Levenshtein, case aside), if it is near
// enough to be meant.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);

[[nodiscard]] std::string plural(std::size_t count, std::string_view one,
                                 std::string_view many = {});  // "1 file", "2 files"
[[nodiscard]] std::string join(std::span<const std::string> items, std::string_view separator);
[[nodiscard]] std::string list_text(std::span<const std::string> items,
                                    std::string_view last = "and");  // "a, b and c"
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t columns);
[[nodiscard]] bool contains_ignoring_case(std::string_view text, std::string_view part);
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace infra
