// What is said when a value does not fit its place, and texts whose meaning is known already.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "base/cron.h"
#include "base/quantity.h"
#include "base/text.h"
#include "compiler/checker.h"

namespace infra {
namespace {

// "`port`" for an attribute's name; a phrase ("the source of a `for`") stays as it is.
std::string subject(std::string_view what) {
  if (what.empty()) {
    return "this place";
  }
  return what.find(' ') == std::string_view::npos ? fmt::format("`{}`", what) : std::string(what);
}

const StaticType* enumeration_in(TypeId type) {
  if (type->base == TypeBase::enumeration) {
    return type;
  }
  for (const TypeId alternative : type->alternatives) {
    if (alternative->base == TypeBase::enumeration) {
      return alternative;
    }
  }
  return nullptr;
}

// A way out that fits both types, or empty.
std::string conversion_help(TypeId expected, TypeId actual) {
  if (actual->base == TypeBase::resource && expected->base != TypeBase::resource) {
    return actual->kind == "service" || actual->kind == "database"
               ? "a resource is no text: write its `.url` or `.id`"
               : "a resource is no text: write its `.id`";
  }
  if (expected->base == TypeBase::duration && is_number(actual)) {
    return "write the unit, such as `30s`, or multiply: `n * 1s`";
  }
  if (expected->base == TypeBase::size && is_number(actual)) {
    return "write the unit, such as `512MB`, or multiply: `n * 1MB`";
  }
  if ((is_number(expected) || expected->base == TypeBase::env_value) &&
      actual->base == TypeBase::duration) {
    return "divide by a unit: `d / 1s` is the number of seconds";
  }
  if ((is_number(expected) || expected->base == TypeBase::env_value) &&
      actual->base == TypeBase::size) {
    return "divide by a unit: `s / 1MB` is the number of megabytes";
  }
  if (is_text(expected) && (is_number(actual) || actual->base == TypeBase::boolean)) {
    return "put it in a text: \"${…}\"";
  }
  if (expected->base == TypeBase::list && fit(expected->element, actual) == Fit::yes) {
    return "write a list: `[…]`";
  }
  if (expected->base == TypeBase::env_value && actual->base != TypeBase::resource) {
    return "write it as text: json(…) for what is a list or a map";
  }
  if (expected->base == TypeBase::source) {
    return "write image(…), github(…), git(…) or directory(…)";
  }
  if (expected->base == TypeBase::origin) {
    return "write env(…) or file(…)";
  }
  if (expected->base == TypeBase::generator) {
    return "write random(…), uuid() or keypair(…)";
  }
  if (expected->base == TypeBase::call) {
    return "write service.NAME.http(\"/path\")";
  }
  if (expected->base == TypeBase::run) {
    return "write service.NAME.command(\"…\")";
  }
  if (expected->base == TypeBase::auth) {
    return "write bearer(…), basic(…), header(…) or hmac(…)";
  }
  return {};
}

}  // namespace

std::string_view url_problem(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) {
    return "it begins with no scheme such as https://";
  }
  for (const char letter : text.substr(0, scheme)) {
    const bool fine = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '+' || letter == '-' ||
                      letter == '.';
    if (!fine) {
      return "its scheme has a letter that no scheme has";
    }
  }
  const std::string_view rest = text.substr(scheme + 3);
  if ((rest.empty() || rest.front() == '/' || rest.front() == '?') &&
      text.substr(0, scheme) != "file" && text.substr(0, scheme) != "unix") {
    return "it has no host";
  }
  const bool blank = std::any_of(text.begin(), text.end(), [](char letter) {
    return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
  });
  return blank ? "it has a blank in it" : std::string_view();
}

void Checker::suggest(Diagnostic& diagnostic, std::string_view word,
                      const std::vector<std::string>& candidates) {
  if (suggestions_left_ == 0) {
    return;
  }
  --suggestions_left_;
  if (const auto near = nearest(word, candidates)) {
    diagnostic.help.push_back(fmt::format("did you mean `{}`?", *near));
  }
}

void Checker::report_secret(const Span& span, std::string_view what) {
  auto& diagnostic = error("E0306", span, fmt::format("{} takes no secret", subject(what)));
  diagnostic.label = "this is secret, or made from a secret";
  diagnostic.help.push_back(
      "what stands here is shown in plans and kept as plain text; use a value that is not secret");
}

void Checker::report_missing(const Span& span, TypeId expected, TypeId actual,
                             std::string_view what) {
  if (actual->base == TypeBase::null) {
    error("E0305", span,
          fmt::format("{} is {}, and null is none", subject(what), type_phrase(expected)))
        .help.push_back("write a value");
    return;
  }
  auto& diagnostic =
      error("E0305", span,
            fmt::format("{} is {}, and this may be null", subject(what), type_phrase(expected)));
  diagnostic.label = fmt::format("{}", type_text(actual));
  diagnostic.help.push_back("give it a value for that case: `… ?? otherwise`");
  diagnostic.help.push_back(
      "or put it where it is not null: `if … != null`, or an `if` that covers "
      "the same environments");
}

void Checker::report_word(const Span& span, std::string_view word, TypeId expected,
                          std::string_view what) {
  const StaticType* words = enumeration_in(expected);
  auto& diagnostic =
      error("E0307", span, fmt::format("{} cannot be `{}`", subject(what), printable(word)));
  if (words == nullptr) {
    return;
  }
  std::vector<std::string> quoted;
  for (const auto& one : words->words) {
    quoted.push_back("`" + one + "`");
  }
  diagnostic.label = "it is one of " + list_text(quoted, "or");
  suggest(diagnostic, word, words->words);
}

void Checker::report_misfit(const ast::Expression& expression, TypeId expected, TypeId actual,
                            std::string_view what) {
  const std::string wanted = type_phrase(types_.required(expected));
  if (actual->base == TypeBase::resource && expected->base != TypeBase::resource) {
    error("E0315", expression.span,
          fmt::format("{} is {}, and this is a {} itself", subject(what), wanted, actual->kind))
        .help.push_back(conversion_help(expected, actual));
    return;
  }
  auto& diagnostic =
      error("E0303", expression.span,
            fmt::format("{} is {}, and this is {}", subject(what), wanted, type_phrase(actual)));
  const auto* literal = expression.as<ast::Literal>();
  const std::string_view text =
      literal == nullptr ? std::string_view() : std::string_view(literal->value.text());
  const bool quoted_number = is_number(expected) && parse_float(text).has_value();
  const bool quoted_measure =
      (expected->base == TypeBase::duration && parse_duration(text).has_value()) ||
      (expected->base == TypeBase::size && parse_size(text).has_value());
  if (quoted_number || quoted_measure ||
      (expected->base == TypeBase::boolean && (text == "true" || text == "false"))) {
    diagnostic.help.push_back(fmt::format("take the quotes away: `{}`", text));
  } else if (auto help = conversion_help(expected, actual); !help.empty()) {
    diagnostic.help.push_back(std::move(help));
  }
}

// True when it fits; otherwise the one error about it has been said.
bool Checker::require_fit(const ast::Expression& expression, TypeId expected, TypeId actual,
                          const Site& site, std::string_view what) {
  switch (fit(expected, actual)) {
    case Fit::yes:
      if (!is_silent(actual)) {
        check_known_text(expression, expected, site, what);
      }
      return true;
    case Fit::missing:
      report_missing(expression.span, types_.required(expected), actual, what);
      return false;
    case Fit::secret:
      report_secret(expression.span, what);
      return false;
    case Fit::not_a_word:
    case Fit::wrong:
      report_misfit(expression, expected, actual, what);
      return false;
  }
  return true;
}

// Refined text is checked as soon as it is known: now, where the text alone says it.
void Checker::check_known_text(const ast::Expression& expression, TypeId expected, const Site& site,
                               std::string_view what) {
  const TypeBase base = expected->base;
  if (base != TypeBase::enumeration && base != TypeBase::url && base != TypeBase::cron &&
      base != TypeBase::zone) {
    return;
  }
  const bool literal = expression.as<ast::Literal>() != nullptr;
  if (expression.mark == ast::Expression::Mark::bare_word ||
      expression.as<ast::Conditional>() != nullptr) {
    return;
  }
  for (std::size_t i = 0; i < module_.environments.size(); ++i) {
    if (!literal && !site.environments.contains(i)) {
      continue;
    }
    const auto value = statics_.constant(expression, i, site.scope);
    if (!value || value->as<std::string>() == nullptr) {
      return;
    }
    const std::string& text = value->text();
    if (base == TypeBase::enumeration) {
      if (std::find(expected->words.begin(), expected->words.end(), text) ==
          expected->words.end()) {
        report_word(expression.span, text, expected, what);
        return;
      }
    } else if (base == TypeBase::url) {
      if (const auto problem = url_problem(text); !problem.empty()) {
        error("E0311", expression.span, fmt::format("this is no url: {}", problem));
        return;
      }
    } else if (base == TypeBase::cron) {
      const auto schedule = Schedule::parse(text);
      if (const auto* problem = std::get_if<std::string>(&schedule)) {
        error("E0311", expression.span, fmt::format("this is no schedule: {}", *problem))
            .help.push_back("five fields (minute hour day month weekday), @daily or \"every 15m\"");
        return;
      }
    } else if (!known_zone(text)) {
      error("E0311", expression.span, fmt::format("there is no time zone `{}`", printable(text)))
          .help.push_back("write an IANA name, such as \"Europe/Berlin\" or \"UTC\"");
      return;
    }
    if (literal) {
      return;
    }
  }
}

}  // namespace infra
