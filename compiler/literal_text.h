// compiler/literal_text.h — what a literal's text means: escapes, indentation of triple-quoted
// texts, numbers. Errors are diagnostics with the exact place; a usable value comes back anyway.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/value.h"

namespace infra::syntax {

// The text with its escapes replaced: \n \t \r \" \\ \$ \u{…}. `span` is where `raw` stands.
[[nodiscard]] std::string unescape(std::string_view raw, const Span& span,
                                   Diagnostics& diagnostics);

// One run of a triple-quoted text: what stands between two interpolations, or an interpolation.
struct TextRun {
  std::string_view raw;  // empty for an interpolation
  Span span;
  bool interpolation = false;
};

// Takes the indentation out of the runs between `"""` and `"""`: the smallest indent of all lines
// that are not blank, the closing quotes' line included. Line breaks become \n. The result has one
// text per run, escapes replaced; for an interpolation an empty one.
[[nodiscard]] std::vector<std::string> dedent(const std::vector<TextRun>& runs, const Span& opening,
                                              Diagnostics& diagnostics);

enum class NumberKind { integer, real, duration, size, malformed };

// Null after an error.
[[nodiscard]] Value number_value(NumberKind kind, std::string_view text, const Span& span,
                                 Diagnostics& diagnostics);

}  // namespace infra::syntax
