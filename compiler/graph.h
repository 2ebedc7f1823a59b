// compiler/graph.h — the typed resource graph of one environment: what should exist, and what waits
// for what.
//
// A node's attributes are values in which everything that another resource's outputs decide is
// Unknown. `evaluate` gives them again with what is known by then, so that one function serves
// planning (outputs from state) and applying (outputs just made).
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/value.h"

namespace infra {

using NodeId = std::uint32_t;  // index into ResourceGraph::nodes, which are in address order

// What a reference waits for. `made`: an id, url, host or internal_url of a service; `live`:
// everything else.
enum class Wait : std::uint8_t { none, made, live };

struct Dependency {
  NodeId target = 0;
  Wait wait = Wait::live;
  Path output;  // of the target: "/url"; "" for `needs` and other references to the resource itself
  Path attribute;  // of this node that uses it: "/env/DATABASE_URL"
};

struct ResourceNode {
  std::string address;  // canonical
  std::string kind;     // service database bucket secret cron resource
  std::string name;     // NAME without keys
  std::vector<std::string> keys;
  std::string type;       // "vercel.service"; "infra.secret" for a secret
  std::string provider;   // name of the provider block, or its alias; "" for a secret
  bool existing = false;  // read only
  Value attributes;       // overlays merged, nulls left out. References are Reference{address, ""}
  std::string default_name;  // what `name` is where the author wrote none
  std::vector<Dependency> dependencies;
  Span span;                     // of the declaration's head
  const void* origin = nullptr;  // the evaluator's own
};

struct PlannedCheck {
  std::string name;
  Value body;  // call | tcp | sql+database, expect, on_failure; Unknown where outputs decide
  std::vector<Dependency> dependencies;
  Span span;
  const void* origin = nullptr;  // the evaluator's own
};

struct PlannedOutput {
  std::string name;
  Value value;            // Secret or Unknown{secret} where it is secret
  bool revealed = false;  // written with reveal(): `infra output NAME` alone may print it
  std::vector<Dependency> dependencies;
  std::string description;
  Span span;
  const void* origin = nullptr;  // the evaluator's own
};

struct MovedStatement {
  std::string from, to;
  Span span;
};
struct RemovedStatement {
  std::string address;
  bool destroy = false;
  Span span;
};
struct AdoptStatement {
  std::string address, id;
  Span span;
};

struct ProviderBlock {
  std::string alias;   // "vercel", "eu"
  std::string driver;  // "vercel"
  Value settings;      // evaluated only where a resource of this environment uses it
  Span span;
};

struct EnvironmentSettings {
  std::vector<std::string> protect;  // addresses and kinds
  std::optional<std::string> after;
  bool ephemeral = false;
};

// A source that was read while evaluating: names and keyed fingerprints may be recorded, never
// values.
struct InputRead {
  std::string kind;  // env file directory now
  std::string name;
  Value value;  // Secret for env
};

// The world as an evaluation sees it: "/url" of `service.web`. Unknown when it is not known; Null
// when there is none. Secrets' values are output "/value"; `name` of a resource that has not
// written one is output "/name".
using Outputs = std::function<Value(std::string_view address, std::string_view output)>;

class Evaluation;  // expressions and environments behind the nodes; the compiler's own

struct ResourceGraph {
  std::string stack, environment;
  std::vector<std::string> environments;
  EnvironmentSettings settings;
  std::vector<ResourceNode> nodes;       // in address order
  std::vector<ProviderBlock> providers;  // used in this environment, in name order
  std::vector<PlannedCheck> checks;
  std::vector<PlannedOutput> outputs;
  std::vector<MovedStatement> moved;
  std::vector<RemovedStatement> removed;
  std::vector<AdoptStatement> adopted;
  std::map<std::string, Value> parameters;  // as they came out, secrets as Secret
  std::vector<InputRead> reads;
  std::shared_ptr<const Evaluation> evaluation;

  [[nodiscard]] const ResourceNode* find(std::string_view address) const;

  // Thread-safe. The attributes, body or value with what `outputs` knows. Errors of evaluation that
  // only known values can show (a url that is none, a division by zero) are added to `diagnostics`.
  [[nodiscard]] Value attributes(const ResourceNode& node, const Outputs& outputs,
                                 Diagnostics& diagnostics) const;
  [[nodiscard]] Value check(const PlannedCheck& check, const Outputs& outputs,
                            Diagnostics& diagnostics) const;
  [[nodiscard]] Value output(const PlannedOutput& output, const Outputs& outputs,
                             Diagnostics& diagnostics) const;
  // Where an attribute of a node was written, for messages; the node's own span when it was not.
  [[nodiscard]] Span span(const ResourceNode& node, std::string_view attribute) const;
};

}  // namespace infra
