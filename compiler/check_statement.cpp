// Outputs, checks, notifications, policies, and the statements about addresses.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compiler/checker.h"

namespace infra {

// --- outputs

void Checker::check_outputs() {
  for (const auto& [name, placed] : module_.outputs) {
    const auto& output = *placed.statement->as<ast::Output>();
    const Site site = site_of(placed.scope, Purpose::root_output);
    const TypeId type = infer(output.value, nullptr, site);
    TypeId inner = types_.required(type);
    while (inner->base == TypeBase::map || inner->base == TypeBase::list) {
      inner = types_.required(inner->element);
    }
    if (inner->base == TypeBase::resource || inner->base == TypeBase::view) {
      report_misfit(output.value, types_.basic(TypeBase::scalar), inner, "an output");
    } else if (has_secret(type)) {
      auto& diagnostic = error("E0306", output.value.span,
                               fmt::format("the output `{}` would show a secret", name));
      diagnostic.help.push_back("write reveal(…): then `infra output " + name +
                                "` alone prints it, and everything else shows (sensitive)");
    }
    if (output.settings) {
      check_shape(*output.settings, {{"description", types_.optional(types_.text()), false}},
                  output.name.span, site, "an output");
    }
  }
}

// --- checks

void Checker::check_expectation(const ast::Body& body, const Site& site) {
  Site inside = site;
  inside.purpose = Purpose::expectation;
  const TypeId matched =
      types_.either({types_.basic(TypeBase::scalar), types_.basic(TypeBase::matcher)});
  check_shape(body,
              {{"status", types_.either({types_.integer(), types_.list(types_.integer())}), false},
               {"within", types_.basic(TypeBase::duration), false},
               {"header", types_.map(matched), false},
               {"body", matched, false},
               {"json", types_.any(), false},
               {"rows", types_.integer(), false}},
              body.span, inside, "`expect`");
  if (const ast::Item* status = find_item(body, "status"); status != nullptr && status->value) {
    const auto* literal = status->value->as<ast::Literal>();
    const auto* number = literal == nullptr ? nullptr : literal->value.as<std::int64_t>();
    if (number != nullptr && (*number < 100 || *number > 599)) {
      error("E0312", status->value->span, fmt::format("`status` is 100 to 599, not {}", *number));
    }
  }
}

void Checker::check_check(const ast::Check& check, const Site& site) {
  const TypeId failure = types_.enumeration({"fail", "warn", "rollback"});
  const ast::Item* expect = find_item(check.body, "expect");
  const auto* expectation =
      expect == nullptr || !expect->value ? nullptr : expect->value->as<ast::Body>();
  const TypeId expected_body =
      expectation != nullptr ? types_.secret(types_.any()) : types_.record({});
  refuse_duplicates(check.body);
  const TypeId record = types_.record({{"call", types_.basic(TypeBase::call), false},
                                       {"tcp", types_.text(), false},
                                       {"sql", types_.text(), false},
                                       {"database", types_.reference_to({"database"}), false},
                                       {"expect", expected_body, false},
                                       {"on_failure", failure, false}});
  for (const auto& item : check.body.items) {
    const TypeField* field =
        item.kind == ast::Item::Kind::spread ? nullptr : record->field(item.key.text);
    if (field == nullptr || item.key.expression) {
      report_unknown_attribute(item, record, "a check");
    } else if (field->name == "expect" && expectation != nullptr) {
      check_expectation(*expectation, site);
    } else {
      coerce_item(item, *field, site);
    }
  }
  std::vector<const ast::Item*> ways;
  for (const std::string_view way : {"call", "tcp", "sql"}) {
    if (const ast::Item* item = find_item(check.body, way)) {
      ways.push_back(item);
    }
  }
  const ast::Item* database = find_item(check.body, "database");
  if (ways.size() != 1) {
    auto& diagnostic = error(
        "E0313", ways.empty() ? check.name.span : ways[1]->key.span,
        fmt::format("the check `{}` has exactly one of `call`, `tcp` and `sql`", check.name.text));
    if (!ways.empty()) {
      diagnostic.related.push_back({ways[0]->key.span, "the first one"});
    }
  } else if (ways[0]->key.text == "sql" && database == nullptr) {
    error("E0302", ways[0]->key.span, "a check with `sql` needs `database`")
        .help.push_back("write `database = database.NAME`");
  } else if (ways[0]->key.text != "sql" && database != nullptr) {
    error("E0313", database->key.span, "`database` belongs to a check with `sql`");
  }
  const ast::Item* failing = find_item(check.body, "on_failure");
  if (failing != nullptr && failing->value &&
      statics_.constant(*failing->value, 0, site.scope).value_or(Value()).text() == "rollback") {
    no_effect("rollback", failing->value->span);
  }
}

void Checker::check_checks() {
  for (const auto& [name, placed] : module_.checks) {
    check_check(*placed.statement->as<ast::Check>(), site_of(placed.scope, Purpose::general));
  }
}

// --- notifications and policies: their shape, until they have an effect

void Checker::check_notifies() {
  for (const auto& [name, placed] : module_.notifies) {
    const auto& notify = *placed.statement->as<ast::Notify>();
    const Site site = site_of(placed.scope, Purpose::general);
    const TypeId events = types_.list(types_.enumeration({"applied", "failed", "drifted"}));
    check_shape(notify.body,
                {{"discord", optional_secret_text(), false},
                 {"slack", optional_secret_text(), false},
                 {"webhook", optional_secret_text(), false},
                 {"on", events, false}},
                notify.name.span, site, "a `notify`");
    std::size_t ways = 0;
    for (const std::string_view way : {"discord", "slack", "webhook"}) {
      ways += find_item(notify.body, way) != nullptr ? 1 : 0;
    }
    if (ways != 1) {
      error("E0313", notify.name.span,
            fmt::format("`notify {}` has exactly one of `discord`, `slack` and `webhook`", name));
    }
    no_effect("notify", notify.name.span);
  }
}

void Checker::check_rule(const ast::PolicyRule& rule, ScopeId scope) {
  const auto& steps = rule.selector.steps;
  const std::string& kind = steps.front().name.text;
  if (!is_resource_kind(kind)) {
    auto& diagnostic = error("E0207", rule.selector.span,
                             fmt::format("a rule is about a kind or an address, not `{}`", kind));
    suggest(diagnostic, kind, {"service", "database", "bucket", "secret", "cron", "resource"});
    return;
  }
  const ResourceInfo* info = nullptr;
  if (steps.size() > 1) {
    info = find_resource(kind, steps[1].name.text);
    if (info == nullptr) {
      report_unknown_resource(kind, steps[1].name);
      return;
    }
  }
  Site site = site_of(scope, Purpose::policy);
  if (is_value_name(rule.variable.text, site)) {
    error("E0203", rule.variable.span,
          fmt::format("`{}` would hide another `{}`", rule.variable.text, rule.variable.text))
        .help.push_back("give it another name");
  }
  locals_.push_back(
      {rule.variable.text, types_.resource(resource_kind(kind), info), rule.variable.span});
  statics_.enter_local(rule.variable.text);
  if (rule.where) {
    boolean_condition(*rule.where, site, "`where`");
  }
  coerce(rule.because, types_.text(), site, "what follows `because`");
  statics_.leave_local();
  locals_.pop_back();
}

void Checker::check_policies() {
  for (const auto& [name, placed] : module_.policies) {
    const auto& policy = *placed.statement->as<ast::Policy>();
    for (const auto& rule : policy.rules) {
      check_rule(rule, placed.scope);
    }
    check_shape(policy.settings,
                {{"severity", types_.enumeration({"warn", "refuse"}), false},
                 {"description", types_.text(), false}},
                policy.name.span, site_of(placed.scope, Purpose::general), "a policy");
    no_effect("policy", policy.name.span);
  }
}

// --- addresses

std::string Checker::WrittenAddress::text() const {
  std::string text = kind + "." + name;
  for (const auto& key : keys) {
    text += "[\"" + key + "\"]";
  }
  for (const auto& step : below) {
    text += "." + step;
  }
  return text;
}

// `service.api["eu"]`, written as an expression. The first error about it is said here.
std::optional<Checker::WrittenAddress> Checker::read_address(const ast::Expression& expression) {
  std::vector<const ast::Expression*> chain;
  const ast::Expression* at = &expression;
  while (true) {
    chain.insert(chain.begin(), at);
    if (const auto* member = at->as<ast::Member>()) {
      at = &*member->object;
    } else if (const auto* index = at->as<ast::Index>()) {
      at = &*index->object;
    } else {
      break;
    }
  }
  const auto* root = at->as<ast::NameExpression>();
  if (root != nullptr && aliases_.contains(root->name)) {
    return std::nullopt;
  }
  const auto* second = chain.size() > 1 ? chain[1]->as<ast::Member>() : nullptr;
  if (root == nullptr || second == nullptr || !is_resource_kind(root->name)) {
    error("E0207", expression.span, "this is no address")
        .help.push_back("write KIND.NAME, such as `service.web` or `service.api[\"eu\"]`");
    return std::nullopt;
  }
  WrittenAddress address{root->name, second->name.text, {}, {}, expression.span};
  for (std::size_t i = 2; i < chain.size(); ++i) {
    if (const auto* member = chain[i]->as<ast::Member>()) {
      address.below.push_back(member->name.text);
      continue;
    }
    const ast::Expression& key = *chain[i]->as<ast::Index>()->index;
    const auto* literal = key.as<ast::Literal>();
    if (literal == nullptr || literal->value.as<std::string>() == nullptr) {
      error("E0207", key.span, "a key in an address is a plain text, such as [\"eu\"]");
      return std::nullopt;
    }
    (address.below.empty() ? address.keys : address.below).push_back(literal->value.text());
  }
  return address;
}

std::optional<Checker::WrittenAddress> Checker::address_item(const ast::Body& body,
                                                             std::string_view key, const Span& head,
                                                             bool must_exist) {
  const ast::Item* item = find_item(body, key);
  if (item == nullptr || !item->value) {
    error("E0302", head, fmt::format("this statement needs `{}`", key))
        .help.push_back(fmt::format("write `{} = KIND.NAME`", key));
    return std::nullopt;
  }
  auto address = read_address(*item->value);
  if (address && must_exist && find_resource(address->kind, address->name) == nullptr) {
    report_unknown_resource(address->kind, {address->name, address->span});
    return std::nullopt;
  }
  return address;
}

namespace {

Span head_of(const ast::Statement& statement, std::string_view word) {
  return {statement.span.file, statement.span.begin,
          statement.span.begin + static_cast<std::uint32_t>(word.size())};
}

}  // namespace

void Checker::refuse_other_items(const ast::Body& body, const std::vector<std::string>& allowed,
                                 std::string_view owner) {
  refuse_duplicates(body);
  std::vector<TypeField> fields;
  for (const auto& name : allowed) {
    fields.push_back({name, types_.any(), false});
  }
  const TypeId record = types_.record(std::move(fields));
  for (const auto& item : body.items) {
    if (item.kind == ast::Item::Kind::spread || item.key.expression ||
        record->field(item.key.text) == nullptr) {
      report_unknown_attribute(item, record, owner);
    }
  }
}

// True when the text still makes this very address.
bool Checker::still_made(const WrittenAddress& address) {
  const ResourceInfo* info = find_resource(address.kind, address.name);
  return info != nullptr && address.below.empty() && address.keys.empty() && info->loops.empty();
}

void Checker::check_moved() {
  struct Pair {
    WrittenAddress from, to;
  };
  std::map<std::string, Pair> by_from;
  std::map<std::string, Span> targets;
  for (const auto& placed : module_.moved) {
    const auto& moved = *placed.statement->as<ast::Moved>();
    const Span head = head_of(*placed.statement, "moved");
    refuse_other_items(moved.body, {"from", "to"}, "`moved`");
    const auto from = address_item(moved.body, "from", head, false);
    const auto to = address_item(moved.body, "to", head, false);
    if (!from || !to) {
      continue;
    }
    if (from->kind != to->kind) {
      error("E0620", to->span, fmt::format("a {} cannot become a {}", from->kind, to->kind))
          .related.push_back({from->span, "moved from here"});
      continue;
    }
    if (still_made(*from)) {
      error("E0620", from->span, fmt::format("`{}` is still declared", from->text()))
          .help.push_back("`from` names what the resource was called before; rename the block too");
      continue;
    }
    const auto [first, fresh] = by_from.emplace(from->text(), Pair{*from, *to});
    const auto [target, alone] = targets.emplace(to->text(), to->span);
    if (!fresh || !alone) {
      error("E0620", fresh ? to->span : from->span,
            fmt::format("two `moved` have the same `{}`", fresh ? "to" : "from"))
          .related.push_back({fresh ? target->second : first->second.from.span, "the other one"});
    }
  }
  std::unordered_set<std::string> settled;  // their way to the end has been walked
  for (const auto& [from, pair] : by_from) {
    std::vector<std::string> path;
    auto at = by_from.find(from);
    while (at != by_from.end() && settled.insert(at->first).second) {
      path.push_back(at->first);
      at = by_from.find(at->second.to.text());
    }
    if (at != by_from.end() && std::find(path.begin(), path.end(), at->first) != path.end()) {
      error("E0620", at->second.from.span,
            fmt::format("the moves of `{}` lead back to it in a circle", at->first));
    }
    const bool last = !by_from.contains(pair.to.text());
    if (last && find_resource(pair.to.kind, pair.to.name) == nullptr) {
      report_unknown_resource(pair.to.kind, {pair.to.name, pair.to.span});
    }
  }
}

void Checker::check_removed() {
  for (const auto& placed : module_.removed) {
    const auto& removed = *placed.statement->as<ast::Removed>();
    refuse_other_items(removed.body, {"address", "destroy"}, "`removed`");
    const auto address =
        address_item(removed.body, "address", head_of(*placed.statement, "removed"), false);
    if (address && still_made(*address)) {
      error("E0620", address->span, fmt::format("`{}` is still declared", address->text()))
          .help.push_back("take its block away; `removed` says what becomes of what it made");
    }
    if (const ast::Item* destroy = find_item(removed.body, "destroy");
        destroy != nullptr && destroy->value) {
      coerce(*destroy->value, types_.boolean(), site_of(0, Purpose::before_resources), "destroy");
    }
  }
}

void Checker::check_adopts() {
  for (const auto& placed : module_.adopts) {
    const auto& adopt = *placed.statement->as<ast::Adopt>();
    const Span head = head_of(*placed.statement, "adopt");
    refuse_other_items(adopt.body, {"address", "id"}, "`adopt`");
    const auto address = address_item(adopt.body, "address", head, true);
    const Site site = site_of(placed.scope, Purpose::before_resources);
    if (const ast::Item* id = find_item(adopt.body, "id"); id != nullptr && id->value) {
      coerce(*id->value, types_.text(), site, "id");
    } else {
      error("E0302", head, "this statement needs `id`")
          .help.push_back("write `id = \"…\"`: what the platform calls the object");
    }
    if (address && address->kind == "secret") {
      error("E0620", address->span, "a secret is no object of a platform: it cannot be adopted");
    }
  }
}

}  // namespace infra
