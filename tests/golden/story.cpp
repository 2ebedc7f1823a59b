#include "tests/golden/story.h"

#include <sstream>

namespace infra::golden {
namespace {

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.pop_back();
  }
  return text;
}

std::string uncommented(const std::string& line) {
  if (line.starts_with("# ")) {
    return line.substr(2);
  }
  return line.starts_with("#") ? line.substr(1) : line;
}

}  // namespace

const Section* Story::find(const std::string& name) const {
  for (const Section& section : sections) {
    if (section.name == name) {
      return &section;
    }
  }
  return nullptr;
}

std::string Story::input(const std::string& name) const {
  const Section* section = find(name);
  return section == nullptr ? "" : trimmed(section->body);
}

Story parse_story(std::string path, const std::string& file_text) {
  Story story;
  story.path = std::move(path);
  constexpr std::string_view heading = "### ";
  std::size_t end = file_text.starts_with(heading) ? 0 : file_text.find("\n### ");
  end = end == std::string::npos ? file_text.size() : end + (end == 0 ? 0 : 1);
  story.text = file_text.substr(0, end);
  if (end < file_text.size()) {
    while (story.text.ends_with("\n\n")) {  // the blank lines before the first section
      story.text.pop_back();
    }
  }
  std::istringstream lines(file_text.substr(end));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with(heading)) {
      const std::string title = line.substr(heading.size());
      const std::size_t space = title.find(' ');
      story.sections.push_back(
          {title.substr(0, space), space == std::string::npos ? "" : title.substr(space + 1), ""});
    } else {
      story.sections.back().body += uncommented(line) + "\n";
    }
  }
  for (Section& section : story.sections) {
    section.body = trimmed(section.body);
    section.body += section.body.empty() ? "" : "\n";
  }
  return story;
}

std::string story_text(const Story& story) {
  std::string out = story.text;
  for (const Section& section : story.sections) {
    out += out.empty() ? "" : "\n";
    out += "### " + section.name + (section.argument.empty() ? "" : " " + section.argument) + "\n";
    std::istringstream lines(section.body);
    std::string line;
    while (std::getline(lines, line)) {
      out += line.empty() ? "#\n" : "# " + line + "\n";
    }
  }
  return out;
}

std::map<std::string, Producer>& known_sections() {
  static std::map<std::string, Producer> sections;
  return sections;
}

}  // namespace infra::golden
