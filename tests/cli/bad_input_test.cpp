// Whatever comes in ends in a message that helps and the right status, with nothing lost.
#include "program.h"

namespace infra::test {
namespace {

class BadInput : public Program {
 protected:
  // Status 1, a message on standard error, nothing made.
  void expect_refused(const std::vector<std::string>& words, const std::string& part) {
    const Ended refused = run(words);
    EXPECT_EQ(refused.status, 1) << refused.out << refused.err;
    EXPECT_TRUE(has(refused.err, part)) << refused.err;
    EXPECT_FALSE(exists("cloud.jsonl"));
  }
};

TEST_F(BadInput, NoStackHere) {
  expect_refused({"plan"}, "`infra init");
  expect_refused({"plan", "--dir", "/no/such/folder"}, "is no folder");
}

TEST_F(BadInput, AnEmptyFileIsAnEmptyStack) {
  write("main.infra", "");
  const Ended plan = run({"plan", "-detailed-exitcode"});
  EXPECT_EQ(plan.status, 0) << plan.err;
  EXPECT_TRUE(has(plan.out, "No changes."));
}

TEST_F(BadInput, AMegabyteOfBrackets) {
  write("main.infra", "let x = " + std::string(1U << 20U, '['));
  const Ended plan = run({"validate"});
  EXPECT_EQ(plan.status, 1);
  EXPECT_LT(plan.err.size(), 5000U);
}

TEST_F(BadInput, BytesThatAreNoText) {
  write("main.infra", std::string("let x = \"\xff\x00\x1b[31m\"", 17));
  const Ended validate = run({"validate"});
  EXPECT_EQ(validate.status, 1);
  EXPECT_FALSE(has(validate.err, "\x1b"));
}

TEST_F(BadInput, ACycle) {
  write("main.infra", "let a = b\nlet b = a\n");
  expect_refused({"plan"}, "error[E06");
}

TEST_F(BadInput, ABadCron) {
  write_shop();
  write("cron.infra",
        "cron c on simulator { schedule = \"99 * * * *\", call = "
        "service.web.http(\"/x\") }\n");
  expect_refused({"plan", "--env", "dev"}, "cron.infra:1");
}

TEST_F(BadInput, AMissingParameterAndAWrongOne) {
  write_shop();
  write("param.infra", "param size: int\n");
  expect_refused({"plan", "--env", "dev"}, "size");
  expect_refused({"plan", "--env", "dev", "--param", "size=big"}, "size");
  expect_refused({"plan", "--env", "dev", "--param", "=1"}, "NAME=VALUE");
  expect_refused({"plan", "--env", "dev", "--param", "sice=1"}, "sice");
  EXPECT_EQ(run({"plan", "--env", "dev", "--param", "size=3"}).status, 0);
}

TEST_F(BadInput, AStateThatCannotBeWritten) {
  write_shop();
  write("file", "");
  for (const char* state : {"/proc/nowhere/state.db", "file/state.db"}) {
    const Ended refused = run({"apply", "--env", "dev", "--auto-approve", "--state", state});
    EXPECT_EQ(refused.status, 1) << refused.out << refused.err;
    EXPECT_TRUE(has(refused.err, "error: ")) << refused.err;
    EXPECT_FALSE(exists("cloud.jsonl"));
  }
}

TEST_F(BadInput, AStateThatIsNone) {
  write_shop();
  ASSERT_EQ(run({"apply", "--env", "dev", "--auto-approve"}).status, 0);
  write(".infra/dev/state.db", "this is no database at all, but it is long enough to be looked at");
  EXPECT_EQ(run({"plan", "--env", "dev"}).status, 7);
  EXPECT_EQ(run({"state", "list"}).status, 7);
  EXPECT_EQ(run({"apply", "--env", "dev", "--auto-approve"}).status, 7);
}

TEST_F(BadInput, FlagsOutOfRange) {
  write_shop();
  EXPECT_EQ(run({"plan", "--env", "dev", "--parallelism", "0"}).status, 1);
  EXPECT_EQ(run({"apply", "--env", "dev", "--lock-timeout", "soon"}).status, 1);
  EXPECT_EQ(run({"apply", "--env", "dev", "--allow-destroy", "no address"}).status, 1);
  EXPECT_EQ(run({"plan", "--env"}).status, 1);
}

TEST_F(BadInput, EventsThatCannotBeWritten) {
  write_shop();
  const Ended plan = run({"plan", "--env", "dev", "--json-into", "/no/such/folder/events"});
  EXPECT_EQ(plan.status, 1);
  EXPECT_TRUE(has(plan.err, "cannot write")) << plan.err;
}

TEST_F(BadInput, AKeyThatIsNone) {
  write_shop();
  environment_ = {"INFRA_KEY=short"};
  const Ended apply = run({"apply", "--env", "dev", "--auto-approve"});
  EXPECT_EQ(apply.status, 1) << apply.out;
  EXPECT_TRUE(has(apply.err, "INFRA_KEY")) << apply.err;
  EXPECT_FALSE(has(apply.err, "short"));
}

}  // namespace
}  // namespace infra::test
