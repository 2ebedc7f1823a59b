// planner/leaves.h — one attribute at a time: when two spellings are one value, how a secret is
// compared without being kept, and the three-way comparison of last applied, live and desired.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/schema.h"
#include "base/sealing.h"
#include "base/value.h"
#include "planner/plan.h"
#include "providers/provider.h"
#include "state/record.h"

namespace infra {

// Compares secrets by keyed fingerprint. Without a key (nothing was ever applied here) every
// secret differs from every fingerprint.
class Fingerprints {
 public:
  explicit Fingerprints(const SealingKey* key) : key_(key) {}
  [[nodiscard]] std::string of_secret(const Value& value) const;     // what was applied
  [[nodiscard]] std::string of_mark(const std::string& mark) const;  // what a platform shows of it
  [[nodiscard]] bool usable() const { return key_ != nullptr; }

 private:
  const SealingKey* key_;
};

// Where a record's marks keep the fingerprint of a secret leaf of `applied`.
[[nodiscard]] std::string applied_mark(std::string_view path);

// True when the platform takes both for one value. References are equal by id, else by address.
[[nodiscard]] bool same_spelling(const Value& left, const Value& right, Same same);

// What a record keeps of what was sent: Hidden in place of each secret, with its fingerprint among
// the marks. Empty references stay.
[[nodiscard]] Value without_secrets(const Value& desired, const Fingerprints& fingerprints,
                                    std::map<Path, std::string>& marks);

// What a record keeps of what came back: secrets of leaves that the author owns become Hidden with
// a mark of their value; other secrets (outputs) stay, to be sealed. `before` gives back what is
// not shown again.
struct ReadBackValues {
  Value live;
  std::map<Path, std::string> marks;  // keyed
};
[[nodiscard]] ReadBackValues keep_read_back(const TypeSchema& schema, const Remote& remote,
                                            const Value& desired, const ResourceRecord& before,
                                            const Fingerprints& fingerprints);

struct LeafInput {
  const TypeSchema* schema = nullptr;
  const Value* desired = nullptr;
  const ResourceRecord* record = nullptr;              // applied, and marks as last kept
  const Value* live = nullptr;                         // as read in this run
  const std::map<Path, std::string>* marks = nullptr;  // as read in this run
  const Fingerprints* fingerprints = nullptr;
};
struct LeafFindings {
  std::vector<LeafChange> changes;  // what must be done
  std::vector<LeafChange> drift;    // what the platform changed, whatever is done about it
  std::vector<Path> left_alone;     // no longer written, and nothing to go back to
};
[[nodiscard]] LeafFindings compare_leaves(const LeafInput& input);

// The leaves of a value that a person sets one by one: objects are descended, lists are whole.
template <class Visit>
void for_each_owned_leaf(const Value& value, const Path& at, const Visit& visit) {
  const auto* object = value.as<Object>();
  if (object == nullptr) {
    visit(at, value);
    return;
  }
  for (const auto& [key, item] : *object) {
    for_each_owned_leaf(item, join(at, key), visit);
  }
}

}  // namespace infra
