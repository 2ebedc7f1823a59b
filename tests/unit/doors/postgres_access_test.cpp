// Roles, grants and extensions on a real server, through the doors.
#include <gtest/gtest.h>

#include "base/json.h"
#include "providers/postgres.h"
#include "providers/sql_connection.h"
#include "tests/support/postgres_cluster.h"
#include "tests/unit/doors/door_fixture.h"

namespace infra {
namespace {

class PostgresAccess : public DoorTest {
 protected:
  static void SetUpTestSuite() { cluster = std::make_unique<testing::PostgresCluster>(); }
  static void TearDownTestSuite() { cluster.reset(); }
  PostgresAccess() {
    schema = postgres_provider().schema();
    more_settings["/url"] = cluster->url();
  }

  Reply<Remote> apply(Action action, const std::string& type, const std::string& id, Value desired,
                      std::vector<Path> changed = {}) {
    ApplyRequest request;
    Change change{action, "resource.x", type, id};
    change.desired = std::move(desired);
    change.changed = std::move(changed);
    request.changes = {std::move(change)};
    auto door = writer();
    return postgres_provider().apply(request, *door).front();
  }
  std::vector<Remote> listed(const std::string& type) {
    auto door = reader();
    auto found = postgres_provider().list({type, "database.main"}, *door);
    EXPECT_TRUE(found) << (found ? "" : found.error().message);
    return found ? *found : std::vector<Remote>{};
  }
  std::optional<Remote> find(const std::string& type, const std::string& id) {
    for (const Remote& one : listed(type)) {
      if (one.id == id) {
        return one;
      }
    }
    return std::nullopt;
  }
  std::string ask(const std::string& sql) {
    auto rows = reader()->select({sql, {}});
    return rows ? to_json(Value(*rows), SecretText::refuse) : rows.error().message;
  }

  static std::unique_ptr<testing::PostgresCluster> cluster;
};
std::unique_ptr<testing::PostgresCluster> PostgresAccess::cluster;

TEST_F(PostgresAccess, ARoleIsMadeChangedAndDropped) {
  const Value desired = Object{{"name", "app \"quoted\""}, {"password", Secret("pa/ss@word")}};
  auto made = apply(Action::create, "postgres.role", "", desired);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->id, "app \"quoted\"");
  EXPECT_NE(made->attributes.at("/password").as<Hidden>(), nullptr);
  const auto* url = made->attributes.at("/url").as<Secret>();
  ASSERT_NE(url, nullptr);
  EXPECT_TRUE(url->expose().starts_with("postgres://app%20%22quoted%22:pa%2Fss%40word@/"));
  EXPECT_EQ(ask("select rolpassword like 'SCRAM-SHA-256%' as scram from pg_authid "
                "where rolname like 'app %'"),
            R"([{"scram":true}])");
  auto connected = SqlConnection::open(*url, {});
  ASSERT_TRUE(connected) << connected.error().message;
  auto twin = apply(Action::create, "postgres.role", "", desired);
  ASSERT_FALSE(twin);
  EXPECT_EQ(twin.error().kind, ErrorKind::exists);
  auto locked =
      apply(Action::update, "postgres.role", made->id, Object{{"login", false}}, {"/login"});
  ASSERT_TRUE(locked) << locked.error().message;
  EXPECT_FALSE(locked->attributes.at("/login").truth());
  ASSERT_TRUE(apply(Action::remove, "postgres.role", made->id, {}));
  EXPECT_FALSE(find("postgres.role", made->id));
  EXPECT_TRUE(apply(Action::remove, "postgres.role", made->id, {}));  // gone is gone
}

TEST_F(PostgresAccess, ARoleThatOwnsThingsIsNotDropped) {
  ASSERT_TRUE(apply(Action::create, "postgres.role", "",
                    Object{{"name", "owner"}, {"password", Secret("secret-word")}}));
  ASSERT_TRUE(writer()->execute(
      {{"create table owned(x int)", {}}, {"alter table owned owner to owner", {}}}));
  auto refused = apply(Action::remove, "postgres.role", "owner", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  EXPECT_NE(refused.error().help.find("reassign owned"), std::string::npos);
}

TEST_F(PostgresAccess, GrantsCoverTablesToCome) {
  ASSERT_TRUE(apply(Action::create, "postgres.role", "",
                    Object{{"name", "reader"}, {"password", Secret("secret-word")}}));
  ASSERT_TRUE(writer()->execute({{"create table before(x int)", {}}}));
  const Value desired = Object{{"role", "reader"}, {"privileges", List{"select", "insert"}}};
  auto granted = apply(Action::create, "postgres.grant", "", desired);
  ASSERT_TRUE(granted) << granted.error().message;
  EXPECT_EQ(granted->id, "reader:tables:public");
  EXPECT_EQ(to_json(granted->attributes.at("/privileges"), SecretText::refuse),
            R"(["insert","select"])");
  ASSERT_TRUE(writer()->execute({{"create table after(x int)", {}}}));
  EXPECT_EQ(ask("select has_table_privilege('reader', 'after', 'insert') as a, "
                "has_table_privilege('reader', 'before', 'delete') as d"),
            R"([{"a":true,"d":false}])");
  // Somebody takes one privilege away from one table: that is seen.
  ASSERT_TRUE(writer()->execute({{"revoke insert on before from reader", {}}}));
  EXPECT_EQ(to_json(find("postgres.grant", granted->id)->attributes.at("/privileges"),
                    SecretText::refuse),
            R"(["select"])");
  auto repaired =
      apply(Action::update, "postgres.grant", granted->id,
            Object{{"role", "reader"}, {"privileges", List{"select"}}}, {"/privileges/1"});
  ASSERT_TRUE(repaired) << repaired.error().message;
  EXPECT_EQ(repaired->attributes.at("/privileges").list().size(), 1U);
  ASSERT_TRUE(apply(Action::remove, "postgres.grant", granted->id, {}));
  EXPECT_FALSE(find("postgres.grant", granted->id));
  ASSERT_TRUE(apply(Action::remove, "postgres.role", "reader", {}));
  EXPECT_TRUE(apply(Action::remove, "postgres.grant", granted->id, {}));
}

TEST_F(PostgresAccess, GrantsRefuseWhatIsNoPrivilege) {
  auto refused = apply(Action::create, "postgres.grant", "",
                       Object{{"role", "postgres"}, {"privileges", List{"select; drop table x"}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().path, "/privileges");
}

TEST_F(PostgresAccess, ASchemaCanBeGranted) {
  ASSERT_TRUE(apply(Action::create, "postgres.role", "",
                    Object{{"name", "visitor"}, {"password", Secret("secret-word")}}));
  auto granted =
      apply(Action::create, "postgres.grant", "",
            Object{{"role", "visitor"}, {"on", "schema"}, {"privileges", List{"usage"}}});
  ASSERT_TRUE(granted) << granted.error().message;
  EXPECT_EQ(granted->id, "visitor:schema:public");
  EXPECT_EQ(granted->attributes.at("/privileges/0").text(), "usage");
}

TEST_F(PostgresAccess, ExtensionsComeAndGo) {
  auto unknown =
      apply(Action::create, "postgres.extension", "", Object{{"name", "no_such_extension"}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::invalid);
  // Whatever this server has installed, without its own procedural language.
  const std::string name = "pgcrypto";
  if (ask("select 1 as x from pg_available_extensions where name = 'pgcrypto'") == "[]") {
    GTEST_SKIP() << "the server has no contributed extensions";
  }
  auto made = apply(Action::create, "postgres.extension", "", Object{{"name", name}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->attributes.at("/version").text().empty());
  EXPECT_TRUE(find("postgres.extension", name));
  ASSERT_TRUE(apply(Action::remove, "postgres.extension", name, {}));
  EXPECT_FALSE(find("postgres.extension", name));
}

}  // namespace
}  // namespace infra
