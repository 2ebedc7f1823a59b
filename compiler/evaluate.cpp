#include "compiler/evaluate.h"

#include <fmt/format.h>

#include "compiler/evaluate_guards.h"

namespace infra {
namespace {

struct Help {
  std::string_view code, text;
};

// The way out of each kind of mistake.
constexpr Help helps[] = {
    {"E0501", "work with smaller numbers, or with floats: `2.0 * …`"},
    {"E0502", "test the right side first: `if x == 0 then … else …`"},
    {"E0503",
     "look at what `from_json` or `from_yaml` gave; `try(…, otherwise)` takes another value"},
    {"E0504", "set it, or write a default: `env(…, default: …)`; what is public is better a param"},
    {"E0505", "paths are relative to the stack's folder"},
    {"E0506", "put it into the repository, or hand its text in as a param"},
    {"E0507", "`try(…, otherwise)` takes another value where there is none"},
    {"E0509", "correct the text; `try(…, otherwise)` takes another value where it is none"},
    {"E0510", "go over fewer elements, or prepare the list once in a `let`"},
    {"E0511", "make fewer or smaller values"},
    {"E0512", "a chain this long is a list: `[for … in …: …]`"},
    {"E0513", "name the part that has a text; `??` gives one in place of null"},
    {"E0514", "correct the value where it comes from"},
    {"E0515", "correct the value where it comes from"},
    {"E0516", "leave it out: `[for x in … if x != null: x]`"},
    {"E0518", "`distinct(…)` takes each element once"},
    {"E0520", "paths are relative to the stack's folder; a pattern with `*` may find nothing"},
    {"E0601", "give one of them a value that does not use the others"},
};

std::string_view help_for(std::string_view code) {
  for (const auto& [known, text] : helps) {
    if (known == code) {
      return text;
    }
  }
  return {};
}

}  // namespace

Evaluator::Evaluator(const Evaluation& evaluation, const Outputs* outputs, Diagnostics& diagnostics)
    : evaluation_(evaluation), outputs_(outputs), diagnostics_(diagnostics) {
  begin(evaluation.top);
}

void Evaluator::begin(const Round& round) {
  context_ = {&round, nullptr};
  steps_ = std::min(most_steps, steps_together_);
  bytes_ = most_bytes;
  exhausted_ = false;
}

Value Evaluator::expression(const ast::Expression& expression, const Round& round) {
  begin(round);
  return evaluate(expression);
}

Value Evaluator::body(const ast::Body& body, const Round& round) {
  begin(round);
  Object object;
  return items(body, object, nullptr, nullptr) ? Value(std::move(object)) : Value(Unknown{});
}

bool Evaluator::spend(std::size_t steps, std::size_t bytes, const Span& span) {
  if (exhausted_) {
    return false;
  }
  if (steps > steps_ || bytes > bytes_) {
    exhausted_ = true;
    const std::size_t quiet = std::exchange(quiet_, 0);  // said even where errors are not
    fail(steps > steps_ ? "E0510" : "E0511", span,
         steps > steps_ ? "this takes more than 10,000,000 steps to evaluate"
                        : "this makes more than 256 MiB of values");
    quiet_ = quiet;
    return false;
  }
  steps_ -= steps;
  steps_together_ -= std::min(steps, steps_together_);
  bytes_ -= bytes;
  return true;
}

bool Evaluator::enter(const Span& span) {
  if (depth_ > most_depth) {
    fail("E0512", span, "values depend on one another more than 1,000 deep here");
    return false;
  }
  return spend(1, 0, span);
}

Value Evaluator::fail(std::string_view code, const Span& span, std::string message) {
  ++errors_;
  if (quiet_ == 0 && reported_.emplace(span, code).second) {
    Diagnostic& error = diagnostics_.error(code, span, std::move(message));
    if (const std::string_view way_out = help_for(code); !way_out.empty()) {
      error.help.emplace_back(way_out);
    }
  }
  return Unknown{};
}

Value Evaluator::take(Computed computed, const Span& span) {
  if (!computed.error.empty()) {
    return fail(computed.code, span, std::move(computed.error));
  }
  spend(0, weight(computed.value, bytes_) - sizeof(Value), span);
  return std::move(computed.value);
}

Value Evaluator::evaluate(const ast::Expression& expression) {
  const Depth depth(*this);
  if (!enter(expression.span)) {
    return Unknown{};
  }
  return std::visit([&](const auto& part) { return node(part, expression); }, expression.node);
}

Value Evaluator::quietly(const ast::Expression& expression) {
  const Quiet quiet(*this);
  return evaluate(expression);
}

const Value& Evaluator::view(const ast::Expression& expression, Value& storage) {
  if (const auto* literal = expression.as<ast::Literal>()) {
    return literal->value;
  }
  const Depth depth(*this);
  if (!enter(expression.span)) {
    return storage = Unknown{};
  }
  if (const auto* name = expression.as<ast::NameExpression>()) {
    return view_name(*name, expression, storage);
  }
  if (expression.as<ast::Member>() != nullptr) {
    return view_path(expression, storage);
  }
  if (const auto* index = expression.as<ast::Index>()) {
    return view_index(*index, expression, storage);
  }
  return storage = evaluate(expression);
}

Value Evaluator::copied(const ast::Expression& expression) {
  Value storage;
  const Value& value = view(expression, storage);
  if (&value == &storage) {
    return storage;
  }
  if (value.as<List>() == nullptr && value.as<Object>() == nullptr && value.text().size() < 64) {
    return value;
  }
  const std::size_t size = weight(value, bytes_);
  return spend(size / sizeof(Value), size, expression.span) ? value : Value(Unknown{});
}

Value Evaluator::node(const ast::Literal& literal, const ast::Expression& /*whole*/) {
  return literal.value;
}

Value Evaluator::node(const ast::NameExpression& /*name*/, const ast::Expression& whole) {
  return copied(whole);
}

Value Evaluator::node(const ast::Member& /*member*/, const ast::Expression& whole) {
  return copied(whole);
}

Value Evaluator::node(const ast::Index& /*index*/, const ast::Expression& whole) {
  return copied(whole);
}

void Evaluator::append_text(Value& text, const Value& part, const Span& span) {
  Computed inserted = text_of(part);
  if (!inserted.error.empty()) {
    std::string message = part.is_null() ? "a text cannot hold null" : std::move(inserted.error);
    text = fail(inserted.code, span, std::move(message));
    return;
  }
  if (auto* plain = text.as<std::string>();
      plain != nullptr && inserted.value.as<std::string>() != nullptr) {
    *plain += inserted.value.text();
    spend(0, inserted.value.text().size(), span);
    return;
  }
  text = take(binary(ast::BinaryOperator::add, text, inserted.value, false), span);
}

Value Evaluator::node(const ast::Template& text, const ast::Expression& whole) {
  const std::size_t first_read = reads_.size();
  Value result = std::string();
  for (const auto& part : text.parts) {
    if (!part.expression) {
      append_text(result, part.text, whole.span);
      continue;
    }
    Value storage;
    append_text(result, view(*part.expression, storage), part.expression->span);
  }
  collapse_reads(first_read);
  return result;
}

Value Evaluator::node(const ast::Unary& unary, const ast::Expression& whole) {
  const std::size_t first_read = reads_.size();
  Value storage;
  const Value& operand = view(*unary.operand, storage);
  Value result =
      take(unary.operation == ast::UnaryOperator::negate ? negate(operand) : logical_not(operand),
           whole.span);
  collapse_reads(first_read);
  return result;
}

Value Evaluator::coalesced(const ast::Binary& binary) {
  Value left = evaluate(*binary.left);
  if (left.is_null()) {
    return evaluate(*binary.right);
  }
  if (!left.is_unknown()) {
    return left;
  }
  const Value right = quietly(*binary.right);
  return Unknown{contains_secret(left) || contains_secret(right)};
}

// `and`, `or`: the right side is looked at only where it decides.
Value Evaluator::connected(const ast::Binary& binary, const ast::Expression& whole) {
  const bool decisive = binary.operation == ast::BinaryOperator::logical_or;
  Value left = evaluate(*binary.left);
  const bool plain = left.as<bool>() != nullptr;
  if (plain && left.truth() == decisive) {
    return decisive;
  }
  const Value right = left.is_unknown() ? quietly(*binary.right) : evaluate(*binary.right);
  const bool unknown = left.is_unknown() || right.is_unknown();
  if (unknown && right.as<bool>() != nullptr && right.truth() == decisive) {
    return decisive;
  }
  return take(infra::binary(binary.operation, left, right, false), whole.span);
}

Value Evaluator::node(const ast::Binary& binary, const ast::Expression& whole) {
  const std::size_t first_read = reads_.size();
  Value result;
  switch (binary.operation) {
    case ast::BinaryOperator::coalesce:
      return coalesced(binary);  // reads stay where they are: each side is the whole value
    case ast::BinaryOperator::logical_and:
    case ast::BinaryOperator::logical_or:
      result = connected(binary, whole);
      break;
    default: {
      Value left_storage;
      Value right_storage;
      const Value& left = view(*binary.left, left_storage);
      const Value& right = view(*binary.right, right_storage);
      const bool joins_url = whole.mark == ast::Expression::Mark::joins_url;
      result = take(infra::binary(binary.operation, left, right, joins_url), binary.operator_span);
    }
  }
  collapse_reads(first_read);
  return result;
}

Value Evaluator::node(const ast::Conditional& conditional, const ast::Expression& /*whole*/) {
  const std::size_t first_read = reads_.size();
  const Value condition = evaluate(*conditional.condition);
  collapse_reads(first_read);
  const Computed holds = condition_of(condition);
  if (!holds.error.empty()) {
    return fail(holds.code, conditional.condition->span, holds.error);
  }
  if (holds.value.is_unknown()) {
    const Value then = quietly(*conditional.then);
    const Value otherwise = quietly(*conditional.otherwise);
    return Unknown{contains_secret(condition) || contains_secret(then) ||
                   contains_secret(otherwise)};
  }
  Value result = evaluate(holds.value.truth() ? *conditional.then : *conditional.otherwise);
  return condition.as<Secret>() != nullptr ? sealed(std::move(result)) : result;
}

Value Evaluator::node(const ast::ListLiteral& list, const ast::Expression& whole) {
  List result;
  result.reserve(list.elements.size());
  for (const auto& element : list.elements) {
    const std::size_t first_read = reads_.size();
    Value value = evaluate(*element.value);
    if (!element.spread) {
      prefix_reads(first_read, std::to_string(result.size()));
      result.push_back(std::move(value));
      continue;
    }
    collapse_reads(first_read);
    if (value.is_unknown()) {
      return Unknown{contains_secret(value)};
    }
    if (auto* spread = value.as<List>()) {
      std::move(spread->begin(), spread->end(), std::back_inserter(result));
    } else if (!value.is_null()) {
      fail("E0503", element.value->span,
           fmt::format("`...` in a list wants a list, not {}", kind_of(value)));
    }
  }
  spend(0, result.size() * sizeof(Value), whole.span);
  return result;
}

Value Evaluator::node(const ast::Body& body, const ast::Expression& whole) {
  Object object;
  if (!items(body, object, nullptr, nullptr)) {
    return Unknown{};
  }
  spend(0, object.size() * sizeof(Value) * 2, whole.span);
  return object;
}

Value Evaluator::node(const ast::Call& call, const ast::Expression& whole) {
  const std::size_t first_read = reads_.size();
  Value result;
  if (const auto* name = call.callee->as<ast::NameExpression>()) {
    result = call_function(call, name->name, whole.span);
  } else if (const auto* method = call.callee->as<ast::Member>()) {
    result = call_method(call, *method, whole.span);
  } else {
    result = fail("E0309", call.callee->span, "this is no function");
  }
  collapse_reads(first_read);
  return result;
}

// --- reads --------------------------------------------------------------------------------------

void Evaluator::prefix_reads(std::size_t first, std::string_view step) {
  for (std::size_t i = first; i < reads_.size(); ++i) {
    reads_[i].path = "/" + escape_step(step) + reads_[i].path;
  }
}

void Evaluator::collapse_reads(std::size_t first) {
  for (std::size_t i = first; i < reads_.size(); ++i) {
    reads_[i].path.clear();
  }
}

// Of a value only one entry is used: what the others read does not matter.
void Evaluator::keep_reads_below(std::size_t first, std::string_view step) {
  if (first == reads_.size()) {
    return;
  }
  const Path below = "/" + escape_step(step);
  auto kept = reads_.begin() + static_cast<std::ptrdiff_t>(first);
  for (auto read = kept; read != reads_.end(); ++read) {
    if (!read->path.empty() && !covers(below, read->path)) {
      continue;
    }
    if (!read->path.empty()) {
      read->path.erase(0, below.size());
    }
    if (kept != read) {
      *kept = std::move(*read);
    }
    ++kept;
  }
  reads_.erase(kept, reads_.end());
}

// How many were dropped.
std::size_t Evaluator::drop_reads_below(std::size_t first, std::size_t last,
                                        std::string_view path) {
  const auto begin = reads_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = reads_.begin() + static_cast<std::ptrdiff_t>(last);
  const auto kept = std::remove_if(
      begin, end, [&](const Read& read) { return !read.path.empty() && covers(path, read.path); });
  const auto dropped = static_cast<std::size_t>(end - kept);
  reads_.erase(kept, end);
  return dropped;
}

std::vector<Read> Evaluator::take_reads(const Value& value) {
  std::vector<Read> reads = std::exchange(reads_, {});
  for_each_leaf(value, "", [&](const Path& path, const Value& leaf) {
    if (const auto* reference = leaf.as<Reference>()) {
      reads.push_back({reference->address, "", Wait::live, path});
    }
  });
  return reads;
}

void Evaluator::fill_references(Value& value) const {
  if (auto* reference = value.as<Reference>()) {
    const Value id = (*outputs_)(reference->address, "/id");
    reference->id = id.text();
  } else if (auto* list = value.as<List>()) {
    for (auto& item : *list) {
      fill_references(item);
    }
  } else if (auto* object = value.as<Object>()) {
    for (auto& [key, item] : *object) {
      fill_references(item);
    }
  }
}

void Evaluator::move_constants(Evaluation& evaluation) {
  for (auto& [key, memo] : lets_) {
    if (memo.state == Memo::State::done && memo.reads.empty()) {
      evaluation.constants.insert_or_assign(key, std::move(memo.value));
    }
  }
  lets_.clear();
}

}  // namespace infra
