// planner/change_text.h — one change as lines of text: the words that the plan's text, its Markdown
// and the drift report share.
//
// All functions are pure. Text of platforms and files is made printable; secrets never appear.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "planner/plan.h"
#include "planner/render.h"

namespace infra {

// "+" "~" "-" "-/+" "+/-" "<=" (read) "." (forget) ">" (only moved) "<-" (only adopted).
[[nodiscard]] std::string_view operation_symbol(const PlannedChange& change);

// The way an author would write the path: "env.DATABASE_URL", "cors[0].origins", `env["a b"]`.
[[nodiscard]] std::string path_text(std::string_view path);

// A value on one line, uncut: `"text"`, `30s`, `[1, 2]`, `(sensitive)`, `(known after apply)`.
[[nodiscard]] std::string value_text(const Value& value);

// True when the plan's text shows it: it does something, moves, or adopts.
[[nodiscard]] bool is_shown(const PlannedChange& change);

// The leaves to show: those of the change, or for a create without any, all that `after` says.
[[nodiscard]] std::vector<LeafChange> shown_leaves(const PlannedChange& change);

enum class Tone { plain, added, changed, removed, faint, danger, strong };

struct TextLine {
  Tone tone = Tone::plain;
  std::string text;
};

// Colours a line when the style has colour.
[[nodiscard]] std::string paint(Tone tone, std::string_view text, const TextStyle& style);
[[nodiscard]] Tone operation_tone(Operation operation);

// "  ~ service.web  local.service  (restart)  odys.infra:31" and what belongs below it.
[[nodiscard]] std::vector<TextLine> head_lines(const PlannedChange& change, const TextStyle& style);
[[nodiscard]] std::vector<TextLine> leaf_lines(const PlannedChange& change, const TextStyle& style);

}  // namespace infra
