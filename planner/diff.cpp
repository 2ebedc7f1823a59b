// One node's change: what it should be against what was last applied and what is there.
#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/kinds.h"
#include "base/text.h"
#include "planner/desired.h"
#include "planner/draft.h"
#include "planner/secrets.h"

namespace infra {
namespace {

class NodeDiff {
 public:
  NodeDiff(Draft& draft, NodeIndex index)
      : draft_(draft),
        index_(index),
        node_(draft.expansion[index]),
        fact_(draft.knowledge[index]),
        change_(draft.changes[index]) {}

  void run() {
    describe();
    if (node_.is_secret()) {
      plan_a_secret();
    } else if (node_.existing) {
      plan_existing();
    } else {
      plan_managed();
    }
  }

 private:
  void describe() {
    const std::string previous = std::move(change_.previous_address);
    const bool renamed = change_.renamed;
    change_ = PlannedChange();
    change_.previous_address = previous;
    change_.renamed = renamed;
    change_.address = node_.address;
    change_.kind = node_.kind;
    change_.type = node_.type;
    change_.provider = node_.provider;
    change_.name = node_.name;
    change_.keys = node_.keys;
    change_.existing = node_.existing;
    change_.span = node_.span;
    change_.has_span = true;
    draft_.changed[index_].clear();
  }

  // --- secrets ---

  void plan_a_secret() {
    const Value attributes = desired_attributes(draft_.graph, draft_.expansion, draft_.knowledge,
                                                index_, draft_.plan.diagnostics);
    const SecretPlan plan = plan_secret(node_, attributes, fact_.record, draft_.options.world,
                                        draft_.options.folder, draft_.fingerprints);
    fact_.desired = attributes;
    fact_.secret = plan.value;
    fact_.missing_source = plan.missing_source;
    fact_.born = plan.operation == Operation::no_op;
    fact_.changed.clear();
    change_.operation = plan.operation;
    change_.id = fact_.record == nullptr ? std::string() : node_.address;
    change_.reason = plan.reason;
    if (plan.operation != Operation::no_op) {
      fact_.changed = {"/value"};
      LeafChange leaf;
      leaf.path = "/value";
      leaf.before = fact_.record == nullptr ? Value() : Value(Hidden{});
      leaf.after = Unknown{true};
      leaf.sensitive = true;
      leaf.reason = plan.reason.empty() ? place_of(draft_, node_, "") : plan.reason;
      change_.leaves.push_back(std::move(leaf));
    }
    if (fact_.record != nullptr) {
      change_.before = fact_.record->applied;
    }
    change_.after = attributes;
    tell_of_missing(plan);
  }

  void tell_of_missing(const SecretPlan& plan) {
    if (plan.missing_source) {
      auto& note = draft_.plan.diagnostics.note(
          "N0801", node_.span,
          fmt::format("`{}` keeps its value: {} cannot be read here", node_.address, plan.source));
      note.address = node_.address;
    } else if (plan.never_had) {
      auto& warning = draft_.plan.diagnostics.warning(
          "W0801", node_.span,
          fmt::format("`{}` has no value yet: {} cannot be read here", node_.address, plan.source));
      warning.address = node_.address;
      warning.help.push_back("apply needs it; or write `optional = true`");
    }
  }

  // --- existing ---

  void plan_existing() {
    fact_.desired = desired_attributes(draft_.graph, draft_.expansion, draft_.knowledge, index_,
                                       draft_.plan.diagnostics);
    if (fact_.record != nullptr && fact_.record->address == node_.address && change_known()) {
      return;
    }
    const Value& id = fact_.desired.at("/id");
    if (id.text().empty()) {
      complain("E0805", "/id",
               fmt::format("the id of `{}` must be known when planning", node_.address));
      return;
    }
    read_object(id.text());
    change_.id = id.text();
  }

  // It was read in an earlier round of this plan.
  bool change_known() {
    change_.id = fact_.record->id;
    change_.before = change_.after = fact_.record->live;
    return true;
  }

  // Reads an object by its id into a record that is not in the state (yet).
  bool read_object(const std::string& id) {
    if (node_.driver == nullptr) {
      return false;
    }
    const Counterpart counterpart{node_.driver, node_.schema, node_.block};
    auto remote = read_one(draft_.refresh_input(), counterpart, id, fact_.desired,
                           draft_.knowledge.outputs());
    ++draft_.refresh_calls[node_.provider];
    if (!remote) {
      const bool missing = remote.error().kind == ErrorKind::missing;
      draft_.plan.complete = draft_.plan.complete && missing;
      complain("E0805", "/id",
               missing ? fmt::format("there is no {} `{}` at {}", node_.kind, printable(id),
                                     node_.provider)
                       : fmt::format("cannot read `{}` from {}: {}", node_.address, node_.provider,
                                     printable(remote.error().message)));
      return false;
    }
    auto record = std::make_unique<ResourceRecord>();
    record->address = node_.address;
    record->provider = node_.provider;
    record->type = node_.type;
    record->id = id;
    record->applied = Object{};
    auto kept = keep_read_back(*node_.schema, *remote, Value(), *record, draft_.fingerprints);
    record->live = std::move(kept.live);
    record->marks = kept.marks;
    record->keep = remote->keep;
    record->marker = remote->marker;
    draft_.observations[node_.address] = {Seen::present, std::move(kept.marks), remote->status,
                                          remote->version};
    fact_.record = record.get();
    fact_.born = fact_.ready = true;
    change_.before = change_.after = record->live;
    draft_.read_records.push_back(std::move(record));
    return true;
  }

  // --- managed ---

  void plan_managed() {
    fact_.changed.clear();
    change_.stateful = is_stateful();
    adopt();
    const Observation* seen = draft_.observation(node_.address);
    const bool gone = fact_.record != nullptr && seen != nullptr && seen->seen == Seen::absent;
    const bool elsewhere = fact_.record != nullptr && fact_.record->provider != node_.provider;
    const bool other_type = fact_.record != nullptr && fact_.record->type != node_.type;
    const bool known = fact_.record != nullptr && !fact_.record->id.empty();
    fact_.born = known && !gone && !other_type;
    fact_.ready = fact_.born && fact_.record->status == RecordStatus::ready;
    fact_.keeps_name = gone && !elsewhere;
    desire();
    if (!known) {
      plan_create("");
    } else if (other_type || (gone && elsewhere)) {
      plan_replace("is placed elsewhere now", "replace_by_request");
    } else if (gone) {
      plan_create("was deleted outside infra");
      change_.origin = Origin::drift;
      note_vanished();
    } else {
      compare(seen);
    }
    change_.after = fact_.desired;
  }

  bool is_stateful() const {
    const Kind* kind = find_kind(node_.kind);
    return node_.schema->stateful || (kind != nullptr && kind->guarded);
  }

  void adopt() {
    if (fact_.record != nullptr) {
      if (!draft_.state.resources.contains(node_.address)) {
        change_.import_id = fact_.record->id;  // adopted in an earlier round of this plan
      }
      return;
    }
    for (const auto& statement : draft_.graph.adopted) {
      if (statement.address == node_.address) {
        fact_.born = false;
        desire();
        if (read_object(statement.id)) {
          change_.import_id = statement.id;
        }
      }
    }
  }

  void desire() {
    fact_.desired = desired_attributes(draft_.graph, draft_.expansion, draft_.knowledge, index_,
                                       draft_.plan.diagnostics);
  }

  void plan_create(const std::string& reason) {
    fact_.born = fact_.ready = false;
    change_.operation = Operation::create;
    change_.reason = reason;
    if (fact_.record != nullptr && !fact_.record->live.is_null()) {
      change_.before = Value();
    }
    for_each_owned_leaf(fact_.desired, "", [&](const Path& path, const Value& leaf) {
      if (leaf.is_null()) {
        return;
      }
      LeafChange created;
      created.path = path;
      created.after = leaf;
      created.sensitive = contains_secret(leaf);
      created.reason = reason.empty() ? std::string() : reason;
      change_.leaves.push_back(std::move(created));
      draft_.changed[index_].push_back(path);
    });
  }

  void note_vanished() {
    PlannedChange drift = change_;
    drift.operation = Operation::remove;
    drift.reason = "was deleted outside infra";
    drift.id = fact_.record->id;
    drift.before = fact_.record->live;
    drift.after = Value();
    drift.leaves.clear();
    put_drift(std::move(drift));
  }

  void put_drift(PlannedChange drift) {
    for (auto& other : draft_.plan.drift) {
      if (other.address == drift.address) {
        other = std::move(drift);
        return;
      }
    }
    draft_.plan.drift.push_back(std::move(drift));
  }

  void compare(const Observation* seen) {
    change_.id = fact_.record->id;
    change_.before = fact_.record->live;
    static const Observation unread;
    const Observation& observed = seen == nullptr ? unread : *seen;
    const auto& marks = observed.seen == Seen::unread ? fact_.record->marks : observed.marks;
    LeafInput input{node_.schema,        &fact_.desired, fact_.record,
                    &fact_.record->live, &marks,         &draft_.fingerprints};
    LeafFindings found = compare_leaves(input);
    const bool stopped = observed.status == Status::broken && fact_.ready;
    tell_drift(found, stopped);
    tell_left_alone(found);
    add_missing_once(found);
    explain(found);
    decide(found, stopped);
  }

  void tell_drift(const LeafFindings& found, bool stopped) {
    if (found.drift.empty() && !stopped) {
      return;
    }
    PlannedChange drift = change_;
    drift.operation = Operation::update;
    drift.origin = Origin::drift;
    drift.reason = stopped ? "stopped outside infra" : "was changed outside infra";
    drift.leaves = found.drift;
    drift.before = fact_.record->applied;
    drift.after = fact_.record->live;
    for (auto& leaf : drift.leaves) {
      leaf.reason = "was changed outside infra";
    }
    put_drift(std::move(drift));
  }

  void tell_left_alone(const LeafFindings& found) {
    for (const auto& path : found.left_alone) {
      auto& note = draft_.plan.diagnostics.note(
          "N0802", node_.span,
          fmt::format("`{}{}` is no longer written; it keeps the value it has", node_.address,
                      path));
      note.address = node_.address;
    }
  }

  // A credential that is shown once and is not at hand (after an adoption) is issued anew.
  void add_missing_once(LeafFindings& found) {
    for (const auto& attribute : node_.schema->attributes) {
      if (attribute.read_back == ReadBack::once &&
          fact_.record->live.at(attribute.path).as<Secret>() == nullptr &&
          !std::ranges::any_of(found.changes,
                               [&](const LeafChange& c) { return c.path == attribute.path; })) {
        LeafChange issued;
        issued.path = attribute.path;
        issued.before = Hidden{};
        issued.after = Unknown{true};
        issued.sensitive = true;
        issued.effect = attribute.effect;
        issued.reason = "is shown only once, and is not known here: a new one is issued";
        found.changes.push_back(std::move(issued));
      }
    }
  }

  void explain(LeafFindings& found) {
    for (auto& leaf : found.changes) {
      if (leaf.reason.empty()) {
        leaf.reason = reason_of(leaf);
      }
    }
  }

  std::string reason_of(const LeafChange& leaf) const {
    if (leaf.origin == Origin::drift) {
      return "was changed outside infra";
    }
    std::string reason;
    for (const auto& edge : node_.edges) {
      if (!covers(edge.attribute, leaf.path) && !covers(leaf.path, edge.attribute)) {
        continue;
      }
      const Node& target = draft_.expansion[edge.target];
      const Fact& fact = draft_.knowledge[edge.target];
      if (target.is_secret() && !fact.born) {
        reason =
            fmt::format("{} {}", target.address, fact.record == nullptr ? "is new" : "changes");
      } else if (contains_unknown(leaf.after) || (!target.is_secret() && !fact.born)) {
        reason = fmt::format("{}{} becomes known", target.address, dotted(edge.output));
      }
    }
    if (reason.empty()) {
      reason = place_of(draft_, node_, leaf.path);
    }
    return leaf.origin == Origin::both ? reason + ", and was changed outside infra" : reason;
  }

  static std::string dotted(std::string_view path) {
    std::string text(path);
    std::ranges::replace(text, '/', '.');
    return text;
  }

  void decide(LeafFindings& found, bool stopped) {
    const ResourceRecord& record = *fact_.record;
    bool replace = record.status == RecordStatus::tainted || container_is_new();
    for (const auto& leaf : found.changes) {
      replace = replace || leaf.replaces;
      refuse_impossible(leaf);
    }
    change_.leaves = std::move(found.changes);
    for (const auto& leaf : change_.leaves) {
      draft_.changed[index_].push_back(leaf.path);
    }
    change_.origin = worst_origin();
    change_.effect = worst_effect();
    if (replace) {
      plan_replace(replace_reason(record), record.status == RecordStatus::tainted
                                               ? "replace_because_tainted"
                                               : "replace_because_cannot_update");
      return;
    }
    const bool pending = record.status == RecordStatus::pending;
    if (change_.leaves.empty() && !pending && !stopped) {
      return;
    }
    change_.operation = Operation::update;
    change_.redeploy = stopped;
    if (stopped && change_.leaves.empty()) {
      change_.origin = Origin::drift;
    }
    change_.reason = !change_.leaves.empty() ? change_.leaves.front().reason
                     : pending               ? "was not ready yet"
                                             : "stopped outside infra";
    fact_.changed = draft_.changed[index_];
  }

  std::string replace_reason(const ResourceRecord& record) const {
    if (record.status == RecordStatus::tainted) {
      return "never became ready";
    }
    for (const auto& leaf : change_.leaves) {
      if (leaf.replaces) {
        return fmt::format("{} cannot be changed in place ({})", leaf.path.substr(1), leaf.reason);
      }
    }
    return "what contains it is replaced";
  }

  // It lives in a container that is made anew.
  bool container_is_new() const {
    if (node_.schema->parent.empty() || fact_.record->parent.empty()) {
      return false;
    }
    const auto* reference = fact_.desired.at(node_.schema->parent).as<Reference>();
    return reference != nullptr && reference->id.empty();
  }

  void plan_replace(const std::string& reason, const std::string& action_reason) {
    const Value& live = fact_.record->live;
    change_.operation = Operation::replace;
    change_.reason = reason;
    change_.action_reason = action_reason;
    change_.id = fact_.record->id;
    change_.before = live;
    change_.create_first = !(node_.schema->delete_first || keeps_unique_name());
    change_.effect = std::max(change_.effect, change_.stateful        ? Effect::data_loss
                                              : !change_.create_first ? Effect::downtime
                                                                      : Effect::redeploy);
    fact_.born = fact_.ready = false;
    fact_.keeps_name = !change_.create_first;
    fact_.changed.clear();
    desire();
    draft_.changed[index_].clear();
    for_each_owned_leaf(fact_.desired, "", [&](const Path& path, const Value& leaf) {
      if (!leaf.is_null()) {
        draft_.changed[index_].push_back(path);
      }
    });
  }

  // The author's own name on a type whose names are unique: the old one must go first.
  bool keeps_unique_name() const {
    const auto how = node_.schema->adoption.how;
    if (how != Adoption::unique && how != Adoption::key) {
      return false;
    }
    const bool written = node_.resource != nullptr && bool(node_.resource->attributes.at("/name"));
    return written &&
           same_spelling(fact_.desired.at("/name"), fact_.record->live.at("/name"), Same::exact);
  }

  void refuse_impossible(const LeafChange& leaf) {
    const Attribute* attribute = find_attribute(*node_.schema, leaf.path);
    if (attribute == nullptr || leaf.after.is_unknown()) {
      return;
    }
    if (attribute->on_change == OnChange::refuse) {
      complain("E0807", leaf.path,
               fmt::format("`{}{}` cannot be changed once it exists", node_.address, leaf.path),
               "go back to what it was; or remove it and make another under a new name");
    } else if (attribute->on_change == OnChange::grow && amount(leaf.after) < amount(leaf.before)) {
      complain("E0808", leaf.path,
               fmt::format("`{}{}` can grow and never shrink", node_.address, leaf.path),
               "write at least what it has now");
    }
  }

  static std::int64_t amount(const Value& value) {
    const auto* size = value.as<Size>();
    return size != nullptr ? size->bytes : value.integer();
  }

  void complain(std::string_view code, std::string_view path, std::string message,
                std::string help = {}) {
    const Span span =
        node_.resource != nullptr ? draft_.graph.span(*node_.resource, path) : node_.span;
    auto& error = draft_.plan.diagnostics.error(code, span, std::move(message));
    error.address = node_.address;
    if (!help.empty()) {
      error.help.push_back(std::move(help));
    }
  }

  Origin worst_origin() const {
    bool drift = false, configuration = false;
    for (const auto& leaf : change_.leaves) {
      drift = drift || leaf.origin != Origin::configuration;
      configuration = configuration || leaf.origin != Origin::drift;
    }
    return drift && configuration ? Origin::both : drift ? Origin::drift : Origin::configuration;
  }

  Effect worst_effect() const {
    Effect worst = Effect::none;
    for (const auto& leaf : change_.leaves) {
      worst = std::max(worst, leaf.effect);
    }
    return worst;
  }

  Draft& draft_;
  const NodeIndex index_;
  const Node& node_;
  Fact& fact_;
  PlannedChange& change_;
};

}  // namespace

void plan_node(Draft& draft, NodeIndex node) {
  NodeDiff(draft, node).run();
}

}  // namespace infra
