#include "syntax_support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/parser.h"
#include "compiler/tree_dump.h"

namespace infra::test {
namespace {

std::string read(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::string Parsed::errors() const {
  std::string out;
  for (const auto& diagnostic : diagnostics.all()) {
    out += out.empty() ? "" : " ";
    out += fmt::format("{}:{}", diagnostic.code,
                       sources.position(diagnostic.span.file, diagnostic.span.begin).line);
  }
  return out;
}

Parsed parsed(const std::string& text) {
  Parsed result;
  const FileId id = result.sources.add("main.infra", text);
  result.file = parse(result.sources, id, result.diagnostics);
  return result;
}

std::string formatted(const std::string& text) {
  Sources sources;
  const FileId id = sources.add("main.infra", text);
  Diagnostics diagnostics;
  std::string out = format(sources, id, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << render(diagnostics, sources, {}) << "\n" << text;
  return out;
}

std::string tree(const std::string& text) {
  const Parsed result = parsed(text);
  return result.rendered() + dump(result.file);
}

std::string expression(const std::string& text) {
  const Parsed result = parsed("let x = " + text);
  if (result.diagnostics.has_errors()) {
    return result.errors();
  }
  return dump(result.file.statements.at(0).as<ast::Let>()->value);
}

std::vector<Sample> samples() {
  std::vector<Sample> all;
  for (const char* folder : {SAMPLES, EXAMPLES}) {
    if (!std::filesystem::exists(folder)) {
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".infra") {
        all.push_back({entry.path().filename(), read(entry.path())});
      }
    }
  }
  std::sort(all.begin(), all.end(), [](const Sample& left, const Sample& right) {
    return std::tie(left.name, left.text) < std::tie(right.name, right.text);
  });
  return all;
}

std::string sample(const std::string& name) {
  return read(std::filesystem::path(SAMPLES) / name);
}

}  // namespace infra::test
