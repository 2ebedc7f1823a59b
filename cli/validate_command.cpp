// `infra validate`: is the text right, in every environment at once?
#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "planner/change_text.h"

namespace infra {
namespace {

std::string validation_document(const Compilation& compilation) {
  List diagnostics;
  for (const Diagnostic& diagnostic : compilation.diagnostics.all()) {
    diagnostics.push_back(diagnostic_document(diagnostic, compilation.sources));
  }
  const Diagnostics& all = compilation.diagnostics;
  return to_json(Object{{"format_version", "1.0"},
                        {"valid", !all.has_errors()},
                        {"error_count", static_cast<std::int64_t>(all.error_count())},
                        {"warning_count", static_cast<std::int64_t>(all.warning_count())},
                        {"diagnostics", std::move(diagnostics)}},
                 SecretText::sensitive, 2) +
         "\n";
}

int validate(Session& session) {
  const auto wanted = session.wanted_environment();
  const Compilation compilation = session.check(wanted);
  const Diagnostics& all = compilation.diagnostics;
  if (session.options.json) {
    session.terminal.print(validation_document(compilation));
    return all.has_errors() ? 1 : 0;
  }
  session.report(all, compilation.sources);
  if (all.has_errors()) {
    session.terminal.complain(
        fmt::format("{}{}\n", plural(all.error_count(), "error"),
                    all.warning_count() == 0 ? "" : ", " + plural(all.warning_count(), "warning")));
    return 1;
  }
  const std::string where = wanted ? "environment " + printable(*wanted)
                                   : plural(compilation.environments.size(), "environment") + ": " +
                                         join(compilation.environments, ", ");
  session.terminal.print(
      paint(Tone::added, "Success!", session.terminal.style()) +
      fmt::format(" The stack {} is valid ({}).\n", printable(compilation.stack), where));
  return 0;
}

}  // namespace

void add_validate_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "validate", "Check the text, in all environments or one");
  command.callback([&session] {
    session.streams = false;
    session.checks_text = true;
    session.command = [&session] { return validate(session); };
  });
}

}  // namespace infra
