// The SQL door against a real server: what the doors add to a connection.
#include <gtest/gtest.h>

#include "base/json.h"
#include "providers/registry.h"
#include "tests/support/postgres_cluster.h"
#include "tests/unit/doors/door_fixture.h"

namespace infra {
namespace {

class SqlDoor : public DoorTest {
 protected:
  static void SetUpTestSuite() { cluster = std::make_unique<testing::PostgresCluster>(); }
  static void TearDownTestSuite() { cluster.reset(); }
  SqlDoor() {
    schema.endpoints = {{.name = "sql", .base_url = "postgres:", .auth = Endpoint::none}};
    more_settings["/url"] = cluster->url();
  }
  static std::unique_ptr<testing::PostgresCluster> cluster;
};
std::unique_ptr<testing::PostgresCluster> SqlDoor::cluster;

TEST_F(SqlDoor, ReadsReadOnlyAndWritesBehindTheGate) {
  auto door = writer();
  ASSERT_TRUE(door->execute({{"create table t(x int)", {}}, {"insert into t values ($1)", {7}}}));
  EXPECT_EQ(gate.asked.size(), 1U);
  auto rows = reader()->select({"select x from t", {}});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->at(0).at("/x").integer(), 7);
  EXPECT_FALSE(reader()->select({"insert into t values (8)", {}}));
  gate.refuse = Error{ErrorKind::pending, "stopped"};
  EXPECT_EQ(door->execute({{"drop table t", {}}}).error().message, "stopped");
  EXPECT_EQ(reader()->select({"select count(*) as n from t", {}})->at(0).at("/n").integer(), 1);
}

TEST_F(SqlDoor, KeepsParametersOutOfMessages) {
  auto refused = writer()->execute({{"select $1::int", {Secret("hunter2secret")}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  EXPECT_EQ(refused.error().message.find("hunter2secret"), std::string::npos)
      << refused.error().message;
}

TEST_F(SqlDoor, FindsItsWayBackAfterARestart) {
  auto door = reader();
  ASSERT_TRUE(door->select({"select 1 as one", {}}));
  cluster->stop();
  cluster->start();
  EXPECT_TRUE(door->select({"select 1 as one", {}}));  // the dead connection is replaced
  cluster->stop();
  auto down = reader()->select({"select 1 as one", {}});
  EXPECT_EQ(down.error().kind, ErrorKind::not_sent);
  cluster->start();
}

TEST_F(SqlDoor, HasNoHttp) {
  EXPECT_FALSE(reader()->get({Method::get, "/x"}));
  EXPECT_FALSE(writer()->send(post("/x")));
}

}  // namespace
}  // namespace infra
