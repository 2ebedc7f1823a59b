#include "planner/knowledge.h"

#include <algorithm>

#include "base/kinds.h"
#include "base/quantity.h"

namespace infra {
namespace {

bool secret_output(const Node& node, const Attribute* attribute, std::string_view output) {
  if (attribute != nullptr) {
    return attribute->secrecy == Secrecy::always;
  }
  const Kind* kind = find_kind(node.kind);
  return kind != nullptr && std::ranges::any_of(kind->outputs, [&](const KindOutput& o) {
           return o.path == output && o.secret;
         });
}

bool follows(const Attribute& attribute, const std::vector<Path>& changed) {
  return std::ranges::any_of(attribute.follows, [&](const Path& input) {
    return std::ranges::any_of(changed, [&](const Path& leaf) {
      return input == "/" || input.empty() || covers(input, leaf);
    });
  });
}

std::string text_of(const Value& value) {
  if (const auto* number = value.as<std::int64_t>()) {
    return std::to_string(*number);
  }
  if (const auto* reference = value.as<Reference>()) {
    return reference->id;
  }
  return value.text();
}

}  // namespace

Value fill_formula(const std::string& formula, const Value& attributes) {
  std::string filled;
  for (std::size_t i = 0; i < formula.size(); ++i) {
    if (formula[i] != '{') {
      filled += formula[i];
      continue;
    }
    const auto end = formula.find('}', i);
    if (end == std::string::npos) {
      return filled + formula.substr(i);
    }
    const std::string part = text_of(attributes.at(formula.substr(i + 1, end - i - 1)));
    if (part.empty()) {
      return Unknown{};
    }
    filled += part;
    i = end;
  }
  return filled;
}

Value Knowledge::formula(const Node& node, const Attribute& attribute) const {
  const Fact& fact = facts_[expansion_->find(node.address)];
  Value filled = fill_formula(attribute.formula, fact.desired);
  if (filled.is_unknown() && fact.record != nullptr && fact.born) {
    return fill_formula(attribute.formula, fact.record->live);
  }
  return filled;
}

Value Knowledge::unborn(const Node& node, const Fact& fact, std::string_view output) const {
  const Attribute* attribute = find_attribute(*node.schema, output);
  if (attribute != nullptr && attribute->path == output && !attribute->formula.empty()) {
    return formula(node, *attribute);
  }
  if (output != "/id") {
    if (const Value& written = fact.desired.at(output)) {
      return written;
    }
  }
  return Unknown{secret_output(node, attribute, output)};
}

Value Knowledge::output(NodeIndex index, std::string_view output) const {
  const Node& node = (*expansion_)[index];
  const Fact& fact = facts_[index];
  if (node.is_secret()) {
    return output == "/value" ? fact.secret : Value();
  }
  if (output == "/name") {
    const Value& name = fact.desired.at("/name");
    return name || fact.record == nullptr ? name : fact.record->live.at("/name");
  }
  if (!fact.born || fact.record == nullptr) {
    return unborn(node, fact, output);
  }
  if (output == "/id") {
    return fact.record->id;
  }
  const Attribute* attribute = find_attribute(*node.schema, output);
  const bool secret = secret_output(node, attribute, output);
  if (attribute != nullptr && follows(*attribute, fact.changed)) {
    return Unknown{secret};
  }
  const Value& value = fact.record->live.at(output);
  if (value.as<Hidden>() != nullptr) {
    return Unknown{true};
  }
  if (value) {
    return value;
  }
  if (attribute != nullptr && !attribute->formula.empty()) {
    return formula(node, *attribute);
  }
  if (const Value& written = fact.desired.at(output)) {
    return written;
  }
  const bool expected = attribute != nullptr && attribute->presence != Presence::optional;
  return !fact.ready && expected ? Value(Unknown{secret}) : Value();
}

Value Knowledge::output(std::string_view address, std::string_view output_path) const {
  const NodeIndex index = expansion_->find(address);
  return index == no_node ? Value() : output(index, output_path);
}

Outputs Knowledge::outputs() const {
  return [this](std::string_view address, std::string_view path) { return output(address, path); };
}

bool Knowledge::resolve_references(Value& value) const {
  bool unknown = false;
  if (auto* reference = value.as<Reference>()) {
    if (reference->id.empty()) {
      const NodeIndex index = expansion_->find(reference->address);
      if (index != no_node && facts_[index].born && facts_[index].record != nullptr) {
        reference->id = facts_[index].record->id;
      }
    }
    return reference->id.empty();
  }
  if (auto* list = value.as<List>()) {
    for (auto& item : *list) {
      unknown |= resolve_references(item);
    }
  } else if (auto* object = value.as<Object>()) {
    for (auto& [key, item] : *object) {
      unknown |= resolve_references(item);
    }
  }
  return unknown;
}

}  // namespace infra
