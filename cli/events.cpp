#include "cli/events.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/address.h"
#include "base/json.h"
#include "base/text.h"
#include "base/version.h"
#include "planner/change_text.h"
#include "planner/document.h"

namespace infra {
namespace {

Value counts_event(const Counts& counts, std::string_view operation) {
  Object out{{"add", static_cast<std::int64_t>(counts.add)},
             {"change", static_cast<std::int64_t>(counts.change)},
             {"remove", static_cast<std::int64_t>(counts.destroy)},
             {"operation", operation}};
  if (counts.import > 0) {
    out.emplace("import", static_cast<std::int64_t>(counts.import));
  }
  if (counts.forget > 0) {
    out.emplace("forget", static_cast<std::int64_t>(counts.forget));
  }
  return out;
}

std::string_view short_reason(std::string_view reason) {
  constexpr std::string_view replace = "replace_because_";
  return reason.starts_with(replace) ? reason.substr(replace.size()) : reason;
}

Value change_event(const PlannedChange& change) {
  Object out{{"resource", resource_event(change)}, {"action", event_action(change)}};
  if (!change.action_reason.empty()) {
    out.emplace("reason", short_reason(change.action_reason));
  }
  if (!change.import_id.empty()) {
    out.emplace("importing", Object{{"id", change.import_id}});
  }
  if (!change.previous_address.empty()) {
    PlannedChange before = change;
    before.address = change.previous_address;
    before.name = address_name(before.address);
    before.keys.clear();
    out.emplace("previous_resource", resource_event(before));
  }
  return out;
}

Value position_document(const Position& position) {
  return Object{{"line", std::int64_t{position.line}},
                {"column", std::int64_t{position.column}},
                {"byte", std::int64_t{position.byte}}};
}

std::int64_t characters(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  }
  return count;
}

// The lines that the span touches, and where in them it begins and ends, in characters.
Value snippet_document(const Span& span, const Sources& sources) {
  const std::string_view text = sources.text(span.file);
  const std::size_t begin = std::min<std::size_t>(span.begin, text.size());
  const std::size_t end = std::clamp<std::size_t>(span.end, begin, text.size());
  const std::size_t before = text.substr(0, begin).rfind('\n');
  const std::size_t first = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t after = text.find('\n', std::max(begin, end > begin ? end - 1 : end));
  const std::size_t last = after == std::string_view::npos ? text.size() : after;
  const std::string_view code = text.substr(first, last - first);
  return Object{
      {"context", Value{}},
      {"code", printable(code, true)},
      {"start_line", std::int64_t{sources.position(span.file, span.begin).line}},
      {"highlight_start_offset", characters(text.substr(first, begin - first))},
      {"highlight_end_offset", characters(text.substr(first, std::min(end, last) - first))},
      {"values", List{}}};
}

}  // namespace

Events::Events(Terminal* terminal, int descriptor, const Clock& clock)
    : terminal_(terminal), descriptor_(descriptor), clock_(clock) {}

Events::~Events() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

std::unique_ptr<Events> Events::to_output(Terminal& terminal, const Clock& clock) {
  std::unique_ptr<Events> events(new Events(&terminal, -1, clock));
  events->begin();
  return events;
}

std::unique_ptr<Events> Events::to_file(const std::string& path, const Clock& clock) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    throw CommandError(1,
                       fmt::format("cannot write {}: {}", printable(path), std::strerror(errno)));
  }
  std::unique_ptr<Events> events(new Events(nullptr, descriptor, clock));
  events->begin();
  return events;
}

void Events::begin() {
  emit("info", "version", fmt::format("infra {}", program_version),
       Object{{"infra", program_version}, {"ui", "1.2"}});
}

void Events::emit(std::string_view level, std::string_view type, std::string_view message,
                  Object body) {
  body.insert_or_assign("@level", level);
  body.insert_or_assign("@message", printable(message));
  body.insert_or_assign("@module", "infra.ui");
  body.insert_or_assign("@timestamp", timestamp(clock_.now()));
  body.insert_or_assign("type", type);
  const std::string line = to_json(body, SecretText::sensitive) + "\n";
  if (terminal_ != nullptr) {
    terminal_->print(line);
    return;
  }
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) {
      return;  // events never stop a command
    }
    rest.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
}

void Events::diagnostic(const Diagnostic& diagnostic, const Sources& sources) {
  const bool error = diagnostic.severity == Severity::error;
  emit(error ? "error" : "warn", "diagnostic",
       fmt::format("{}: {}", error ? "Error" : "Warning", diagnostic.message),
       Object{{"diagnostic", diagnostic_document(diagnostic, sources)}});
}

void Events::failure(std::string_view message, std::string_view help) {
  emit("error", "diagnostic", fmt::format("Error: {}", message),
       Object{
           {"diagnostic", Object{{"severity", "error"}, {"summary", message}, {"detail", help}}}});
}

void Events::plan(const Plan& plan, std::string_view contract) {
  for (const PlannedChange& drift : plan.drift) {
    emit("info", "resource_drift",
         fmt::format("{}: Drift detected ({})", drift.address, event_action(drift)),
         Object{{"change", change_event(drift)}});
  }
  for (const PlannedChange& change : plan.changes) {
    if (is_shown(change)) {
      emit("info", "planned_change",
           fmt::format("{}: Plan to {}", change.address, event_action(change)),
           Object{{"change", change_event(change)}});
    }
  }
  for (const Refusal& refusal : plan.refusals) {
    failure(refusal.why, refusal.help);
  }
  Object body{{"changes", counts_event(plan.counts(), "plan")}};
  if (!contract.empty()) {
    body.emplace("contract", contract);
  }
  emit("info", "change_summary", count_line(plan), std::move(body));
  if (!plan.outputs.empty()) {
    Object outputs;
    for (const OutputChange& output : plan.outputs) {
      outputs.emplace(output.name, Object{{"sensitive", output.sensitive},
                                          {"action", output.operation == Operation::no_op
                                                         ? "noop"
                                                         : operation_text(output.operation)}});
    }
    emit("info", "outputs", "Outputs: " + std::to_string(plan.outputs.size()),
         Object{{"outputs", std::move(outputs)}});
  }
}

void Events::summary(const Counts& counts, std::string_view operation) {
  const std::string text =
      operation == "destroy"
          ? fmt::format("Destroy complete! Resources: {} destroyed.", counts.destroy)
          : fmt::format("Apply complete! Resources: {} added, {} changed, {} destroyed.",
                        counts.add, counts.change, counts.destroy);
  emit("info", "change_summary", text, Object{{"changes", counts_event(counts, operation)}});
}

void Events::outputs(const std::vector<OutputRecord>& outputs) {
  Object body;
  for (const OutputRecord& output : outputs) {
    const bool sensitive = output.revealed || contains_secret(output.value);
    body.emplace(output.name, output_document(output.value, sensitive));
  }
  emit("info", "outputs", "Outputs: " + std::to_string(outputs.size()),
       Object{{"outputs", std::move(body)}});
}

Value resource_event(const PlannedChange& change) {
  const std::size_t dot = change.type.find('.');
  return Object{
      {"addr", change.address},
      {"module", ""},
      {"resource", change.address},
      {"implied_provider", dot == std::string::npos ? change.provider : change.type.substr(0, dot)},
      {"resource_type", change.type},
      {"resource_name",
       change.name.empty() ? std::string(address_name(change.address)) : change.name},
      {"resource_key", index_document(change.keys)}};
}

std::string_view event_action(const PlannedChange& change) {
  switch (change.operation) {
    case Operation::create:
      return "create";
    case Operation::update:
      return "update";
    case Operation::replace:
      return "replace";
    case Operation::remove:
      return "delete";
    case Operation::forget:
      return "forget";
    case Operation::read:
      return "read";
    case Operation::no_op:
      return !change.import_id.empty()         ? "import"
             : change.previous_address.empty() ? "noop"
                                               : "move";
  }
  return "noop";
}

Value diagnostic_document(const Diagnostic& diagnostic, const Sources& sources) {
  std::vector<std::string> details;
  if (!diagnostic.label.empty()) {
    details.push_back(diagnostic.label);
  }
  for (const std::string& help : diagnostic.help) {
    details.push_back("help: " + help);
  }
  Object out{{"severity", diagnostic.severity == Severity::error ? "error" : "warning"},
             {"summary", diagnostic.message},
             {"detail", join(details, "\n")},
             {"code", diagnostic.code}};
  if (!diagnostic.address.empty()) {
    out.emplace("address", diagnostic.address);
  }
  if (diagnostic.has_span && diagnostic.span.file < sources.size()) {
    const Span& span = diagnostic.span;
    out.emplace("range",
                Object{{"filename", sources.path(span.file)},
                       {"start", position_document(sources.position(span.file, span.begin))},
                       {"end", position_document(sources.position(span.file, span.end))}});
    out.emplace("snippet", snippet_document(span, sources));
  }
  return out;
}

}  // namespace infra
