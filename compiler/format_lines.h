// compiler/format_lines.h — pieces of a file set into lines: where they break, how deep they stand,
// which columns are aligned.
#pragma once
#include <string>
#include <vector>

#include "compiler/format_pieces.h"

namespace infra::syntax {

struct FormattedLine {
  std::size_t indent = 0;             // in spaces
  std::vector<std::uint32_t> pieces;  // indexes, in order
  bool blank_before = false;
};

// The author's breaks are kept, within these rules: a bracket with a break directly inside is
// opened over lines of its own; every statement, and every item without a comma before it, begins a
// line.
[[nodiscard]] std::vector<FormattedLine> set_lines(const std::vector<Piece>& pieces);

// The text of the lines, with `=` and `{` of neighbouring items and comments at line ends aligned.
[[nodiscard]] std::string print_lines(const std::vector<Piece>& pieces,
                                      const std::vector<FormattedLine>& lines);

}  // namespace infra::syntax
