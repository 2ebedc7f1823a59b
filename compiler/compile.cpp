#include "compiler/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/text.h"
#include "compiler/build_graph.h"
#include "compiler/module.h"
#include "compiler/parser.h"

namespace infra {
namespace {

constexpr std::size_t most_bytes = std::size_t{16} << 20U;  // of one file

Diagnostic& complain(Diagnostics& diagnostics, std::string_view code, std::string message) {
  Diagnostic& error = diagnostics.error(code, Span{}, std::move(message));
  error.has_span = false;
  return error;
}

bool read_folder(const CompileRequest& request, Compilation& compilation) {
  const auto names = request.world.files->glob(request.folder, "*.infra");
  if (names.empty()) {
    complain(compilation.diagnostics, "E0705",
             fmt::format("there is no `*.infra` file in `{}`", printable(request.folder)))
        .help.emplace_back("`infra init` writes a first one; --dir names another folder");
    return false;
  }
  bool good = true;
  for (const auto& name : names) {
    auto read = request.world.files->read(request.folder + "/" + name, most_bytes);
    if (auto* error = std::get_if<1>(&read)) {
      complain(compilation.diagnostics, "E0705", "cannot read " + printable(*error));
      good = false;
      continue;
    }
    compilation.sources.add(name, std::get<0>(std::move(read)));
  }
  return good;
}

// Two threads share the files: the largest first, so that neither waits long for the other.
std::vector<ast::File> parse_all(const Sources& sources, Diagnostics& diagnostics) {
  const std::size_t count = sources.size();
  std::vector<ast::File> files(count);
  std::vector<Diagnostics> found(count);
  std::vector<FileId> order(count);
  for (std::size_t i = 0; i < count; ++i) {
    order[i] = static_cast<FileId>(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](FileId left, FileId right) {
    return sources.text(left).size() > sources.text(right).size();
  });
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      files[order[i]] = parse(sources, order[i], found[order[i]]);
    }
  };
  if (count > 1) {
    std::thread other(work);
    work();
    other.join();
  } else {
    work();
  }
  for (auto& one : found) {
    diagnostics.append(std::move(one));
  }
  return files;
}

bool choose_environment(const CompileRequest& request, Compilation& compilation) {
  const auto& known = compilation.environments;
  if (std::find(known.begin(), known.end(), *request.environment) != known.end()) {
    return true;
  }
  auto& error = complain(compilation.diagnostics, "E0204",
                         fmt::format("the stack `{}` has no environment `{}`", compilation.stack,
                                     printable(*request.environment)));
  if (const auto near = nearest(*request.environment, known)) {
    error.help.push_back(fmt::format("did you mean `{}`?", *near));
  }
  error.help.push_back("it has " + list_text(known));
  return false;
}

// After a syntax error declarations are missing: what seems unknown may be what could not be read.
bool may_follow_from_syntax(const Diagnostic& diagnostic) {
  return diagnostic.severity != Severity::error || diagnostic.code.starts_with("E02") ||
         diagnostic.code.starts_with("E04");
}

void check_all(const std::vector<ast::File>& files, const CompileRequest& request,
               Compilation& compilation, Module& module) {
  const bool syntax_errors = compilation.diagnostics.has_errors();
  Diagnostics found;
  module = collect(files, found);
  compilation.stack = module.stack_name;
  compilation.environments = module.environments;
  check(module, compilation.sources, request.schemas, found);
  if (!syntax_errors) {
    compilation.diagnostics.append(std::move(found));
    return;
  }
  for (const auto& diagnostic : found.all()) {
    if (!may_follow_from_syntax(diagnostic)) {
      compilation.diagnostics.add(diagnostic);
    }
  }
}

}  // namespace

Compilation compile(const CompileRequest& asked) {
  CompileRequest request = asked;
  Compilation compilation;
  if (read_folder(request, compilation)) {
    std::vector<ast::File> files = parse_all(compilation.sources, compilation.diagnostics);
    Module module;
    check_all(files, request, compilation, module);
    if (!request.environment && request.or_the_only_one && compilation.environments.size() == 1) {
      request.environment = compilation.environments.front();
    }
    if (request.environment && !compilation.diagnostics.has_errors() &&
        choose_environment(request, compilation)) {
      compilation.graph = build_graph(std::move(files), std::move(module), request,
                                      compilation.sources, compilation.diagnostics);
    }
  }
  compilation.diagnostics.sort();
  return compilation;
}

}  // namespace infra
