#include "compiler/syntax_words.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "compiler/antlr_grammar.h"

namespace infra::syntax {

bool is_string(std::size_t type) {
  return type == Grammar::STRING || type == Grammar::QUOTE || type == Grammar::QUOTE_END ||
         type == Grammar::SINGLE_QUOTED || type == Grammar::TRIPLE_OPEN;
}
bool is_reserved(std::size_t type) {
  return type >= Grammar::IF && type <= Grammar::NULL_;
}
bool is_name(std::size_t type) {
  return type >= Grammar::STACK && type <= Grammar::BECAUSE;
}
bool is_word(std::size_t type) {
  return type == Grammar::IDENTIFIER || is_name(type) || is_reserved(type);
}
bool is_end(const Token& token) {
  return token.type == static_cast<std::uint32_t>(antlr4::Token::EOF);
}
bool begins_value(std::size_t type) {
  return type == Grammar::IDENTIFIER || is_name(type) || is_string(type) ||
         (type >= Grammar::DURATION && type <= Grammar::BAD_NUMBER) || type == Grammar::TRUE ||
         type == Grammar::FALSE || type == Grammar::NULL_ || type == Grammar::LBRACKET ||
         type == Grammar::LBRACE || type == Grammar::SPREAD;
}

namespace {

struct Hint {
  std::string_view word, instead;
};
constexpr std::array<Hint, 22> foreign_statements{{
    {"variable", "a typed input is written `param NAME: TYPE = DEFAULT`"},
    {"variables", "a typed input is written `param NAME: TYPE = DEFAULT`"},
    {"locals", "a local value is written `let NAME = VALUE`, one by one"},
    {"module", "a component is used with `use COMPONENT as ALIAS { … }`"},
    {"data", "what others manage is read with `existing KIND NAME on PROVIDER { id = … }`"},
    {"terraform", "the stack's settings are written `stack NAME { … }`"},
    {"required_providers", "a provider is written `provider NAME { … }`"},
    {"services", "each service is a statement: `service NAME { … }`"},
    {"volumes", "a volume stands in its service: `volume NAME { mount = …, size = … }`"},
    {"const", "a local value is written `let NAME = VALUE`"},
    {"var", "a local value is written `let NAME = VALUE`"},
    {"val", "a local value is written `let NAME = VALUE`"},
    {"fn", "what is shared is written `component NAME(param: TYPE) { … }`"},
    {"function", "what is shared is written `component NAME(param: TYPE) { … }`"},
    {"def", "what is shared is written `component NAME(param: TYPE) { … }`"},
    {"env", "an environment is written `environment NAME { … }`"},
    {"app", "write `service NAME { … }`"},
    {"worker", "write `service NAME { run_as = worker … }`"},
    {"db", "write `database NAME { … }`"},
    {"storage", "write `bucket NAME { … }`"},
    {"job", "write `cron NAME { … }`"},
    {"include", "components come from other files by `import \"path.infra\"`"},
}};

}  // namespace

const std::vector<std::string>& statement_words() {
  static const std::vector<std::string> words{
      "stack",  "environment", "provider", "param",    "let",       "service", "database", "bucket",
      "secret", "cron",        "resource", "existing", "component", "use",     "import",   "output",
      "check",  "notify",      "policy",   "moved",    "removed",   "adopt",   "if",       "for"};
  return words;
}

std::string_view foreign_statement(std::string_view word) {
  for (const Hint& hint : foreign_statements) {
    if (hint.word == word) {
      return hint.instead;
    }
  }
  return {};
}

// What would have fitted, as words: "`=` or `{`", "a value".
std::string alternatives(const std::vector<std::size_t>& expected) {
  const auto has = [&](std::size_t type) {
    return std::find(expected.begin(), expected.end(), type) != expected.end();
  };
  const bool value = has(Grammar::INT);
  const bool name = !value && has(Grammar::IDENTIFIER);
  const bool statement = !value && !name && has(Grammar::STACK);
  std::vector<std::string> words;
  if (value) {
    words.emplace_back("a value");
  } else if (name) {
    words.emplace_back("a name");
  } else if (statement) {
    words.emplace_back("a statement");
  }
  static const antlr4::dfa::Vocabulary& vocabulary = []() -> const antlr4::dfa::Vocabulary& {
    static antlr4::ANTLRInputStream none;
    static grammar::InfraLexer lexer(&none);
    return lexer.getVocabulary();
  }();
  for (const std::size_t type : expected) {
    const bool covered =
        is_name(type) || type == Grammar::IDENTIFIER || is_string(type) ||
        (value && (begins_value(type) || type == Grammar::MINUS || type == Grammar::BANG ||
                   type == Grammar::NOT || type == Grammar::LPAREN || type == Grammar::IF)) ||
        (statement && (type == Grammar::IF || type == Grammar::FOR));
    const bool names_word = is_name(type) && !value && !name && !statement;
    std::string literal = type < Grammar::ESCAPE ? vocabulary.getLiteralName(type) : "";
    const bool foreign = type == Grammar::SEMICOLON || type == Grammar::AND_AND ||
                         type == Grammar::OR_OR || type == Grammar::QUESTION;
    if ((covered && !names_word) || literal.empty() || foreign) {
      continue;
    }
    std::replace(literal.begin(), literal.end(), '\'', '`');
    words.push_back(std::move(literal));
  }
  if (words.empty() && has(Grammar::STRING)) {
    words.emplace_back("a text in quotes");
  }
  return words.empty() ? "something else" : list_text(words, "or");
}

}  // namespace infra::syntax
