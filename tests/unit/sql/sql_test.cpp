// The SQL connection and the postgres driver against a real server.
#include <gtest/gtest.h>

#include <map>

#include "base/json.h"
#include "base/text.h"
#include "providers/doors.h"
#include "providers/postgres.h"
#include "providers/sql_connection.h"
#include "tests/support/postgres_cluster.h"

namespace infra {
namespace {

class Sql : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { cluster = std::make_unique<testing::PostgresCluster>(); }
  static void TearDownTestSuite() { cluster.reset(); }

  static std::unique_ptr<SqlConnection> connect(const std::string& database = "postgres") {
    auto connection = SqlConnection::open(cluster->url(database), {});
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().message);
    return connection ? std::move(*connection) : nullptr;
  }
  static std::string json(const Reply<List>& rows) {
    return rows ? to_json(Value(*rows), SecretText::refuse) : "error: " + rows.error().message;
  }

  static std::unique_ptr<testing::PostgresCluster> cluster;
};
std::unique_ptr<testing::PostgresCluster> Sql::cluster;

TEST_F(Sql, ReadsEachTypeAsItsValue) {
  EXPECT_EQ(
      json(connect()->select(
          {"select 1::int as i, -9223372036854775807::bigint as b, 1.5::float8 as f, true as t, "
           "null as n, 'x' as s, '{\"a\":[1]}'::jsonb as j",
           {}})),
      R"([{"b":-9223372036854775807,"f":1.5,"i":1,"j":{"a":[1]},"n":null,"s":"x","t":true}])");
}

TEST_F(Sql, BindsValuesAndQuotesNames) {
  auto connection = connect();
  EXPECT_EQ(json(connection->select({"select $2::text as $ident1, $3::text is null as absent",
                                     {"a\"b; drop table x", Secret("o'clock"), Value()}})),
            R"([{"a\"b; drop table x":"o'clock","absent":true}])");
  auto wrong = connection->select({"select $3::int", {1}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::invalid);
}

TEST_F(Sql, ASelectCannotWrite) {
  auto refused = connect()->select({"create table never(x int)", {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  EXPECT_TRUE(contains_ignoring_case(refused.error().message, "read-only"));
}

TEST_F(Sql, ATransactionIsAllOrNothing) {
  auto connection = connect();
  ASSERT_TRUE(connection->execute({{"create table one(x int); insert into one values (1)", {}}}));
  auto failed =
      connection->execute({{"insert into one values ($1)", {2}}, {"select 1;\nselect oops", {}}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::invalid);
  EXPECT_TRUE(failed.error().message.starts_with("line 2: ")) << failed.error().message;
  EXPECT_EQ(json(connection->select({"select count(*) as n from one", {}})), R"([{"n":1}])");
}

TEST_F(Sql, SaysWhyThereIsNoConnection) {
  auto missing = SqlConnection::open(cluster->url("nowhere"), {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::missing);
  auto nobody = SqlConnection::open(Secret("postgres://u:hunter2secret@127.0.0.1:1/x"), {});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().kind, ErrorKind::not_sent);
  EXPECT_EQ(nobody.error().message.find("hunter2secret"), std::string::npos);
}

TEST_F(Sql, EndsAtItsDeadline) {
  SqlLimits limits;
  const auto begun = std::chrono::steady_clock::now();
  limits.left = [begun] {
    return std::chrono::milliseconds(300) - std::chrono::duration_cast<std::chrono::milliseconds>(
                                                std::chrono::steady_clock::now() - begun);
  };
  auto connection = SqlConnection::open(cluster->url(), std::move(limits));
  ASSERT_TRUE(connection);
  auto late = (*connection)->select({"select pg_sleep(30)", {}});
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().kind, ErrorKind::invalid);
}

// A writer over one connection, as the door gives it, without a door's other rules.
class DirectWriter : public Writer {
 public:
  DirectWriter(SqlConnection& connection, std::map<std::string, std::string> files)
      : connection_(connection), files_(std::move(files)) {}
  Reply<Answer> get(const Call& /*call*/) override { return no_http(); }
  Reply<Answer> ask(const Call& /*call*/) override { return no_http(); }
  Reply<Answer> send(const Call& /*call*/) override { return no_http(); }
  Reply<List> select(const Statement& statement) override { return connection_.select(statement); }
  Reply<List> execute(const std::vector<Statement>& statements) override {
    return connection_.execute(statements);
  }
  Reply<std::string> file(const std::string& path) override { return files_.at(path); }
  Reply<Done> wait(seconds /*pause*/) override { return Done{}; }
  Reply<Value> once(const std::string& /*key*/,
                    const std::function<Reply<Value>()>& make) override {
    return make();
  }
  [[nodiscard]] const Value& settings() const override { return settings_; }
  Reply<Done> record(std::size_t /*change*/, const Remote& /*remote*/,
                     std::vector<Path> /*took*/) override {
    ++records;
    return Done{};
  }
  int records = 0;

 private:
  static Reply<Answer> no_http() { return Error{ErrorKind::invalid, "no HTTP here"}; }
  SqlConnection& connection_;
  std::map<std::string, std::string> files_;
  Value settings_{Object{}};
};

class Migrations : public Sql {
 protected:
  Migrations() {
    name_ = std::string("m") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    admin_ = "create database \"" + name_ + "\"";
    // CREATE DATABASE cannot run in a transaction: psql does it.
    const std::string url(cluster->url().expose());
    EXPECT_EQ(0, std::system(("psql -q '" + url + "' -c '" + admin_ + "' >/dev/null")
                                 .c_str()));  // NOLINT(concurrency-mt-unsafe)
    connection_ = connect(name_);
  }
  void write(const std::string& path, const std::string& text) { files_[path] = text; }
  Reply<Remote> apply(const std::vector<std::string>& files,
                      const std::vector<std::string>& seeds = {}) {
    const auto list = [&](const std::vector<std::string>& paths) {
      List all;
      for (const auto& path : paths) {
        all.emplace_back(Object{{"file", path}, {"sha256", sha256_hex(files_[path])}});
      }
      return all;
    };
    DirectWriter writer(*connection_, files_);
    ApplyRequest request;
    Change change{Action::create, "database.main.migrations", "postgres.migrations", ""};
    change.desired = Object{{"files", list(files)}, {"seed", list(seeds)}};
    request.changes.push_back(change);
    auto replies = postgres_provider().apply(request, writer);
    records_ = writer.records;
    return replies.front();
  }

  std::string name_, admin_;
  std::map<std::string, std::string> files_;
  std::unique_ptr<SqlConnection> connection_;
  int records_ = 0;
};

TEST_F(Migrations, RunOnceEachInOrder) {
  write("a/001.sql", "create table t(x int); insert into t values (1)");
  write("a/002.sql", "insert into t select x + 1 from t");
  auto first = apply({"a/001.sql"});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(records_, 1);
  auto second = apply({"a/001.sql", "a/002.sql"});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->attributes.at("/files").list().size(), 2U);
  ASSERT_TRUE(apply({"a/001.sql", "a/002.sql"}));
  EXPECT_EQ(records_, 0);
  EXPECT_EQ(json(connection_->select({"select sum(x) as s from t", {}})), R"([{"s":3}])");
}

TEST_F(Migrations, RefuseAChangedOrMissingFile) {
  write("001.sql", "create table t(x int)");
  write("002.sql", "create table u(x int)");
  ASSERT_TRUE(apply({"001.sql", "002.sql"}));
  write("001.sql", "create table t(x bigint)");
  auto changed = apply({"001.sql", "002.sql"});
  ASSERT_FALSE(changed);
  EXPECT_TRUE(
      contains_ignoring_case(changed.error().message, "001.sql was applied as another text"));
  auto gone = apply({"002.sql"});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::invalid);
}

TEST_F(Migrations, AFailingFileLeavesNothingAndNamesItself) {
  write("001.sql", "create table t(x int)");
  write("002.sql", "create table u(x int);\nselect nonsense");
  auto failed = apply({"001.sql", "002.sql"});
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().message.starts_with("002.sql: line 2: ")) << failed.error().message;
  EXPECT_EQ(json(connection_->select({"select to_regclass('u') is null as gone", {}})),
            R"([{"gone":true}])");
  write("002.sql", "create table u(x int)");
  EXPECT_TRUE(apply({"001.sql", "002.sql"}));
}

TEST_F(Migrations, AStatementThatTakesNoTransactionIsNamedWithItsLine) {
  write("001.sql", "create table t(x int);\n\ncreate  index concurrently on t(x);\n");
  auto failed = apply({"001.sql"});
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().message.starts_with("001.sql: line 3: CREATE INDEX CONCURRENTLY"))
      << failed.error().message;
  EXPECT_NE(failed.error().help.find("CONCURRENTLY"), std::string::npos);
}

TEST_F(Migrations, ASeedRunsOncePerContent) {
  write("001.sql", "create table t(x int)");
  write("seed.sql", "insert into t values (1)");
  ASSERT_TRUE(apply({"001.sql"}, {"seed.sql"}));
  ASSERT_TRUE(apply({"001.sql"}, {"seed.sql"}));
  EXPECT_EQ(json(connection_->select({"select count(*) as n from t", {}})), R"([{"n":1}])");
  write("seed.sql", "insert into t values (2)");
  auto again = apply({"001.sql"}, {"seed.sql"});
  ASSERT_TRUE(again);
  EXPECT_EQ(json(connection_->select({"select count(*) as n from t", {}})), R"([{"n":2}])");
  EXPECT_EQ(again->attributes.at("/seed").list().size(), 1U);
}

TEST_F(Migrations, FollowAMovedFolder) {
  write("old/001.sql", "create table t(x int)");
  write("new/001.sql", "create table t(x int)");
  ASSERT_TRUE(apply({"old/001.sql"}));
  auto moved = apply({"new/001.sql"});
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_EQ(moved->attributes.at("/files/0/file").text(), "new/001.sql");
}

}  // namespace
}  // namespace infra
