#include "base/kinds.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/text.h"

namespace infra {
namespace {

Type plain(Type::Base base) {
  return {base, {}, {}};
}
Type text() {
  return plain(Type::text);
}
Type words(std::vector<std::string> names) {
  return {Type::enumeration, std::move(names), {}};
}
Type list_of(Type item) {
  return {Type::list, {}, {std::move(item)}};
}
Type map_of(Type item) {
  return {Type::map, {}, {std::move(item)}};
}

KindAttribute attribute(Path path, Type type, std::string doc) {
  return {std::move(path), std::move(type), Secrecy::never, false, std::move(doc)};
}
KindAttribute secret_attribute(Path path, Type type, std::string doc) {
  return {std::move(path), std::move(type), Secrecy::allowed, false, std::move(doc)};
}
KindAttribute file_attribute(Path path, std::string doc) {
  return {std::move(path), list_of(plain(Type::object)), Secrecy::never, true, std::move(doc)};
}
KindAttribute name_attribute() {
  return attribute("/name", text(),
                   "What the platform calls it. Left out, it is STACK-NAME-ENVIRONMENT.");
}
KindOutput output(Path path, Type type, std::string doc) {
  return {std::move(path), std::move(type), false, false, std::move(doc)};
}
KindOutput made_output(Path path, Type type, std::string doc) {
  return {std::move(path), std::move(type), false, true, std::move(doc)};
}
KindOutput secret_output(Path path, Type type, std::string doc) {
  return {std::move(path), std::move(type), true, false, std::move(doc)};
}

Kind service_kind() {
  Kind kind{"service", {}, {}, true, false};
  kind.attributes = {
      name_attribute(),
      attribute("/source", plain(Type::source),
                "Where its code or image comes from: image(), github(), git() or directory()."),
      attribute("/command", text(), "What starts it, instead of what the image or builder says."),
      attribute("/build/command", text(), "What builds it."),
      attribute("/build/dockerfile", text(), "The Dockerfile, below the source's root."),
      attribute("/build/builder", text(), "The platform's builder, such as nixpacks."),
      attribute("/build/install", text(), "What installs its dependencies before the build."),
      attribute("/build/output", text(), "The folder the build leaves a static site in."),
      attribute("/run_as", words({"web", "worker", "static", "function", "tool"}),
                "How it lives: web may sleep between requests, worker never returns, static is "
                "files, function is called, tool is built and started by others."),
      attribute("/singleton", plain(Type::boolean),
                "Never two at once, not even while a new version replaces the old one."),
      secret_attribute("/env", map_of(text()), "Its environment variables."),
      attribute("/port", plain(Type::integer), "The port it listens on, which gives it a url."),
      attribute("/public", plain(Type::boolean), "Whether the internet reaches it."),
      attribute("/domains", list_of(text()), "Domains that lead to it."),
      attribute("/health/path", text(), "The path that answers 2xx or 3xx when it is healthy."),
      attribute("/health/port", plain(Type::integer), "The port that is asked, if not its own."),
      attribute("/health/interval", plain(Type::duration), "The time between two probes."),
      attribute("/health/timeout", plain(Type::duration), "How long it may take to be healthy."),
      attribute("/health/grace", plain(Type::duration),
                "The time after a start in which failed probes do not count."),
      attribute("/restart/policy", words({"always", "on_failure", "never"}),
                "When a stopped process is started again."),
      attribute("/restart/max_retries", plain(Type::integer),
                "How often in a row, before it counts as failed."),
      attribute("/replicas", plain(Type::integer), "How many run side by side."),
      attribute("/memory", plain(Type::size), "Memory of one replica."),
      attribute("/cpu", plain(Type::number), "Processors of one replica; 0.5 is half of one."),
      attribute("/region", text(), "Where it runs, in the platform's own words."),
      attribute("/volume/*/mount", text(), "The folder at which the volume appears."),
      attribute("/volume/*/size", plain(Type::size), "The size of the volume."),
      attribute("/needs", list_of(plain(Type::reference)),
                "Resources that must be live before it starts."),
  };
  kind.outputs = {
      made_output("/id", text(), "The platform's id."),
      made_output("/url", plain(Type::url), "The address at which it is reached, with https://."),
      made_output("/host", text(), "The host name of its url."),
      made_output("/internal_url", plain(Type::url),
                  "The address at which other services of the same platform reach it."),
  };
  return kind;
}

Kind database_kind() {
  Kind kind{"database", {}, {}, true, true};
  kind.attributes = {
      name_attribute(),
      attribute("/engine", words({"postgres", "mysql", "redis", "sqlite", "libsql"}),
                "The kind of database."),
      attribute("/version", text(), "The engine's version, such as \"16\"."),
      attribute("/plan", text(), "What is bought, in the platform's own words."),
      attribute("/region", text(), "Where it lives, in the platform's own words."),
      attribute("/extensions", list_of(text()), "Extensions that are switched on."),
      file_attribute("/migrations", "SQL files, run once each in the order of their names."),
      file_attribute("/seed", "SQL files, run after the migrations, once for each content."),
      attribute("/backup/schedule", plain(Type::cron), "When a backup is taken."),
      attribute("/backup/keep", plain(Type::any),
                "What is kept: a count of backups, or a duration."),
  };
  kind.outputs = {
      output("/id", text(), "The platform's id."),
      secret_output("/url", plain(Type::url), "The connection URL, with user and password."),
      output("/host", text(), "The host it listens on."),
      output("/port", plain(Type::integer), "The port it listens on."),
      output("/user", text(), "The user's name."),
      secret_output("/password", text(), "The user's password."),
      output("/rest_url", plain(Type::url), "The URL of its HTTP interface, where it has one."),
      secret_output("/rest_token", text(), "The token of its HTTP interface."),
  };
  return kind;
}

Kind bucket_kind() {
  Kind kind{"bucket", {}, {}, true, true};
  kind.attributes = {
      name_attribute(),
      attribute("/public", plain(Type::boolean), "Whether everyone may read its objects."),
      attribute("/region", text(), "Where it lives, in the platform's own words."),
      attribute("/allowed_types", list_of(text()), "Media types that may be stored, as image/*."),
      attribute("/max_object_size", plain(Type::size), "The largest object that may be stored."),
      attribute("/versioning", plain(Type::boolean), "Whether overwritten objects are kept."),
      attribute("/expire_after", plain(Type::duration), "When objects are deleted."),
      attribute("/cors/origins", list_of(text()), "Origins whose pages may reach it."),
      attribute("/cors/methods", list_of(text()), "Methods that those pages may use."),
  };
  kind.outputs = {
      output("/id", text(), "The platform's id."),
      output("/endpoint", plain(Type::url), "The URL at which it is reached."),
      output("/access_key", text(), "The name of its key."),
      secret_output("/secret_key", text(), "The key itself."),
  };
  return kind;
}

Kind secret_kind() {
  Kind kind{"secret", {}, {}, false, false};
  kind.attributes = {
      name_attribute(),
      attribute("/from", plain(Type::origin),
                "Where it comes from: env() or file(). Left out, the variable of its name in "
                "capitals."),
      attribute("/generate", plain(Type::generator),
                "Made once and kept: random(), uuid() or keypair()."),
      attribute("/optional", plain(Type::boolean),
                "Whether it may be absent; depends on the environment alone."),
      attribute("/rotate_every", plain(Type::duration), "The age at which a new one is made."),
  };
  kind.outputs = {secret_output("/value", text(), "The secret itself.")};
  return kind;
}

Kind cron_kind() {
  Kind kind{"cron", {}, {}, true, false};
  kind.attributes = {
      name_attribute(),
      attribute("/schedule", plain(Type::cron),
                "When it fires: five fields, @daily and its kin, or \"every 15m\"."),
      attribute("/timezone", text(), "The IANA zone its schedule is read in. Left out, UTC."),
      secret_attribute("/call", plain(Type::call), "The request it makes: service.X.http(...)."),
      attribute("/run", plain(Type::run), "The command it runs: service.X.command(...)."),
      secret_attribute("/auth", plain(Type::auth),
                       "How its request proves itself: bearer(), basic(), header() or hmac()."),
      attribute("/timeout", plain(Type::duration), "How long one run may take."),
      attribute("/retries", plain(Type::integer), "How often a failed run is tried again."),
  };
  kind.outputs = {
      output("/id", text(), "The platform's id."),
      output("/next_run", text(), "The next time it fires."),
  };
  return kind;
}

// True when `pattern` is `path` or lies above it; a step `*` stands for any one step.
bool pattern_covers(std::string_view pattern, std::string_view path) {
  if (pattern.find('*') == std::string_view::npos) {
    return covers(pattern, path);
  }
  while (!pattern.empty()) {
    if (path.empty()) {
      return false;
    }
    const std::string_view want = pattern.substr(1, pattern.find('/', 1) - 1);
    const std::string_view have = path.substr(1, path.find('/', 1) - 1);
    if (want != "*" && want != have) {
      return false;
    }
    pattern.remove_prefix(1 + want.size());
    path.remove_prefix(1 + have.size());
  }
  return true;
}

template <class Attributes>
auto* longest_cover(const Attributes& attributes, std::string_view path) {
  decltype(attributes.data()) best = nullptr;
  for (const auto& one : attributes) {
    if (pattern_covers(one.path, path) &&
        (best == nullptr || one.path.size() > best->path.size())) {
      best = &one;
    }
  }
  return best;
}

// Lower case with a dash for every run of what is no letter or digit, none at the ends.
void append_slug(std::string& out, std::string_view text) {
  bool pending = !out.empty();
  for (const char c : text) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if ((small >= 'a' && small <= 'z') || (small >= '0' && small <= '9')) {
      out += pending && !out.empty() ? "-" : "";
      out += small;
      pending = false;
    } else {
      pending = true;
    }
  }
}

void append_key(std::string& out, std::string_view key) {
  const std::size_t before = out.size();
  append_slug(out, key);
  if (out.size() == before) {  // nothing of it can stand in a name
    append_slug(out, sha256_hex(key).substr(0, 8));
  }
}

std::string base_text(Type::Base base) {
  switch (base) {
    case Type::portable:
      return "portable";
    case Type::text:
      return "string";
    case Type::integer:
      return "int";
    case Type::number:
      return "float";
    case Type::boolean:
      return "bool";
    case Type::duration:
      return "duration";
    case Type::size:
      return "size";
    case Type::url:
      return "url";
    case Type::cron:
      return "cron";
    case Type::object:
      return "object";
    case Type::any:
    case Type::enumeration:
    case Type::list:
    case Type::map:
    case Type::reference:
      break;
    case Type::source:
      return "source";
    case Type::origin:
      return "origin";
    case Type::generator:
      return "generator";
    case Type::call:
      return "call";
    case Type::run:
      return "run";
    case Type::auth:
      return "auth";
  }
  return "any";
}

}  // namespace

std::span<const Kind> kinds() {
  static const std::vector<Kind> all{service_kind(), database_kind(), bucket_kind(), secret_kind(),
                                     cron_kind()};
  return all;
}

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : kinds()) {
    if (kind.name == name) {
      return &kind;
    }
  }
  return nullptr;
}

const KindAttribute* find_attribute(const Kind& kind, std::string_view path) {
  return longest_cover(kind.attributes, path);
}

std::string default_name(std::string_view stack, std::string_view address,
                         std::string_view environment, std::size_t length_at_most) {
  std::string name;
  append_slug(name, stack);
  if (const auto parsed = parse_address(address)) {
    bool kind_seen = false;
    for (const AddressStep& step : parsed->steps) {
      const bool is_kind = !kind_seen && (find_kind(step.name) != nullptr ||
                                          step.name == "resource" || step.name == "provider");
      kind_seen = kind_seen || is_kind;
      if (!is_kind) {
        append_slug(name, step.name);
      }
      for (const std::string& key : step.keys) {
        append_key(name, key);
      }
    }
  } else {
    append_slug(name, address);
  }
  append_slug(name, environment);
  if (length_at_most == 0 || name.size() <= length_at_most) {
    return name;
  }
  const std::string hash = sha256_hex(name).substr(0, std::min<std::size_t>(8, length_at_most));
  name.resize(length_at_most - hash.size());
  if (!name.empty()) {
    name.back() = '-';
    while (name.size() > 1 && name[name.size() - 2] == '-') {
      name.pop_back();
    }
  }
  return name + hash;
}

std::string_view effect_text(Effect effect) {
  switch (effect) {
    case Effect::none:
      return "none";
    case Effect::restart:
      return "restart";
    case Effect::redeploy:
      return "redeploy";
    case Effect::downtime:
      return "downtime";
    case Effect::data_loss:
      return "data loss";
    case Effect::irreversible:
      return "irreversible";
  }
  return "none";
}

std::string type_text(const Type& type) {
  switch (type.base) {
    case Type::enumeration: {
      std::vector<std::string> names;
      names.reserve(type.names.size());
      for (const std::string& name : type.names) {
        names.push_back("\"" + name + "\"");
      }
      return join(names, " | ");
    }
    case Type::list:
      return fmt::format("list<{}>", type.of.empty() ? "any" : type_text(type.of.front()));
    case Type::map:
      return fmt::format("map<{}>", type.of.empty() ? "any" : type_text(type.of.front()));
    case Type::reference:
      return type.names.empty() ? "reference" : join(type.names, " | ");
    default:
      return base_text(type.base);
  }
}

const TypeSchema* find_type(const ProviderSchema& provider, std::string_view type) {
  for (const TypeSchema& one : provider.types) {
    if (one.name == type) {
      return &one;
    }
  }
  return nullptr;
}

const Attribute* find_attribute(const TypeSchema& type, std::string_view path) {
  return longest_cover(type.attributes, path);
}

}  // namespace infra
