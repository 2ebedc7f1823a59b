// Commands about the text alone: init, validate, fmt, graph.
#include "program.h"

namespace infra::test {
namespace {

using Text = Program;

TEST_F(Text, InitWritesAStackThatIsValidAndFormatted) {
  const Ended init = run({"init", "x"});
  ASSERT_EQ(init.status, 0) << init.err;
  EXPECT_TRUE(exists("x/main.infra"));
  EXPECT_TRUE(exists("x/app.py"));
  EXPECT_EQ(run({"validate", "--dir", "x"}).status, 0);
  EXPECT_EQ(run({"fmt", "--check", "x"}).status, 0);
  const Ended plan = run({"plan", "--dir", "x", "-detailed-exitcode"});
  EXPECT_EQ(plan.status, 2) << plan.err;
  EXPECT_TRUE(has(plan.out, "Plan: 1 to add, 0 to change, 0 to destroy.\n")) << plan.out;
  EXPECT_FALSE(exists("x/.infra"));
}

TEST_F(Text, InitOverwritesNothing) {
  ASSERT_EQ(run({"init"}).status, 0);
  const std::string before = read("main.infra");
  const Ended again = run({"init"});
  EXPECT_EQ(again.status, 1);
  EXPECT_TRUE(has(again.err, "holds a stack already"));
  EXPECT_EQ(read("main.infra"), before);
  write("y/app.py", "mine");
  EXPECT_EQ(run({"init", "y"}).status, 1);
  EXPECT_EQ(read("y/app.py"), "mine");
}

TEST_F(Text, ValidateSaysSuccessOrEveryMistake) {
  write_shop();
  const Ended good = run({"validate"});
  EXPECT_EQ(good.status, 0) << good.err;
  EXPECT_TRUE(has(good.out, "Success! The stack shop is valid")) << good.out;
  write("more.infra",
        "service a on simulator { source = image(\"x\"), prot = 1 }\n"
        "service b on simulator { source = image(\"x\"), replicas = \"two\" }\n");
  const Ended bad = run({"validate"});
  EXPECT_EQ(bad.status, 1);
  EXPECT_TRUE(has(bad.err, "more.infra:1")) << bad.err;
  EXPECT_TRUE(has(bad.err, "more.infra:2")) << bad.err;
  EXPECT_TRUE(bad.out.empty());
}

TEST_F(Text, ValidateJsonHasItsShape) {
  write_shop();
  const Value good = json_of(run({"validate", "--json"}).out);
  EXPECT_EQ(good.at("/format_version").text(), "1.0");
  EXPECT_TRUE(good.at("/valid").truth());
  EXPECT_EQ(good.at("/error_count").integer(-1), 0);
  write("more.infra", "# ä\nservice a on simulator { source = image(\"x\"), prot = 1 }\n");
  const Ended run_bad = run({"validate", "--json"});
  EXPECT_EQ(run_bad.status, 1);
  const Value bad = json_of(run_bad.out);
  EXPECT_FALSE(bad.at("/valid").truth());
  const Value& first = bad.at("/diagnostics/0");
  EXPECT_EQ(first.at("/severity").text(), "error");
  EXPECT_EQ(first.at("/range/filename").text(), "more.infra");
  EXPECT_EQ(first.at("/range/start/line").integer(), 2);
  EXPECT_EQ(first.at("/snippet/start_line").integer(), 2);
  const std::string& code = first.at("/snippet/code").text();
  const auto begin =
      static_cast<std::size_t>(first.at("/snippet/highlight_start_offset").integer());
  const auto end = static_cast<std::size_t>(first.at("/snippet/highlight_end_offset").integer());
  EXPECT_TRUE(has(code.substr(begin, end - begin), "prot")) << code;
}

TEST_F(Text, FormatsInPlaceAndChecks) {
  write("main.infra", "stack   s{environments=[dev]}\n");
  const Ended check = run({"fmt", "--check"});
  EXPECT_EQ(check.status, 3);
  EXPECT_TRUE(has(check.out, "main.infra"));
  EXPECT_EQ(read("main.infra"), "stack   s{environments=[dev]}\n");
  const Ended difference = run({"fmt", "--check", "--diff"});
  EXPECT_TRUE(has(difference.out, "\n-stack   s{environments=[dev]}\n+stack s")) << difference.out;
  EXPECT_EQ(run({"fmt"}).status, 0);
  EXPECT_EQ(read("main.infra"), "stack s { environments = [dev] }\n");
  EXPECT_EQ(run({"fmt", "--check"}).status, 0);
  EXPECT_EQ(run({"fmt"}).out, "");
}

TEST_F(Text, FormatLeavesWhatDoesNotParseAsItIs) {
  write("bad.infra", "service {{{\n");
  write("good.infra", "stack   s { }\n");
  const Ended format = run({"fmt"});
  EXPECT_EQ(format.status, 1);
  EXPECT_EQ(read("bad.infra"), "service {{{\n");
  EXPECT_EQ(read("good.infra"), "stack s {}\n");
  EXPECT_EQ(run({"fmt", "missing.infra"}).status, 1);
}

TEST_F(Text, DrawsTheGraph) {
  write_shop();
  const Ended dot = run({"graph", "--env", "dev"});
  EXPECT_EQ(dot.status, 0) << dot.err;
  EXPECT_TRUE(has(dot.out, "\"service.web\" -> \"database.main\"")) << dot.out;
  const Ended mermaid = run({"graph", "--env", "dev", "--format", "mermaid"});
  EXPECT_TRUE(mermaid.out.starts_with("flowchart LR\n"));
  EXPECT_TRUE(has(mermaid.out, " --> "));
  const Value json = json_of(run({"graph", "--env", "dev", "--format", "json"}).out);
  EXPECT_EQ(json.at("/nodes").list().size(), 3U);
}

}  // namespace
}  // namespace infra::test
