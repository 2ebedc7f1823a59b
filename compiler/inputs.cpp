#include "compiler/inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "compiler/evaluate.h"
#include "compiler/parameter_types.h"
#include "compiler/parser.h"

namespace infra {
namespace {

const ast::TypeExpression& without_secret(const ast::TypeExpression& type) {
  return is_named(type, "secret") && !type.arguments.empty() ? type.arguments.front() : type;
}

std::string variable_name(const std::string& parameter) {
  std::string name = "INFRA_PARAM_";
  for (const char c : parameter) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

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
