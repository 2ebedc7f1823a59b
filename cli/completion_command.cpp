// `infra completion bash|zsh|fish`: a script for the shell, made from the tree of commands itself.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"

namespace infra {
namespace {

struct Word {
  std::string text, what;
  bool takes_value = false;
};

struct Node {  // one command: its full name and what may stand behind it
  std::string path;
  std::vector<Word> commands, flags;
};

void add_flags(const CLI::App& app, std::vector<Word>& flags) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (name == "help" && app.get_parent() != nullptr) {
        continue;  // the program's own help flag stands for all
      }
      flags.push_back(
          {"--" + name, option->get_description(), option->get_items_expected_max() > 0});
    }
  }
}

void collect(const CLI::App& app, const std::string& path, const std::vector<Word>& global,
             std::vector<Node>& nodes) {
  Node node;
  node.path = path;
  for (const CLI::App* sub : app.get_subcommands({})) {
    node.commands.push_back({sub->get_name(), sub->get_description()});
  }
  add_flags(app, node.flags);
  if (app.get_parent() != nullptr) {
    node.flags.insert(node.flags.end(), global.begin(), global.end());
  }
  nodes.push_back(std::move(node));
  for (const CLI::App* sub : app.get_subcommands({})) {
    collect(*sub, path + " " + sub->get_name(), global, nodes);
  }
}

std::vector<Node> tree_of(const CLI::App& root) {
  std::vector<Word> global;
  add_flags(root, global);
  std::vector<Node> nodes;
  collect(root, root.get_name(), global, nodes);
  return nodes;
}

// A text inside single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

std::string bash_script(const std::vector<Node>& nodes) {
  std::string paths;
  std::string words;
  for (const Node& node : nodes) {
    if (node.path != "infra") {
      paths += (paths.empty() ? "" : " | ") + quoted(node.path);
    }
    std::vector<std::string> texts;
    for (const auto* list : {&node.commands, &node.flags}) {
      for (const Word& word : *list) {
        texts.push_back(word.text);
      }
    }
    words += fmt::format("    {}) words={} ;;\n", quoted(node.path), quoted(join(texts, " ")));
  }
  return fmt::format(R"(# infra completion bash > /etc/bash_completion.d/infra
_infra() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" path=infra words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path ${{COMP_WORDS[i]}}" in
    {}) path="$path ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$path" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _infra infra
)",
                     paths, words);
}

std::string zsh_script(const std::vector<Node>& nodes) {
  std::string paths;
  std::string words;
  for (const Node& node : nodes) {
    if (node.path != "infra") {
      paths += (paths.empty() ? "" : " | ") + quoted(node.path);
    }
    std::string entries;
    for (const auto* list : {&node.commands, &node.flags}) {
      for (const Word& word : *list) {
        std::string entry;
        for (const char c : word.text) {
          entry += c == ':' ? std::string("\\:") : std::string(1, c);
        }
        entries += "\n      " + quoted(entry + ":" + word.what);
      }
    }
    words += fmt::format("    {}) words_here=({}) ;;\n", quoted(node.path), entries);
  }
  return fmt::format(R"(#compdef infra
# infra completion zsh > "${{fpath[1]}}/_infra"
_infra() {{
  local path_here=infra word
  local -a words_here
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case "$path_here $word" in
    {}) path_here="$path_here $word" ;;
    esac
  done
  case "$path_here" in
{}  esac
  _describe infra words_here || _files
}}
compdef _infra infra
)",
                     paths, words);
}

std::string fish_line(const std::string& path, const Word& word, bool flag) {
  const std::string condition = quoted("__infra_at " + quoted(path));
  const std::string what = word.what.empty() ? "" : " -d " + quoted(word.what);
  if (flag) {
    return fmt::format("complete -c infra -n {} -l {}{}{}\n", condition, word.text.substr(2),
                       word.takes_value ? " -r" : "", what);
  }
  return fmt::format("complete -c infra -n {} -f -a {}{}\n", condition, word.text, what);
}

std::string fish_script(const std::vector<Node>& nodes) {
  std::string paths;
  std::string lines;
  for (const Node& node : nodes) {
    paths += " " + quoted(node.path);
    for (const Word& word : node.commands) {
      lines += fish_line(node.path, word, false);
    }
    for (const Word& word : node.flags) {
      lines += fish_line(node.path, word, true);
    }
  }
  return fmt::format(R"(# infra completion fish > ~/.config/fish/completions/infra.fish
function __infra_at
  set -l path infra
  for word in (commandline -opc)[2..-1]
    if contains -- "$path $word" {}
      set path "$path $word"
    end
  end
  test "$path" = $argv[1]
end
{})",
                     paths, lines);
}

}  // namespace

void add_completion_command(CLI::App& root, Session& session) {
  CLI::App& command = add_command(root, "completion", "Print a completion script for a shell");
  auto shell = std::make_shared<std::string>();
  command.add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command.callback([&session, &root, shell] {
    session.streams = false;
    session.command = [&session, &root, shell] {
      const std::vector<Node> nodes = tree_of(root);
      session.terminal.print(*shell == "bash"  ? bash_script(nodes)
                             : *shell == "zsh" ? zsh_script(nodes)
                                               : fish_script(nodes));
      return 0;
    };
  });
}

}  // namespace infra
