#include <gtest/gtest.h>

#include <set>

#include "base/json.h"
#include "plan_fixture.h"

namespace infra::test {
namespace {

Value parsed(const std::string& text) {
  auto result = parse_json(text);
  if (const auto* error = std::get_if<std::string>(&result)) {
    ADD_FAILURE() << *error;
    return {};
  }
  return std::get<Value>(result);
}

// Says what of a plan document is not as its format wants it: keys that are missing, of the wrong
// kind or unknown. Written from the format's description, not from the renderer.
class ShapeChecker {
 public:
  std::vector<std::string> check(const Value& document) {
    keys("plan", document,
         {"format_version", "terraform_version", "planned_values", "configuration", "timestamp",
          "errored", "applyable", "complete"},
         {"variables", "resource_drift", "resource_changes", "output_changes", "prior_state",
          "relevant_attributes", "checks", "infra_version", "infra"});
    require(document.at("/format_version").text() == "1.2", "format_version is 1.2");
    for (const char* flag : {"/errored", "/applyable", "/complete"}) {
      require(document.at(flag).as<bool>() != nullptr, std::string(flag) + " is a bool");
    }
    const std::string& time = document.at("/timestamp").text();
    require(time.size() >= 20 && time[10] == 'T' && time.back() == 'Z', "timestamp is RFC 3339");
    for (const char* list : {"/resource_changes", "/resource_drift"}) {
      std::set<std::string> seen;
      for (const Value& element : document.at(list).list()) {
        resource_change(element);
        const std::string key = element.at("/address").text() + "|" + element.at("/deposed").text();
        require(seen.insert(key).second, "address and deposed are unique: " + key);
      }
    }
    for (const auto& [name, element] : document.at("/output_changes").object()) {
      output_change(name, element);
    }
    values(document.at("/planned_values"));
    configuration(document.at("/configuration"));
    if (const Value& prior = document.at("/prior_state")) {
      keys("prior_state", prior, {"format_version", "terraform_version", "values"}, {"checks"});
      require(prior.at("/format_version").text() == "1.0", "prior_state is 1.0");
      values(prior.at("/values"));
    }
    for (const auto& [name, variable] : document.at("/variables").object()) {
      keys("variable " + name, variable, {"value"}, {});
    }
    return std::move(problems_);
  }

 private:
  void require(bool holds, const std::string& what) {
    if (!holds) {
      problems_.push_back(what);
    }
  }

  void keys(const std::string& where, const Value& value, const std::set<std::string>& required,
            const std::set<std::string>& optional) {
    require(value.as<Object>() != nullptr, where + " is an object");
    for (const std::string& key : required) {
      require(value.object().contains(key), where + " has " + key);
    }
    for (const auto& [key, item] : value.object()) {
      require(required.contains(key) || optional.contains(key), where + " knows no " + key);
    }
  }

  void resource_change(const Value& element) {
    const std::string where = element.at("/address").text();
    keys(where, element, {"address", "mode", "type", "name", "provider_name", "change"},
         {"previous_address", "module_address", "index", "deposed", "action_reason", "infra"});
    const std::string& mode = element.at("/mode").text();
    require(mode == "managed" || mode == "data", where + ": mode");
    require(element.at("/provider_name").text().starts_with("infra/"), where + ": provider_name");
    if (const Value& deposed = element.at("/deposed")) {
      require(deposed.text().size() == 8, where + ": deposed is 8 hex digits");
    }
    change(where, element.at("/change"));
  }

  void change(const std::string& where, const Value& value) {
    keys(where, value,
         {"actions", "before", "after", "after_unknown", "before_sensitive", "after_sensitive"},
         {"replace_paths", "importing", "generated_config"});
    const std::set<std::string> known{"no-op",         "create",        "read",   "update",
                                      "delete,create", "create,delete", "delete", "forget"};
    std::string actions;
    for (const Value& action : value.at("/actions").list()) {
      actions += (actions.empty() ? "" : ",") + action.text();
    }
    require(known.contains(actions), where + ": actions " + actions);
    const bool create = actions == "create";
    const bool ends = actions == "delete" || actions == "forget";
    require(create == value.at("/before").is_null(), where + ": before is null for a create alone");
    require(ends == value.at("/after").is_null(), where + ": after is null for an end alone");
    require(create ? value.at("/before_sensitive").as<bool>() != nullptr
                   : value.at("/before_sensitive").as<Object>() != nullptr,
            where + ": before_sensitive");
    require(ends ? value.at("/after_sensitive").as<bool>() != nullptr
                 : value.at("/after_sensitive").as<Object>() != nullptr,
            where + ": after_sensitive");
    for (const char* shape : {"/after_unknown", "/before_sensitive", "/after_sensitive"}) {
      true_leaves(where + shape, value.at(shape));
    }
    require(value.at("/replace_paths").is_null() || actions.find(',') != std::string::npos,
            where + ": replace_paths belong to replacements");
    for (const Value& path : value.at("/replace_paths").list()) {
      require(!path.list().empty(), where + ": a path of replace_paths is a list of steps");
    }
  }

  void true_leaves(const std::string& where, const Value& shape) {
    for_each_leaf(shape, "", [&](const Path& at, const Value& leaf) {
      const bool in_list = !at.empty() && std::isdigit(static_cast<unsigned char>(at.back())) != 0;
      const bool top = at.empty();
      require(leaf.truth() || in_list || top, where + at + " is true");
    });
  }

  void output_change(const std::string& name, const Value& value) {
    keys("output " + name, value,
         {"actions", "before", "after_unknown", "before_sensitive", "after_sensitive"}, {"after"});
    for (const char* flag : {"/after_unknown", "/before_sensitive", "/after_sensitive"}) {
      require(value.at(flag).as<bool>() != nullptr, "output " + name + flag + " is a bool");
    }
    require(value.at("/before_sensitive").truth() == value.at("/after_sensitive").truth(),
            "output " + name + ": both sides get the same flag");
  }

  void values(const Value& value) {
    keys("values", value, {"root_module"}, {"outputs"});
    for (const Value& resource : value.at("/root_module/resources").list()) {
      keys(resource.at("/address").text(), resource,
           {"address", "mode", "type", "name", "provider_name", "schema_version", "values",
            "sensitive_values"},
           {"index", "depends_on", "tainted", "deposed_key"});
    }
    for (const auto& [name, output] : value.at("/outputs").object()) {
      keys("output value " + name, output, {"sensitive"}, {"type", "value"});
    }
  }

  void configuration(const Value& value) {
    keys("configuration", value, {"root_module"}, {"provider_config"});
    for (const Value& resource : value.at("/root_module/resources").list()) {
      keys(resource.at("/address").text(), resource,
           {"address", "mode", "type", "name", "provider_config_key", "expressions",
            "schema_version"},
           {"count_expression", "for_each_expression", "depends_on"});
      for (const auto& [attribute, expression] : resource.at("/expressions").object()) {
        keys(attribute, expression, {}, {"constant_value", "references"});
      }
    }
  }

  std::vector<std::string> problems_;
};

const Value* change_of(const Value& document, std::string_view address) {
  for (const Value& element : document.at("/resource_changes").list()) {
    if (element.at("/address").text() == address) {
      return &element;
    }
  }
  return nullptr;
}

ResourceNode node(std::string address, std::string kind, std::string name, Value attributes) {
  ResourceNode result;
  result.address = std::move(address);
  result.type = "simulator." + kind;
  result.kind = std::move(kind);
  result.name = std::move(name);
  result.provider = "simulator";
  result.attributes = std::move(attributes);
  return result;
}

Compilation small_compilation() {
  Compilation compilation;
  compilation.graph.emplace();
  ResourceGraph& graph = *compilation.graph;
  graph.nodes.push_back(node("database.main", "database", "main", Object{{"engine", "postgres"}}));
  graph.nodes.push_back(node("service.web", "service", "web",
                             Object{{"env", Object{{"DATABASE_URL", Unknown{true}}}},
                                    {"needs", List{Reference{"database.main", ""}}},
                                    {"token", Secret(std::string(planted_secret))},
                                    {"port", std::int64_t{3000}}}));
  graph.nodes[1].dependencies.push_back({0, Wait::live, "/url", "/env/DATABASE_URL"});
  graph.nodes[1].dependencies.push_back({0, Wait::live, "", "/needs"});
  graph.providers.push_back({"simulator", "simulator", {}, {}});
  PlannedOutput output;
  output.name = "url";
  graph.outputs.push_back(output);
  return compilation;
}

Value full_document() {
  return parsed(plan_json(full_plan(), small_compilation(), full_state(), "c1p."));
}

TEST(PlanJson, HasTheShapeThatDecodersExpect) {
  EXPECT_EQ(ShapeChecker().check(full_document()), std::vector<std::string>{});
  EXPECT_EQ(ShapeChecker().check(parsed(plan_json(
                [] {
                  Plan plan;
                  plan.created = "2026-09-20T10:00:00Z";
                  return plan;
                }(),
                Compilation{}, State{}))),
            std::vector<std::string>{});
}

TEST(PlanJson, TheCheckerCanFail) {
  Value document = full_document();
  document.erase("/errored");
  document.set("/resource_changes/0/change/after_unknown", Object{{"x", false}});
  EXPECT_EQ(ShapeChecker().check(document).size(), 3U);
}

TEST(PlanJson, CarriesNoSecret) {
  EXPECT_EQ(plan_json(full_plan(), small_compilation(), full_state()).find("hunter2"),
            std::string::npos);
  EXPECT_EQ(state_json(full_state()).find("hunter2"), std::string::npos);
}

TEST(PlanJson, SaysReplacementsInTheirOrder) {
  const Value document = full_document();
  const Value* bucket = change_of(document, "bucket.files");
  ASSERT_NE(bucket, nullptr);
  EXPECT_TRUE(same(bucket->at("/change/actions"), List{"delete", "create"}));
  EXPECT_TRUE(same(bucket->at("/change/replace_paths"), List{List{"region"}}));
  EXPECT_EQ(bucket->at("/action_reason").text(), "replace_because_cannot_update");
  EXPECT_EQ(bucket->at("/change/before/id").text(), "b_7");
  EXPECT_EQ(bucket->at("/infra/effect").text(), "data loss");
  EXPECT_TRUE(
      same(change_of(document, "service.bot")->at("/change/actions"), List{"create", "delete"}));
}

TEST(PlanJson, LeavesOutWhatIsUnknownAndHidesWhatIsSecret) {
  const Value document = full_document();
  const Value& web = change_of(document, "service.web")->at("/change");
  EXPECT_FALSE(web.at("/after/env").object().contains("DATABASE_URL"));
  EXPECT_TRUE(same(web.at("/after_unknown"), Object{{"env", Object{{"DATABASE_URL", true}}}}));
  EXPECT_EQ(web.at("/after/env/TOKEN").text(), "(sensitive)");
  EXPECT_TRUE(web.at("/after_sensitive/env/TOKEN").truth());
  EXPECT_TRUE(web.at("/after_sensitive/env/DATABASE_URL").truth());
}

TEST(PlanJson, HidesAPlainLeafThatItsSchemaCallsSensitive) {
  Plan plan;
  PlannedChange web = change("service.web", "simulator.service", Operation::update);
  web.before = Object{{"key", "plain-old"}};
  web.after = Object{{"key", planted_secret}};
  web.leaves.push_back(leaf("/key", "plain-old", planted_secret));
  web.leaves.back().sensitive = true;
  plan.changes.push_back(web);
  const std::string text = plan_json(plan, Compilation{}, State{});
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_EQ(text.find("plain-old"), std::string::npos);
}

TEST(PlanJson, IncludesNoOpsMovesDeposedAndAdoptions) {
  const Value document = full_document();
  EXPECT_TRUE(same(change_of(document, "service.same")->at("/change/actions"), List{"no-op"}));
  EXPECT_EQ(change_of(document, "database.primary")->at("/previous_address").text(),
            "database.old");
  EXPECT_EQ(change_of(document, "service.legacy")->at("/change/importing/id").text(), "svc_legacy");
  bool deposed = false;
  for (const Value& element : document.at("/resource_changes").list()) {
    deposed = deposed || element.at("/deposed").text() == "01234567";
  }
  EXPECT_TRUE(deposed);
}

TEST(PlanJson, GivesOneKeyAsTextAndSeveralAsList) {
  Plan plan = full_plan();
  plan.changes[1].keys = {"eu", "blue"};
  const Value document = parsed(plan_json(plan, Compilation{}, State{}));
  EXPECT_TRUE(same(document.at("/resource_changes/1/index"), List{"eu", "blue"}));
  EXPECT_EQ(document.at("/resource_changes/2/index").text(), "fr");
}

TEST(PlanJson, ConfigurationHasConstantsAndReferences) {
  const Value document = full_document();
  const Value& web = document.at("/configuration/root_module/resources/1");
  EXPECT_EQ(web.at("/expressions/port/constant_value").integer(), 3000);
  EXPECT_TRUE(
      same(web.at("/expressions/env/references"), List{"database.main.url", "database.main"}));
  EXPECT_TRUE(web.at("/expressions/token").object().empty());
  EXPECT_TRUE(same(web.at("/depends_on"), List{"database.main"}));
  EXPECT_EQ(document.at("/configuration/provider_config/simulator/full_name").text(),
            "infra/simulator");
}

TEST(PlanJson, ARefusedPlanIsNotApplyable) {
  Plan plan = full_plan();
  plan.created = "2026-09-20T10:00:00Z";
  EXPECT_FALSE(parsed(plan_json(plan, Compilation{}, State{})).at("/applyable").truth());
  plan.refusals.clear();
  EXPECT_TRUE(parsed(plan_json(plan, Compilation{}, State{})).at("/applyable").truth());
}

TEST(StateJson, HasValuesDeposedObjectsAndChecks) {
  const Value document = parsed(state_json(full_state()));
  EXPECT_EQ(document.at("/format_version").text(), "1.0");
  EXPECT_EQ(document.at("/values/root_module/resources/0/values/id").text(), "svc_1");
  EXPECT_EQ(document.at("/values/root_module/resources/1/deposed_key").text(), "01234567");
  EXPECT_TRUE(document.at("/values/outputs/token/sensitive").truth());
  EXPECT_EQ(document.at("/values/outputs/url/value").text(), "http://localhost");
  EXPECT_EQ(document.at("/checks/0/status").text(), "fail");
}

}  // namespace
}  // namespace infra::test
