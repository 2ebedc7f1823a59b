#include "compiler/literal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/quantity.h"
#include "base/text.h"

namespace infra::syntax {
namespace {

constexpr std::string_view escapes_help =
    "the escapes are \\n \\t \\r \\\" \\\\ \\$ and \\u{1F600}; a backslash itself is \\\\";

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | (code >> 6));
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | (code >> 12));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | (code >> 18));
    byte(0x80 | ((code >> 12) & 0x3F));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

Span part_of(const Span& span, std::size_t begin, std::size_t end) {
  return {span.file, span.begin + static_cast<std::uint32_t>(begin),
          span.begin + static_cast<std::uint32_t>(end)};
}

// `\u{…}` at `at` (its backslash). Gives the place after it.
std::size_t unicode_escape(std::string_view raw, std::size_t at, const Span& span, std::string& out,
                           Diagnostics& diagnostics) {
  std::size_t end = at + 2;
  std::uint32_t code = 0;
  std::size_t digits = 0;
  if (end < raw.size() && raw[end] == '{') {
    ++end;
    while (end < raw.size() && digits < 7 && std::isxdigit(static_cast<unsigned char>(raw[end]))) {
      const char digit = static_cast<char>(std::tolower(static_cast<unsigned char>(raw[end])));
      code = code * 16 + static_cast<std::uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
      ++digits;
      ++end;
    }
  }
  const bool closed = digits > 0 && end < raw.size() && raw[end] == '}';
  end += closed ? 1 : 0;
  if (!closed || digits > 6 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    auto& error =
        diagnostics.error("E0113", part_of(span, at, end),
                          fmt::format("`{}` is no character", printable(raw.substr(at, end - at))));
    error.label = "wants one to six hexadecimal digits of a Unicode character";
    error.help.emplace_back("write it as \\u{1F600}, at most \\u{10FFFF} and no surrogate");
    return end;
  }
  append_utf8(out, code);
  return end;
}

std::size_t character_length(std::string_view text, std::size_t at) {
  std::size_t length = 1;
  while (at + length < text.size() &&
         (static_cast<unsigned char>(text[at + length]) & 0xC0) == 0x80) {
    ++length;
  }
  return length;
}

// The escape at `at`; gives the place after it.
std::size_t escape(std::string_view raw, std::size_t at, const Span& span, std::string& out,
                   Diagnostics& diagnostics) {
  const char kind = at + 1 < raw.size() ? raw[at + 1] : '\0';
  constexpr std::array<std::pair<char, char>, 6> simple{
      {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'"', '"'}, {'\\', '\\'}, {'$', '$'}}};
  for (const auto& [name, value] : simple) {
    if (name == kind) {
      out.push_back(value);
      return at + 2;
    }
  }
  if (kind == 'u') {
    return unicode_escape(raw, at, span, out, diagnostics);
  }
  const std::size_t end = at + 1 < raw.size() && kind != '\n' && kind != '\r'
                              ? at + 1 + character_length(raw, at + 1)
                              : at + 1;
  auto& error =
      diagnostics.error("E0113", part_of(span, at, end),
                        fmt::format("`{}` is no escape", printable(raw.substr(at, end - at))));
  error.help.emplace_back(escapes_help);
  return end;
}

}  // namespace

std::string unescape(std::string_view raw, const Span& span, Diagnostics& diagnostics) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size();) {
    if (raw[at] == '\\') {
      at = escape(raw, at, span, out, diagnostics);
    } else {
      out.push_back(raw[at++]);
    }
  }
  return out;
}

namespace {

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// The common indentation of a triple-quoted text.
class Indentation {
 public:
  explicit Indentation(const std::vector<TextRun>& runs) {
    for (const TextRun& run : runs) {
      measure(run.raw);
    }
  }
  [[nodiscard]] std::size_t width() const { return common_ ? common_->size() : 0; }

 private:
  void measure(std::string_view raw) {
    for (std::size_t at = raw.find('\n'); at != std::string_view::npos; at = raw.find('\n', at)) {
      const std::size_t begin = ++at;
      while (at < raw.size() && blank(raw[at])) {
        ++at;
      }
      if (at == raw.size() || raw[at] != '\n') {
        narrow(raw.substr(begin, at - begin));
      }
    }
  }
  void narrow(std::string_view indent) {
    if (!common_) {
      common_ = indent;
      return;
    }
    const auto differ =
        std::mismatch(common_->begin(), common_->end(), indent.begin(), indent.end());
    common_ = common_->substr(0, static_cast<std::size_t>(differ.first - common_->begin()));
  }
  std::optional<std::string_view> common_;
};

// One run without its indentation, line breaks as \n, and the place of each byte kept simple: the
// escapes are replaced line by line so that their spans are exact.
std::string dedent_run(const TextRun& run, std::size_t width, std::size_t from,
                       Diagnostics& diagnostics) {
  std::string out;
  std::size_t at = from;
  while (at < run.raw.size()) {
    std::size_t end = run.raw.find('\n', at);
    const bool broken = end != std::string_view::npos;
    end = broken ? end : run.raw.size();
    std::string_view line = run.raw.substr(at, end - at);
    if (broken && line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    out += unescape(line, part_of(run.span, at, at + line.size()), diagnostics);
    at = end;
    if (broken) {
      out.push_back('\n');
      ++at;
      std::size_t removed = 0;
      while (removed < width && at < run.raw.size() && blank(run.raw[at])) {
        ++at;
        ++removed;
      }
      std::size_t rest = at;  // a blank line is an empty one
      while (rest < run.raw.size() && blank(run.raw[rest])) {
        ++rest;
      }
      at = rest < run.raw.size() && run.raw[rest] == '\n' ? rest : at;
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> dedent(const std::vector<TextRun>& runs, const Span& opening,
                                Diagnostics& diagnostics) {
  std::vector<std::string> texts(runs.size());
  std::size_t start = 0;  // of the first run: after the opening line
  if (!runs.empty() && !runs.front().interpolation) {
    while (start < runs.front().raw.size() && blank(runs.front().raw[start])) {
      ++start;
    }
  }
  if (runs.empty() || runs.front().interpolation || start == runs.front().raw.size() ||
      runs.front().raw[start] != '\n') {
    auto& error = diagnostics.error("E0127", opening,
                                    "the text of a `\"\"\"` string begins on the next line");
    error.label = "break the line here";
    error.help.emplace_back("a text on one line stands between single `\"`");
    return texts;
  }
  const std::size_t width = Indentation(runs).width();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].interpolation) {
      // The first line break belongs to the quotes: it is taken with its indentation, then dropped.
      texts[i] = dedent_run(runs[i], width, i == 0 ? start : 0, diagnostics);
      if (i == 0) {
        texts[i].erase(0, 1);
      }
    }
  }
  const std::string_view last = runs.back().raw;
  const std::size_t last_line = last.rfind('\n');
  if (last_line != std::string_view::npos &&
      std::all_of(last.begin() + static_cast<std::ptrdiff_t>(last_line) + 1, last.end(), blank)) {
    texts.back().resize(texts.back().rfind('\n') + 1);  // the closing quotes' own line
  }
  return texts;
}

namespace {

std::string number_advice(std::string_view text) {
  const auto lower = [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  };
  if (text.starts_with("0x") || text.starts_with("0X") || text.starts_with("0b") ||
      text.starts_with("0o")) {
    return "write the number in decimal";
  }
  if (std::count(text.begin(), text.end(), '.') > 1) {
    return fmt::format("a version is a text: \"{}\"", text);
  }
  const std::size_t digits = std::min(text.find_first_not_of("0123456789_."), text.size());
  const std::string number(text.substr(0, digits));
  std::string unit(text.substr(digits));
  std::transform(unit.begin(), unit.end(), unit.begin(), lower);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 21> meant{{
      {"sec", "s"},  {"secs", "s"},   {"second", "s"},  {"seconds", "s"}, {"min", "m"},
      {"mins", "m"}, {"minute", "m"}, {"minutes", "m"}, {"hour", "h"},    {"hours", "h"},
      {"day", "d"},  {"days", "d"},   {"week", "w"},    {"weeks", "w"},   {"k", "KB"},
      {"kb", "KB"},  {"m", "MB"},     {"mb", "MB"},     {"g", "GB"},      {"gb", "GB"},
      {"mi", "MiB"},
  }};
  for (const auto& [wrong, right] : meant) {
    if (unit == wrong) {
      return fmt::format("write `{}{}`", number, right);
    }
  }
  return "durations end in ms s m h d w, sizes in B KB MB GB TB KiB MiB GiB TiB; anything else is "
         "a text in quotes";
}

Value out_of_range(std::string_view text, const Span& span, std::string label,
                   Diagnostics& diagnostics) {
  auto& error =
      diagnostics.error("E0112", span, fmt::format("`{}` is out of range", shorten(text, 40)));
  error.label = std::move(label);
  return {};
}

Value duration_value(std::string_view text, const Span& span, Diagnostics& diagnostics) {
  if (const auto duration = parse_duration(text)) {
    return *duration;
  }
  auto& error =
      diagnostics.error("E0112", span, fmt::format("`{}` is no duration", shorten(text, 40)));
  error.label = "units fall from w to ms, each once; whole milliseconds, below 292 million years";
  error.help.emplace_back("an hour and a half is written `1h30m`");
  return {};
}

}  // namespace

Value number_value(NumberKind kind, std::string_view text, const Span& span,
                   Diagnostics& diagnostics) {
  switch (kind) {
    case NumberKind::integer:
      if (const auto integer = parse_integer(text)) {
        return *integer;
      }
      return out_of_range(text, span, "an int is at most 9223372036854775807", diagnostics);
    case NumberKind::real:
      if (const auto real = parse_float(text)) {
        return *real;
      }
      return out_of_range(text, span, "a float is at most 1.797e308", diagnostics);
    case NumberKind::duration:
      return duration_value(text, span, diagnostics);
    case NumberKind::size:
      if (const auto size = parse_size(text)) {
        return *size;
      }
      return out_of_range(text, span, "a size is a whole number of bytes, at most 9.2 million TB",
                          diagnostics);
    case NumberKind::malformed:
      break;
  }
  auto& error =
      diagnostics.error("E0112", span, fmt::format("`{}` is no number", shorten(text, 40)));
  error.help.push_back(number_advice(text));
  return {};
}

}  // namespace infra::syntax
