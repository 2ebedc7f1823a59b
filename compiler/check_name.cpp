// Names, resources, and what stands behind a point.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compiler/checker.h"

namespace infra {
namespace {

// The enumeration that a place expects, or nullptr.
const StaticType* expected_words(TypeId expected) {
  if (expected == nullptr) {
    return nullptr;
  }
  if (expected->base == TypeBase::enumeration) {
    return expected;
  }
  for (const TypeId alternative : expected->alternatives) {
    if (alternative->base == TypeBase::enumeration) {
      return alternative;
    }
  }
  return nullptr;
}

bool has_word(const StaticType& type, std::string_view word) {
  return std::find(type.words.begin(), type.words.end(), word) != type.words.end();
}

}  // namespace

const ProviderSchema* Checker::schema(std::string_view driver) const {
  const auto found = schemas_.find(driver);
  return found == schemas_.end() ? nullptr : found->second;
}

bool Checker::is_driver(std::string_view name) const {
  return driver_names_.contains(name);
}

std::vector<std::string> Checker::provider_names() const {
  std::vector<std::string> names;
  for (const auto& [alias, block] : module_.providers) {
    names.push_back(alias);
  }
  names.insert(names.end(), driver_names_.begin(), driver_names_.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool Checker::check_provider(const ast::Name& name) {
  if (module_.providers.contains(name.text) || schemas_.contains(name.text)) {
    return true;
  }
  const bool aliased = std::any_of(module_.drivers.begin(), module_.drivers.end(),
                                   [&](const auto& entry) { return entry.second == name.text; });
  if (is_driver(name.text) && !aliased) {
    return true;
  }
  auto& diagnostic = error("E0206", name.span, fmt::format("there is no provider `{}`", name.text));
  suggest(diagnostic, name.text, provider_names());
  diagnostic.help.push_back(fmt::format("or declare it: provider {} {{ … }}", name.text));
  return false;
}

ResourceInfo* Checker::find_resource(std::string_view kind, std::string_view name) {
  const auto names = by_kind_.find(kind);
  if (names == by_kind_.end()) {
    return nullptr;
  }
  const auto found = names->second.find(name);
  return found == names->second.end() ? nullptr : found->second;
}

// --- names

bool Checker::is_value_name(std::string_view name, const Site& site) const {
  const auto same = [&](const Local& local) { return local.name == name; };
  return std::any_of(locals_.begin(), locals_.end(), same) ||
         find_name(module_, site.scope, name).found() || name == "environment" || name == "stack" ||
         name == "provider" || is_resource_kind(name) || aliases_.contains(name);
}

// The type of a value that a name means; nullptr when it means none.
TypeId Checker::value_of_name(std::string_view name, const Span& span, const Site& site) {
  for (auto local = locals_.rbegin(); local != locals_.rend(); ++local) {
    if (local->name == name) {
      return local->type;
    }
  }
  const NameMeaning meaning = find_name(module_, site.scope, name);
  if (meaning.let != nullptr) {
    const auto known = lets_.find(meaning.let);
    if (known == lets_.end() || known->second.type == nullptr) {
      return types_.error();
    }
    for (const Rests bit : {on_resource, on_secret, on_source, on_time, on_parameter}) {
      if ((known->second.rests & bit) != 0) {
        rest_on(bit, span);
      }
    }
    return known->second.type;
  }
  if (meaning.loop != nullptr) {
    const auto known = loops_.find(meaning.loop);
    const TypeId source = known == loops_.end() ? types_.error() : known->second.type;
    if (meaning.loop_first) {
      return is_silent(source) ? source : types_.text();
    }
    TypeId ignored = nullptr;
    return is_silent(source)
               ? source
               : element_of(meaning.loop->source, source, meaning.loop->first.has_value(), ignored);
  }
  if (meaning.parameter != nullptr) {
    const TypeId type = parameters_[meaning.parameter];
    rest_on(on_parameter, span);
    if (has_secret(type)) {
      rest_on(on_secret, span);
    }
    return type;
  }
  if (name == "environment") {
    return environment_type_;
  }
  if (name == "stack") {
    return types_.basic(TypeBase::stack);
  }
  return aliases_.contains(name) ? types_.error() : nullptr;
}

TypeId Checker::infer_name(const ast::Expression& expression, const ast::NameExpression& node,
                           TypeId expected, const Site& site) {
  const StaticType* words = expression.parenthesised ? nullptr : expected_words(expected);
  TypeId type = value_of_name(node.name, expression.span, site);
  if (words != nullptr && has_word(*words, node.name)) {
    if (type != nullptr && type->base != TypeBase::error) {
      auto& diagnostic =
          error("E0213", expression.span,
                fmt::format("`{}` is a word that may stand here, and a name as well", node.name));
      diagnostic.help.push_back(fmt::format("write \"{}\" for the word", node.name));
      diagnostic.help.push_back(fmt::format("write ({}) for the value of that name", node.name));
      return types_.error();
    }
    expression.mark = ast::Expression::Mark::bare_word;
    return types_.text();
  }
  if (type == nullptr) {
    if (site.lenient && !expression.parenthesised && !is_resource_kind(node.name)) {
      expression.mark = ast::Expression::Mark::bare_word;
      return types_.text();
    }
    report_unknown_name(expression, node.name, expected, site);
    return types_.error();
  }
  if (type->optional && known_present(expression, site)) {
    return types_.required(type);
  }
  return type;
}

void Checker::report_unknown_name(const ast::Expression& expression, std::string_view name,
                                  TypeId expected, const Site& site) {
  if (const StaticType* words = expected_words(expected);
      words != nullptr && !expression.parenthesised) {
    report_word(expression.span, name, words, coerced_);
    return;
  }
  if (is_resource_kind(name)) {
    error("E0202", expression.span, fmt::format("`{}` alone names no resource", name))
        .help.push_back(fmt::format("write `{}.NAME`", name));
    return;
  }
  auto& diagnostic = error("E0202", expression.span, fmt::format("there is no value `{}`", name));
  // `replicas-1` is one name; where its beginning is one, a subtraction was meant.
  for (std::size_t dash = name.find('-'); dash != std::string_view::npos;
       dash = name.find('-', dash + 1)) {
    if (is_value_name(name.substr(0, dash), site)) {
      diagnostic.help.push_back(
          fmt::format("a dash belongs to a name; to subtract, write `{} - {}`",
                      name.substr(0, dash), name.substr(dash + 1)));
      return;
    }
  }
  if (suggestions_left_ == 0) {
    return;
  }
  std::vector<std::string> candidates{"environment", "stack"};
  for (const auto& local : locals_) {
    candidates.emplace_back(local.name);
  }
  for (ScopeId id = site.scope;; id = module_.scopes[id].parent) {
    const Scope& scope = module_.scopes[id];
    for (const auto& [let, statement] : scope.lets) {
      candidates.push_back(let);
    }
    if (scope.loop != nullptr) {
      candidates.push_back(scope.loop->second.text);
    }
    if (id == 0) {
      break;
    }
  }
  for (const auto& [parameter, statement] : module_.parameters) {
    candidates.push_back(parameter);
  }
  suggest(diagnostic, name, candidates);
  if (diagnostic.help.empty()) {
    for (const auto& [kind, names] : by_kind_) {
      if (names.contains(name)) {
        diagnostic.help.push_back(fmt::format("did you mean `{}.{}`?", kind, name));
      }
    }
  }
  if (diagnostic.help.empty()) {
    diagnostic.help.push_back(fmt::format("a text stands in quotes: \"{}\"", name));
  }
}

// --- resources

// Said once for each address: a declaration that is missing is one mistake, however often it is
// referred to.
void Checker::report_unknown_resource(std::string_view kind, const ast::Name& name) {
  if (!unknown_resources_.insert(fmt::format("{}.{}", kind, name.text)).second) {
    return;
  }
  auto& diagnostic = error("E0207", name.span, fmt::format("there is no {} `{}`", kind, name.text));
  if (suggestions_left_ == 0) {
    return;
  }
  std::vector<std::string> candidates;
  for (const auto& [other, info] : by_kind_[resource_kind(kind)]) {
    candidates.emplace_back(other);
  }
  suggest(diagnostic, name.text, candidates);
  if (diagnostic.help.empty()) {
    for (const auto& [other, names] : by_kind_) {
      if (names.contains(name.text)) {
        diagnostic.help.push_back(fmt::format("there is a `{}.{}`", other, name.text));
      }
    }
  }
}

TypeId Checker::infer_resource(const ast::Expression& expression, std::string_view kind,
                               const ast::Name& name, const Site& site) {
  const ResourceInfo* info = find_resource(kind, name.text);
  if (info == nullptr) {
    report_unknown_resource(kind, name);
    return types_.error();
  }
  if (site.purpose == Purpose::before_resources) {
    auto& diagnostic =
        error("E0604", expression.span,
              fmt::format("`{}.{}` is not known yet at this place", kind, name.text));
    diagnostic.help.push_back(
        "params, providers and environments are settled before any resource "
        "exists; use a param or env(…)");
    return types_.error();
  }
  rest_on(kind == "secret" ? on_secret : on_resource, expression.span);
  const EnvironmentSet there = covered(*info, site);
  TypeId type = info->type;
  if (!(info->absent & site.environments).empty()) {
    type = types_.optional(type);
  }
  std::size_t open = info->loops.size();
  for (ScopeId id = site.scope; id != 0 && open > 0; id = module_.scopes[id].parent) {
    const auto* loop = module_.scopes[id].loop;
    if (loop != nullptr &&
        std::find(info->loops.begin(), info->loops.end(), loop) != info->loops.end()) {
      --open;
    }
  }
  for (; open > 0; --open) {
    type = types_.map(type);
  }
  if (!there.covers(site.environments)) {
    type = types_.optional(type);
  }
  return type->optional && known_present(expression, site) ? types_.required(type) : type;
}

// True when every declaration writes the attribute as a fixed key.
bool Checker::writes(const ResourceInfo& info, std::string_view attribute) const {
  return std::all_of(
      info.declarations->begin(), info.declarations->end(), [&](const DeclaredResource& declared) {
        const ast::Body& body = declared.declaration->body;
        return find_item(body, attribute) != nullptr ||
               std::any_of(body.items.begin(), body.items.end(), [&](const ast::Item& item) {
                 return item.label && item.key.text == attribute;
               });
      });
}

TypeId Checker::infer_member(const ast::Expression& expression, const ast::Member& node,
                             const Site& site) {
  if (const auto* root = node.object->as<ast::NameExpression>();
      root != nullptr && is_resource_kind(root->name)) {
    return infer_resource(expression, root->name, node.name, site);
  }
  const TypeId object = infer(*node.object, nullptr, site);
  const TypeId type = member_of(object, node.name, site);
  return type->optional && known_present(expression, site) ? types_.required(type) : type;
}

TypeId Checker::member_of(TypeId object, const ast::Name& name, const Site& site) {
  if (is_silent(object)) {
    return object;
  }
  if (object->base == TypeBase::resource || object->base == TypeBase::view) {
    const TypeId type = object->base == TypeBase::view ? member_of_view(object, name, site)
                                                       : member_of_resource(object, name, site);
    return object->optional ? types_.optional(type) : type;
  }
  if (object->optional || object->base == TypeBase::null) {
    report_missing(name.span, types_.required(object), object,
                   fmt::format("what stands before `.{}`", name.text));
    return types_.error();
  }
  if (object->base == TypeBase::map && object->element->base == TypeBase::resource) {
    auto& diagnostic =
        error("E0308", name.span,
              fmt::format("from here this is a map of all rounds, which has no `{}`", name.text));
    diagnostic.help.push_back(fmt::format("write the key of one round: `[\"…\"].{}`", name.text));
    diagnostic.help.push_back(
        fmt::format("or take all: `{{for key, one in …: key => one.{}}}`", name.text));
    return types_.error();
  }
  if (object->base == TypeBase::map) {
    return object->element;
  }
  if (object->base == TypeBase::stack && name.text == "name") {
    return types_.text();
  }
  if (const TypeField* field = object->field(name.text)) {
    return field->type;
  }
  auto& diagnostic =
      error("E0308", name.span, fmt::format("{} has no `{}`", type_phrase(object), name.text));
  std::vector<std::string> names;
  for (const auto& field : object->fields) {
    names.push_back(field.name);
  }
  suggest(diagnostic, name.text, names);
  if (object->base == TypeBase::text && object->secret) {
    diagnostic.help.push_back("a secret is its value: write `secret.NAME` alone");
  }
  return types_.error();
}

TypeId Checker::member_of_resource(TypeId object, const ast::Name& name, const Site& site) {
  const auto* info = static_cast<const ResourceInfo*>(object->resource);
  if (object->kind == "resource") {
    const ast::Declaration* declaration =
        info == nullptr ? nullptr : info->declarations->front().declaration;
    if (declaration == nullptr || !declaration->provider || !declaration->type) {
      return types_.any();
    }
    const std::string_view driver = driver_of(module_, declaration->provider->text);
    const ProviderSchema* provider = schema(driver);
    const TypeSchema* type =
        provider == nullptr
            ? nullptr
            : find_type(*provider, fmt::format("{}.{}", driver, declaration->type->text));
    if (type == nullptr) {
      return types_.any();
    }
    if (const TypeId output = kind_types_.resource_output(*type, name.text)) {
      return output;
    }
    std::vector<std::string> names;
    for (const auto& attribute : type->attributes) {
      names.push_back(attribute.path.substr(1));
    }
    suggest(error("E0308", name.span, fmt::format("`{}` has no `{}`", type->name, name.text)),
            name.text, names);
    return types_.error();
  }
  if (site.purpose == Purpose::policy && (name.text == "provider" || name.text == "kind" ||
                                          name.text == "address" || name.text == "needs")) {
    return name.text == "needs" ? types_.list(types_.text()) : types_.text();
  }
  if (const TypeId output = kind_types_.output(object->kind, name.text)) {
    return output;
  }
  if (const TypeId type = kind_types_.read_attribute(object->kind, name.text)) {
    const bool written = name.text == "name" || site.purpose == Purpose::policy ||
                         (info != nullptr && writes(*info, name.text));
    return written ? type : types_.optional(type);
  }
  if (is_driver(name.text)) {
    return types_.view(object->kind, info, name.text);
  }
  auto& diagnostic =
      error("E0308", name.span, fmt::format("a {} has no `{}`", object->kind, name.text));
  std::vector<std::string> names = kind_types_.outputs(object->kind);
  names.insert(names.end(), driver_names_.begin(), driver_names_.end());
  suggest(diagnostic, name.text, names);
  return types_.error();
}

TypeId Checker::member_of_view(TypeId object, const ast::Name& name, const Site& site) {
  const ProviderSchema* provider = schema(object->driver);
  if (provider == nullptr) {
    return types_.any();
  }
  const TypeId output = kind_types_.driver_output(*provider, object->kind, name.text);
  if (output == nullptr) {
    auto& diagnostic =
        error("E0308", name.span,
              fmt::format("`{}` gives no `{}` of a {}", object->driver, name.text, object->kind));
    suggest(diagnostic, name.text, kind_types_.driver_outputs(*provider, object->kind));
    return types_.error();
  }
  const auto* info = static_cast<const ResourceInfo*>(object->resource);
  EnvironmentSet there;
  EnvironmentSet elsewhere;
  if (info != nullptr) {
    for (const auto& [place, environments] : info->places) {
      auto& set = driver_of(module_, place) == object->driver ? there : elsewhere;
      set = set | environments;
    }
  }
  const bool always = there.without(elsewhere).covers(site.environments);
  return always ? output : types_.optional(output);
}

}  // namespace infra
