// compiler/ast.h — the syntax tree of one file, as the author wrote it. Trees are values: a node
// owns its children.
//
// The parser alone makes it; later stages read it, and the checker writes the one mark
// (`Expression::mark`) that evaluation needs and that only types can tell. Spans are byte ranges of
// the file. Comments are not here (the formatter reads tokens).
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/diagnostics.h"
#include "base/value.h"

namespace infra::ast {

// A child that may be of an incomplete type. Never empty once parsed.
template <class T>
class Box {
 public:
  Box() = default;
  explicit Box(T value) : pointer_(std::make_unique<T>(std::move(value))) {}
  T& operator*() { return *pointer_; }
  const T& operator*() const { return *pointer_; }
  T* operator->() { return pointer_.get(); }
  const T* operator->() const { return pointer_.get(); }
  explicit operator bool() const { return pointer_ != nullptr; }

 private:
  std::unique_ptr<T> pointer_;
};

struct Name {
  std::string text;
  Span span;
};

struct Expression;

// --- expressions
// ---------------------------------------------------------------------------------------------------------

struct Literal {  // null, bool, int64, double, Duration, Size, or a text without interpolation
  Value value;
};
struct Template {  // a text with `${…}`: texts and expressions in order; triple-quoted indentation
                   // is already removed
  struct Part {
    std::string text;  // when `expression` is empty
    Box<Expression> expression;
  };
  std::vector<Part> parts;
};
struct NameExpression {
  std::string name;
};
enum class UnaryOperator { negate, logical_not };
struct Unary {
  UnaryOperator operation;
  Box<Expression> operand;
};
enum class BinaryOperator {
  multiply,
  divide,
  remainder,
  add,
  subtract,
  coalesce,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  unequal,
  in,
  not_in,
  logical_and,
  logical_or,
};
struct Binary {
  BinaryOperator operation;
  Span operator_span;
  Box<Expression> left, right;
};
struct Conditional {  // if c then a else b
  Box<Expression> condition, then, otherwise;
};
struct Member {  // a.b
  Box<Expression> object;
  Name name;
};
struct Index {  // a[b]
  Box<Expression> object, index;
};
struct Argument {
  std::optional<Name> name;
  Box<Expression> value;
};
struct Call {  // f(…) where callee is a NameExpression; a.f(…) where callee is a Member
  Box<Expression> callee;
  std::vector<Argument> arguments;
};
struct Element {  // of a list: e or ...e
  bool spread = false;
  Box<Expression> value;
};
struct ListLiteral {
  std::vector<Element> elements;
};
struct Comprehension {  // [for k, v in source if condition: value] or {for … : key => value}
  std::optional<Name> first;  // k of `k, v`
  Name second;                // v, or the only name
  Box<Expression> source;
  Box<Expression> condition;  // empty: none
  Box<Expression> key;        // of a map; empty: a list
  Box<Expression> value;
};

// What stands between braces: a body, a nested block and a map literal are one thing.
struct Item;
struct Body {
  std::vector<Item> items;
  Span span;  // braces included
};

struct Expression {
  using Node = std::variant<Literal, Template, NameExpression, Unary, Binary, Conditional, Member,
                            Index, Call, ListLiteral, Comprehension, Body>;
  Node node;
  Span span;
  bool parenthesised = false;  // `(word)`: a name, never a bare enumeration word
  enum class Mark : std::uint8_t { none, bare_word, joins_url };
  mutable Mark mark = Mark::none;  // written by the checker: a NameExpression that is an
                                   // enumeration's value; a `+` that makes a url

  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&node);
  }
};

struct Key {
  std::string text;            // of a plain name or string
  Box<Expression> expression;  // set when it is a string with interpolation
  Span span;
  bool quoted = false;
};
struct Item {
  enum class Kind : std::uint8_t { attribute, block, spread };
  Kind kind = Kind::attribute;
  Key key;                    // attribute, block
  std::optional<Name> label;  // block: `volume data { … }`
  Box<Expression>
      value;  // attribute: its value; block: an Expression holding a Body; spread: what is spread
  Span span;
};

// --- types
// -----------------------------------------------------------------------------------------------------------------

struct TypeExpression {
  struct Field {
    Name name;
    Box<TypeExpression> type;
  };
  std::optional<Name> name;               // int, list, database, …
  std::vector<TypeExpression> arguments;  // of list<…>, map<…>, secret<…>
  std::vector<Field> fields;              // of {a: T, …}
  bool record = false;
  std::vector<Name> words;  // of "a" | "b"
  bool optional = false;    // T?
  Span span;
};

// --- statements
// --------------------------------------------------------------------------------------------------------------

struct AddressExpression {  // service.api["eu"], all, database
  struct Step {
    Name name;
    std::vector<Expression> keys;
  };
  std::vector<Step> steps;
  Span span;
};

struct Statement;
using Block = std::vector<Statement>;

struct Stack {
  Name name;
  Body body;
};
struct Environment {
  struct Place {
    std::vector<AddressExpression> selectors;
    Name provider;
    Span span;
  };
  Name name;
  std::vector<Place> places;
  Body settings;  // every other item
};
struct Provider {
  Name name;
  std::optional<Name> alias;
  Body body;
};
struct Validation {  // check CONDITION else "message"
  Expression condition, message;
};
struct Parameter {
  Name name;
  TypeExpression type;
  Box<Expression> otherwise;  // the default; empty: required
  std::vector<Validation> validations;
  Body settings;  // description …
};
struct Let {
  Name name;
  Expression value;
};
struct Declaration {  // service | database | bucket | secret | cron | resource, and `existing` of
                      // one
  Name kind;          // "service" … "resource"
  std::optional<Name> provider;  // of `resource PROVIDER.TYPE NAME`
  std::optional<Name> type;
  Name name;
  std::optional<Name> on;
  Body body;
  bool existing = false;
};
struct For {
  std::optional<Name> first;
  Name second;
  Expression source;
  Block block;
};
struct If {  // `else if` is a one-statement `otherwise`
  Expression condition;
  Block then, otherwise;
  bool has_otherwise = false;
};
struct Component {
  Name name;
  std::vector<Parameter> parameters;
  Block block;
};
struct Use {
  Name component, alias;
  std::optional<Name> on;
  Body body;
};
struct Import {
  std::string path;
  Span path_span;
};
struct Output {
  Name name;
  Expression value;
  std::optional<Body> settings;
};
struct Check {
  Name name;
  Body body;
};
struct Notify {
  Name name;
  Body body;
};
struct PolicyRule {
  bool forbid = true;  // or require
  AddressExpression selector;
  Name variable;
  Box<Expression> where;  // empty: always
  Expression because;
  Span span;
};
struct Policy {
  Name name;
  std::vector<PolicyRule> rules;
  Body settings;
};
struct Moved {
  Body body;
};
struct Removed {
  Body body;
};
struct Adopt {
  Body body;
};

struct Statement {
  using Node =
      std::variant<Stack, Environment, Provider, Parameter, Let, Declaration, For, If, Component,
                   Use, Import, Output, Check, Notify, Policy, Moved, Removed, Adopt>;
  Node node;
  Span span;
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&node);
  }
};

struct File {
  FileId id = 0;
  Block statements;
};

}  // namespace infra::ast
