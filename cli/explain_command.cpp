// `infra explain CODE`: the page of a diagnostic.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"

namespace infra {
namespace {

std::string title_of(std::string_view page) {
  std::string_view line = page.substr(0, page.find('\n'));
  const std::size_t colon = line.find(": ");
  return std::string(colon == std::string_view::npos ? line : line.substr(colon + 2));
}

int list_codes(Session& session) {
  for (const std::string_view code : explained_codes()) {
    session.terminal.print(fmt::format("{}  {}\n", code, title_of(explanation(code))));
  }
  return 0;
}

int explain(Session& session, std::string code) {
  std::transform(code.begin(), code.end(), code.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const std::string_view page = explanation(code);
  if (page.empty()) {
    const auto codes = explained_codes();
    const std::vector<std::string> known(codes.begin(), codes.end());
    const auto near = nearest(code, known);
    throw CommandError(1, fmt::format("there is no diagnostic `{}`", printable(code)),
                       near ? fmt::format("did you mean {}? `infra explain` lists them all", *near)
                            : "`infra explain` lists them all");
  }
  session.terminal.print(session.options.json
                             ? to_json(Object{{"code", code}, {"page", page}}, SecretText::refuse) +
                                   "\n"
                             : std::string(page));
  return 0;
}

}  // namespace

void add_explain_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "explain", "Explain a diagnostic, with an example");
  auto code = std::make_shared<std::string>();
  command.add_option("code", *code, "E0412; without it, the list of all");
  command.callback([&session, code] {
    session.streams = false;
    session.command = [&session, code] {
      return code->empty() ? list_codes(session) : explain(session, *code);
    };
  });
}

}  // namespace infra
