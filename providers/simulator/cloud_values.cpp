// Values: how the cloud stores what it is given, and what it shows of it; persons, time, disk.
#include <algorithm>

#include "base/json.h"
#include "providers/simulator/cloud.h"
#include "providers/simulator/journal.h"
#include "providers/support.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

// Takes a value in: secrets leave their mark, what is hidden stays as it was.
class Intake {
 public:
  Intake(const Attribute& attribute, CloudObject& object)
      : attribute_(attribute), object_(object), before_(object.marks) {}

  void store(const Path& path, const Value& value, bool rewrites) {
    std::erase_if(object_.marks, [&](const auto& mark) { return covers(path, mark.first); });
    std::erase_if(object_.readable, [&](const auto& kept) { return covers(path, kept.first); });
    if (!value) {
      object_.attributes.erase(path);
      return;
    }
    Value taken = take(path, value);
    object_.attributes.set(path, rewrites ? rewritten(attribute_.same, taken) : std::move(taken));
  }

 private:
  Value take(const Path& path, const Value& value) {
    if (const auto* secret = value.as<Secret>()) {
      object_.marks[path] = attribute_.read_back == ReadBack::digest
                                ? digest_of(*secret)
                                : "w" + std::to_string(object_.written);
      if (attribute_.read_back == ReadBack::shown) {
        object_.readable[path] = *secret;
      }
      return Hidden{};
    }
    if (value.as<Hidden>() != nullptr) {
      if (const auto mark = before_.find(path); mark != before_.end()) {
        object_.marks[path] = mark->second;
      }
      return Hidden{};
    }
    if (const auto* reference = value.as<Reference>()) {
      return Reference{"", reference->id};
    }
    if (const auto* object = value.as<Object>()) {
      Object all;
      for (const auto& [key, item] : *object) {
        all.emplace(key, take(join(path, key), item));
      }
      return all;
    }
    if (const auto* list = value.as<List>()) {
      List all;
      for (std::size_t i = 0; i < list->size(); ++i) {
        all.push_back(take(join(path, std::to_string(i)), (*list)[i]));
      }
      return all;
    }
    return value;
  }

  const Attribute& attribute_;
  CloudObject& object_;
  std::map<Path, std::string> before_;
};

// The places below an attribute that an update writes: the whole, or the changed keys of a map.
std::vector<Path> places(const Attribute& attribute, const CloudObject& object,
                         const Value& desired, const std::vector<Path>* changed) {
  if (changed == nullptr) {
    return desired.at(attribute.path) ? std::vector<Path>{attribute.path} : std::vector<Path>{};
  }
  const bool map = desired.at(attribute.path).as<Object>() != nullptr ||
                   object.attributes.at(attribute.path).as<Object>() != nullptr;
  std::vector<Path> found;
  for (const Path& path : *changed) {
    if (covers(path, attribute.path)) {
      return {attribute.path};
    }
    if (!covers(attribute.path, path)) {
      continue;
    }
    const std::size_t end = path.find('/', attribute.path.size() + 1);
    Path place = map ? path.substr(0, end) : attribute.path;
    if (std::ranges::find(found, place) == found.end()) {
      found.push_back(std::move(place));
    }
  }
  return found;
}

Value to_value(const std::map<Path, std::string>& marks) {
  Object all;
  for (const auto& [path, mark] : marks) {
    all.emplace(path, mark);
  }
  return all;
}

}  // namespace

void Cloud::write_leaves(const Table& table, CloudObject& object, const Value& desired,
                         const std::vector<Path>* changed, bool partial) {
  ++object.written;
  const auto& attributes = table.type->attributes;
  const std::size_t count = partial ? (attributes.size() + 1) / 2 : attributes.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (attributes[i].presence == Presence::computed) {
      continue;
    }
    const auto written = places(attributes[i], object, desired, changed);
    if (written.empty()) {
      continue;
    }
    Intake intake(attributes[i], object);
    for (const Path& path : written) {
      intake.store(path, desired.at(path), table.behaviour.rewrites);
    }
  }
}

std::map<Path, Secret> Cloud::issue(const Table& table, CloudObject& object,
                                    const CloudRequest& request) {
  std::map<Path, Secret> issued;
  for (const Attribute& attribute : table.type->attributes) {
    if (attribute.read_back != ReadBack::once || attribute.presence != Presence::computed) {
      continue;
    }
    const bool asked = request.verb == CloudVerb::create ||
                       std::ranges::any_of(request.changed, [&](const Path& path) {
                         return covers(attribute.path, path);
                       });
    if (asked) {
      const ObjectFacts facts{table.type, object.id, &object.attributes, &object.marks,
                              object.written};
      issued.emplace(attribute.path, issued_secret(facts, attribute.path));
    }
  }
  return issued;
}

Remote Cloud::shown(const Table& table, const CloudObject& object) {
  Remote remote{object.id, Value(Object{})};
  const milliseconds now_there = time();
  const bool up = object.live && object.ready_at <= now_there;
  const ObjectFacts facts{table.type, object.id, &object.attributes, &object.marks, object.written};
  for (const Attribute& attribute : table.type->attributes) {
    const Value& stored = object.attributes.at(attribute.path);
    if (stored) {
      remote.attributes.set(attribute.path, stored);
    } else if (attribute.presence == Presence::computed ||
               attribute.presence == Presence::optional_computed) {
      if (attribute.read_back == ReadBack::once) {
        remote.attributes.set(attribute.path, Hidden{});
      } else if (attribute.made || up) {
        remote.attributes.set(attribute.path, computed(attribute, facts));
      }
    } else if (attribute.otherwise) {
      remote.attributes.set(attribute.path, attribute.otherwise);
    }
    if (attribute.read_back == ReadBack::mark || attribute.read_back == ReadBack::digest) {
      for (const auto& [path, mark] : object.marks) {
        if (covers(attribute.path, path)) {
          remote.marks.emplace(path, mark);
        }
      }
    }
  }
  for (const auto& [path, secret] : object.readable) {
    remote.attributes.set(path, secret);
  }
  remote.status = object.failed                 ? Status::broken
                  : object.ready_at > now_there ? Status::pending
                                                : Status::ready;
  if (table.type->adoption.how == Adoption::marker) {
    remote.marker = object.marker;
  }
  if (table.behaviour.versioned) {
    remote.version = std::to_string(versions_[object.parent]);
  }
  return remote;
}

Reply<std::vector<Remote>> Cloud::list(std::string_view type, std::string_view parent) {
  const std::scoped_lock lock(mutex_);
  if (auto error = sync_journal()) {
    return *error;
  }
  settle_due();
  Table* table_of_type = table(type);
  if (table_of_type == nullptr) {
    return Error{ErrorKind::invalid, schema_.name + " has no type `" + std::string(type) + "`"};
  }
  const Fault fault = options_.faults.draw(CloudVerb::list, dice_);
  if (fault != Fault::ok) {
    ++struck_[std::string(fault_name(fault))];
  }
  if (fault == Fault::broken_page) {
    return Error{ErrorKind::unclear, "the listing broke off: a page was answered with 502"};
  }
  std::vector<Remote> found;
  const auto add = [&](const CloudObject& object) {
    if (object.listed_from > time()) {
      return;
    }
    found.push_back(shown(*table_of_type, object));
    const auto before = table_of_type->previous.find(object.id);
    if (fault == Fault::stale_read && before != table_of_type->previous.end()) {
      CloudObject older = object;
      older.attributes = before->second;
      found.back() = shown(*table_of_type, older);
    }
  };
  if (parent.empty()) {
    found.reserve(table_of_type->objects.size());
    for (const auto& [id, object] : table_of_type->objects) {
      add(object);
    }
  } else if (const auto ids = table_of_type->by_parent.find(parent);
             ids != table_of_type->by_parent.end()) {
    for (const std::string& id : ids->second) {
      add(table_of_type->objects.find(id)->second);
    }
  }
  return found;
}

Reply<Remote> Cloud::read(std::string_view type, std::string_view id) {
  const std::scoped_lock lock(mutex_);
  if (auto error = sync_journal()) {
    return *error;
  }
  settle_due();
  Table* table_of_type = table(type);
  const CloudObject* object = table_of_type == nullptr ? nullptr : find(*table_of_type, id);
  if (object == nullptr) {
    return Error{ErrorKind::missing,
                 std::string(type) + " `" + std::string(id) + "` does not exist"};
  }
  return shown(*table_of_type, *object);
}

std::string Cloud::version(std::string_view container) {
  const std::scoped_lock lock(mutex_);
  const auto found = versions_.find(container);
  return found == versions_.end() ? "0" : std::to_string(found->second);
}

milliseconds Cloud::now() const {
  const std::scoped_lock lock(mutex_);
  return time();
}

void Cloud::advance(milliseconds by) {
  const std::scoped_lock lock(mutex_);
  virtual_now_ += by;
}

// --- persons ---

std::string Cloud::create_foreign(std::string_view type, std::string_view parent,
                                  Value attributes) {
  const std::scoped_lock lock(mutex_);
  (void)sync_journal();
  CloudRequest request;
  request.type = type;
  request.parent = parent;
  request.desired = std::move(attributes);
  Table* table_of_type = table(type);
  if (table_of_type == nullptr) {
    return {};
  }
  auto made = effect(request, new_id(*table_of_type, request), false);
  if (!made) {
    return {};
  }
  CloudObject& object = table_of_type->objects.find(made->id)->second;
  object.foreign = true;
  keep(object);
  return made->id;
}

bool Cloud::edit(std::string_view type, std::string_view id, std::string_view path,
                 const Value& value) {
  const std::scoped_lock lock(mutex_);
  (void)sync_journal();
  Table* table_of_type = table(type);
  CloudObject* object = table_of_type == nullptr ? nullptr : find(*table_of_type, id);
  if (object == nullptr) {
    return false;
  }
  const std::vector<Path> changed{std::string(path)};
  write_leaves(*table_of_type, *object, Value(Object{}).set(path, value), &changed, false);
  ++versions_[object->parent];
  keep(*object);
  return true;
}

bool Cloud::vanish(std::string_view type, std::string_view id) {
  const std::scoped_lock lock(mutex_);
  (void)sync_journal();
  Table* table_of_type = table(type);
  if (table_of_type == nullptr || find(*table_of_type, id) == nullptr) {
    return false;
  }
  remove_with_contents(*table_of_type, std::string(id));
  return true;
}

// Edits or deletes one object, chosen by the dice.
void Cloud::person_acts() {
  std::vector<std::pair<Table*, std::string>> all;
  for (auto& [name, objects] : tables_) {
    for (const auto& [id, object] : objects->objects) {
      if (!object.foreign && !object.deleted_at) {
        all.emplace_back(objects.get(), id);
      }
    }
  }
  if (all.empty()) {
    return;
  }
  const auto& [where, id] = all[dice_.below(all.size())];
  if (dice_.chance(0.3) && !where->type->stateful) {
    remove_with_contents(*where, id);
    return;
  }
  for (const Attribute& attribute : where->type->attributes) {
    CloudObject& object = where->objects.find(id)->second;
    if (attribute.type.base == Type::integer && attribute.presence != Presence::computed &&
        attribute.on_change == OnChange::update) {
      object.attributes.set(attribute.path, static_cast<std::int64_t>(dice_.below(1000)));
      ++object.written;
      keep(object);
      return;
    }
  }
}

// --- what tests ask ---

std::vector<CloudObject> Cloud::objects() {
  const std::scoped_lock lock(mutex_);
  (void)sync_journal();
  settle_due();
  std::vector<CloudObject> all;
  for (const auto& [name, objects] : tables_) {
    for (const auto& [id, object] : objects->objects) {
      if (!object.deleted_at) {
        all.push_back(object);
      }
    }
  }
  return all;
}

std::size_t Cloud::mutations() const {
  const std::scoped_lock lock(mutex_);
  return mutations_;
}

std::vector<std::string> Cloud::touched_foreign() const {
  const std::scoped_lock lock(mutex_);
  return touched_foreign_;
}

std::map<std::string, std::size_t> Cloud::struck() const {
  const std::scoped_lock lock(mutex_);
  return struck_;
}

void Cloud::stop_faults() {
  const std::scoped_lock lock(mutex_);
  options_.faults.stop();
}

const Behaviour& Cloud::behaviour(std::string_view type) const {
  static const Behaviour plain;
  const auto found = tables_.find(type);
  return found == tables_.end() ? plain : found->second->behaviour;
}

// --- disk ---

std::optional<Error> Cloud::sync_journal() {
  if (journal_ == nullptr) {
    return std::nullopt;
  }
  if (auto error = journal_->catch_up([this](const Value& line) { replay(line); })) {
    return Error{ErrorKind::invalid, *error};
  }
  return std::nullopt;
}

void Cloud::keep(const CloudObject& object) {
  if (journal_ == nullptr) {
    return;
  }
  Object line{{"type", object.type},
              {"id", object.id},
              {"parent", object.parent},
              {"marker", object.marker},
              {"op", object.op},
              {"attributes", object.attributes},
              {"marks", to_value(object.marks)},
              {"at", std::int64_t{time().count()}},
              {"listed", std::int64_t{object.listed_from.count()}},
              {"ready", std::int64_t{object.ready_at.count()}},
              {"written", object.written},
              {"live", object.live},
              {"failed", object.failed},
              {"foreign", object.foreign}};
  if (auto error = journal_->append(Value(std::move(line)))) {
    journal_error_ = std::move(error);
  }
}

void Cloud::keep_removal(std::string_view type, std::string_view id) {
  if (journal_ == nullptr) {
    return;
  }
  if (auto error = journal_->append(Object{{"type", type}, {"gone", id}})) {
    journal_error_ = std::move(error);
  }
}

void Cloud::replay(const Value& line) {
  Table* table_of_type = table(line.at("/type").text());
  if (table_of_type == nullptr) {
    return;  // a type that this version does not have
  }
  if (const std::string& gone = line.at("/gone").text(); !gone.empty()) {
    drop(*table_of_type, gone);
    return;
  }
  CloudObject object;
  object.type = line.at("/type").text();
  object.id = line.at("/id").text();
  object.parent = line.at("/parent").text();
  object.marker = line.at("/marker").text();
  object.op = line.at("/op").text();
  object.attributes = line.at("/attributes");
  for (const auto& [path, mark] : line.at("/marks").object()) {
    object.marks.emplace(path, mark.text());
  }
  object.listed_from = milliseconds(line.at("/listed").integer());
  object.ready_at = milliseconds(line.at("/ready").integer());
  object.written = line.at("/written").integer();
  object.live = line.at("/live").truth();
  object.failed = line.at("/failed").truth();
  object.foreign = line.at("/foreign").truth();
  virtual_now_ = std::max(virtual_now_, milliseconds(line.at("/at").integer()));
  drop(*table_of_type, object.id);
  auto journal = std::move(journal_);  // what is read is not written again
  put(*table_of_type, std::move(object));
  journal_ = std::move(journal);
}

}  // namespace infra
