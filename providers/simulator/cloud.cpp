// Requests: what strikes them, what they do, what is heard of it.
#include "providers/simulator/cloud.h"

#include <algorithm>

#include "base/json.h"
#include "providers/simulator/journal.h"
#include "providers/support.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

Error no_answer(std::string_view what) {
  return {ErrorKind::unclear, std::string(what) + ": whether it was done is not known"};
}

// What is heard when nothing was done.
std::optional<Error> refusal(Fault fault, Dice& dice) {
  switch (fault) {
    case Fault::lost_before:
      return no_answer("the connection ended before an answer came");
    case Fault::server_error_undone:
      return no_answer("500 Internal Server Error");
    case Fault::throttled: {
      Error error{ErrorKind::busy, "429 Too Many Requests"};
      error.after = seconds(1 + static_cast<std::int64_t>(dice.below(5)));
      return error;
    }
    case Fault::refused_connection:
      return Error{ErrorKind::not_sent, "the connection was refused"};
    case Fault::revoked:
      return Error{ErrorKind::denied, "401 Unauthorized: the token was revoked"};
    default:
      return std::nullopt;
  }
}

}  // namespace

Cloud::Cloud(const ProviderSchema& schema, CloudOptions options)
    : schema_(schema), options_(std::move(options)), dice_(options_.seed) {
  for (const TypeSchema& type : schema_.types) {
    auto made = std::make_unique<Table>();
    made->type = &type;
    auto named = options_.behaviours.find(type.name);
    if (named == options_.behaviours.end()) {
      named = options_.behaviours.find("");
    }
    if (named != options_.behaviours.end()) {
      made->behaviour = named->second;
    }
    made->deployed = std::ranges::any_of(
        type.companions, [](const Companion& c) { return c.role == Role::deployment; });
    made->born_dead =
        std::ranges::any_of(type.attributes, [](const Attribute& a) { return a.made; });
    tables_.emplace(type.name, std::move(made));
  }
  if (!options_.journal.empty()) {
    journal_ = std::make_unique<CloudJournal>(options_.journal);
  }
}

Cloud::~Cloud() = default;

milliseconds Cloud::time() const {
  return options_.clock != nullptr ? options_.clock->steady() : virtual_now_;
}

Cloud::Table* Cloud::table(std::string_view type) {
  const auto found = tables_.find(type);
  return found == tables_.end() ? nullptr : found->second.get();
}

CloudObject* Cloud::find(Table& table, std::string_view id) {
  const auto found = table.objects.find(id);
  return found == table.objects.end() || found->second.deleted_at ? nullptr : &found->second;
}

Fault Cloud::draw(const CloudRequest& request, const TypeSchema& type) {
  const Fault fault = options_.faults.draw(request.verb, dice_);
  const Adoption::Class how = type.adoption.how;
  const bool twins_are_found =
      how == Adoption::unique || how == Adoption::marker || how == Adoption::harmless;
  if (fault == Fault::sent_twice && !twins_are_found) {
    return Fault::ok;
  }
  if (fault == Fault::exists_foreign && how != Adoption::unique) {
    return Fault::ok;
  }
  if (fault == Fault::exists_ours && how != Adoption::unique && how != Adoption::key) {
    return Fault::ok;
  }
  // A client-chosen id is sent again without settling; an old copy of it must not come later.
  return fault == Fault::delayed && how == Adoption::key ? Fault::lost_after : fault;
}

Reply<CloudAnswer> Cloud::send(const CloudRequest& request) {
  Table* table_of_type = table(request.type);
  if (table_of_type == nullptr) {
    return Error{ErrorKind::invalid, schema_.name + " has no type `" + request.type + "`"};
  }
  Fault fault = Fault::ok;
  {
    const std::scoped_lock lock(mutex_);
    fault = draw(request, *table_of_type->type);
    if (fault != Fault::ok) {
      ++struck_[std::string(fault_name(fault))];
    }
    if (auto refused = refusal(fault, dice_)) {
      return *refused;
    }
    ++mutations_;
    const CloudObject* object = find(*table_of_type, request.id);
    if (object != nullptr && object->foreign) {
      touched_foreign_.push_back(request.type + "/" + request.id);
    }
  }
  if (on_mutation) {
    on_mutation(request);
  }
  return answer(fault, request, *table_of_type);
}

Reply<CloudAnswer> Cloud::answer(Fault fault, const CloudRequest& request, const Table& table) {
  const std::scoped_lock lock(mutex_);
  if (auto error = sync_journal()) {
    return *error;
  }
  settle_due();
  switch (fault) {
    case Fault::delayed: {
      const std::string id =
          request.verb == CloudVerb::create ? new_id(table, request) : request.id;
      delayed_.emplace(time() + some_delay(*table.type), Delayed{request, id, false});
      return no_answer("the request timed out");
    }
    case Fault::partial:
      (void)effect(request, new_id(table, request), true);
      return no_answer("500 Internal Server Error after a part of it");
    case Fault::exists_foreign: {
      CloudRequest strangers = request;
      strangers.op.clear();
      strangers.marker.clear();
      if (auto made = effect(strangers, new_id(table, request), false)) {
        tables_.find(request.type)->second->objects.find(made->id)->second.foreign = true;
      }
      return take(request, table);
    }
    case Fault::drift:
      person_acts();
      break;
    default:
      break;
  }
  auto reply = take(request, table);
  switch (fault) {
    case Fault::lost_after:
      return no_answer("the connection ended before an answer came");
    case Fault::server_error_done:
      return no_answer("502 Bad Gateway");
    case Fault::garbled:
      return no_answer("the answer could not be read");
    case Fault::exists_ours:
      return Error{ErrorKind::exists, "409 Conflict: it exists already", "/name"};
    case Fault::sent_twice:
      (void)take(request, table);
      return reply;
    case Fault::fails_later:
      if (reply) {
        tables_.find(request.type)->second->objects.find(reply->id)->second.failed = true;
      }
      return reply;
    default:
      return reply;
  }
}

// What the platform does with a request that reached it whole.
Reply<CloudAnswer> Cloud::take(const CloudRequest& request, const Table& table) {
  const milliseconds delay = table.behaviour.effect_delay;
  if (request.verb == CloudVerb::create || delay.count() == 0) {
    const std::string id = request.verb == CloudVerb::create ? new_id(table, request) : request.id;
    return effect(request, id, false);
  }
  if (find(*tables_.find(request.type)->second, request.id) == nullptr) {
    return Error{ErrorKind::missing, request.type + " `" + request.id + "` does not exist"};
  }
  delayed_.emplace(time() + delay, Delayed{request, request.id, false});
  return CloudAnswer{request.id, {}};
}

milliseconds Cloud::some_delay(const TypeSchema& type) {
  const Behaviour& behaviour = tables_.find(type.name)->second->behaviour;
  const milliseconds most =
      milliseconds(type.adoption.settle) - behaviour.list_lag - behaviour.delete_lag;
  return milliseconds(1 + static_cast<std::int64_t>(dice_.below(static_cast<std::uint64_t>(
                              std::max<std::int64_t>(most.count() - 1, 1)))));
}

void Cloud::settle_due() {
  while (!delayed_.empty() && delayed_.begin()->first <= time()) {
    const Delayed due = std::move(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
    (void)effect(due.request, due.id, due.partial);  // nobody hears how it ends
  }
  while (!dying_.empty() && dying_.begin()->first <= time()) {
    const auto [type, id] = dying_.begin()->second;
    dying_.erase(dying_.begin());
    drop(*tables_.find(type)->second, id);
  }
}

Reply<CloudAnswer> Cloud::effect(const CloudRequest& request, const std::string& id, bool partial) {
  Table& table_of_type = *tables_.find(request.type)->second;
  journal_error_.reset();
  auto reply = request.verb == CloudVerb::create
                   ? effect_create(table_of_type, request, id, partial)
               : request.verb == CloudVerb::update ? effect_update(table_of_type, request, partial)
                                                   : effect_remove(table_of_type, request);
  if (reply && journal_error_) {
    return Error{ErrorKind::unclear, *journal_error_};
  }
  return reply;
}

Reply<CloudAnswer> Cloud::effect_create(Table& table, const CloudRequest& request,
                                        const std::string& id, bool partial) {
  if (CloudObject* same_key = find(table, id)) {  // a client-chosen id: make-or-change
    write_leaves(table, *same_key, request.desired, nullptr, partial);
    keep(*same_key);
    return CloudAnswer{id, issue(table, *same_key, request)};
  }
  CloudObject object;
  object.type = request.type;
  object.parent = request.parent;
  object.id = id;
  object.op = request.op;
  object.marker = request.marker;
  write_leaves(table, object, request.desired, nullptr, partial);
  if (table.type->adoption.how == Adoption::unique &&
      table.names.contains(known_by(table, object.parent, object.attributes))) {
    const Path& by = table.type->adoption.by.empty() ? "/name" : table.type->adoption.by.front();
    return Error{ErrorKind::exists,
                 "409 Conflict: there is already a " + request.type + " named " +
                     to_json(object.attributes.at(by), SecretText::refuse),
                 by};
  }
  object.created = time();
  object.listed_from = object.created + table.behaviour.list_lag;
  object.ready_at = object.created + table.behaviour.ready_after;
  object.live = !table.born_dead;
  CloudAnswer made{id, issue(table, object, request)};
  deploy_owner(table, object);
  put(table, std::move(object));
  return made;
}

Reply<CloudAnswer> Cloud::effect_update(Table& table, const CloudRequest& request, bool partial) {
  CloudObject* object = find(table, request.id);
  if (object == nullptr) {
    return Error{ErrorKind::missing, request.type + " `" + request.id + "` does not exist"};
  }
  if (options_.faults.enabled(Fault::stale_read)) {
    table.previous.insert_or_assign(object->id, object->attributes);
  }
  const bool named = table.type->adoption.how == Adoption::unique;
  const std::string old_name =
      named ? known_by(table, object->parent, object->attributes) : std::string();
  write_leaves(table, *object, request.desired, &request.changed, partial);
  if (named) {
    table.names.erase(old_name);
    table.names.insert_or_assign(known_by(table, object->parent, object->attributes), object->id);
  }
  if (!table.deployed) {
    object->live = true;
  }
  if (request.redeploy || table.type->name.ends_with(".deployment")) {
    object->ready_at = time() + table.behaviour.ready_after;
  }
  deploy_owner(table, *object);
  ++versions_[object->parent];
  keep(*object);
  return CloudAnswer{object->id, issue(table, *object, request)};
}

Reply<CloudAnswer> Cloud::effect_remove(Table& table, const CloudRequest& request) {
  CloudObject* object = find(table, request.id);
  if (object == nullptr) {
    return Error{ErrorKind::missing, request.type + " `" + request.id + "` does not exist"};
  }
  ++versions_[object->parent];
  remove_with_contents(table, request.id);
  return CloudAnswer{request.id, {}};
}

// A deployment makes what it deploys live.
void Cloud::deploy_owner(const Table& table, const CloudObject& object) {
  for (auto& [name, owners] : tables_) {
    if (!owners->deployed) {
      continue;
    }
    const bool deploys = std::ranges::any_of(owners->type->companions, [&](const Companion& c) {
      return c.role == Role::deployment && c.type == table.type->name;
    });
    CloudObject* owner = deploys ? find(*owners, object.parent) : nullptr;
    if (owner != nullptr && !owner->live) {
      owner->live = true;
      keep(*owner);
    }
  }
}

void Cloud::remove_with_contents(Table& table, const std::string& id) {
  std::vector<std::pair<Table*, std::string>> doomed{{&table, id}};
  for (std::size_t i = 0; i < doomed.size(); ++i) {  // grows while it is walked
    if (const auto inside = contents_.find(doomed[i].second); inside != contents_.end()) {
      for (const auto& [type, child] : inside->second) {
        doomed.emplace_back(tables_.find(type)->second.get(), child);
      }
    }
  }
  for (auto& [where, what] : doomed) {
    CloudObject* object = find(*where, what);
    if (object == nullptr) {
      continue;
    }
    keep_removal(object->type, object->id);
    if (where->behaviour.delete_lag.count() == 0) {
      drop(*where, what);
      continue;
    }
    object->deleted_at = time();
    dying_.emplace(time() + where->behaviour.delete_lag, std::pair(object->type, object->id));
  }
}

void Cloud::put(Table& table, CloudObject object) {
  table.by_parent[object.parent].insert(object.id);
  if (!object.parent.empty()) {
    contents_[object.parent].emplace(object.type, object.id);
  }
  if (table.type->adoption.how == Adoption::unique) {
    table.names.insert_or_assign(known_by(table, object.parent, object.attributes), object.id);
  }
  ++versions_[object.parent];
  keep(object);
  std::string id = object.id;
  table.objects.insert_or_assign(std::move(id), std::move(object));
}

void Cloud::drop(Table& table, const std::string& id) {
  const auto found = table.objects.find(id);
  if (found == table.objects.end()) {
    return;
  }
  const CloudObject& object = found->second;
  if (table.type->adoption.how == Adoption::unique) {
    table.names.erase(known_by(table, object.parent, object.attributes));
  }
  if (const auto siblings = table.by_parent.find(object.parent);
      siblings != table.by_parent.end()) {
    siblings->second.erase(id);
  }
  if (const auto inside = contents_.find(object.parent); inside != contents_.end()) {
    inside->second.erase({object.type, id});
  }
  table.previous.erase(id);
  table.objects.erase(found);
}

std::string Cloud::new_id(const Table& table, const CloudRequest& request) {
  if (table.type->adoption.how == Adoption::key && !request.marker.empty()) {
    return request.marker;
  }
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string id = table.type->name.substr(table.type->name.find('.') + 1) + "-";
  for (std::uint64_t bits = dice_.next(), i = 0; i < 16; ++i, bits >>= 4U) {
    id += digits[bits & 15U];
  }
  return id;
}

std::string Cloud::known_by(const Table& table, std::string_view parent,
                            const Value& attributes) const {
  std::string key(parent);
  for (const Path& path : table.type->adoption.by) {
    key += '\0' + to_json(attributes.at(path), SecretText::refuse);
  }
  return key;
}

}  // namespace infra
