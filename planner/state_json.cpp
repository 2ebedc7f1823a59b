#include <algorithm>

#include "base/address.h"
#include "base/json.h"
#include "planner/document.h"
#include "planner/render.h"

namespace infra {
namespace {

Value object_shape(const Object& object, Value (*shape)(const Value&)) {
  Object out;
  for (const auto& [key, item] : object) {
    Value inner = shape(item);
    if (!inner.is_null()) {
      out.emplace(key, std::move(inner));
    }
  }
  return out.empty() ? Value{} : Value(std::move(out));
}

// Elements of a list keep their places: `false` where there is nothing to say.
Value list_shape(const List& list, Value (*shape)(const Value&)) {
  List out;
  bool any = false;
  for (const Value& item : list) {
    Value inner = shape(item);
    any = any || !inner.is_null();
    out.push_back(inner.is_null() ? Value(false) : std::move(inner));
  }
  return any ? Value(std::move(out)) : Value{};
}

std::vector<std::string> keys_of(std::string_view address) {
  const auto parsed = parse_address(address);
  std::vector<std::string> keys;
  if (parsed) {
    for (const AddressStep& step : parsed->steps) {
      keys.insert(keys.end(), step.keys.begin(), step.keys.end());
    }
  }
  return keys;
}

Value attributes_of(const ResourceRecord& record) {
  Value values = record.live.is_null() ? record.applied : record.live;
  if (values.as<Object>() == nullptr) {
    values = Object{};
  }
  if (!record.id.empty() && values.at("/id").is_null()) {
    values.set("/id", record.id);
  }
  return values;
}

Value resource_document(const ResourceRecord& record) {
  const Value values = attributes_of(record);
  Value sensitive = sensitive_shape(values);
  Object out{{"address", record.address},
             {"mode", "managed"},
             {"type", record.type},
             {"name", address_name(record.address)},
             {"provider_name", provider_document_name(record.type, record.provider)},
             {"schema_version", record.schema_version},
             {"values", document_value(values)},
             {"sensitive_values", sensitive.is_null() ? Value(Object{}) : std::move(sensitive)}};
  if (Value index = index_document(keys_of(record.address)); !index.is_null()) {
    out.emplace("index", std::move(index));
  }
  if (!record.dependencies.empty()) {
    out.emplace("depends_on", List(record.dependencies.begin(), record.dependencies.end()));
  }
  if (record.status == RecordStatus::tainted) {
    out.emplace("tainted", true);
  }
  return out;
}

std::string value_type(const Value& value) {
  if (value.as<bool>() != nullptr) {
    return "bool";
  }
  if (value.as<std::int64_t>() != nullptr || value.as<double>() != nullptr) {
    return "number";
  }
  return "string";
}

Value type_document(const Value& value) {
  if (const auto* list = value.as<List>()) {
    List items;
    for (const Value& item : *list) {
      items.push_back(type_document(item));
    }
    return List{"tuple", std::move(items)};
  }
  if (const auto* object = value.as<Object>()) {
    Object fields;
    for (const auto& [key, item] : *object) {
      fields.emplace(key, type_document(item));
    }
    return List{"object", std::move(fields)};
  }
  return value_type(value);
}

}  // namespace

Value document_value(const Value& value) {
  if (value.is_unknown() || value.as<Hidden>() != nullptr) {
    return {};
  }
  if (const auto* list = value.as<List>()) {
    List out;
    for (const Value& item : *list) {
      out.push_back(document_value(item));
    }
    return out;
  }
  if (const auto* object = value.as<Object>()) {
    Object out;
    for (const auto& [key, item] : *object) {
      if (!item.is_unknown()) {
        out.emplace(key, document_value(item));
      }
    }
    return out;
  }
  return value;
}

Value unknown_shape(const Value& value) {
  if (value.is_unknown()) {
    return true;
  }
  if (const auto* list = value.as<List>()) {
    return list_shape(*list, unknown_shape);
  }
  if (const auto* object = value.as<Object>()) {
    return object_shape(*object, unknown_shape);
  }
  return {};
}

Value sensitive_shape(const Value& value) {
  const auto* unknown = value.as<Unknown>();
  if (value.as<Secret>() != nullptr || (unknown != nullptr && unknown->secret)) {
    return true;
  }
  if (const auto* list = value.as<List>()) {
    return list_shape(*list, sensitive_shape);
  }
  if (const auto* object = value.as<Object>()) {
    return object_shape(*object, sensitive_shape);
  }
  return {};
}

std::string provider_document_name(std::string_view type, std::string_view provider) {
  const std::size_t dot = type.find('.');
  return "infra/" + std::string(dot == std::string_view::npos ? provider : type.substr(0, dot));
}

Value index_document(const std::vector<std::string>& keys) {
  if (keys.empty()) {
    return {};
  }
  return keys.size() == 1 ? Value(keys.front()) : Value(List(keys.begin(), keys.end()));
}

Value output_document(const Value& value, bool sensitive) {
  Object out{{"sensitive", sensitive}};
  if (!value.is_unknown()) {
    out.emplace("type", sensitive ? Value("string") : type_document(value));
    out.emplace("value", sensitive ? Value("(sensitive)") : document_value(value));
  }
  return out;
}

Value check_document(const CheckResult& check) {
  Object instance{{"address", Object{{"to_display", "check." + check.name}}},
                  {"status", check.status}};
  if (!check.message.empty() && check.status != "pass") {
    instance.emplace("problems", List{Object{{"message", check.message}}});
  }
  return Object{
      {"address",
       Object{{"kind", "check"}, {"to_display", "check." + check.name}, {"name", check.name}}},
      {"status", check.status},
      {"instances", List{std::move(instance)}}};
}

Value state_document(const State& state) {
  List resources;
  std::vector<const ResourceRecord*> ordered;
  for (const auto& [address, record] : state.resources) {
    ordered.push_back(&record);
  }
  std::sort(ordered.begin(), ordered.end(), [](const auto* left, const auto* right) {
    return address_less(left->address, right->address);
  });
  for (const ResourceRecord* record : ordered) {
    resources.push_back(resource_document(*record));
  }
  for (const auto& [op, deposed] : state.deposed) {
    Value document = resource_document(deposed.record);
    document.set("/deposed_key", op.substr(0, 8));
    resources.push_back(std::move(document));
  }
  Object values{{"root_module",
                 resources.empty() ? Value(Object{}) : Value(Object{{"resources", resources}})}};
  if (!state.outputs.empty()) {
    Object outputs;
    for (const auto& [name, output] : state.outputs) {
      outputs.emplace(
          name, output_document(output.value, output.revealed || contains_secret(output.value)));
    }
    values.emplace("outputs", std::move(outputs));
  }
  Object out{{"format_version", "1.0"},
             {"terraform_version", document_tool_version},
             {"values", std::move(values)}};
  if (state.last_run && !state.last_run->checks.empty()) {
    List checks;
    for (const CheckResult& check : state.last_run->checks) {
      checks.push_back(check_document(check));
    }
    out.emplace("checks", std::move(checks));
  }
  return out;
}

std::string state_json(const State& state) {
  Value document = state_document(state);
  document.set("/infra", Object{{"stack", state.stack},
                                {"environment", state.environment},
                                {"lineage", state.lineage},
                                {"serial", static_cast<std::int64_t>(state.serial)}});
  return to_json(document, SecretText::sensitive, 2) + "\n";
}

}  // namespace infra
