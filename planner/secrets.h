// planner/secrets.h — the secrets of the text: read from where they come from, or generated, kept
// and rotated.
//
// A value that can be had again (a variable, a file) is never stored, only its fingerprint; a
// generated one is stored sealed in its record.
#pragma once
#include <optional>
#include <string>

#include "base/sealing.h"
#include "base/world.h"
#include "planner/expand.h"
#include "planner/leaves.h"
#include "planner/plan.h"
#include "state/record.h"

namespace infra {

struct SecretPlan {
  Value value;  // Secret, Unknown (made at apply), null (optional and not there)
  Operation operation = Operation::no_op;
  bool missing_source = false;  // it keeps the value that was applied before
  bool never_had = false;       // not there, not optional, never applied: apply will fail
  std::string source;           // "the variable SENTRY_DSN"
  std::string reason;
};

[[nodiscard]] SecretPlan plan_secret(const Node& node, const Value& attributes,
                                     const ResourceRecord* record, const World& world,
                                     const std::string& folder, const Fingerprints& fingerprints);

// Makes the value that `generate` asks for.
[[nodiscard]] Secret generate_secret(const Value& attributes, Random& random);

// The record of a secret once its value is known.
[[nodiscard]] ResourceRecord secret_record(const Node& node, const Value& attributes,
                                           const Value& value, const World& world,
                                           const Fingerprints& fingerprints);

}  // namespace infra
