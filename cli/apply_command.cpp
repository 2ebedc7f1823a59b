// `infra apply` and `infra destroy`: plan under the lock, ask, do it, and say how it ended.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/quantity.h"
#include "base/text.h"
#include "cli/files.h"
#include "cli/planning.h"
#include "cli/process.h"
#include "planner/change_text.h"

namespace infra {
namespace {

struct ApplyOptions : PlanningOptions {
  std::string plan_file, contract;
  bool auto_approve = false;
};

// The token in a text: itself, the line `contract: TOKEN`, or the key "contract" of a plan
// document.
std::string token_in(const std::string& text) {
  const std::size_t line = text.find("contract: c1");
  const std::size_t key = text.find("\"contract\": \"c1");
  std::size_t begin = line != std::string::npos  ? line + 10
                      : key != std::string::npos ? key + 13
                                                 : text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) {
    return {};
  }
  std::size_t end = begin;
  while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 ||
                               text[end] == '.' || text[end] == '-' || text[end] == '_')) {
    ++end;
  }
  return text.substr(begin, end - begin);
}

std::string contract_of(const std::string& argument) {
  if (argument == "-") {
    return token_in(read_standard_input());
  }
  const bool token = argument.starts_with("c1p.") || argument.starts_with("c1k.");
  return token && !file_exists(argument) ? argument : token_in(read_text_file(argument));
}

// Shows the plan once, and asks where asking is needed and possible.
class Approver : public Listener {
 public:
  Approver(Session& session, Listeners& listeners, const Compilation& compilation,
           const ApplyOptions& options)
      : session_(session), listeners_(listeners), compilation_(compilation), options_(options) {}

  void plan_made(const Plan& plan) override { show(plan); }

  bool ask(const Plan& plan) {
    show(plan);
    if (approved_beforehand(plan)) {
      return true;
    }
    if (!session_.may_ask()) {
      refuse_to_ask(plan);
      return false;
    }
    listeners_.clear();
    const std::string question = plan.destroy ? "\nDestroy all of this in environment `{}`?\n"
                                              : "\nDo this in environment `{}`?\n";
    session_.terminal.print(fmt::format(fmt::runtime(question), printable(plan.environment)) +
                            "Only `yes` is accepted: ");
    std::string answer;
    const bool read = session_.terminal.read_line(answer);
    session_.terminal.print("\n");
    return read && answer == "yes";
  }

  [[nodiscard]] bool could_not_ask() const { return could_not_ask_; }

 private:
  [[nodiscard]] bool approved_beforehand(const Plan& plan) const {
    const bool ephemeral = compilation_.graph && compilation_.graph->settings.ephemeral;
    return options_.auto_approve || !options_.contract.empty() || !options_.plan_file.empty() ||
           !plan.has_changes() || (plan.destroy && ephemeral);
  }

  void show(const Plan& plan) {
    if (!shown_) {
      shown_ = true;
      listeners_.clear();
      show_plan(session_, plan, compilation_);
      if (plan.has_changes() && session_.prints_text()) {
        session_.terminal.print("\n");
      }
    }
  }

  void refuse_to_ask(const Plan& plan) {
    could_not_ask_ = true;
    const std::string message = "nobody is here to approve this plan";
    const std::string help =
        plan.destroy ? "--auto-approve goes on without asking"
                     : "--auto-approve goes on without asking; --contract TOKEN or a saved plan "
                       "goes on with what was reviewed";
    if (session_.events() != nullptr) {
      session_.events()->failure(message, help);
    }
    if (session_.prints_text()) {
      session_.terminal.complain(fmt::format("error: {}\n  = help: {}\n", message, help));
    }
  }

  Session& session_;
  Listeners& listeners_;
  const Compilation& compilation_;
  const ApplyOptions& options_;
  bool shown_ = false, could_not_ask_ = false;
};

// --- the report at the end

class Report {
 public:
  Report(Session& session, const ApplyResult& result) : session_(session), result_(result) {}

  void print() {
    failures();
    divergences();
    checks();
    closing();
    outputs();
  }

 private:
  void line(Tone tone, const std::string& text) {
    session_.terminal.print(paint(tone, text, session_.terminal.style()) + "\n");
  }

  void failures() {
    if (!result_.failed.empty()) {
      line(Tone::strong, "\nFailed:");
    }
    for (const FailedChange& failed : result_.failed) {
      line(Tone::danger,
           fmt::format("  {}: {}", printable(failed.address), printable(failed.error.message)));
      if (!failed.error.path.empty()) {
        line(Tone::plain, "      at " + path_text(failed.error.path));
      }
      if (!failed.error.help.empty()) {
        line(Tone::plain, "      = help: " + printable(failed.error.help));
      }
    }
    if (!result_.skipped.empty()) {
      line(Tone::strong, "\nNot done, because of these:");
    }
    for (const SkippedChange& skipped : result_.skipped) {
      line(Tone::plain,
           fmt::format("  {}: needs {}", printable(skipped.address), printable(skipped.because)));
    }
    if (!result_.unknown.empty()) {
      line(Tone::strong, "\nNot known how they ended (nothing is lost; they are on record):");
    }
    for (const UnfinishedOperation& unknown : result_.unknown) {
      line(Tone::danger, "  " + printable(unknown.address));
      line(Tone::plain, unknown.resolvable
                            ? "      the next `infra apply` looks it up and settles it"
                            : fmt::format("      look at the platform, then `infra recover {} --id "
                                          "ID` or `--absent`",
                                          printable(unknown.address)));
    }
  }

  void divergences() {
    if (!result_.divergences.empty()) {
      line(Tone::strong, "\nIt did not converge: the platform came back with other values:");
    }
    for (const Divergence& divergence : result_.divergences) {
      line(Tone::danger, fmt::format("  {} {}: asked {}, got {}", printable(divergence.address),
                                     path_text(divergence.path), printable(divergence.asked),
                                     printable(divergence.got)));
    }
  }

  void checks() {
    if (result_.checks.empty()) {
      return;
    }
    line(Tone::strong, "\nChecks:");
    for (const CheckResult& check : result_.checks) {
      line(check.status == "pass" ? Tone::added : Tone::danger,
           fmt::format("  {:<5} {}{}", check.status, printable(check.name),
                       check.message.empty() || check.status == "pass"
                           ? ""
                           : ": " + printable(check.message)));
    }
  }

  void closing() {
    if (result_.refused) {
      line(Tone::strong, "Nothing was done.");
      return;
    }
    if (result_.plan.diagnostics.has_errors() || !result_.plan.complete) {
      line(Tone::danger, "\nNothing was done: the plan has errors.");
      return;
    }
    const Counts& done = result_.done;
    std::string text;
    if (result_.plan.destroy) {
      text = fmt::format("Resources: {} destroyed.", done.destroy);
    } else {
      text = fmt::format("Resources: {}{} added, {} changed, {} destroyed.",
                         done.import > 0 ? fmt::format("{} imported, ", done.import) : "", done.add,
                         done.change, done.destroy);
    }
    const std::string_view word = result_.plan.destroy ? "Destroy" : "Apply";
    if (result_.interrupted) {
      line(Tone::danger, fmt::format("\n{} cancelled. {} In doubt: {}. Not started: {}.", word,
                                     text, result_.unknown.size(), result_.skipped.size()));
    } else if (!result_.failed.empty() || !result_.unknown.empty()) {
      line(Tone::danger, fmt::format("\n{} incomplete. {} Failed: {}. Skipped: {}.", word, text,
                                     result_.failed.size(), result_.skipped.size()));
    } else {
      line(Tone::added, fmt::format("\n{} complete! {}", word, text));
    }
    line(Tone::faint, "Took " + elapsed_text(Duration{result_.took.count()}) + ".");
  }

  void outputs() {
    if (result_.outputs.empty() || result_.refused || result_.plan.destroy) {
      return;
    }
    std::size_t width = 0;
    for (const OutputRecord& output : result_.outputs) {
      width = std::max(width, display_width(printable(output.name)));
    }
    line(Tone::strong, "\nOutputs:");
    for (const OutputRecord& output : result_.outputs) {
      const bool sensitive = output.revealed || contains_secret(output.value);
      const std::string name = printable(output.name);
      session_.terminal.print(fmt::format("  {}{}  {}\n", name,
                                          std::string(width - display_width(name), ' '),
                                          sensitive ? "(sensitive)" : value_text(output.value)));
    }
  }

  Session& session_;
  const ApplyResult& result_;
};

void report_events(Session& session, const ApplyResult& result) {
  Events& events = *session.events();
  for (const SkippedChange& skipped : result.skipped) {
    events.failure(skipped.address + " was skipped: it needs " + skipped.because, "");
  }
  for (const UnfinishedOperation& unknown : result.unknown) {
    events.failure(unknown.address + ": it is not known how its operation ended",
                   unknown.resolvable ? "the next `infra apply` settles it"
                                      : "infra recover " + unknown.address + " --id ID | --absent");
  }
  for (const Divergence& divergence : result.divergences) {
    events.failure(
        fmt::format("{} {} did not converge", divergence.address, path_text(divergence.path)),
        fmt::format("asked {}, got {}", divergence.asked, divergence.got));
  }
  if (!result.refused) {
    events.summary(result.done, result.plan.destroy ? "destroy" : "apply");
    events.outputs(result.outputs);
  }
}

int finish(Session& session, const ApplyResult& result) {
  if (session.events() != nullptr) {
    report_events(session, result);
  }
  const bool idle = !result.refused && !result.plan.has_changes() && result.failed.empty() &&
                    result.unknown.empty() && result.plan.unfinished.empty() &&
                    !result.interrupted && result.divergences.empty();
  if (session.prints_text() && !(idle && result.checks.empty() && result.outputs.empty())) {
    Report(session, result).print();
  }
  const int status = result.exit_status();
  const bool by_signal = status == 130 || status == 143;
  return by_signal && interrupt_status() != 0 ? interrupt_status() : status;
}

int run(Session& session, const ApplyOptions& options, bool destroys) {
  Approval approval;
  if (!options.plan_file.empty()) {
    approval.exactly = read_saved_plan(session, options.plan_file);
    const auto wanted = session.wanted_environment();
    if (wanted && *wanted != approval.exactly->environment) {
      throw CommandError(6,
                         fmt::format("the saved plan is for environment `{}`, not `{}`",
                                     printable(approval.exactly->environment), printable(*wanted)),
                         "leave --env out, or make a plan for that environment");
    }
    destroys = destroys || approval.exactly->destroy;
  }
  if (!options.contract.empty()) {
    approval.contract = contract_of(options.contract);
  }
  const Compilation compilation =
      approval.exactly ? session.compile_for(approval.exactly->environment) : session.compile();
  Listeners listeners(session);
  Approver approver(session, listeners, compilation, options);
  listeners.all().add(&approver);
  approval.ask = [&approver](const Plan& plan) { return approver.ask(plan); };
  EngineOptions engine =
      session.engine_options(compilation, "OperationTypeApply", &listeners.all());
  apply_planning_flags(options, engine);
  count_interrupts();
  const ApplyResult result =
      destroys ? destroy(compilation, engine, approval) : apply(compilation, engine, approval);
  listeners.clear();
  return finish(session, result);
}

CLI::App& add(CLI::App& root, Session& session, const char* name, const char* what, bool destroys,
              const std::shared_ptr<ApplyOptions>& options) {
  CLI::App& command = add_command(root, name, what);
  add_planning_flags(command, *options);
  command.add_flag("--auto-approve", options->auto_approve, "Go on without asking");
  command.callback([&session, options, destroys] {
    session.command = [&session, options, destroys] { return run(session, *options, destroys); };
  });
  return command;
}

}  // namespace

void add_apply_command(CLI::App& root, Session& session) {
  auto options = std::make_shared<ApplyOptions>();
  CLI::App& command =
      add(root, session, "apply", "Do what the plan says, after a `yes`", false, options);
  command.add_option("plan", options->plan_file,
                     "A plan that `infra plan --out` saved: exactly it");
  command
      .add_option("--contract", options->contract,
                  "Go on only with actions of this contract: its token, a file that holds it, or -")
      ->type_name("TOKEN|FILE|-");
}

void add_destroy_command(CLI::App& root, Session& session) {
  add(root, session, "destroy", "Remove everything that state remembers, after a `yes`", true,
      std::make_shared<ApplyOptions>());
}

}  // namespace infra
