#include "providers/simulator/behaviour.h"

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/text.h"
#include "providers/support.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds one_call{400};

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// "nginx" is "docker.io/library/nginx:latest".
std::string full_image_name(const std::string& image) {
  std::string name = image;
  const std::size_t first = name.find('/');
  const bool has_host =
      first != std::string::npos && name.substr(0, first).find_first_of(".:") != std::string::npos;
  if (first == std::string::npos) {
    name.insert(0, "docker.io/library/");
  } else if (!has_host && name.substr(0, first) != "localhost") {
    name.insert(0, "docker.io/");
  }
  const std::size_t last = name.rfind('/');
  if (name.find('@') == std::string::npos && name.find(':', last) == std::string::npos) {
    name += ":latest";
  }
  return name;
}

std::string own_url_spelling(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) {
    return url;
  }
  const bool bare = url.find('/', scheme + 3) == std::string::npos &&
                    url.find_first_of("?#", scheme + 3) == std::string::npos;
  return bare ? url + "/" : url;
}

std::string short_hash(std::string_view text) {
  return sha256_hex(text).substr(0, 8);
}

// All that an output follows, as one text.
std::string followed(const Attribute& attribute, const ObjectFacts& object) {
  std::string all;
  for (const Path& path : attribute.follows) {
    if (path == "/" || path.empty()) {
      return std::to_string(object.written);
    }
    all += to_json(object.attributes->at(path), SecretText::refuse);
    for (const auto& [at, mark] : *object.marks) {
      all += covers(path, at) ? mark : "";
    }
  }
  return all;
}

std::string filled_formula(const std::string& formula, const ObjectFacts& object) {
  std::string text;
  for (std::size_t i = 0; i < formula.size();) {
    const std::size_t close = formula[i] == '{' ? formula.find('}', i) : std::string::npos;
    if (close == std::string::npos) {
      text += formula[i++];
      continue;
    }
    const std::string inside = formula.substr(i + 1, close - i - 1);
    const Value& value = inside == "/id" ? Value(object.id) : object.attributes->at(inside);
    text += value.text().empty() && value ? to_json(value, SecretText::refuse) : value.text();
    i = close + 1;
  }
  return text;
}

std::string host_of(const ObjectFacts& object) {
  const std::string& name = object.attributes->at("/name").text();
  return (name.empty() ? std::string(object.id) : name) + ".simulator.example";
}

std::string connection_text(const std::string& engine, const std::string& host,
                            std::string_view version) {
  const std::string key = short_hash(std::string(version) + host);
  if (engine == "redis") {
    return "redis://default:" + key + "@" + host + ":6379/0";
  }
  if (engine == "mysql") {
    return "mysql://app:" + key + "@" + host + ":3306/app";
  }
  if (engine == "sqlite" || engine == "libsql") {
    return "libsql://" + host + "?authToken=" + key;
  }
  return "postgres://app:" + key + "@" + host + ":5432/app";
}

}  // namespace

Behaviour typical_behaviour(const TypeSchema& type) {
  Behaviour behaviour;
  const bool deployed = std::ranges::any_of(
      type.companions, [](const Companion& c) { return c.role == Role::deployment; });
  milliseconds ready{1'000};
  if (type.kind == "database") {
    ready = milliseconds{60'000};
  } else if (type.name.ends_with(".deployment")) {
    ready = milliseconds{45'000};
  } else if (type.kind == "service" && !deployed) {
    ready = milliseconds{30'000};
  } else if (type.kind == "bucket" || type.stateful) {
    ready = milliseconds{5'000};
  }
  behaviour.ready_after = std::min(ready, milliseconds(type.ready_within) / 4);
  return behaviour;
}

milliseconds expected_duration(const TypeSchema& type, Action action) {
  switch (action) {
    case Action::create:
      return one_call * 2 + typical_behaviour(type).ready_after;
    case Action::update:
      return one_call * 2 + (type.kind == "service" || type.name.ends_with(".deployment")
                                 ? typical_behaviour(type).ready_after
                                 : milliseconds{0});
    case Action::remove:
      return one_call;
    case Action::stay:
      break;
  }
  return milliseconds{0};
}

Value rewritten(Same same, const Value& value) {
  if (same == Same::unordered && value.as<List>() != nullptr) {
    List turned = value.list();
    std::ranges::reverse(turned);
    return turned;
  }
  if (const auto* object = value.as<Object>(); object != nullptr && same != Same::json) {
    Object all;
    for (const auto& [key, item] : *object) {
      all.emplace(key, rewritten(same, item));
    }
    return all;
  }
  const auto* text = value.as<std::string>();
  if (text == nullptr) {
    return value;
  }
  switch (same) {
    case Same::caseless:
      return upper(*text);
    case Same::url:
      return own_url_spelling(*text);
    case Same::image:
      return full_image_name(*text);
    case Same::json: {
      auto parsed = parse_json(*text);
      const auto* tree = std::get_if<Value>(&parsed);
      return tree == nullptr ? value : Value(to_json(*tree, SecretText::refuse, 1));
    }
    default:
      return value;
  }
}

Value without_addresses(const Value& value) {
  if (const auto* reference = value.as<Reference>()) {
    return Reference{"", reference->id};
  }
  if (const auto* object = value.as<Object>()) {
    Object all;
    for (const auto& [key, item] : *object) {
      all.emplace(key, without_addresses(item));
    }
    return all;
  }
  if (const auto* list = value.as<List>()) {
    List all;
    for (const Value& item : *list) {
      all.push_back(without_addresses(item));
    }
    return all;
  }
  return value;
}

Value computed(const Attribute& attribute, const ObjectFacts& object) {
  if (attribute.path == "/id") {
    return object.id;
  }
  if (!attribute.formula.empty()) {
    return filled_formula(attribute.formula, object);
  }
  const std::string host = host_of(object);
  const std::string version = followed(attribute, object);
  const bool secret = attribute.secrecy == Secrecy::always;
  if (attribute.path == "/port") {
    return object.attributes->at("/engine").text() == "redis" ? 6379 : 5432;
  }
  if (attribute.path == "/host") {
    return host;
  }
  if (attribute.path == "/url" && object.type->kind == "database") {
    std::string url = connection_text(object.attributes->at("/engine").text(), host, version);
    return secret ? Value(Secret(std::move(url))) : Value(std::move(url));
  }
  if (attribute.type.base == Type::url || attribute.path.ends_with("url")) {
    return "https://" + host;
  }
  if (attribute.type.base == Type::integer) {
    return static_cast<std::int64_t>(object.written);
  }
  std::string text = attribute.path.substr(attribute.path.rfind('/') + 1) + "-" +
                     short_hash(std::string(object.id) + attribute.path + version);
  return secret ? Value(Secret(std::move(text))) : Value(std::move(text));
}

Secret issued_secret(const ObjectFacts& object, std::string_view path) {
  return Secret("once-" + sha256_hex(std::string(object.id) + std::string(path) +
                                     std::to_string(object.written))
                              .substr(0, 32));
}

std::string digest_of(const Secret& secret) {
  return sha256_hex(secret.expose());
}

}  // namespace infra
