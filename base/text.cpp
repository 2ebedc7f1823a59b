#include "base/text.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>

namespace infra {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t length = 0;  // bytes; 0: badly formed
};

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// The first character of `text`, which is not empty. Overlong forms, surrogates and what lies
// beyond U+10FFFF are badly formed.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) {
    return {lead, 1};
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) {
    return {};
  }
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) {
      return {};
    }
    code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) {
    return {};
  }
  return {code, length};
}

struct Range {
  char32_t first, last;
};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](Range range) { return code >= range.first && code <= range.last; });
}

// What changes the order or the look of the text around it without showing itself.
constexpr std::array<Range, 13> invisible{{
    {0xAD, 0xAD},
    {0x61C, 0x61C},
    {0x115F, 0x1160},
    {0x180B, 0x180F},
    {0x200B, 0x200F},
    {0x2028, 0x202E},
    {0x2060, 0x206F},
    {0x3164, 0x3164},
    {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB},
    {0x1BCA0, 0x1BCA3},
    {0xE0000, 0xE0FFF},
}};

constexpr std::array<Range, 14> combining{{
    {0x300, 0x36F},
    {0x483, 0x489},
    {0x591, 0x5BD},
    {0x610, 0x61A},
    {0x64B, 0x65F},
    {0x900, 0x902},
    {0x93C, 0x93C},
    {0x941, 0x948},
    {0xE31, 0xE31},
    {0xE34, 0xE3A},
    {0x1AB0, 0x1AFF},
    {0x20D0, 0x20FF},
    {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F},
}};

constexpr std::array<Range, 17> wide{{
    {0x1100, 0x115F},
    {0x231A, 0x231B},
    {0x23E9, 0x23EC},
    {0x25FD, 0x25FE},
    {0x2614, 0x2615},
    {0x26A1, 0x26A1},
    {0x2705, 0x2705},
    {0x274C, 0x274C},
    {0x2E80, 0x303E},
    {0x3041, 0x33FF},
    {0x3400, 0x4DBF},
    {0x4E00, 0xA4CF},
    {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},
    {0x1F300, 0x1FAFF},
}};

std::size_t width_of(char32_t code) {
  if (code < 0x300) {
    return 1;
  }
  if (within(combining, code)) {
    return 0;
  }
  return within(wide, code) || (code >= 0x20000 && code <= 0x3FFFD) ? 2 : 1;
}

void append_printable(std::string& out, std::string_view bytes, Character character,
                      bool keep_lines) {
  const char32_t code = character.code;
  if (character.length == 0) {
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
  } else if (code == '\n' || code == '\t') {
    if (keep_lines) {
      out += bytes;
    } else {
      out += code == '\n' ? "\\n" : "\\t";
    }
  } else if (code == '\r') {
    out += "\\r";
  } else if (code < 0x20 || (code >= 0x7F && code < 0xA0)) {
    out += fmt::format("\\x{:02x}", static_cast<unsigned>(code));
  } else if (code >= 0xAD && within(invisible, code)) {
    out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(code));
  } else {
    out += bytes;
  }
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
  return result;
}

// Damerau-Levenshtein with each pair of neighbours swapped at most once; more than `most` is not
// counted further.
std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t most) {
  const std::size_t gap =
      left.size() > right.size() ? left.size() - right.size() : right.size() - left.size();
  if (gap > most) {
    return most + 1;
  }
  std::vector<std::size_t> two(right.size() + 1);
  std::vector<std::size_t> one(right.size() + 1);
  std::vector<std::size_t> now(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) {
    one[j] = j;
  }
  for (std::size_t i = 1; i <= left.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t change = left[i - 1] == right[j - 1] ? 0U : 1U;
      now[j] = std::min({one[j] + 1, now[j - 1] + 1, one[j - 1] + change});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        now[j] = std::min(now[j], two[j - 2] + 1);
      }
    }
    std::swap(two, one);
    std::swap(one, now);
  }
  return one[right.size()];
}

std::size_t longest_run(std::string_view text, char wanted) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == wanted ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

}  // namespace

std::string printable(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::size_t length = std::max<std::size_t>(character.length, 1);
    append_printable(out, text.substr(0, length), character, keep_lines);
    text.remove_prefix(length);
  }
  return out;
}

// Markdown is still read between HTML tags, so every character that could mean something to it is
// an entity. The empty comment keeps `a@b.c` from becoming a link, which is looked for after
// entities have been decoded.
std::string markdown_code(std::string_view text) {
  std::string out = "<code>";
  for (const char c : printable(text)) {
    const bool plain = static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') ||
                       (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ' || c == '-' ||
                       c == '/' || c == ',' || c == '=';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("&#{};", static_cast<unsigned>(c));
      out += c == '@' ? "<!---->" : "";
    }
  }
  return out + "</code>";
}

std::string markdown_fence(std::string_view text, std::string_view language) {
  const std::string content = printable(text, true);
  const std::string fence(std::max<std::size_t>(3, longest_run(content, '`') + 1), '`');
  std::string word;  // an info string must not hold what could end its line or the fence
  for (const char c : language) {
    if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_') {
      word += c;
    }
  }
  std::string out = fence + word + "\n" + content;
  if (!content.empty() && content.back() != '\n') {
    out += '\n';
  }
  return out + fence + "\n";
}

bool valid_utf8(std::string_view text, std::size_t* bad) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const Character character = first_character(text.substr(at));
    if (character.length == 0) {
      if (bad != nullptr) {
        *bad = at;
      }
      return false;
    }
    at += character.length;
  }
  return true;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += character.length == 0 ? 1 : width_of(character.code);
    text.remove_prefix(std::max<std::size_t>(character.length, 1));
  }
  return width;
}

std::string shorten(std::string_view text, std::size_t columns) {
  if (text.size() <= columns || display_width(text) <= columns) {
    return std::string(text);
  }
  if (columns == 0) {
    return {};
  }
  std::size_t width = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const Character character = first_character(text.substr(end));
    width += character.length == 0 ? 1 : width_of(character.code);
    if (width > columns - 1) {
      break;
    }
    end += std::max<std::size_t>(character.length, 1);
  }
  return std::string(text.substr(0, end)) + "…";
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  const std::string wanted = lower(word);
  std::size_t best = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  const std::string* found = nullptr;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(wanted, lower(candidate), best);
    // A word of one letter is near to every other word of one letter: that helps nobody.
    if (distance < best && distance < std::max<std::size_t>(wanted.size(), 1)) {
      best = distance;
      found = &candidate;
    }
  }
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::string plural(std::size_t count, std::string_view one, std::string_view many) {
  if (count == 1) {
    return fmt::format("1 {}", one);
  }
  return many.empty() ? fmt::format("{} {}s", count, one) : fmt::format("{} {}", count, many);
}

std::string join(std::span<const std::string> items, std::string_view separator) {
  return fmt::format("{}", fmt::join(items.begin(), items.end(), separator));
}

std::string list_text(std::span<const std::string> items, std::string_view last) {
  if (items.size() < 2) {
    return items.empty() ? std::string() : items.front();
  }
  return fmt::format("{} {} {}", join(items.first(items.size() - 1), ", "), last, items.back());
}

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t width = 0;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (word.empty()) {
      continue;
    }
    const std::size_t length = display_width(word);
    if (!line.empty() && width + 1 + length > columns) {
      lines.push_back(std::move(line));
      line.clear();
      width = 0;
    }
    if (!line.empty()) {
      line += ' ';
      ++width;
    }
    line += word;
    width += length;
  }
  if (!line.empty() || lines.empty()) {
    lines.push_back(std::move(line));
  }
  return lines;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end() ||
         part.empty();
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size());
  std::string hex;
  hex.reserve(2 * hash.size());
  for (const unsigned char byte : hash) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  return hex;
}

}  // namespace infra
