// Commands about what is remembered: state, show, output, why, lock, recover, import.
#include "program.h"

namespace infra::test {
namespace {

class StateCommands : public Program {
 protected:
  StateCommands() {
    write_shop();
    const Ended applied = run({"apply", "--env", "dev", "--auto-approve"});
    EXPECT_EQ(applied.status, 0) << applied.out << applied.err;
  }
};

TEST_F(StateCommands, ListsAddresses) {
  EXPECT_EQ(run({"state", "list"}).out,
            "bucket.files\ndatabase.main\nservice.web\nservice.web.deployment\n");
  EXPECT_EQ(run({"state", "list", "service.web"}).out, "service.web\nservice.web.deployment\n");
  EXPECT_EQ(json_of(run({"state", "list", "--json"}).out).list().size(), 4U);
}

TEST_F(StateCommands, WorksWhenTheTextIsBroken) {
  write("main.infra", "service {{{");
  EXPECT_EQ(run({"state", "list"}).status, 0);
  EXPECT_EQ(run({"show", "service.web"}).status, 0);
  EXPECT_EQ(run({"output", "url"}).status, 0);
}

TEST_F(StateCommands, MovesAndMovesBack) {
  const Ended moved = run({"state", "mv", "service.web", "service.site"});
  EXPECT_EQ(moved.status, 0) << moved.err;
  EXPECT_EQ(moved.out,
            "service.web is now service.site\n"
            "service.web.deployment is now service.site.deployment\n");
  EXPECT_EQ(run({"state", "list"}).out,
            "bucket.files\ndatabase.main\nservice.site\nservice.site.deployment\n");
  EXPECT_EQ(run({"state", "mv", "service.site", "service.web"}).status, 0);
  EXPECT_EQ(run({"plan", "--env", "dev", "-detailed-exitcode"}).status, 0);
}

TEST_F(StateCommands, MoveRefusesWhatMakesNoSense) {
  EXPECT_EQ(run({"state", "mv", "service.web", "bucket.web"}).status, 1);
  EXPECT_EQ(run({"state", "mv", "service.none", "service.x"}).status, 1);
  EXPECT_EQ(run({"state", "mv", "service.web", "service.web"}).status, 1);
  EXPECT_EQ(run({"state", "mv", "not an address", "service.x"}).status, 1);
}

TEST_F(StateCommands, ForgetsOnlyWhatHoldsNoDataUnlessForced) {
  environment_ = {"INFRA_ENV=prod"};
  ASSERT_EQ(run({"apply", "--auto-approve"}).status, 0);
  const Ended guarded = run({"state", "rm", "bucket.files"});
  EXPECT_EQ(guarded.status, 3);
  EXPECT_TRUE(has(guarded.err, "bucket.files ")) << guarded.err;
  EXPECT_EQ(run({"state", "rm", "service.web"}).status, 0);
  EXPECT_EQ(run({"state", "rm", "--force", "bucket.files"}).status, 0);
  EXPECT_EQ(run({"state", "list"}).out, "database.main\n");
}

TEST_F(StateCommands, RollsBackToASerialOfItsHistory) {
  const Value before = json_of(run({"state", "history", "--json"}).out);
  ASSERT_FALSE(before.list().empty());
  const std::string serial = std::to_string(before.list().back().at("/serial").integer());
  const std::string first = std::to_string(before.at("/0/serial").integer());
  ASSERT_EQ(run({"state", "rm", "service.web"}).status, 0);
  const Ended rolled = run({"state", "rollback", first > serial ? first : serial});
  EXPECT_EQ(rolled.status, 0) << rolled.err;
  EXPECT_TRUE(has(run({"state", "list"}).out, "service.web\n"));
  EXPECT_EQ(run({"state", "rollback", "999999"}).status, 1);
  EXPECT_EQ(run({"plan", "--env", "dev", "-detailed-exitcode"}).status, 0);
}

TEST_F(StateCommands, BacksUp) {
  EXPECT_EQ(run({"state", "backup", "copy.db"}).status, 0);
  EXPECT_EQ(run({"state", "list", "--state", "copy.db", "--env", "dev"}).out,
            run({"state", "list"}).out);
  EXPECT_EQ(run({"state", "backup", "/proc/nowhere/copy.db"}).status, 1);
}

TEST_F(StateCommands, ShowsResourcesAndNoSecret) {
  const Ended all = run({"show"});
  EXPECT_EQ(all.status, 0);
  EXPECT_TRUE(has(all.out, "service.web  simulator.service  ready")) << all.out;
  EXPECT_TRUE(has(all.out, "env.DATABASE_URL")) << all.out;
  const Value document = json_of(run({"show", "--format", "json"}).out);
  EXPECT_EQ(document.at("/format_version").text(), "1.0");
  EXPECT_EQ(document.at("/values/outputs/dsn/value").text(), "(sensitive)");
  EXPECT_FALSE(has(all.out, "postgres://")) << all.out;
  const Ended one = run({"show", "service.wbe"});
  EXPECT_EQ(one.status, 1);
  EXPECT_TRUE(has(one.err, "did you mean service.web?")) << one.err;
  EXPECT_EQ(run({"show", "--logs", "service.web"}).status, 1);
}

TEST_F(StateCommands, OnlyRevealedOutputsAreRevealedAndOnlyByName) {
  const std::string dsn = run({"output", "dsn"}).out;
  EXPECT_TRUE(has(dsn, "postgres")) << dsn;
  for (const std::vector<std::string>& words : {std::vector<std::string>{"output"},
                                                {"output", "--json"},
                                                {"show"},
                                                {"show", "--format", "json"},
                                                {"plan", "--env", "dev"},
                                                {"plan", "--env", "dev", "--format", "json"}}) {
    EXPECT_FALSE(has(run(words).out, dsn.substr(0, dsn.size() - 1))) << words[0];
  }
  EXPECT_EQ(run({"output", "url"}).out, "https://shop-web-dev.simulator.example\n");
  const Ended none = run({"output", "urk"});
  EXPECT_EQ(none.status, 1);
  EXPECT_TRUE(has(none.err, "did you mean `url`?"));
}

TEST_F(StateCommands, SaysWhy) {
  const Ended why = run({"why", "database.main", "--env", "dev"});
  EXPECT_EQ(why.status, 0) << why.err;
  for (const char* part : {"database.main  simulator.database", "written at main.infra:7",
                           "is needed by\n    service.web  (env.DATABASE_URL uses its url)",
                           "is shown by output dsn", "in state as database-"}) {
    EXPECT_TRUE(has(why.out, part)) << part << "\n" << why.out;
  }
  EXPECT_EQ(run({"why", "service.none", "--env", "dev"}).status, 1);
  EXPECT_EQ(json_of(run({"why", "service.web", "--env", "dev", "--json"}).out)
                .at("/needs/database.main")
                .list()
                .size(),
            1U);
}

TEST_F(StateCommands, ShowsAFreeLock) {
  EXPECT_EQ(run({"lock", "show"}).out, "The lock is free.\n");
  EXPECT_EQ(run({"lock", "show", "--json"}).out, "null\n");
  EXPECT_EQ(run({"lock", "release"}).status, 0);
}

TEST_F(StateCommands, RecoverWantsOneOfTwoWords) {
  EXPECT_EQ(run({"recover", "service.web", "--env", "dev"}).status, 1);
  EXPECT_EQ(run({"recover", "service.web", "--id", "x", "--absent", "--env", "dev"}).status, 1);
  EXPECT_EQ(run({"recover", "service.web", "--absent", "--env", "dev"}).status, 1);
}

TEST_F(StateCommands, ImportsWhatWasForgotten) {
  const std::string shown = run({"show", "service.web"}).out;
  const std::size_t begin = shown.find("service-");
  ASSERT_NE(begin, std::string::npos) << shown;
  const std::string id = shown.substr(begin, shown.find('\n', begin) - begin);
  ASSERT_EQ(run({"state", "rm", "service.web"}).status, 0);
  const Ended imported = run({"import", "service.web", id, "--env", "dev"});
  EXPECT_EQ(imported.status, 0) << imported.err;
  EXPECT_TRUE(has(run({"state", "list"}).out, "service.web\n"));
  EXPECT_NE(run({"import", "bucket.files", "no-such-id", "--env", "dev"}).status, 0);
}

}  // namespace
}  // namespace infra::test
