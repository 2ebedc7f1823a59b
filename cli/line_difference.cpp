#include "cli/line_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace infra {
namespace {

constexpr std::size_t context = 3;
constexpr std::size_t most_cells = 16'000'000;

struct Edit {
  char sign;  // ' ' '-' '+'
  std::string_view text;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

using Lines = std::vector<std::string_view>;

// Longest common subsequence of the middle; where that would take too much room, all of the one and
// then all of the other.
void compare_middle(const Lines& before, std::size_t before_begin, std::size_t before_end,
                    const Lines& after, std::size_t after_begin, std::size_t after_end,
                    std::vector<Edit>& edits) {
  const std::size_t rows = before_end - before_begin;
  const std::size_t columns = after_end - after_begin;
  const auto all = [&edits](const Lines& lines, std::size_t from, std::size_t to, char sign) {
    for (std::size_t i = from; i < to; ++i) {
      edits.push_back({sign, lines[i]});
    }
  };
  if ((rows + 1) * (columns + 1) > most_cells) {
    all(before, before_begin, before_end, '-');
    all(after, after_begin, after_end, '+');
    return;
  }
  std::vector<std::uint32_t> longest((rows + 1) * (columns + 1), 0);
  const auto at = [&longest, columns](std::size_t i, std::size_t j) -> std::uint32_t& {
    return longest[i * (columns + 1) + j];
  };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      at(i, j) = before[before_begin + i] == after[after_begin + j]
                     ? at(i + 1, j + 1) + 1
                     : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows && j < columns) {
    if (before[before_begin + i] == after[after_begin + j]) {
      edits.push_back({' ', before[before_begin + i]});
      ++i;
      ++j;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      edits.push_back({'-', before[before_begin + i++]});
    } else {
      edits.push_back({'+', after[after_begin + j++]});
    }
  }
  all(before, before_begin + i, before_end, '-');
  all(after, after_begin + j, after_end, '+');
}

std::vector<Edit> edits_of(const Lines& before, const Lines& after) {
  std::size_t head = 0;
  while (head < before.size() && head < after.size() && before[head] == after[head]) {
    ++head;
  }
  std::size_t tail = 0;
  while (tail < before.size() - head && tail < after.size() - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
    ++tail;
  }
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < head; ++i) {
    edits.push_back({' ', before[i]});
  }
  compare_middle(before, head, before.size() - tail, after, head, after.size() - tail, edits);
  for (std::size_t i = before.size() - tail; i < before.size(); ++i) {
    edits.push_back({' ', before[i]});
  }
  return edits;
}

// One hunk: the edits [begin, end) and the line numbers at which they begin.
std::string hunk(const std::vector<Edit>& edits, std::size_t begin, std::size_t end,
                 std::size_t before_line, std::size_t after_line) {
  std::size_t before_count = 0;
  std::size_t after_count = 0;
  std::string body;
  for (std::size_t i = begin; i < end; ++i) {
    before_count += edits[i].sign != '+' ? 1 : 0;
    after_count += edits[i].sign != '-' ? 1 : 0;
    body += edits[i].sign;
    body += edits[i].text;
    body += '\n';
  }
  return fmt::format("@@ -{},{} +{},{} @@\n{}", before_line, before_count, after_line, after_count,
                     body);
}

}  // namespace

std::string line_difference(std::string_view before, std::string_view after,
                            std::string_view before_name, std::string_view after_name) {
  const std::vector<Edit> edits = edits_of(lines_of(before), lines_of(after));
  std::vector<bool> kept(edits.size(), false);
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].sign != ' ') {
      const std::size_t end = std::min(edits.size(), i + context + 1);
      for (std::size_t j = i > context ? i - context : 0; j < end; ++j) {
        kept[j] = true;
      }
    }
  }
  std::string out;
  std::size_t before_line = 1;
  std::size_t after_line = 1;
  for (std::size_t i = 0; i < edits.size();) {
    std::size_t end = i;
    while (end < edits.size() && kept[end] == kept[i]) {
      ++end;
    }
    if (kept[i]) {
      out += hunk(edits, i, end, before_line, after_line);
    }
    for (; i < end; ++i) {
      before_line += edits[i].sign != '+' ? 1 : 0;
      after_line += edits[i].sign != '-' ? 1 : 0;
    }
  }
  return out.empty() ? out : fmt::format("--- {}\n+++ {}\n{}", before_name, after_name, out);
}

}  // namespace infra
