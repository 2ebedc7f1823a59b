// `infra fmt`: the canonical text of files, in place.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/line_difference.h"
#include "compiler/parser.h"

namespace infra {
namespace {

struct FormatOptions {
  std::vector<std::string> paths;
  bool check = false, difference = false, deep = false;
};

struct FormatCounts {
  std::size_t changed = 0, failed = 0;
};

std::vector<std::string> files_of(const Session& session, const FormatOptions& options) {
  std::vector<std::string> files;
  const std::vector<std::string> paths =
      options.paths.empty() ? std::vector<std::string>{session.folder()} : options.paths;
  for (const std::string& path : paths) {
    if (!is_folder(path)) {
      files.push_back(path);
      continue;
    }
    const std::vector<std::string> found = infra_files(path, options.deep);
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

void format_one(Session& session, const FormatOptions& options, const std::string& path,
                FormatCounts& counts) {
  const bool from_input = path == "-";
  Sources sources;
  const std::string text = from_input ? read_standard_input() : read_text_file(path);
  const FileId file = sources.add(from_input ? "standard input" : path, text);
  Diagnostics diagnostics;
  const std::string formatted = format(sources, file, diagnostics);
  if (diagnostics.has_errors()) {
    session.report(diagnostics, sources);
    ++counts.failed;
    return;
  }
  const bool changed = formatted != text;
  counts.changed += changed ? 1 : 0;
  if (options.difference) {
    session.terminal.print(
        printable(line_difference(text, formatted, path + " (as it is)", path), true));
  }
  if (from_input && !options.check && !options.difference) {
    session.terminal.print(formatted);
  } else if (changed && !from_input) {
    if (!options.check) {
      write_text_file(path, formatted);
    }
    if (!options.difference) {
      session.terminal.print(printable(path) + "\n");
    }
  }
}

int format_all(Session& session, const FormatOptions& options) {
  FormatCounts counts;
  for (const std::string& path : files_of(session, options)) {
    try {
      format_one(session, options, path, counts);
    } catch (const CommandError& error) {  // one file that cannot be read hides no other
      session.terminal.complain(fmt::format("error: {}\n", error.what()));
      ++counts.failed;
    }
  }
  if (counts.failed > 0) {
    return 1;
  }
  return options.check && counts.changed > 0 ? 3 : 0;
}

}  // namespace

void add_format_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "fmt", "Write files in their canonical form");
  auto options = std::make_shared<FormatOptions>();
  command.add_option("paths", options->paths, "Files and folders; - is standard input");
  command.add_flag("--check", options->check, "Write nothing; exit 3 when something would change");
  command.add_flag("--diff", options->difference, "Show what changes");
  command.add_flag("--recursive", options->deep, "Folders below too");
  command.callback([&session, options] {
    session.streams = false;
    session.options.json = false;
    session.command = [&session, options] { return format_all(session, *options); };
  });
}

}  // namespace infra
