// base/kinds.h — the five portable kinds as facts: attributes, outputs, and the shapes of what is
// written with a function.
//
// Shapes (keys of the Object that an attribute of this type holds):
//   source     {image} | {github, branch?, root?} | {git, branch?, root?} | {directory}
//   origin     {env, default?} | {file}                              of `secret.from`; read only
//   when the value is needed generator  {random, alphabet?} | {uuid: true} | {keypair}        of
//   `secret.generate` call       {service: Reference, path, method, headers?, form?, json?}   made
//   by `service.X.http(...)` run        {service: Reference, command} made by
//   `service.X.command(...)` auth       {bearer} | {basic: {user, password}} | {header: {name,
//   value}} | {hmac}
// In `expect.json` of a check a matcher stands as {"$present": true} or {"$matching": "RE2"}.
// A file in a form is {file, type?}, made by `upload(...)`. `migrations` and `seed` are lists of
// {file, sha256}, in order.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/schema.h"

namespace infra {

struct KindAttribute {
  Path path;  // "/health/timeout"; a labelled block is "/volume/*/mount"
  Type type{};
  Secrecy secrecy = Secrecy::never;
  bool files = false;  // written as a path or glob below the stack's folder; held as a list of
                       // {file, sha256}
  std::string doc{};
};

struct KindOutput {
  Path path;  // "/url"
  Type type{};
  bool secret = false;
  bool made = false;  // known once it is made, before anything runs
  std::string doc{};
};

struct Kind {
  std::string name;  // "service"
  std::vector<KindAttribute> attributes;
  std::vector<KindOutput> outputs;
  bool placeable = true;
  bool guarded = false;  // holds data: destroying or replacing one takes --allow-destroy
};

[[nodiscard]] std::span<const Kind> kinds();
[[nodiscard]] const Kind* find_kind(std::string_view name);

// The attribute a concrete path belongs to: "/volume/data/mount" finds "/volume/*/mount", "/env/A"
// finds "/env".
[[nodiscard]] const KindAttribute* find_attribute(const Kind& kind, std::string_view path);

// STACK-NAME-ENVIRONMENT (in a component STACK-ALIAS-NAME-ENVIRONMENT), every `for` key behind
// NAME; lower case, what is no letter or digit a dash. Cut to `length_at_most` (0: never) with a
// hash of the whole.
[[nodiscard]] std::string default_name(std::string_view stack, std::string_view address,
                                       std::string_view environment,
                                       std::size_t length_at_most = 0);

[[nodiscard]] std::string_view effect_text(Effect effect);  // "none", "restart", … "data loss"
[[nodiscard]] std::string type_text(const Type& type);      // "list<string>", `"a" | "b"`
[[nodiscard]] const TypeSchema* find_type(const ProviderSchema& provider,
                                          std::string_view type);  // "vercel.service"
// The attribute that a concrete leaf belongs to: the longest path that covers it ("/env" for
// "/env/A"); nullptr when none.
[[nodiscard]] const Attribute* find_attribute(const TypeSchema& type, std::string_view path);

}  // namespace infra
