#include "compiler/format_lines.h"

#include <algorithm>

#include "base/text.h"

namespace infra::syntax {
namespace {

constexpr std::size_t step = 2;

// Sets pieces into lines in two passes: which brackets are broken, then the lines.
class Setter {
 public:
  explicit Setter(const std::vector<Piece>& pieces)
      : pieces_(pieces), broken_(pieces.size(), false) {}

  std::vector<FormattedLine> run() {
    find_broken();
    for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
      place(i);
    }
    return std::move(lines_);
  }

 private:
  struct Open {
    std::uint32_t piece;
    std::size_t indent;  // of the line that it stands on
  };

  void find_broken() {
    std::vector<std::uint32_t> open;
    for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
      if (i > 0 && !open.empty() && author_breaks(i) && !empty_bracket(i)) {
        broken_[open.back()] = true;
      }
      if (pieces_[i].kind == Piece::Kind::closer && !open.empty()) {
        open.pop_back();
      } else if (pieces_[i].kind == Piece::Kind::opener) {
        open.push_back(i);
      }
    }
  }

  // Whether the author broke the line before piece `i`, where that means something.
  [[nodiscard]] bool author_breaks(std::uint32_t i) const {
    const Piece& before = pieces_[i - 1];
    const Piece& piece = pieces_[i];
    if (before.kind == Piece::Kind::line_comment) {
      return true;
    }
    const bool joined = (piece.joins_line || piece.kind == Piece::Kind::comma) && !before.comment();
    return piece.line > before.last_line && !joined;
  }
  [[nodiscard]] bool empty_bracket(std::uint32_t i) const {
    return pieces_[i - 1].kind == Piece::Kind::opener && pieces_[i].kind == Piece::Kind::closer;
  }

  [[nodiscard]] bool breaks_before(std::uint32_t i) const {
    const Piece& before = pieces_[i - 1];
    const Piece& piece = pieces_[i];
    const bool set_open = open_.empty() || broken_[open_.back().piece];
    if (!set_open || empty_bracket(i)) {
      return false;
    }
    if (author_breaks(i)) {
      return true;
    }
    if (piece.comment()) {
      return false;  // stays at the end of its line
    }
    const bool bracket_edge =
        !open_.empty() && (open_.back().piece == i - 1 || piece.kind == Piece::Kind::closer);
    const bool begins =
        piece.starts_statement || (piece.starts_item && !piece.joins_line && !open_.empty() &&
                                   before.kind != Piece::Kind::comma);
    return bracket_edge || (begins && !follows_inline_comment(i));
  }
  // A block comment that stands before an item on its line stays there.
  [[nodiscard]] bool follows_inline_comment(std::uint32_t i) const {
    return pieces_[i - 1].kind == Piece::Kind::block_comment && !lines_.back().pieces.empty() &&
           lines_.back().pieces.front() == i - 1;
  }

  [[nodiscard]] std::size_t indent_of(std::uint32_t i) const {
    if (pieces_[i].kind == Piece::Kind::closer && !open_.empty()) {
      return open_.back().indent;
    }
    const std::size_t base = open_.empty() ? 0 : open_.back().indent + step;
    std::uint32_t meant = i;  // a comment stands as deep as what it is about
    while (meant < pieces_.size() && pieces_[meant].comment()) {
      ++meant;
    }
    const bool begins = meant == pieces_.size() || pieces_[meant].starts_statement ||
                        pieces_[meant].starts_item || pieces_[meant].kind == Piece::Kind::closer;
    return begins ? base : base + step;
  }

  void place(std::uint32_t i) {
    const Piece& piece = pieces_[i];
    if (i == 0 || breaks_before(i)) {
      FormattedLine line;
      line.indent = indent_of(i);
      line.blank_before = i > 0 && piece.line > pieces_[i - 1].last_line + 1 &&
                          pieces_[i - 1].kind != Piece::Kind::opener &&
                          piece.kind != Piece::Kind::closer;
      lines_.push_back(std::move(line));
    }
    lines_.back().pieces.push_back(i);
    if (piece.kind == Piece::Kind::closer && !open_.empty()) {
      open_.pop_back();
    } else if (piece.kind == Piece::Kind::opener) {
      open_.push_back({i, lines_.back().indent});
    }
  }

  const std::vector<Piece>& pieces_;
  std::vector<bool> broken_;  // by the piece that opens
  std::vector<Open> open_;
  std::vector<FormattedLine> lines_;
};

// Spaces between two pieces on one line.
std::size_t gap(const Piece& before, const Piece& piece, bool last) {
  if (piece.comment()) {
    return last && piece.kind == Piece::Kind::line_comment ? 2 : 1;
  }
  if (before.comment()) {
    return 1;
  }
  const bool opened = before.kind == Piece::Kind::opener;
  const bool closes = piece.kind == Piece::Kind::closer;
  if (opened && closes) {
    return 0;
  }
  if ((opened && before.braces) || (closes && piece.braces)) {
    return 1;
  }
  return opened || closes || before.tight_after || piece.tight_before ? 0 : 1;
}

// One line while it is printed: its code, and the comment at its end.
struct Draft {
  std::string code, comment;
  std::size_t indent = 0;
  std::size_t anchor = std::string::npos;  // where in `code` the aligned piece stands
  std::uint32_t family = 0;                // 0: begins neither item nor statement
  bool comment_alone = false;
  bool whole = false;       // the line is one item, from its start to its end
  bool multi_line = false;  // a piece of it has line breaks
  bool blank_before = false;
};

std::string piece_text(const Piece& piece) {
  std::string text(piece.text);
  if (piece.line != piece.last_line) {
    for (std::size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at)) {
      text.erase(at, 1);
    }
  }
  return text;
}

Draft draft_of(const std::vector<Piece>& pieces, const FormattedLine& line) {
  Draft draft;
  draft.indent = line.indent;
  draft.blank_before = line.blank_before;
  const Piece& start = pieces[line.pieces.front()];
  draft.family = start.family;
  draft.comment_alone = line.pieces.size() == 1 && start.comment();
  std::uint32_t last_code = line.pieces.front();
  for (std::size_t i = 0; i < line.pieces.size(); ++i) {
    const std::uint32_t index = line.pieces[i];
    const Piece& piece = pieces[index];
    const bool last = i + 1 == line.pieces.size();
    draft.multi_line |= piece.line != piece.last_line;
    if (last && i > 0 && piece.kind == Piece::Kind::line_comment) {
      draft.comment = piece_text(piece);
      break;
    }
    if (i > 0) {
      draft.code.append(gap(pieces[line.pieces[i - 1]], piece, last), ' ');
    }
    if (start.family != 0 && index == start.anchor) {
      draft.anchor = draft.code.size();
    }
    draft.code += piece_text(piece);
    last_code = piece.kind == Piece::Kind::comma && last_code == start.last ? last_code : index;
  }
  draft.whole = last_code == start.last && !draft.multi_line;
  return draft;
}

bool aligned(const Draft& draft) {
  return draft.anchor != std::string::npos && draft.whole;
}

// Pads the anchors of [begin, end) to one column.
void pad_anchors(std::vector<Draft>& drafts, std::size_t begin, std::size_t end) {
  std::size_t widest = 0;
  for (std::size_t i = begin; i < end; ++i) {
    if (aligned(drafts[i])) {
      widest = std::max(widest, display_width(drafts[i].code.substr(0, drafts[i].anchor)));
    }
  }
  for (std::size_t i = begin; i < end; ++i) {
    if (aligned(drafts[i])) {
      const std::size_t width = display_width(drafts[i].code.substr(0, drafts[i].anchor));
      drafts[i].code.insert(drafts[i].anchor, widest - width, ' ');
    }
  }
}

// Neighbouring lines that are whole items of one family and one depth are a group; comments between
// them do not part it.
void align_anchors(std::vector<Draft>& drafts) {
  std::size_t begin = 0;
  const Draft* member = nullptr;  // the group's last
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const Draft& draft = drafts[i];
    const bool joins = !draft.blank_before && member != nullptr && draft.indent == member->indent &&
                       (draft.comment_alone || (aligned(draft) && draft.family == member->family));
    if (!joins) {
      pad_anchors(drafts, begin, i);
      begin = i;
      member = nullptr;
    }
    if (aligned(draft)) {
      member = &draft;
    }
  }
  pad_anchors(drafts, begin, drafts.size());
}

void align_comments(std::vector<Draft>& drafts) {
  for (std::size_t i = 0; i < drafts.size();) {
    std::size_t end = i;
    std::size_t widest = 0;
    while (end < drafts.size() && !drafts[end].comment.empty() && !drafts[end].multi_line &&
           drafts[end].indent == drafts[i].indent && (end == i || !drafts[end].blank_before)) {
      widest = std::max(widest, display_width(drafts[end].code));
      ++end;
    }
    for (std::size_t k = i; k < end; ++k) {
      drafts[k].code.append(widest - display_width(drafts[k].code) + 2, ' ');
    }
    if (end == i && !drafts[i].comment.empty()) {
      drafts[i].code.append(2, ' ');
    }
    i = std::max(end, i + 1);
  }
}

}  // namespace

std::vector<FormattedLine> set_lines(const std::vector<Piece>& pieces) {
  return Setter(pieces).run();
}

std::string print_lines(const std::vector<Piece>& pieces, const std::vector<FormattedLine>& lines) {
  std::vector<Draft> drafts;
  drafts.reserve(lines.size());
  for (const FormattedLine& line : lines) {
    drafts.push_back(draft_of(pieces, line));
  }
  align_anchors(drafts);
  align_comments(drafts);
  std::string out;
  for (const Draft& draft : drafts) {
    out += draft.blank_before ? "\n" : "";
    out.append(draft.indent, ' ');
    out += draft.code;
    out += draft.comment;
    out.push_back('\n');
  }
  return out;
}

}  // namespace infra::syntax
