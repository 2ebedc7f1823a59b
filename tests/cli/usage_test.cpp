// Words of the command line: versions, help, what is no command or flag, and shells.
#include "program.h"

namespace infra::test {
namespace {

using Usage = Program;

TEST_F(Usage, VersionIsThatOfTheBuild) {
  const Ended version = run({"version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.out, std::string("infra ") + INFRA_VERSION + "\n");
  EXPECT_EQ(json_of(run({"version", "--json"}).out).at("/infra_version").text(), INFRA_VERSION);
}

TEST_F(Usage, HelpIsNoError) {
  const Ended help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const char* command :
       {"init",   "validate",  "fmt",     "plan",  "apply",      "destroy", "drift",
        "import", "show",      "output",  "graph", "why",        "recover", "state",
        "lock",   "providers", "explain", "agent", "completion", "version"}) {
    EXPECT_TRUE(has(help.out, std::string("\n  ") + command + " ")) << command;
  }
  EXPECT_TRUE(has(run({"plan", "--help"}).out, "--detailed-exitcode"));
  EXPECT_TRUE(has(run({"state", "mv", "--help"}).out, "Usage: infra state mv "));
}

TEST_F(Usage, NoCommandIsAnError) {
  const Ended nothing = run({});
  EXPECT_EQ(nothing.status, 1);
  EXPECT_TRUE(nothing.out.empty());
  EXPECT_TRUE(has(nothing.err, "plan"));
}

TEST_F(Usage, OffersTheNearestCommandAndFlag) {
  const Ended command = run({"plna"});
  EXPECT_EQ(command.status, 1);
  EXPECT_EQ(command.err,
            "error: `infra plna` is no command\n  = help: did you mean `infra plan`?\n");
  const Ended group = run({"state", "lst"});
  EXPECT_TRUE(has(group.err, "did you mean `infra state list`?")) << group.err;
  const Ended flag = run({"plan", "--detaild-exitcode"});
  EXPECT_EQ(flag.status, 1);
  EXPECT_TRUE(has(flag.err, "did you mean `--detailed-exitcode`?")) << flag.err;
  EXPECT_TRUE(has(run({"state"}).err, "it has list"));
  EXPECT_EQ(run({"plan", "--format", "xml"}).status, 1);
}

TEST_F(Usage, CompletionsParseInTheirShells) {
  const Ended bash = run({"completion", "bash"});
  EXPECT_EQ(bash.status, 0);
  write("complete.bash", bash.out);
  EXPECT_EQ(std::system(("bash -n " + path("complete.bash")).c_str()), 0);
  const std::string ask = "bash -c '. " + path("complete.bash") +
                          "; COMP_WORDS=(infra state r); COMP_CWORD=2; _infra; "
                          "echo \"${COMPREPLY[@]}\"' > " +
                          path("words");
  EXPECT_EQ(std::system(ask.c_str()), 0);
  EXPECT_EQ(read("words"), "rm rollback\n");
  EXPECT_TRUE(has(run({"completion", "zsh"}).out, "#compdef infra"));
  EXPECT_TRUE(has(run({"completion", "fish"}).out, "complete -c infra"));
  EXPECT_EQ(run({"completion", "tcsh"}).status, 1);
}

TEST_F(Usage, ExplainsCodes) {
  const Ended list = run({"explain"});
  EXPECT_EQ(list.status, 0);
  EXPECT_TRUE(has(list.out, "E0412  "));
  const Ended page = run({"explain", "e0412"});
  EXPECT_EQ(page.status, 0);
  EXPECT_TRUE(page.out.starts_with("# E0412: "));
  EXPECT_EQ(run({"explain", "E9999"}).status, 1);
}

TEST_F(Usage, PrintsProviders) {
  EXPECT_TRUE(has(run({"providers"}).out, "local "));
  EXPECT_TRUE(has(run({"providers", "list"}).out, "simulator "));
  const Ended page = run({"providers", "show", "simulator"});
  EXPECT_EQ(page.status, 0);
  for (const char* part : {"simulator.service", "found again", "required", "limit: "}) {
    EXPECT_TRUE(has(page.out, part)) << part;
  }
  const Ended none = run({"providers", "show", "locl"});
  EXPECT_EQ(none.status, 1);
  EXPECT_TRUE(has(none.err, "did you mean `local`?"));
  EXPECT_EQ(json_of(run({"providers", "show", "local", "--json"}).out).at("/name").text(), "local");
}

}  // namespace
}  // namespace infra::test
