#include <fmt/format.h>

#include "base/address.h"
#include "base/text.h"
#include "compiler/environment_set.h"
#include "compiler/evaluate_guards.h"

namespace infra {
namespace {

// Moves an entry out of the object that holds it, so that `storage` may hold the entry itself.
const Value& moved_out(const Value& part, const Value& object, Value& storage) {
  if (&object != &storage) {
    return part;
  }
  Value copy = part;
  return storage = std::move(copy);
}

const Attribute* exact_attribute(const TypeSchema* schema, std::string_view path) {
  if (schema == nullptr) {
    return nullptr;
  }
  const Attribute* found = find_attribute(*schema, path);
  return found != nullptr && found->path == path ? found : nullptr;
}

const KindOutput* kind_output(const Kind* kind, std::string_view path) {
  if (kind != nullptr) {
    for (const auto& output : kind->outputs) {
      if (output.path == path) {
        return &output;
      }
    }
  }
  return nullptr;
}

bool is_computed(const Attribute& attribute) {
  return attribute.presence == Presence::computed ||
         attribute.presence == Presence::optional_computed;
}

}  // namespace

// --- names --------------------------------------------------------------------------------------

const Value* Evaluator::find_value(const std::string& name, const Span& span) {
  for (const auto* local = context_.locals; local != nullptr; local = local->next) {
    if (local->name == name) {
      return local->value;
    }
  }
  const Module& module = evaluation_.module;
  for (const auto* round = context_.round; round != nullptr; round = round->parent) {
    const Scope& scope = module.scopes[round->scope];
    if (scope.loop != nullptr) {
      if (scope.loop->first && scope.loop->first->text == name) {
        return &round->key;
      }
      if (scope.loop->second.text == name) {
        return scope.loop->first ? &round->value : &round->key;
      }
    }
    if (const auto let = scope.lets.find(name); let != scope.lets.end()) {
      return let_value(*let->second, *round, span);
    }
  }
  if (const auto found = evaluation_.parameters.find(name); found != evaluation_.parameters.end()) {
    return &found->second;
  }
  if (evaluation_.pending_parameter && module.parameters.find(name) != module.parameters.end()) {
    return evaluation_.pending_parameter(name, span);
  }
  return name == "environment" ? &evaluation_.environment : nullptr;
}

// Keeps what a let or attribute came to, unless that was a quiet failure: then whoever needs it
// loudly evaluates it again.
const Value& Evaluator::settle(Memo& memo, Value value, std::size_t first_read,
                               std::size_t errors) {
  if (quiet_ > 0 && errors_ != errors) {
    memo.state = Memo::State::fresh;
    kept_.push_back(std::move(value));
    return kept_.back();
  }
  memo.state = Memo::State::done;
  memo.value = std::move(value);
  memo.reads.assign(reads_.begin() + static_cast<std::ptrdiff_t>(first_read), reads_.end());
  return memo.value;
}

// What is being evaluated is asked for again: one error with the way round.
Value Evaluator::circle(const std::string& name, const Span& span) {
  std::string path;
  bool inside = false;
  for (const auto& [running, place] : running_) {
    inside = inside || running == name;
    path += inside ? "`" + running + "` → " : "";
  }
  return fail("E0601", span,
              fmt::format("values rest on each other in a circle: {}`{}`", path, name));
}

const Value* Evaluator::let_value(const ast::Let& let, const Round& round, const Span& span) {
  const LetKey key(&let, &round);
  if (const auto constant = evaluation_.constants.find(key);
      constant != evaluation_.constants.end()) {
    return &constant->second;
  }
  Memo& memo = lets_[key];
  if (memo.state == Memo::State::done) {
    reads_.insert(reads_.end(), memo.reads.begin(), memo.reads.end());
    return &memo.value;
  }
  if (memo.state == Memo::State::running) {
    kept_.push_back(circle(let.name.text, span));
    return &kept_.back();
  }
  memo.state = Memo::State::running;
  const std::size_t first_read = reads_.size();
  const std::size_t errors = errors_;
  const Switched elsewhere(*this, {&round, nullptr});
  const Running running(*this, let.name.text, span);
  Value value = evaluate(let.value);
  return &settle(memo, std::move(value), first_read, errors);
}

const Value& Evaluator::view_name(const ast::NameExpression& name, const ast::Expression& whole,
                                  Value& storage) {
  if (whole.mark == ast::Expression::Mark::bare_word) {
    return storage = name.name;
  }
  if (const Value* value = find_value(name.name, whole.span)) {
    return *value;
  }
  return storage =
             fail("E0202", whole.span, fmt::format("`{}` is no value here", printable(name.name)));
}

// --- paths --------------------------------------------------------------------------------------

const Value& Evaluator::member(const Value& object, const ast::Name& name, std::size_t first_read,
                               Value& storage) {
  if (object.is_null() || object.is_unknown()) {
    return object;
  }
  if (const auto* entries = object.as<Object>()) {
    keep_reads_below(first_read, name.text);
    const auto found = entries->find(name.text);
    if (found != entries->end()) {
      return moved_out(found->second, object, storage);
    }
    return storage = fail("E0507", name.span,
                          fmt::format("there is no `{}` in this map", printable(name.text)));
  }
  if (const auto* secret = object.as<Secret>()) {
    Computed part = secret_member(*secret, name.text);
    return storage = take(std::move(part), name.span);
  }
  return storage = fail("E0503", name.span,
                        fmt::format("{} has no `.{}`", kind_of(object), printable(name.text)));
}

const Value& Evaluator::view_path(const ast::Expression& whole, Value& storage) {
  std::vector<const ast::Name*> names;
  const ast::Expression* base = &whole;
  while (const auto* part = base->as<ast::Member>()) {
    names.insert(names.begin(), &part->name);
    base = &*part->object;
  }
  const std::size_t first_read = reads_.size();
  const Value* current = nullptr;
  std::size_t at = 0;
  const auto* root = base->as<ast::NameExpression>();
  if (root != nullptr && is_resource_kind(root->name)) {
    current = &resource(root->name, *names[at++], storage);
  } else if (root != nullptr && root->name == "stack" && names[0]->text == "name") {
    current = &evaluation_.stack_name;
    ++at;
  } else {
    current = &view(*base, storage);
  }
  while (at < names.size()) {
    if (const auto* reference = current->as<Reference>()) {
      const Reference copy = *reference;
      storage = property(copy, names, at);
      current = &storage;
    } else {
      current = &member(*current, *names[at++], first_read, storage);
    }
  }
  return *current;
}

const Value& Evaluator::view_index(const ast::Index& index, const ast::Expression& whole,
                                   Value& storage) {
  const std::size_t first_read = reads_.size();
  const Value& object = view(*index.object, storage);
  const std::size_t index_read = reads_.size();
  Value key_storage;
  const Value& key = view(*index.index, key_storage);
  const std::vector<Read> key_reads(reads_.begin() + static_cast<std::ptrdiff_t>(index_read),
                                    reads_.end());
  reads_.resize(index_read);
  if (object.is_null() || object.is_unknown() || key.is_unknown()) {
    reads_.insert(reads_.end(), key_reads.begin(), key_reads.end());
    collapse_reads(first_read);
    return storage = object.is_null()
                         ? Value()
                         : Value(Unknown{contains_secret(object) || contains_secret(key)});
  }
  if (const auto* list = object.as<List>(); list != nullptr && key.as<std::int64_t>() != nullptr) {
    const std::int64_t at = key.integer();
    keep_reads_below(first_read, std::to_string(at));
    if (at < 0 || static_cast<std::size_t>(at) >= list->size()) {
      return storage = fail("E0507", index.index->span,
                            fmt::format("there is no element {}: the list has {}, counted from 0",
                                        at, plural(list->size(), "element")));
    }
    return moved_out((*list)[static_cast<std::size_t>(at)], object, storage);
  }
  if (key.as<std::string>() != nullptr && object.as<Reference>() == nullptr) {
    const ast::Name name{key.text(), index.index->span};
    return member(object, name, first_read, storage);
  }
  return storage = fail("E0503", whole.span,
                        fmt::format("{} cannot be indexed with {}", kind_of(object), kind_of(key)));
}

// --- resources ----------------------------------------------------------------------------------

// The keys of the `for`s that the reference and the resource share are this round's.
const Value& Evaluator::shared_round(const Family& family) const {
  static const Value absent;
  const Value* found = &family.instances;
  for (const ScopeId loop : family.loops) {
    const auto* round = context_.round;
    while (round != nullptr && round->scope != loop) {
      round = round->parent;
    }
    if (round == nullptr) {
      break;
    }
    const auto* rounds = found->as<Object>();
    const auto entry =
        rounds == nullptr ? Object::const_iterator() : rounds->find(round->key.text());
    if (rounds == nullptr || entry == rounds->end()) {
      return absent;
    }
    found = &entry->second;
  }
  return *found;
}

const Value& Evaluator::resource(std::string_view kind, const ast::Name& name, Value& storage) {
  if (!evaluation_.expanded) {
    return storage = fail(
               "E0604", name.span,
               fmt::format(
                   "`{}.{}` is a resource: what exists, and what inputs are, cannot depend on one",
                   kind, name.text));
  }
  std::string address;
  address.reserve(kind.size() + 1 + name.text.size());
  address.append(kind).append(".").append(name.text);
  const auto family = evaluation_.families.find(address);
  if (family == evaluation_.families.end()) {
    const auto& declared = evaluation_.module.resources;
    if (declared.find(address) != declared.end()) {
      return storage = Value();
    }
    return storage = fail("E0207", name.span, fmt::format("there is no `{}`", printable(address)));
  }
  const Value& found = shared_round(family->second);
  return kind == "secret" ? storage = secret_values(found) : found;
}

// A secret stands for its value; several for a map of them.
Value Evaluator::secret_values(const Value& references) {
  if (const auto* reference = references.as<Reference>()) {
    return output(reference->address, {"/value", 1, true, Wait::live});
  }
  Object values;
  for (const auto& [key, item] : references.object()) {
    const std::size_t first_read = reads_.size();
    values.emplace_hint(values.end(), key, secret_values(item));
    prefix_reads(first_read, key);
  }
  return references.is_null() ? Value() : Value(std::move(values));
}

Value Evaluator::output(const std::string& address, const OutputFacts& facts) {
  if (outputs_ == nullptr) {
    reads_.push_back({address, facts.path, facts.wait, ""});
    return Unknown{facts.secret};
  }
  Value value = (*outputs_)(address, facts.path);
  return facts.secret ? sealed(std::move(value)) : value;
}

Evaluator::OutputFacts Evaluator::find_output(const Instance& instance,
                                              const std::vector<const ast::Name*>& names,
                                              std::size_t at) const {
  Path path;
  for (std::size_t i = at; i < names.size() && i < at + 3; ++i) {
    path += "/" + escape_step(names[i]->text);
    const KindOutput* portable = kind_output(instance.kind, path);
    const Attribute* attribute = exact_attribute(instance.schema, path);
    if (attribute != nullptr && !is_computed(*attribute) && portable == nullptr) {
      attribute = nullptr;
    }
    if (portable == nullptr && attribute == nullptr) {
      continue;
    }
    OutputFacts facts{path, i - at + 1, false, Wait::live};
    facts.secret = (portable != nullptr && portable->secret) ||
                   (attribute != nullptr && attribute->secrecy != Secrecy::never);
    const bool made = attribute != nullptr ? attribute->made : portable->made;
    if (attribute != nullptr && !attribute->formula.empty()) {
      facts.wait = Wait::none;
    } else if (made) {
      facts.wait = Wait::made;
    }
    return facts;
  }
  return {};
}

Value Evaluator::property(const Reference& reference, const std::vector<const ast::Name*>& names,
                          std::size_t& at) {
  const auto id = evaluation_.ids.find(reference.address);
  if (id == evaluation_.ids.end()) {
    ++at;
    return {};
  }
  const Instance& instance = evaluation_.instances[id->second];
  const std::string& name = names[at]->text;
  // `database.main.supabase.…`: what is no attribute and no output names a driver.
  const bool driver = instance.kind != nullptr && at + 1 < names.size() &&
                      !is_portable(*instance.kind, name) &&
                      kind_output(instance.kind, "/" + escape_step(name)) == nullptr;
  return driver ? driver_property(reference, instance, names, at)
                : plain_property(reference, id->second, names, at);
}

// `database.main.supabase.anon_key`: null where the database is not on supabase.
Value Evaluator::driver_property(const Reference& reference, const Instance& instance,
                                 const std::vector<const ast::Name*>& names, std::size_t& at) {
  const std::string driver = names[at]->text;
  const ast::Name& name = *names[at + 1];
  if (instance.driver != driver) {
    at = names.size();
    return {};
  }
  const NodeId id = evaluation_.ids.find(reference.address)->second;
  const std::size_t first_read = reads_.size();
  const Value& own = written(id, driver, name.span);
  const auto found = own.object().find(name.text);
  if (found != own.object().end()) {
    keep_reads_below(first_read, name.text);
    at += 2;
    return found->second;
  }
  reads_.resize(first_read);
  OutputFacts facts = find_output(instance, names, at);
  if (facts.steps == 0) {
    facts = {"/" + escape_step(driver) + "/" + escape_step(name.text), 2, false, Wait::live};
    if (instance.schema != nullptr) {
      at += 2;
      return fail(
          "E0507", name.span,
          fmt::format("`{}` has no `{}.{}`", reference.address, driver, printable(name.text)));
    }
  }
  at += std::max<std::size_t>(facts.steps, 2);
  return output(reference.address, facts);
}

// With `domains` the address of a service is known before its platform gives one.
std::optional<Value> Evaluator::address_by_domain(NodeId id, std::string_view name,
                                                  const OutputFacts& facts, const Span& span) {
  const Instance& instance = evaluation_.instances[id];
  const bool late = facts.wait == Wait::live && (name == "url" || name == "host");
  if (!late || instance.kind == nullptr || instance.kind->name != "service") {
    return std::nullopt;
  }
  const Value& domains = written(id, "domains", span);
  if (domains.list().empty() || domains.list().front().as<std::string>() == nullptr) {
    return std::nullopt;
  }
  const std::string& domain = domains.list().front().text();
  return Value(name == "url" ? "https://" + domain : domain);
}

Value Evaluator::plain_property(const Reference& reference, NodeId id,
                                const std::vector<const ast::Name*>& names, std::size_t& at) {
  const Instance& instance = evaluation_.instances[id];
  const ast::Name& name = *names[at];
  const std::size_t first_read = reads_.size();
  const Value& own = written(id, name.text, name.span);
  if (!own.is_null()) {
    ++at;
    return own;
  }
  reads_.resize(first_read);
  const OutputFacts facts = find_output(instance, names, at);
  if (facts.steps > 0) {
    if (auto known = address_by_domain(id, name.text, facts, name.span)) {
      ++at;
      return *std::move(known);
    }
    at += facts.steps;
    return output(reference.address, facts);
  }
  ++at;
  if (name.text == "name") {
    return output(reference.address, {"/name", 1, false, Wait::none});
  }
  if (instance.schema == nullptr && instance.kind == nullptr) {  // no driver says what it gives out
    return output(reference.address, {"/" + escape_step(name.text), 1, false, Wait::live});
  }
  const Attribute* attribute = exact_attribute(instance.schema, "/" + escape_step(name.text));
  return attribute == nullptr ? Value() : attribute->otherwise;
}

// What another resource's author wrote, brought to its type. Makes no edge of its own.
const Value& Evaluator::written(NodeId id, const std::string& key, const Span& span) {
  const Instance& instance = evaluation_.instances[id];
  const std::string name = fmt::format("{}.{}.{}", instance.declaration->kind.text,
                                       instance.declaration->name.text, printable(key));
  Memo& memo = written_[{id, key}];
  if (memo.state == Memo::State::done) {
    reads_.insert(reads_.end(), memo.reads.begin(), memo.reads.end());
    return memo.value;
  }
  if (memo.state == Memo::State::running) {
    kept_.push_back(circle(name, span));
    return kept_.back();
  }
  memo.state = Memo::State::running;
  const std::size_t first_read = reads_.size();
  const std::size_t errors = errors_;
  const Switched elsewhere(*this, {instance.round, nullptr});
  const Running running(*this, name, span);
  Object entries = collect(instance, &key);
  keep_reads_below(first_read, key);
  const auto found = entries.find(key);
  Value value =
      found == entries.end() ? Value() : conformed(instance, key, std::move(found->second));
  return settle(memo, std::move(value), first_read, errors);
}

}  // namespace infra
