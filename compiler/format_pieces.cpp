#include "compiler/format_pieces.h"

#include <algorithm>

#include "compiler/antlr_grammar.h"
#include "compiler/statement_reader.h"

namespace infra::syntax {
namespace {

constexpr std::uint32_t item_family = 1;  // statements have their keyword's type plus this

// What the grammar says of a token.
struct Mark {
  bool starts_statement = false, starts_item = false, joins_line = false;
  bool tight_before = false, tight_after = false, hugs = false;
  TokenIndex string_end = 0;  // of a string's first token: its last
  TokenIndex anchor = 0, last = 0;
  std::uint32_t family = 0;
};

class Marker {
 public:
  Marker(const TokenList& list, std::vector<Mark>& marks) : list_(list), marks_(marks) {}

  void mark(const SyntaxTree& tree) {
    tree_ = &tree;
    for (NodeIndex node = SyntaxTree::root(); node < tree.nodes.size(); ++node) {
      if (tree[node].rule != SyntaxNode::token) {
        mark_rule(node);
      }
    }
  }

 private:
  void mark_rule(NodeIndex node);
  void mark_type(NodeIndex node);
  void mark_bracketed(NodeIndex node);
  void mark_statement(NodeIndex node);
  void mark_item(NodeIndex item);

  [[nodiscard]] const SyntaxNode& at(NodeIndex node) const { return (*tree_)[node]; }
  [[nodiscard]] std::uint32_t type(TokenIndex token) const { return list_[token].type; }
  Mark& first(NodeIndex node) { return marks_[at(node).first]; }

  // Calls `visit(token)` for each token that is a child of `node`.
  template <class Visit>
  void each_token(NodeIndex node, const Visit& visit) {
    for (NodeIndex child = at(node).child; child != 0; child = at(child).next) {
      if (at(child).rule == SyntaxNode::token) {
        visit(at(child).first);
      }
    }
  }
  [[nodiscard]] NodeIndex child_of_rule(NodeIndex node, std::size_t rule) const {
    NodeIndex child = at(node).child;
    while (child != 0 && at(child).rule != rule) {
      child = at(child).next;
    }
    return child;
  }

  const TokenList& list_;
  std::vector<Mark>& marks_;
  const SyntaxTree* tree_ = nullptr;
};

void Marker::mark_rule(NodeIndex node) {
  switch (at(node).rule) {
    case Grammar::RuleStatement:
      mark_statement(node);
      break;
    case Grammar::RuleItem:
    case Grammar::RuleSetting:
      mark_item(node);
      break;
    case Grammar::RuleEnvironmentItem:
    case Grammar::RuleValidation:
    case Grammar::RuleRule_:
    case Grammar::RuleElement:
    case Grammar::RuleArgument:
    case Grammar::RuleParameter:
    case Grammar::RuleComprehension:
      first(node).starts_item = true;
      break;
    case Grammar::RuleBody:
    case Grammar::RuleBlock:
    case Grammar::RuleParamBody:
      first(node).joins_line = true;
      break;
    case Grammar::RuleEnvironment:
    case Grammar::RulePolicy:
    case Grammar::RuleIfStatement:
      each_token(node, [&](TokenIndex token) {
        const bool otherwise = type(token) == Grammar::ELSE;
        marks_[token].joins_line = otherwise || type(token) == Grammar::LBRACE;
        marks_[token].starts_item = otherwise;
      });
      break;
    case Grammar::RuleString:
      first(node).string_end = at(node).last;
      break;
    case Grammar::RuleOperand:
      each_token(node, [&](TokenIndex token) {
        marks_[token].tight_after = type(token) == Grammar::MINUS;
      });
      break;
    case Grammar::RuleType:
    case Grammar::RuleTypeName:
      mark_type(node);
      break;
    case Grammar::RulePrimary:
    case Grammar::RuleSuffix:
    case Grammar::RuleAddress:
    case Grammar::RuleComponent:
      mark_bracketed(node);
      break;
    default:
      break;
  }
}

void Marker::mark_type(NodeIndex node) {
  const bool record =
      type(at(node).first) == Grammar::LBRACE && at(node).rule == Grammar::RuleTypeName;
  each_token(node, [&](TokenIndex token) {
    const std::uint32_t kind = type(token);
    marks_[token].hugs = record;
    marks_[token].tight_before =
        kind == Grammar::LESS || kind == Grammar::GREATER || kind == Grammar::QUESTION;
    marks_[token].tight_after = kind == Grammar::LESS;
  });
  for (NodeIndex child = at(node).child; record && child != 0; child = at(child).next) {
    first(child).starts_item = at(child).rule == Grammar::RuleName;
  }
}

void Marker::mark_bracketed(NodeIndex node) {
  const std::uint32_t rule = at(node).rule;
  each_token(node, [&](TokenIndex token) {
    const std::uint32_t kind = type(token);
    const bool opener = kind == Grammar::LPAREN || kind == Grammar::LBRACKET;
    marks_[token].tight_before |= opener && rule != Grammar::RulePrimary;
    marks_[token].hugs = child_of_rule(node, Grammar::RuleComprehension) != 0;
  });
  if (const NodeIndex inside = child_of_rule(node, Grammar::RuleExpression);
      inside != 0 && rule != Grammar::RuleAddress) {
    first(inside).starts_item = true;
  }
}

// `NAME { … }` and `NAME = …` on one line are aligned with their neighbours of the same keyword.
void Marker::mark_statement(NodeIndex node) {
  Mark& mark = first(node);
  mark.starts_statement = mark.starts_item = true;
  mark.last = at(node).last;
  mark.family = type(at(node).first) + item_family + 1;
  const NodeIndex inside = at(node).child;
  switch (at(inside).rule) {
    case Grammar::RuleLetStatement:
    case Grammar::RuleOutput:
    case Grammar::RuleEnvironment:
      each_token(inside, [&](TokenIndex token) {
        if (type(token) == Grammar::ASSIGN || type(token) == Grammar::LBRACE) {
          mark.anchor = token;
        }
      });
      break;
    case Grammar::RuleDeclaration:
    case Grammar::RuleExisting:
    case Grammar::RuleProvider:
    case Grammar::RuleCheck:
    case Grammar::RuleNotify:
      if (const NodeIndex body = child_of_rule(inside, Grammar::RuleBody); body != 0) {
        mark.anchor = at(body).first;
      }
      break;
    default:
      break;
  }
}

void Marker::mark_item(NodeIndex item) {
  Mark& mark = first(item);
  mark.starts_item = true;
  mark.last = at(item).last;
  mark.family = item_family;
  if (const NodeIndex rest = child_of_rule(item, Grammar::RuleItemRest);
      rest != 0 && at(at(rest).child).rule != Grammar::RuleName) {
    mark.anchor = at(rest).first;
  }
}

Piece::Kind kind_of(std::uint32_t type) {
  switch (type) {
    case Grammar::LBRACE:
    case Grammar::LBRACKET:
    case Grammar::LPAREN:
      return Piece::Kind::opener;
    case Grammar::RBRACE:
    case Grammar::RBRACKET:
    case Grammar::RPAREN:
      return Piece::Kind::closer;
    case Grammar::COMMA:
      return Piece::Kind::comma;
    default:
      return Piece::Kind::word;
  }
}

class Cutter {
 public:
  Cutter(std::string_view text, const TokenList& list, const std::vector<Mark>& marks)
      : text_(text), list_(list), marks_(marks), piece_of_(list.tokens.size(), Piece::none) {}

  std::vector<Piece> run() {
    for (TokenIndex at = 0; at < list_.last();) {
      take_comments(list_[at].begin);
      at = take_token(at);
    }
    take_comments(static_cast<std::uint32_t>(text_.size()) + 1);
    for (Piece& piece : pieces_) {  // so far these are tokens
      piece.anchor = piece.anchor == Piece::none ? Piece::none : piece_of_[piece.anchor];
      piece.last = piece.last == Piece::none ? Piece::none : piece_of_[piece.last];
    }
    return std::move(pieces_);
  }

 private:
  void take_comments(std::uint32_t until) {
    for (; comment_ < list_.comments.size() && list_.comments[comment_].begin < until; ++comment_) {
      const Comment& comment = list_.comments[comment_];
      if (comment.begin < taken_) {
        continue;  // within an inserted expression: it is part of the string
      }
      Piece piece;
      piece.kind = comment.block ? Piece::Kind::block_comment : Piece::Kind::line_comment;
      piece.text = text_.substr(comment.begin, comment.end - comment.begin);
      while (piece.text.ends_with(' ') || piece.text.ends_with('\t')) {
        piece.text.remove_suffix(1);
      }
      piece.line = comment.line;
      piece.last_line = comment.last_line;
      pieces_.push_back(piece);
    }
  }

  TokenIndex take_token(TokenIndex at) {
    const Mark& mark = marks_[at];
    const TokenIndex last = mark.string_end == 0 ? at : mark.string_end;
    const std::uint32_t type = list_[at].type;
    Piece piece;
    piece.kind = last == at ? kind_of(type) : Piece::Kind::word;
    taken_ = list_[last].end;
    piece.text = text_.substr(list_[at].begin, taken_ - list_[at].begin);
    piece.line = list_[at].line;
    piece.last_line = piece.line + static_cast<std::uint32_t>(
                                       std::count(piece.text.begin(), piece.text.end(), '\n'));
    piece.starts_statement = mark.starts_statement;
    piece.starts_item = mark.starts_item;
    piece.joins_line = mark.joins_line;
    const bool number = !pieces_.empty() && pieces_.back().text.front() >= '0' &&
                        pieces_.back().text.front() <= '9';  // `5.x` would be another token
    piece.tight_before = mark.tight_before || type == Grammar::COMMA || type == Grammar::COLON ||
                         (type == Grammar::DOT && !number);
    piece.tight_after = mark.tight_after || type == Grammar::DOT || type == Grammar::SPREAD;
    piece.braces = (type == Grammar::LBRACE || type == Grammar::RBRACE) && !mark.hugs;
    if (mark.last != 0 || mark.anchor != 0) {
      piece.anchor = mark.anchor == 0 ? Piece::none : mark.anchor;
      piece.last = mark.last;
      piece.family = mark.family;
    }
    std::fill(piece_of_.begin() + at, piece_of_.begin() + last + 1,
              static_cast<std::uint32_t>(pieces_.size()));
    pieces_.push_back(piece);
    return last + 1;
  }

  std::string_view text_;
  const TokenList& list_;
  const std::vector<Mark>& marks_;
  std::vector<std::uint32_t> piece_of_;
  std::vector<Piece> pieces_;
  std::size_t comment_ = 0;
  std::uint32_t taken_ = 0;  // bytes that are in pieces
};

}  // namespace

std::vector<Piece> cut_into_pieces(std::string_view text) {
  const TokenList list = tokenize(text);
  std::vector<Mark> marks(list.tokens.size());
  StatementReader reader(list);
  Marker marker(list, marks);
  for (TokenIndex at = 0; at < list.last() && reader.read(at); at = reader.next()) {
    marker.mark(reader.tree());
  }
  return Cutter(text, list, marks).run();
}

}  // namespace infra::syntax
