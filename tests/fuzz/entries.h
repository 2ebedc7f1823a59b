// tests/fuzz/entries.h — what the fuzz targets hold of any text. Each gives the law that was
// broken, or an empty text.
#pragma once
#include <string>
#include <string_view>

namespace infra::fuzz {

// Tokens and comments lie in order within the text, and what lies between them is blank.
[[nodiscard]] std::string lexer_fault(std::string_view text);

// Spans lie within the text, and a text without a tree has an error.
[[nodiscard]] std::string parser_fault(std::string_view text);

// Formatting twice changes nothing, keeps the meaning and the comments; wrong text stays as it is.
[[nodiscard]] std::string formatter_fault(std::string_view text);

}  // namespace infra::fuzz
