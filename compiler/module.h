// compiler/module.h — the names of one stack: what is declared, where, in which environments,
// within which `for` and `if`.
//
// `collect` reads the trees of all files once (their order means nothing) and reports duplicates,
// shadowing, reserved roots and misplaced statements. Everything points into the trees, which must
// outlive it.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/schema.h"
#include "compiler/ast.h"

namespace infra {

using ScopeId = std::uint32_t;  // index into Module::scopes; 0 is the top level

// One `for` or one arm of an `if` around statements.
struct Scope {
  ScopeId parent = 0;
  const ast::For* loop = nullptr;
  const ast::If* condition = nullptr;
  bool then = true;  // which arm
  std::size_t depth = 0;
  std::map<std::string, const ast::Let*, std::less<>> lets;
};

struct DeclaredResource {  // one textual declaration
  const ast::Declaration* declaration = nullptr;
  ScopeId scope = 0;
};

struct Module {
  std::string stack_name = "stack";
  std::vector<std::string> environments{"default"};
  const ast::Stack* stack = nullptr;
  std::map<std::string, std::vector<const ast::Environment*>, std::less<>> environment_blocks;
  std::map<std::string, const ast::Provider*, std::less<>>
      providers;  // by alias or name: "vercel", "eu"
  std::map<std::string, std::string, std::less<>>
      drivers;  // alias -> driver name ("eu" -> "vercel")
  std::map<std::string, const ast::Parameter*, std::less<>> parameters;
  std::vector<Scope> scopes{Scope{}};
  // "service.web" -> its declarations: one, or one per arm of an `if` that excludes the other.
  // `existing` ones are here too.
  std::map<std::string, std::vector<DeclaredResource>, std::less<>> resources;
  struct Placed {
    const ast::Statement* statement = nullptr;
    ScopeId scope = 0;
  };
  std::map<std::string, Placed, std::less<>> outputs, checks, notifies, policies, components;
  std::vector<Placed> moved, removed, adopts, uses, imports;
  std::vector<std::string> resource_order;  // addresses in the order of the text, for diagnostics
};

[[nodiscard]] Module collect(const std::vector<ast::File>& files, Diagnostics& diagnostics);

// Types every expression, resolves bare words, narrows environment sets, checks attributes against
// the kinds and the schemas of the drivers, placement, references, cycles of lets; writes the marks
// into the trees. After it without errors, evaluation of any environment meets no unknown name and
// no wrong type but in what is `any`.
void check(const Module& module, const Sources& sources,
           const std::vector<const ProviderSchema*>& schemas, Diagnostics& diagnostics);

}  // namespace infra
