// The door to ANTLR's parser: tokens in, a plain table of rules and tokens out.
#include "compiler/statement_reader.h"

#include <algorithm>

#include "compiler/antlr_grammar.h"

namespace infra::syntax {
namespace {

// The token that the runtime looks at: only its type matters, so one object serves all.
class Glance final : public antlr4::Token {
 public:
  std::size_t type = 0;
  std::size_t index = 0;
  [[nodiscard]] std::string getText() const override { return {}; }
  [[nodiscard]] std::size_t getType() const override { return type; }
  [[nodiscard]] std::size_t getLine() const override { return 0; }
  [[nodiscard]] std::size_t getCharPositionInLine() const override { return 0; }
  [[nodiscard]] std::size_t getChannel() const override { return DEFAULT_CHANNEL; }
  [[nodiscard]] std::size_t getTokenIndex() const override { return index; }
  [[nodiscard]] std::size_t getStartIndex() const override { return 0; }
  [[nodiscard]] std::size_t getStopIndex() const override { return 0; }
  [[nodiscard]] antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  [[nodiscard]] antlr4::CharStream* getInputStream() const override { return nullptr; }
  [[nodiscard]] std::string toString() const override { return {}; }
};

class Tokens final : public antlr4::TokenStream {
 public:
  explicit Tokens(const TokenList& list) : list_(&list) {}

  std::size_t LA(ssize_t offset) override { return type_of((*list_)[place(offset)].type); }
  antlr4::Token* LT(ssize_t offset) override {
    Glance& glance = offset > 0 ? ahead_ : behind_;
    glance.index = place(offset);
    glance.type = type_of(list_->tokens[glance.index].type);
    return &glance;
  }
  void consume() override { at_ = std::min(at_ + 1, list_->tokens.size() - 1); }
  std::size_t index() override { return at_; }
  void seek(std::size_t index) override { at_ = index; }
  std::size_t size() override { return list_->tokens.size(); }
  ssize_t mark() override { return -1; }
  void release(ssize_t /*marker*/) override {}
  [[nodiscard]] std::string getSourceName() const override { return "tokens"; }
  [[nodiscard]] antlr4::Token* get(std::size_t /*index*/) const override { return nullptr; }
  [[nodiscard]] antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  std::string getText(const antlr4::misc::Interval& /*interval*/) override { return {}; }
  std::string getText() override { return {}; }
  std::string getText(antlr4::RuleContext* /*context*/) override { return {}; }
  std::string getText(antlr4::Token* /*start*/, antlr4::Token* /*stop*/) override { return {}; }

 private:
  static std::size_t type_of(std::uint32_t type) {
    return type == static_cast<std::uint32_t>(antlr4::Token::EOF) ? antlr4::Token::EOF : type;
  }
  [[nodiscard]] TokenIndex place(ssize_t offset) const {
    const auto wanted = static_cast<ssize_t>(at_) + (offset > 0 ? offset - 1 : offset);
    return static_cast<TokenIndex>(
        std::clamp(wanted, ssize_t{0}, static_cast<ssize_t>(list_->tokens.size()) - 1));
  }

  const TokenList* list_;
  std::size_t at_ = 0;
  Glance ahead_, behind_;
};

struct Stopped {};  // thrown through the generated code, caught in StatementReader::read

// Whether a rule of the grammar is a level of nesting for the limit that people are told about.
bool nests(std::size_t rule, std::size_t parent) {
  switch (rule) {
    case Grammar::RuleStatement:
    case Grammar::RuleExpression:
    case Grammar::RuleBody:
    case Grammar::RuleType:
      return true;
    case Grammar::RuleIfStatement:
      return parent == Grammar::RuleIfStatement;  // else if
    default:
      return false;
  }
}

}  // namespace

// The generated parser with its tree kept as a table. The rules being read are known from the
// contexts' parents, since leaving a rule cannot be overridden in this runtime.
class StatementReader::Door final : public grammar::InfraParser {
 public:
  explicit Door(const TokenList& list)
      : InfraParser(nullptr), tokens_(list), strategy_(std::make_shared<Strategy>(*this)) {
    setTokenStream(&tokens_);
    setBuildParseTree(false);
    removeErrorListeners();
    setErrorHandler(strategy_);
  }

  bool read_at(TokenIndex token) {
    tokens_.seek(token);
    tree.clear();
    open_.clear();
    loop_index_ = antlr4::Token::INVALID_TYPE;
    try {
      statement();
      close_until(nullptr);
      _tracker.reset();
      return true;
    } catch (const Stopped&) {
      reset();
      return false;
    }
  }
  [[nodiscard]] TokenIndex position() { return static_cast<TokenIndex>(tokens_.index()); }

  void enterRule(antlr4::ParserRuleContext* context, std::size_t state, std::size_t rule) override {
    InfraParser::enterRule(context, state, rule);
    close_until(context->parent);
    const std::size_t parent = open_.empty() ? rule : open_.back().rule;
    const std::size_t nesting =
        (open_.empty() ? 0 : open_.back().nesting) + (nests(rule, parent) ? 1 : 0);
    const NodeIndex node = append(static_cast<std::uint32_t>(rule));
    open_.push_back({context, rule, nesting, node, 0});
    if (nesting > maximum_nesting + 2) {  // the statement and its own value are no nesting
      stop(true);
    }
  }

  antlr4::Token* consume() override {
    close_until(_ctx);
    append(SyntaxNode::token);
    antlr4::Token* current = _input->LT(1);
    _input->consume();
    return current;
  }

  SyntaxTree tree;
  SyntaxFailure failure;

 private:
  // Stops at the first failure. The runtime's own strategy repairs, which makes several errors out
  // of one mistake.
  class Strategy final : public antlr4::ANTLRErrorStrategy {
   public:
    explicit Strategy(Door& door) : door_(&door) {}
    void reset(antlr4::Parser* /*parser*/) override {}
    antlr4::Token* recoverInline(antlr4::Parser* /*parser*/) override { door_->stop(false); }
    void recover(antlr4::Parser* /*parser*/, std::exception_ptr /*error*/) override {
      door_->stop(false);
    }
    void sync(antlr4::Parser* parser) override {
      door_->loop_index_ = door_->tokens_.index();
      door_->loop_state_ = parser->getState();
      door_->loop_context_ = parser->getContext();
    }
    bool inErrorRecoveryMode(antlr4::Parser* /*parser*/) override { return false; }
    void reportMatch(antlr4::Parser* /*parser*/) override {}
    void reportError(antlr4::Parser* /*parser*/,
                     const antlr4::RecognitionException& /*error*/) override {
      door_->stop(false);
    }

   private:
    Door* door_;
  };

  struct Open {
    const antlr4::tree::ParseTree* context;
    std::size_t rule, nesting;
    NodeIndex node, last_child;
  };

  [[noreturn]] void stop(bool too_deep) {
    close_until(_ctx);
    failure = {};
    failure.token = position();
    failure.too_deep = too_deep;
    for (auto level = open_.rbegin(); level != open_.rend(); ++level) {
      failure.levels.push_back(
          {static_cast<std::uint32_t>(level->rule), tree.nodes[level->node].first});
    }
    if (!too_deep) {
      auto expected = getExpectedTokens();
      if (loop_index_ == tokens_.index()) {  // a loop could have gone on at this token
        expected.addAll(getATN().getExpectedTokens(loop_state_, loop_context_));
      }
      for (const ssize_t type : expected.toList()) {
        failure.expected.push_back(static_cast<std::size_t>(type));
      }
    }
    throw Stopped{};
  }

  void close_until(const antlr4::tree::ParseTree* context) {
    while (!open_.empty() && open_.back().context != context) {
      const TokenIndex next = position();
      tree.nodes[open_.back().node].last = next == 0 ? 0 : next - 1;
      open_.pop_back();
    }
  }

  NodeIndex append(std::uint32_t rule) {
    const auto node = static_cast<NodeIndex>(tree.nodes.size());
    tree.nodes.push_back({rule, position(), position(), 0, 0});
    if (!open_.empty()) {
      Open& parent = open_.back();
      (parent.last_child == 0 ? tree.nodes[parent.node].child
                              : tree.nodes[parent.last_child].next) = node;
      parent.last_child = node;
    }
    return node;
  }

  Tokens tokens_;
  std::shared_ptr<Strategy> strategy_;
  std::vector<Open> open_;
  std::size_t loop_index_ = 0, loop_state_ = 0;
  antlr4::ParserRuleContext* loop_context_ = nullptr;
};

StatementReader::StatementReader(const TokenList& list) : door_(std::make_unique<Door>(list)) {}
StatementReader::~StatementReader() = default;
bool StatementReader::read(TokenIndex token) {
  return door_->read_at(token);
}
const SyntaxTree& StatementReader::tree() const {
  return door_->tree;
}
TokenIndex StatementReader::next() const {
  return door_->position();
}
const SyntaxFailure& StatementReader::failure() const {
  return door_->failure;
}

}  // namespace infra::syntax
