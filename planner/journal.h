// planner/journal.h — the rows of the protocol, as functions of plain data: the intent before a
// call, the record once an id is known, the record when the call has ended.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "planner/draft.h"
#include "planner/steps.h"
#include "state/store.h"

namespace infra {

// What marks an object as the one of this address and generation: computable again when all local
// data is lost, and the same for both of a duplicate.
[[nodiscard]] std::string marker_of(std::string_view lineage, std::string_view environment,
                                    std::string_view address, std::uint32_t generation);

[[nodiscard]] std::string_view adoption_text(Adoption::Class how);
[[nodiscard]] Adoption::Class adoption_of(std::string_view text);

// What is known of one object while it is being changed: all that its record is made of.
struct ObjectNotes {
  const TypeSchema* schema = nullptr;
  ResourceRecord before;  // as it was; for a create: its address, generation, provider, type,
                          // marker, guards and dependencies, without an id
  Value desired;          // as sent
};

// T2: it exists. Of what was asked for, only `took` counts as applied.
[[nodiscard]] ResourceRecord known_record(const ObjectNotes& notes, const Remote& remote,
                                          const std::string& parent, const std::vector<Path>& took,
                                          const Fingerprints& fingerprints);
// T3: the call has ended well. `status`: pending while a later change must make it live.
[[nodiscard]] ResourceRecord done_record(const ObjectNotes& notes, const Remote& remote,
                                         const std::string& parent, RecordStatus status,
                                         const Fingerprints& fingerprints);

// The record that a node's object starts from: no id yet, everything else in place.
[[nodiscard]] ResourceRecord new_record(const Draft& draft, NodeIndex node,
                                        std::uint32_t generation);
// What a later destroy must know of a node without the text: order, guards, providers.
void note_surroundings(const Draft& draft, NodeIndex node, ResourceRecord& record);

// The remote id of the container in `desired`, by the type's parent attribute; "" where there is
// none or it is not born.
[[nodiscard]] std::string parent_id(const TypeSchema& schema, const Value& desired);

}  // namespace infra
