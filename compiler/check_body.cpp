// Braces held against a record or a map: attributes, blocks, groups and spreads.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compiler/checker.h"

namespace infra {

void Checker::refuse_duplicates(const ast::Body& body) {
  const auto same = [](const ast::Item& left, const ast::Item& right) {
    return left.kind != ast::Item::Kind::spread && right.kind != ast::Item::Kind::spread &&
           !left.key.expression && !right.key.expression && left.key.text == right.key.text &&
           left.label.has_value() == right.label.has_value() &&
           (!left.label || left.label->text == right.label->text);
  };
  const auto report = [&](const ast::Item& again, const ast::Item& first) {
    const std::string name =
        again.label ? again.key.text + " " + again.label->text : again.key.text;
    auto& diagnostic =
        error("E0201", again.key.span, fmt::format("`{}` is written twice", printable(name)));
    diagnostic.label = "written again here";
    diagnostic.related.push_back({first.key.span, "first written here"});
  };
  const auto& items = body.items;
  if (items.size() <= 16) {
    for (std::size_t i = 1; i < items.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (same(items[i], items[j])) {
          report(items[i], items[j]);
          break;
        }
      }
    }
    return;
  }
  std::unordered_map<std::string, const ast::Item*> seen;
  for (const auto& item : items) {
    if (item.kind == ast::Item::Kind::spread || item.key.expression) {
      continue;
    }
    const auto [first, fresh] =
        seen.emplace(item.label ? item.key.text + '\n' + item.label->text : item.key.text, &item);
    if (!fresh) {
      report(item, *first->second);
    }
  }
}

void Checker::report_unknown_attribute(const ast::Item& item, TypeId record,
                                       std::string_view owner) {
  auto& diagnostic =
      error("E0301", item.key.span,
            fmt::format("{} has no attribute `{}`", owner, printable(item.key.text)));
  std::vector<std::string> names;
  for (const auto& field : record->fields) {
    names.push_back(field.name);
  }
  suggest(diagnostic, item.key.text, names);
  if (diagnostic.help.empty() && !names.empty() && names.size() <= 12) {
    diagnostic.help.push_back(fmt::format("it has {}", list_text(names)));
  }
}

// One attribute or block whose place in the record is known.
void Checker::coerce_item(const ast::Item& item, const TypeField& field, const Site& site) {
  TypeId expected = field.type;
  if (item.label) {
    if (expected->base != TypeBase::map) {
      error("E0303", item.label->span, fmt::format("a `{}` has no name of its own", field.name))
          .help.push_back(fmt::format("write `{} {{ … }}`", field.name));
      return;
    }
    expected = expected->element;
  }
  coerce(*item.value, expected, site, field.name);
}

void Checker::spread_into_record(const ast::Item& item, TypeId expected, const Site& site) {
  const TypeId type = infer(*item.value, nullptr, site);
  if (is_silent(type)) {
    return;
  }
  if (type->optional) {
    report_missing(item.value->span, types_.required(type), type, "what is spread");
    return;
  }
  if (type->base != TypeBase::record) {
    report_misfit(*item.value, types_.map(types_.any()), type, "what is spread here");
    return;
  }
  for (const auto& field : type->fields) {
    const TypeField* wanted = expected->field(field.name);
    if (wanted == nullptr) {
      error("E0301", item.value->span,
            fmt::format("what is spread has `{}`, which is no attribute here", field.name));
      return;
    }
    if (!require_fit(*item.value, wanted->type, field.type, site, field.name)) {
      return;
    }
  }
}

void Checker::require_fields(const ast::Body& body, TypeId record, const Span& span,
                             std::string_view owner) {
  const bool open = std::any_of(body.items.begin(), body.items.end(), [](const ast::Item& item) {
    return item.kind == ast::Item::Kind::spread || item.key.expression;
  });
  for (const auto& field : record->fields) {
    const bool written =
        std::any_of(body.items.begin(), body.items.end(),
                    [&](const ast::Item& item) { return item.key.text == field.name; });
    if (field.required && !written && !open) {
      error("E0302", span, fmt::format("{} needs `{}`", owner, field.name))
          .help.push_back(fmt::format("write `{} = …`, {}", field.name, type_phrase(field.type)));
    }
  }
}

TypeId Checker::coerce_record(const ast::Body& body, TypeId expected, const Site& site,
                              std::string_view what) {
  refuse_duplicates(body);
  const std::size_t errors = diagnostics_.error_count();
  const std::string owner = what.empty()                               ? "this"
                            : what.find(' ') == std::string_view::npos ? fmt::format("`{}`", what)
                                                                       : std::string(what);
  for (const auto& item : body.items) {
    if (item.kind == ast::Item::Kind::spread) {
      spread_into_record(item, expected, site);
      continue;
    }
    if (item.key.expression) {
      error("E0301", item.key.span, "the name of an attribute is fixed: `${}` cannot stand in it");
      continue;
    }
    const TypeField* field = expected->field(item.key.text);
    if (field == nullptr) {
      report_unknown_attribute(item, expected, owner);
      continue;
    }
    coerce_item(item, *field, site);
  }
  const Span head{body.span.file, body.span.begin, std::min(body.span.begin + 1, body.span.end)};
  require_fields(body, expected, head, owner);
  return diagnostics_.error_count() == errors ? expected : types_.error();
}

TypeId Checker::coerce_map(const ast::Body& body, TypeId expected, const Site& site,
                           std::string_view what) {
  refuse_duplicates(body);
  const std::size_t errors = diagnostics_.error_count();
  for (const auto& item : body.items) {
    if (item.kind == ast::Item::Kind::spread) {
      const TypeId type = infer(*item.value, expected, site);
      if (!is_silent(type)) {
        require_fit(*item.value, expected, type, site, "what is spread");
      }
      continue;
    }
    if (item.key.expression) {
      text_key(*item.key.expression, site, "the key of a map");
    }
    const std::string_view key = item.key.expression ? what : std::string_view(item.key.text);
    if (!item.label) {
      coerce(*item.value, expected->element, site, key);
    } else if (expected->element->base == TypeBase::map) {
      coerce(*item.value, expected->element->element, site, key);
    } else if (is_silent(expected->element)) {
      infer(*item.value, nullptr, site);
    } else {
      error("E0303", item.label->span, fmt::format("`{}` has no name of its own", item.key.text));
    }
  }
  return diagnostics_.error_count() == errors ? expected : types_.error();
}

TypeId Checker::check_shape(const ast::Body& body, const std::vector<TypeField>& fields,
                            const Span& head, const Site& site, std::string_view owner) {
  refuse_duplicates(body);
  const TypeId record = types_.record(fields);
  for (const auto& item : body.items) {
    if (item.kind == ast::Item::Kind::spread) {
      spread_into_record(item, record, site);
      continue;
    }
    const TypeField* field = record->field(item.key.text);
    if (field == nullptr || item.key.expression) {
      report_unknown_attribute(item, record, owner);
      continue;
    }
    coerce_item(item, *field, site);
  }
  require_fields(body, record, head, owner);
  return record;
}

}  // namespace infra
