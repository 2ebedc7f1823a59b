// tests/unit/evaluate/stack_fixture.h — a stack in memory, compiled: files, variables and time are
// the test's own.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/compile.h"

namespace infra::testing {

class Stack {
 public:
  explicit Stack(std::string main);

  Stack& file(const std::string& name, const std::string& text);  // relative to the stack's folder
  Stack& variable(const std::string& name, const std::string& value);
  Stack& parameter(const std::string& name, const std::string& text);
  Stack& parameter_file(const std::string& name);
  Stack& environment(const std::string& name);
  Stack& reads_nothing();

  // Compiles; later calls give the same.
  const Compilation& compilation();
  const ResourceGraph& graph();  // fails the test with the diagnostics when there is none

  const ResourceNode& node(std::string_view address);
  // The text of an attribute, in JSON; "-" when it is absent, "?" unknown, "*" secret, "?*" both.
  std::string attribute(std::string_view address, std::string_view path);
  std::string codes();  // "E0501 E0502", sorted as diagnostics are
  std::string messages();
  // "made /url of service.web for /env/URL", one per line.
  std::string dependencies(std::string_view address);
  // The attribute with these outputs known: {"service.web/url", "https://…"}.
  std::string attribute_with(std::string_view address, std::string_view path,
                             const std::map<std::string, Value>& outputs);

 private:
  struct Disk;
  struct Process;
  std::shared_ptr<Disk> disk_;
  std::shared_ptr<Process> process_;
  CompileRequest request_;
  std::unique_ptr<Compilation> compilation_;
};

// JSON with "?", "*" and "?*" for what is not known, secret, or both.
[[nodiscard]] std::string shown(const Value& value);

// The value of an expression: `let x = …` seen through a resource.
[[nodiscard]] std::string evaluated(const std::string& expression, const std::string& before = "");
// The codes of the diagnostics it gives.
[[nodiscard]] std::string mistakes(const std::string& expression, const std::string& before = "");

}  // namespace infra::testing
