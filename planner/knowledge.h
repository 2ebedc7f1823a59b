// planner/knowledge.h — what is known of each node's outputs, while planning and while applying:
// the one answer to "what is database.main.url now?".
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/graph.h"
#include "planner/expand.h"
#include "state/record.h"

namespace infra {

struct Fact {
  const ResourceRecord* record = nullptr;  // as remembered and refreshed; nullptr: none
  bool born = true;  // false: will be made, or made anew: its id and computed outputs are not known
  bool ready = true;          // false: it exists and is not yet live
  bool keeps_name = false;    // made anew under its old name: the old one is gone by then
  std::vector<Path> changed;  // its leaves that will change: computed outputs that follow them are
                              // unknown until then
  Value desired;              // what it should be, as far as that is known
  Value secret;               // of a secret: Secret, Unknown (made at apply), null (there is none)
  bool missing_source = false;  // of a secret: it cannot be read here, and was applied before
};

class Knowledge {
 public:
  explicit Knowledge(const Expansion& expansion)
      : expansion_(&expansion), facts_(expansion.nodes.size()) {}

  [[nodiscard]] Fact& operator[](NodeIndex index) { return facts_[index]; }
  [[nodiscard]] const Fact& operator[](NodeIndex index) const { return facts_[index]; }

  // As Outputs asks: Unknown when only apply will know, null when there is none.
  [[nodiscard]] Value output(NodeIndex index, std::string_view output) const;
  [[nodiscard]] Value output(std::string_view address, std::string_view output) const;
  [[nodiscard]] Outputs outputs() const;  // as long as this lives

  // Fills the ids of references in `value`; true when one of them is not known yet.
  bool resolve_references(Value& value) const;

 private:
  [[nodiscard]] Value unborn(const Node& node, const Fact& fact, std::string_view output) const;
  [[nodiscard]] Value formula(const Node& node, const Attribute& attribute) const;

  const Expansion* expansion_;
  std::vector<Fact> facts_;
};

// "https://{/name}.fly.dev" with the attributes filled in; Unknown when one of them is not known.
[[nodiscard]] Value fill_formula(const std::string& formula, const Value& attributes);

}  // namespace infra
