#include <fmt/format.h>

#include "base/text.h"
#include "compiler/evaluate_guards.h"

namespace infra {
namespace {

bool takes_count(const FunctionSignature& signature, const ast::Call& call) {
  std::size_t least = 0;
  std::size_t most = 0;
  bool repeated = false;
  for (const auto& parameter : signature.parameter_list()) {
    if (parameter.named) {
      continue;
    }
    least += parameter.required ? 1 : 0;
    ++most;
    repeated = repeated || parameter.repeated;
  }
  std::size_t count = 0;
  for (const auto& argument : call.arguments) {
    count += argument.name ? 0 : 1;
  }
  return count >= least && (repeated || count <= most);
}

const FunctionSignature* choose(std::span<const FunctionSignature> signatures,
                                const ast::Call& call) {
  for (const auto& signature : signatures) {
    if (takes_count(signature, call)) {
      return &signature;
    }
  }
  return nullptr;
}

// Which parameter an argument is for; the number of parameters when there is none.
std::size_t parameter_of(std::span<const FunctionParameter> parameters,
                         const ast::Argument& argument, std::size_t position) {
  std::size_t positional = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (argument.name) {
      if (parameters[i].name == argument.name->text) {
        return i;
      }
    } else if (!parameters[i].named &&
               (positional++ == position || (parameters[i].repeated && positional <= position))) {
      return i;
    }
  }
  return parameters.size();
}

}  // namespace

Value Evaluator::call_bound(const FunctionSignature& signature, const ast::Call& call,
                            const Span& span) {
  static const Value absent;
  const auto parameters = signature.parameter_list();
  std::vector<Value> storage(call.arguments.size());
  Arguments bound(parameters.size(), &absent);
  Arguments repeated;
  std::size_t position = 0;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    const auto& argument = call.arguments[i];
    const Value& value = view(*argument.value, storage[i]);
    const std::size_t at = parameter_of(parameters, argument, position);
    position += argument.name ? 0 : 1;
    if (at == parameters.size()) {
      return fail("E0309", argument.value->span,
                  fmt::format("`{}` does not take this argument", signature.name));
    }
    if (parameters[at].repeated) {
      repeated.push_back(&value);
    } else {
      bound[at] = &value;
    }
  }
  if (!parameters.empty() && parameters.back().repeated) {
    bound.pop_back();
    bound.insert(bound.end(), repeated.begin(), repeated.end());
  }
  std::size_t steps = 0;
  for (const auto* argument : bound) {
    steps += argument->list().size() + argument->object().size() + argument->text().size() / 64;
  }
  if (!spend(steps, 0, span)) {
    return Unknown{};
  }
  return take(infra::call_function(signature, bound, evaluation_.readings), span);
}

// `try(a, b, …)`: errors of all but the last are not said.
Value Evaluator::first_without_error(const ast::Call& call, const Span& span) {
  if (call.arguments.empty()) {
    return fail("E0309", span, "`try` wants a value");
  }
  for (std::size_t i = 0; i + 1 < call.arguments.size(); ++i) {
    const std::size_t errors = errors_;
    Value value = quietly(*call.arguments[i].value);
    if (errors_ == errors) {
      if (value.is_unknown()) {  // known, it may fail: what follows may be needed
        const Value next = quietly(*call.arguments[i + 1].value);
        return Unknown{contains_secret(value) || contains_secret(next)};
      }
      return value;
    }
  }
  return evaluate(*call.arguments.back().value);
}

Value Evaluator::call_function(const ast::Call& call, std::string_view name, const Span& span) {
  if (name == "try") {
    return first_without_error(call, span);
  }
  const auto signatures = find_function(name);
  if (signatures.empty()) {
    return fail("E0212", call.callee->span,
                fmt::format("there is no function `{}`", printable(name)));
  }
  const FunctionSignature* signature = choose(signatures, call);
  if (signature == nullptr) {
    return fail(
        "E0309", span,
        fmt::format("`{}` does not take {}", name, plural(call.arguments.size(), "argument")));
  }
  return call_bound(*signature, call, span);
}

Value Evaluator::call_method(const ast::Call& call, const ast::Member& method, const Span& span) {
  Value storage;
  const Value service = view(*method.object, storage);
  if (service.is_null()) {
    return {};
  }
  const auto* reference = service.as<Reference>();
  if (reference == nullptr || !reference->address.starts_with("service.")) {
    return service.is_unknown()
               ? service
               : fail("E0309", method.name.span,
                      fmt::format("`.{}(…)` is for one service, not for {}", method.name.text,
                                  reference == nullptr ? std::string(kind_of(service))
                                                       : "`" + reference->address + "`"));
  }
  for (const auto& signature : service_methods()) {
    if (signature.name == method.name.text && takes_count(signature, call)) {
      Value shape = call_bound(signature, call, span);
      if (shape.as<Object>() != nullptr) {
        shape.set("/service", *reference);
      }
      return shape;
    }
  }
  return fail("E0309", method.name.span,
              fmt::format("a service has no `.{}(…)` with these arguments", method.name.text));
}

// The value of `secret.from`: where it comes from, not what stands there.
Value Evaluator::origin(const ast::Expression& expression) {
  if (const auto* conditional = expression.as<ast::Conditional>()) {
    const Value condition = evaluate(*conditional->condition);
    if (condition.as<bool>() == nullptr) {
      return condition.is_unknown()
                 ? condition
                 : fail("E0503", conditional->condition->span,
                        fmt::format("a condition wants a bool, not {}", kind_of(condition)));
    }
    return origin(condition.truth() ? *conditional->then : *conditional->otherwise);
  }
  const auto* call = expression.as<ast::Call>();
  const auto* name = call == nullptr ? nullptr : call->callee->as<ast::NameExpression>();
  if (name == nullptr || (name->name != "env" && name->name != "file") || call->arguments.empty()) {
    Value value = evaluate(expression);
    return value.is_null() || value.is_unknown()
               ? value
               : fail("E0515", expression.span, "`from` is `env(…)` or `file(…)`");
  }
  Object result;
  for (const auto& argument : call->arguments) {
    Value value = evaluate(*argument.value);
    const std::string key = argument.name ? argument.name->text : name->name;
    if (key == name->name && value.as<std::string>() == nullptr) {
      return value.is_unknown()
                 ? value
                 : fail("E0503", argument.value->span,
                        fmt::format("this is a name, so a text, not {}", kind_of(value)));
    }
    if (!value.is_null()) {
      result.insert_or_assign(key, std::move(value));
    }
  }
  return result;
}

}  // namespace infra
