// compiler/evaluate.h — expressions to values, in one environment, with what is known of outputs.
//
// An Evaluator is one pass: cheap to make, used by one thread, forgotten afterwards. Without
// Outputs every output is Unknown and each that is asked for is recorded; with them nothing is
// recorded. It reads checked trees, but never trusts them: whatever it cannot do is a diagnostic,
// and the value is Unknown, so that one mistake gives one error. Work and memory of one evaluation
// are bounded.
#pragma once
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/diagnostics.h"
#include "compiler/ast.h"
#include "compiler/evaluation.h"
#include "compiler/function_calls.h"
#include "compiler/graph.h"

namespace infra {

// An output that an evaluation asked for.
struct Read {
  std::string address;
  Path output;  // "" for the resource itself
  Wait wait = Wait::live;
  Path path;  // where in the value it is used; "" for the whole
};

class Evaluator {
 public:
  static constexpr std::size_t most_steps = 10'000'000;               // of one evaluation
  static constexpr std::size_t most_bytes = std::size_t{256} << 20U;  // of values it makes
  static constexpr std::size_t most_steps_together = 300'000'000;     // of one pass
  static constexpr std::size_t most_depth = 1'000;                    // of values within values

  // `outputs`: none — all are Unknown, and reads are recorded.
  Evaluator(const Evaluation& evaluation, const Outputs* outputs, Diagnostics& diagnostics);

  [[nodiscard]] Value expression(const ast::Expression& expression, const Round& round);
  [[nodiscard]] Value body(const ast::Body& body, const Round& round);

  // All attributes of an instance: overlays merged, in their types, nulls left out.
  [[nodiscard]] Value attributes(NodeId id);

  // What was asked for since the last call; references within `value` are reads of the whole.
  [[nodiscard]] std::vector<Read> take_reads(const Value& value);

  // Sets the id of every reference, where it is known.
  void fill_references(Value& value) const;

  // Hands over the lets that no output decides, for later passes.
  void move_constants(Evaluation& evaluation);

  [[nodiscard]] Diagnostics& diagnostics() { return diagnostics_; }

 private:
  struct Local {  // a variable of a comprehension
    std::string_view name;
    const Value* value;
    const Local* next;
  };
  struct Context {
    const Round* round = nullptr;
    const Local* locals = nullptr;
  };
  struct Memo {
    enum class State { fresh, running, done } state = State::fresh;
    Value value;
    std::vector<Read> reads;
  };
  struct OutputFacts {
    Path path;
    std::size_t steps = 0;  // names it takes; 0: there is none
    bool secret = false;
    Wait wait = Wait::live;
  };
  using ItemFilter = std::function<bool(const ast::Item&)>;
  class Depth;
  class Quiet;
  class Switched;
  class Running;

  // --- evaluate.cpp: expressions
  void begin(const Round& round);
  bool enter(const Span& span);
  bool spend(std::size_t steps, std::size_t bytes, const Span& span);
  Value fail(std::string_view code, const Span& span, std::string message);
  Value take(Computed computed, const Span& span);
  Value evaluate(const ast::Expression& expression);
  Value quietly(const ast::Expression& expression);
  // The value without copying it where it stands somewhere already; else it is put into `storage`.
  const Value& view(const ast::Expression& expression, Value& storage);
  Value copied(const ast::Expression& expression);
  Value node(const ast::Literal& literal, const ast::Expression& whole);
  Value node(const ast::Template& text, const ast::Expression& whole);
  Value node(const ast::NameExpression& name, const ast::Expression& whole);
  Value node(const ast::Unary& unary, const ast::Expression& whole);
  Value node(const ast::Binary& binary, const ast::Expression& whole);
  Value node(const ast::Conditional& conditional, const ast::Expression& whole);
  Value node(const ast::Member& member, const ast::Expression& whole);
  Value node(const ast::Index& index, const ast::Expression& whole);
  Value node(const ast::Call& call, const ast::Expression& whole);
  Value node(const ast::ListLiteral& list, const ast::Expression& whole);
  Value node(const ast::Comprehension& comprehension, const ast::Expression& whole);
  Value node(const ast::Body& body, const ast::Expression& whole);
  Value coalesced(const ast::Binary& binary);
  Value connected(const ast::Binary& binary, const ast::Expression& whole);
  void append_text(Value& text, const Value& part, const Span& span);

  // --- evaluate_comprehensions.cpp
  struct Collected {
    List list;
    Object object;
    bool unknown = false, secret = false;
  };
  bool collect_round(const ast::Comprehension& comprehension, const Value& first,
                     const Value& second, Collected& into);
  bool collect_entry(const ast::Comprehension& comprehension, Collected& into);
  Value unknown_comprehension(const ast::Comprehension& comprehension, bool secret);

  // --- evaluate_calls.cpp
  Value call_function(const ast::Call& call, std::string_view name, const Span& span);
  Value call_method(const ast::Call& call, const ast::Member& method, const Span& span);
  Value call_bound(const FunctionSignature& signature, const ast::Call& call, const Span& span);
  Value first_without_error(const ast::Call& call, const Span& span);
  Value origin(const ast::Expression& expression);

  // --- evaluate_references.cpp: names, resources, outputs
  const Value* find_value(const std::string& name, const Span& span);
  const Value* let_value(const ast::Let& let, const Round& round, const Span& span);
  Value circle(const std::string& name, const Span& span);
  const Value& settle(Memo& memo, Value value, std::size_t first_read, std::size_t errors);
  const Value& view_name(const ast::NameExpression& name, const ast::Expression& whole,
                         Value& storage);
  const Value& view_path(const ast::Expression& whole, Value& storage);
  const Value& view_index(const ast::Index& index, const ast::Expression& whole, Value& storage);
  const Value& member(const Value& object, const ast::Name& name, std::size_t first_read,
                      Value& storage);
  const Value& resource(std::string_view kind, const ast::Name& name, Value& storage);
  const Value& shared_round(const Family& family) const;
  Value secret_values(const Value& references);
  Value property(const Reference& reference, const std::vector<const ast::Name*>& names,
                 std::size_t& at);
  Value driver_property(const Reference& reference, const Instance& instance,
                        const std::vector<const ast::Name*>& names, std::size_t& at);
  Value plain_property(const Reference& reference, NodeId id,
                       const std::vector<const ast::Name*>& names, std::size_t& at);
  OutputFacts find_output(const Instance& instance, const std::vector<const ast::Name*>& names,
                          std::size_t at) const;
  std::optional<Value> address_by_domain(NodeId id, std::string_view name, const OutputFacts& facts,
                                         const Span& span);
  Value output(const std::string& address, const OutputFacts& facts);
  const Value& written(NodeId id, const std::string& key, const Span& span);

  // --- evaluate_bodies.cpp: bodies, attributes, overlays
  bool items(const ast::Body& body, Object& into, const ItemFilter* filter, const Instance* owner);
  bool spread(const ast::Item& item, Object& into, std::size_t first_read);
  void entry(const ast::Item& item, Object& into, std::size_t first_read, const Instance* owner,
             std::set<std::string>* written_keys);
  Object collect(const Instance& instance, const std::string* only);
  void overlay(const Instance& instance, const ast::Body& body, const std::string* only,
               Object& into, std::size_t first_read);
  Value conformed(const Instance& instance, const std::string& key, Value value);

  // --- reads
  void prefix_reads(std::size_t first, std::string_view step);
  void collapse_reads(std::size_t first);
  void keep_reads_below(std::size_t first, std::string_view step);
  std::size_t drop_reads_below(std::size_t first, std::size_t last, std::string_view path);

  const Evaluation& evaluation_;
  const Outputs* outputs_;
  Diagnostics& diagnostics_;
  Context context_;
  std::vector<Read> reads_;
  std::unordered_map<LetKey, Memo, LetKeyHash> lets_;
  std::map<std::pair<NodeId, std::string>, Memo> written_;
  std::vector<std::pair<std::string, Span>> running_;  // lets and attributes being evaluated
  std::deque<Value> kept_;                             // values that a failed quiet evaluation gave
  std::set<std::pair<Span, std::string>> reported_;
  std::size_t steps_ = 0, bytes_ = 0, depth_ = 0;
  std::size_t steps_together_ = most_steps_together;
  bool exhausted_ = false;
  std::size_t quiet_ = 0, errors_ = 0;
};

// Where an attribute of a declaration is written: overlay first, then the body; its head otherwise.
[[nodiscard]] Span written_at(const ast::Declaration& declaration, std::string_view driver,
                              std::string_view path);

// True when the kind has the attribute or block on every platform.
[[nodiscard]] bool is_portable(const Kind& kind, std::string_view key);

// True when the item is a block named after a driver, whichever it is.
[[nodiscard]] bool is_overlay(const Instance& instance, const ast::Item& item);

}  // namespace infra
