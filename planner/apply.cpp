#include "planner/apply.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/json.h"
#include "planner/checks.h"
#include "planner/crash_points.h"
#include "planner/desired.h"
#include "planner/recovery.h"
#include "planner/render.h"
#include "planner/step_run.h"
#include "planner/steps.h"

namespace infra {
namespace {

class ApplyCourse {
 public:
  ApplyCourse(const Compilation& compilation, const EngineOptions& options,
              const Approval& approval, bool destroys, Runner& runner, const ExecutionHooks& hooks)
      : compilation_(compilation),
        graph_(*compilation.graph),
        options_(options),
        approval_(approval),
        destroys_(destroys),
        runner_(runner),
        hooks_(hooks),
        listener_(options.listener == nullptr ? silent_ : *options.listener),
        started_(options.world.clock->steady()),
        store_(Store::open({options.state_path, graph_.stack, graph_.environment}, options.world,
                           options.holder, options.lock_timeout)),
        fingerprints_(&store_.key()) {}

  ApplyResult run() {
    begin_run();
    const Recovered recovered =
        settle_intents({graph_, options_, store_, runner_, fingerprints_, hooks_});
    out_.unknown = recovered.unknown;
    auto draft = make_draft(compilation_, store_.state(), options_, runner_, destroys_);
    out_.plan = assemble_plan(*draft, false);
    if (!destroys_) {
      refuse_before_others(out_.plan);
    }
    if (interrupted()) {
      out_.interrupted = true;
      return finish("interrupted");
    }
    listener_.plan_made(out_.plan);
    if (!may_go_on(out_.plan)) {
      return finish("failed");
    }
    carry_out(*draft, recovered);
    return finish(out_.interrupted ? "interrupted" : out_.exit_status() == 0 ? "done" : "failed");
  }

 private:
  bool interrupted() const { return options_.interrupts != nullptr && *options_.interrupts > 0; }

  std::int64_t now() const { return options_.world.clock->now().time_since_epoch().count(); }

  void begin_run() {
    run_.run = options_.holder.id.empty() ? uuid(*options_.world.random) : options_.holder.id;
    run_.command = destroys_ ? "destroy" : "apply";
    run_.holder = options_.holder.who;
    run_.commit = options_.commit;
    run_.started = now();
  }

  // `after = dev`: only what has passed there, of the same commit.
  void refuse_before_others(Plan& plan) const {
    const auto& after = graph_.settings.after;
    if (!after || !options_.read_other || !plan.has_changes()) {
      return;
    }
    const State other = options_.read_other(*after);
    std::string why;
    if (!other.last_run || other.last_run->command != "apply") {
      why = fmt::format("nothing was ever applied in {}", *after);
    } else if (other.last_run->outcome != "done" ||
               std::ranges::any_of(other.last_run->checks, [](const CheckResult& check) {
                 return check.status != "pass" && check.status != "warn";
               })) {
      why = fmt::format("the last apply in {} did not pass", *after);
    } else if (options_.commit.empty() || other.last_run->commit != options_.commit) {
      why = fmt::format("{} was last applied from another commit", *after);
    } else {
      return;
    }
    plan.refusals.push_back(
        {"", fmt::format("{} comes after {}, and {}", graph_.environment, *after, why),
         fmt::format("infra apply --env {} first", *after)});
  }

  bool may_go_on(const Plan& plan) {
    if (plan.diagnostics.has_errors() || !plan.complete) {
      failed_plan_ = true;
      return false;
    }
    if (!plan.refusals.empty()) {
      out_.refused = true;
      return false;
    }
    if (approval_.exactly) {
      return is_exactly(plan, *approval_.exactly);
    }
    if (approval_.contract) {
      const auto violations = contract_violations(plan, *approval_.contract, &store_.key());
      if (!violations.empty()) {
        throw CommandError(6, fmt::format("this is not what was reviewed: {}", violations.front()),
                           "plan again and have that reviewed");
      }
      return true;
    }
    if (approval_.ask && (plan.has_changes() || plan.has_drift()) && !approval_.ask(plan)) {
      out_.refused = true;
      return false;
    }
    return true;
  }

  bool is_exactly(const Plan& plan, const Plan& saved) const {
    const auto stale = [](const std::string& why) {
      throw CommandError(6, "the saved plan is stale: " + why, "plan again");
    };
    // A plan made before there was a state fits the state that this apply has just begun.
    const bool first = saved.lineage.empty() && plan.serial == 0;
    if (saved.lineage != plan.lineage && !first) {
      stale("it was made for another state");
    }
    if (saved.serial != plan.serial) {
      stale("the state has changed since");
    }
    if (saved.configuration_hash != plan.configuration_hash) {
      stale("the text or its inputs have changed since");
    }
    const auto violations =
        contract_violations(plan, contract_token(saved, &store_.key()), &store_.key());
    if (!violations.empty()) {
      stale(violations.front());
    }
    return true;
  }

  void carry_out(Draft& draft, const Recovered& recovered) {
    write_moves(draft);
    const StepGraph steps = make_steps(draft);
    const ExecutionInput input{draft, store_, runner_, run_.run, recovered.blocked, hooks_};
    ExecutionResult result = execute(input, steps);
    out_.done = result.done;
    out_.failed = std::move(result.failed);
    out_.skipped = std::move(result.skipped);
    out_.divergences = std::move(result.divergences);
    out_.interrupted = result.interrupted;
    out_.unknown.insert(out_.unknown.end(), result.unknown.begin(), result.unknown.end());
    stale_ = result.stale;
    const bool whole =
        out_.failed.empty() && out_.skipped.empty() && out_.unknown.empty() && !out_.interrupted;
    if (destroys_) {
      if (whole) {
        outputs_ = std::vector<OutputRecord>();
      }
      return;
    }
    if (whole) {
      touch_up(draft);
      look_for_divergence(draft);
    }
    if (!out_.interrupted) {
      collect_outputs(draft);
      out_.checks = run_checks(graph_, draft.knowledge.outputs(), options_, runner_, not_live());
    }
  }

  std::set<std::string> not_live() const {
    std::set<std::string> addresses;
    for (const auto& failed : out_.failed) {
      addresses.insert(failed.address);
    }
    for (const auto& skipped : out_.skipped) {
      addresses.insert(skipped.address);
    }
    for (const auto& unfinished : out_.unknown) {
      addresses.insert(unfinished.address);
    }
    return addresses;
  }

  void write_moves(const Draft& draft) {
    Commit commit;
    for (const auto& move : draft.moves) {
      commit.rename.emplace_back(move.from, move.to);
    }
    if (commit.empty()) {
      return;
    }
    pass_point(hooks_, "apply.before_moves");
    store_.commit(std::move(commit));
    Commit mentions;
    for (const auto& [address, record] : draft.state.resources) {
      const auto kept = store_.state().resources.find(address);
      const bool differs =
          kept != store_.state().resources.end() &&
          (kept->second.dependencies != record.dependencies || kept->second.id != record.id);
      if (differs) {
        mentions.put.push_back(record);
      }
    }
    if (!mentions.empty()) {
      store_.commit(std::move(mentions));
    }
  }

  // Rows of what did not change, where what is remembered beside it did: what was applied under
  // another spelling, guards, order.
  void touch_up(Draft& draft) {
    Commit commit;
    for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
      const Node& node = draft.expansion[i];
      const auto row = draft.state.resources.find(node.address);
      const bool settled = row != draft.state.resources.end() && !node.is_secret() &&
                           !node.existing && draft.changes[i].operation == Operation::no_op;
      if (!settled || !options_.targets.empty()) {
        continue;
      }
      ResourceRecord record = row->second;
      note_surroundings(draft, i, record);
      std::map<Path, std::string> marks;
      const Value applied = without_secrets(draft.knowledge[i].desired, fingerprints_, marks);
      const bool has_hidden_source = std::ranges::any_of(node.edges, [&](const Edge& edge) {
        return draft.knowledge[edge.target].missing_source;
      });
      const bool same_applied = has_hidden_source || same(applied, record.applied);
      if (!same_applied && !contains_unknown(applied)) {
        std::erase_if(record.marks,
                      [](const auto& mark) { return mark.first.starts_with("applied"); });
        record.marks.insert(marks.begin(), marks.end());
        record.applied = applied;
      }
      const ResourceRecord& before = row->second;
      if (!same_applied || before.dependencies != record.dependencies ||
          before.provider != record.provider || before.stateful != record.stateful ||
          before.protected_ != record.protected_) {
        row->second = record;
        commit.put.push_back(std::move(record));
      }
    }
    if (!commit.empty()) {
      store_.commit(std::move(commit));
    }
  }

  // Everything is done: what would the next plan change?
  void look_for_divergence(Draft& draft) {
    const ExecutionInput input{draft, store_, runner_, run_.run, {}, hooks_};
    for (NodeIndex i = 0; i < draft.expansion.nodes.size(); ++i) {
      const Node& node = draft.expansion[i];
      const Fact& fact = draft.knowledge[i];
      if (node.is_secret() || node.existing || fact.record == nullptr || node.edges.empty() ||
          !options_.targets.empty()) {
        continue;
      }
      Diagnostics ignored;
      const Value desired =
          desired_attributes(graph_, draft.expansion, draft.knowledge, i, ignored);
      for (const auto& path : differing(input, *node.schema, desired, *fact.record)) {
        const bool known = std::ranges::any_of(out_.divergences, [&](const Divergence& other) {
          return other.address == node.address && other.path == path;
        });
        if (!known && !desired.at(path).is_unknown()) {
          const bool secret = contains_secret(desired.at(path));
          out_.divergences.push_back(
              {node.address, path,
               secret ? "(sensitive)" : to_json(desired.at(path), SecretText::sensitive),
               secret ? "(sensitive)"
                      : to_json(fact.record->live.at(path), SecretText::sensitive)});
        }
      }
    }
  }

  void collect_outputs(Draft& draft) {
    std::vector<OutputRecord> outputs;
    for (const auto& output : graph_.outputs) {
      Diagnostics diagnostics;
      Value value = graph_.output(output, draft.knowledge.outputs(), diagnostics);
      if (contains_unknown(value)) {
        const auto before = store_.state().outputs.find(output.name);
        value = before == store_.state().outputs.end() ? Value() : before->second.value;
      }
      if (!value.is_null()) {
        outputs.push_back({output.name, std::move(value), output.revealed});
      }
    }
    outputs_ = std::move(outputs);
  }

  ApplyResult finish(const std::string& outcome) {
    pass_point(hooks_, "apply.before_run");
    run_.ended = now();
    run_.outcome = outcome;
    run_.checks = out_.checks;
    run_.plan_hash = out_.plan.configuration_hash;
    Commit commit;
    commit.run = run_;
    if (outputs_) {
      out_.outputs = *outputs_;
      commit.outputs = std::move(outputs_);
    }
    const bool changed = store_.state().serial != out_.plan.serial;
    store_.commit(std::move(commit));
    if (changed) {
      store_.snapshot(run_.run, run_.command);
    }
    pass_point(hooks_, "apply.after_run");
    out_.took = options_.world.clock->steady() - started_;
    if (stale_) {
      throw_if_only_stale();
    }
    return std::move(out_);
  }

  void throw_if_only_stale() const {
    if (out_.unknown.empty() && !out_.interrupted) {
      throw CommandError(
          6, fmt::format("{} changed while the plan was carried out", out_.failed.front().address),
          "plan again");
    }
  }

  const Compilation& compilation_;
  const ResourceGraph& graph_;
  const EngineOptions& options_;
  const Approval& approval_;
  const bool destroys_;
  Runner& runner_;
  const ExecutionHooks& hooks_;
  Listener silent_;
  Listener& listener_;
  const std::chrono::milliseconds started_;
  Store store_;
  const Fingerprints fingerprints_;
  RunRecord run_;
  ApplyResult out_;
  std::optional<std::vector<OutputRecord>> outputs_;
  bool failed_plan_ = false, stale_ = false;
};

}  // namespace

ApplyResult apply_with(const Compilation& compilation, const EngineOptions& options,
                       const Approval& approval, bool destroys, Runner& runner,
                       const ExecutionHooks& hooks) {
  return ApplyCourse(compilation, options, approval, destroys, runner, hooks).run();
}

Plan make_plan_with(const Compilation& compilation, const State& state,
                    const EngineOptions& options, bool destroys, Runner& runner) {
  return assemble_plan(*make_draft(compilation, state, options, runner, destroys), true);
}

Plan make_plan(const Compilation& compilation, const State& state, const EngineOptions& options) {
  const auto runner = make_thread_runner(options.parallelism);
  return make_plan_with(compilation, state, options, false, *runner);
}

Plan make_destroy_plan(const Compilation& compilation, const State& state,
                       const EngineOptions& options) {
  const auto runner = make_thread_runner(options.parallelism);
  return make_plan_with(compilation, state, options, true, *runner);
}

ApplyResult apply(const Compilation& compilation, const EngineOptions& options,
                  const Approval& approval) {
  const auto runner = make_thread_runner(options.parallelism);
  return apply_with(compilation, options, approval, false, *runner, {});
}

ApplyResult destroy(const Compilation& compilation, const EngineOptions& options,
                    const Approval& approval) {
  const auto runner = make_thread_runner(options.parallelism);
  return apply_with(compilation, options, approval, true, *runner, {});
}

int ApplyResult::exit_status() const {
  if (!unknown.empty()) {
    return 4;
  }
  if (interrupted) {
    return 130;
  }
  if (refused) {
    return 3;
  }
  const bool check_failed = std::ranges::any_of(checks, [](const CheckResult& check) {
    return check.status == "fail" || check.status == "error" || check.status == "unknown";
  });
  const bool wrong = plan.diagnostics.has_errors() || !plan.complete || !failed.empty() ||
                     !skipped.empty() || !divergences.empty() || check_failed;
  return wrong ? 1 : 0;
}

}  // namespace infra
