#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/kinds.h"
#include "base/text.h"
#include "planner/change_text.h"
#include "planner/render.h"

namespace infra {
namespace {

// Rounds of one `for` that change alike are printed once in full; every address is still named.
std::string without_keys(std::string_view address) {
  std::string out;
  bool in_key = false;
  bool in_quotes = false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    const char c = address[i];
    if (in_quotes && c == '\\') {
      ++i;
    } else if (in_key && c == '"') {
      in_quotes = !in_quotes;
    } else if (!in_quotes && c == '[') {
      in_key = true;
    } else if (!in_quotes && c == ']') {
      in_key = false;
    } else if (!in_key) {
      out += c;
    }
  }
  return out;
}

class TextPlan {
 public:
  TextPlan(const Plan& plan, const Sources& sources, const TextStyle& style)
      : plan_(plan), sources_(sources), style_(style) {}

  std::string render(std::string_view contract) {
    unfinished();
    drifted();
    changes();
    outputs();
    refusals();
    closing(contract);
    return std::move(out_);
  }

 private:
  void line(Tone tone, std::string_view text) { out_ += paint(tone, text, style_) + "\n"; }
  void lines(const std::vector<TextLine>& texts) {
    for (const TextLine& text : texts) {
      line(text.tone, text.text);
    }
  }
  void title(std::string_view text) {
    if (!out_.empty()) {
      out_ += "\n";
    }
    line(Tone::strong, text);
  }
  void paragraph(std::string_view text, std::size_t indent, Tone tone = Tone::plain) {
    const std::size_t room = style_.columns > indent + 20 ? style_.columns - indent : 20;
    for (const std::string& part : wrap(text, room)) {
      line(tone, std::string(indent, ' ') + part);
    }
  }

  void unfinished() {
    if (plan_.unfinished.empty()) {
      return;
    }
    title("Unfinished operations of an earlier run, settled first by the next apply:");
    for (const UnfinishedOperation& operation : plan_.unfinished) {
      static constexpr std::string_view words[] = {"create", "update", "remove"};
      const auto kind = words[static_cast<std::size_t>(operation.kind)];
      const std::chrono::sys_time<std::chrono::milliseconds> sent{
          std::chrono::milliseconds{operation.sent_at}};
      line(Tone::changed,
           fmt::format("  ? {}  {} sent {}", printable(operation.address), kind, timestamp(sent)));
      if (!operation.resolvable) {
        paragraph("nothing can tell whether it happened; look at the platform, then say it:", 6);
        line(Tone::plain, fmt::format("      infra recover {} --id ID   (or --absent)",
                                      printable(operation.address)));
      }
    }
  }

  void drifted() {
    if (plan_.drift.empty()) {
      return;
    }
    title("Changed outside infra since the last apply:");
    out_ += drift_lines(plan_.drift, style_);
  }

  void changes() {
    std::string group;
    const PlannedChange* first_alike = nullptr;
    std::vector<TextLine> body_alike;
    bool begun = false;
    for (const PlannedChange& change : plan_.changes) {
      if (!is_shown(change)) {
        continue;
      }
      if (!begun) {
        title(plan_.destroy ? "What `infra destroy` will do:" : "What `infra apply` will do:");
        begun = true;
      }
      std::vector<TextLine> body = leaf_lines(change, style_);
      if (first_alike != nullptr && alike(*first_alike, change) && same_lines(body_alike, body)) {
        line(operation_tone(change.operation),
             fmt::format("{:>3} {}  (as above)", operation_symbol(change),
                         printable(change.address)));
        continue;
      }
      const std::string owner(address_owner(change.address));
      if (owner != group || owner.empty()) {
        out_ += "\n";
        group = owner;
      }
      lines(head_lines(placed(change), style_));
      lines(body);
      first_alike = &change;
      body_alike = std::move(body);
    }
  }

  // Where it is written is reason enough when nothing else is said.
  [[nodiscard]] PlannedChange placed(const PlannedChange& change) const {
    PlannedChange out = change;
    const bool known = change.has_span && change.span.file < sources_.size();
    if (out.reason.empty() && known) {
      out.reason = fmt::format("{}:{}", sources_.path(change.span.file),
                               sources_.position(change.span.file, change.span.begin).line);
    }
    return out;
  }

  static bool alike(const PlannedChange& left, const PlannedChange& right) {
    return !left.keys.empty() && !right.keys.empty() && left.operation == right.operation &&
           left.type == right.type && left.effect == right.effect && left.reason == right.reason &&
           left.redeploy == right.redeploy && left.affects == right.affects &&
           left.deposed.empty() && right.deposed.empty() && left.import_id.empty() &&
           right.import_id.empty() && left.previous_address.empty() &&
           right.previous_address.empty() &&
           without_keys(left.address) == without_keys(right.address);
  }
  static bool same_lines(const std::vector<TextLine>& left, const std::vector<TextLine>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const TextLine& a, const TextLine& b) { return a.text == b.text; });
  }

  void outputs() {
    bool begun = false;
    for (const OutputChange& output : plan_.outputs) {
      if (output.operation == Operation::no_op) {
        continue;
      }
      if (!begun) {
        title("Outputs:");
        begun = true;
      }
      line(operation_tone(output.operation), output_line(output));
    }
  }

  static std::string output_line(const OutputChange& output) {
    const auto side = [&output](const Value& value) {
      return output.sensitive && !value.is_unknown() ? std::string("(sensitive)")
                                                     : shorten(value_text(value), 120);
    };
    const std::string name = printable(output.name);
    switch (output.operation) {
      case Operation::create:
        return fmt::format("  + {}  {}", name, side(output.after));
      case Operation::remove:
        return fmt::format("  - {}  {}", name, side(output.before));
      default:
        return fmt::format("  ~ {}  {} → {}", name, side(output.before), side(output.after));
    }
  }

  void refusals() {
    if (plan_.refusals.empty()) {
      return;
    }
    title("Refused: nothing is done while these stand:");
    for (const Refusal& refusal : plan_.refusals) {
      line(Tone::danger, "  ! " + printable(refusal.address));
      paragraph(printable(refusal.why), 6);
      if (!refusal.help.empty()) {
        paragraph("to go on all the same: " + printable(refusal.help), 6);
      }
    }
  }

  // The worst first, with the names of those whom it meets.
  void effects() {
    static constexpr Effect grave[] = {Effect::irreversible, Effect::data_loss, Effect::downtime};
    for (const Effect effect : grave) {
      std::vector<std::string> names;
      for (const PlannedChange& change : plan_.changes) {
        if (is_shown(change) && change.effect == effect) {
          names.push_back(printable(change.address));
        }
      }
      if (names.empty()) {
        continue;
      }
      if (names.size() > 8) {
        const std::string rest = fmt::format("{} more", names.size() - 7);
        names.resize(7);
        names.push_back(rest);
      }
      const Tone tone = effect == Effect::downtime ? Tone::changed : Tone::danger;
      std::string word(effect_text(effect));
      word.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(word.front())));
      paragraph(fmt::format("{}: {}.", word, list_text(names)), 0, tone);
    }
  }

  void closing(std::string_view contract) {
    if (!out_.empty()) {
      out_ += "\n";
    }
    effects();
    std::vector<std::string> calls;
    for (const CallEstimate& estimate : plan_.calls) {
      if (estimate.calls > 0) {
        calls.push_back(printable(estimate.provider) + " " + std::to_string(estimate.calls));
      }
    }
    if (!calls.empty() && plan_.has_changes()) {
      paragraph("Calls, about: " + join(calls, ", ") + ".", 0, Tone::faint);
    }
    if (!plan_.complete) {
      paragraph("Incomplete: a provider could not be read, so more may differ than is shown.", 0,
                Tone::danger);
    }
    line(Tone::strong, count_line(plan_));
    if (!contract.empty()) {
      out_ += fmt::format("contract: {}\n", contract);
    }
  }

  const Plan& plan_;
  const Sources& sources_;
  const TextStyle& style_;
  std::string out_;
};

std::string drift_word(const PlannedChange& change) {
  switch (change.operation) {
    case Operation::remove:
      return "is gone";
    case Operation::create:
      return "appeared";
    default:
      return "differs from what was applied";
  }
}

}  // namespace

std::string drift_lines(const std::vector<PlannedChange>& drift, const TextStyle& style) {
  std::string out;
  for (const PlannedChange& change : drift) {
    const std::string head =
        fmt::format("{:>3} {}  {}  {}", operation_symbol(change), printable(change.address),
                    printable(change.type), drift_word(change));
    out += paint(operation_tone(change.operation), head, style) + "\n";
    PlannedChange shown = change;
    for (LeafChange& leaf : shown.leaves) {
      leaf.origin = Origin::configuration;  // said by the title; not once more behind each leaf
      leaf.reason.clear();
    }
    for (const TextLine& line : leaf_lines(shown, style)) {
      out += paint(line.tone, line.text, style) + "\n";
    }
  }
  return out;
}

std::string count_line(const Plan& plan) {
  if (!plan.has_changes()) {
    return plan.destroy ? "No changes. No objects need to be destroyed."
                        : "No changes. Your infrastructure matches the configuration.";
  }
  const Counts counts = plan.counts();
  std::string text = "Plan: ";
  if (counts.import > 0) {
    text += fmt::format("{} to import, ", counts.import);
  }
  text += fmt::format("{} to add, {} to change, {} to destroy", counts.add, counts.change,
                      counts.destroy);
  if (counts.forget > 0) {
    text += fmt::format(", {} to forget", counts.forget);
  }
  return text + ".";
}

std::string plan_text(const Plan& plan, const Compilation& compilation, const TextStyle& style,
                      std::string_view contract) {
  return TextPlan(plan, compilation.sources, style).render(contract);
}

}  // namespace infra
