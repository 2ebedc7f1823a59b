// planner/document.h — the parts that the plan document and the state document share: values,
// resources, outputs and checks in the shapes that tools of this field decode.
//
// Everything is built as a Value and written by to_json; secrets are "(sensitive)" in it.
#pragma once
#include <string>
#include <string_view>

#include "base/value.h"
#include "planner/plan.h"
#include "state/record.h"

namespace infra {

inline constexpr std::string_view document_tool_version = "1.9.0";  // what decoders expect to meet

// The value without what is unknown: attributes left out, list elements null; references as their
// id or address; secrets stay Secrets and are written "(sensitive)".
[[nodiscard]] Value document_value(const Value& value);

// A tree of `true` where the value is unknown; null when nothing is.
[[nodiscard]] Value unknown_shape(const Value& value);
// A tree of `true` where the value is secret; null when nothing is.
[[nodiscard]] Value sensitive_shape(const Value& value);

// "infra/vercel" of the type "vercel.service".
[[nodiscard]] std::string provider_document_name(std::string_view type, std::string_view provider);

// One key as text, several as a list; null when there is none.
[[nodiscard]] Value index_document(const std::vector<std::string>& keys);

// The `output` entry of planned values and of state: {sensitive, type, value}.
[[nodiscard]] Value output_document(const Value& value, bool sensitive);

// {format_version, terraform_version, values: {outputs, root_module}} and, where a run made any,
// the checks.
[[nodiscard]] Value state_document(const State& state);

// One check in the shape {address, status, instances}.
[[nodiscard]] Value check_document(const CheckResult& check);

}  // namespace infra
