// `infra init [DIR]`: a small stack that applies at once on this machine.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "cli/command.h"
#include "cli/files.h"

namespace infra {
namespace {

constexpr std::string_view stack_text = R"(# A stack of one service. Try it on this machine:
#
#   infra plan      what would be done
#   infra apply     do it, after a `yes`
#   infra drift     was anything changed behind its back?
#   infra destroy   take it all away again

stack @NAME@ { environments = [dev] }

# Everything of `dev` runs on this machine; nothing in it is worth guarding.
environment dev { place all on local, ephemeral = true }

service web {
  source  = directory(".")
  command = "python3 app.py"  # listens on $PORT, a free one; `port = 8000` fixes it
  env     { GREETING = "Hello from @NAME@" }
  health  { path = "/health", timeout = 10s }
}

# Asked after every apply, and by `infra drift`.
check web_answers {
  call   = service.web.http("/health")
  expect { status = 200, within = 30s }
}

output url = service.web.url
)";

constexpr std::string_view app_text =
    R"(# The smallest service that answers its health check; Python's own library is enough for it.
import http.server
import os


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"ok" if self.path == "/health" else os.environ["GREETING"].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
)";

constexpr std::string_view ignore_text =
    "# What infra remembers, and what runs, of each environment.\n.infra/\n";

// The folder's name as a name of the language: letters, digits, `_` and inner dashes.
std::string stack_name(const std::string& folder) {
  std::string name;
  for (const char c : folder.substr(folder.rfind('/') + 1)) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0 && letter < 0x80) {
      name += static_cast<char>(std::tolower(letter));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (!name.empty() && name.back() == '-') {
    name.pop_back();
  }
  static constexpr std::string_view words[] = {"if", "then", "else", "for",  "in",   "and",
                                               "or", "not",  "true", "null", "false"};
  const bool taken = std::find(std::begin(words), std::end(words), name) != std::end(words);
  return name.empty() || taken || std::isdigit(static_cast<unsigned char>(name[0])) != 0
             ? "stack-" + (name.empty() ? std::string("one") : name)
             : name;
}

std::string with_name(std::string_view text, const std::string& name) {
  std::string out(text);
  constexpr std::string_view mark = "@NAME@";
  for (std::size_t at = out.find(mark); at != std::string::npos; at = out.find(mark, at)) {
    out.replace(at, mark.size(), name);
  }
  return out;
}

int init(Session& session, const std::string& argument) {
  const std::string shown = argument.empty() ? session.options.folder : argument;
  const std::string folder = absolute_path(shown);
  if (file_exists(folder) && !is_folder(folder)) {
    throw CommandError(1, fmt::format("{} is a file", printable(folder)), "name another folder");
  }
  if (is_folder(folder) && !infra_files(folder, false).empty()) {
    throw CommandError(1, fmt::format("{} holds a stack already", printable(folder)),
                       "`infra plan` there, or name another folder");
  }
  for (const char* name : {"/app.py", "/main.infra"}) {
    if (file_exists(folder + name)) {
      throw CommandError(
          1,
          fmt::format("{}{} is there already, and nothing is overwritten", printable(folder), name),
          "name another folder");
    }
  }
  make_folders(folder);
  const std::string name = stack_name(folder);
  write_text_file(folder + "/app.py", app_text);
  if (!file_exists(folder + "/.gitignore")) {
    write_text_file(folder + "/.gitignore", ignore_text);
  }
  write_text_file(folder + "/main.infra", with_name(stack_text, name));
  const bool here = folder == absolute_path(".");
  session.terminal.print(fmt::format("Wrote {}: main.infra, app.py.\nNow: {}infra apply\n",
                                     here ? "this folder" : printable(shown),
                                     here ? "" : "cd " + printable(shown) + " && "));
  return 0;
}

}  // namespace

void add_init_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "init", "Write a small stack that applies at once");
  auto folder = std::make_shared<std::string>();
  command.add_option("dir", *folder, "The folder to write it into (default: this one)");
  command.callback([&session, folder] {
    session.streams = false;
    session.command = [&session, folder] { return init(session, *folder); };
  });
}

}  // namespace infra
