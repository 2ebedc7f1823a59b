#include "base/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/explanations.h"
#include "base/text.h"

namespace infra {

FileId Sources::add(std::string path, std::string text) {
  auto file = std::make_unique<File>();
  file->path = std::move(path);
  file->text = std::move(text);
  file->line_starts.push_back(0);
  for (std::size_t i = 0; i < file->text.size(); ++i) {
    if (file->text[i] == '\n') {
      file->line_starts.push_back(static_cast<std::uint32_t>(i + 1));
    }
  }
  files_.push_back(std::move(file));
  return static_cast<FileId>(files_.size() - 1);
}

std::string_view Sources::text(const Span& span) const {
  const std::string_view all = files_[span.file]->text;
  const std::size_t begin = std::min<std::size_t>(span.begin, all.size());
  const std::size_t end = std::clamp<std::size_t>(span.end, begin, all.size());
  return all.substr(begin, end - begin);
}

Position Sources::position(FileId file, std::uint32_t byte) const {
  const File& source = *files_[file];
  byte = std::min(byte, static_cast<std::uint32_t>(source.text.size()));
  const auto next = std::upper_bound(source.line_starts.begin(), source.line_starts.end(), byte);
  Position position;
  position.byte = byte;
  position.line = static_cast<std::uint32_t>(next - source.line_starts.begin());
  for (std::uint32_t i = *(next - 1); i < byte; ++i) {
    position.column += (static_cast<unsigned char>(source.text[i]) & 0xC0U) != 0x80U ? 1U : 0U;
  }
  return position;
}

std::string_view Sources::line(FileId file, std::uint32_t line) const {
  const File& source = *files_[file];
  if (line == 0 || line > source.line_starts.size()) {
    return {};
  }
  const std::size_t begin = source.line_starts[line - 1];
  const std::size_t end =
      line == source.line_starts.size() ? source.text.size() : source.line_starts[line] - 1;
  std::string_view text = std::string_view(source.text).substr(begin, end - begin);
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string Sources::place(const Span& span) const {
  const Position start = position(span.file, span.begin);
  return fmt::format("{}:{}:{}", path(span.file), start.line, start.column);
}

Diagnostic& Diagnostics::error(std::string_view code, const Span& span, std::string message) {
  return add({Severity::error, std::string(code), std::move(message), span, true, {}, {}, {}, {}});
}

Diagnostic& Diagnostics::warning(std::string_view code, const Span& span, std::string message) {
  return add(
      {Severity::warning, std::string(code), std::move(message), span, true, {}, {}, {}, {}});
}

Diagnostic& Diagnostics::note(std::string_view code, const Span& span, std::string message) {
  return add({Severity::note, std::string(code), std::move(message), span, true, {}, {}, {}, {}});
}

Diagnostic& Diagnostics::add(Diagnostic diagnostic) {
  errors_ += diagnostic.severity == Severity::error ? 1 : 0;
  all_.push_back(std::move(diagnostic));
  return all_.back();
}

void Diagnostics::append(Diagnostics other) {
  for (Diagnostic& diagnostic : other.all_) {
    add(std::move(diagnostic));
  }
}

std::size_t Diagnostics::warning_count() const {
  return all_.size() - errors_;
}

void Diagnostics::sort() {
  const auto key = [](const Diagnostic& diagnostic) {
    return std::tie(diagnostic.has_span, diagnostic.span, diagnostic.severity, diagnostic.code,
                    diagnostic.message);
  };
  std::stable_sort(all_.begin(), all_.end(),
                   [&key](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
  all_.erase(std::unique(all_.begin(), all_.end(),
                         [&key](const Diagnostic& a, const Diagnostic& b) {
                           return key(a) == key(b) && a.address == b.address;
                         }),
             all_.end());
  errors_ = static_cast<std::size_t>(std::count_if(
      all_.begin(), all_.end(), [](const auto& one) { return one.severity == Severity::error; }));
}

namespace {

// One source line as the terminal shows it, with the column at which each byte stands.
struct ShownLine {
  std::string text;
  std::vector<std::size_t> columns;  // one more than the line has bytes
};

std::size_t character_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
    ++length;
  }
  return length;
}

ShownLine show(std::string_view line) {
  ShownLine shown;
  std::size_t column = 0;
  while (!line.empty()) {
    const std::size_t length = character_length(line);
    const std::string piece = line[0] == '\t' ? "  " : printable(line.substr(0, length));
    shown.columns.insert(shown.columns.end(), length, column);
    column += display_width(piece);
    shown.text += piece;
    line.remove_prefix(length);
  }
  shown.columns.push_back(column);
  return shown;
}

// The text between two columns. A wide character that straddles an edge is left out.
std::string cut(std::string_view text, std::size_t from, std::size_t to) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::size_t width = display_width(text.substr(0, length));
    if (column >= from && column + width <= to) {
      out += text.substr(0, length);
    }
    column += width;
    text.remove_prefix(length);
  }
  return out;
}

struct Mark {  // one underlined place of one line
  Span span;
  std::string text;
  bool main = false;
  std::uint32_t line = 1;
};

class Picture {
 public:
  Picture(const Diagnostic& diagnostic, const Sources& sources, const DiagnosticStyle& style)
      : diagnostic_(diagnostic), sources_(sources), style_(style) {}

  std::string draw() {
    head();
    if (diagnostic_.has_span && diagnostic_.span.file < sources_.size()) {
      collect();
      marks();
    }
    for (const std::string& help : diagnostic_.help) {
      foot("help", help);
    }
    if (!diagnostic_.code.empty() && !explanation(diagnostic_.code).empty()) {
      foot("explain", "infra explain " + diagnostic_.code);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string paint(std::string_view text, std::string_view colour) const {
    return style_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : std::string(text);
  }
  [[nodiscard]] std::string_view severity_colour() const {
    return diagnostic_.severity == Severity::error     ? "1;31"
           : diagnostic_.severity == Severity::warning ? "1;33"
                                                       : "1;36";
  }
  [[nodiscard]] std::string_view severity_word() const {
    return diagnostic_.severity == Severity::error     ? "error"
           : diagnostic_.severity == Severity::warning ? "warning"
                                                       : "note";
  }
  [[nodiscard]] std::string gutter() const { return std::string(width_ + 1, ' '); }

  void head() {
    std::string word(severity_word());
    if (!diagnostic_.code.empty()) {
      word += "[" + diagnostic_.code + "]";
    }
    const std::string message = word + ": " + printable(diagnostic_.message);
    const auto lines = wrap(message, std::max<std::size_t>(style_.columns, 24) - 2);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i == 0 && lines[i].starts_with(word)) {
        out_ += paint(word, severity_colour()) + lines[i].substr(word.size());
      } else {
        out_ += (i == 0 ? "" : "  ") + lines[i];
      }
      out_ += '\n';
    }
  }

  // The main place first, then the related ones, file by file and line by line.
  void collect() {
    marks_.push_back({diagnostic_.span, diagnostic_.label, true, line_of(diagnostic_.span)});
    for (const Label& label : diagnostic_.related) {
      if (label.span.file < sources_.size()) {
        marks_.push_back({label.span, label.text, false, line_of(label.span)});
      }
    }
    const FileId first = diagnostic_.span.file;
    std::stable_sort(marks_.begin(), marks_.end(), [first](const Mark& a, const Mark& b) {
      const bool a_elsewhere = a.span.file != first;
      const bool b_elsewhere = b.span.file != first;
      return std::tie(a_elsewhere, a.span.file, a.line, a.span.begin) <
             std::tie(b_elsewhere, b.span.file, b.line, b.span.begin);
    });
    for (const Mark& mark : marks_) {
      width_ = std::max(width_, fmt::formatted_size("{}", mark.line));
    }
  }

  [[nodiscard]] std::uint32_t line_of(const Span& span) const {
    return sources_.position(span.file, span.begin).line;
  }

  void marks() {
    const Mark* before = nullptr;
    for (const Mark& mark : marks_) {
      const bool same_file = before != nullptr && before->span.file == mark.span.file;
      if (!same_file) {
        const Span& named = mark.span.file == diagnostic_.span.file ? diagnostic_.span : mark.span;
        out_ += fmt::format("{}{} {}\n", std::string(width_, ' '), paint("┌─", "34"),
                            printable(sources_.place(named)));
      }
      draw_mark(mark, !same_file || before->line != mark.line);
      before = &mark;
    }
  }

  void draw_mark(const Mark& mark, bool with_source) {
    const ShownLine shown = show(sources_.line(mark.span.file, mark.line));
    const Position start = sources_.position(mark.span.file, mark.span.begin);
    const std::uint32_t line_begin = start.byte - offset_in_line(mark.span.file, start);
    const std::size_t bytes = shown.columns.size() - 1;
    const std::size_t from = std::min<std::size_t>(start.byte - line_begin, bytes);
    const std::size_t to =
        std::clamp<std::size_t>(mark.span.end - std::min(mark.span.end, line_begin), from, bytes);
    std::size_t left = shown.columns[from];
    std::size_t right = std::max(shown.columns[to], left + 1);

    // A line that is too wide is shown around the place: what is left out becomes `…`.
    const std::size_t room = std::max<std::size_t>(style_.columns, 24) - width_ - 3;
    std::string text = shown.text;
    if (shown.columns.back() > room) {
      const std::size_t lead = std::min<std::size_t>(left, room / 3);
      const std::size_t begin = shown.columns.back() - left + lead <= room
                                    ? shown.columns.back() - room + 1
                                    : left - lead;
      const bool cut_left = left + 1 > room - 1 || right > room - 1 ? begin > 0 : false;
      const std::size_t first = cut_left ? begin : 0;
      const std::size_t used = cut_left ? 1 : 0;
      const std::size_t last = std::min(shown.columns.back(), first + room - used - 1);
      text = (cut_left ? "…" : "") + cut(shown.text, first, last) +
             (last < shown.columns.back() ? "…" : "");
      left = left - first + used;
      right = std::min(std::max(right - first + used, left + 1), room);
    }
    if (with_source) {
      out_ += fmt::format("{} {} {}\n", paint(fmt::format("{:>{}}", mark.line, width_), "34"),
                          paint("│", "34"), text);
    }
    underline(mark, left, right, room);
  }

  [[nodiscard]] std::uint32_t offset_in_line(FileId file, const Position& position) const {
    const std::string_view text = sources_.text(file).substr(0, position.byte);
    const std::size_t last = text.rfind('\n');
    return static_cast<std::uint32_t>(last == std::string_view::npos ? text.size()
                                                                     : text.size() - last - 1);
  }

  void underline(const Mark& mark, std::size_t left, std::size_t right, std::size_t room) {
    std::string line;
    for (std::size_t i = left; i < right; ++i) {
      line += mark.main ? "^" : "─";
    }
    const std::string_view colour = mark.main ? severity_colour() : std::string_view("34");
    const std::string start = gutter() + paint("│", "34") + " ";
    const std::string label = printable(mark.text);
    out_ += start + std::string(left, ' ');
    if (label.empty() || right + 1 + display_width(label) <= room) {
      out_ += paint(label.empty() ? line : line + " " + label, colour) + "\n";
      return;
    }
    out_ += paint(line, colour) + "\n";
    const std::size_t widest = std::max<std::size_t>(room - std::min(left, room), 24);
    const std::size_t indent = left + widest <= room ? left : (room > widest ? room - widest : 0);
    for (const std::string& part : wrap(label, std::min(widest, room))) {
      out_ += start + std::string(indent, ' ') + paint(part, colour) + "\n";
    }
  }

  void foot(std::string_view word, std::string_view text) {
    const std::string start = fmt::format("{}= {}: ", gutter(), word);
    const std::size_t room = std::max<std::size_t>(style_.columns, start.size() + 24);
    const auto lines = wrap(printable(text), room - start.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      out_ += (i == 0 ? start : std::string(start.size(), ' ')) + lines[i] + "\n";
    }
  }

  const Diagnostic& diagnostic_;
  const Sources& sources_;
  const DiagnosticStyle& style_;
  std::size_t width_ = 1;
  std::vector<Mark> marks_;
  std::string out_;
};

}  // namespace

std::string render(const Diagnostic& diagnostic, const Sources& sources,
                   const DiagnosticStyle& style) {
  return Picture(diagnostic, sources, style).draw();
}

std::string render(const Diagnostics& diagnostics, const Sources& sources,
                   const DiagnosticStyle& style) {
  std::string out;
  std::size_t shown = 0;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (shown == style.most) {
      out += fmt::format("\n{} not shown\n", plural(diagnostics.all().size() - shown,
                                                    "further finding is", "further findings are"));
      break;
    }
    out += shown == 0 ? "" : "\n";
    out += render(diagnostic, sources, style);
    ++shown;
  }
  return out;
}

std::string_view explanation(std::string_view code) {
  const auto table = explanations();
  const auto found = std::lower_bound(
      table.begin(), table.end(), code,
      [](const Explanation& one, std::string_view name) { return one.code < name; });
  return found != table.end() && found->code == code ? found->page : std::string_view{};
}

std::vector<std::string_view> explained_codes() {
  std::vector<std::string_view> codes;
  for (const Explanation& one : explanations()) {
    codes.push_back(one.code);
  }
  return codes;
}

}  // namespace infra
