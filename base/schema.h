// base/schema.h — a platform as facts, without one function. The compiler checks text against it,
// the planner diffs with it, `infra providers show` prints it, the simulator imitates the platform
// from it, conformance tests hold it to the API description.
#pragma once
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/value.h"

namespace infra {

using std::chrono::seconds;

struct Type {
  enum Base {
    portable,
    text,
    integer,
    number,
    boolean,
    duration,
    size,
    url,
    cron,
    enumeration,
    list,
    map,
    object,
    reference,
    any,
    // What only the portable kinds have; each is an object whose one leading key says which form
    // was written (base/kinds.h).
    source,
    origin,
    generator,
    call,
    run,
    auth,
  };
  Base base = portable;            // portable: what base/kinds.h says of this path
  std::vector<std::string> names;  // enumeration: its values. reference: the types it may point at,
                                   // "*.database" any provider's
  std::vector<Type> of;            // list, map: one
};

enum class Presence { required, optional, computed, optional_computed };
enum class OnChange {
  update,
  grow,
  replace,
  refuse
};  // grow: upwards an update, downwards refused
enum class Effect { none, restart, redeploy, downtime, data_loss, irreversible };
enum class Secrecy { never, allowed, always };
enum class ReadBack {
  shown,
  digest,
  mark,
  never,
  once
};  // of secret leaves. digest: the mark is SHA-256 in hex. once: sealed in state
enum class Fill {
  nothing,
  name,
  random
};  // made by the engine; random is sealed in T1, before any request
enum class Same { exact, unordered, caseless, url, json, image };

struct Attribute {
  Path path;
  Presence presence = Presence::optional;
  Type type{};
  OnChange on_change = OnChange::update;
  Effect effect = Effect::none;  // redeploy: takes hold only when the running form is made anew
  Secrecy secrecy = Secrecy::never;
  ReadBack read_back = ReadBack::shown;
  Fill fill = Fill::nothing;
  Value otherwise{};  // what the platform uses when it is left out; a removed line goes back to it
  Same same = Same::exact;      // when two spellings are one value
  std::vector<Path> follows{};  // computed: inputs whose change makes it unknown ("/": any). Empty:
                                // stable for life
  bool made = false;  // computed: known once the object exists, before anything runs (LANGUAGE.md
                      // 29); else once it is live
  std::string formula{};  // computed: "https://{/name}.fly.dev", known as soon as its inputs are
  std::string doc{};
};

// What the platform cannot do, as a compile error with its reason and its way out.
enum class Rule {
  absent,
  at_least,
  at_most,
  length_at_most,
  one_of,
  not_one_of,
  matches,
  every_at_least
};
struct Limit {
  Path path;
  Rule rule;
  Value value{};
  Path when{};  // only where this attribute is set
  std::vector<std::string>
      tiers{};  // only on these values of the provider block's `tier`. Empty: on all
  std::string reason{}, help{};
};

// A node of its own beside a resource, with its own address (service.bot.volume.data), row, intent,
// guard and drift.
enum class Per { provider, owner, block, item };
enum class Role {
  parent,      // contains the owner
  input,       // ready before the owner; its change redeploys the owner
  part,        // made once the owner exists; who refers to the owner waits for it too
  deployment,  // after owner and parts; updated when an effect `redeploy` falls on the owner or on
               // what hangs on it
};
struct Companion {
  std::string type;  // may be another provider's: "postgres.migrations"
  Role role;
  Per per;
  Path link;    // the reference: of the owner to it (parent, input), of it to the owner (part,
                // deployment)
  Path from{};  // owner, block, item: the attribute that calls for it. provider: the setting that
                // names it
  std::vector<std::pair<Path, Path>> takes{};  // owner's attribute -> its own
};

struct Adoption {
  enum Class {
    key,
    unique,
    marker,
    listed,
    harmless,
    none
  } how;               // D4's K U M L N; harmless: a twin costs nothing, nobody looks for it
  seconds settle{90};  // longest life of a lost request, and list lag
  std::vector<Path> by{"/name"};  // unique, listed: what it is known by within its parent
};

// A type with a `made` output is made first: `create` brings it into being and runs nothing, an
// update (or its deployment) makes it live.
struct TypeSchema {
  std::string name;    // "vercel.service"
  std::string kind{};  // the portable kind it serves; of several, the first whose limits hold
  std::vector<Attribute> attributes{};
  std::vector<Limit> limits{};
  std::vector<Companion> companions{};
  Adoption adoption{Adoption::none};
  std::string endpoint{};  // "": the provider's first
  Path parent{};           // the attribute that names its container: scope of list; it dies with it
  std::string group{};  // changes of one group and parent go into one apply(); a type of the group
                        // without parent is that parent
  bool refresh_by_read = false;  // list shows too little
  bool delete_first = false;     // old and new cannot live side by side
  bool stateful = false;         // guarded
  seconds ready_within{300};
  int version = 1;
  std::vector<std::pair<Path, Path>> renamed{};
};

// Where requests go and who they speak as; resolved by the engine before driver code runs, never
// sent to another origin.
struct Endpoint {
  enum Auth { none, bearer, basic, header, sigv4 };
  std::string name;
  std::string base_url;  // "https://{ref}.supabase.co/storage/v1", "unix://{socket}", "postgres:";
                         // replaceable as a whole by a setting
  Auth auth = bearer;
  std::vector<std::string> credential{};  // settings
  std::vector<std::pair<std::string, std::string>> headers{};
  Path through{};  // reference attribute whose target fills the settings. "": the provider block
  std::vector<std::pair<std::string, Path>> takes{};  // setting <- output of the target
  bool graphql = false;
};

enum class ErrorKind {  // one for each thing the engine does differently
  none,                 // in an AnswerRule: success (Docker's 304)
  invalid,              // nothing was done; a person must act
  denied,               // the credential: nothing more is sent with it
  missing,              // absence in a read, success of a remove
  exists,               // look up: ours is adopted, a stranger's is explained
  stale,                // the document changed since the plan
  busy,      // refused before acting (429, 423, no capacity, input not ready): same op again later
  not_sent,  // no byte left
  unclear,   // may have been done: settle, look, go on
  pending,   // exists, not ready in time or interrupted: id kept, next apply goes on
  broken,    // exists, never will be ready: tainted
};
struct AnswerRule {  // the first that fits decides; else the status, by D3 R4
  int status;        // 0: any
  Path pointer;      // into the body; "": the status alone
  std::string text;  // "": present; else a part of it, case ignored
  ErrorKind kind;
};
struct Budget {
  std::string call;  // "POST /services", "* /apps/{app_name}/machines", "*"
  int requests;
  seconds window;
  int burst = 1;
  bool per_parent = false;  // else per credential
};

struct ProviderSchema {
  std::string name;
  std::vector<Attribute> settings{};
  std::vector<Endpoint> endpoints{};
  std::vector<TypeSchema> types{};
  std::vector<AnswerRule> answers{};
  std::vector<Path>
      messages{};  // where an answer says what is wrong; an absence is believed only in this shape
  std::vector<Budget> budgets{};
  std::vector<std::string> reading_posts{};  // with GraphQL `query`, all that planning may post
};

}  // namespace infra
