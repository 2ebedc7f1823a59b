// Lets, params, the sources of `for` and the conditions of `if`: in the order in which they rest on
// each other, without recursion, so that no chain of lets is too long.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compiler/checker.h"

namespace infra {
namespace {

// Calls `visit` for the direct parts of an expression.
template <class Visit>
void for_each_part(const ast::Expression& expression, const Visit& visit) {
  const auto part = [&](const ast::Box<ast::Expression>& box) {
    if (box) {
      visit(*box);
    }
  };
  if (const auto* text = expression.as<ast::Template>()) {
    for (const auto& piece : text->parts) {
      part(piece.expression);
    }
  } else if (const auto* unary = expression.as<ast::Unary>()) {
    part(unary->operand);
  } else if (const auto* binary = expression.as<ast::Binary>()) {
    part(binary->left);
    part(binary->right);
  } else if (const auto* conditional = expression.as<ast::Conditional>()) {
    part(conditional->condition);
    part(conditional->then);
    part(conditional->otherwise);
  } else if (const auto* member = expression.as<ast::Member>()) {
    part(member->object);
  } else if (const auto* index = expression.as<ast::Index>()) {
    part(index->object);
    part(index->index);
  } else if (const auto* call = expression.as<ast::Call>()) {
    if (call->callee->as<ast::Member>() != nullptr) {
      part(call->callee);
    }
    for (const auto& argument : call->arguments) {
      part(argument.value);
    }
  } else if (const auto* list = expression.as<ast::ListLiteral>()) {
    for (const auto& element : list->elements) {
      part(element.value);
    }
  } else if (const auto* loop = expression.as<ast::Comprehension>()) {
    part(loop->source);
    part(loop->condition);
    part(loop->key);
    part(loop->value);
  } else if (const auto* body = expression.as<ast::Body>()) {
    for (const auto& item : body->items) {
      part(item.key.expression);
      part(item.value);
    }
  }
}

}  // namespace

const void* Checker::ValueNode::key() const {
  return let != nullptr    ? static_cast<const void*>(let)
         : loop != nullptr ? static_cast<const void*>(loop)
                           : static_cast<const void*>(parameter);
}

const ast::Name& Checker::ValueNode::name() const {
  return let != nullptr ? let->name : loop != nullptr ? loop->second : parameter->name;
}

void Checker::add_name(std::string_view name, ScopeId scope, std::vector<ValueNode>& found) const {
  const NameMeaning meaning = find_name(module_, scope, name);
  if (meaning.let != nullptr) {
    found.push_back({meaning.let, nullptr, nullptr, meaning.let_scope});
  } else if (meaning.loop != nullptr) {
    ScopeId inside = scope;
    while (module_.scopes[inside].loop != meaning.loop) {
      inside = module_.scopes[inside].parent;
    }
    found.push_back({nullptr, meaning.loop, nullptr, module_.scopes[inside].parent});
  } else if (meaning.parameter != nullptr) {
    found.push_back({nullptr, nullptr, meaning.parameter, 0});
  }
}

void Checker::collect_names(const ast::Expression& expression, ScopeId scope,
                            std::vector<ValueNode>& found) const {
  if (const auto* name = expression.as<ast::NameExpression>()) {
    add_name(name->name, scope, found);
    return;
  }
  for_each_part(expression,
                [&](const ast::Expression& part) { collect_names(part, scope, found); });
}

void Checker::report_cycle(const std::vector<ValueNode>& path, const ValueNode& again) {
  auto start = std::find_if(path.begin(), path.end(),
                            [&](const ValueNode& node) { return node.key() == again.key(); });
  std::string text;
  auto& diagnostic = error("E0601", again.name().span, "");
  for (; start != path.end(); ++start) {
    text += "`" + start->name().text + "` → ";
    if (start->key() != again.key()) {
      diagnostic.related.push_back({start->name().span, "by way of this"});
    }
  }
  diagnostic.message =
      "values rest on each other in a circle: " + text + "`" + again.name().text + "`";
  diagnostic.help.push_back("give one of them a value that does not use the others");
}

// Depth first with a stack of its own; a value is typed after all that it rests on.
void Checker::visit_value(const ValueNode& start) {
  struct Frame {
    std::vector<ValueNode> parts;
    std::size_t next = 0;
  };
  const auto parts_of = [&](const ValueNode& node) {
    std::vector<ValueNode> parts;
    if (node.let != nullptr) {
      collect_names(node.let->value, node.scope, parts);
    } else if (node.loop != nullptr) {
      collect_names(node.loop->source, node.scope, parts);
    } else if (node.parameter->otherwise) {
      collect_names(*node.parameter->otherwise, node.scope, parts);
    }
    return parts;
  };
  if (!visited_.emplace(start.key(), false).second) {
    return;
  }
  std::vector<ValueNode> path{start};
  std::vector<Frame> frames{{parts_of(start), 0}};
  while (!path.empty()) {
    Frame& frame = frames.back();
    if (frame.next == frame.parts.size()) {
      check_value_node(path.back());
      visited_[path.back().key()] = true;
      path.pop_back();
      frames.pop_back();
      continue;
    }
    const ValueNode part = frame.parts[frame.next++];
    const auto [known, fresh] = visited_.emplace(part.key(), false);
    if (fresh) {
      path.push_back(part);
      frames.push_back({parts_of(part), 0});
    } else if (!known->second) {
      report_cycle(path, part);
      known->second = true;  // said once; what follows is silent
      if (part.let != nullptr) {
        lets_[part.let].type = types_.error();
      }
    }
  }
}

void Checker::check_values() {
  for (const auto& [name, parameter] : module_.parameters) {
    parameters_[parameter] = written_type(parameter->type);
  }
  for (const auto& [name, parameter] : module_.parameters) {
    visit_value({nullptr, nullptr, parameter, 0});
  }
  for (ScopeId id = 0; id < module_.scopes.size(); ++id) {
    const Scope& scope = module_.scopes[id];
    if (scope.loop != nullptr) {
      visit_value({nullptr, scope.loop, nullptr, scope.parent});
    }
    for (const auto& [name, let] : scope.lets) {
      visit_value({let, nullptr, nullptr, id});
    }
    if (scope.condition != nullptr && scope.then) {
      check_condition(*scope.condition, scope.parent);
    }
  }
}

void Checker::check_value_node(const ValueNode& node) {
  const auto outer = std::exchange(rests_, on_nothing);
  if (node.let != nullptr) {
    check_let(*node.let, node.scope);
  } else if (node.loop != nullptr) {
    check_loop(*node.loop, node.scope);
  } else {
    check_parameter(*node.parameter);
  }
  rests_ = outer;
}

void Checker::check_let(const ast::Let& let, ScopeId scope) {
  const TypeId type = infer(let.value, nullptr, site_of(scope, Purpose::general));
  ValueInfo& info = lets_[&let];
  if (info.type == nullptr) {  // it is set already where a cycle was reported
    info.type = type->base == TypeBase::null ? types_.optional(types_.any()) : type;
  }
  info.rests = rests_;
}

// What decides existence has to be known before anything exists, and on every machine alike.
void Checker::refuse_late(const Span& span, std::string_view what, std::uint8_t refused) {
  const std::uint8_t late = rests_ & refused;
  if (late == 0) {
    return;
  }
  std::size_t bit = 0;
  while (((late >> bit) & 1) == 0) {
    ++bit;
  }
  static constexpr std::array<std::string_view, 5> reasons{
      "a resource, whose values are known only when all is said about which resources there are",
      "a secret, which not every machine holds", "env(), which not every machine answers alike",
      "now(), which changes with every plan", "a param"};
  auto& diagnostic = error("E0604", rest_spans_[bit].end > 0 ? rest_spans_[bit] : span,
                           fmt::format("{} cannot depend on {}", what, reasons[bit]));
  diagnostic.help.push_back(
      bit == 4 ? "use `environment` alone"
               : "use params, lets, `environment`, `stack.name`, enclosing `for` variables, files "
                 "and functions of these");
}

void Checker::rest_on(Rests what, const Span& span) {
  if ((rests_ & what) == 0) {
    std::size_t bit = 0;
    while (((what >> bit) & 1) == 0) {
      ++bit;
    }
    rest_spans_[bit] = span;
  }
  rests_ = static_cast<std::uint8_t>(rests_ | what);
}

void Checker::check_condition(const ast::If& node, ScopeId outside) {
  const auto outer = std::exchange(rests_, on_nothing);
  const TypeId type =
      boolean_condition(node.condition, site_of(outside, Purpose::general), "an `if`");
  if (type->base != TypeBase::error) {
    refuse_late(node.condition.span, "an `if` around statements",
                on_resource | on_secret | on_source | on_time);
  }
  rests_ = outer;
}

void Checker::check_loop(const ast::For& loop, ScopeId outside) {
  const Site site = site_of(outside, Purpose::general);
  TypeId type = infer(loop.source, nullptr, site);
  const TypeId plain = types_.required(type);
  const bool is_map = plain->base == TypeBase::map || plain->base == TypeBase::record;
  ValueInfo& info = loops_[&loop];
  info.rests = rests_;
  info.type = types_.error();
  const auto late = on_resource | on_secret | on_source | on_time;
  if ((rests_ & late) != 0) {
    refuse_late(loop.source.span, "a `for` around statements", late);
  } else if (type->optional) {
    report_missing(loop.source.span, plain, type, "the source of a `for`");
  } else if (plain->base == TypeBase::any) {
    info.type = types_.any();
  } else if (is_map && !loop.first) {
    error("E0602", loop.second.span, "a `for` over a map takes two names")
        .help.push_back(fmt::format("write `for key, {} in …`", loop.second.text));
  } else if (plain->base == TypeBase::list && loop.first) {
    auto& diagnostic = error(
        "E0602", loop.first->span,
        "a `for` around statements goes over a list without positions: they are no identities");
    diagnostic.help.push_back(
        fmt::format("write `for {} in …`; each element is its own key", loop.second.text));
    diagnostic.help.push_back("or give every round a name: `for name, value in { a = …, b = … }`");
  } else if (plain->base == TypeBase::list && !is_text(plain->element) &&
             !is_silent(plain->element)) {
    error("E0602", loop.source.span,
          fmt::format("a `for` around statements goes over distinct strings, and these are {}",
                      type_text(plain->element)))
        .help.push_back("use a map, whose keys name the rounds: `for name, value in { … }`");
  } else if (plain->base != TypeBase::error && plain->base != TypeBase::list && !is_map) {
    error("E0602", loop.source.span,
          fmt::format("a `for` goes over a list or a map, and this is {}", type_phrase(type)));
  } else {
    info.type = plain;
    refuse_repeated_keys(loop);
  }
}

void Checker::refuse_repeated_keys(const ast::For& loop) {
  const auto* list = loop.source.as<ast::ListLiteral>();
  if (list == nullptr) {
    return;
  }
  std::unordered_map<std::string_view, Span> seen;
  for (const auto& element : list->elements) {
    const auto* literal = element.value->as<ast::Literal>();
    if (element.spread || literal == nullptr) {
      continue;
    }
    const auto [first, fresh] = seen.emplace(literal->value.text(), element.value->span);
    if (!fresh) {
      error("E0602", element.value->span,
            fmt::format("two rounds of this `for` would have the key \"{}\"", first->first))
          .related.push_back({first->second, "the first one"});
    }
  }
}

void Checker::check_parameter(const ast::Parameter& parameter) {
  const TypeId type = parameters_[&parameter];
  Site site = site_of(0, Purpose::before_resources);
  if (parameter.otherwise) {
    coerce(*parameter.otherwise, type, site, parameter.name.text);
    refuse_late(parameter.otherwise->span, "the default of a param", on_resource | on_secret);
  }
  for (const auto& validation : parameter.validations) {
    rests_ = on_nothing;
    // Its own value may be asked for, and is there.
    boolean_condition(validation.condition, site, "the check of a param");
    refuse_late(validation.condition.span, "the check of a param", on_resource);
    coerce(validation.message, types_.text(), site, "the message of a check");
  }
  const Site settings = site_of(0, Purpose::before_resources);
  check_shape(parameter.settings, {{"description", types_.optional(types_.text()), false}},
              parameter.name.span, settings, "a param");
}

// --- types as they are written

TypeId Checker::named_type(const ast::TypeExpression& type) {
  static constexpr std::pair<std::string_view, TypeBase> plain[] = {
      {"string", TypeBase::text},  {"int", TypeBase::integer},       {"float", TypeBase::number},
      {"bool", TypeBase::boolean}, {"duration", TypeBase::duration}, {"size", TypeBase::size},
      {"url", TypeBase::url},      {"cron", TypeBase::cron},         {"any", TypeBase::any},
  };
  const std::string& name = type.name->text;
  const bool takes_one = name == "list" || name == "map" || name == "secret";
  if (takes_one && type.arguments.size() != 1) {
    error("E0319", type.span, fmt::format("`{}` says of what: `{}<string>`", name, name));
    return types_.error();
  }
  if (!takes_one && !type.arguments.empty()) {
    error("E0319", type.span, fmt::format("`{}` takes no type in `<>`", name));
    return types_.error();
  }
  if (takes_one) {
    const TypeId part = written_type(type.arguments.front());
    return name == "list"  ? types_.list(part)
           : name == "map" ? types_.map(part)
                           : types_.secret(part);
  }
  std::vector<std::string> names{"list", "map", "secret"};
  for (const auto& [word, base] : plain) {
    if (word == name) {
      return types_.basic(base);
    }
    names.emplace_back(word);
  }
  if (is_resource_kind(name)) {
    error("E0319", type.span, fmt::format("a param of a stack cannot be a {}", name))
        .help.push_back("only a component takes resources; here, refer to the resource itself");
    return types_.error();
  }
  auto& diagnostic = error("E0319", type.span, fmt::format("there is no type `{}`", name));
  static const std::map<std::string_view, std::string_view> foreign{
      {"str", "string"},   {"text", "string"},  {"number", "float"},    {"integer", "int"},
      {"double", "float"}, {"boolean", "bool"}, {"object", "map<any>"}, {"array", "list<string>"}};
  if (const auto known = foreign.find(name); known != foreign.end()) {
    diagnostic.help.push_back(fmt::format("did you mean `{}`?", known->second));
  } else {
    suggest(diagnostic, name, names);
  }
  return types_.error();
}

TypeId Checker::written_type(const ast::TypeExpression& type) {
  TypeId made = types_.error();
  if (type.record) {
    std::vector<TypeField> fields;
    for (const auto& field : type.fields) {
      const TypeId part = written_type(*field.type);
      const bool twice = std::any_of(fields.begin(), fields.end(), [&](const TypeField& other) {
        return other.name == field.name.text;
      });
      if (twice) {
        error("E0201", field.name.span,
              fmt::format("the field `{}` stands twice", field.name.text));
        continue;
      }
      fields.push_back({field.name.text, part, !part->optional});
    }
    made = types_.record(std::move(fields));
  } else if (!type.words.empty()) {
    std::vector<std::string> words;
    for (const auto& word : type.words) {
      if (std::find(words.begin(), words.end(), word.text) != words.end()) {
        error("E0201", word.span, fmt::format("the word \"{}\" stands twice", word.text));
        continue;
      }
      words.push_back(word.text);
    }
    made = types_.enumeration(std::move(words));
  } else if (type.name) {
    made = named_type(type);
  }
  return type.optional ? types_.optional(made) : made;
}

}  // namespace infra
