// The texts' part of the tree builder: strings on one line and between `"""`, with what they
// insert.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "compiler/antlr_grammar.h"
#include "compiler/literal_text.h"
#include "compiler/tree_builder.h"

namespace infra::syntax {
namespace {

ast::Expression expression_of(ast::Expression::Node node, const Span& span) {
  ast::Expression expression;
  expression.node = std::move(node);
  expression.span = span;
  return expression;
}

}  // namespace

// string : STRING | SINGLE_QUOTED | QUOTE part* (QUOTE_END | CUT) | TRIPLE_OPEN part* TRIPLE_END
TreeBuilder::Built TreeBuilder::text(NodeIndex node) {
  const Token& first = token(node);
  const Span where = span(node);
  const Span inside{file_, where.begin + 1, where.end - 1};
  if (first.type == Grammar::STRING) {
    return {
        expression_of(ast::Literal{Value(unescape(text_of(inside), inside, *diagnostics_))}, where),
        1};
  }
  if (first.type == Grammar::SINGLE_QUOTED) {
    auto& error = diagnostics_->error("E0116", where, "texts stand between double quotes");
    error.help.push_back(fmt::format("write \"{}\"", shorten(text_of(inside), 60)));
    return {expression_of(ast::Literal{Value(text_of(inside))}, where), 1};
  }
  std::size_t height = 0;
  ast::Template whole =
      first.type == Grammar::QUOTE ? one_line(node, height) : triple(node, height);
  const bool plain = std::none_of(whole.parts.begin(), whole.parts.end(),
                                  [](const auto& part) { return bool(part.expression); });
  if (!plain) {
    return limited({expression_of(std::move(whole), where), height + 1});
  }
  std::string joined_text;
  for (const auto& part : whole.parts) {
    joined_text += part.text;
  }
  return {expression_of(ast::Literal{Value(std::move(joined_text))}, where), 1};
}

// Takes the parts of a string: texts in a row become one run, with an empty part in the template.
// part : TEXT | ESCAPE | DOLLARS | INTERPOLATION expression RBRACE
std::vector<TextRun> TreeBuilder::runs(Children& parts, ast::Template& whole, std::size_t& height) {
  std::vector<TextRun> runs;
  while (parts.at_rule(Grammar::RulePart)) {
    const NodeIndex part = parts.take();
    const Span where = span(part);
    Children inside = children(part);
    if (inside.accept(Grammar::INTERPOLATION)) {
      Built value = built(inside.take());
      height = std::max(height, value.height);
      whole.parts.push_back({{}, ast::Box<ast::Expression>(std::move(value.expression))});
      runs.push_back({{}, where, true});
      continue;
    }
    if (inside.at_token(Grammar::DOLLARS)) {
      auto& error = diagnostics_->error("E0118", where, "`$${` is written `\\${`");
      error.help.emplace_back("a dollar alone is a dollar; only `${` needs the backslash");
    }
    if (runs.empty() || runs.back().interpolation) {
      runs.push_back({{}, where, false});
      whole.parts.emplace_back();
    }
    runs.back().span.end = where.end;
    runs.back().raw = text_of(runs.back().span);
  }
  return runs;
}

ast::Template TreeBuilder::one_line(NodeIndex node, std::size_t& height) {
  Children parts = children(node);
  const NodeIndex open = parts.take();
  ast::Template whole;
  const std::vector<TextRun> texts = runs(parts, whole, height);
  if (parts.at_token(Grammar::CUT)) {
    auto& error = diagnostics_->error("E0107", span(open), "this text is not closed on its line");
    error.label = "begins here";
    error.help.emplace_back(
        "close it with `\"`; a text over several lines stands between `\"\"\"`");
    return whole;
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!texts[i].interpolation) {
      whole.parts[i].text = unescape(texts[i].raw, texts[i].span, *diagnostics_);
    }
  }
  return whole;
}

ast::Template TreeBuilder::triple(NodeIndex node, std::size_t& height) {
  Children parts = children(node);
  const Span open = span(parts.take());
  ast::Template whole;
  const std::vector<TextRun> texts = runs(parts, whole, height);
  std::vector<std::string> straight = dedent(texts, open, *diagnostics_);
  for (std::size_t i = 0; i < straight.size(); ++i) {
    whole.parts[i].text = std::move(straight[i]);
  }
  std::erase_if(whole.parts,
                [](const auto& part) { return part.text.empty() && !part.expression; });
  return whole;
}

// A text that must be known as it stands.
std::string TreeBuilder::plain_text(NodeIndex node, std::string_view what) {
  Built made_text = text(node);
  if (const auto* literal_text = made_text.expression.as<ast::Literal>()) {
    return literal_text->value.text();
  }
  auto& error = diagnostics_->error("E0131", made_text.expression.span,
                                    fmt::format("{} is a plain text, without `${{}}`", what));
  error.help.emplace_back("write the text out");
  return {};
}

}  // namespace infra::syntax
