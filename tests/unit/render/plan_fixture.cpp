#include "plan_fixture.h"

#include <utility>

namespace infra::test {
namespace {

void add_creations(Plan& plan) {
  PlannedChange database = change("database.main", "simulator.database", Operation::create);
  database.reason = "odys.infra:16";
  database.stateful = true;
  database.kind = "database";
  database.after = Object{{"engine", "postgres"},
                          {"version", "15"},
                          {"password", Secret(std::string(planted_secret))},
                          {"url", Unknown{true}},
                          {"backup", Object{{"keep", std::int64_t{7}}}},
                          {"host", Unknown{}}};
  plan.changes.push_back(database);
  for (const char* key : {"de", "fr", "us"}) {
    PlannedChange round =
        change("service.api[\"" + std::string(key) + "\"]", "simulator.service", Operation::create);
    round.keys = {key};
    round.name = "api";
    round.reason = "odys.infra:40";
    round.after = Object{{"port", std::int64_t{8080}}, {"timeout", Duration{30000}}};
    plan.changes.push_back(round);
  }
}

void add_changes_in_place(Plan& plan) {
  PlannedChange web = change("service.web", "simulator.service", Operation::update);
  web.id = "svc_1";
  web.reason = "odys.infra:31";
  web.effect = Effect::restart;
  web.before = Object{{"env", Object{{"NODE_ENV", "development"},
                                     {"TOKEN", Secret(std::string("old") + planted_secret)}}},
                      {"replicas", std::int64_t{3}}};
  web.after = Object{{"env", Object{{"NODE_ENV", "production"},
                                    {"TOKEN", Secret(std::string(planted_secret))},
                                    {"DATABASE_URL", Unknown{true}}}},
                     {"replicas", std::int64_t{2}}};
  web.leaves.push_back(leaf("/env/DATABASE_URL", {}, Unknown{true}, "database.main becomes known"));
  web.leaves.back().sensitive = true;
  web.leaves.push_back(leaf("/env/NODE_ENV", "development", "production"));
  web.leaves.push_back(leaf("/env/TOKEN", Secret(std::string("old")),
                            Secret(std::string(planted_secret)), "rotated"));
  web.leaves.back().sensitive = true;
  web.leaves.push_back(
      leaf("/replicas", std::int64_t{3}, std::int64_t{2}, "was changed outside infra"));
  web.leaves.back().origin = Origin::drift;
  web.affects = {"cron.reminders"};
  plan.changes.push_back(web);

  PlannedChange drifted = change("service.web", "simulator.service", Operation::update);
  drifted.leaves.push_back(leaf("/replicas", std::int64_t{2}, std::int64_t{3}));
  plan.drift.push_back(drifted);
}

void add_replacements(Plan& plan) {
  PlannedChange bucket = change("bucket.files", "simulator.bucket", Operation::replace);
  bucket.create_first = false;
  bucket.stateful = true;
  bucket.effect = Effect::data_loss;
  bucket.id = "b_7";
  bucket.reason = "a bucket's region cannot be changed in place, so it is made anew elsewhere";
  bucket.action_reason = "replace_because_cannot_update";
  bucket.before = Object{{"region", "us-east4"}};
  bucket.after = Object{{"region", "us-west2"}, {"endpoint", Unknown{}}};
  bucket.leaves.push_back(leaf("/region", "us-east4", "us-west2"));
  bucket.leaves.back().replaces = true;
  plan.changes.push_back(bucket);
  plan.refusals.push_back({"bucket.files",
                           "bucket.files holds data, and this plan would destroy it",
                           "--allow-destroy=bucket.files"});

  PlannedChange bot = change("service.bot", "simulator.service", Operation::replace);
  bot.create_first = true;
  bot.id = "svc_2";
  bot.before = Object{{"image", "a"}};
  bot.after = Object{{"image", "b"}};
  bot.leaves.push_back(leaf("/image", "a", "b"));
  plan.changes.push_back(bot);

  PlannedChange deposed = change("service.bot", "simulator.service", Operation::remove);
  deposed.deposed = "0123456789abcdef0123456789abcdef";
  deposed.id = "svc_old";
  deposed.before = Object{{"image", "z"}};
  plan.changes.push_back(deposed);
}

void add_the_rest(Plan& plan) {
  PlannedChange old = change("cron.nightly", "simulator.cron", Operation::remove);
  old.action_reason = "delete_because_no_resource_config";
  old.reason = "is no longer in the text";
  old.before = Object{{"schedule", "0 3 * * *"}};
  plan.changes.push_back(old);

  PlannedChange renamed = change("database.primary", "simulator.database", Operation::no_op);
  renamed.previous_address = "database.old";
  renamed.renamed = true;
  renamed.id = "db_3";
  renamed.before = renamed.after = Object{{"engine", "postgres"}};
  plan.changes.push_back(renamed);

  PlannedChange adopted = change("service.legacy", "simulator.service", Operation::no_op);
  adopted.import_id = adopted.id = "svc_legacy";
  adopted.before = adopted.after = Object{{"port", std::int64_t{1}}};
  plan.changes.push_back(adopted);

  PlannedChange forgotten = change("service.mcp", "simulator.service", Operation::forget);
  forgotten.before = Object{{"port", std::int64_t{2}}};
  plan.changes.push_back(forgotten);

  PlannedChange same = change("service.same", "simulator.service", Operation::no_op);
  same.id = "svc_9";
  same.before = same.after = Object{{"port", std::int64_t{3000}}};
  plan.changes.push_back(same);

  plan.unfinished.push_back(
      {"aa11", "database.lost", IntentKind::create, 1'790'000'000'000, false});
  plan.outputs.push_back({"token", Operation::update, Secret(std::string("a")),
                          Secret(std::string(planted_secret)), true});
  plan.outputs.push_back({"url", Operation::create, {}, Unknown{}, false});
  plan.calls.push_back({"simulator", 12});
  plan.parameters.emplace("region", "eu");
  plan.parameters.emplace("token", Secret(std::string(planted_secret)));
}

}  // namespace

LeafChange leaf(std::string path, Value before, Value after, std::string reason) {
  LeafChange result;
  result.path = std::move(path);
  result.before = std::move(before);
  result.after = std::move(after);
  result.reason = std::move(reason);
  return result;
}

PlannedChange change(std::string address, std::string type, Operation operation) {
  PlannedChange result;
  result.address = std::move(address);
  result.type = std::move(type);
  result.operation = operation;
  result.provider = "simulator";
  return result;
}

Plan full_plan() {
  Plan plan;
  plan.stack = "odys";
  plan.environment = "prod";
  plan.lineage = "00112233445566778899aabbccddeeff";
  plan.serial = 12;
  plan.configuration_hash = "abcd";
  plan.created = "2026-09-20T10:00:00Z";
  add_creations(plan);
  add_changes_in_place(plan);
  add_replacements(plan);
  add_the_rest(plan);
  return plan;
}

State full_state() {
  State state;
  state.stack = "odys";
  state.environment = "prod";
  state.lineage = "00112233445566778899aabbccddeeff";
  state.serial = 12;
  ResourceRecord record;
  record.address = "service.web";
  record.type = "simulator.service";
  record.provider = "simulator";
  record.id = "svc_1";
  record.live =
      Object{{"replicas", std::int64_t{3}}, {"token", Secret(std::string(planted_secret))}};
  record.dependencies = {"database.main"};
  state.resources.emplace(record.address, record);
  DeposedRecord deposed;
  deposed.op = "0123456789abcdef0123456789abcdef";
  deposed.record = record;
  deposed.record.address = "service.bot";
  state.deposed.emplace(deposed.op, deposed);
  state.outputs.emplace("token", OutputRecord{"token", Secret(std::string(planted_secret)), true});
  state.outputs.emplace("url", OutputRecord{"url", "http://localhost", false});
  RunRecord run;
  run.checks.push_back({"web_is_up", "fail", "answered 500"});
  state.last_run = run;
  return state;
}

SealingKey key(char fill) {
  return SealingKey::from_bytes(Secret(std::string(32, fill)));
}

}  // namespace infra::test
