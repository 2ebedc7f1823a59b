// providers/support.h — NOT part of the contract: what drivers share.
#pragma once
#include <algorithm>
#include <span>

#include "providers/provider.h"

namespace infra {

#define TRY(name, ...)       \
  auto name = (__VA_ARGS__); \
  if (!name)                 \
  return name.error()

using Replies = std::vector<Reply<Remote>>;

// One change after the other, each by itself; in a group each result is on disk before the next
// begins.
template <class F>
Replies each(const ApplyRequest& request, Writer& writer, F change_by_itself) {
  Replies replies;
  for (std::size_t i = 0; i < request.changes.size(); ++i) {
    auto& c = request.changes[i];
    replies.push_back(c.action == Action::stay ? Reply<Remote>(Remote{c.id})
                                               : change_by_itself(i, c));
    if (replies[i] && request.changes.size() > 1 && c.action != Action::stay)
      if (auto kept = writer.record(i, *replies[i]); !kept)
        replies[i] = kept.error();
  }
  return replies;
}

// Polls until `look` gives something. `look`: Reply<optional<T>>.
template <class F>
auto until(Reader& reader, seconds every, F look)
    -> Reply<typename std::decay_t<decltype(*look())>::value_type> {
  for (;;) {
    TRY(seen, look());
    if (*seen)
      return std::move(**seen);
    TRY(waited, reader.wait(every));
  }
}

// One row serves both directions, the generated documentation, and a test that finds `write` and
// `read` in the API description.
enum class As { same, whole_seconds, nanoseconds, bytes, megabytes, gigabytes, names };
struct Field {
  Path attribute, write, read{};  // read: when it differs
  As as = As::same;
  std::vector<std::pair<std::string, std::string>> names{};  // ours, theirs
};
inline Value to_wire(const Field& f, const Value& v) {
  switch (f.as) {
    case As::nanoseconds:
      return v.integer() * 1'000'000'000;
    case As::megabytes:
      return v.integer() / 1'000'000;
    case As::gigabytes:
      return v.integer() / 1'000'000'000;
    case As::names:
      for (auto& [ours, theirs] : f.names)
        if (ours == v.text())
          return theirs;
      return v;
    default:
      return v;
  }
}
inline Value from_wire(const Field& f, const Value& v) {
  switch (f.as) {
    case As::nanoseconds:
      return v.integer() / 1'000'000'000;
    case As::megabytes:
      return v.integer() * 1'000'000;
    case As::gigabytes:
      return v.integer() * 1'000'000'000;
    case As::names:
      for (auto& [ours, theirs] : f.names)
        if (theirs == v.text())
          return ours;
      return v;
    default:
      return v;
  }
}
// Every field of `desired` (create, full PUT), or only the changed ones (PATCH).
inline Value encode(std::span<const Field> fields, const Value& desired,
                    const std::vector<Path>* changed = nullptr) {
  Value body(Object{});
  for (auto& f : fields) {
    const Value& v = desired.at(f.attribute);
    bool wanted = !changed || std::ranges::any_of(*changed, [&](const Path& p) {
      return p.starts_with(f.attribute);
    });
    if (v && wanted)
      body.set(f.write, to_wire(f, v));
  }
  return body;
}
inline Value decode(std::span<const Field> fields, const Value& answer) {
  Value out(Object{});
  for (auto& f : fields)
    if (const Value& v = answer.at(f.read.empty() ? f.write : f.read))
      out.set(f.attribute, from_wire(f, v));
  return out;
}
inline bool touches(const Change& c, std::string_view prefix) {
  return std::ranges::any_of(
      c.changed, [&](const Path& p) { return std::string_view(p).starts_with(prefix); });
}
// "/env/KEY" -> "KEY" for each changed leaf beneath a map.
inline std::vector<std::string> keys_changed(const Change& c, std::string_view map) {
  std::vector<std::string> keys;
  for (auto& p : c.changed)
    if (std::string_view(p).starts_with(map) && p.size() > map.size())
      keys.push_back(p.substr(map.size() + 1));
  return keys;
}

}  // namespace infra
