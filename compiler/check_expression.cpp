// The type of an expression, from inside out (`infer`), and against what its place expects
// (`coerce`, which goes into literals and both arms of `if`, so that an error marks the part that
// is wrong).
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compiler/checker.h"

namespace infra {
namespace {

TypeBase literal_base(const Value& value) {
  if (value.as<bool>() != nullptr) {
    return TypeBase::boolean;
  }
  if (value.as<std::int64_t>() != nullptr) {
    return TypeBase::integer;
  }
  if (value.as<double>() != nullptr) {
    return TypeBase::number;
  }
  if (value.as<Duration>() != nullptr) {
    return TypeBase::duration;
  }
  if (value.as<Size>() != nullptr) {
    return TypeBase::size;
  }
  return value.is_null() ? TypeBase::null : TypeBase::text;
}

// The alternative that a literal with braces or brackets can be held against.
TypeId shape_among(TypeId expected, bool list) {
  if (expected == nullptr || expected->base != TypeBase::either) {
    return expected;
  }
  for (const TypeId alternative : expected->alternatives) {
    const TypeBase base = alternative->base;
    if (list ? base == TypeBase::list : base == TypeBase::map || base == TypeBase::record) {
      return alternative;
    }
  }
  return expected;
}

TypeId element_expected(TypeId expected) {
  return expected != nullptr && expected->base == TypeBase::list ? expected->element : nullptr;
}

}  // namespace

TypeId Checker::infer(const ast::Expression& expression, TypeId expected, const Site& site) {
  if (&expression == typed_expression_) {
    typed_expression_ = nullptr;
    return typed_as_;
  }
  if (const auto* literal = expression.as<ast::Literal>()) {
    return types_.basic(literal_base(literal->value));
  }
  if (const auto* node = expression.as<ast::NameExpression>()) {
    return infer_name(expression, *node, expected, site);
  }
  if (const auto* node = expression.as<ast::Template>()) {
    return infer_template(*node, site);
  }
  if (const auto* node = expression.as<ast::Member>()) {
    return infer_member(expression, *node, site);
  }
  if (const auto* node = expression.as<ast::Call>()) {
    return infer_call(expression, *node, expected, site);
  }
  if (const auto* node = expression.as<ast::Binary>()) {
    return infer_binary(expression, *node, expected, site);
  }
  if (const auto* node = expression.as<ast::Unary>()) {
    return infer_unary(*node, site);
  }
  if (const auto* node = expression.as<ast::Conditional>()) {
    return infer_conditional(expression, *node, expected, site);
  }
  if (const auto* node = expression.as<ast::Index>()) {
    return infer_index(expression, *node, site);
  }
  if (const auto* node = expression.as<ast::ListLiteral>()) {
    return infer_list(*node, expected, site);
  }
  if (const auto* node = expression.as<ast::Comprehension>()) {
    return infer_comprehension(*node, expected, site);
  }
  return infer_body(*expression.as<ast::Body>(), expected, site);
}

TypeId Checker::coerce(const ast::Expression& expression, TypeId expected, const Site& site,
                       std::string_view what) {
  if (const auto* node = expression.as<ast::Conditional>()) {
    return coerce_conditional(*node, expected, site, what);
  }
  if (const auto* node = expression.as<ast::ListLiteral>()) {
    const TypeId shape = shape_among(expected, true);
    if (shape->base == TypeBase::list) {
      return coerce_list(*node, shape, site, what);
    }
  }
  if (const auto* node = expression.as<ast::Body>()) {
    const TypeId shape = shape_among(expected, false);
    if (shape->base == TypeBase::record) {
      return coerce_record(*node, shape, site, what);
    }
    if (shape->base == TypeBase::map) {
      return coerce_map(*node, shape, site, what);
    }
  }
  const std::string_view outside = std::exchange(coerced_, what);
  const TypeId actual = infer(expression, expected, site);
  coerced_ = outside;
  return require_fit(expression, expected, actual, site, what) ? actual : types_.error();
}

TypeId Checker::infer_template(const ast::Template& node, const Site& site) {
  bool secret = false;
  for (const auto& part : node.parts) {
    if (!part.expression) {
      continue;
    }
    const TypeId type = infer(*part.expression, nullptr, site);
    secret = secret || has_secret(type);
    if (is_silent(type)) {
      continue;
    }
    if (type->optional || type->base == TypeBase::null) {
      report_missing(part.expression->span, types_.text(), type, "what stands in a text");
    } else if (!has_text(type)) {
      report_misfit(*part.expression, types_.basic(TypeBase::scalar), type,
                    "what stands in a text");
    }
  }
  return spread_secret(types_.text(), secret);
}

TypeId Checker::boolean_condition(const ast::Expression& expression, const Site& site,
                                  std::string_view what) {
  const TypeId type = infer(expression, types_.boolean(), site);
  if (fit(types_.secret(types_.boolean()), type) == Fit::yes) {
    return type;
  }
  if (type->optional && type->base == TypeBase::boolean) {
    report_missing(expression.span, types_.boolean(), type,
                   fmt::format("the condition of {}", what));
  } else {
    report_misfit(expression, types_.boolean(), type, fmt::format("the condition of {}", what));
  }
  return types_.error();
}

TypeId Checker::infer_conditional(const ast::Expression& expression, const ast::Conditional& node,
                                  TypeId expected, const Site& site) {
  const TypeId condition = boolean_condition(*node.condition, site, "an `if`");
  const std::size_t before = facts_.size();
  add_facts(*node.condition, true, facts_);
  const TypeId then = infer(*node.then, expected, narrowed(site, *node.condition, true));
  facts_.resize(before);
  add_facts(*node.condition, false, facts_);
  const TypeId otherwise = infer(*node.otherwise, expected != nullptr ? expected : then,
                                 narrowed(site, *node.condition, false));
  facts_.resize(before);
  const TypeId result = types_.common(then, otherwise);
  if (result == nullptr) {
    auto& diagnostic = error("E0304", expression.span,
                             fmt::format("the arms of this `if` are {} and {}", type_phrase(then),
                                         type_phrase(otherwise)));
    diagnostic.label = "both have to be of one type";
    return types_.error();
  }
  return spread_secret(result, has_secret(condition));
}

TypeId Checker::coerce_conditional(const ast::Conditional& node, TypeId expected, const Site& site,
                                   std::string_view what) {
  const TypeId condition = boolean_condition(*node.condition, site, "an `if`");
  const std::size_t before = facts_.size();
  add_facts(*node.condition, true, facts_);
  const TypeId then = coerce(*node.then, expected, narrowed(site, *node.condition, true), what);
  facts_.resize(before);
  add_facts(*node.condition, false, facts_);
  const TypeId otherwise =
      coerce(*node.otherwise, expected, narrowed(site, *node.condition, false), what);
  facts_.resize(before);
  if (has_secret(condition) && fit(expected, types_.secret(types_.text())) == Fit::secret) {
    report_secret(node.condition->span, what);
    return types_.error();
  }
  const TypeId result = types_.common(then, otherwise);
  return result == nullptr ? expected : spread_secret(result, has_secret(condition));
}

TypeId Checker::infer_list(const ast::ListLiteral& node, TypeId expected, const Site& site) {
  const TypeId wanted = element_expected(expected);
  TypeId common = nullptr;
  for (const auto& element : node.elements) {
    TypeId type = infer(*element.value, element.spread ? expected : wanted, site);
    if (element.spread && type->base == TypeBase::list && !type->optional) {
      type = type->element;
    } else if (element.spread && !is_silent(type)) {
      report_misfit(*element.value, types_.list(types_.any()), type, "what is spread into a list");
      type = types_.error();
    }
    const TypeId both = common == nullptr ? type : types_.common(common, type);
    if (both == nullptr) {
      error("E0304", element.value->span,
            fmt::format("the elements of this list are {} and {}", type_phrase(common),
                        type_phrase(type)))
          .label = "all have to be of one type";
      return types_.error();
    }
    common = both;
  }
  if (common == nullptr) {
    return wanted != nullptr ? types_.list(wanted) : types_.list(types_.any());
  }
  return common->base == TypeBase::error ? common : types_.list(common);
}

TypeId Checker::coerce_list(const ast::ListLiteral& node, TypeId expected, const Site& site,
                            std::string_view what) {
  const bool references = expected->element->base == TypeBase::resource;
  bool fine = true;
  for (const auto& element : node.elements) {
    if (element.spread) {
      fine = coerce(*element.value, expected, site, what)->base != TypeBase::error && fine;
      continue;
    }
    // All rounds of a `for` may be named at once.
    if (references) {
      const TypeId type = infer(*element.value, expected->element, site);
      TypeId one = types_.required(type);
      while (one->base == TypeBase::map) {
        one = types_.required(one->element);
      }
      fine = require_fit(*element.value, expected->element, one, site, what) && fine;
      continue;
    }
    fine = coerce(*element.value, expected->element, site, what)->base != TypeBase::error && fine;
  }
  return fine ? expected : types_.error();
}

// The type of what a source gives out one by one; `key` gets the type of the first of two names.
TypeId Checker::element_of(const ast::Expression& source, TypeId type, bool two_names,
                           TypeId& key) {
  key = types_.text();
  if (is_silent(type)) {
    key = types_.any();
    return type;
  }
  if (type->optional || type->base == TypeBase::null) {
    report_missing(source.span, types_.list(types_.any()), type, "the source of a `for`");
    return types_.error();
  }
  if (type->secret) {
    report_secret(source.span, "the source of a `for`");
    return types_.error();
  }
  if (type->base == TypeBase::list) {
    key = types_.integer();
    return type->element;
  }
  if (type->base != TypeBase::map && type->base != TypeBase::record) {
    error("E0303", source.span,
          fmt::format("a `for` goes over a list or a map, and this is {}", type_phrase(type)));
    return types_.error();
  }
  if (!two_names) {
    error("E0303", source.span, "a `for` over a map takes two names")
        .help.push_back("write `for key, value in …`");
    return types_.error();
  }
  if (type->base == TypeBase::map) {
    return type->element;
  }
  TypeId common = nullptr;
  for (const auto& field : type->fields) {
    common = common == nullptr ? field.type : types_.common(common, field.type);
    if (common == nullptr) {
      return types_.any();
    }
  }
  return common == nullptr ? types_.any() : common;
}

TypeId Checker::text_key(const ast::Expression& expression, const Site& site,
                         std::string_view what) {
  const TypeId type = infer(expression, types_.text(), site);
  require_fit(expression, types_.basic(TypeBase::scalar), type, site, what);
  return type;
}

TypeId Checker::infer_comprehension(const ast::Comprehension& node, TypeId expected,
                                    const Site& site) {
  const TypeId source = infer(*node.source, nullptr, site);
  TypeId key = nullptr;
  const TypeId element = element_of(*node.source, source, node.first.has_value(), key);
  const std::size_t locals = locals_.size();
  const std::size_t facts = facts_.size();
  const auto enter = [&](const ast::Name& name, TypeId type) {
    if (is_value_name(name.text, site)) {
      error("E0203", name.span, fmt::format("`{}` would hide another `{}`", name.text, name.text))
          .help.push_back("give it another name");
    }
    locals_.push_back({name.text, type, name.span});
    statics_.enter_local(name.text);
  };
  if (node.first) {
    enter(*node.first, key);
  }
  enter(node.second, element);
  Site inside = site;
  bool secret = false;
  if (node.condition) {
    secret = has_secret(boolean_condition(*node.condition, site, "a `for`"));
    add_facts(*node.condition, true, facts_);
    inside = narrowed(site, *node.condition, true);
    if (secret) {
      report_secret(node.condition->span, "the condition of a `for`");
    }
  }
  const bool map = static_cast<bool>(node.key);
  if (map) {
    text_key(*node.key, inside, "the key of a map");
  }
  const bool fits = expected != nullptr && expected->base == (map ? TypeBase::map : TypeBase::list);
  const TypeId value = infer(*node.value, fits ? expected->element : nullptr, inside);
  facts_.resize(facts);
  while (locals_.size() > locals) {
    locals_.pop_back();
    statics_.leave_local();
  }
  if (value->base == TypeBase::error || source->base == TypeBase::error) {
    return types_.error();
  }
  return map ? types_.map(value) : types_.list(value);
}

TypeId Checker::infer_index(const ast::Expression& expression, const ast::Index& node,
                            const Site& site) {
  const TypeId object = infer(*node.object, nullptr, site);
  if (is_silent(object)) {
    infer(*node.index, nullptr, site);
    return object;
  }
  if (object->base == TypeBase::resource) {
    infer(*node.index, nullptr, site);
    error("E0308", expression.span, fmt::format("this {} has no further key here", object->kind))
        .help.push_back(
            "inside a `for`, its own round's key is filled in; a resource outside every "
            "`for` has none");
    return types_.error();
  }
  if (object->optional) {
    infer(*node.index, nullptr, site);
    report_missing(node.object->span, types_.required(object), object, "what stands before `[`");
    return types_.error();
  }
  if (object->base == TypeBase::list) {
    coerce(*node.index, types_.integer(), site, "the place in a list");
    return object->element;
  }
  if (object->base != TypeBase::map && object->base != TypeBase::record) {
    infer(*node.index, nullptr, site);
    error("E0308", expression.span, fmt::format("{} has no elements", type_phrase(object)));
    return types_.error();
  }
  text_key(*node.index, site, "the key of a map");
  if (object->base == TypeBase::map) {
    return object->element;
  }
  const auto* literal = node.index->as<ast::Literal>();
  if (literal == nullptr) {
    TypeId ignored = nullptr;
    return element_of(*node.object, object, true, ignored);
  }
  return member_of(object, {literal->value.text(), node.index->span}, site);
}

// A literal in braces of which nothing is expected: a record, or a map where a key is computed.
TypeId Checker::infer_body(const ast::Body& body, TypeId expected, const Site& site) {
  refuse_duplicates(body);
  const TypeId wanted =
      expected != nullptr && expected->base == TypeBase::map ? expected->element : nullptr;
  std::vector<TypeField> fields;
  bool fixed = true;
  TypeId common = nullptr;
  const auto add = [&](const std::string& name, TypeId type) {
    common = common == nullptr ? type : types_.common(common, type);
    common = common == nullptr ? types_.any() : common;
    const auto same = [&](const TypeField& field) { return field.name == name; };
    const auto known =
        fields.size() > 64 ? fields.end() : std::find_if(fields.begin(), fields.end(), same);
    if (known != fields.end()) {
      known->type = type;
    } else {
      fields.push_back({name, type, true});
    }
  };
  for (const auto& item : body.items) {
    if (item.kind == ast::Item::Kind::spread) {
      const TypeId type = infer(*item.value, expected, site);
      if (type->optional) {
        report_missing(item.value->span, types_.required(type), type, "what is spread");
      } else if (type->base == TypeBase::record) {
        for (const auto& field : type->fields) {
          add(field.name, field.type);
        }
      } else if (type->base == TypeBase::map || is_silent(type)) {
        fixed = false;
        add("", type->base == TypeBase::map ? type->element : type);
      } else {
        report_misfit(*item.value, types_.map(types_.any()), type, "what is spread into a map");
      }
      continue;
    }
    if (item.key.expression) {
      text_key(*item.key.expression, site, "the key of a map");
      fixed = false;
    }
    const TypeId type = infer(*item.value, wanted, site);
    add(item.key.text, item.label ? types_.map(type) : type);
  }
  if (fixed) {
    return types_.record(std::move(fields));
  }
  return types_.map(common == nullptr || common->base == TypeBase::error ? types_.any() : common);
}

}  // namespace infra
