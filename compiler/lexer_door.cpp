// The door to ANTLR's lexer: text in, plain tokens out.
#include <array>
#include <memory>

#include "compiler/antlr_grammar.h"
#include "compiler/token_list.h"

namespace infra::syntax {
namespace {

using grammar::InfraLexer;

// UTF-8 bytes as characters. Every byte of a longer sequence looks alike to the lexer, so that its
// automaton, which remembers ASCII only, serves all texts, and offsets are bytes.
class Bytes final : public antlr4::CharStream {
 public:
  void open(std::string_view text) {
    text_ = text;
    at_ = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  }
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }

  void consume() override { at_ += at_ < text_.size() ? 1 : 0; }
  std::size_t LA(ssize_t offset) override {
    if (offset == 0) {
      return 0;
    }
    const auto place = static_cast<ssize_t>(at_) + (offset > 0 ? offset - 1 : offset);
    if (place < 0 || place >= static_cast<ssize_t>(text_.size())) {
      return IntStream::EOF;
    }
    const auto byte = static_cast<unsigned char>(text_[static_cast<std::size_t>(place)]);
    return byte < 0x80 ? byte : 0x7F;
  }
  ssize_t mark() override { return -1; }
  void release(ssize_t /*marker*/) override {}
  std::size_t index() override { return at_; }
  void seek(std::size_t index) override { at_ = index; }
  std::size_t size() override { return text_.size(); }
  [[nodiscard]] std::string getSourceName() const override { return "text"; }
  std::string getText(const antlr4::misc::Interval& /*interval*/) override { return {}; }
  [[nodiscard]] std::string toString() const override { return {}; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// The runtime guards the automaton that all lexers share with a lock taken twice per character.
// This simulator owns its automaton, so it needs none: known edges come from a flat table.
class Simulator final : public antlr4::atn::LexerATNSimulator {
 public:
  Simulator(antlr4::Lexer* lexer, const antlr4::atn::ATN& network)
      : LexerATNSimulator(lexer, network, automata_, contexts_) {
    for (std::size_t i = 0; i < network.getNumberOfDecisions(); ++i) {
      automata_.emplace_back(network.getDecisionState(i), i);
    }
    known_.resize(automata_.size());
  }

  antlr4::dfa::DFAState* getExistingTargetState(antlr4::dfa::DFAState* state,
                                                std::size_t character) override {
    if (character > 0x7F) {
      return LexerATNSimulator::getExistingTargetState(state, character);
    }
    auto& rows = known_[_mode];
    const auto row = static_cast<std::size_t>(state->stateNumber);
    if (row >= rows.size()) {
      rows.resize(row + 16);
    }
    auto*& target = rows[row][character];
    if (target == nullptr) {
      target = LexerATNSimulator::getExistingTargetState(state, character);
    }
    return target;
  }

 private:
  using Row = std::array<antlr4::dfa::DFAState*, 128>;
  std::vector<antlr4::dfa::DFA> automata_;
  antlr4::atn::PredictionContextCache contexts_;
  std::vector<std::vector<Row>> known_;  // [mode][state][character]
};

// One lexer for each thread: its automaton is learnt once.
class Door final : public InfraLexer {
 public:
  Door() : InfraLexer(&bytes_) {
    removeErrorListeners();
    delete _interpreter;
    simulator_ = new Simulator(this, getATN());  // the runtime's Recognizer deletes it
    _interpreter = simulator_;
  }

  TokenList run(std::string_view text) {
    setInputStream(&bytes_);
    bytes_.open(text);
    open_strings_ = 0;
    TokenList list;
    list.tokens.reserve(text.size() / 6 + 1);
    std::size_t line_of_last = 0;
    while (!bytes_.at_end()) {
      read_one(list, line_of_last);
    }
    Token end;
    end.type = static_cast<std::uint32_t>(antlr4::Token::EOF);
    end.begin = end.end = static_cast<std::uint32_t>(text.size());
    end.line = static_cast<std::uint32_t>(simulator_->getLine());
    end.column = static_cast<std::uint32_t>(simulator_->getCharPositionInLine());
    end.first_on_line = true;
    list.tokens.push_back(end);
    bytes_.open({});
    return list;
  }

  void pushMode(std::size_t next) override {
    open_strings_ += next == STRING_MODE ? 1 : 0;
    InfraLexer::pushMode(next);
  }
  std::size_t popMode() override {
    if (modeStack.empty()) {
      return mode;  // a stray `}` at the top
    }
    open_strings_ -= mode == STRING_MODE ? 1 : 0;
    return InfraLexer::popMode();
  }
  // A line break cuts every one-line string around it, with what is open inside.
  bool lineBreak() override {
    if (open_strings_ == 0) {
      return false;
    }
    while (open_strings_ > 0) {
      popMode();
    }
    return true;
  }

 private:
  void read_one(TokenList& list, std::size_t& line_of_last) {
    Token token_read;
    token_read.begin = static_cast<std::uint32_t>(bytes_.index());
    token_read.line = static_cast<std::uint32_t>(simulator_->getLine());
    token_read.column = static_cast<std::uint32_t>(simulator_->getCharPositionInLine());
    token_read.first_on_line = token_read.line != line_of_last;
    channel = antlr4::Token::DEFAULT_CHANNEL;
    type = antlr4::Token::INVALID_TYPE;
    try {
      const std::size_t found = simulator_->match(&bytes_, mode);
      if (type == antlr4::Token::INVALID_TYPE) {
        type = found;
      }
    } catch (const antlr4::RecognitionException&) {
      bytes_.seek(token_read.begin + 1);
      type = UNKNOWN;
    }
    if (type == Lexer::SKIP) {
      return;
    }
    token_read.type = static_cast<std::uint32_t>(type);
    token_read.end = static_cast<std::uint32_t>(bytes_.index());
    const auto last_line = static_cast<std::uint32_t>(simulator_->getLine());
    if (channel == antlr4::Token::DEFAULT_CHANNEL) {
      list.tokens.push_back(token_read);
      line_of_last = last_line;
    } else {
      list.comments.push_back({token_read.begin, token_read.end, token_read.line, last_line,
                               static_cast<TokenIndex>(list.tokens.size()), type == BLOCK_COMMENT});
    }
  }

  Bytes bytes_;
  Simulator* simulator_ = nullptr;
  std::size_t open_strings_ = 0;  // one-line strings around the place that is read
};

}  // namespace

TokenList tokenize(std::string_view text) {
  thread_local Door door;
  return door.run(text);
}

}  // namespace infra::syntax
