#include "planner/steps.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/kinds.h"
#include "planner/circles.h"

namespace infra {
namespace {

class StepBuilder {
 public:
  explicit StepBuilder(const Draft& draft) : draft_(draft) {
    const std::size_t count = draft.expansion.nodes.size();
    make_.assign(count, no_task);
    last_.assign(count, no_task);
    drop_.assign(count, no_task);
    for (const auto& [address, record] : draft.state.resources) {
      if (!record.id.empty()) {
        address_of_id_.emplace(record.provider + '\n' + record.id, address);
      }
    }
    for (const auto& change : draft.removals) {
      if (change.deposed.empty() && change.operation == Operation::remove) {
        dropped_.insert(change.address);
      }
    }
  }

  StepGraph run() {
    add_tasks();
    for (NodeIndex i = 0; i < draft_.expansion.nodes.size(); ++i) {
      connect_node(i);
    }
    connect_removals();
    connect_names();
    collect_groups();
    for (auto& task : out_.tasks) {
      tidy(task.after);
      tidy(task.within);
    }
    out_.steps = contract_tasks(out_.tasks);
    return std::move(out_);
  }

 private:
  static void tidy(std::vector<TaskIndex>& tasks) {
    std::ranges::sort(tasks);
    const auto repeated = std::ranges::unique(tasks);
    tasks.erase(repeated.begin(), repeated.end());
  }

  TaskIndex add(TaskKind kind, NodeIndex node, const PlannedChange& change) {
    Task task;
    task.kind = kind;
    task.node = node;
    task.change = &change;
    out_.tasks.push_back(std::move(task));
    return static_cast<TaskIndex>(out_.tasks.size() - 1);
  }

  void after(TaskIndex later, TaskIndex earlier, bool within = false) {
    if (later == no_task || earlier == no_task || later == earlier) {
      return;
    }
    out_.tasks[later].after.push_back(earlier);
    const auto& group = out_.tasks[later].group;
    if (within && !group.empty() && group == out_.tasks[earlier].group) {
      out_.tasks[later].within.push_back(earlier);
    }
  }

  // --- tasks ---

  void add_tasks() {
    if (!draft_.plan.destroy) {
      for (NodeIndex i = 0; i < draft_.expansion.nodes.size(); ++i) {
        add_node(i);
      }
    }
    for (const auto& change : draft_.removals) {
      add_removal(change);
    }
  }

  void add_node(NodeIndex index) {
    const PlannedChange& change = draft_.changes[index];
    const Node& node = draft_.expansion[index];
    if (node.is_secret()) {
      if (change.operation != Operation::no_op) {
        make_[index] = last_[index] = add(TaskKind::secret, index, change);
      }
      return;
    }
    switch (change.operation) {
      case Operation::create:
      case Operation::replace:
        add_birth(index, change);
        break;
      case Operation::update:
        last_[index] = add(TaskKind::update, index, change);
        out_.tasks[last_[index]].group = group_of(index);
        break;
      default:
        if (!change.import_id.empty()) {
          last_[index] = add(TaskKind::adopt, index, change);
        }
        break;
    }
  }

  void add_birth(NodeIndex index, const PlannedChange& change) {
    const Node& node = draft_.expansion[index];
    make_[index] = last_[index] = add(TaskKind::make, index, change);
    out_.tasks[make_[index]].group = group_of(index);
    if (node.has_made) {
      last_[index] = add(TaskKind::finish, index, change);
      out_.tasks[last_[index]].group = group_of(index);
      after(last_[index], make_[index]);
    }
    if (change.operation == Operation::replace) {
      const TaskIndex drop = add(TaskKind::drop, index, change);
      Task& task = out_.tasks[drop];
      task.replaced = true;
      task.waits_in_state = change.create_first;
      task.group = group_of_record(*draft_.knowledge[index].record);
      drop_[index] = drop;
      if (dies_with_container(*draft_.knowledge[index].record)) {
        task.kind = TaskKind::forget;
        task.group.clear();
      }
      if (change.create_first) {
        after(drop, last_[index]);
      } else {
        after(make_[index], drop);
      }
    }
  }

  void add_removal(const PlannedChange& change) {
    const ResourceRecord* record = removed_record(change);
    const bool no_call = change.operation == Operation::forget || record == nullptr ||
                         record->id.empty() || change.type == secret_type ||
                         dies_with_container(*record);
    const TaskIndex task = add(no_call ? TaskKind::forget : TaskKind::drop, no_node, change);
    if (!no_call) {
      out_.tasks[task].group = group_of_record(*record);
    }
    if (change.deposed.empty()) {
      drop_by_address_[change.address] = task;
    }
  }

  const ResourceRecord* removed_record(const PlannedChange& change) const {
    if (!change.deposed.empty()) {
      const auto found = draft_.state.deposed.find(change.deposed);
      return found == draft_.state.deposed.end() ? nullptr : &found->second.record;
    }
    const auto found = draft_.state.resources.find(change.address);
    return found == draft_.state.resources.end() ? nullptr : &found->second;
  }

  // Its container is removed or replaced in this plan: nothing need be asked for it.
  bool dies_with_container(const ResourceRecord& record) const {
    if (record.parent.empty()) {
      return false;
    }
    const auto container = address_of_id_.find(record.provider + '\n' + record.parent);
    return container != address_of_id_.end() && is_dropped(container->second);
  }

  bool is_dropped(const std::string& address) const {
    const NodeIndex node = draft_.plan.destroy ? no_node : draft_.expansion.find(address);
    if (node != no_node) {
      return draft_.changes[node].operation == Operation::replace;
    }
    return dropped_.contains(address);
  }

  // --- groups ---

  std::string group_of(NodeIndex index) const {
    const Node& node = draft_.expansion[index];
    if (node.schema->group.empty()) {
      return {};
    }
    std::string container = node.address;
    if (!node.schema->parent.empty()) {
      const Value& parent = draft_.knowledge[index].desired.at(node.schema->parent);
      const auto* reference = parent.as<Reference>();
      container = reference != nullptr ? reference->address
                                       : container_address(node.provider, parent.text());
    }
    return node.provider + ' ' + node.schema->group + ' ' + container;
  }

  std::string group_of_record(const ResourceRecord& record) const {
    const auto counterpart = draft_.doorway.counterpart(record.provider, record.type);
    if (counterpart.index() != 0 || std::get<0>(counterpart).schema->group.empty()) {
      return {};
    }
    const TypeSchema& schema = *std::get<0>(counterpart).schema;
    const std::string container =
        schema.parent.empty() ? record.address : container_address(record.provider, record.parent);
    return record.provider + ' ' + schema.group + ' ' + container;
  }

  std::string container_address(const std::string& provider, const std::string& id) const {
    const auto found = address_of_id_.find(provider + '\n' + id);
    return found == address_of_id_.end() ? "id " + id : found->second;
  }

  void collect_groups() {
    for (NodeIndex i = 0; i < draft_.expansion.nodes.size() && !draft_.plan.destroy; ++i) {
      const Node& node = draft_.expansion[i];
      if (!node.is_secret() && !node.existing && !node.schema->group.empty()) {
        out_.groups[group_of(i)].push_back(i);
      }
    }
  }

  // --- edges ---

  void connect_node(NodeIndex index) {
    const Node& node = draft_.expansion[index];
    if (last_[index] == no_task) {
      return;
    }
    const bool two_steps = make_[index] != no_task && make_[index] != last_[index];
    for (const auto& edge : node.edges) {
      if (edge.wait == Wait::none || edge.target == index) {
        continue;
      }
      wait_for(last_[index], index, edge);
      if (two_steps && needed_at_birth(node, edge)) {
        wait_for(make_[index], index, edge);
      }
    }
  }

  // What cannot be given later: containers, references, and what cannot be changed in place.
  static bool needed_at_birth(const Node& node, const Edge& edge) {
    if (edge.link) {
      return true;
    }
    const Attribute* attribute = find_attribute(*node.schema, edge.attribute);
    return attribute != nullptr &&
           (attribute->presence == Presence::required || attribute->type.base == Type::reference ||
            attribute->on_change != OnChange::update || attribute->path == "/name");
  }

  void wait_for(TaskIndex task, NodeIndex index, const Edge& edge) {
    const Node& node = draft_.expansion[index];
    const Node& target = draft_.expansion[edge.target];
    const bool reference = edge.output.empty();
    const bool deploys_it = target.deployment == index;
    if (edge.wait == Wait::made && !deploys_it && target.has_made) {
      after(task, make_[edge.target], reference);
      return;
    }
    after(task, last_[edge.target], reference && (edge.link || make_[edge.target] != no_task));
    const bool hangs_on_it = node.owner == edge.target || edge.link;
    if (hangs_on_it || edge.wait == Wait::made) {
      return;
    }
    for (const NodeIndex part : target.parts) {
      if (part != index) {
        after(task, last_[part]);
      }
    }
    if (target.deployment != no_node && target.deployment != index) {
      after(task, last_[target.deployment], node.kind == "cron");
    }
  }

  void connect_removals() {
    const auto circles = find_circles(draft_.state);
    const auto circle_of = [&](const std::string& address) {
      const auto found = circles.find(address);
      return found == circles.end() ? 0U : found->second;
    };
    for (const auto& [address, record] : draft_.state.resources) {
      const NodeIndex node = draft_.plan.destroy ? no_node : draft_.expansion.find(address);
      const auto dropped = drop_by_address_.find(address);
      const TaskIndex own_drop = dropped != drop_by_address_.end() ? dropped->second
                                 : node != no_node                 ? drop_[node]
                                                                   : no_task;
      const TaskIndex own_last = node != no_node ? last_[node] : no_task;
      const std::uint32_t circle = circle_of(address);
      for (const auto& dependency : record.dependencies) {
        if (circle == 0 || circle != circle_of(dependency)) {
          drop_after_user(dependency, own_drop, own_last);
        }
      }
    }
    connect_replaced_users();
  }

  // The old `dependency` goes only when its user has gone, or has been told of the new one.
  void drop_after_user(const std::string& dependency, TaskIndex user_drop, TaskIndex user_last) {
    const TaskIndex drop = drop_of(dependency);
    if (drop == no_task) {
      return;
    }
    const Task& task = out_.tasks[drop];
    const bool first = task.replaced && !task.waits_in_state;  // deleted before the new one exists
    if (user_drop != no_task && out_.tasks[user_drop].kind == TaskKind::forget &&
        out_.tasks[user_drop].change->operation != Operation::forget) {
      after(user_drop, drop);  // it dies with what contains it, never before
    } else {
      if (user_drop != no_task && (!first || !out_.tasks[user_drop].waits_in_state)) {
        after(drop, user_drop);
      }
    }
    if (user_last != no_task && !first) {
      after(drop, user_last);
    }
  }

  TaskIndex drop_of(const std::string& address) const {
    if (const auto found = drop_by_address_.find(address); found != drop_by_address_.end()) {
      return found->second;
    }
    const NodeIndex node = draft_.plan.destroy ? no_node : draft_.expansion.find(address);
    return node == no_node ? no_task : drop_[node];
  }

  // Users that are new to it, too, are told of a replacement before the old one goes.
  void connect_replaced_users() {
    for (NodeIndex i = 0; i < draft_.expansion.nodes.size(); ++i) {
      if (drop_[i] == no_task || !out_.tasks[drop_[i]].waits_in_state) {
        continue;
      }
      for (const NodeIndex user : draft_.expansion.dependents[i]) {
        after(drop_[i], last_[user]);
      }
    }
  }

  // A name or port that is given up in this plan is free before it is taken again.
  void connect_names() {
    const std::set<std::string> used = used_by_kept();
    std::map<std::string, TaskIndex> given_up;
    for (const auto& [address, drop] : drop_by_address_) {
      const Task& task = out_.tasks[drop];
      if (task.kind == TaskKind::drop && !used.contains(address)) {
        for (const auto& claim : claims(task.change->type, task.change->before)) {
          given_up[claim] = drop;
        }
      }
    }
    if (given_up.empty()) {
      return;
    }
    for (NodeIndex i = 0; i < make_.size(); ++i) {
      if (make_[i] == no_task || out_.tasks[make_[i]].kind != TaskKind::make) {
        continue;
      }
      for (const auto& claim : claims(draft_.expansion[i].type, draft_.knowledge[i].desired)) {
        if (const auto found = given_up.find(claim); found != given_up.end()) {
          after(make_[i], found->second);
        }
      }
    }
  }

  // What a changed resource still uses, or used until now.
  std::set<std::string> used_by_kept() const {
    std::set<std::string> used;
    for (const auto& [address, record] : draft_.state.resources) {
      const NodeIndex node = draft_.plan.destroy ? no_node : draft_.expansion.find(address);
      if (node != no_node && last_[node] != no_task) {
        used.insert(record.dependencies.begin(), record.dependencies.end());
      }
    }
    return used;
  }

  static std::vector<std::string> claims(const std::string& type, const Value& attributes) {
    std::vector<std::string> claims;
    if (const auto& name = attributes.at("/name").text(); !name.empty()) {
      claims.push_back(type + " name " + name);
    }
    if (const auto port = attributes.at("/port").integer(); port != 0) {
      claims.push_back(type + " port " + std::to_string(port));
    }
    return claims;
  }

  const Draft& draft_;
  StepGraph out_;
  std::vector<TaskIndex> make_, last_, drop_;  // by node
  std::map<std::string, TaskIndex> drop_by_address_;
  std::set<std::string> dropped_;
  std::unordered_map<std::string, std::string> address_of_id_;  // by provider and id
};

}  // namespace

StepGraph make_steps(const Draft& draft) {
  return StepBuilder(draft).run();
}

}  // namespace infra
