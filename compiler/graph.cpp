#include "compiler/graph.h"

#include <algorithm>

#include "base/address.h"
#include "compiler/build_graph.h"
#include "compiler/evaluate.h"
#include "compiler/evaluation.h"

namespace infra {

const ResourceNode* ResourceGraph::find(std::string_view address) const {
  if (evaluation != nullptr) {
    const auto found = evaluation->ids.find(address);
    if (found != evaluation->ids.end() && found->second < nodes.size() &&
        nodes[found->second].address == address) {
      return &nodes[found->second];
    }
  }
  const auto found = std::lower_bound(nodes.begin(), nodes.end(), address,
                                      [](const ResourceNode& node, std::string_view wanted) {
                                        return address_less(node.address, wanted);
                                      });
  return found != nodes.end() && found->address == address ? &*found : nullptr;
}

Value ResourceGraph::attributes(const ResourceNode& node, const Outputs& known,
                                Diagnostics& diagnostics) const {
  const auto found = evaluation == nullptr ? decltype(evaluation->ids.end()){}
                                           : evaluation->ids.find(node.address);
  if (evaluation == nullptr || node.dependencies.empty() || found == evaluation->ids.end()) {
    return node.attributes;
  }
  return Evaluator(*evaluation, &known, diagnostics).attributes(found->second);
}

Value ResourceGraph::check(const PlannedCheck& check, const Outputs& known,
                           Diagnostics& diagnostics) const {
  if (evaluation == nullptr || check.dependencies.empty() || check.origin == nullptr) {
    return check.body;
  }
  const auto& written = *static_cast<const WrittenCheck*>(check.origin);
  return evaluate_check(*evaluation, written, &known, diagnostics);
}

Value ResourceGraph::output(const PlannedOutput& output, const Outputs& known,
                            Diagnostics& diagnostics) const {
  if (evaluation == nullptr || output.dependencies.empty() || output.origin == nullptr) {
    return output.value;
  }
  const auto& written = *static_cast<const WrittenOutput*>(output.origin);
  return Evaluator(*evaluation, &known, diagnostics)
      .expression(written.output->value, *written.round);
}

Span ResourceGraph::span(const ResourceNode& node, std::string_view attribute) const {
  const auto* instance = static_cast<const Instance*>(node.origin);
  return instance == nullptr ? node.span
                             : written_at(*instance->declaration, instance->driver, attribute);
}

}  // namespace infra
