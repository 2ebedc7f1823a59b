#include "providers/support.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/json.h"

namespace infra {
namespace {

constexpr std::size_t most_pages = 10'000;

std::int64_t unit_of(As as) {  // in milliseconds or bytes
  switch (as) {
    case As::whole_seconds:
      return 1000;
    case As::megabytes:
      return 1'000'000;
    case As::mebibytes:
      return std::int64_t{1} << 20;
    case As::gigabytes:
      return 1'000'000'000;
    case As::gibibytes:
      return std::int64_t{1} << 30;
    default:
      return 1;
  }
}

std::int64_t divided_up(std::int64_t amount, std::int64_t unit) {
  return amount / unit + (amount % unit > 0 ? 1 : 0);
}

bool is_time(As as) {
  return as == As::whole_seconds || as == As::milliseconds || as == As::nanoseconds;
}

// What a platform gives as a number, whole or not.
std::optional<double> number_of(const Value& value) {
  if (const auto* integer = value.as<std::int64_t>()) {
    return static_cast<double>(*integer);
  }
  if (const auto* number = value.as<double>()) {
    return *number;
  }
  return std::nullopt;
}

}  // namespace

Replies all_fail(const ApplyRequest& request, const Error& error) {
  Replies replies;
  for (const Change& change : request.changes) {
    replies.push_back(change.action == Action::stay ? Reply<Remote>(Remote{change.id})
                                                    : Reply<Remote>(error));
  }
  return replies;
}

Reply<List> all_pages(const std::function<Reply<Page>(const Value& cursor)>& fetch) {
  List items;
  std::set<std::string> seen;
  Value cursor;
  for (std::size_t page = 0; page < most_pages; ++page) {
    TRY(got, fetch(cursor));
    items.insert(items.end(), std::make_move_iterator(got->items.begin()),
                 std::make_move_iterator(got->items.end()));
    if (!got->next) {
      return items;
    }
    cursor = got->next;
    if (!seen.insert(to_json(cursor, SecretText::refuse)).second) {
      return Error{ErrorKind::unclear,
                   "the listing goes round in a circle: it gave the same next page twice"};
    }
  }
  return Error{ErrorKind::unclear,
               "the listing has no end: stopped after " + std::to_string(most_pages) + " pages"};
}

Value to_wire(const Field& field, const Value& value) {
  if (field.as == As::names) {
    for (const auto& [ours, theirs] : field.names) {
      if (ours == value.text()) {
        return theirs;
      }
    }
    return value;
  }
  std::int64_t amount = 0;
  if (const auto* duration = value.as<Duration>()) {
    amount = duration->milliseconds;
  } else if (const auto* size = value.as<Size>()) {
    amount = size->bytes;
  } else {
    return value;
  }
  if (field.as == As::nanoseconds) {
    return amount * 1'000'000;
  }
  return field.as == As::same ? value : Value(divided_up(amount, unit_of(field.as)));
}

Value from_wire(const Field& field, const Value& value) {
  if (field.as == As::same) {
    return value;
  }
  if (field.as == As::names) {
    for (const auto& [ours, theirs] : field.names) {
      if (theirs == value.text()) {
        return ours;
      }
    }
    return value;
  }
  const auto number = number_of(value);
  if (!number) {
    return value;
  }
  const double scaled = field.as == As::nanoseconds
                            ? *number / 1e6
                            : *number * static_cast<double>(unit_of(field.as));
  const auto amount = value.as<std::int64_t>() != nullptr && field.as != As::nanoseconds
                          ? value.integer() * unit_of(field.as)
                          : static_cast<std::int64_t>(std::llround(scaled));
  return is_time(field.as) ? Value(Duration{amount}) : Value(Size{amount});
}

Value encode(std::span<const Field> fields, const Value& desired,
             const std::vector<Path>* changed) {
  Value body(Object{});
  for (const Field& field : fields) {
    const Value& value = desired.at(field.attribute);
    const bool wanted = changed == nullptr || std::ranges::any_of(*changed, [&](const Path& path) {
                          return covers(field.attribute, path) || covers(path, field.attribute);
                        });
    if (wanted && (value || changed != nullptr) && value.as<Hidden>() == nullptr) {
      body.set(field.write, value ? to_wire(field, value) : Value());
    }
  }
  return body;
}

Value decode(std::span<const Field> fields, const Value& answer) {
  Value attributes(Object{});
  for (const Field& field : fields) {
    if (const Value& value = answer.at(field.read.empty() ? field.write : field.read)) {
      attributes.set(field.attribute, from_wire(field, value));
    }
  }
  return attributes;
}

bool touches(const Change& change, std::string_view prefix) {
  if (prefix.empty() || prefix == "/") {
    return !change.changed.empty();
  }
  return std::ranges::any_of(change.changed,
                             [&](const Path& path) { return covers(prefix, path); });
}

std::vector<std::string> keys_changed(const Change& change, std::string_view map) {
  std::vector<std::string> keys;
  for (const Path& path : change.changed) {
    if (path.size() <= map.size() || !covers(map, path)) {
      continue;
    }
    const std::string_view rest = std::string_view(path).substr(map.size() + 1);
    std::string key = unescape_step(rest.substr(0, rest.find('/')));
    if (std::ranges::find(keys, key) == keys.end()) {
      keys.push_back(std::move(key));
    }
  }
  return keys;
}

Value concatenated(std::initializer_list<Value> parts) {
  std::string plain;
  Secret hidden;
  bool secret = false;
  for (const Value& part : parts) {
    if (const auto* value = part.as<Secret>()) {
      hidden = secret ? concatenate(hidden, *value) : concatenate(plain, *value);
      secret = true;
      continue;
    }
    const auto* text = part.as<std::string>();
    const std::string piece = text != nullptr ? *text : to_json(part, SecretText::refuse);
    if (secret) {
      hidden = concatenate(hidden, piece);
    } else {
      plain += piece;
    }
  }
  return secret ? Value(hidden) : Value(plain);
}

}  // namespace infra
