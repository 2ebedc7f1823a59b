// base/diagnostics.h — what is wrong with a text, where, why, and what to write instead.
//
// Wrong text never throws: every stage adds Diagnostics and goes on. A code (`E0412`) names the
// kind of mistake; its page is docs/diagnostics/E0412.md, which `infra explain` prints.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra {

using FileId = std::uint32_t;

struct Span {  // bytes [begin, end) of a file
  FileId file = 0;
  std::uint32_t begin = 0, end = 0;
  auto operator<=>(const Span&) const = default;
};

struct Position {                      // all from 1, but byte
  std::uint32_t line = 1, column = 1;  // column counts Unicode characters
  std::uint32_t byte = 0;
};

// The files of one stack with their line tables. Owns the texts; ids are indexes.
class Sources {
 public:
  FileId add(std::string path, std::string text);
  [[nodiscard]] std::size_t size() const { return files_.size(); }
  [[nodiscard]] const std::string& path(FileId file) const { return files_[file]->path; }
  [[nodiscard]] std::string_view text(FileId file) const { return files_[file]->text; }
  [[nodiscard]] std::string_view text(const Span& span) const;
  [[nodiscard]] Position position(FileId file, std::uint32_t byte) const;
  [[nodiscard]] std::string_view line(FileId file,
                                      std::uint32_t line) const;  // without its line break
  [[nodiscard]] std::string place(const Span& span) const;        // "main.infra:12:3"

 private:
  struct File {
    std::string path, text;
    std::vector<std::uint32_t> line_starts;
  };
  std::vector<std::unique_ptr<File>> files_;
};

enum class Severity { error, warning, note };

struct Label {  // a second place that matters: "placed here"
  Span span;
  std::string text;
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;     // "E0412"; warnings "W…", notes "N…"
  std::string message;  // one line: what is wrong, with names in back-ticks
  Span span;
  bool has_span = true;  // false: about the whole stack or the command line
  std::string label;     // below the marked text: why
  std::vector<Label> related;
  std::vector<std::string> help;  // each a way out
  std::string address;            // the resource it is about, if one
};

class Diagnostics {
 public:
  Diagnostic& error(std::string_view code, const Span& span, std::string message);
  Diagnostic& warning(std::string_view code, const Span& span, std::string message);
  Diagnostic& note(std::string_view code, const Span& span, std::string message);
  Diagnostic& add(Diagnostic diagnostic);
  void append(Diagnostics other);
  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] std::size_t error_count() const { return errors_; }
  [[nodiscard]] std::size_t warning_count() const;  // notes are counted as warnings
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
  void sort();  // by file, place, severity; equal ones once

 private:
  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
};

struct DiagnosticStyle {
  bool colour = false;
  std::size_t columns = 80;
  std::size_t most = 50;  // beyond, one line says how many more
};

// The picture of a diagnostic with its source lines, as docs/language.md shows it. Source text is
// made printable first.
[[nodiscard]] std::string render(const Diagnostic& diagnostic, const Sources& sources,
                                 const DiagnosticStyle& style);
[[nodiscard]] std::string render(const Diagnostics& diagnostics, const Sources& sources,
                                 const DiagnosticStyle& style);

// The page of a code, as Markdown, from docs/diagnostics/ as built in; nothing when there is none.
// And all codes in order.
[[nodiscard]] std::string_view explanation(std::string_view code);
[[nodiscard]] std::vector<std::string_view> explained_codes();

}  // namespace infra
