#include "compiler/syntax_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/text.h"
#include "compiler/antlr_grammar.h"
#include "compiler/recovery.h"
#include "compiler/syntax_words.h"

namespace infra::syntax {
namespace {

class Report {
 public:
  Report(const FailedText& where, TokenIndex token, Diagnostics& diagnostics)
      : where_(where),
        list_(*where.list),
        at_(token),
        token_(list_[token]),
        before_(list_[token == 0 ? 0 : token - 1]),
        diagnostics_(diagnostics) {}

  void failure(const SyntaxFailure& failure, TokenIndex first, TokenIndex limit);
  void no_statement();
  void breaks_off(TokenIndex limit);

 private:
  [[nodiscard]] std::string owner(TokenIndex opener, TokenIndex first) const;
  bool left_open(TokenIndex first, TokenIndex limit);
  bool foreign_token(const SyntaxFailure& failure);
  bool quote_inside_text();
  bool broken_text(const SyntaxFailure& failure);
  bool name_wanted(const SyntaxFailure& failure);
  bool missing_value();
  bool in_brackets(const SyntaxFailure& failure);
  bool comma_twice();
  void unclosed_bracket(const Token& opener);
  void expected(const SyntaxFailure& failure);

  [[nodiscard]] Span span(const Token& token) const {
    return {where_.file, token.begin, token.end};
  }
  [[nodiscard]] std::string text(const Token& token) const {
    return printable(where_.text.substr(token.begin, token.end - token.begin));
  }
  [[nodiscard]] std::string quoted(const Token& token) const {
    if (is_end(token)) {
      return "the end of the file";
    }
    return token.type == Grammar::CUT ? "the end of the line"
                                      : fmt::format("`{}`", shorten(text(token), 40));
  }
  Diagnostic& error(std::string_view code, const Token& token, std::string message) {
    return diagnostics_.error(code, span(token), std::move(message));
  }
  [[nodiscard]] bool adjacent(const Token& left, const Token& right) const {
    return left.end == right.begin;
  }

  const FailedText& where_;
  const TokenList& list_;
  TokenIndex at_;
  const Token& token_;   // does not fit
  const Token& before_;  // the one before it
  Diagnostics& diagnostics_;
};

// --- brackets and limits

// What a bracket belongs to: `service web`, `env`.
std::string Report::owner(TokenIndex opener, TokenIndex first) const {
  if (list_[opener].type != Grammar::LBRACE) {
    return text(list_[opener]);
  }
  const TokenIndex before = opener - (list_[opener - 1].type == Grammar::ASSIGN ? 2 : 1);
  constexpr TokenIndex longest_head = 5;  // `service web on vercel {`
  const bool head = opener - first <= longest_head && before == opener - 1;
  if (head && begins_statement(list_[first]) && is_name(list_[first].type)) {
    return opener - first == 1 ? text(list_[first])
                               : text(list_[first]) + " " + text(list_[first + 1]);
  }
  if (list_[first].type == Grammar::IF && list_[opener].line == list_[first].line) {
    return "if";
  }
  return text(list_[opener > first && is_word(list_[before].type) ? before : opener]);
}

// The statement swallowed the next one: something in it was left open.
bool Report::left_open(TokenIndex first, TokenIndex limit) {
  if (at_ < limit) {
    return false;
  }
  const auto opener = unclosed_opener(list_, first, limit);
  const Token& end = list_[limit];
  const std::string until = is_end(end) ? "the end of the file" : fmt::format("line {}", end.line);
  if (opener) {
    const Token& bracket = list_[*opener];
    if (bracket.type == Grammar::INTERPOLATION) {
      return false;
    }
    const std::string closer = bracket.type == Grammar::LBRACE     ? "}"
                               : bracket.type == Grammar::LBRACKET ? "]"
                                                                   : ")";
    const std::string what = owner(*opener, first);
    auto& made =
        error("E0106", bracket,
              fmt::format("`{}` is not closed before {}: a `{}` is missing", what, until, closer));
    made.label = "opened here";
    return true;
  }
  if (at_ == limit && !is_end(end)) {
    return false;
  }
  breaks_off(limit);
  return true;
}

void Report::breaks_off(TokenIndex limit) {
  const Token& last = list_[limit - 1];
  const bool value = last.type == Grammar::ASSIGN;
  auto& made = error("E0109", last,
                     value ? fmt::format("a value is missing after {}", quoted(last))
                           : fmt::format("this statement breaks off after {}", quoted(last)));
  made.label = is_end(list_[limit]) ? "the file ends here" : "another statement begins after this";
}

void Report::unclosed_bracket(const Token& opener) {
  const std::string closer = opener.type == Grammar::LBRACKET ? "]"
                             : opener.type == Grammar::LPAREN ? ")"
                                                              : "}";
  auto& made = error("E0111", before_,
                     fmt::format("`{}` is not closed: a `{}` is missing after {}", text(opener),
                                 closer, quoted(before_)));
  if (opener.begin != before_.begin) {
    made.related.push_back({span(opener), "opened here"});
  }
}

bool Report::comma_twice() {
  const bool after_opener = before_.type == Grammar::LBRACKET || before_.type == Grammar::LBRACE ||
                            before_.type == Grammar::LPAREN;
  if (token_.type != Grammar::COMMA || (before_.type != Grammar::COMMA && !after_opener)) {
    return false;
  }
  auto& made = error("E0110", token_,
                     after_opener ? fmt::format("a comma right after {}", quoted(before_))
                                  : std::string("two commas in a row"));
  made.help.emplace_back("remove one, or write what is missing");
  return true;
}

// Inside `( )`, `[ ]` or the arguments of a call: a comma or the closing bracket is missing.
bool Report::in_brackets(const SyntaxFailure& failure) {
  const auto& level = failure.levels.front();
  const bool closing_rule =
      level.rule == Grammar::RulePrimary || level.rule == Grammar::RuleSuffix ||
      level.rule == Grammar::RuleComponent || level.rule == Grammar::RuleTypeName;
  const Token& opener = list_[level.first];
  const auto wants = [&](std::size_t type) {
    return std::find(failure.expected.begin(), failure.expected.end(), type) !=
           failure.expected.end();
  };
  if (!closing_rule || !(wants(Grammar::RPAREN) || wants(Grammar::RBRACKET)) ||
      (opener.type != Grammar::LPAREN && opener.type != Grammar::LBRACKET)) {
    return false;
  }
  if (token_.type == Grammar::ASSIGN && opener.type == Grammar::LPAREN) {
    auto& made = error("E0129", token_, "an argument is named with `:`, not with `=`");
    made.help.push_back(fmt::format("write `{}: …`", text(before_)));
    return true;
  }
  const bool new_line = token_.first_on_line && opener.line == before_.line;
  if (wants(Grammar::COMMA) && begins_value(token_.type) && !new_line) {
    auto& made =
        error("E0110", token_, fmt::format("a comma is missing before {}", quoted(token_)));
    made.related.push_back({span(before_), "after this"});
    return true;
  }
  unclosed_bracket(opener);
  return true;
}

// --- texts

// `"two "instances" answer"`: a word that touches a text.
bool Report::quote_inside_text() {
  const bool word_after = is_string(before_.type) && is_word(token_.type);
  const bool word_before = is_string(token_.type) && is_word(before_.type) && at_ >= 2 &&
                           is_string(list_[at_ - 2].type) && adjacent(list_[at_ - 2], before_);
  if ((word_after || word_before) && adjacent(before_, token_)) {
    auto& made =
        error("E0134", word_after ? token_ : before_, "a quote inside a text is written `\\\"`");
    made.label = "the text ended before this";
    return true;
  }
  return false;
}

bool Report::broken_text(const SyntaxFailure& failure) {
  if (quote_inside_text()) {
    return true;
  }
  for (const auto& level : failure.levels) {
    if (level.rule == Grammar::RulePart && list_[level.first].type == Grammar::INTERPOLATION) {
      const Token& opener = list_[level.first];
      auto& made =
          error("E0107", opener, fmt::format("`${{` is not closed before {}", quoted(token_)));
      made.label = "a `}` is missing";
      made.help.emplace_back("a text and what it inserts end on their line");
      return true;
    }
  }
  if (token_.type == Grammar::CUT || is_end(token_)) {
    for (const auto& level : failure.levels) {
      if (level.rule == Grammar::RuleString) {
        const bool triple = list_[level.first].type == Grammar::TRIPLE_OPEN;
        auto& made = error("E0107", list_[level.first],
                           triple ? "this text is not closed: `\"\"\"` is missing"
                                  : "this text is not closed on its line");
        made.label = "begins here";
        return true;
      }
    }
  }
  return false;
}

// --- tokens that fit nowhere

bool Report::foreign_token(const SyntaxFailure& failure) {
  switch (token_.type) {
    case Grammar::OPEN_COMMENT: {
      const Token opening{token_.type, token_.begin, token_.begin + 2};
      auto& made = error("E0108", opening, "this comment is not closed");
      made.help.emplace_back("close it with `*/`; comments do not nest");
      return true;
    }
    case Grammar::SEMICOLON: {
      auto& made = error("E0115", token_, "`;` is not needed");
      made.help.emplace_back("statements and items stand on lines of their own");
      return true;
    }
    case Grammar::UNKNOWN: {
      if (text(token_) == "'") {
        error("E0116", token_, "texts stand between double quotes").help.emplace_back("write `\"`");
        return true;
      }
      auto& made = error("E0128", token_, fmt::format("{} means nothing here", quoted(token_)));
      made.help.emplace_back(
          "names are made of letters A to Z, digits, `_` and `-`; anything else "
          "stands in quotes");
      return true;
    }
    case Grammar::GREATER_EQUAL:
      if (failure.levels.front().rule == Grammar::RuleTypeName) {
        auto& made = error("E0120", token_, "`>` and `=` need a space between them here");
        made.help.emplace_back("write `> =`");
        return true;
      }
      return false;
    default:
      return false;
  }
}

// --- names and values

bool Report::name_wanted(const SyntaxFailure& failure) {
  const bool wanted = failure.levels.front().rule == Grammar::RuleName;
  if (wanted && is_string(token_.type)) {
    auto& made = error("E0121", token_, "names stand without quotes");
    if (before_.type == Grammar::RESOURCE) {
      made.help.emplace_back("write `resource PROVIDER.TYPE NAME { … }`");
    } else {
      std::string bare = text(token_);
      std::erase(bare, '"');
      made.help.push_back(fmt::format("write `{} {}`", text(before_), shorten(bare, 40)));
    }
    return true;
  }
  if (wanted && is_reserved(token_.type)) {
    auto& made = error("E0126", token_, fmt::format("`{}` cannot be a name", text(token_)));
    made.label = "a word of the language";
    made.help.emplace_back("these are no names: if then else for in and or not true false null");
    return true;
  }
  const bool named_on = at_ >= 2 && before_.type == Grammar::ON &&
                        list_[at_ - 2].type >= Grammar::SERVICE &&
                        list_[at_ - 2].type <= Grammar::RESOURCE;
  if (!wanted && named_on && is_word(token_.type)) {
    const Token& kind = list_[at_ - 2];
    auto& made =
        error("E0109", before_, fmt::format("a name is missing between `{}` and `on`", text(kind)));
    made.help.push_back(fmt::format("write `{} NAME on {}`", text(kind), text(token_)));
    return true;
  }
  return false;
}

// `replicas =` and the next line begins: the value is missing there, not here.
bool Report::missing_value() {
  if (token_.type != Grammar::ASSIGN || at_ < 2 || !before_.first_on_line) {
    return false;
  }
  const Token& sign = list_[at_ - 2];
  if (sign.type != Grammar::ASSIGN && sign.type != Grammar::COLON) {
    return false;
  }
  auto& made = error("E0109", sign, fmt::format("a value is missing after `{}`", text(sign)));
  if (at_ >= 3) {
    made.label = fmt::format("`{}` gets none", text(list_[at_ - 3]));
  }
  return true;
}

void Report::expected(const SyntaxFailure& failure) {
  std::vector<std::size_t> types = failure.expected;
  const bool operators = std::find(types.begin(), types.end(), Grammar::STAR) != types.end();
  if (operators) {  // any expression can go on: what else could stand here says more
    std::erase_if(types, [](std::size_t type) {
      return (type >= Grammar::EQUAL && type <= Grammar::GREATER) ||
             (type >= Grammar::PLUS && type <= Grammar::COALESCE) || type == Grammar::AND ||
             type == Grammar::OR || type == Grammar::IN || type == Grammar::NOT ||
             type == Grammar::DOT || type == Grammar::LPAREN || type == Grammar::LBRACKET;
    });
  }
  const auto rule = failure.levels.front().rule;
  const std::string wanted = rule == Grammar::RuleItemRest ? "`=` or `{`"
                             : types.empty()               ? "an operator"
                                                           : alternatives(types);
  const bool new_line = at_ > 0 && (token_.first_on_line || is_end(token_));
  const std::string message = at_ == 0
                                  ? fmt::format("expected {}", wanted)
                                  : fmt::format("expected {} after {}", wanted, quoted(before_));
  auto& made = error("E0109", new_line ? before_ : token_, message);
  made.label = new_line ? fmt::format("then comes {}", quoted(token_))
                        : fmt::format("found {}", quoted(token_));
  const bool choice = wanted == "`then`" || wanted == "`else`";
  if (rule == Grammar::RuleExpression && choice) {
    made.help.emplace_back("a choice is written `if CONDITION then VALUE else VALUE`");
  } else if (rule == Grammar::RuleParameter) {
    made.help.emplace_back("a param has a type: `param NAME: TYPE = DEFAULT`");
  } else if (rule == Grammar::RuleRule_) {
    made.help.emplace_back("a rule is written `forbid KIND NAME where CONDITION because \"…\"`");
  } else if (rule == Grammar::RuleValidation) {
    made.help.emplace_back("a check is written `check CONDITION else \"message\"`");
  } else if (rule == Grammar::RuleBody && token_.type == Grammar::IF) {
    made.help.emplace_back(
        "in a body a value depends: `KEY = if CONDITION then VALUE else null`; null is left out");
  } else if (rule == Grammar::RuleBody && token_.type == Grammar::FOR) {
    made.help.emplace_back(
        "in a body a value repeats: `KEY = [for x in LIST: VALUE]`; `for` stands around "
        "statements");
  } else if (rule == Grammar::RuleUse) {
    made.help.emplace_back("a component is used with `use COMPONENT as ALIAS { … }`");
  }
}

void Report::failure(const SyntaxFailure& failure, TokenIndex first, TokenIndex limit) {
  if (failure.too_deep) {
    auto& made = error("E0103", token_, fmt::format("nested more than {} deep", maximum_nesting));
    made.help.emplace_back("give parts of it names with `let`");
    return;
  }
  if (token_.type == Grammar::OPEN_COMMENT) {
    foreign_token(failure);
    return;
  }
  if (broken_text(failure) || left_open(first, limit) || foreign_token(failure) || comma_twice() ||
      missing_value() || name_wanted(failure) || in_brackets(failure)) {
    return;
  }
  if (failure.levels.front().rule == Grammar::RuleBlock && at_ > first &&
      std::find(failure.expected.begin(), failure.expected.end(), Grammar::STACK) !=
          failure.expected.end()) {
    no_statement();
    return;
  }
  expected(failure);
}

void Report::no_statement() {
  if (quote_inside_text() ||
      foreign_token(SyntaxFailure{at_, {{Grammar::RuleStatement, at_}}, {}, false})) {
    return;
  }
  if (token_.type == Grammar::RBRACE || token_.type == Grammar::RBRACKET ||
      token_.type == Grammar::RPAREN) {
    error("E0128", token_, fmt::format("{} closes nothing", quoted(token_))).label =
        "no bracket is open here";
    return;
  }
  if (token_.type == Grammar::ELSE) {
    auto& made = error("E0130", token_, "`else` has no `if` before it");
    made.help.emplace_back("`else` follows the `}` of its `if`");
    return;
  }
  if (!token_.first_on_line && at_ > 0) {
    auto& made = error("E0109", token_,
                       fmt::format("{} does not fit after {}", quoted(token_), quoted(before_)));
    made.help.emplace_back(
        "an operator or a comma is missing before it, or a new line if it begins a statement");
    return;
  }
  const std::string word = text(token_);
  auto& made = error("E0104", token_, fmt::format("{} begins no statement", quoted(token_)));
  const std::string_view hint = foreign_statement(word);
  const std::vector<std::string>& words = statement_words();
  if (!hint.empty()) {
    made.help.emplace_back(hint);
  } else if (at_ < list_.last() && list_[at_ + 1].type == Grammar::ASSIGN) {
    made.help.push_back(fmt::format("a local value is written `let {} = …`", shorten(word, 40)));
  } else if (const auto near = is_word(token_.type) ? nearest(word, words) : std::nullopt) {
    made.help.push_back(fmt::format("did you mean `{}`?", *near));
  } else {
    made.help.push_back("a statement begins with one of: " + join(words, " "));
  }
  if (at_ > 0 && before_.type == Grammar::RBRACE && token_.column > 0) {
    made.help.emplace_back("or is there a `}` too many before it?");
  }
}

}  // namespace

void report_failure(const FailedText& where, const SyntaxFailure& failure, TokenIndex first,
                    TokenIndex limit, Diagnostics& diagnostics) {
  Report(where, failure.token, diagnostics).failure(failure, first, limit);
}

void report_missing_value(const FailedText& where, TokenIndex token, Diagnostics& diagnostics) {
  Report(where, token, diagnostics).breaks_off(token);
}

void report_no_statement(const FailedText& where, TokenIndex token, Diagnostics& diagnostics) {
  Report(where, token, diagnostics).no_statement();
}

}  // namespace infra::syntax
