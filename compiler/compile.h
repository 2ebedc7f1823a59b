// compiler/compile.h — a folder of text to a resource graph: the whole of the compiler in one call.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/schema.h"
#include "base/world.h"
#include "compiler/graph.h"

namespace infra {

struct CompileRequest {
  std::string folder;                      // absolute; its *.infra files are the stack
  std::optional<std::string> environment;  // none: check all, evaluate none
  bool or_the_only_one = false;  // none given: evaluate the stack's environment if it has just one
  std::map<std::string, std::string> parameters;  // --param NAME=TEXT, strongest
  std::optional<std::string> parameter_file;
  std::vector<const ProviderSchema*> schemas;  // of the drivers there are
  World world;
  bool read_sources = true;  // env() and file() are read when their value is needed
};

struct Compilation {
  Sources sources;
  Diagnostics diagnostics;
  std::string stack;
  std::vector<std::string> environments;  // also when there are errors, as far as they are known
  std::optional<ResourceGraph> graph;     // an environment was asked for and there was no error
};

[[nodiscard]] Compilation compile(const CompileRequest& request);

}  // namespace infra
