#include "planner/leaves.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/json.h"
#include "base/kinds.h"
#include "base/text.h"

namespace infra {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Scheme and host in lower case, no slash at the end, no default port.
std::string plain_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) {
    return std::string(url);
  }
  const auto path = std::min(url.find('/', scheme + 3), url.size());
  std::string origin = lower(url.substr(0, path));
  for (const auto& [prefix, port] : {std::pair{"https://", ":443"}, std::pair{"http://", ":80"}}) {
    if (origin.starts_with(prefix) && origin.ends_with(port)) {
      origin.resize(origin.size() - std::string_view(port).size());
    }
  }
  std::string rest(url.substr(path));
  while (rest.ends_with('/')) {
    rest.pop_back();
  }
  return origin + rest;
}

// docker.io/library/nginx:latest -> nginx
std::string plain_image(std::string_view image) {
  for (const std::string_view prefix : {"https://", "docker.io/", "index.docker.io/", "library/"}) {
    if (image.starts_with(prefix)) {
      image.remove_prefix(prefix.size());
    }
  }
  if (image.ends_with(":latest")) {
    image.remove_suffix(7);
  }
  return std::string(image);
}

bool same_unordered(const Value& left, const Value& right) {
  const auto sorted = [](const Value& value) {
    std::vector<std::string> items;
    for (const auto& item : value.list()) {
      items.push_back(to_json(item, SecretText::sensitive));
    }
    std::ranges::sort(items);
    return items;
  };
  return left.as<List>() != nullptr && right.as<List>() != nullptr && sorted(left) == sorted(right);
}

bool same_json(const Value& left, const Value& right) {
  const auto value_of = [](const Value& value) -> Value {
    if (value.as<std::string>() == nullptr) {
      return value;
    }
    auto parsed = parse_json(value.text());
    return parsed.index() == 0 ? std::get<0>(std::move(parsed)) : value;
  };
  return same(value_of(left), value_of(right));
}

bool same_reference(const Value& left, const Value& right) {
  const auto id_of = [](const Value& value) {
    const auto* reference = value.as<Reference>();
    return reference != nullptr ? reference->id : value.text();
  };
  const auto* a = left.as<Reference>();
  const auto* b = right.as<Reference>();
  if (a != nullptr && b != nullptr && (a->id.empty() || b->id.empty())) {
    return a->address == b->address;
  }
  return id_of(left) == id_of(right) && !id_of(left).empty();
}

// Items of a list that are references, whichever side holds them.
bool same_items(const Value& left, const Value& right) {
  const List& a = left.list();
  const List& b = right.list();
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](const Value& x, const Value& y) {
           return same_spelling(x, y, Same::exact);
         });
}

bool is_scalar_text(const Value& value) {
  return value.as<std::string>() != nullptr;
}

// Platforms hand numbers, durations and sizes back in a form of their own kind.
bool same_scalar(const Value& left, const Value& right) {
  const auto number = [](const Value& value) -> std::optional<std::int64_t> {
    if (const auto* integer = value.as<std::int64_t>()) {
      return *integer;
    }
    if (const auto* size = value.as<Size>()) {
      return size->bytes;
    }
    return std::nullopt;
  };
  return number(left) && number(left) == number(right);
}

}  // namespace

std::string Fingerprints::of_secret(const Value& value) const {
  return key_ == nullptr ? std::string() : key_->compare(value, "applied");
}

std::string Fingerprints::of_mark(const std::string& mark) const {
  return key_ == nullptr ? std::string() : key_->compare(Value(mark), "mark");
}

std::string applied_mark(std::string_view path) {
  return "applied" + std::string(path);
}

bool same_spelling(const Value& left, const Value& right, Same mode) {
  if (same(left, right)) {
    return true;
  }
  if (left.as<Reference>() != nullptr || right.as<Reference>() != nullptr) {
    return same_reference(left, right);
  }
  if (same_scalar(left, right)) {
    return true;
  }
  const bool texts = is_scalar_text(left) && is_scalar_text(right);
  switch (mode) {
    case Same::exact:
      return left.as<List>() != nullptr && right.as<List>() != nullptr && same_items(left, right);
    case Same::unordered:
      return same_unordered(left, right);
    case Same::caseless:
      return texts && lower(left.text()) == lower(right.text());
    case Same::url:
      return texts && plain_url(left.text()) == plain_url(right.text());
    case Same::json:
      return same_json(left, right);
    case Same::image:
      return texts && plain_image(left.text()) == plain_image(right.text());
  }
  return false;
}

Value without_secrets(const Value& desired, const Fingerprints& fingerprints,
                      std::map<Path, std::string>& marks) {
  if (!contains_secret(desired)) {
    return desired;
  }
  Value kept{Object{}};
  for_each_owned_leaf(desired, "", [&](const Path& path, const Value& leaf) {
    if (contains_secret(leaf)) {
      marks[applied_mark(path)] = fingerprints.of_secret(leaf);
      kept.set(path, Hidden{});
    } else {
      kept.set(path, leaf);
    }
  });
  return kept;
}

ReadBackValues keep_read_back(const TypeSchema& schema, const Remote& remote, const Value& desired,
                              const ResourceRecord& before, const Fingerprints& fingerprints) {
  ReadBackValues kept{remote.attributes, {}};
  if (kept.live.as<Object>() == nullptr) {
    kept.live = Object{};
  }
  for (const auto& [path, mark] : remote.marks) {
    kept.marks[path] = fingerprints.of_mark(mark);
  }
  const bool any_secret = !before.marks.empty() || contains_secret(desired);
  for_each_owned_leaf(remote.attributes, "", [&](const Path& path, const Value& leaf) {
    const bool hidden = leaf.as<Hidden>() != nullptr;
    const bool secret = any_secret && (before.marks.contains(applied_mark(path)) ||
                                       contains_secret(desired.at(path)));
    if (!hidden && !secret) {
      return;
    }
    const Attribute* attribute = find_attribute(schema, path);
    const bool engine_made = attribute != nullptr && (attribute->fill == Fill::random ||
                                                      attribute->read_back == ReadBack::once ||
                                                      attribute->presence == Presence::computed);
    if (hidden && engine_made) {  // an output, or made by the engine: what is known stays known
      const Value& sent = desired.at(path);
      const Value& known = sent.as<Secret>() != nullptr ? sent : before.live.at(path);
      if (known.as<Secret>() != nullptr) {
        kept.live.set(path, known);
      }
    } else if (!hidden && !engine_made) {
      kept.marks[path] = fingerprints.of_secret(leaf);
      kept.live.set(path, Hidden{});
    }
  });
  for (const auto& attribute : schema.attributes) {  // once shown, and not even hinted at again
    if (attribute.read_back == ReadBack::once && !kept.live.at(attribute.path) &&
        before.live.at(attribute.path).as<Secret>() != nullptr) {
      kept.live.set(attribute.path, before.live.at(attribute.path));
    }
  }
  return kept;
}

namespace {

const Value null_value;

class LeafComparison {
 public:
  explicit LeafComparison(const LeafInput& input) : in_(input) {}

  LeafFindings run() {
    walk("", in_.desired, &in_.record->applied, in_.live);
    return std::move(found_);
  }

 private:
  static bool descends(const Value* value) {
    return value == nullptr || value->is_null() || value->as<Object>() != nullptr;
  }
  static const Value* child(const Value* value, const std::string& key) {
    const auto* object = value == nullptr ? nullptr : value->as<Object>();
    if (object == nullptr) {
      return nullptr;
    }
    const auto found = object->find(key);
    return found == object->end() ? nullptr : &found->second;
  }

  void walk(const Path& path, const Value* desired, const Value* applied, const Value* live) {
    if (!descends(desired) || !descends(applied)) {
      leaf(path, desired == nullptr ? null_value : *desired,
           applied == nullptr ? null_value : *applied, live == nullptr ? null_value : *live);
      return;
    }
    static const Object none;
    const Object& left = desired == nullptr ? none : desired->object();
    const Object& right = applied == nullptr ? none : applied->object();
    auto a = left.begin();
    auto b = right.begin();
    while (a != left.end() || b != right.end()) {
      const bool take_left = b == right.end() || (a != left.end() && a->first <= b->first);
      const bool take_right = a == left.end() || (b != right.end() && b->first <= a->first);
      const std::string& key = take_left ? a->first : b->first;
      walk(join(path, key), take_left ? &a->second : nullptr, take_right ? &b->second : nullptr,
           child(live, key));
      if (take_left) {
        ++a;
      }
      if (take_right) {
        ++b;
      }
    }
  }

  const std::string* mark(const std::map<Path, std::string>& marks, const std::string& path) {
    const auto found = marks.find(path);
    return found == marks.end() || found->second.empty() ? nullptr : &found->second;
  }

  // Did the text, or what it takes in, change since the last apply?
  bool configured_differently(const Path& path, const Value& desired, const Value& applied,
                              Same same_mode) {
    if (desired.as<Hidden>() != nullptr) {
      return false;
    }
    if (contains_secret(desired)) {
      const std::string* kept = mark(in_.record->marks, applied_mark(path));
      return kept == nullptr || contains_unknown(desired) ||
             *kept != in_.fingerprints->of_secret(desired);
    }
    return !same_spelling(desired, applied, same_mode);
  }

  // Did the platform change it since it was last read back?
  bool drifted(const Path& path, const Value& applied, const Value& live, Same same_mode,
               const Attribute* attribute) {
    if (applied.is_null()) {
      return false;
    }
    if (live.as<Hidden>() != nullptr || mark(in_.record->marks, applied_mark(path)) != nullptr) {
      const std::string* before = mark(in_.record->marks, path);
      const std::string* now = mark(*in_.marks, path);
      const bool vanished = live.is_null() && before != nullptr;
      return vanished || (before != nullptr && now != nullptr && *before != *now);
    }
    if (live.is_null() && attribute != nullptr && same(applied, attribute->otherwise)) {
      return false;
    }
    return !same_spelling(applied, live, same_mode);
  }

  // What the platform shows already is what is wanted.
  bool already_so(const Path& path, const Value& wanted, const Value& live,
                  const Attribute* attribute) {
    const Same same_mode = attribute == nullptr ? Same::exact : attribute->same;
    if (contains_unknown(wanted)) {
      return false;
    }
    if (contains_secret(wanted)) {
      const std::string* now = mark(*in_.marks, path);
      if (now == nullptr) {
        return false;
      }
      const bool digest = attribute != nullptr && attribute->read_back == ReadBack::digest;
      return digest ? wanted.as<Secret>() != nullptr && *now == digest_mark(*wanted.as<Secret>())
                    : *now == in_.fingerprints->of_secret(wanted);
    }
    if (live.is_null() && attribute != nullptr && attribute->path == path) {
      return same(wanted, attribute->otherwise);
    }
    return same_spelling(wanted, live, same_mode);
  }

  [[nodiscard]] std::string digest_mark(const Secret& secret) const {
    return in_.fingerprints->of_mark(sha256_hex(secret.expose()));
  }

  void leaf(const Path& path, const Value& desired, const Value& applied, const Value& live) {
    if (desired.is_null() && applied.is_null()) {
      return;
    }
    if (same(desired, applied) && same(applied, live)) {
      return;  // the common case, before anything is looked up
    }
    const Attribute* attribute = find_attribute(*in_.schema, path);
    const Same same_mode = attribute == nullptr ? Same::exact : attribute->same;
    const bool written = !desired.is_null();
    const bool by_text =
        written ? applied.is_null() || configured_differently(path, desired, applied, same_mode)
                : true;
    const bool by_platform = drifted(path, applied, live, same_mode, attribute);
    LeafChange change = change_of(path, desired, live.is_null() ? Value() : live, attribute);
    if (by_platform) {
      LeafChange drift = change;
      drift.before = drift.sensitive ? Value(Hidden{}) : applied;
      drift.after = live;
      drift.origin = by_text ? Origin::both : Origin::drift;
      found_.drift.push_back(std::move(drift));
    }
    if (!written && !reset(path, attribute, change)) {
      return;
    }
    const bool hidden = desired.as<Hidden>() != nullptr;
    if ((!by_text && !by_platform) || (hidden && !by_platform) ||
        (!hidden && already_so(path, change.after, live, attribute))) {
      return;
    }
    change.origin = by_text && by_platform ? Origin::both
                    : by_text              ? Origin::configuration
                                           : Origin::drift;
    found_.changes.push_back(std::move(change));
  }

  LeafChange change_of(const Path& path, const Value& desired, const Value& live,
                       const Attribute* attribute) {
    LeafChange change;
    change.path = path;
    change.before = live;
    change.after = desired;
    change.sensitive = contains_secret(desired) || contains_secret(live) ||
                       live.as<Hidden>() != nullptr ||
                       mark(in_.record->marks, applied_mark(path)) != nullptr ||
                       (attribute != nullptr && attribute->secrecy == Secrecy::always);
    if (attribute != nullptr) {
      change.effect = attribute->effect;
      change.replaces = attribute->on_change == OnChange::replace;
    }
    return change;
  }

  // A line that left the text goes back to what the platform uses without it; an entry of a map
  // goes away. False: there is nothing to do.
  bool reset(const Path& path, const Attribute* attribute, LeafChange& change) {
    const bool entry = attribute == nullptr || attribute->path != path;
    if (!entry && attribute->otherwise.is_null()) {
      found_.left_alone.push_back(path);
      return false;
    }
    change.after = entry ? Value() : attribute->otherwise;
    return !(entry && change.before.is_null());
  }

  const LeafInput& in_;
  LeafFindings found_;
};

}  // namespace

LeafFindings compare_leaves(const LeafInput& input) {
  return LeafComparison(input).run();
}

}  // namespace infra
