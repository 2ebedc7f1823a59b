// Calls of functions and of a service's methods, typed from the table of signatures.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "base/text.h"
#include "compiler/checker.h"

namespace infra {
namespace {

struct Counts {
  std::size_t least = 0, most = 0;
};

Counts counts_of(const FunctionSignature& signature) {
  Counts counts;
  for (const auto& parameter : signature.parameter_list()) {
    if (parameter.named) {
      continue;
    }
    counts.least += parameter.required ? 1 : 0;
    counts.most = parameter.repeated ? SIZE_MAX : counts.most + 1;
  }
  return counts;
}

std::size_t positional_count(const ast::Call& node) {
  return static_cast<std::size_t>(
      std::count_if(node.arguments.begin(), node.arguments.end(),
                    [](const ast::Argument& argument) { return !argument.name.has_value(); }));
}

// The parameter that the n-th argument without a name belongs to.
const FunctionParameter* positional(const FunctionSignature& signature, std::size_t index) {
  const FunctionParameter* last = nullptr;
  for (const auto& parameter : signature.parameter_list()) {
    if (!parameter.named) {
      last = &parameter;
      if (index == 0) {
        return last;
      }
      --index;
    }
  }
  return last != nullptr && last->repeated ? last : nullptr;
}

const FunctionParameter* named(const FunctionSignature& signature, std::string_view name) {
  for (const auto& parameter : signature.parameter_list()) {
    if (parameter.name == name) {
      return &parameter;
    }
  }
  return nullptr;
}

std::string usage(const FunctionSignature& signature) {
  std::string text(signature.name);
  text += "(";
  bool first = true;
  for (const auto& parameter : signature.parameter_list()) {
    text += first ? "" : ", ";
    first = false;
    text += parameter.named      ? fmt::format("{}: …", parameter.name)
            : parameter.repeated ? fmt::format("{}…", parameter.name)
                                 : std::string(parameter.name);
  }
  return text + ")";
}

bool wants_list(Shape shape) {
  return shape == Shape::list_of_item || shape == Shape::list_of_other ||
         shape == Shape::list_of_quantity || shape == Shape::list_of_ordered ||
         shape == Shape::list_of_lists || shape == Shape::list_of_text ||
         shape == Shape::list_of_integer;
}

}  // namespace

void Checker::report_unknown_function(const ast::NameExpression& callee, const Span& span,
                                      const Site& site) {
  auto& diagnostic = error("E0212", span, fmt::format("there is no function `{}`", callee.name));
  if (is_value_name(callee.name, site)) {
    diagnostic.help.push_back(fmt::format("`{}` is a value, which cannot be called", callee.name));
    return;
  }
  static const std::map<std::string_view, std::string_view> foreign{
      {"len", "length"},
      {"concat", "flatten([a, b])"},
      {"lookup", "map[key] ?? otherwise"},
      {"jsonencode", "json"},
      {"jsondecode", "from_json"},
      {"yamlencode", "yaml"},
      {"yamldecode", "from_yaml"},
      {"base64encode", "base64"},
      {"base64decode", "from_base64"},
      {"cidrsubnet", "cidr"},
      {"templatefile", "template"},
      {"startswith", "starts_with"},
      {"endswith", "ends_with"},
      {"toset", "distinct"},
      {"regex", "matches"},
      {"urlencode", "url_encode"},
      {"timestamp", "now"}};
  if (const auto known = foreign.find(callee.name); known != foreign.end()) {
    diagnostic.help.push_back(fmt::format("write `{}`", known->second));
    return;
  }
  std::vector<std::string> names;
  for (const auto& signature : function_signatures()) {
    names.emplace_back(signature.name);
  }
  suggest(diagnostic, callee.name, names);
}

TypeId Checker::infer_call(const ast::Expression& expression, const ast::Call& node,
                           TypeId expected, const Site& site) {
  if (const auto* member = node.callee->as<ast::Member>()) {
    return call_method(expression, node, *member, site);
  }
  const auto* callee = node.callee->as<ast::NameExpression>();
  if (callee == nullptr) {
    error("E0212", node.callee->span, "only a function's name can stand before `(`");
    return types_.error();
  }
  const auto signatures = find_function(callee->name);
  if (signatures.empty()) {
    report_unknown_function(*callee, node.callee->span, site);
    for (const auto& one : node.arguments) {
      if (!is_bare_word(*one.value, site)) {
        infer(*one.value, nullptr, site);
      }
    }
    return types_.error();
  }
  const FunctionSignature* signature = choose_signature(signatures, node, site);
  const bool in_place = check_place(expression, *signature, site);
  const TypeId called = call_signature(expression, node, *signature, expected, site);
  const TypeId type = in_place ? called : types_.error();
  if (callee->name == "env") {
    rest_on(on_source, expression.span);
  } else if (callee->name == "now") {
    rest_on(on_time, expression.span);
  } else if ((callee->name == "matches" || callee->name == "matching") && !node.arguments.empty()) {
    check_pattern(*node.arguments.back().value, site);
  }
  return type;
}

TypeId Checker::call_method(const ast::Expression& expression, const ast::Call& node,
                            const ast::Member& callee, const Site& site) {
  const TypeId object = infer(*callee.object, nullptr, site);
  if (is_silent(object)) {
    for (const auto& one : node.arguments) {
      if (!is_bare_word(*one.value, site)) {
        infer(*one.value, nullptr, site);
      }
    }
    return object;
  }
  const FunctionSignature* method = nullptr;
  std::vector<std::string> names;
  for (const auto& one : service_methods()) {
    method = one.name == callee.name.text ? &one : method;
    names.emplace_back(one.name);
  }
  if (object->base != TypeBase::resource || object->kind != "service" || method == nullptr) {
    auto& diagnostic =
        error("E0212", callee.name.span,
              fmt::format("{} has no function `{}`", type_phrase(object), callee.name.text));
    if (object->base == TypeBase::resource && object->kind == "service") {
      suggest(diagnostic, callee.name.text, names);
    } else if (find_function(callee.name.text).size() > 0) {
      diagnostic.help.push_back(fmt::format("functions stand alone: `{}(…)`", callee.name.text));
    }
    return types_.error();
  }
  const TypeId type = call_signature(expression, node, *method, nullptr, site);
  return object->optional ? types_.optional(type) : type;
}

// The first signature that takes as many arguments; of several, the one that takes such a first
// argument.
const FunctionSignature* Checker::choose_signature(std::span<const FunctionSignature> signatures,
                                                   const ast::Call& node, const Site& site) {
  const FunctionSignature* first = nullptr;
  std::size_t fitting = 0;
  const std::size_t count = positional_count(node);
  for (const auto& signature : signatures) {
    const Counts counts = counts_of(signature);
    if (count >= counts.least && count <= counts.most) {
      first = first == nullptr ? &signature : first;
      ++fitting;
    }
  }
  if (first == nullptr || fitting == 1 || node.arguments.empty()) {
    return first == nullptr ? &signatures.front() : first;
  }
  const ast::Expression& argument = *node.arguments.front().value;
  const TypeId type = infer(argument, nullptr, site);
  typed_expression_ = &argument;  // not typed again when it is held against the parameter
  typed_as_ = type;
  const bool list = type->base == TypeBase::list;
  for (const auto& signature : signatures) {
    const Counts counts = counts_of(signature);
    if (count >= counts.least && count <= counts.most &&
        wants_list(signature.parameters[0].shape) == list) {
      return &signature;
    }
  }
  return first;
}

TypeId Checker::call_signature(const ast::Expression& expression, const ast::Call& node,
                               const FunctionSignature& signature, TypeId expected,
                               const Site& site) {
  CallTypes types;
  bool fine = true;
  std::size_t index = 0;
  std::vector<const FunctionParameter*> given;
  for (const auto& one : node.arguments) {
    const FunctionParameter* parameter =
        one.name ? named(signature, one.name->text) : positional(signature, index++);
    const bool twice = parameter != nullptr && !parameter->repeated &&
                       std::find(given.begin(), given.end(), parameter) != given.end();
    if (parameter == nullptr || twice) {
      auto& diagnostic = error(
          "E0309", one.name ? one.name->span : one.value->span,
          twice      ? fmt::format("`{}` is given twice", parameter->name)
          : one.name ? fmt::format("`{}` has no argument `{}`", signature.name, one.name->text)
                     : fmt::format("`{}` takes no more arguments", signature.name));
      diagnostic.help.push_back(fmt::format("it is written {}", usage(signature)));
      return types_.error();
    }
    given.push_back(parameter);
    fine = argument(one, *parameter, types, site)->base != TypeBase::error && fine;
    if (signature.secrecy == SecretRule::refuses && types.secret) {
      report_secret(one.value->span, fmt::format("`{}` of `{}`", parameter->name, signature.name));
      return types_.error();
    }
  }
  for (const auto& parameter : signature.parameter_list()) {
    if (parameter.required && std::find(given.begin(), given.end(), &parameter) == given.end()) {
      error("E0309", expression.span,
            fmt::format("`{}` needs `{}`", signature.name, parameter.name))
          .help.push_back(fmt::format("it is written {}", usage(signature)));
      return types_.error();
    }
  }
  return fine ? result_type(signature, types, expected) : types_.error();
}

TypeId Checker::argument(const ast::Argument& argument, const FunctionParameter& parameter,
                         CallTypes& types, const Site& site) {
  Site inside = site;
  if (site.purpose == Purpose::generator) {
    inside.purpose = Purpose::resource;
  }
  const TypeId type = typed_argument(*argument.value, parameter, types, inside);
  types.secret = types.secret || has_secret(type);
  return type;
}

void Checker::bind(TypeId& variable, TypeId actual, const ast::Expression& value,
                   const FunctionParameter& parameter) {
  const TypeId both = variable == nullptr ? actual : types_.common(variable, actual);
  if (both == nullptr) {
    error("E0304", value.span,
          fmt::format("the arguments are {} and {}", type_phrase(variable), type_phrase(actual)))
        .label = fmt::format("`{}` has to be of the same type", parameter.name);
    variable = types_.error();
    return;
  }
  variable = both;
}

namespace {

// What is expected of an argument whose shape does not depend on others; nullptr where it does.
TypeId fixed_type(TypeTable& types, Shape shape) {
  const auto words = [&](std::span<const std::string_view> list) {
    return types.enumeration({list.begin(), list.end()});
  };
  switch (shape) {
    case Shape::text:
    case Shape::url_or_text:
      return types.secret(types.text());
    case Shape::integer:
      return types.secret(types.integer());
    case Shape::boolean:
      return types.secret(types.boolean());
    case Shape::printable:
      return types.secret(types.basic(TypeBase::scalar));
    case Shape::list_of_text:
      return types.list(types.secret(types.basic(TypeBase::scalar)));
    case Shape::list_of_integer:
      return types.list(types.secret(types.integer()));
    case Shape::map_of_text:
      return types.map(types.optional(types.secret(types.basic(TypeBase::scalar))));
    case Shape::map_of_any:
      return types.map(types.secret(types.any()));
    case Shape::any:
      return types.secret(types.any());
    case Shape::method:
      return words(http_methods());
    case Shape::key_algorithm:
      return words(key_algorithms());
    default:
      return nullptr;
  }
}

bool right_item(Shape shape, TypeId type) {
  if (is_silent(type)) {
    return true;
  }
  if (shape == Shape::quantity || shape == Shape::list_of_quantity) {
    return is_quantity(type);
  }
  return (shape != Shape::ordered && shape != Shape::list_of_ordered) || is_quantity(type) ||
         is_text(type);
}

}  // namespace

TypeId Checker::typed_argument(const ast::Expression& value, const FunctionParameter& parameter,
                               CallTypes& types, const Site& site) {
  const std::string_view what = parameter.name;
  if (const TypeId fixed = fixed_type(types_, parameter.shape)) {
    if (&value == typed_expression_) {
      const TypeId known = infer(value, fixed, site);
      return require_fit(value, fixed, known, site, what) ? known : types_.error();
    }
    return coerce(value, fixed, site, what);
  }
  const TypeId type = infer(value, nullptr, site);
  if (is_silent(type)) {
    bind(types.item, type, value, parameter);
    return type;
  }
  const bool may_be_null =
      parameter.shape == Shape::optional_item || parameter.shape == Shape::item;
  if (!may_be_null && (type->optional || type->base == TypeBase::null)) {
    report_missing(value.span, types_.required(type), type, what);
    return types_.error();
  }
  const auto misfit = [&](std::string_view wanted) {
    error("E0309", value.span,
          fmt::format("`{}` is {}, and this is {}", what, wanted, type_phrase(type)));
    return types_.error();
  };
  types.present = types.present || (!type->optional && type->base != TypeBase::null);
  if (parameter.shape == Shape::collection) {
    const bool fits = is_text(type) || type->base == TypeBase::list ||
                      type->base == TypeBase::map || type->base == TypeBase::record;
    types.secret = types.secret || type->secret;
    types.other = type;
    return fits ? types_.open(type) : misfit("a string, a list or a map");
  }
  if (parameter.shape == Shape::map_of_item) {
    if (type->base != TypeBase::map && type->base != TypeBase::record) {
      return misfit("a map");
    }
    TypeId ignored = nullptr;
    bind(types.item, element_of(value, type, true, ignored), value, parameter);
    return type;
  }
  if (!wants_list(parameter.shape)) {
    if (!right_item(parameter.shape, type)) {
      return misfit("a number, a duration, a size or a string");
    }
    bind(types.item, type, value, parameter);
    return types.item->base == TypeBase::error ? types.item : type;
  }
  if (type->base != TypeBase::list) {
    return misfit("a list");
  }
  TypeId element = type->element;
  if (parameter.shape == Shape::list_of_lists) {
    if (!is_silent(element) && element->base != TypeBase::list) {
      return misfit("a list of lists");
    }
    element = is_silent(element) ? element : element->element;
  }
  if (!right_item(parameter.shape, element)) {
    return misfit("a list of numbers, durations, sizes or strings");
  }
  bind(parameter.shape == Shape::list_of_other ? types.other : types.item, element, value,
       parameter);
  return type;
}

TypeId Checker::result_type(const FunctionSignature& signature, const CallTypes& types,
                            TypeId expected) {
  const TypeId item = types.item == nullptr ? types_.any() : types.item;
  const TypeId other = types.other == nullptr ? types_.any() : types.other;
  TypeId type = types_.any();
  switch (signature.result) {
    case Shape::text:
      type = types_.text();
      break;
    case Shape::integer:
      // Keys and length of a container are public; those of a secret text are not.
      type = signature.secrecy == SecretRule::items && types.secret
                 ? types_.secret(types_.integer())
                 : types_.integer();
      break;
    case Shape::boolean:
      type = types_.boolean();
      break;
    case Shape::item:
      type = signature.secrecy == SecretRule::reveals        ? types_.open(item)
             : signature.name == "coalesce" && types.present ? types_.required(item)
                                                             : item;
      break;
    case Shape::list_of_text:
      type = types_.list(types_.text());
      break;
    case Shape::list_of_integer:
      type = types_.list(types_.integer());
      break;
    case Shape::list_of_item:
    case Shape::list_of_ordered:
      type = types_.list(item);
      break;
    case Shape::list_of_pairs:
      type = types_.list(types_.record({{"first", item, true}, {"second", other, true}}));
      break;
    case Shape::map_of_item:
      type = types_.map(item);
      break;
    case Shape::source:
      type = types_.basic(TypeBase::source);
      break;
    case Shape::origin_or_text:
      type = expected != nullptr && expected->base == TypeBase::origin
                 ? types_.basic(TypeBase::origin)
                 : types_.text();
      break;
    case Shape::generator:
      type = types_.basic(TypeBase::generator);
      break;
    case Shape::call:
      type = types_.basic(TypeBase::call);
      break;
    case Shape::run:
      type = types_.basic(TypeBase::run);
      break;
    case Shape::auth:
      type = types_.basic(TypeBase::auth);
      break;
    case Shape::upload:
      type = types_.basic(TypeBase::upload);
      break;
    case Shape::matcher:
      type = types_.basic(TypeBase::matcher);
      break;
    default:
      break;
  }
  const bool spreads = signature.secrecy == SecretRule::spreads && types.secret;
  const bool gives = signature.secrecy == SecretRule::gives && type->base != TypeBase::origin;
  return spreads || gives ? types_.secret(type) : type;
}

bool Checker::check_place(const ast::Expression& expression, const FunctionSignature& signature,
                          const Site& site) {
  std::string_view where;
  std::string_view help;
  switch (signature.place) {
    case CallPlace::secret_generate:
      where = site.purpose == Purpose::generator ? "" : "in `generate` of a secret";
      help = "declare it: secret NAME { generate = … }, and use `secret.NAME`";
      break;
    case CallPlace::root_output:
      where = site.purpose == Purpose::root_output ? "" : "in an `output`";
      help = "a secret goes where secrets are taken as it is; nothing else may see it";
      break;
    case CallPlace::not_in_resource:
      where = site.purpose == Purpose::resource ? "outside resources" : "";
      help = "what changes with every plan would never come to rest";
      break;
    case CallPlace::expectation:
      where = site.purpose == Purpose::expectation ? "" : "in `expect` of a check";
      break;
    case CallPlace::anywhere:
      break;
  }
  if (where.empty()) {
    return true;
  }
  auto& diagnostic =
      error("E0314", expression.span, fmt::format("`{}` stands only {}", signature.name, where));
  if (!help.empty()) {
    diagnostic.help.emplace_back(help);
  }
  return false;
}

void Checker::check_pattern(const ast::Expression& expression, const Site& site) {
  const auto value = statics_.constant(expression, 0, site.scope);
  if (!value || value->as<std::string>() == nullptr ||
      expression.as<ast::NameExpression>() != nullptr) {
    return;
  }
  const RE2 pattern(value->text(), RE2::Quiet);
  if (!pattern.ok()) {
    error("E0311", expression.span,
          fmt::format("this is no regular expression (RE2): {}", printable(pattern.error())));
  }
}

}  // namespace infra
