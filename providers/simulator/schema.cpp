// The two imitated platforms that stacks and stories are placed on: `simulator` sells all portable
// kinds and one type for every way in which an object can be found again; `functions` is a platform
// of functions, with what such platforms refuse.
#include "providers/simulator/simulator.h"

namespace infra {
namespace {

using enum Presence;

Attribute attribute(Path path, OnChange on_change = OnChange::update,
                    Effect effect = Effect::none) {
  Attribute made{.path = std::move(path)};
  made.on_change = on_change;
  made.effect = effect;
  return made;
}
Attribute typed(Path path, Type type, OnChange on_change = OnChange::update) {
  Attribute made = attribute(std::move(path), on_change);
  made.type = std::move(type);
  return made;
}
Attribute redeployed(Path path) {
  return attribute(std::move(path), OnChange::update, Effect::redeploy);
}
Attribute name(OnChange on_change = OnChange::replace) {
  Attribute made = typed("/name", {Type::text, {}, {}}, on_change);
  made.fill = Fill::name;
  made.doc = "What the platform calls it.";
  return made;
}
Attribute link_to(Path path, std::string type, Presence presence = required) {
  Attribute made =
      typed(std::move(path), {Type::reference, {std::move(type)}, {}}, OnChange::replace);
  made.presence = presence;
  return made;
}
Attribute output(Path path, Type type = {Type::text, {}, {}}, bool made_early = false) {
  Attribute made = typed(std::move(path), std::move(type));
  made.presence = computed;
  made.made = made_early;
  return made;
}
Attribute secret_output(Path path, std::vector<Path> follows = {}) {
  Attribute made = output(std::move(path));
  made.secrecy = Secrecy::always;
  made.follows = std::move(follows);
  return made;
}
Attribute environment_variables() {
  Attribute made = redeployed("/env");
  made.secrecy = Secrecy::allowed;
  made.read_back = ReadBack::mark;
  return made;
}
Attribute with_default(Attribute attribute, Value otherwise) {
  attribute.otherwise = std::move(otherwise);
  return attribute;
}
Attribute compared(Attribute attribute, Same same) {
  attribute.same = same;
  return attribute;
}

TypeSchema service_type() {
  TypeSchema type{.name = "simulator.service", .kind = "service"};
  type.attributes = {
      name(),
      redeployed("/source"),
      redeployed("/command"),
      redeployed("/build"),
      with_default(redeployed("/run_as"), "web"),
      with_default(attribute("/singleton", OnChange::update, Effect::downtime), false),
      environment_variables(),
      redeployed("/port"),
      attribute("/public"),
      attribute("/health"),
      attribute("/restart"),
      with_default(attribute("/replicas"), 1),
      attribute("/memory", OnChange::update, Effect::restart),
      attribute("/cpu", OnChange::update, Effect::restart),
      attribute("/region", OnChange::replace),
      output("/id", {Type::text, {}, {}}, true),
      output("/url", {Type::url, {}, {}}, true),
      output("/host", {Type::text, {}, {}}, true),
      output("/internal_url", {Type::url, {}, {}}, true)};
  type.limits = {{.path = "/replicas",
                  .rule = Rule::at_most,
                  .value = 1,
                  .when = "/volume",
                  .reason = "a volume is attached to one instance at a time",
                  .help = "leave `replicas` out, or keep the data in a bucket or database"},
                 {.path = "/replicas",
                  .rule = Rule::at_most,
                  .value = 100,
                  .reason = "the simulator runs at most 100 instances of a service",
                  .help = "ask for 100 or fewer"}};
  type.companions = {{"simulator.volume", Role::part, Per::block, "/service", "/volume", {}},
                     {"simulator.domain",
                      Role::part,
                      Per::item,
                      "/service",
                      "/domains",
                      {{"/domains", "/domain"}}},
                     {"simulator.deployment",
                      Role::deployment,
                      Per::owner,
                      "/service",
                      {},
                      {{"/source", "/source"}}}};
  type.adoption = {Adoption::unique, seconds{60}};
  return type;
}

std::vector<TypeSchema> service_companions() {
  TypeSchema volume{.name = "simulator.volume"};
  volume.attributes = {link_to("/service", "simulator.service"), name(),
                       attribute("/mount", OnChange::update, Effect::restart),
                       typed("/size", {Type::size, {}, {}}, OnChange::grow), output("/id")};
  volume.adoption = {Adoption::listed, seconds{60}, {"/mount"}};
  volume.parent = "/service";
  volume.stateful = true;

  TypeSchema domain{.name = "simulator.domain"};
  domain.attributes = {
      link_to("/service", "simulator.service"),
      compared(typed("/domain", {Type::text, {}, {}}, OnChange::replace), Same::caseless),
      output("/verified")};
  domain.adoption = {Adoption::unique, seconds{60}, {"/domain"}};
  domain.parent = "/service";

  TypeSchema deployment{.name = "simulator.deployment"};
  Attribute revision = attribute("/revision");
  revision.presence = optional_computed;
  revision.type = {Type::text, {}, {}};
  revision.follows = {"/"};
  deployment.attributes = {link_to("/service", "simulator.service"), attribute("/source"),
                           revision};
  deployment.adoption = {Adoption::marker, seconds{60}};
  deployment.parent = "/service";
  deployment.group = "deployment";
  deployment.ready_within = seconds{600};
  return {volume, domain, deployment};
}

TypeSchema cron_type(const char* type_name, const char* how, const char* other) {
  TypeSchema type{.name = type_name, .kind = "cron"};
  Attribute what = redeployed(std::string("/") + how);
  what.secrecy = std::string(how) == "call" ? Secrecy::allowed : Secrecy::never;
  Attribute auth = redeployed("/auth");
  auth.secrecy = Secrecy::allowed;
  auth.read_back = ReadBack::mark;
  type.attributes = {
      name(),        redeployed("/schedule"), with_default(redeployed("/timezone"), "UTC"),
      what,          attribute("/timeout"),   with_default(attribute("/retries"), 0),
      output("/id"), output("/next_run")};
  if (std::string(how) == "call") {
    type.attributes.push_back(auth);
  }
  type.limits = {{.path = std::string("/") + other,
                  .rule = Rule::absent,
                  .reason = std::string("a ") + type_name + " has a `" + how + "`",
                  .help = std::string("leave `") + other + "` out"},
                 {.path = "/schedule",
                  .rule = Rule::every_at_least,
                  .value = Duration{60'000},
                  .reason = "the simulator fires a cron at most once a minute",
                  .help = "write a schedule of a minute or more"}};
  type.adoption = {Adoption::key, seconds{30}};
  type.parent = std::string("/") + how + "/service";
  type.group = "deployment";
  return type;
}

TypeSchema database_type() {
  TypeSchema type{.name = "simulator.database", .kind = "database"};
  Attribute password = attribute("/password");
  password.presence = optional_computed;
  password.secrecy = Secrecy::always;
  password.read_back = ReadBack::never;
  password.fill = Fill::random;
  Attribute version = attribute("/version", OnChange::update, Effect::downtime);
  version.presence = optional_computed;
  type.attributes = {name(),
                     with_default(attribute("/engine", OnChange::refuse), "postgres"),
                     version,
                     attribute("/plan", OnChange::update, Effect::restart),
                     attribute("/region", OnChange::replace, Effect::data_loss),
                     compared(attribute("/extensions"), Same::unordered),
                     attribute("/backup"),
                     password,
                     output("/id"),
                     secret_output("/url", {"/password"}),
                     output("/host"),
                     output("/port", {Type::integer, {}, {}}),
                     output("/user"),
                     output("/rest_url", {Type::url, {}, {}}),
                     secret_output("/rest_token", {"/password"})};
  type.limits = {{.path = "/engine",
                  .rule = Rule::not_one_of,
                  .value = List{"mysql"},
                  .reason = "the simulator sells no MySQL",
                  .help = "use postgres, redis, sqlite or libsql"}};
  type.companions = {{"simulator.migrations",
                      Role::part,
                      Per::owner,
                      "/connection",
                      "/migrations",
                      {{"/migrations", "/files"}, {"/seed", "/seed"}}}};
  type.adoption = {Adoption::unique, seconds{90}};
  type.stateful = true;
  type.ready_within = seconds{600};
  return type;
}

TypeSchema migrations_type() {
  TypeSchema type{.name = "simulator.migrations"};
  type.attributes = {link_to("/connection", "simulator.database"),
                     attribute("/files", OnChange::update, Effect::irreversible),
                     attribute("/seed")};
  type.adoption = {Adoption::key, seconds{5}};
  type.parent = "/connection";
  return type;
}

TypeSchema bucket_type() {
  TypeSchema type{.name = "simulator.bucket", .kind = "bucket"};
  type.attributes = {name(),
                     with_default(attribute("/public"), false),
                     attribute("/region", OnChange::replace, Effect::data_loss),
                     compared(attribute("/allowed_types"), Same::unordered),
                     attribute("/max_object_size"),
                     with_default(attribute("/versioning"), false),
                     attribute("/expire_after"),
                     attribute("/cors"),
                     output("/id"),
                     output("/endpoint", {Type::url, {}, {}}),
                     output("/access_key"),
                     secret_output("/secret_key")};
  type.adoption = {Adoption::unique, seconds{30}};
  type.stateful = true;
  return type;
}

// What all the plain things have.
std::vector<Attribute> thing_attributes() {
  Attribute secret = typed("/secret", {Type::text, {}, {}});
  secret.secrecy = Secrecy::allowed;
  secret.read_back = ReadBack::mark;
  Attribute tags = typed("/tags", {Type::map, {}, {{Type::text, {}, {}}}});
  Attribute uses = typed("/uses", {Type::any, {}, {}});
  uses.doc = "Anything: holds what other resources give out.";
  return {name(OnChange::update),
          typed("/size", {Type::integer, {}, {}}),
          typed("/region", {Type::text, {}, {}}, OnChange::replace),
          tags,
          secret,
          uses,
          compared(typed("/label", {Type::text, {}, {}}), Same::caseless),
          compared(typed("/zones", {Type::list, {}, {{Type::text, {}, {}}}}), Same::unordered),
          with_default(typed("/tier", {Type::text, {}, {}}), "basic"),
          output("/id"),
          output("/url", {Type::url, {}, {}})};
}

TypeSchema thing(const char* type_name, Adoption adoption) {
  TypeSchema type{.name = type_name};
  type.attributes = thing_attributes();
  type.adoption = std::move(adoption);
  return type;
}

std::vector<TypeSchema> thing_types() {
  TypeSchema named = thing("simulator.named", {Adoption::unique, seconds{60}});
  named.attributes.front() = name();
  TypeSchema disk = thing("simulator.disk", {Adoption::unique, seconds{60}});
  disk.attributes.front() = name();
  disk.attributes[1].on_change = OnChange::grow;
  disk.attributes[2].on_change = OnChange::refuse;
  disk.stateful = true;
  TypeSchema single = thing("simulator.single", {Adoption::marker, seconds{60}});
  single.delete_first = true;
  TypeSchema listed = thing("simulator.listed", {Adoption::listed, seconds{60}});
  listed.refresh_by_read = true;
  TypeSchema token = thing("simulator.token", {Adoption::harmless, seconds{5}});
  Attribute value = output("/token");
  value.secrecy = Secrecy::always;
  value.read_back = ReadBack::once;
  token.attributes.push_back(value);
  return {thing("simulator.thing", {Adoption::marker, seconds{60}}),
          thing("simulator.keyed", {Adoption::key, seconds{30}}),
          named,
          listed,
          token,
          thing("simulator.blind", {Adoption::none, seconds{60}}),
          single,
          disk};
}

// One document with members, and an agent that is made anew when its secrets change.
std::vector<TypeSchema> grouped_types() {
  TypeSchema environment{.name = "simulator.environment"};
  environment.attributes = {name(), typed("/note", {Type::text, {}, {}}), output("/id")};
  environment.adoption = {Adoption::unique, seconds{60}};
  environment.group = "environment";

  TypeSchema member{.name = "simulator.member"};
  member.attributes = {link_to("/environment", "simulator.environment", optional),
                       name(OnChange::update),
                       typed("/size", {Type::integer, {}, {}}),
                       typed("/uses", {Type::any, {}, {}}),
                       output("/id"),
                       output("/url", {Type::url, {}, {}})};
  member.companions = {
      {"simulator.environment", Role::parent, Per::provider, "/environment", "/environment", {}}};
  member.adoption = {Adoption::listed, seconds{60}};
  member.parent = "/environment";
  member.group = "environment";

  TypeSchema secret_set{.name = "simulator.secret_set"};
  Attribute values = typed("/values", {Type::map, {}, {{Type::text, {}, {}}}});
  values.secrecy = Secrecy::allowed;
  values.read_back = ReadBack::digest;
  secret_set.attributes = {name(), values};
  secret_set.adoption = {Adoption::key, seconds{30}};

  TypeSchema agent{.name = "simulator.agent"};
  agent.attributes = {
      name(), compared(attribute("/image", OnChange::update, Effect::redeploy), Same::image),
      link_to("/set", "simulator.secret_set", optional), output("/id"),
      output("/url", {Type::url, {}, {}})};
  agent.companions = {{"simulator.secret_set",
                       Role::input,
                       Per::owner,
                       "/set",
                       "/secrets",
                       {{"/secrets", "/values"}}}};
  agent.adoption = {Adoption::unique, seconds{60}};
  return {environment, member, secret_set, agent};
}

std::vector<Attribute> cloud_settings() {
  Attribute file = typed("/file", {Type::text, {}, {}});
  file.doc = "A file below the stack's folder that keeps the cloud's objects.";
  Attribute latency = typed("/latency", {Type::duration, {}, {}});
  latency.doc = "How long every call takes.";
  Attribute faults = typed("/faults", {Type::number, {}, {}});
  faults.doc = "The share of calls that go wrong, 0 to 1.";
  Attribute seed = typed("/seed", {Type::integer, {}, {}});
  seed.doc = "The seed of faults and ids.";
  return {file, latency, faults, seed};
}

ProviderSchema make_simulator() {
  ProviderSchema schema{.name = "simulator", .settings = cloud_settings()};
  Attribute environment = typed("/environment", {Type::text, {}, {}});
  environment.doc = "The name of the environment that `simulator.member`s are made in.";
  schema.settings.push_back(environment);
  schema.types = {service_type(),
                  database_type(),
                  migrations_type(),
                  bucket_type(),
                  cron_type("simulator.cron", "call", "run"),
                  cron_type("simulator.job", "run", "call")};
  for (const auto& more : {service_companions(), thing_types(), grouped_types()}) {
    schema.types.insert(schema.types.end(), more.begin(), more.end());
  }
  return schema;
}

// Functions of a bounded life, without disks; crons by tier.
std::vector<Limit> function_limits() {
  return {{.path = "/run_as",
           .rule = Rule::not_one_of,
           .value = List{"worker"},
           .reason = "functions runs functions of at most 300s, and a worker never returns",
           .help = "place it on local or simulator; or write it as a function with a `cron`"},
          {.path = "/volume",
           .rule = Rule::absent,
           .reason = "functions have no disk that outlives a call",
           .help = "keep files in a bucket, or place the service on local or simulator"},
          {.path = "/singleton",
           .rule = Rule::not_one_of,
           .value = List{true},
           .reason = "functions run as many copies as there are requests",
           .help = "place it where it runs as one process: local or simulator"},
          {.path = "/memory",
           .rule = Rule::at_most,
           .value = Size{1'073'741'824},
           .tiers = {"hobby"},
           .reason = "a function of the hobby tier has at most 1GiB",
           .help = "ask for less, or set `tier = \"pro\"` in `provider functions`"},
          {.path = "/memory",
           .rule = Rule::at_most,
           .value = Size{4'294'967'296},
           .reason = "a function has at most 4GiB",
           .help = "ask for less"}};
}

ProviderSchema make_functions() {
  ProviderSchema schema{.name = "functions", .settings = cloud_settings()};
  Attribute tier = typed("/tier", {Type::enumeration, {"hobby", "pro"}, {}});
  tier.doc = "What was bought: hobby or pro.";
  schema.settings.push_back(tier);

  TypeSchema service{.name = "functions.service", .kind = "service"};
  service.attributes = {name(),
                        redeployed("/source"),
                        redeployed("/build"),
                        redeployed("/run_as"),
                        attribute("/singleton"),
                        environment_variables(),
                        attribute("/health"),
                        attribute("/public"),
                        attribute("/port"),
                        attribute("/memory", OnChange::update, Effect::redeploy),
                        attribute("/region", OnChange::update, Effect::redeploy),
                        attribute("/domains"),
                        output("/id", {Type::text, {}, {}}, true),
                        output("/host", {Type::text, {}, {}}, true)};
  Attribute url = output("/url", {Type::url, {}, {}});
  url.formula = "https://{/name}.functions.example";
  url.follows = {"/name"};
  service.attributes.push_back(url);
  service.limits = function_limits();
  service.adoption = {Adoption::unique, seconds{60}};

  TypeSchema cron = cron_type("functions.cron", "call", "run");
  cron.limits = {{.path = "/run",
                  .rule = Rule::absent,
                  .reason = "functions have no shell to run a command in",
                  .help = "write `call = service.X.http(...)`"},
                 {.path = "/call/method",
                  .rule = Rule::one_of,
                  .value = List{"GET"},
                  .reason = "functions calls its crons with GET",
                  .help = "leave `method` out"},
                 {.path = "/schedule",
                  .rule = Rule::every_at_least,
                  .value = Duration{86'400'000},
                  .tiers = {"hobby"},
                  .reason = "the hobby tier of functions runs a cron at most once a day",
                  .help = "write a daily schedule, or set `tier = \"pro\"`"}};
  cron.group.clear();
  schema.types = {service, cron};
  return schema;
}

}  // namespace

const ProviderSchema& simulator_schema() {
  static const ProviderSchema schema = make_simulator();
  return schema;
}

const ProviderSchema& functions_schema() {
  static const ProviderSchema schema = make_functions();
  return schema;
}

}  // namespace infra
