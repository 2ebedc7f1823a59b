#include "planner/lookup.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "planner/journal.h"
#include "planner/leaves.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

constexpr std::array<milliseconds, 5> pauses{milliseconds(2000), milliseconds(5000),
                                             milliseconds(10000), milliseconds(20000),
                                             milliseconds(40000)};

bool matches(const LookupInput& input, const Remote& remote) {
  const Intent& intent = input.intent;
  const Adoption::Class how = adoption_of(intent.adoption);
  if (how == Adoption::marker) {
    return !intent.marker.empty() && remote.marker == intent.marker;
  }
  if (input.known.contains(remote.id)) {
    return false;
  }
  if (!remote.marker.empty()) {
    return remote.marker == intent.marker;
  }
  if (how == Adoption::key && remote.id == intent.marker) {
    return true;
  }
  const std::string wanted = known_by(*input.counterpart.schema, intent.desired);
  const bool was_there = std::ranges::find(intent.baseline, remote.id) != intent.baseline.end();
  return !was_there && !wanted.empty() &&
         wanted == known_by(*input.counterpart.schema, remote.attributes);
}

Reply<std::vector<Remote>> read_known(const LookupInput& input, Reader& reader,
                                      const std::string& id) {
  auto one = input.counterpart.driver->read({input.counterpart.schema->name, {}, id, {}}, reader);
  if (one) {
    return std::vector<Remote>{std::move(*one)};
  }
  if (one.error().kind == ErrorKind::missing) {
    return std::vector<Remote>{};
  }
  return one.error();
}

milliseconds left_to_settle(const LookupInput& input) {
  const auto passed = input.clock->now().time_since_epoch() - milliseconds(input.intent.sent_at);
  return doubted(milliseconds(input.intent.settle_ms)) - passed;
}

}  // namespace

std::string known_by(const TypeSchema& schema, const Value& attributes) {
  std::string all;
  for (const auto& path : schema.adoption.by) {
    const Value& value = attributes.at(path);
    if (value.is_null() || value.is_unknown() || contains_secret(value)) {
      return {};
    }
    const auto* reference = value.as<Reference>();
    const std::string text = reference != nullptr ? reference->id
                             : value.as<std::string>() != nullptr
                                 ? value.text()
                                 : to_json(value, SecretText::sensitive);
    if (text.empty()) {
      return {};
    }
    all += text + '\n';
  }
  return all;
}

Reply<std::vector<Remote>> look_once(const LookupInput& input) {
  const Intent& intent = input.intent;
  const auto reader = open_reader(input.door);
  const std::string& id = !intent.result_id.empty()           ? intent.result_id
                          : intent.kind != IntentKind::create ? intent.before_id
                                                              : intent.result_id;
  if (!id.empty()) {
    return read_known(input, *reader, id);
  }
  auto all = input.counterpart.driver->list(
      {input.counterpart.schema->name, intent.parent, {}, intent.marker}, *reader);
  if (!all) {
    if (all.error().kind == ErrorKind::missing) {
      return std::vector<Remote>{};
    }
    return all.error();
  }
  std::vector<Remote> found;
  for (auto& remote : *all) {
    if (matches(input, remote)) {
      found.push_back(std::move(remote));
    }
  }
  std::ranges::sort(found, {}, &Remote::id);
  return found;
}

LookupResult look_up(const LookupInput& input) {
  const Adoption::Class how = adoption_of(input.intent.adoption);
  const bool by_id = !input.intent.result_id.empty() || input.intent.kind != IntentKind::create;
  if (!by_id && how == Adoption::harmless) {
    return {LookupEnd::absent, {}, {}};
  }
  if (!by_id && how == Adoption::none) {
    return {LookupEnd::unresolvable, {}, {}};
  }
  // A change of something that exists is looked at only after everything in flight has landed; a
  // create that is found early is adopted at once.
  const bool must_settle = input.intent.kind != IntentKind::create;
  for (std::size_t round = 0;; ++round) {
    const milliseconds left = left_to_settle(input);
    if (!must_settle || left <= milliseconds(0)) {
      auto found = look_once(input);
      if (!found && left <= milliseconds(0) && round >= pauses.size()) {
        return {LookupEnd::interrupted, {}, found.error().message};
      }
      if (found && !found->empty()) {
        return {LookupEnd::found, std::move(*found), {}};
      }
      if (found && left <= milliseconds(0)) {
        return {LookupEnd::absent, {}, {}};
      }
    }
    const milliseconds pause = pauses.at(std::min(round, pauses.size() - 1));
    const milliseconds time = left > milliseconds(0) ? std::min(pause, left) : pause;
    if (auto waited = input.wait(time); !waited) {
      return {LookupEnd::interrupted, {}, waited.error().message};
    }
  }
}

}  // namespace infra
