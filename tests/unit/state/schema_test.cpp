#include "state/schema.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <array>

#include "state/rows.h"
#include "state_fixture.h"

namespace infra::test {
namespace {

SQLite::Database memory() {
  return SQLite::Database(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
}

TEST(Migrations, RunWhatIsMissingOnce) {
  SQLite::Database database = memory();
  const std::array<std::string_view, 2> first{"CREATE TABLE a (x)", "CREATE TABLE b (x)"};
  migrate(database, first);
  EXPECT_EQ(schema_version_of(database), 2);
  migrate(database, first);
  const std::array<std::string_view, 3> more{"CREATE TABLE a (x)", "CREATE TABLE b (x)",
                                             "ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT ''"};
  migrate(database, more);
  EXPECT_EQ(schema_version_of(database), 3);
  database.exec("INSERT INTO a (x) VALUES (1)");
}

TEST(Migrations, AFailedStepLeavesNothing) {
  SQLite::Database database = memory();
  const std::array<std::string_view, 2> steps{"CREATE TABLE a (x)",
                                              "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)"};
  EXPECT_THROW(migrate(database, steps), SQLite::Exception);
  EXPECT_EQ(schema_version_of(database), 1);
  EXPECT_FALSE(database.tableExists("b"));
}

TEST(Migrations, EveryTableHasTheColumnsThatRowsHave) {
  SQLite::Database database = memory();
  migrate(database, migrations());
  for (const Table& table : tables()) {
    std::string columns;
    for (const std::string_view column : table.columns) {
      columns += std::string(column) + ", ";
    }
    EXPECT_NO_THROW(
        database.exec("SELECT " + columns + "mac FROM " + std::string(table.name) + " LIMIT 0"))
        << table.name;
  }
}

TEST(Signatures, DoNotCountDefaultsOfAddedColumns) {
  const SealingKey key = SealingKey::from_bytes(Secret(std::string(32, 'k')));
  const Table before{"t", {"name", "a"}};
  const Table after{"t", {"name", "a", "b", "c"}};
  EXPECT_EQ(sign_row(key, before, {"n", std::int64_t{1}}),
            sign_row(key, after, {"n", std::int64_t{1}, "", std::int64_t{0}}));
  EXPECT_NE(sign_row(key, before, {"n", std::int64_t{1}}),
            sign_row(key, after, {"n", std::int64_t{1}, "x", std::int64_t{0}}));
  EXPECT_NE(sign_row(key, after, {"n", std::int64_t{0}, "x", std::int64_t{0}}),
            sign_row(key, after, {"n", std::int64_t{0}, "", std::int64_t{0}}));
  EXPECT_NE(sign_row(key, after, {"n", "1", "", ""}),
            sign_row(key, after, {"n", std::int64_t{1}, "", ""}));
  EXPECT_NE(sign_row(key, after, {"n", "", "1", ""}), sign_row(key, after, {"n", "", "", "1"}));
}

TEST_F(StateTest, NewerFilesAreLeftAlone) {
  put("service.a");
  {
    SQLite::Database database(location.path, SQLite::OPEN_READWRITE);
    database.exec("PRAGMA user_version = 99");
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  std::string message;
  EXPECT_EQ(status_of([this] { (void)read(); }, &message), 1);
  EXPECT_NE(message.find("newer infra"), std::string::npos) << message;
  EXPECT_EQ(status_of([this] { (void)open(); }), 1);
}

}  // namespace
}  // namespace infra::test
