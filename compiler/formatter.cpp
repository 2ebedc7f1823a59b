#include "compiler/format_lines.h"
#include "compiler/format_pieces.h"
#include "compiler/parser.h"

namespace infra {

std::string format(const Sources& sources, FileId file, Diagnostics& diagnostics) {
  const std::string_view text = sources.text(file);
  Diagnostics found;
  static_cast<void>(parse(sources, file, found));
  const bool wrong = found.has_errors();
  diagnostics.append(std::move(found));
  if (wrong) {
    return std::string(text);
  }
  const std::vector<syntax::Piece> pieces = syntax::cut_into_pieces(text);
  return syntax::print_lines(pieces, syntax::set_lines(pieces));
}

}  // namespace infra
