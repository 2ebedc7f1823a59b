#include <fmt/format.h>

#include <algorithm>

#include "base/kinds.h"
#include "base/text.h"
#include "planner/change_text.h"
#include "planner/render.h"

namespace infra {
namespace {

constexpr std::size_t most_bytes = 65000;
constexpr std::size_t most_table_bytes = 24000;
constexpr std::size_t most_danger_bytes = 8000;
constexpr std::size_t most_contract_bytes = 6000;
constexpr std::size_t diff_columns = 110;

// A word of the hidden marker: what could end the comment, or the word, becomes `_`.
std::string marker_word(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 100)) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ||
                       (c == '-' && !out.empty() && out.back() != '-');
    out += plain ? c : '_';
  }
  return out.empty() ? "_" : out;
}

// `<code>` that also holds inside a table cell.
std::string cell(std::string_view text) {
  return markdown_code(shorten(printable(text), 200));
}

std::string_view action_word(const PlannedChange& change) {
  switch (change.operation) {
    case Operation::create:
      return "create";
    case Operation::update:
      return "change";
    case Operation::replace:
      return "**replace**";
    case Operation::remove:
      return "**destroy**";
    case Operation::forget:
      return "forget";
    case Operation::read:
      return "read";
    case Operation::no_op:
      return change.import_id.empty() ? (change.renamed ? "rename" : "move") : "adopt";
  }
  return "";
}

bool is_danger(const PlannedChange& change) {
  return change.operation == Operation::remove || change.operation == Operation::replace ||
         change.effect == Effect::downtime || change.effect == Effect::data_loss ||
         change.effect == Effect::irreversible;
}

// Appends lines while they fit `budget`; then one line says how many are missing.
std::string limited(const std::vector<std::string>& lines, std::size_t budget,
                    std::string_view missing) {
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (out.size() + lines[i].size() + 1 > budget) {
      out += fmt::format("{}truncated: {} of {} are not shown here\n", missing, lines.size() - i,
                         lines.size());
      break;
    }
    out += lines[i] + "\n";
  }
  return out;
}

std::string dangers(const Plan& plan) {
  std::vector<std::string> lines;
  for (const Refusal& refusal : plan.refusals) {
    lines.push_back(fmt::format("> - refused: {}: {}", cell(refusal.address), cell(refusal.why)));
  }
  for (const PlannedChange& change : plan.changes) {
    if (is_shown(change) && is_danger(change)) {
      lines.push_back(fmt::format(
          "> - {} {}{}{}", action_word(change), cell(change.address),
          change.effect == Effect::none ? "" : fmt::format(": {}", effect_text(change.effect)),
          change.stateful && change.operation != Operation::update ? ", **it holds data**" : ""));
    }
  }
  for (const UnfinishedOperation& operation : plan.unfinished) {
    lines.push_back(
        fmt::format("> - unfinished operation of an earlier run: {}", cell(operation.address)));
  }
  if (!plan.complete) {
    lines.emplace_back("> - incomplete: a provider could not be read");
  }
  if (lines.empty()) {
    return {};
  }
  return "> [!CAUTION]\n" + limited(lines, most_danger_bytes, "> - ") + "\n";
}

std::string table(const Plan& plan) {
  std::vector<std::string> rows;
  for (const PlannedChange& change : plan.changes) {
    if (is_shown(change)) {
      rows.push_back(fmt::format("| {} | {} | {} | {} |", action_word(change), cell(change.address),
                                 effect_text(change.effect),
                                 change.reason.empty() ? "" : cell(change.reason)));
    }
  }
  if (rows.empty()) {
    return {};
  }
  return "| Action | Resource | Effect | Why |\n|---|---|---|---|\n" +
         limited(rows, most_table_bytes, "\n") + "\n";
}

// The sign of a line goes to its front, where diff highlighting looks for it.
std::string diff_line(const std::string& line, char sign) {
  return sign == ' ' ? line : sign + line;
}

char tone_sign(Tone tone) {
  switch (tone) {
    case Tone::added:
      return '+';
    case Tone::removed:
    case Tone::danger:
      return '-';
    case Tone::changed:
      return '!';
    default:
      return ' ';
  }
}

std::vector<std::string> diff_lines(const Plan& plan) {
  const TextStyle style{false, diff_columns};
  std::vector<std::string> out;
  for (const PlannedChange& change : plan.changes) {
    if (!is_shown(change)) {
      continue;
    }
    for (const TextLine& line : head_lines(change, style)) {
      out.push_back(diff_line(line.text, tone_sign(line.tone)));
    }
    for (const TextLine& line : leaf_lines(change, style)) {
      out.push_back(diff_line(line.text, tone_sign(line.tone)));
    }
  }
  for (const OutputChange& output : plan.outputs) {
    if (output.operation != Operation::no_op) {
      out.push_back(diff_line(fmt::format("  output {}", printable(output.name)), '!'));
    }
  }
  if (!plan.drift.empty()) {
    out.emplace_back("# changed outside infra since the last apply:");
    std::string text = drift_lines(plan.drift, style);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      out.push_back("# " + text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return out;
}

std::string fold(const Plan& plan, std::size_t budget) {
  const std::vector<std::string> lines = diff_lines(plan);
  constexpr std::size_t frame = 300;
  if (lines.empty() || budget < frame + 200) {
    return lines.empty() ? "" : "truncated: the lines of the changes are not shown here\n";
  }
  const std::string body = limited(lines, budget - frame, "# ");
  return "<details><summary>What changes, line by line</summary>\n\n" +
         markdown_fence(body, "diff") + "\n</details>\n";
}

}  // namespace

std::string plan_markdown(const Plan& plan, const Compilation& /*compilation*/,
                          std::string_view contract) {
  std::string out = fmt::format("<!-- infra:plan project={} env={} -->\n", marker_word(plan.stack),
                                marker_word(plan.environment));
  out += plan.destroy ? "## Infrastructure: plan to destroy\n\n" : "## Infrastructure plan\n\n";
  out += dangers(plan);
  out += fmt::format("**{}**\n\nStack {}, environment {}.\n\n", count_line(plan), cell(plan.stack),
                     cell(plan.environment));
  out += table(plan);
  std::string closing;
  if (!contract.empty() && contract.size() <= most_contract_bytes) {
    closing = "\n" + markdown_fence("contract: " + std::string(contract) + "\n", "");
  } else if (!contract.empty()) {
    closing = "\ntruncated: the contract is in `infra plan --format json`\n";
  }
  const std::size_t used = out.size() + closing.size() + 100;
  out += fold(plan, used < most_bytes ? most_bytes - used : 0);
  return out + closing;
}

}  // namespace infra
