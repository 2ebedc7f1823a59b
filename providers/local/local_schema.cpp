#include <utility>

#include "providers/local/local.h"

namespace infra {
namespace {

Attribute attribute(Path path, Effect effect, std::string doc, Value otherwise = {}) {
  Attribute one;
  one.path = std::move(path);
  one.effect = effect;
  one.otherwise = std::move(otherwise);
  one.doc = std::move(doc);
  return one;
}

Attribute without_effect(Path path) {
  return attribute(std::move(path), Effect::none, "Accepted; it has no effect on this machine.");
}

Attribute name_attribute(OnChange on_change, Effect effect) {
  Attribute one = attribute("/name", effect, "What it is called here.");
  one.on_change = on_change;
  one.fill = Fill::name;
  return one;
}

Attribute output(Path path, Type::Base base, std::string doc) {
  Attribute one;
  one.path = std::move(path);
  one.presence = Presence::computed;
  one.type.base = base;
  one.doc = std::move(doc);
  return one;
}

Attribute made_output(Path path, Type::Base base, std::string doc) {
  Attribute one = output(std::move(path), base, std::move(doc));
  one.made = true;
  return one;
}

Attribute secret_output(Path path, Type::Base base, std::string doc) {
  Attribute one = output(std::move(path), base, std::move(doc));
  one.secrecy = Secrecy::always;
  one.read_back = ReadBack::never;
  return one;
}

Attribute password_attribute() {
  Attribute one;
  one.path = "/password";
  one.presence = Presence::optional_computed;
  one.type.base = Type::text;
  one.secrecy = Secrecy::always;
  one.read_back = ReadBack::never;
  one.fill = Fill::random;
  one.effect = Effect::restart;
  one.doc = "Made once, kept sealed.";
  return one;
}

std::vector<Attribute> service_inputs() {
  Attribute source = attribute("/source", Effect::restart,
                               "The working tree: the stack's folder, with `root` below it (or "
                               "beside it, in the same repository). Nothing is cloned or built.");
  Attribute command = attribute("/command", Effect::restart,
                                "What runs, by /bin/sh -c, in the source's folder. For a source "
                                "that is an image or files, write one in `local { command = … }`.");
  command.presence = Presence::required;
  Attribute environment =
      attribute("/env", Effect::restart,
                "Its variables, beside PORT, INFRA_VOLUME_NAME for each volume, and a few of the "
                "account's own (PATH, HOME, LANG, TZ, …).");
  environment.secrecy = Secrecy::allowed;
  environment.read_back = ReadBack::digest;
  Attribute volumes = attribute("/volumes", Effect::restart, "Its volumes.");
  volumes.type = {Type::map, {}, {Type{Type::reference, {"local.volume"}, {}}}};
  return {
      name_attribute(OnChange::update, Effect::none),
      std::move(source),
      std::move(command),
      without_effect("/build"),
      attribute("/run_as", Effect::restart,
                "A tool is made and never started. All others are processes.", "web"),
      without_effect("/singleton"),
      std::move(environment),
      attribute("/port", Effect::restart,
                "The port on 127.0.0.1, handed over as PORT. Left out, a free one is chosen and "
                "kept."),
      without_effect("/public"),
      without_effect("/domains"),
      attribute("/health/path", Effect::restart,
                "Asked until it answers 2xx or 3xx, then every `interval`; three failures in a row "
                "restart the process. Left out, its port has to accept connections."),
      attribute("/health/port", Effect::restart, "Left out, its own port."),
      attribute("/health/interval", Effect::restart, "Left out, 30s.", Duration{30'000}),
      attribute("/health/timeout", Effect::restart,
                "How long it may take to answer after its start. Left out, 60s.", Duration{60'000}),
      attribute("/health/grace", Effect::restart, "Time on top of `timeout` after a start.",
                Duration{0}),
      attribute("/restart/policy", Effect::restart,
                "on_failure: started again when it ends with a status other than 0 or by a signal; "
                "always: whenever it ends.",
                "on_failure"),
      attribute("/restart/max_retries", Effect::restart,
                "Restarts in a row (with growing pauses, up to 5s) before it is left stopped. Left "
                "out, 10; with `always`, for ever."),
      without_effect("/replicas"),
      without_effect("/memory"),
      without_effect("/cpu"),
      without_effect("/region"),
      std::move(volumes),
  };
}

TypeSchema service_type() {
  TypeSchema type;
  type.name = "local.service";
  type.kind = "service";
  type.attributes = service_inputs();
  Attribute url = made_output("/url", Type::url, "http://127.0.0.1:PORT");
  url.follows = {"/port"};
  Attribute internal = made_output("/internal_url", Type::url, "The same as its url.");
  internal.follows = {"/port"};
  type.attributes.insert(
      type.attributes.end(),
      {made_output("/id", Type::text, "Its id at the agent."), std::move(url),
       made_output("/host", Type::text, "127.0.0.1"), std::move(internal),
       output("/local/pid", Type::integer, "Its process now; 0 while none runs."),
       output("/local/status", Type::text,
              "made, starting, running, waiting (to be restarted), stopped; ready for a tool."),
       output("/local/failure", Type::text, "Why it is not running."),
       output("/local/restarts", Type::integer, "How often it was restarted since its start."),
       output("/local/log", Type::text, "The file that it writes to.")});
  type.limits = {
      {.path = "/replicas",
       .rule = Rule::at_most,
       .value = 1,
       .reason = "on this machine a service is one process on one port",
       .help = "write `local { replicas = 1 }`, or leave it out"},
  };
  type.companions = {{"local.volume",
                      Role::input,
                      Per::block,
                      "/volumes",
                      "/volume",
                      {{"/mount", "/mount"}, {"/size", "/size"}}}};
  type.adoption = {Adoption::key, seconds{2}};
  type.ready_within = seconds{900};
  return type;
}

TypeSchema volume_type() {
  TypeSchema type;
  type.name = "local.volume";
  type.attributes = {
      name_attribute(OnChange::update, Effect::none),
      attribute("/mount", Effect::none,
                "Where containers see it. A process finds the folder in INFRA_VOLUME_NAME."),
      without_effect("/size"),
      output("/id", Type::text, "Its id at the agent."),
      output("/local/path", Type::text, "The folder."),
  };
  type.adoption = {Adoption::key, seconds{2}};
  type.stateful = true;
  return type;
}

// What all three database types take and give.
void complete_database(TypeSchema& type) {
  type.kind = "database";
  type.adoption = {Adoption::key, seconds{2}};
  type.stateful = true;
  type.ready_within = seconds{300};
  Attribute engine = attribute("/engine", Effect::data_loss, "postgres, redis, sqlite or libsql.");
  engine.on_change = OnChange::replace;
  engine.presence = Presence::required;
  std::vector<Attribute> shared{
      std::move(engine),
      attribute("/version", Effect::none,
                "Accepted; what is installed on this machine is what runs."),
      without_effect("/plan"),
      without_effect("/region"),
      without_effect("/backup"),
      output("/id", Type::text, "Its id at the agent."),
      secret_output("/url", Type::url, "The connection URL."),
      output("/host", Type::text, "127.0.0.1; none for a file."),
      output("/port", Type::integer, "The port, kept for the life of the database."),
      output("/user", Type::text, "The user's name; none for a file."),
  };
  type.attributes.insert(type.attributes.end(), shared.begin(), shared.end());
}

TypeSchema postgres_type() {
  TypeSchema type;
  type.name = "local.database";
  Attribute extensions =
      attribute("/extensions", Effect::none, "Switched on in the database, by the superuser.");
  extensions.same = Same::unordered;
  type.attributes = {name_attribute(OnChange::replace, Effect::data_loss), std::move(extensions),
                     password_attribute(),
                     output("/local/socket", Type::text,
                            "The folder of the cluster's socket, which lets this account in as "
                            "the superuser `postgres`.")};
  complete_database(type);
  for (Attribute& one : type.attributes) {
    if (one.path == "/url") {
      one.follows = {"/password"};
    }
  }
  const std::string reason = "this machine runs postgres, redis, sqlite and libsql";
  type.limits = {
      {.path = "/engine",
       .rule = Rule::not_one_of,
       .value = List{"mysql"},
       .reason = reason,
       .help = "place it elsewhere, or write `local { engine = postgres }`"},
      {.path = "/engine",
       .rule = Rule::not_one_of,
       .value = List{"redis", "sqlite", "libsql"},
       .reason = "this is the type of PostgreSQL databases",
       .help = {}},
      {.path = "/name",
       .rule = Rule::length_at_most,
       .value = 63,
       .reason = "PostgreSQL cuts names to 63 bytes",
       .help = "write a shorter `name`"},
  };
  type.companions = {{"postgres.migrations",
                      Role::part,
                      Per::owner,
                      "/connection",
                      "/migrations",
                      {{"/migrations", "/files"}, {"/seed", "/seed"}}}};
  return type;
}

TypeSchema redis_type() {
  TypeSchema type;
  type.name = "local.redis";
  type.attributes = {name_attribute(OnChange::update, Effect::restart), password_attribute()};
  complete_database(type);
  for (Attribute& one : type.attributes) {
    if (one.path == "/url") {
      one.follows = {"/password"};
    }
  }
  type.limits = {{.path = "/engine",
                  .rule = Rule::one_of,
                  .value = List{"redis"},
                  .reason = "this is the type of Redis databases",
                  .help = {}}};
  return type;
}

TypeSchema file_type() {
  TypeSchema type;
  type.name = "local.file";
  type.attributes = {
      name_attribute(OnChange::replace, Effect::data_loss),
      secret_output("/password", Type::text, "None: a file has no password."),
  };
  complete_database(type);
  type.limits = {{.path = "/engine",
                  .rule = Rule::one_of,
                  .value = List{"sqlite", "libsql"},
                  .reason = "this is the type of databases in a file",
                  .help = {}}};
  return type;
}

TypeSchema bucket_type() {
  TypeSchema type;
  type.name = "local.bucket";
  type.kind = "bucket";
  const std::string kept = "Kept in the rules file beside the folder.";
  Attribute types = attribute("/allowed_types", Effect::none, kept);
  types.same = Same::unordered;
  type.attributes = {
      name_attribute(OnChange::replace, Effect::data_loss),
      attribute("/public", Effect::none, kept),
      without_effect("/region"),
      std::move(types),
      attribute("/max_object_size", Effect::none, kept),
      attribute("/versioning", Effect::none, kept),
      attribute("/expire_after", Effect::none, kept),
      attribute("/cors/origins", Effect::none, kept),
      attribute("/cors/methods", Effect::none, kept),
      output("/id", Type::text, "Its id at the agent."),
      output("/endpoint", Type::url, "The folder, as file:///…"),
      output("/access_key", Type::text, "None: a folder has no keys."),
      secret_output("/secret_key", Type::text, "None: a folder has no keys."),
  };
  type.adoption = {Adoption::key, seconds{2}};
  type.stateful = true;
  return type;
}

TypeSchema cron_type() {
  TypeSchema type;
  type.name = "local.cron";
  type.kind = "cron";
  Attribute schedule = attribute("/schedule", Effect::none, "Looked at once a second.");
  schedule.presence = Presence::required;
  Attribute call = attribute("/call", Effect::none,
                             "A request to a service on this machine; 2xx and 3xx are success.");
  call.secrecy = Secrecy::allowed;
  call.read_back = ReadBack::never;
  Attribute auth = attribute("/auth", Effect::none,
                             "Sent as Authorization or the header that is named; hmac as "
                             "`X-Signature: sha256=HEX`, over the body.");
  auth.secrecy = Secrecy::allowed;
  auth.read_back = ReadBack::never;
  type.attributes = {
      name_attribute(OnChange::update, Effect::none),
      std::move(schedule),
      attribute("/timezone", Effect::none, "Left out, UTC.", "UTC"),
      std::move(call),
      attribute("/run", Effect::none, "A command in a service's folder and environment."),
      std::move(auth),
      attribute("/timeout", Effect::none, "Left out, 60s.", Duration{60'000}),
      attribute("/retries", Effect::none, "A second apart. Left out, none.", 0),
      output("/id", Type::text, "Its id at the agent."),
      output("/next_run", Type::text, "The next time it fires, in UTC."),
      output("/local/last_run", Type::text, "When it last ended, in UTC."),
      output("/local/last_result", Type::text, "`HTTP 200`, `status 0`, or why there is none."),
      output("/local/last_took", Type::text, "How long it took, its retries included."),
      output("/local/runs", Type::integer, "How often it was fired."),
  };
  type.adoption = {Adoption::key, seconds{2}};
  return type;
}

}  // namespace

const ProviderSchema& local_schema() {
  static const ProviderSchema schema = [] {
    ProviderSchema local;
    local.name = "local";
    local.endpoints = {{.name = "agent",
                        .base_url = "unix://{infra/data}/local/agent.sock",
                        .auth = Endpoint::none}};
    local.types = {service_type(), volume_type(), postgres_type(), redis_type(),
                   file_type(),    bucket_type(), cron_type()};
    local.answers = {{404, "/message", "", ErrorKind::missing},
                     {409, "/message", "", ErrorKind::busy},
                     {422, "/message", "", ErrorKind::invalid},
                     {500, "/message", "", ErrorKind::invalid}};
    local.messages = {"/message"};
    return local;
  }();
  return schema;
}

}  // namespace infra
