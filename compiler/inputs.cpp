#include "compiler/inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/cron.h"
#include "base/json.h"
#include "base/text.h"
#include "compiler/attribute_types.h"
#include "compiler/evaluate.h"
#include "compiler/parser.h"

namespace infra {
namespace {

std::string type_words(const ast::TypeExpression& type) {
  if (!type.words.empty()) {
    std::vector<std::string> words;
    for (const auto& word : type.words) {
      words.push_back("\"" + word.text + "\"");
    }
    return join(words, " | ");
  }
  return type.record ? "a record" : (type.name ? type.name->text : "a value");
}

bool is_named(const ast::TypeExpression& type, std::string_view name) {
  return type.name && type.name->text == name;
}

bool is_raw(const ast::TypeExpression& type) {
  return !type.words.empty() || is_named(type, "string") || is_named(type, "url") ||
         is_named(type, "cron");
}

const ast::TypeExpression& without_secret(const ast::TypeExpression& type) {
  return is_named(type, "secret") && !type.arguments.empty() ? type.arguments.front() : type;
}

Typed wrong(const ast::TypeExpression& type, const Value& value) {
  return {{}, fmt::format("it wants {}, not {}", type_words(type), kind_of(value))};
}

Typed typed_text(Value value, const ast::TypeExpression& type) {
  const auto* text = value.as<std::string>();
  if (text == nullptr) {
    return wrong(type, value);
  }
  if (!type.words.empty() &&
      std::none_of(type.words.begin(), type.words.end(),
                   [&](const ast::Name& word) { return word.text == *text; })) {
    return {{}, fmt::format("`{}` is none of {}", printable(*text), type_words(type))};
  }
  if (is_named(type, "url")) {
    if (std::string mistake = url_mistake(*text); !mistake.empty()) {
      return {{}, std::move(mistake)};
    }
  }
  if (is_named(type, "cron")) {
    const auto schedule = Schedule::parse(*text);
    if (const auto* error = std::get_if<std::string>(&schedule)) {
      return {{}, fmt::format("`{}` is no schedule: {}", printable(*text), *error)};
    }
  }
  return {std::move(value), {}};
}

Typed typed_container(Value value, const ast::TypeExpression& type) {
  const bool wants_list = is_named(type, "list");
  if (wants_list ? value.as<List>() == nullptr : value.as<Object>() == nullptr) {
    return {{},
            fmt::format("it wants {}, not {}", wants_list ? "a list" : "a map", kind_of(value))};
  }
  if (type.arguments.empty()) {
    return {std::move(value), {}};
  }
  const auto convert = [&](Value& item) -> std::string {
    Typed result = typed(std::move(item), type.arguments.front());
    item = std::move(result.value);
    return std::move(result.error);
  };
  if (auto* list = value.as<List>()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (std::string error = convert((*list)[i]); !error.empty()) {
        return {{}, fmt::format("element {}: {}", i, error)};
      }
    }
  } else {
    for (auto& [key, item] : *value.as<Object>()) {
      if (std::string error = convert(item); !error.empty()) {
        return {{}, fmt::format("`{}`: {}", printable(key), error)};
      }
    }
  }
  return {std::move(value), {}};
}

Typed typed_record(Value value, const ast::TypeExpression& type) {
  auto* object = value.as<Object>();
  if (object == nullptr) {
    return wrong(type, value);
  }
  for (const auto& entry : *object) {
    const auto is_entry = [&entry](const auto& field) { return field.name.text == entry.first; };
    if (std::none_of(type.fields.begin(), type.fields.end(), is_entry)) {
      return {{}, fmt::format("it has no field `{}`", printable(entry.first))};
    }
  }
  for (const auto& field : type.fields) {
    Value& item = (*object)[field.name.text];
    Typed result = typed(std::move(item), *field.type);
    if (!result.error.empty()) {
      return {{}, fmt::format("`{}`: {}", field.name.text, result.error)};
    }
    item = std::move(result.value);
  }
  return {std::move(value), {}};
}

Typed typed_scalar(Value value, const ast::TypeExpression& type) {
  const bool fits = (is_named(type, "int") && value.as<std::int64_t>() != nullptr) ||
                    (is_named(type, "float") && value.as<double>() != nullptr) ||
                    (is_named(type, "bool") && value.as<bool>() != nullptr) ||
                    (is_named(type, "duration") && value.as<Duration>() != nullptr) ||
                    (is_named(type, "size") && value.as<Size>() != nullptr);
  if (fits) {
    return {std::move(value), {}};
  }
  if (const auto* number = value.as<std::int64_t>(); number != nullptr && is_named(type, "float")) {
    return {static_cast<double>(*number), {}};
  }
  return wrong(type, value);
}

std::string variable_name(const std::string& parameter) {
  std::string name = "INFRA_PARAM_";
  for (const char c : parameter) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

}  // namespace

std::optional<Value> literal_value(const ast::Expression& expression) {
  if (const auto* literal = expression.as<ast::Literal>()) {
    return literal->value;
  }
  if (const auto* name = expression.as<ast::NameExpression>()) {
    return Value(name->name);
  }
  if (const auto* text = expression.as<ast::Template>()) {
    std::string result;
    for (const auto& part : text->parts) {
      if (part.expression) {
        return std::nullopt;
      }
      result += part.text;
    }
    return Value(std::move(result));
  }
  if (const auto* unary = expression.as<ast::Unary>();
      unary != nullptr && unary->operation == ast::UnaryOperator::negate) {
    const auto operand = literal_value(*unary->operand);
    Computed result = operand ? negate(*operand) : failure("E0706", "no literal");
    return result.error.empty() ? std::optional(std::move(result.value)) : std::nullopt;
  }
  if (const auto* list = expression.as<ast::ListLiteral>()) {
    List result;
    for (const auto& element : list->elements) {
      auto item = element.spread ? std::nullopt : literal_value(*element.value);
      if (!item) {
        return std::nullopt;
      }
      result.push_back(*std::move(item));
    }
    return Value(std::move(result));
  }
  if (const auto* body = expression.as<ast::Body>()) {
    Object result;
    for (const auto& item : body->items) {
      const bool plain =
          item.kind != ast::Item::Kind::spread && !item.key.expression && !item.label;
      auto value = plain ? literal_value(*item.value) : std::nullopt;
      if (!value || !result.emplace(item.key.text, *std::move(value)).second) {
        return std::nullopt;
      }
    }
    return Value(std::move(result));
  }
  return std::nullopt;
}

Typed typed(Value value, const ast::TypeExpression& type) {
  if (value.is_null()) {
    return type.optional || is_named(type, "any")
               ? Typed{}
               : Typed{{}, fmt::format("it wants {}, not null", type_words(type))};
  }
  if (is_named(type, "secret")) {
    if (value.as<Secret>() != nullptr || value.is_unknown() || type.arguments.empty()) {
      return {sealed(std::move(value)), {}};
    }
    Typed inner = typed(std::move(value), type.arguments.front());
    return inner.error.empty() ? Typed{sealed(std::move(inner.value)), {}} : inner;
  }
  if (value.is_unknown() || is_named(type, "any")) {
    return {std::move(value), {}};
  }
  if (value.as<Secret>() != nullptr) {
    return {{},
            fmt::format("it is a secret, and the param is not: its type would be secret<{}>",
                        type_words(type))};
  }
  if (type.record) {
    return typed_record(std::move(value), type);
  }
  if (is_raw(type)) {
    return typed_text(std::move(value), type);
  }
  if (is_named(type, "list") || is_named(type, "map")) {
    return typed_container(std::move(value), type);
  }
  return typed_scalar(std::move(value), type);
}

namespace {

class Settling {
 public:
  Settling(Evaluation& evaluation, const InputTexts& texts, Sources& sources,
           Diagnostics& diagnostics)
      : evaluation_(evaluation),
        texts_(texts),
        sources_(sources),
        diagnostics_(diagnostics),
        evaluator_(evaluation, nullptr, diagnostics) {}

  void run() {
    refuse_strangers();
    read_file();
    evaluation_.pending_parameter = [this](const std::string& name, const Span& span) {
      return settle(name, span);
    };
    for (const auto& [name, parameter] : evaluation_.module.parameters) {
      settle(name, parameter->name.span);
    }
    evaluation_.pending_parameter = nullptr;
    for (const auto& [name, parameter] : evaluation_.module.parameters) {
      validate(*parameter);
    }
  }

 private:
  // Errors about what was handed in have no place in the text.
  Diagnostic& complain(std::string_view code, std::string message,
                       const ast::Parameter* parameter) {
    Diagnostic& error = diagnostics_.error(
        code, parameter == nullptr ? Span{} : parameter->name.span, std::move(message));
    error.has_span = parameter != nullptr;
    return error;
  }

  void unknown_parameter(const std::string& name, std::string_view where) {
    auto& error = complain(
        "E0702",
        fmt::format("{} gives `{}`, and the stack has no such param", where, printable(name)),
        nullptr);
    std::vector<std::string> names;
    for (const auto& [known, parameter] : evaluation_.module.parameters) {
      names.push_back(known);
    }
    if (const auto near = nearest(name, names)) {
      error.help.push_back(fmt::format("did you mean `{}`?", *near));
    }
  }

  void refuse_strangers() {
    for (const auto& [name, text] : texts_.parameters) {
      const auto found = evaluation_.module.parameters.find(name);
      if (found == evaluation_.module.parameters.end()) {
        unknown_parameter(name, "--param");
      } else if (is_named(found->second->type, "secret")) {
        complain("E0707", fmt::format("`{}` is secret, and a command line is public", name),
                 found->second)
            .help.push_back(
                fmt::format("set the variable {} or use a params file", variable_name(name)));
      }
    }
  }

  void file_error(std::string message) {
    complain("E0708", fmt::format("params file `{}`: {}", printable(*texts_.file), message),
             nullptr);
  }

  void read_file() {
    if (!texts_.file) {
      return;
    }
    const std::string path =
        texts_.file->starts_with("/") ? *texts_.file : texts_.folder + "/" + *texts_.file;
    auto read = texts_.world.files->read(path, Readings::most_bytes);
    if (auto* error = std::get_if<1>(&read)) {
      file_error(printable(*error));
      return;
    }
    const std::string& text = std::get<0>(read);
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && text[first] == '{') {
      read_json(text);
    } else if (!valid_utf8(text)) {
      file_error("it is no UTF-8 text");
    } else {
      read_lines(text);
    }
    for (const auto& [name, value] : file_values_) {
      if (evaluation_.module.parameters.find(name) == evaluation_.module.parameters.end()) {
        unknown_parameter(name, "the params file");
      }
    }
  }

  void read_json(const std::string& text) {
    auto parsed = parse_json(text);
    if (auto* error = std::get_if<1>(&parsed)) {
      file_error("it is no JSON: " + printable(*error));
      return;
    }
    const Value* json = std::get_if<0>(&parsed);
    for (const auto& [name, value] : json->object()) {
      file_values_.emplace(name, value);
    }
  }

  // `NAME = LITERAL` lines are the body of a map.
  void read_lines(const std::string& text) {
    Diagnostics mistakes;
    auto value = parse_literal(*texts_.file, "{" + text + "\n}", mistakes);
    if (!mistakes.all().empty()) {
      const Diagnostic& first = mistakes.all().front();
      file_error(fmt::format(
          "line {}: {}", sources_.position(first.span.file, first.span.begin).line, first.message));
    } else if (!value || value->as<Object>() == nullptr) {
      file_error("it holds `NAME = LITERAL` lines, each name once, or JSON");
    } else {
      for (auto& [name, item] : *value->as<Object>()) {
        file_values_.emplace(name, std::move(item));
      }
    }
  }

  std::optional<Value> parse_literal(const std::string& name, const std::string& text,
                                     Diagnostics& mistakes) {
    const FileId file = sources_.add(name, "let value = " + text + "\n");
    const ast::File parsed = parse(sources_, file, mistakes);
    const auto* let = parsed.statements.size() == 1 ? parsed.statements[0].as<ast::Let>() : nullptr;
    return let == nullptr || mistakes.has_errors() ? std::nullopt : literal_value(let->value);
  }

  // --- one param

  const Value* settle(const std::string& name, const Span& span) {
    static const Value unknown = Unknown{};
    const auto done = evaluation_.parameters.find(name);
    if (done != evaluation_.parameters.end()) {
      return &done->second;
    }
    const ast::Parameter& parameter = *evaluation_.module.parameters.find(name)->second;
    if (!running_.insert(name).second) {
      diagnostics_.error("E0601", span, fmt::format("the param `{}` depends on itself", name));
      return &unknown;
    }
    if (running_.size() > most_params_deep) {
      diagnostics_.error("E0512", span, "params depend on one another more than 200 deep here");
      running_.erase(name);
      return &unknown;
    }
    Value value = value_of(parameter);
    running_.erase(name);
    return &evaluation_.parameters.insert_or_assign(name, std::move(value)).first->second;
  }

  Value value_of(const ast::Parameter& parameter) {
    const std::string& name = parameter.name.text;
    if (const auto given = texts_.parameters.find(name); given != texts_.parameters.end()) {
      return is_named(parameter.type, "secret")
                 ? Value(Unknown{true})
                 : from_text(parameter, "--param " + name, given->second);
    }
    if (const auto given = file_values_.find(name); given != file_values_.end()) {
      return checked(parameter, given->second, fmt::format("the params file, `{}`", name));
    }
    if (auto text = texts_.world.variables->get(variable_name(name))) {
      Value value = from_text(parameter, variable_name(name), *text);
      wipe(*text);
      return value;
    }
    if (const auto* expression = environment_value(name)) {
      return from_expression(parameter, *expression);
    }
    if (parameter.otherwise) {
      return from_expression(parameter, *parameter.otherwise);
    }
    complain(
        "E0701",
        fmt::format("the param `{}` has no value in environment `{}`", name, texts_.environment),
        &parameter)
        .help.push_back(
            fmt::format("give --param {0}=…, set {1}, or write it in the environment's block", name,
                        variable_name(name)));
    return Unknown{};
  }

  Value checked(const ast::Parameter& parameter, Value value, const std::string& where) {
    Typed result = typed(std::move(value), parameter.type);
    if (!result.error.empty()) {
      complain("E0706", fmt::format("{}: {}", where, result.error), &parameter).label =
          "declared here";
      return Unknown{};
    }
    return std::move(result.value);
  }

  Value from_text(const ast::Parameter& parameter, const std::string& where,
                  const std::string& text) {
    const ast::TypeExpression& type = without_secret(parameter.type);
    if (!valid_utf8(text)) {
      complain("E0706", fmt::format("{}: it is no UTF-8 text", where), &parameter);
      return Unknown{};
    }
    if (is_raw(type)) {
      return checked(parameter, text, where);
    }
    Sources own;  // a secret's text stays out of the sources that diagnostics show
    Diagnostics mistakes;
    const FileId file = own.add(where, "let value = " + text + "\n");
    const ast::File parsed = parse(own, file, mistakes);
    const auto* let = parsed.statements.size() == 1 ? parsed.statements[0].as<ast::Let>() : nullptr;
    auto value = let == nullptr || mistakes.has_errors() ? std::nullopt : literal_value(let->value);
    if (!value) {
      const bool secret = is_named(parameter.type, "secret");
      complain("E0706",
               secret ? fmt::format("{}: its text is no {}", where, type_words(type))
                      : fmt::format("{}: `{}` is no {}", where, printable(text), type_words(type)),
               &parameter)
          .label = "declared here";
      return Unknown{};
    }
    return checked(parameter, *std::move(value), where);
  }

  Value from_expression(const ast::Parameter& parameter, const ast::Expression& expression) {
    const std::size_t errors = diagnostics_.error_count();
    Value value =
        Evaluator(evaluation_, nullptr, diagnostics_).expression(expression, evaluation_.top);
    if (diagnostics_.error_count() != errors) {
      return Unknown{};
    }
    Typed result = typed(std::move(value), parameter.type);
    if (!result.error.empty()) {
      diagnostics_.error("E0706", expression.span,
                         fmt::format("`{}`: {}", parameter.name.text, result.error));
      return Unknown{};
    }
    return std::move(result.value);
  }

  const ast::Expression* environment_value(const std::string& name) const {
    const auto blocks = evaluation_.module.environment_blocks.find(texts_.environment);
    if (blocks == evaluation_.module.environment_blocks.end()) {
      return nullptr;
    }
    for (const auto* block : blocks->second) {
      for (const auto& item : block->settings.items) {
        if (item.kind != ast::Item::Kind::spread && item.key.text == name && item.value) {
          return &*item.value;
        }
      }
    }
    return nullptr;
  }

  void validate(const ast::Parameter& parameter) {
    for (const auto& validation : parameter.validations) {
      const Computed holds =
          condition_of(evaluator_.expression(validation.condition, evaluation_.top));
      if (!holds.error.empty()) {
        diagnostics_.error(holds.code, validation.condition.span, holds.error);
      } else if (holds.value.as<bool>() != nullptr && !holds.value.truth()) {
        const Value message = evaluator_.expression(validation.message, evaluation_.top);
        diagnostics_
            .error("E0703", validation.condition.span,
                   fmt::format("`{}`: {}", parameter.name.text,
                               message.text().empty() ? "its check does not hold" : message.text()))
            .label = "does not hold for the value given";
      }
    }
  }

  static constexpr std::size_t most_params_deep = 200;

  Evaluation& evaluation_;
  const InputTexts& texts_;
  Sources& sources_;
  Diagnostics& diagnostics_;
  Evaluator evaluator_;
  std::map<std::string, Value> file_values_;
  std::set<std::string> running_;
};

}  // namespace

void settle_inputs(Evaluation& evaluation, const InputTexts& texts, Sources& sources,
                   Diagnostics& diagnostics) {
  Settling(evaluation, texts, sources, diagnostics).run();
}

}  // namespace infra
