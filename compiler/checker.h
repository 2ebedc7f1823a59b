// compiler/checker.h — the state of one checking pass, shared by the files check*.cpp and by nobody
// else. Each file carries out one subject; the order of the pass is in check.cpp.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/schema.h"
#include "compiler/environment_set.h"
#include "compiler/functions.h"
#include "compiler/kind_types.h"
#include "compiler/module.h"
#include "compiler/placement.h"
#include "compiler/types.h"

namespace infra {

// What an expression is part of, where that decides what it may say.
enum class Purpose : std::uint8_t {
  general,
  resource,     // an attribute of a resource
  generator,    // the value of `secret.generate`
  root_output,  // of an `output`
  expectation,  // `expect` of a check
  policy,
  before_resources,  // a param's default, a provider's or environment's setting
};

// Where an expression stands.
struct Site {
  ScopeId scope = 0;
  EnvironmentSet environments;  // in which this place exists
  Purpose purpose = Purpose::general;
  bool lenient = false;  // the body of a platform without a driver: words may mean anything
};

// Something that holds at a place: an enclosing condition, or a part of it.
struct Premise {
  const ast::Expression* expression;
  bool truth;
};

// What the value of an expression rests on, as a set of bits.
enum Rests : std::uint8_t {
  on_nothing = 0,
  on_resource = 1,
  on_secret = 2,
  on_source = 4,  // env()
  on_time = 8,    // now()
  on_parameter = 16,
};

// One address of the stack.
struct ResourceInfo {
  std::string_view address, kind, name;
  const std::vector<DeclaredResource>* declarations = nullptr;
  std::vector<ScopeId> existence;      // scopes in which it exists; arms of one `if` are merged
  std::vector<const ast::For*> loops;  // around it, outermost first
  TypeId type = nullptr;               // without its rounds
  std::vector<std::pair<std::string_view, EnvironmentSet>> places;  // provider -> environments
  EnvironmentSet absent;  // a secret that may be absent there
};

class Checker {
 public:
  Checker(const Module& module, const Sources& sources,
          const std::vector<const ProviderSchema*>& schemas, Diagnostics& diagnostics);
  void run();

 private:
  struct Local {
    std::string_view name;
    TypeId type;
    Span span;
  };
  struct ValueInfo {  // a let or the source of a `for`
    TypeId type = nullptr;
    std::uint8_t rests = on_nothing;
  };
  struct ValueNode {  // what may be part of a cycle of values
    const ast::Let* let = nullptr;
    const ast::For* loop = nullptr;
    const ast::Parameter* parameter = nullptr;
    ScopeId scope = 0;
    [[nodiscard]] const void* key() const;
    [[nodiscard]] const ast::Name& name() const;
  };

  // check.cpp: order of the pass, places and facts
  void prepare_resources();
  void prepare_existence(ResourceInfo& info);
  void prepare_places(ResourceInfo& info);
  void prepare_absence(ResourceInfo& info);
  void refuse_what_is_not_available();
  [[nodiscard]] Site site_of(ScopeId scope, Purpose purpose) const;
  [[nodiscard]] const std::vector<Premise>& scope_facts(ScopeId scope);
  static void add_facts(const ast::Expression& condition, bool truth, std::vector<Premise>& facts);
  [[nodiscard]] bool known_fact(const ast::Expression& condition, bool truth, const Site& site);
  [[nodiscard]] bool known_present(const ast::Expression& path, const Site& site);
  [[nodiscard]] EnvironmentSet covered(const ResourceInfo& info, const Site& site);
  [[nodiscard]] EnvironmentSet where_holds(const ast::Expression& condition, bool truth,
                                           ScopeId written, const Site& site);
  [[nodiscard]] bool encloses(ScopeId outer, ScopeId inner) const;
  [[nodiscard]] Site narrowed(const Site& site, const ast::Expression& condition, bool truth) const;
  [[nodiscard]] std::string environment_names(EnvironmentSet set) const;

  // check_values.cpp: lets, sources of `for`, params, and the order among them
  void check_values();
  void visit_value(const ValueNode& start);
  void collect_names(const ast::Expression& expression, ScopeId scope,
                     std::vector<ValueNode>& found) const;
  void add_name(std::string_view name, ScopeId scope, std::vector<ValueNode>& found) const;
  void report_cycle(const std::vector<ValueNode>& path, const ValueNode& again);
  void check_value_node(const ValueNode& node);
  void check_let(const ast::Let& let, ScopeId scope);
  void check_loop(const ast::For& loop, ScopeId outside);
  void refuse_repeated_keys(const ast::For& loop);
  void check_parameter(const ast::Parameter& parameter);
  void check_condition(const ast::If& node, ScopeId outside);
  void refuse_late(const Span& span, std::string_view what, std::uint8_t refused);
  [[nodiscard]] TypeId written_type(const ast::TypeExpression& type);
  [[nodiscard]] TypeId named_type(const ast::TypeExpression& type);

  // check_expression.cpp: the type of an expression, and whether it fits
  TypeId infer(const ast::Expression& expression, TypeId expected, const Site& site);
  TypeId coerce(const ast::Expression& expression, TypeId expected, const Site& site,
                std::string_view what);
  TypeId infer_template(const ast::Template& node, const Site& site);
  TypeId infer_conditional(const ast::Expression& expression, const ast::Conditional& node,
                           TypeId expected, const Site& site);
  TypeId coerce_conditional(const ast::Conditional& node, TypeId expected, const Site& site,
                            std::string_view what);
  TypeId infer_list(const ast::ListLiteral& node, TypeId expected, const Site& site);
  TypeId coerce_list(const ast::ListLiteral& node, TypeId expected, const Site& site,
                     std::string_view what);
  TypeId infer_comprehension(const ast::Comprehension& node, TypeId expected, const Site& site);
  TypeId element_of(const ast::Expression& source, TypeId type, bool two_names, TypeId& key);
  TypeId infer_body(const ast::Body& body, TypeId expected, const Site& site);
  TypeId infer_index(const ast::Expression& expression, const ast::Index& node, const Site& site);
  TypeId boolean_condition(const ast::Expression& expression, const Site& site,
                           std::string_view what);
  TypeId text_key(const ast::Expression& expression, const Site& site, std::string_view what);

  // check_fit.cpp: what is said when a value does not fit, and texts that are known already
  bool require_fit(const ast::Expression& expression, TypeId expected, TypeId actual,
                   const Site& site, std::string_view what);
  void check_known_text(const ast::Expression& expression, TypeId expected, const Site& site,
                        std::string_view what);
  void report_misfit(const ast::Expression& expression, TypeId expected, TypeId actual,
                     std::string_view what);
  void report_missing(const Span& span, TypeId expected, TypeId actual, std::string_view what);
  void report_secret(const Span& span, std::string_view what);
  void report_word(const Span& span, std::string_view word, TypeId expected, std::string_view what);
  void suggest(Diagnostic& diagnostic, std::string_view word,
               const std::vector<std::string>& candidates);

  // check_name.cpp: names, resources and what stands behind a point
  TypeId infer_name(const ast::Expression& expression, const ast::NameExpression& node,
                    TypeId expected, const Site& site);
  [[nodiscard]] TypeId value_of_name(std::string_view name, const Span& span, const Site& site);
  [[nodiscard]] bool is_value_name(std::string_view name, const Site& site) const;
  void report_unknown_name(const ast::Expression& expression, std::string_view name,
                           TypeId expected, const Site& site);
  TypeId infer_member(const ast::Expression& expression, const ast::Member& node, const Site& site);
  TypeId infer_resource(const ast::Expression& expression, std::string_view kind,
                        const ast::Name& name, const Site& site);
  void report_unknown_resource(std::string_view kind, const ast::Name& name);
  TypeId member_of(TypeId object, const ast::Name& name, const Site& site);
  TypeId member_of_resource(TypeId object, const ast::Name& name, const Site& site);
  TypeId member_of_view(TypeId object, const ast::Name& name, const Site& site);
  [[nodiscard]] bool writes(const ResourceInfo& info, std::string_view attribute) const;
  ResourceInfo* find_resource(std::string_view kind, std::string_view name);
  [[nodiscard]] const ProviderSchema* schema(std::string_view driver) const;
  [[nodiscard]] bool is_driver(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> provider_names() const;
  bool check_provider(const ast::Name& name);

  // check_operator.cpp
  TypeId infer_unary(const ast::Unary& node, const Site& site);
  TypeId infer_binary(const ast::Expression& expression, const ast::Binary& node, TypeId expected,
                      const Site& site);
  TypeId infer_logical(const ast::Binary& node, const Site& site);
  TypeId infer_equality(const ast::Binary& node, const Site& site);
  TypeId infer_in(const ast::Binary& node, const Site& site);
  TypeId infer_coalesce(const ast::Binary& node, TypeId expected, const Site& site);
  TypeId infer_arithmetic(const ast::Expression& expression, const ast::Binary& node,
                          const Site& site);
  TypeId arithmetic_result(const ast::Expression& expression, const ast::Binary& node, TypeId left,
                           TypeId right);
  TypeId add_result(const ast::Expression& expression, TypeId left, TypeId right);
  TypeId report_operands(const ast::Binary& node, TypeId left, TypeId right);
  [[nodiscard]] bool is_bare_word(const ast::Expression& expression, const Site& site) const;

  // check_call.cpp
  TypeId infer_call(const ast::Expression& expression, const ast::Call& node, TypeId expected,
                    const Site& site);
  TypeId call_method(const ast::Expression& expression, const ast::Call& node,
                     const ast::Member& callee, const Site& site);
  struct CallTypes {  // the type variables of one call
    TypeId item = nullptr, other = nullptr;
    bool secret = false;
    bool present = false;  // some argument is never null
  };
  TypeId call_signature(const ast::Expression& expression, const ast::Call& node,
                        const FunctionSignature& signature, TypeId expected, const Site& site);
  [[nodiscard]] const FunctionSignature* choose_signature(
      std::span<const FunctionSignature> signatures, const ast::Call& node, const Site& site);
  TypeId argument(const ast::Argument& argument, const FunctionParameter& parameter,
                  CallTypes& types, const Site& site);
  TypeId typed_argument(const ast::Expression& value, const FunctionParameter& parameter,
                        CallTypes& types, const Site& site);
  void bind(TypeId& variable, TypeId actual, const ast::Expression& value,
            const FunctionParameter& parameter);
  [[nodiscard]] TypeId result_type(const FunctionSignature& signature, const CallTypes& types,
                                   TypeId expected);
  [[nodiscard]] bool check_place(const ast::Expression& expression,
                                 const FunctionSignature& signature, const Site& site);
  void check_pattern(const ast::Expression& expression, const Site& site);
  void report_unknown_function(const ast::NameExpression& callee, const Span& span,
                               const Site& site);

  // check_body.cpp: braces against a record or map
  TypeId coerce_record(const ast::Body& body, TypeId expected, const Site& site,
                       std::string_view what);
  TypeId coerce_map(const ast::Body& body, TypeId expected, const Site& site,
                    std::string_view what);
  void coerce_item(const ast::Item& item, const TypeField& field, const Site& site);
  void spread_into_record(const ast::Item& item, TypeId expected, const Site& site);
  void report_unknown_attribute(const ast::Item& item, TypeId record, std::string_view owner);
  void refuse_duplicates(const ast::Body& body);
  void require_fields(const ast::Body& body, TypeId record, const Span& span,
                      std::string_view owner);

  // check_resource.cpp: declarations
  void check_resource(const ResourceInfo& info);
  void check_declaration(const ResourceInfo& info, const DeclaredResource& declared);
  void check_portable(const ResourceInfo& info, const DeclaredResource& declared, const Site& site);
  void check_overlay(const ResourceInfo& info, const ast::Item& item, std::string_view driver,
                     const Site& site);
  void check_platform_resource(const ast::Declaration& declaration, const Site& site);
  void check_existing(const ast::Declaration& declaration, const Site& site);
  void refuse_same_object(const ast::Declaration& declaration, const Site& site);
  void check_kind_rules(const ast::Declaration& declaration, const Site& site);
  void check_secret(const ast::Declaration& declaration, const Site& site);
  void check_ranges(const ast::Body& body, const Site& site);
  void check_range(const ast::Item& item, const Site& site);
  void infer_freely(const ast::Body& body, const Site& site);
  [[nodiscard]] bool is_overlay(const ast::Item& item, TypeId record) const;

  // check_capability.cpp: places and what the platforms there can do
  struct Placing {  // one declaration on one provider
    const ResourceInfo& info;
    const DeclaredResource& declared;
    std::string_view provider, driver;
    const ProviderSchema& schema;
    EnvironmentSet environments;
    const ast::Body* overlay = nullptr;
    Span placed{};
  };
  void check_places(const ResourceInfo& info, const DeclaredResource& declared);
  void check_promises(const ResourceInfo& info, const DeclaredResource& declared);
  void check_driver(const Placing& placing);
  void check_taken(const Placing& placing, const std::vector<const TypeSchema*>& types);
  void check_taken_below(const Placing& placing, const std::vector<const TypeSchema*>& types,
                         const ast::Body& body, TypeId record, const std::string& prefix,
                         bool overlay);
  void check_written(const Placing& placing, const TypeSchema& type);
  [[nodiscard]] const std::vector<std::string>& candidates_for(const Attribute& attribute,
                                                               std::string_view provider);
  [[nodiscard]] std::vector<const TypeSchema*> check_limits(const Placing& placing);
  void report_limit(const Placing& placing, const Limit& limit, const Value& attributes,
                    Severity severity);
  [[nodiscard]] Value known_attributes(const Placing& placing, std::size_t environment) const;
  [[nodiscard]] Value known_value(const ast::Expression& expression, std::size_t environment,
                                  ScopeId scope) const;
  [[nodiscard]] Value known_call(const ast::Call& call, std::size_t environment,
                                 ScopeId scope) const;
  [[nodiscard]] std::string tier_of(std::string_view provider) const;
  [[nodiscard]] Span placed_at(const ast::Declaration& declaration, std::string_view provider,
                               EnvironmentSet environments) const;

  // check_statement.cpp and check_environment.cpp: everything else
  void check_stack();
  void check_environments();
  void check_environment(const ast::Environment& block, std::size_t index);
  void check_places_of(const ast::Environment& block);
  void check_selector(const ast::AddressExpression& selector);
  void check_protect(const ast::Expression& list);
  void check_after(const ast::Environment& block, const ast::Expression& value);
  void check_providers();
  void warn_of_missing_drivers();
  void check_outputs();
  void check_checks();
  void check_check(const ast::Check& check, const Site& site);
  void check_expectation(const ast::Body& body, const Site& site);
  void check_notifies();
  void check_policies();
  void check_rule(const ast::PolicyRule& rule, ScopeId scope);
  void check_moved();
  void check_removed();
  void check_adopts();
  void note_what_has_no_effect();
  struct WrittenAddress {
    std::string kind, name;
    std::vector<std::string> keys;
    std::vector<std::string> below;  // volume, data
    Span span;
    [[nodiscard]] std::string text() const;
  };
  [[nodiscard]] std::optional<WrittenAddress> read_address(const ast::Expression& expression);
  [[nodiscard]] std::optional<WrittenAddress> address_item(const ast::Body& body,
                                                           std::string_view key, const Span& head,
                                                           bool must_exist);
  void refuse_other_items(const ast::Body& body, const std::vector<std::string>& allowed,
                          std::string_view owner);
  [[nodiscard]] bool still_made(const WrittenAddress& address);
  void no_effect(std::string_view word, const Span& span);
  TypeId check_shape(const ast::Body& body, const std::vector<TypeField>& fields, const Span& head,
                     const Site& site, std::string_view owner);
  TypeId optional_secret_text();

  Diagnostic& error(std::string_view code, const Span& span, std::string message) {
    return diagnostics_.error(code, span, std::move(message));
  }
  void rest_on(Rests what, const Span& span);
  [[nodiscard]] TypeId spread_secret(TypeId result, bool secret) {
    return secret ? types_.secret(result) : result;
  }

  const Module& module_;
  const Sources& sources_;
  Diagnostics& diagnostics_;
  std::map<std::string, const ProviderSchema*, std::less<>> schemas_;
  std::set<std::string, std::less<>> driver_names_;  // with a schema or without
  TypeTable types_;
  KindTypes kind_types_{types_};
  StaticValues statics_;
  std::vector<Placements> placements_;  // by environment
  TypeId environment_type_ = nullptr;
  std::vector<std::unique_ptr<ResourceInfo>> resources_;  // in the order of the text
  std::map<std::string_view, std::unordered_map<std::string_view, ResourceInfo*>> by_kind_;
  std::unordered_map<const ast::Let*, ValueInfo> lets_;
  std::unordered_map<const ast::For*, ValueInfo> loops_;  // type of the source
  std::unordered_map<const ast::Parameter*, TypeId> parameters_;
  std::unordered_map<const void*, bool> visited_;  // values: false while on the path
  std::unordered_set<std::string_view> aliases_;   // of components: silent
  std::vector<std::vector<Premise>> scope_facts_;
  std::vector<bool> scope_facts_known_;
  std::vector<Premise> facts_;                         // of the expression being typed
  std::vector<Local> locals_;                          // of comprehensions and rules
  const ast::Expression* typed_expression_ = nullptr;  // an argument that is typed already
  TypeId typed_as_ = nullptr;
  std::string_view coerced_;  // what the expression being typed is written for, in messages
  std::unordered_set<std::string> unknown_resources_;  // said already
  std::size_t suggestions_left_ = 200;                 // the nearest of many names takes its time
  std::map<std::pair<const Attribute*, std::string_view>, std::vector<std::string>> candidates_;
  std::map<std::string, Span> existing_ids_;  // environment, provider, kind and id in lines
  std::uint8_t rests_ = on_nothing;
  std::array<Span, 8> rest_spans_{};  // where each bit of rests_ was first set
  std::vector<std::pair<std::string, Span>> no_effect_;
};

// True when two expressions say the same in the same words; calls never do.
[[nodiscard]] bool same_expression(const ast::Expression& left, const ast::Expression& right);

// Why a text is no url ("it has no host"); empty: it is one.
[[nodiscard]] std::string_view url_problem(std::string_view text);

}  // namespace infra
