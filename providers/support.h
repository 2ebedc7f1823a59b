// providers/support.h — what drivers share; no part of the contract between them and the engine.
//
// TRY, one-change-after-the-other, polling, paging, and `Field`: one row that translates an
// attribute to a platform's wire and back.
#pragma once
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/provider.h"

namespace infra {

// The value of a Reply under `name`, or out of this function with its error.
#define TRY(name, ...)       \
  auto name = (__VA_ARGS__); \
  if (!name)                 \
  return name.error()

using Replies = std::vector<Reply<Remote>>;

// The same error for every change of a request.
[[nodiscard]] Replies all_fail(const ApplyRequest& request, const Error& error);

// One change after the other, each by itself; in a group each result is on disk before the next
// begins. `change_by_itself`: (index, change) -> Reply<Remote>.
template <class F>
[[nodiscard]] Replies each(const ApplyRequest& request, Writer& writer, F change_by_itself) {
  Replies replies;
  for (std::size_t i = 0; i < request.changes.size(); ++i) {
    const Change& change = request.changes[i];
    if (change.action == Action::stay) {
      replies.push_back(Remote{change.id});
      continue;
    }
    replies.push_back(change_by_itself(i, change));
    if (replies[i] && request.changes.size() > 1) {
      if (auto kept = writer.record(i, *replies[i]); !kept) {
        replies[i] = kept.error();
      }
    }
  }
  return replies;
}

// Looks, and looks again after `every`, until there is something. `look`: () ->
// Reply<optional<T>>. Ends with the door's `pending` at the deadline or an interrupt.
template <class F>
[[nodiscard]] auto until(Reader& reader, seconds every, F look)
    -> Reply<typename std::decay_t<decltype(*look())>::value_type> {
  for (;;) {
    TRY(seen, look());
    if (*seen) {
      return std::move(**seen);
    }
    TRY(waited, reader.wait(every));
  }
}

// One page of a listing: its items, and what the next call hands back (null: this was the last).
struct Page {
  List items;
  Value next;
};

// All items of a paged listing. `fetch`: (cursor; null at first) -> Reply<Page>. A cursor that
// comes twice, or more than 10,000 pages, is an `unclear` error: an incomplete list must never be
// taken for a complete one.
[[nodiscard]] Reply<List> all_pages(const std::function<Reply<Page>(const Value& cursor)>& fetch);

// How one attribute is written on the wire. Durations and sizes are exact here and coarser there:
// they are rounded up, so that nothing is smaller than asked for.
enum class As {
  same,
  whole_seconds,
  milliseconds,
  nanoseconds,
  bytes,
  megabytes,
  mebibytes,
  gigabytes,
  gibibytes,
  names
};

// One row serves both directions, the generated documentation, and a test that finds `write` and
// `read` in the API description.
struct Field {
  Path attribute, write, read{};  // read: when it differs
  As as = As::same;
  std::vector<std::pair<std::string, std::string>> names{};  // ours, theirs
};
[[nodiscard]] Value to_wire(const Field& field, const Value& value);
[[nodiscard]] Value from_wire(const Field& field, const Value& value);

// Every field of `desired` (a create, a full PUT), or only the changed ones (a PATCH); there a
// field that is gone from `desired` is written as null.
[[nodiscard]] Value encode(std::span<const Field> fields, const Value& desired,
                           const std::vector<Path>* changed = nullptr);
[[nodiscard]] Value decode(std::span<const Field> fields, const Value& answer);

// True when a changed leaf is `prefix` or lies below it; "" and "/" stand for any.
[[nodiscard]] bool touches(const Change& change, std::string_view prefix);
// The keys of a map that have a changed leaf, each once: "/env/KEY" gives "KEY" for map "/env".
[[nodiscard]] std::vector<std::string> keys_changed(const Change& change, std::string_view map);

// Texts, numbers and secrets in a row: a Secret as soon as one part is, so that no driver ever
// exposes one to build a connection string or a `KEY=value`.
[[nodiscard]] Value concatenated(std::initializer_list<Value> parts);

}  // namespace infra
