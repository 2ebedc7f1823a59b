#include "providers/postgres_access.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "providers/sql_connection.h"
#include "providers/support.h"

namespace infra {
namespace {

constexpr std::string_view role_type = "postgres.role";
constexpr std::string_view grant_type = "postgres.grant";
constexpr std::string_view extension_type = "postgres.extension";

const Type text_type{Type::text, {}, {}};

Attribute connection() {
  Attribute made{.path = "/connection"};
  made.presence = Presence::required;
  made.type = {Type::reference, {"*.database"}, {}};
  made.on_change = OnChange::replace;
  made.doc = "The database it lives in.";
  return made;
}

Attribute text_attribute(Path path, Presence presence, OnChange on_change, std::string doc) {
  Attribute made{.path = std::move(path)};
  made.presence = presence;
  made.type = text_type;
  made.on_change = on_change;
  made.doc = std::move(doc);
  return made;
}

TypeSchema role_schema() {
  TypeSchema type{.name = std::string(role_type)};
  Attribute name =
      text_attribute("/name", Presence::optional, OnChange::replace, "What the server calls it.");
  name.fill = Fill::name;
  Attribute login{.path = "/login"};
  login.type = {Type::boolean, {}, {}};
  login.otherwise = true;
  login.doc = "Whether it may connect.";
  Attribute password = text_attribute("/password", Presence::optional, OnChange::update,
                                      "Made when none is written. The server keeps a verifier.");
  password.secrecy = Secrecy::always;
  password.read_back = ReadBack::never;
  password.fill = Fill::random;
  Attribute url = text_attribute("/url", Presence::computed, OnChange::update,
                                 "The connection URL with this role's name and password.");
  url.secrecy = Secrecy::always;
  url.read_back = ReadBack::once;
  url.follows = {"/password"};
  type.attributes = {connection(), name, login, password, url};
  type.adoption = {Adoption::unique, seconds{5}, {"/name"}};
  type.parent = "/connection";
  return type;
}

TypeSchema grant_schema() {
  TypeSchema type{.name = std::string(grant_type)};
  Attribute on = text_attribute("/on", Presence::optional, OnChange::replace,
                                "What is granted on: all tables (those to come too), all "
                                "sequences, or the schema itself.");
  on.type = {Type::enumeration, {"tables", "sequences", "schema"}, {}};
  on.otherwise = "tables";
  Attribute schema = text_attribute("/schema", Presence::optional, OnChange::replace,
                                    "The schema whose things are meant.");
  schema.otherwise = "public";
  Attribute privileges{.path = "/privileges"};
  privileges.presence = Presence::required;
  privileges.type = {Type::list, {}, {text_type}};
  privileges.same = Same::unordered;
  privileges.doc = "Such as select, insert, update, delete, usage, create.";
  type.attributes = {
      connection(),
      text_attribute("/role", Presence::required, OnChange::replace, "Who gets them."), on, schema,
      privileges};
  type.adoption = {Adoption::unique, seconds{5}, {"/role", "/on", "/schema"}};
  type.parent = "/connection";
  return type;
}

TypeSchema extension_schema() {
  TypeSchema type{.name = std::string(extension_type)};
  type.attributes = {connection(),
                     text_attribute("/name", Presence::required, OnChange::replace,
                                    "The extension, such as uuid-ossp."),
                     text_attribute("/version", Presence::optional_computed, OnChange::update,
                                    "Left out, the server's newest.")};
  type.adoption = {Adoption::unique, seconds{5}, {"/name"}};
  type.parent = "/connection";
  return type;
}

// --- roles ---

Reply<std::vector<Remote>> list_roles(Reader& database) {
  TRY(rows, database.select({"select rolname, rolcanlogin from pg_roles "
                             "where rolname !~ '^pg_' order by rolname",
                             {}}));
  std::vector<Remote> found;
  for (const Value& row : *rows) {
    Remote role{row.at("/rolname").text(), Object{}};
    role.attributes.set("/name", row.at("/rolname"));
    role.attributes.set("/login", row.at("/rolcanlogin"));
    role.attributes.set("/password", Hidden{});
    role.attributes.set("/url", Hidden{});
    found.push_back(std::move(role));
  }
  return found;
}

Reply<Remote> read_role(const std::string& name, Reader& database) {
  TRY(all, list_roles(database));
  for (Remote& role : *all) {
    if (role.id == name) {
      return std::move(role);
    }
  }
  return Error{ErrorKind::missing, "there is no role `" + name + "`"};
}

Reply<Done> write_role(const Change& change, const std::string& name, Writer& database) {
  const std::string verb = change.action == Action::create ? "create" : "alter";
  const Value& login = change.desired.at("/login");
  const std::string may_log_in = login.is_null() || login.truth() ? "login" : "nologin";
  const Value& password = change.desired.at("/password");
  const bool sets_password = password.as<Secret>() != nullptr &&
                             (change.action == Action::create || touches(change, "/password"));
  const std::string text =
      verb + " role $ident1 with " + may_log_in + (sets_password ? " password $scram2" : "");
  TRY(done, database.execute({{text, {name, sets_password ? password : Value()}}}));
  return Done{};
}

Reply<Remote> apply_role(const Change& change, Writer& database) {
  if (change.action == Action::remove) {
    auto gone = database.execute({{"drop role if exists $ident1", {change.id}}});
    if (!gone) {
      Error error = gone.error();
      if (contains_ignoring_case(error.message, "depend on it")) {
        error.help = "give what it owns to another role (`reassign owned by`), then apply again";
      }
      return error;
    }
    return Remote{};
  }
  const std::string name =
      change.action == Action::create ? change.desired.at("/name").text() : change.id;
  if (change.action == Action::create && read_role(name, database)) {
    return Error{ErrorKind::exists, "there is already a role `" + name + "`", "/name"};
  }
  if (change.action == Action::create || touches(change, "/login") ||
      touches(change, "/password")) {
    TRY(written, write_role(change, name, database));
  }
  TRY(now, read_role(name, database));
  if (const auto* password = change.desired.at("/password").as<Secret>()) {
    const Value& url = database.settings().at("/url");
    const auto* secret = url.as<Secret>();
    now->attributes.set("/url",
                        url_as(secret != nullptr ? *secret : Secret(url.text()), name, *password));
  } else if (touches(change, "/url")) {
    return Error{ErrorKind::invalid, "the password of role `" + name + "` is not known here",
                 "/password", "write `password = secret.NAME`, so that it is set anew"};
  }
  return now;
}

// --- grants ---

constexpr std::array<std::string_view, 9> known_privileges{
    "select", "insert", "update", "delete", "truncate", "references", "trigger", "usage", "create"};

struct Grant {
  std::string role, on, schema;
  [[nodiscard]] std::string id() const { return role + ":" + on + ":" + schema; }
};

Grant grant_of(const Value& desired) {
  const auto text = [&](const char* path, const char* otherwise) {
    const std::string& written = desired.at(path).text();
    return written.empty() ? std::string(otherwise) : written;
  };
  return {text("/role", ""), text("/on", "tables"), text("/schema", "public")};
}

std::optional<Grant> grant_of(const std::string& id) {
  const std::size_t last = id.rfind(':');
  const std::size_t first = last == std::string::npos ? last : id.rfind(':', last - 1);
  if (first == std::string::npos) {
    return std::nullopt;
  }
  return Grant{id.substr(0, first), id.substr(first + 1, last - first - 1), id.substr(last + 1)};
}

// What each role has: on a schema itself, and on all tables or sequences of one (what every one of
// them grants, and those to come will).
constexpr std::string_view grants_query = R"(
with acl as (
  select 'schema' as kind, n.nspname as schema, a.grantee, lower(a.privilege_type) as privilege
    from pg_namespace n, aclexplode(n.nspacl) a
  union all
  select case d.defaclobjtype when 'r' then 'tables' else 'sequences' end, n.nspname, a.grantee,
         lower(a.privilege_type)
    from pg_default_acl d join pg_namespace n on n.oid = d.defaclnamespace,
         aclexplode(d.defaclacl) a
   where d.defaclobjtype in ('r', 'S')
     and not exists (
       select 1 from pg_class c
        where c.relnamespace = n.oid
          and c.relkind = any (case d.defaclobjtype when 'r' then array['r', 'p', 'v', 'm']
                                    else array['S'] end::"char"[])
          and not exists (select 1 from aclexplode(c.relacl) own
                           where own.grantee = a.grantee
                             and own.privilege_type = a.privilege_type)
          and c.relowner <> a.grantee))
select r.rolname as role, acl.kind, acl.schema,
       string_agg(distinct acl.privilege, ',' order by acl.privilege) as privileges
  from acl join pg_roles r on r.oid = acl.grantee
 where acl.schema !~ '^pg_' and acl.schema <> 'information_schema'
 group by r.rolname, acl.kind, acl.schema
 order by 1, 2, 3)";

Reply<std::vector<Remote>> list_grants(Reader& database) {
  TRY(rows, database.select({grants_query, {}}));
  std::vector<Remote> found;
  for (const Value& row : *rows) {
    const Grant grant{row.at("/role").text(), row.at("/kind").text(), row.at("/schema").text()};
    List privileges;
    std::string_view rest = row.at("/privileges").text();
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      privileges.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    found.push_back({grant.id(), Object{{"role", grant.role},
                                        {"on", grant.on},
                                        {"schema", grant.schema},
                                        {"privileges", privileges}}});
  }
  return found;
}

// The statements that leave exactly `privileges`: all are taken back first, in the same
// transaction.
Reply<std::vector<std::string>> grant_statements(const Grant& grant, const List& privileges) {
  std::string words;
  for (const Value& one : privileges) {
    if (std::ranges::find(known_privileges, one.text()) == known_privileges.end()) {
      return Error{ErrorKind::invalid, "`" + one.text() + "` is no privilege", "/privileges",
                   "one of select, insert, update, delete, truncate, references, trigger, usage, "
                   "create"};
    }
    words += (words.empty() ? "" : ", ") + one.text();
  }
  if (grant.on == "schema") {
    std::vector<std::string> all{"revoke all on schema $ident2 from $ident1"};
    if (!words.empty()) {
      all.push_back("grant " + words + " on schema $ident2 to $ident1");
    }
    return all;
  }
  const std::string things = grant.on;  // tables, sequences
  std::vector<std::string> all{
      "revoke all on all " + things + " in schema $ident2 from $ident1",
      "alter default privileges in schema $ident2 revoke all on " + things + " from $ident1"};
  if (!words.empty()) {
    all.push_back("grant " + words + " on all " + things + " in schema $ident2 to $ident1");
    all.push_back("alter default privileges in schema $ident2 grant " + words + " on " + things +
                  " to $ident1");
  }
  return all;
}

Reply<Remote> apply_grant(const Change& change, Writer& database) {
  const auto known = grant_of(change.id);
  const bool removal = change.action == Action::remove;
  if (removal && !known) {
    return Remote{};
  }
  const Grant grant = known ? *known : grant_of(change.desired);
  TRY(texts, grant_statements(grant, removal ? List{} : change.desired.at("/privileges").list()));
  std::vector<Statement> statements;
  for (const std::string& text : *texts) {
    statements.push_back({text, {grant.role, grant.schema}});
  }
  auto done = database.execute(statements);
  const bool absent = !done && contains_ignoring_case(done.error().message, "does not exist");
  if (!done && !(removal && absent)) {
    return done.error();
  }
  if (removal) {
    return Remote{};
  }
  TRY(all, list_grants(database));
  for (Remote& one : *all) {
    if (one.id == grant.id()) {
      return std::move(one);
    }
  }
  return Error{ErrorKind::missing, "the server does not show the grant it was given"};
}

// --- extensions ---

Reply<std::vector<Remote>> list_extensions(Reader& database) {
  TRY(rows, database.select({"select extname, extversion from pg_extension "
                             "where extname <> 'plpgsql' order by extname",
                             {}}));
  std::vector<Remote> found;
  for (const Value& row : *rows) {
    found.push_back({row.at("/extname").text(),
                     Object{{"name", row.at("/extname")}, {"version", row.at("/extversion")}}});
  }
  return found;
}

Reply<Remote> apply_extension(const Change& change, Writer& database) {
  if (change.action == Action::remove) {
    TRY(gone, database.execute({{"drop extension if exists $ident1", {change.id}}}));
    return Remote{};
  }
  const std::string name =
      change.action == Action::create ? change.desired.at("/name").text() : change.id;
  const Value& version = change.desired.at("/version");
  if (change.action == Action::create) {
    TRY(made, database.execute({{std::string("create extension if not exists $ident1") +
                                     (version ? " version $ident2" : ""),
                                 {name, version}}}));
  } else if (touches(change, "/version")) {
    TRY(moved, database.execute(
                   {{std::string("alter extension $ident1 update") + (version ? " to $ident2" : ""),
                     {name, version}}}));
  }
  TRY(all, list_extensions(database));
  for (Remote& one : *all) {
    if (one.id == name) {
      return std::move(one);
    }
  }
  return Error{ErrorKind::missing, "the server does not show the extension `" + name + "`"};
}

}  // namespace

std::vector<TypeSchema> postgres_access_types() {
  return {role_schema(), grant_schema(), extension_schema()};
}

bool is_postgres_access(std::string_view type) {
  return type == role_type || type == grant_type || type == extension_type;
}

Reply<std::vector<Remote>> list_access(std::string_view type, Reader& database) {
  return type == role_type    ? list_roles(database)
         : type == grant_type ? list_grants(database)
                              : list_extensions(database);
}

Reply<Remote> apply_access(const Change& change, Writer& database) {
  return change.type == role_type    ? apply_role(change, database)
         : change.type == grant_type ? apply_grant(change, database)
                                     : apply_extension(change, database);
}

}  // namespace infra
