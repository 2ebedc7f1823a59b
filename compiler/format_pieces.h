// compiler/format_pieces.h — a file cut into the pieces that the formatter sets: tokens, whole
// strings and comments, each with what its place in the grammar says about spaces and lines.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/token_list.h"

namespace infra::syntax {

struct Piece {
  enum class Kind : std::uint8_t { word, opener, closer, comma, line_comment, block_comment };
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  Kind kind = Kind::word;
  std::string_view text;
  std::uint32_t line = 1, last_line = 1;  // in the source
  bool starts_statement = false;
  bool starts_item = false;   // an item, element, argument: may stand first on a line, unindented
  bool joins_line = false;    // a body's `{`, an `else`: stays on the line before it
  bool tight_before = false;  // no space before it
  bool tight_after = false;   // no space after it
  bool braces = false;        // `{` or `}` with spaces inside
  std::uint32_t anchor =
      none;                   // of a start: the piece that is aligned with those of its neighbours
  std::uint32_t last = none;  // of a start with an anchor: its last piece
  std::uint32_t family = 0;   // only starts of one family are aligned with each other

  [[nodiscard]] bool comment() const {
    return kind == Kind::line_comment || kind == Kind::block_comment;
  }
};

// `text` has no syntax errors; the pieces point into it.
[[nodiscard]] std::vector<Piece> cut_into_pieces(std::string_view text);

}  // namespace infra::syntax
