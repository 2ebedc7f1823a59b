#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "compiler/function_table.h"

namespace infra::functions {
namespace {

constexpr std::string_view wrong_argument = "E0519";
constexpr std::size_t most_bytes = std::size_t{256} << 20U;  // of a result
constexpr std::size_t most_parts = 1'000'000;                // of a list made from a text

Computed too_large(std::string_view function) {
  return failure("E0511", fmt::format("the result of `{}` is larger than 256 MiB", function));
}

Computed too_many_parts() {
  return failure(wrong_argument, "`split` gives at most 1,000,000 parts");
}

Computed lower(const Arguments& arguments, FunctionWorld& /*world*/) {
  std::string text = arguments[0]->text();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c < 0x80 ? std::tolower(c) : c); });
  return done(std::move(text));
}

Computed upper(const Arguments& arguments, FunctionWorld& /*world*/) {
  std::string text = arguments[0]->text();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c < 0x80 ? std::toupper(c) : c); });
  return done(std::move(text));
}

Computed trim(const Arguments& arguments, FunctionWorld& /*world*/) {
  const std::string& text = arguments[0]->text();
  constexpr std::string_view blank = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string::npos) {
    return done("");
  }
  return done(text.substr(first, text.find_last_not_of(blank) - first + 1));
}

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      ++end;
    }
    result.emplace_back(text.substr(i, end - i));
    i = end;
  }
  return result;
}

Computed split(const Arguments& arguments, FunctionWorld& /*world*/) {
  const std::string& text = arguments[0]->text();
  const std::string& separator = arguments[1]->text();
  List parts;
  if (separator.empty()) {
    if (text.size() > most_parts) {
      return too_many_parts();
    }
    for (auto& character : characters(text)) {
      parts.emplace_back(std::move(character));
    }
    return done(std::move(parts));
  }
  std::size_t from = 0;
  for (auto at = text.find(separator); at != std::string::npos; at = text.find(separator, from)) {
    if (parts.size() == most_parts) {
      return too_many_parts();
    }
    parts.emplace_back(text.substr(from, at - from));
    from = at + separator.size();
  }
  parts.emplace_back(text.substr(from));
  return done(std::move(parts));
}

Computed join_texts(const Arguments& arguments, FunctionWorld& /*world*/) {
  std::string result;
  bool first = true;
  for (const auto& item : arguments[0]->list()) {
    if (item.is_null()) {
      continue;
    }
    Computed text = text_of(item);
    if (!text.error.empty()) {
      return text;
    }
    if (!first) {
      result += arguments[1]->text();
    }
    first = false;
    result += text.value.text();
    if (result.size() > most_bytes) {
      return too_large("join");
    }
  }
  return done(std::move(result));
}

Computed replace(const Arguments& arguments, FunctionWorld& /*world*/) {
  const std::string& text = arguments[0]->text();
  const std::string& part = arguments[1]->text();
  if (part.empty()) {
    return failure(wrong_argument, "`replace` wants a part that is not empty");
  }
  std::string result;
  std::size_t from = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, from)) {
    result.append(text, from, at - from);
    result += arguments[2]->text();
    from = at + part.size();
    if (result.size() > most_bytes) {
      return too_large("replace");
    }
  }
  result.append(text, from);
  return done(std::move(result));
}

Computed matches(const Arguments& arguments, FunctionWorld& /*world*/) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 expression(arguments[1]->text(), options);
  if (!expression.ok()) {
    return failure("E0508", fmt::format("`{}` is no regular expression (RE2): {}",
                                        printable(arguments[1]->text()), expression.error()));
  }
  return done(RE2::PartialMatch(arguments[0]->text(), expression));
}

// `{}` is the next value, `{{` and `}}` are braces.
Computed format(const Arguments& arguments, FunctionWorld& /*world*/) {
  const std::string& pattern = arguments[0]->text();
  std::string result;
  std::size_t next = 1;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view two = std::string_view(pattern).substr(i, 2);
    if (two == "{{" || two == "}}") {
      result += pattern[i++];
    } else if (two == "{}") {
      if (next >= arguments.size()) {
        return failure(wrong_argument, fmt::format("`format` has more {{}} than the {} given",
                                                   plural(arguments.size() - 1, "value")));
      }
      Computed text = text_of(*arguments[next++]);
      if (!text.error.empty()) {
        return text;
      }
      result += text.value.text();
      ++i;
    } else {
      result += pattern[i];
    }
  }
  if (next != arguments.size()) {
    return failure(wrong_argument,
                   fmt::format("`format` has {} for {}", plural(next - 1, "place", "places"),
                               plural(arguments.size() - 1, "value")));
  }
  return done(std::move(result));
}

Computed length(const Arguments& arguments, FunctionWorld& /*world*/) {
  const Value& value = *arguments[0];
  if (const auto* list = value.as<List>()) {
    return done(static_cast<std::int64_t>(list->size()));
  }
  if (const auto* object = value.as<Object>()) {
    return done(static_cast<std::int64_t>(object->size()));
  }
  if (const auto* text = value.as<std::string>()) {
    return done(static_cast<std::int64_t>(std::count_if(text->begin(), text->end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    })));
  }
  return failure("E0503",
                 fmt::format("`length` takes a text, a list or a map, not {}", kind_of(value)));
}

Computed starts_with(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(arguments[0]->text().starts_with(arguments[1]->text()));
}

Computed ends_with(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(arguments[0]->text().ends_with(arguments[1]->text()));
}

Computed contains(const Arguments& arguments, FunctionWorld& /*world*/) {
  if (const auto* list = arguments[0]->as<List>()) {
    return done(std::any_of(list->begin(), list->end(),
                            [&](const Value& item) { return same(item, *arguments[1]); }));
  }
  return done(arguments[0]->text().find(arguments[1]->text()) != std::string::npos);
}

// Each `${name}` of the text becomes the value of that name; `\${` stays.
Computed fill(const std::string& text, const Object& values, const std::string& path) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 3, "\\${") == 0) {
      result += "${";
      i += 2;
      continue;
    }
    const auto end = text.compare(i, 2, "${") == 0 ? text.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      result += text[i];
      continue;
    }
    const std::string name = text.substr(i + 2, end - i - 2);
    const auto value = values.find(name);
    if (value == values.end()) {
      return failure(wrong_argument,
                     fmt::format("`{}` has `${{{}}}`, and no value of that name was given", path,
                                 printable(name)));
    }
    if (!value->second.is_null()) {
      Computed inserted = text_of(value->second);
      if (!inserted.error.empty()) {
        return inserted;
      }
      result += inserted.value.text();
      if (result.size() > most_bytes) {
        return too_large("template");
      }
    }
    i = end;
  }
  return done(std::move(result));
}

Computed template_file(const Arguments& arguments, FunctionWorld& world) {
  Computed text = world.file_text(arguments[0]->text());
  if (!text.error.empty() || text.value.is_unknown()) {
    return text;
  }
  return fill(text.value.text(), arguments[1]->object(), arguments[0]->text());
}

constexpr Entry entries[] = {
    {"contains", 2, Looks::inside, contains},
    {"ends_with", 2, Looks::inside, ends_with},
    {"format", 2, Looks::inside, format},
    {"join", 2, Looks::inside, join_texts},
    {"length", 1, Looks::outside, length},
    {"lower", 1, Looks::inside, lower},
    {"matches", 2, Looks::inside, matches},
    {"replace", 3, Looks::inside, replace},
    {"split", 2, Looks::inside, split},
    {"starts_with", 2, Looks::inside, starts_with},
    {"template", 2, Looks::inside, template_file},
    {"trim", 1, Looks::inside, trim},
    {"upper", 1, Looks::inside, upper},
};

}  // namespace

std::span<const Entry> text_functions() {
  return entries;
}

}  // namespace infra::functions
