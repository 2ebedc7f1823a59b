// tests/golden/story.h — a story: one `.infra` file with what must come of it written below its
// text.
//
//   service web {
//     memory 512MB
//   }
//
//   ### diagnostics
//   # error[E0109]: expected `=` or `{` after `memory`
//   # …
//
// The text ends before the first line that begins with `### `. Each section is a name, maybe an
// argument, and lines that begin with `#`. Sections are inputs (written by hand) or outputs
// (produced by a registered function, compared, and rewritten with INFRA_UPDATE_GOLDEN=1).
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace infra::golden {

struct Section {
  std::string name;      // "diagnostics"
  std::string argument;  // what follows the name: "file other.infra" has "other.infra"
  std::string body;      // lines without their `# `
};

struct Story {
  std::string path;  // of the file
  std::string text;  // the stack's main.infra
  std::vector<Section> sections;

  // The first section of that name; nothing when there is none.
  [[nodiscard]] const Section* find(const std::string& name) const;
  // Its body, trimmed; "" when there is none.
  [[nodiscard]] std::string input(const std::string& name) const;
};

[[nodiscard]] Story parse_story(std::string path, const std::string& file_text);
[[nodiscard]] std::string story_text(const Story& story);

using Producer = std::function<std::string(const Story&)>;

// All sections there are: an output has a producer, an input has none.
[[nodiscard]] std::map<std::string, Producer>& known_sections();

// A file of this folder that has sections of its own registers them by one object of this type per
// section, at namespace scope.
struct SectionRegistration {
  SectionRegistration(const std::string& name, Producer producer) {
    known_sections()[name] = std::move(producer);
  }
  explicit SectionRegistration(const std::string& name) { known_sections()[name] = nullptr; }
};

}  // namespace infra::golden
