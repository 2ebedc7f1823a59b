#include "tests/fuzz/entries.h"

#include "base/diagnostics.h"
#include "base/text.h"
#include "compiler/parser.h"
#include "compiler/token_list.h"
#include "compiler/tree_dump.h"

namespace infra::fuzz {
namespace {

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

struct Reading {
  Sources sources;
  FileId file;
  Diagnostics diagnostics;
  explicit Reading(std::string_view text) : file(sources.add("fuzz.infra", std::string(text))) {}
};

std::string tree_of(std::string_view text) {
  Reading reading(text);
  return dump(parse(reading.sources, reading.file, reading.diagnostics));
}

}  // namespace

std::string lexer_fault(std::string_view text) {
  if (!valid_utf8(text)) {
    return {};
  }
  const syntax::TokenList list = syntax::tokenize(text);
  std::uint32_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  std::size_t comment = 0;
  for (const syntax::Token& token : list.tokens) {
    while (comment < list.comments.size() && list.comments[comment].begin < token.begin) {
      if (!blank(text.substr(at, list.comments[comment].begin - at))) {
        return "text is lost before a comment";
      }
      at = list.comments[comment++].end;
    }
    if (token.begin < at || token.end < token.begin || token.end > text.size()) {
      return "tokens are out of order";
    }
    if (!blank(text.substr(at, token.begin - at))) {
      return "text is lost before a token";
    }
    at = token.end;
  }
  return comment == list.comments.size() ? "" : "comments are out of order";
}

std::string parser_fault(std::string_view text) {
  Reading reading(text);
  const ast::File tree = parse(reading.sources, reading.file, reading.diagnostics);
  for (const auto& statement : tree.statements) {
    if (statement.span.end > text.size() || statement.span.begin >= statement.span.end) {
      return "a statement lies outside of the text";
    }
  }
  for (const auto& diagnostic : reading.diagnostics.all()) {
    if (diagnostic.span.end > text.size() || diagnostic.span.begin > diagnostic.span.end) {
      return "a diagnostic lies outside of the text: " + diagnostic.code;
    }
  }
  static_cast<void>(render(reading.diagnostics, reading.sources, {}));
  const bool empty = valid_utf8(text) && syntax::tokenize(text).tokens.size() == 1;
  if (tree.statements.empty() && !empty && !reading.diagnostics.has_errors()) {
    return "no tree and no error";
  }
  return {};
}

std::string formatter_fault(std::string_view text) {
  Reading first(text);
  const std::string once = format(first.sources, first.file, first.diagnostics);
  if (first.diagnostics.has_errors()) {
    return once == text ? "" : "wrong text was changed";
  }
  Reading second(once);
  const std::string twice = format(second.sources, second.file, second.diagnostics);
  if (second.diagnostics.has_errors()) {
    return "the formatted text has errors:\n" + once;
  }
  if (twice != once) {
    return "formatting is not stable:\n" + once + "----\n" + twice;
  }
  if (tree_of(once) != tree_of(text)) {
    return "formatting changed the meaning:\n" + once;
  }
  if (syntax::tokenize(once).comments.size() != syntax::tokenize(text).comments.size()) {
    return "formatting lost a comment:\n" + once;
  }
  return {};
}

}  // namespace infra::fuzz
