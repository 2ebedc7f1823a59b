#include "compiler/tree_dump.h"

#include <fmt/format.h>

#include <array>

#include "base/quantity.h"
#include "base/text.h"

namespace infra {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
    }
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out + "\"";
}

std::string literal_text(const Value& value) {
  return std::visit(Overloaded{[](std::monostate) { return std::string("null"); },
                               [](bool truth) { return std::string(truth ? "true" : "false"); },
                               [](std::int64_t number) { return std::to_string(number); },
                               [](double number) { return to_text(number); },
                               [](const std::string& text) { return quoted(text); },
                               [](Duration duration) { return to_text(duration); },
                               [](Size size) { return to_text(size); },
                               [](const auto&) { return std::string("?"); }},
                    value.variant());
}

constexpr std::array<std::string_view, 16> operators{
    "*", "/", "%", "+", "-", "??", "<", "<=", ">", ">=", "==", "!=", "in", "not in", "and", "or"};

class Dump {
 public:
  std::string out;

  void statement(const ast::Statement& statement) {
    std::visit([this](const auto& node) { this->node(node); }, statement.node);
  }

  void expression(const ast::Expression& expression) {
    if (expression.parenthesised && expression.as<ast::NameExpression>() != nullptr) {
      out += "(paren ";
      std::visit([this](const auto& node) { this->expression_node(node); }, expression.node);
      out += ")";
      return;
    }
    std::visit([this](const auto& node) { this->expression_node(node); }, expression.node);
  }

 private:
  void open(std::string_view word) { out += fmt::format("({}", word); }
  void close() { out += ")"; }
  void word(std::string_view text) { out += fmt::format(" {}", text); }
  void child(const ast::Expression& value) {
    out += " ";
    expression(value);
  }
  void child(const ast::Box<ast::Expression>& value) {
    if (value) {
      child(*value);
    } else {
      out += " -";
    }
  }
  void optional(std::string_view label, const std::optional<ast::Name>& name) {
    if (name) {
      out += fmt::format(" {}={}", label, name->text);
    }
  }

  void expression_node(const ast::Literal& literal) { out += literal_text(literal.value); }
  void expression_node(const ast::Template& node) {
    open("text");
    for (const auto& part : node.parts) {
      if (part.expression) {
        child(*part.expression);
      } else {
        word(quoted(part.text));
      }
    }
    close();
  }
  void expression_node(const ast::NameExpression& node) { out += node.name; }
  void expression_node(const ast::Unary& node) {
    open(node.operation == ast::UnaryOperator::negate ? "neg" : "not");
    child(node.operand);
    close();
  }
  void expression_node(const ast::Binary& node) {
    open(operators.at(static_cast<std::size_t>(node.operation)));
    child(node.left);
    child(node.right);
    close();
  }
  void expression_node(const ast::Conditional& node) {
    open("if");
    child(node.condition);
    child(node.then);
    child(node.otherwise);
    close();
  }
  void expression_node(const ast::Member& node) {
    open(".");
    child(node.object);
    word(node.name.text);
    close();
  }
  void expression_node(const ast::Index& node) {
    open("index");
    child(node.object);
    child(node.index);
    close();
  }
  void expression_node(const ast::Call& node) {
    open("call");
    child(node.callee);
    for (const auto& argument : node.arguments) {
      optional("name", argument.name);
      child(argument.value);
    }
    close();
  }
  void expression_node(const ast::ListLiteral& node) {
    open("list");
    for (const auto& element : node.elements) {
      out += element.spread ? " ..." : "";
      child(element.value);
    }
    close();
  }
  void expression_node(const ast::Comprehension& node) {
    open(node.key ? "map-for" : "list-for");
    optional("first", node.first);
    word(node.second.text);
    child(node.source);
    child(node.condition);
    child(node.key);
    child(node.value);
    close();
  }
  void expression_node(const ast::Body& body) {
    open("map");
    items(body);
    close();
  }

  void items(const ast::Body& body) {
    for (const auto& item : body.items) {
      out += " ";
      if (item.kind == ast::Item::Kind::spread) {
        open("...");
      } else {
        open(item.kind == ast::Item::Kind::block ? "block" : "=");
        if (item.key.expression) {
          child(item.key.expression);
        } else {
          word(item.key.quoted ? quoted(item.key.text) : item.key.text);
        }
        optional("label", item.label);
      }
      child(item.value);
      close();
    }
  }

  void type(const ast::TypeExpression& node) {
    out += " ";
    open("type");
    optional("name", node.name);
    for (const auto& argument : node.arguments) {
      type(argument);
    }
    for (const auto& field : node.fields) {
      word(field.name.text);
      type(*field.type);
    }
    for (const auto& entry : node.words) {
      word(quoted(entry.text));
    }
    out += node.optional ? " ?)" : ")";
  }
  void address(const ast::AddressExpression& node) {
    out += " ";
    open("address");
    for (const auto& step : node.steps) {
      word(step.name.text);
      for (const auto& key : step.keys) {
        out += " [";
        expression(key);
        out += "]";
      }
    }
    close();
  }
  void block(std::string_view name, const ast::Block& statements) {
    out += " ";
    open(name);
    for (const auto& entry : statements) {
      out += " ";
      statement(entry);
    }
    close();
  }
  void named(std::string_view keyword, const ast::Name& name, const ast::Body& body) {
    open(keyword);
    word(name.text);
    items(body);
    close();
  }

  void node(const ast::Stack& stack) { named("stack", stack.name, stack.body); }
  void node(const ast::Check& check) { named("check", check.name, check.body); }
  void node(const ast::Notify& notify) { named("notify", notify.name, notify.body); }
  void node(const ast::Moved& moved) { unnamed("moved", moved.body); }
  void node(const ast::Removed& removed) { unnamed("removed", removed.body); }
  void node(const ast::Adopt& adopt) { unnamed("adopt", adopt.body); }
  void unnamed(std::string_view keyword, const ast::Body& body) {
    open(keyword);
    items(body);
    close();
  }
  void node(const ast::Environment& environment) {
    open("environment");
    word(environment.name.text);
    for (const auto& place : environment.places) {
      out += " (place";
      for (const auto& selector : place.selectors) {
        address(selector);
      }
      optional("on", place.provider);
      close();
    }
    items(environment.settings);
    close();
  }
  void node(const ast::Provider& provider) {
    open("provider");
    word(provider.name.text);
    optional("as", provider.alias);
    items(provider.body);
    close();
  }
  void node(const ast::Parameter& parameter) {
    open("param");
    word(parameter.name.text);
    type(parameter.type);
    child(parameter.otherwise);
    for (const auto& validation : parameter.validations) {
      out += " (check";
      child(validation.condition);
      child(validation.message);
      close();
    }
    items(parameter.settings);
    close();
  }
  void node(const ast::Let& let) {
    open("let");
    word(let.name.text);
    child(let.value);
    close();
  }
  void node(const ast::Declaration& declaration) {
    open(declaration.existing ? "existing " + declaration.kind.text : declaration.kind.text);
    optional("provider", declaration.provider);
    optional("type", declaration.type);
    word(declaration.name.text);
    optional("on", declaration.on);
    items(declaration.body);
    close();
  }
  void node(const ast::For& loop) {
    open("for");
    optional("first", loop.first);
    word(loop.second.text);
    child(loop.source);
    block("do", loop.block);
    close();
  }
  void node(const ast::If& condition) {
    open("if");
    child(condition.condition);
    block("then", condition.then);
    if (condition.has_otherwise) {
      block("else", condition.otherwise);
    }
    close();
  }
  void node(const ast::Component& component) {
    open("component");
    word(component.name.text);
    for (const auto& parameter : component.parameters) {
      out += " ";
      node(parameter);
    }
    block("do", component.block);
    close();
  }
  void node(const ast::Use& use) {
    open("use");
    word(use.component.text);
    optional("as", use.alias);
    optional("on", use.on);
    items(use.body);
    close();
  }
  void node(const ast::Import& import) { out += fmt::format("(import {})", quoted(import.path)); }
  void node(const ast::Output& output) {
    open("output");
    word(output.name.text);
    child(output.value);
    if (output.settings) {
      items(*output.settings);
    }
    close();
  }
  void node(const ast::Policy& policy) {
    open("policy");
    word(policy.name.text);
    for (const auto& rule : policy.rules) {
      out += rule.forbid ? " (forbid" : " (require";
      address(rule.selector);
      word(rule.variable.text);
      child(rule.where);
      child(rule.because);
      close();
    }
    items(policy.settings);
    close();
  }
};

}  // namespace

std::string dump(const ast::File& file) {
  Dump dumped;
  for (const auto& statement : file.statements) {
    dumped.statement(statement);
    dumped.out += "\n";
  }
  return dumped.out;
}

std::string dump(const ast::Expression& expression) {
  Dump dumped;
  dumped.expression(expression);
  return dumped.out;
}

}  // namespace infra
