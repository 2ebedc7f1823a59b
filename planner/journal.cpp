#include "planner/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/address.h"
#include "base/kinds.h"
#include "base/text.h"

namespace infra {
namespace {

constexpr std::array<std::string_view, 6> adoption_names{"key",    "unique",   "marker",
                                                         "listed", "harmless", "none"};

std::string base32(std::string_view hex, std::size_t length) {
  static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
  const auto nibble = [](char c) {
    return static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  std::string out;
  std::uint64_t bits = 0;
  unsigned count = 0;
  for (const char c : hex) {
    bits = (bits << 4U) | nibble(c);
    count += 4;
    if (count >= 5 && out.size() < length) {
      count -= 5;
      out += letters[(bits >> count) & 31U];
    }
  }
  return out;
}

// Secrets that the engine made are kept, sealed, whatever the platform shows of them.
void keep_made_secrets(const TypeSchema& schema, const Value& desired, ResourceRecord& record) {
  for (const auto& attribute : schema.attributes) {
    if (attribute.fill != Fill::random) {
      continue;
    }
    if (const Value& made = desired.at(attribute.path); made.as<Secret>() != nullptr) {
      record.live.set(attribute.path, made);
    }
  }
}

ResourceRecord read_back_record(const ObjectNotes& notes, const Remote& remote,
                                const std::string& parent, const Fingerprints& fingerprints) {
  ResourceRecord record = notes.before;
  auto kept = keep_read_back(*notes.schema, remote, notes.desired, notes.before, fingerprints);
  if (!remote.id.empty()) {
    record.id = remote.id;
  }
  record.live = std::move(kept.live);
  for (auto& [path, mark] : kept.marks) {
    record.marks[path] = std::move(mark);
  }
  if (!parent.empty()) {
    record.parent = parent;
  }
  if (remote.keep) {
    record.keep = remote.keep;
  }
  keep_made_secrets(*notes.schema, notes.desired, record);
  return record;
}

}  // namespace

std::string marker_of(std::string_view lineage, std::string_view environment,
                      std::string_view address, std::uint32_t generation) {
  std::string all = "infra marker v1";
  for (const std::string& part : {std::string(lineage), std::string(environment),
                                  std::string(address), std::to_string(generation)}) {
    all += '\0';
    all += part;
  }
  return "infra-" + base32(sha256_hex(all), 20);
}

std::string_view adoption_text(Adoption::Class how) {
  return adoption_names.at(static_cast<std::size_t>(how));
}

Adoption::Class adoption_of(std::string_view text) {
  const auto found = std::ranges::find(adoption_names, text);
  return found == adoption_names.end()
             ? Adoption::none
             : static_cast<Adoption::Class>(found - adoption_names.begin());
}

ResourceRecord known_record(const ObjectNotes& notes, const Remote& remote,
                            const std::string& parent, const std::vector<Path>& took,
                            const Fingerprints& fingerprints) {
  ResourceRecord record = read_back_record(notes, remote, parent, fingerprints);
  record.status = RecordStatus::pending;
  if (record.applied.as<Object>() == nullptr) {
    record.applied = Object{};
  }
  std::map<Path, std::string> marks;
  const Value sent = without_secrets(notes.desired, fingerprints, marks);
  for (const auto& path : took) {
    if (const Value& value = sent.at(path)) {
      record.applied.set(path, value);
    } else {
      record.applied.erase(path);
    }
    if (const auto mark = marks.find(applied_mark(path)); mark != marks.end()) {
      record.marks[mark->first] = mark->second;
    }
  }
  return record;
}

ResourceRecord done_record(const ObjectNotes& notes, const Remote& remote,
                           const std::string& parent, RecordStatus status,
                           const Fingerprints& fingerprints) {
  ResourceRecord record = read_back_record(notes, remote, parent, fingerprints);
  record.status = status;
  std::map<Path, std::string> kept_marks;
  for (auto& [path, mark] : record.marks) {  // fingerprints of what is Hidden here stay
    const bool of_applied = path.starts_with("applied");
    if (!of_applied || notes.desired.at(path.substr(7)).as<Hidden>() != nullptr) {
      kept_marks[path] = mark;
    }
  }
  record.marks = std::move(kept_marks);
  record.applied = without_secrets(notes.desired, fingerprints, record.marks);
  record.schema_version = notes.schema->version;
  return record;
}

void note_surroundings(const Draft& draft, NodeIndex index, ResourceRecord& record) {
  const Node& node = draft.expansion[index];
  std::set<std::string> dependencies;
  for (const auto& edge : node.edges) {
    if (edge.target != index) {
      dependencies.insert(draft.expansion[edge.target].address);
    }
  }
  record.dependencies.assign(dependencies.begin(), dependencies.end());
  record.provider = node.provider;
  const Kind* kind = find_kind(node.kind);
  const bool guarded = node.companion == nullptr && kind != nullptr && kind->guarded;
  record.stateful = (guarded || (node.schema != nullptr && node.schema->stateful)) &&
                    !draft.graph.settings.ephemeral;
  record.protected_ =
      std::ranges::any_of(draft.graph.settings.protect, [&](const std::string& selector) {
        return selector == node.kind || address_matches(selector, node.address);
      });
  record.delete_first = node.schema != nullptr && node.schema->delete_first;
}

ResourceRecord new_record(const Draft& draft, NodeIndex index, std::uint32_t generation) {
  const Node& node = draft.expansion[index];
  ResourceRecord record;
  record.address = node.address;
  record.generation = generation;
  record.type = node.type;
  record.status = RecordStatus::pending;
  record.applied = Object{};
  record.live = Object{};
  record.marker = marker_of(draft.state.lineage, draft.graph.environment, node.address, generation);
  note_surroundings(draft, index, record);
  return record;
}

std::string parent_id(const TypeSchema& schema, const Value& desired) {
  if (schema.parent.empty()) {
    return {};
  }
  const Value& parent = desired.at(schema.parent);
  const auto* reference = parent.as<Reference>();
  return reference != nullptr ? reference->id : parent.text();
}

}  // namespace infra
