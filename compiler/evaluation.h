// compiler/evaluation.h — one environment of a stack while it is evaluated: trees and names, rounds
// of `for`, instances of resources, values that no output decides.
//
// Built once by `build_graph`, then shared and never changed: ResourceGraph holds it so that nodes
// can be evaluated again. Owns the trees that everything here points into.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/kinds.h"
#include "base/schema.h"
#include "compiler/attribute_types.h"
#include "compiler/graph.h"
#include "compiler/module.h"
#include "compiler/readings.h"

namespace infra {

// One passing of the statements of a scope: of a `for` with its key and value, of an arm of an `if`
// whose condition holds.
struct Round {
  const Round* parent = nullptr;  // none: the top level
  ScopeId scope = 0;
  Value key, value;  // of a `for`: `for k, v` has both, `for x` the key alone
};

// A declaration in one round.
struct Instance {
  const ast::Declaration* declaration = nullptr;
  const Round* round = nullptr;
  const Kind* kind = nullptr;             // none: a `resource P.T`
  const TypeSchema* schema = nullptr;     // none: its provider has no driver here
  const AttributeTypes* types = nullptr;  // of kind and schema together
  std::string_view driver;                // "" for a secret
};

// The instances of one address without keys.
struct Family {
  Value instances;             // a Reference; below `for`s nested maps of them, by key
  std::vector<ScopeId> loops;  // the `for`s around it, outermost first
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

// A let in one round.
using LetKey = std::pair<const ast::Let*, const Round*>;
struct LetKeyHash {
  std::size_t operator()(const LetKey& key) const {
    return std::hash<const void*>()(key.first) * 31 + std::hash<const void*>()(key.second);
  }
};

struct WrittenCheck;
struct WrittenOutput;

class Evaluation {
 public:
  Evaluation(World world, const std::string& folder, bool read_sources)
      : readings(world, folder, read_sources) {}

  std::vector<ast::File> files;
  Module module;
  std::vector<const ProviderSchema*> schemas;
  Value environment;  // its name
  Value stack_name;

  TextMap<Value> parameters;
  // While parameters are being settled: the value of one that another's default asks for.
  std::function<const Value*(const std::string& name, const Span& span)> pending_parameter;

  Round top;
  std::deque<Round> rounds;
  std::vector<Instance> instances;  // by NodeId
  TextMap<NodeId> ids;              // by address
  TextMap<Family> families;         // by address without keys
  std::map<std::pair<const Kind*, const TypeSchema*>, AttributeTypes> types;
  bool expanded = false;  // references mean something
  std::deque<std::shared_ptr<const WrittenCheck>> checks;
  std::deque<std::shared_ptr<const WrittenOutput>> outputs;

  std::unordered_map<LetKey, Value, LetKeyHash> constants;  // lets that no output decides
  mutable Readings readings;

  [[nodiscard]] const ProviderSchema* schema(std::string_view driver) const;
};

}  // namespace infra
