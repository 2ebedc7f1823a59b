#include "planner/change_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/kinds.h"
#include "base/quantity.h"
#include "base/text.h"

namespace infra {
namespace {

constexpr std::size_t widest_path_column = 28;
constexpr std::size_t leaf_indent = 6;

bool is_plain_name(std::string_view step) {
  return !step.empty() && std::all_of(step.begin(), step.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

bool is_index(std::string_view step) {
  return !step.empty() &&
         std::all_of(step.begin(), step.end(), [](unsigned char c) { return std::isdigit(c); });
}

std::string quoted(std::string_view text) {
  std::string escaped = printable(text);
  std::string out = "\"";
  for (const char c : escaped) {
    if (c == '"') {
      out += '\\';
    }
    out += c;
  }
  return out + "\"";
}

std::string list_value_text(const List& list) {
  std::vector<std::string> items;
  items.reserve(list.size());
  for (const Value& item : list) {
    items.push_back(value_text(item));
  }
  return "[" + join(items, ", ") + "]";
}

std::string object_value_text(const Object& object) {
  std::vector<std::string> items;
  items.reserve(object.size());
  for (const auto& [key, item] : object) {
    items.push_back((is_plain_name(key) ? key : quoted(key)) + " = " + value_text(item));
  }
  return items.empty() ? "{}" : "{ " + join(items, ", ") + " }";
}

struct ValueWords {
  std::string operator()(std::monostate /*null*/) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return to_text(value); }
  std::string operator()(const std::string& value) const { return quoted(value); }
  std::string operator()(Duration value) const { return to_text(value); }
  std::string operator()(Size value) const { return to_text(value); }
  std::string operator()(const Secret& /*value*/) const { return "(sensitive)"; }
  std::string operator()(const Reference& value) const {
    return value.address.empty() ? quoted(value.id) : printable(value.address);
  }
  std::string operator()(const List& value) const { return list_value_text(value); }
  std::string operator()(const Object& value) const { return object_value_text(value); }
  std::string operator()(Unknown value) const {
    return value.secret ? "(sensitive)" : "(known after apply)";
  }
  std::string operator()(Hidden /*value*/) const { return "(not shown)"; }
};

std::string side_text(const LeafChange& leaf, const Value& value) {
  return leaf.sensitive ? "(sensitive)" : value_text(value);
}

void collect_leaves(const Value& value, const Path& at, std::vector<LeafChange>& leaves) {
  const auto* object = value.as<Object>();
  if (object != nullptr && !object->empty()) {
    for (const auto& [key, item] : *object) {
      collect_leaves(item, join(at, key), leaves);
    }
    return;
  }
  if (value.is_null() || at.empty()) {
    return;
  }
  LeafChange leaf;
  leaf.path = at;
  leaf.after = value;
  leaf.sensitive = contains_secret(value);
  leaves.push_back(std::move(leaf));
}

// What is said behind a leaf: only what the head of the change does not say already.
std::string leaf_note(const PlannedChange& change, const LeafChange& leaf) {
  std::vector<std::string> notes;
  if (leaf.replaces) {
    notes.emplace_back("forces replacement");
  }
  if (leaf.effect != Effect::none && leaf.effect != change.effect) {
    notes.emplace_back(effect_text(leaf.effect));
  }
  if (leaf.origin == Origin::drift) {
    notes.emplace_back("drift");
  } else if (leaf.origin == Origin::both) {
    notes.emplace_back("drift and configuration");
  }
  const bool said = leaf.reason.empty() || leaf.reason == change.reason ||
                    (leaf.origin == Origin::drift && leaf.reason == "was changed outside infra");
  if (!said) {
    notes.push_back(printable(leaf.reason));
  }
  return join(notes, ", ");
}

struct LeafText {
  char sign = '~';  // + - ~, and * for one text that stands for both sides
  std::string path, before, after, note;
};

LeafText leaf_text(const PlannedChange& change, const LeafChange& leaf) {
  LeafText text;
  text.path = path_text(leaf.path);
  text.note = leaf_note(change, leaf);
  if (leaf.before.is_null()) {
    text.sign = '+';
    text.after = side_text(leaf, leaf.after);
  } else if (leaf.after.is_null()) {
    text.sign = '-';
    text.before = side_text(leaf, leaf.before);
  } else {
    text.before = side_text(leaf, leaf.before);
    text.after = side_text(leaf, leaf.after);
    if (leaf.sensitive) {
      text.sign = '*';
      text.after = "(sensitive, changed)";
    }
  }
  return text;
}

// Of two long texts that begin alike, what differs must be seen: the common beginning becomes `…`.
void cut_common_beginning(std::string& before, std::string& after, std::size_t room) {
  std::size_t common = 0;
  const std::size_t shorter = std::min(before.size(), after.size());
  while (common < shorter && before[common] == after[common]) {
    ++common;
  }
  if (common < room / 2) {
    return;
  }
  std::size_t cut = common - room / 4;
  while (cut > 0 && (static_cast<unsigned char>(before[cut]) & 0xC0U) == 0x80U) {
    --cut;
  }
  before = "…" + before.substr(cut);
  after = "…" + after.substr(cut);
}

Tone sign_tone(char sign) {
  return sign == '+' ? Tone::added : sign == '-' ? Tone::removed : Tone::changed;
}

// Right of the path: one line when it fits, else before and after below each other, shortened.
void add_leaf(const LeafText& leaf, std::size_t path_column, const TextStyle& style,
              std::vector<TextLine>& lines) {
  std::string head =
      fmt::format("{:{}}{} {}", "", leaf_indent, leaf.sign == '*' ? '~' : leaf.sign, leaf.path);
  const std::size_t begin = leaf_indent + 2 + path_column + 2;
  const std::size_t room = style.columns > begin + 20 ? style.columns - begin : 20;
  std::string value = leaf.sign == '+' || leaf.sign == '*' ? leaf.after
                      : leaf.sign == '-'                   ? leaf.before
                                                           : leaf.before + " → " + leaf.after;
  const std::size_t width = display_width(head);
  const bool path_fits = width + 2 <= begin;
  const std::string gap(path_fits ? begin - width : 2, ' ');
  const Tone tone = sign_tone(leaf.sign);
  const std::string margin(begin, ' ');
  if (display_width(value) <= room && path_fits) {
    lines.push_back({tone, head + gap + value});
  } else if (display_width(value) <= room) {
    lines.push_back({tone, head});
    lines.push_back({tone, margin + value});
  } else if (leaf.sign != '~') {
    lines.push_back({tone, path_fits ? head + gap + shorten(value, room) : head});
    if (!path_fits) {
      lines.push_back({tone, margin + shorten(value, room)});
    }
  } else {
    std::string before = leaf.before;
    std::string after = leaf.after;
    cut_common_beginning(before, after, room);
    lines.push_back({tone, path_fits ? head + gap + shorten(before, room) : head});
    if (!path_fits) {
      lines.push_back({tone, margin + shorten(before, room)});
    }
    lines.push_back({tone, margin.substr(2) + "→ " + shorten(after, room)});
  }
  if (leaf.note.empty()) {
    return;
  }
  const std::string note = "# " + leaf.note;
  if (display_width(lines.back().text) + 2 + display_width(note) <= style.columns) {
    lines.back().text += "  " + note;
    return;
  }
  for (const std::string& part : wrap(note, room)) {
    lines.push_back({Tone::faint, margin + part});
  }
}

void add_wrapped(std::string_view text, Tone tone, const TextStyle& style,
                 std::vector<TextLine>& lines) {
  const std::size_t room = style.columns > 30 ? style.columns - leaf_indent : 24;
  for (const std::string& part : wrap(text, room)) {
    lines.push_back({tone, std::string(leaf_indent, ' ') + part});
  }
}

void add_remarks(const PlannedChange& change, const TextStyle& style,
                 std::vector<TextLine>& lines) {
  if (!change.previous_address.empty()) {
    add_wrapped((change.renamed ? "renamed from " : "moved from ") +
                    printable(change.previous_address) +
                    (change.renamed ? " (recognised: the same object goes on)" : ""),
                Tone::plain, style, lines);
  }
  if (!change.import_id.empty()) {
    add_wrapped("adopts the existing object " + printable(change.import_id), Tone::plain, style,
                lines);
  }
  if (!change.deposed.empty()) {
    add_wrapped("the replaced object " + printable(change.id) + " that still waits for its removal",
                Tone::plain, style, lines);
  }
  const bool ends = change.operation == Operation::remove || change.operation == Operation::replace;
  if (ends && change.stateful) {
    add_wrapped("its data goes with it", Tone::danger, style, lines);
  }
  if (change.operation == Operation::forget) {
    add_wrapped("leaves state; the object itself stays as it is", Tone::plain, style, lines);
  }
  if (change.redeploy && change.operation == Operation::update) {
    add_wrapped("is deployed anew", Tone::plain, style, lines);
  }
  if (!change.affects.empty()) {
    std::vector<std::string> names;
    for (const std::string& address : change.affects) {
      names.push_back(printable(address));
    }
    add_wrapped("touches " + list_text(names), Tone::faint, style, lines);
  }
}

}  // namespace

std::string_view operation_symbol(const PlannedChange& change) {
  switch (change.operation) {
    case Operation::no_op:
      return !change.previous_address.empty() ? ">" : change.import_id.empty() ? " " : "<-";
    case Operation::create:
      return "+";
    case Operation::update:
      return "~";
    case Operation::replace:
      return change.create_first ? "+/-" : "-/+";
    case Operation::remove:
      return "-";
    case Operation::forget:
      return ".";
    case Operation::read:
      return "<=";
  }
  return " ";
}

Tone operation_tone(Operation operation) {
  switch (operation) {
    case Operation::create:
      return Tone::added;
    case Operation::update:
      return Tone::changed;
    case Operation::replace:
    case Operation::remove:
      return Tone::removed;
    default:
      return Tone::plain;
  }
}

std::string path_text(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = path.find('/');
    const std::string step = unescape_step(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
    if (is_index(step) && !out.empty()) {
      out += "[" + step + "]";
    } else if (is_plain_name(step)) {
      out += (out.empty() ? "" : ".") + step;
    } else {
      out += "[" + quoted(step) + "]";
    }
  }
  return out.empty() ? "(whole)" : out;
}

std::string value_text(const Value& value) {
  return std::visit(ValueWords{}, value.variant());
}

bool is_shown(const PlannedChange& change) {
  return (change.operation != Operation::no_op && change.operation != Operation::read) ||
         !change.previous_address.empty() || !change.import_id.empty();
}

std::vector<LeafChange> shown_leaves(const PlannedChange& change) {
  if (change.operation == Operation::remove || change.operation == Operation::forget) {
    return {};
  }
  if (!change.leaves.empty() || change.operation != Operation::create) {
    return change.leaves;
  }
  std::vector<LeafChange> leaves;
  collect_leaves(change.after, "", leaves);
  return leaves;
}

std::string paint(Tone tone, std::string_view text, const TextStyle& style) {
  if (!style.colour || tone == Tone::plain) {
    return std::string(text);
  }
  const char* code = "";
  switch (tone) {
    case Tone::added:
      code = "\x1b[32m";
      break;
    case Tone::changed:
      code = "\x1b[33m";
      break;
    case Tone::removed:
      code = "\x1b[31m";
      break;
    case Tone::faint:
      code = "\x1b[2m";
      break;
    case Tone::danger:
      code = "\x1b[1;31m";
      break;
    default:
      code = "\x1b[1m";
      break;
  }
  return code + std::string(text) + "\x1b[0m";
}

std::vector<TextLine> head_lines(const PlannedChange& change, const TextStyle& style) {
  std::vector<TextLine> lines;
  const std::string symbol(operation_symbol(change));
  std::string head = fmt::format("{:>3} {}", symbol, printable(change.address));
  if (!change.type.empty()) {
    head += "  " + printable(change.type);
  }
  if (change.effect != Effect::none) {
    head += fmt::format("  ({})", effect_text(change.effect));
  }
  const std::string reason = printable(change.reason);
  const bool grave = change.effect == Effect::data_loss || change.effect == Effect::irreversible;
  const Tone tone = grave ? Tone::danger : operation_tone(change.operation);
  const bool fits = display_width(head) + 2 + display_width(reason) <= style.columns;
  lines.push_back({tone, reason.empty() || !fits ? head : head + "  " + reason});
  if (!reason.empty() && !fits) {
    add_wrapped(reason, Tone::plain, style, lines);
  }
  add_remarks(change, style, lines);
  return lines;
}

std::vector<TextLine> leaf_lines(const PlannedChange& change, const TextStyle& style) {
  std::vector<LeafText> texts;
  std::size_t column = 0;
  for (const LeafChange& leaf : shown_leaves(change)) {
    texts.push_back(leaf_text(change, leaf));
    column = std::max(column, std::min(display_width(texts.back().path), widest_path_column));
  }
  std::vector<TextLine> lines;
  for (const LeafText& text : texts) {
    add_leaf(text, column, style, lines);
  }
  return lines;
}

}  // namespace infra
