#include <fmt/format.h>

#include "base/text.h"
#include "compiler/evaluate_guards.h"

namespace infra {
namespace {

bool is_block(const ast::Item& item) {
  return item.value && item.value->as<ast::Body>() != nullptr;
}

const ast::Body* find_overlay(const ast::Body& body, std::string_view driver) {
  for (const auto& item : body.items) {
    if (item.kind != ast::Item::Kind::spread && !item.label && item.key.text == driver &&
        is_block(item)) {
      return item.value->as<ast::Body>();
    }
  }
  return nullptr;
}

struct FoundItem {
  const ast::Item* item = nullptr;
  std::size_t depth = 0;
};

// The deepest item on the way to `path` that is written in the body.
FoundItem find_item_at(const ast::Body& body, std::string_view path) {
  if (path.empty()) {
    return {};
  }
  path.remove_prefix(1);
  const auto slash = path.find('/');
  const std::string step = unescape_step(path.substr(0, slash));
  const std::string_view rest =
      slash == std::string_view::npos ? std::string_view() : path.substr(slash);
  FoundItem best;
  for (const auto& item : body.items) {
    if (item.kind == ast::Item::Kind::spread || item.key.expression || item.key.text != step) {
      continue;
    }
    std::string_view below = rest;
    std::size_t depth = 1;
    if (item.label) {
      const std::string label = "/" + escape_step(item.label->text);
      if (!covers(label, rest)) {
        continue;
      }
      below = rest.substr(label.size());
      depth = 2;
    }
    const FoundItem inner =
        is_block(item) ? find_item_at(*item.value->as<ast::Body>(), below) : FoundItem();
    const FoundItem found = inner.item != nullptr ? FoundItem{inner.item, depth + inner.depth}
                                                  : FoundItem{&item, depth};
    if (found.depth > best.depth) {
      best = found;
    }
  }
  return best;
}

}  // namespace

bool is_portable(const Kind& kind, std::string_view key) {
  const Path path = "/" + escape_step(key);
  for (const auto& attribute : kind.attributes) {
    if (covers(path, attribute.path)) {
      return true;
    }
  }
  return false;
}

// Checked trees hold nothing else: what no platform calls its own is portable.
bool is_overlay(const Instance& instance, const ast::Item& item) {
  return instance.kind != nullptr && item.kind != ast::Item::Kind::spread && !item.label &&
         !item.key.expression && is_block(item) && !is_portable(*instance.kind, item.key.text);
}

Span written_at(const ast::Declaration& declaration, std::string_view driver,
                std::string_view path) {
  FoundItem found = find_item_at(declaration.body, path);
  if (const auto* body = find_overlay(declaration.body, driver)) {
    const std::string own = "/" + escape_step(driver);
    const FoundItem over = find_item_at(*body, covers(own, path) ? path.substr(own.size()) : path);
    if (over.item != nullptr && (covers(own, path) || over.depth >= found.depth)) {
      found = over;
    }
  }
  return found.item != nullptr ? found.item->span : declaration.name.span;
}

// --- bodies -------------------------------------------------------------------------------------

bool Evaluator::spread(const ast::Item& item, Object& into, std::size_t first_read) {
  const std::size_t spread_read = reads_.size();
  Value value = evaluate(*item.value);
  if (value.is_unknown()) {
    return false;
  }
  auto* entries = value.as<Object>();
  if (entries == nullptr) {
    if (!value.is_null()) {
      fail("E0503", item.value->span,
           fmt::format("`...` in a body wants a map, not {}", kind_of(value)));
    }
    return true;
  }
  for (auto& [key, entry] : *entries) {
    if (into.find(key) != into.end()) {
      drop_reads_below(first_read, spread_read, "/" + escape_step(key));
    }
    into.insert_or_assign(key, std::move(entry));
  }
  return true;
}

void Evaluator::entry(const ast::Item& item, Object& into, std::size_t first_read,
                      const Instance* owner, std::set<std::string>* written_keys) {
  std::string key = item.key.text;
  if (item.key.expression) {
    const std::size_t key_read = reads_.size();
    const Value text = evaluate(*item.key.expression);
    collapse_reads(key_read);
    if (text.as<std::string>() == nullptr) {
      fail(text.as<Secret>() != nullptr ? "E0306" : "E0503", item.key.span,
           fmt::format("a key is a text that is known, not {}", kind_of(text)));
      return;
    }
    key = text.text();
  }
  if (written_keys != nullptr && !item.label && !written_keys->insert(key).second) {
    fail("E0518", item.key.span, fmt::format("the key `{}` is written twice", printable(key)));
    return;
  }
  const std::size_t value_read = reads_.size();
  const bool is_origin =
      owner != nullptr && owner->kind != nullptr && owner->kind->name == "secret" && key == "from";
  Value value = is_origin ? origin(*item.value) : evaluate(*item.value);
  if (item.label) {
    prefix_reads(value_read, item.label->text);
    prefix_reads(value_read, key);
    Value& group = into[key];
    if (group.as<Object>() == nullptr) {
      group = Object();
    }
    group.as<Object>()->insert_or_assign(item.label->text, std::move(value));
    return;
  }
  prefix_reads(value_read, key);
  const auto [place, added] = into.try_emplace(key);
  if (!added) {
    drop_reads_below(first_read, value_read, "/" + escape_step(key));
  }
  place->second = std::move(value);
}

// False: something spread into it is not known, so neither are its keys.
bool Evaluator::items(const ast::Body& body, Object& into, const ItemFilter* filter,
                      const Instance* owner) {
  const std::size_t first_read = reads_.size();
  bool known = true;
  std::set<std::string> keys;
  const bool dynamic = std::any_of(body.items.begin(), body.items.end(),
                                   [](const ast::Item& item) { return bool(item.key.expression); });
  for (const auto& item : body.items) {
    if (filter != nullptr && !(*filter)(item)) {
      continue;
    }
    if (item.kind == ast::Item::Kind::spread) {
      known = spread(item, into, first_read) && known;
    } else {
      entry(item, into, first_read, owner, dynamic ? &keys : nullptr);
    }
  }
  return known;
}

// --- attributes of a resource -------------------------------------------------------------------

// The driver's block replaces portable attributes, maps key by key; what else it holds is its own.
void Evaluator::overlay(const Instance& instance, const ast::Body& body, const std::string* only,
                        Object& into, std::size_t first_read) {
  std::size_t overlay_read = reads_.size();
  const ItemFilter wanted = [&](const ast::Item& item) {
    const bool own = only != nullptr && *only == instance.driver;
    return only == nullptr || item.kind == ast::Item::Kind::spread || item.key.expression ||
           (own ? !is_portable(*instance.kind, item.key.text) : item.key.text == *only);
  };
  Object entries;
  if (!items(body, entries, &wanted, &instance)) {
    fail("E0503", body.span, "what is spread into a resource must be known before it is made");
  }
  const std::string driver(instance.driver);
  for (auto& [key, value] : entries) {
    const Path path = "/" + escape_step(key);
    if (!is_portable(*instance.kind, key)) {
      for (std::size_t i = overlay_read; i < reads_.size(); ++i) {
        if (covers(path, reads_[i].path)) {
          reads_[i].path.insert(0, "/" + escape_step(driver));
        }
      }
      Value& own = into[driver];
      if (own.as<Object>() == nullptr) {
        own = Object();
      }
      own.as<Object>()->insert_or_assign(key, std::move(value));
      continue;
    }
    const auto* type = instance.types->root().child(key);
    const bool grouped =
        type != nullptr && (type->any_child != nullptr || type->environment ||
                            (type->type != nullptr && type->type->base == Type::map));
    Value& base = into[key];
    auto* merged = base.as<Object>();
    if (grouped && merged != nullptr && value.as<Object>() != nullptr) {
      for (auto& [name, item] : *value.as<Object>()) {
        overlay_read -= drop_reads_below(first_read, overlay_read, join(path, name));
        merged->insert_or_assign(name, std::move(item));
      }
      continue;
    }
    overlay_read -= drop_reads_below(first_read, overlay_read, path);
    base = std::move(value);
  }
}

Object Evaluator::collect(const Instance& instance, const std::string* only) {
  const std::size_t first_read = reads_.size();
  const ast::Body& body = instance.declaration->body;
  const ast::Body* driver_body = nullptr;
  const ItemFilter wanted = [&](const ast::Item& item) {
    if (is_overlay(instance, item)) {
      if (item.key.text == instance.driver) {
        driver_body = item.value->as<ast::Body>();
      }
      return false;
    }
    return only == nullptr || item.kind == ast::Item::Kind::spread || item.key.expression ||
           item.key.text == *only;
  };
  Object result;
  if (!items(body, result, &wanted, &instance)) {
    fail("E0503", body.span, "what is spread into a resource must be known before it is made");
  }
  if (driver_body != nullptr) {
    overlay(instance, *driver_body, only, result, first_read);
  }
  return result;
}

Value Evaluator::conformed(const Instance& instance, const std::string& key, Value value) {
  const TypeComplaint complain = [&](const Path& path, std::string_view code, std::string message) {
    const Span span = written_at(*instance.declaration, instance.driver, path);
    if (code.front() == 'W') {
      if (quiet_ == 0 && reported_.emplace(span, code).second) {
        diagnostics_.warning(code, span, std::move(message));
      }
      return;
    }
    fail(code, span, std::move(message));
  };
  return conform(std::move(value), instance.types->root().child(key), "/" + escape_step(key),
                 evaluation_.readings, complain);
}

Value Evaluator::attributes(NodeId id) {
  const Instance& instance = evaluation_.instances[id];
  begin(*instance.round);
  Object entries = collect(instance, nullptr);
  for (auto entry = entries.begin(); entry != entries.end();) {
    const std::string& key = entry->first;
    if (!entry->second.is_null()) {
      entry->second = conformed(instance, key, std::move(entry->second));
    }
    entry = entry->second.is_null() ? entries.erase(entry) : std::next(entry);
  }
  Value result = std::move(entries);
  if (outputs_ != nullptr) {
    fill_references(result);
  }
  return result;
}

}  // namespace infra
