#include <gtest/gtest.h>

#include "stack_fixture.h"

namespace infra::testing {
namespace {

TEST(Settings, AreReadFromTheEnvironment) {
  Stack stack(R"(
stack s { environments = [dev, prod] }
environment prod { protect = [database, service.web, service.web.volume.data], after = dev, ephemeral = true }
service web on local { command = "x", volume data { mount = "/d", size = 1GB } }
)");
  stack.environment("prod");
  const EnvironmentSettings& settings = stack.graph().settings;
  EXPECT_EQ(settings.protect,
            (std::vector<std::string>{"database", "service.web", "service.web.volume.data"}));
  EXPECT_EQ(settings.after, "dev");
  EXPECT_TRUE(settings.ephemeral);
}

TEST(Refactorings, AreCarriedAlong) {
  Stack stack(R"(
stack s { environments = [dev, prod] }
service new on local { command = "x" }
for k in ["a", "b"] { service many on local { command = "x" } }
adopt { address = service.many["b"], id = "id-${stack.name}" }
moved { from = service.old, to = service.new }
removed { address = bucket.gone["x"], destroy = false }
if environment == prod { adopt { address = service.new, id = "7" } }
)");
  stack.environment("dev");
  const ResourceGraph& graph = stack.graph();
  ASSERT_EQ(graph.moved.size(), 1U);
  EXPECT_EQ(graph.moved[0].from, "service.old");
  EXPECT_EQ(graph.moved[0].to, "service.new");
  ASSERT_EQ(graph.removed.size(), 1U);
  EXPECT_EQ(graph.removed[0].address, "bucket.gone[\"x\"]");
  EXPECT_FALSE(graph.removed[0].destroy);
  ASSERT_EQ(graph.adopted.size(), 1U);
  EXPECT_EQ(graph.adopted[0].address, "service.many[\"b\"]");
  EXPECT_EQ(graph.adopted[0].id, "id-s");
}

TEST(Graph, KnowsWhereAttributesAreWritten) {
  Stack stack(
      R"(service web on local { command = "x", env { A = "a" }, local { env { B = "b" } } })");
  const auto text = [&](std::string_view path) {
    return std::string(
        stack.compilation().sources.text(stack.graph().span(stack.node("service.web"), path)));
  };
  EXPECT_EQ(text("/command"), "command = \"x\"");
  EXPECT_EQ(text("/env/A"), "A = \"a\"");
  EXPECT_EQ(text("/env/B"), "B = \"b\"");
  EXPECT_EQ(text("/port"), "web");
}

TEST(Graph, OutlivesItsCompilation) {
  ResourceGraph graph;
  {
    Stack stack(
        "bucket b on local { }\nservice web on local { command = \"x\", env { A = bucket.b.id } }");
    graph = stack.graph();
  }
  Diagnostics diagnostics;
  const Outputs known = [](std::string_view, std::string_view) -> Value { return "known"; };
  ASSERT_NE(graph.find("service.web"), nullptr);
  EXPECT_EQ(graph.attributes(*graph.find("service.web"), known, diagnostics).at("/env/A").text(),
            "known");
}

TEST(Graph, OutputsWithoutAValueAreNotShown) {
  Stack stack(
      "output a = null ?? \"x\"\noutput b = from_json(\"null\")\noutput c = 1 { description = "
      "\"one\" }");
  ASSERT_EQ(stack.graph().outputs.size(), 2U) << stack.messages();
  EXPECT_EQ(stack.graph().outputs[1].name, "c");
  EXPECT_EQ(stack.graph().outputs[1].description, "one");
}

TEST(Compile, EveryFileSaysItsMistakes) {
  Stack stack("service web on local { command = }\n");
  stack.file("other.infra", "let x = (\nlet y = 1\n");
  EXPECT_GE(stack.compilation().diagnostics.error_count(), 2U) << stack.messages();
}

TEST(Compile, WithoutAnEnvironmentThereIsNoGraph) {
  Stack stack("param p: int\n");
  EXPECT_EQ(stack.compilation().environments, std::vector<std::string>{"default"});
}

TEST(Compile, AFolderWithoutFilesIsAnError) {
  CompileRequest request;
  request.folder = "/nowhere/at/all";
  request.environment = "dev";
  request.world = real_world();
  EXPECT_EQ(compile(request).diagnostics.all().at(0).code, "E0705");
}

}  // namespace
}  // namespace infra::testing
