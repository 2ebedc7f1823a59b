// What the syntax tests share: parsing a text in one call, and the sample files.
#pragma once
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "compiler/ast.h"

namespace infra::test {

struct Parsed {
  Sources sources;
  Diagnostics diagnostics;
  ast::File file;

  // "E0109:3 E0110:4": code and line of each diagnostic, in order.
  [[nodiscard]] std::string errors() const;
  [[nodiscard]] std::string rendered() const { return render(diagnostics, sources, {}); }
};

[[nodiscard]] Parsed parsed(const std::string& text);

// The canonical text; the test fails when `text` has errors.
[[nodiscard]] std::string formatted(const std::string& text);

// The tree of `text` without places; with its diagnostics in front when there are any.
[[nodiscard]] std::string tree(const std::string& text);
// The tree of one expression.
[[nodiscard]] std::string expression(const std::string& text);

struct Sample {
  std::string name, text;
};
[[nodiscard]] std::vector<Sample> samples();  // of this folder and of examples/
[[nodiscard]] std::string sample(const std::string& name);

}  // namespace infra::test
