// Databases: a real PostgreSQL cluster, a real Redis server, files.
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "tests/real/local_fixture.h"

namespace infra {
namespace {

class Databases : public LocalTest {
 protected:
  static Value postgres(const std::string& name = "shop-main-dev") {
    Value desired(Object{{"name", name}, {"engine", "postgres"}});
    desired.set("/password", Secret("Pass'word1"));
    return desired;
  }
  static Value redis() {
    Value desired(Object{{"name", "queue"}, {"engine", "redis"}});
    desired.set("/password", Secret("redispass"));
    return desired;
  }
  // As the superuser, over the cluster's own socket.
  int as_superuser(const Remote& database, const std::string& statement) const {
    const std::string who = ::geteuid() == 0 ? "runuser -u postgres -- " : "";
    const std::string command = who + "psql -q -X -h " +
                                database.attributes.at("/local/socket").text() + " -p " +
                                std::to_string(database.attributes.at("/port").integer()) +
                                " -U postgres -d postgres -c '" + statement + "' >/dev/null 2>&1";
    return std::system(command.c_str());
  }
};

Secret url_of(const Remote& remote) {
  const auto* url = remote.attributes.at("/url").as<Secret>();
  return url == nullptr ? Secret() : *url;
}

constexpr std::chrono::milliseconds patience{10'000};

TEST_F(Databases, PostgresIsMadeReachedAndRemoved) {
  Value desired = postgres();
  desired.set("/extensions", List{"uuid-ossp", "pgcrypto"});
  const auto made = create("local.database", "main", desired);
  ASSERT_TRUE(made) << made.error().message;
  const Remote main = *made;
  EXPECT_EQ(main.attributes.at("/user").text(), "shop-main-dev");
  auto rows = probe_sql(url_of(main), "select uuid_generate_v4() as id", patience);
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->size(), 1U);
  const Remote listed = find("local.database", "main");
  EXPECT_EQ(listed.attributes.at("/extensions").list().size(), 2U);
  EXPECT_EQ(listed.status, Status::ready);
  EXPECT_NE(listed.attributes.at("/url").as<Hidden>(), nullptr);
  EXPECT_TRUE(list("local.redis").empty());

  const auto second = create("local.database", "other", postgres("other"));
  ASSERT_TRUE(second) << second.error().message;
  Remote other = *second;
  EXPECT_TRUE(same(other.attributes.at("/port"), main.attributes.at("/port")));
  const std::string cluster =
      std::filesystem::path(main.attributes.at("/local/socket").text()).parent_path();
  ASSERT_TRUE(remove("local.database", "other"));
  EXPECT_FALSE(probe_sql(url_of(other), "select 1", patience));
  EXPECT_TRUE(probe_sql(url_of(main), "select 1", patience));
  ASSERT_TRUE(remove("local.database", "main"));
  EXPECT_FALSE(std::filesystem::exists(cluster));
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(agent_folder(data)); }));
}

TEST_F(Databases, ADroppedRoleIsSeenAndRepairedWithItsData) {
  const auto made = create("local.database", "main", postgres());
  ASSERT_TRUE(made) << made.error().message;
  const Remote main = *made;
  ASSERT_EQ(as_superuser(main, "alter database \"shop-main-dev\" owner to postgres"), 0);
  ASSERT_EQ(as_superuser(main, "drop role \"shop-main-dev\""), 0);
  EXPECT_EQ(find("local.database", "main").status, Status::broken);
  EXPECT_FALSE(probe_sql(url_of(main), "select 1", patience));
  const auto repaired = update("local.database", "main", postgres());
  ASSERT_TRUE(repaired) << repaired.error().message;
  EXPECT_EQ(find("local.database", "main").status, Status::ready);
  EXPECT_TRUE(probe_sql(url_of(*repaired), "select 1", patience));
}

TEST_F(Databases, APasswordIsChanged) {
  ASSERT_TRUE(create("local.database", "main", postgres()));
  Value rotated = postgres();
  rotated.set("/password", Secret("another"));
  const auto after = update("local.database", "main", rotated);
  ASSERT_TRUE(after);
  EXPECT_TRUE(probe_sql(url_of(*after), "select 1", patience));
}

TEST_F(Databases, AnExtensionThatIsNotThereIsNamed) {
  Value desired = postgres();
  desired.set("/extensions", List{"no_such_extension"});
  const auto made = create("local.database", "main", desired);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("no_such_extension"), std::string::npos)
      << made.error().message;
  EXPECT_TRUE(list("local.database").empty());
}

TEST_F(Databases, WithoutPostgresTheErrorSaysHowToInstallIt) {
  ::setenv("INFRA_POSTGRES_BIN", "/nowhere", 1);
  const auto made = create("local.database", "main", postgres());
  ::unsetenv("INFRA_POSTGRES_BIN");
  ASSERT_FALSE(made);
  EXPECT_NE((made.error().message + made.error().help).find("apt-get install postgresql"),
            std::string::npos)
      << made.error().message;
  EXPECT_TRUE(list("local.database").empty());
}

TEST_F(Databases, SurviveTheirAgent) {
  const auto made = create("local.database", "main", postgres());
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_TRUE(create("local.redis", "queue", redis()));
  kill_agent();
  EXPECT_EQ(find("local.database", "main").status, Status::broken);
  EXPECT_EQ(find("local.redis", "queue").status, Status::broken);
  const auto again = update("local.database", "main", postgres());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(probe_sql(url_of(*made), "select 1", patience));
  EXPECT_TRUE(eventually([&] { return find("local.redis", "queue").status == Status::ready; }));
}

TEST_F(Databases, RedisAsksForItsPassword) {
  const auto made = create("local.redis", "queue", redis());
  ASSERT_TRUE(made) << made.error().message;
  const Remote queue = *made;
  const std::string port = std::to_string(queue.attributes.at("/port").integer());
  const auto says = [&](const std::string& password, const std::string& command) {
    const std::string file = folder + "/redis.txt";
    const std::string line = "REDISCLI_AUTH=" + password + " redis-cli -p " + port + " " + command +
                             " >" + file + " 2>/dev/null";
    (void)std::system(line.c_str());
    return read(file);
  };
  EXPECT_EQ(says("redispass", "set a b"), "OK\n");
  EXPECT_NE(says("wrong", "get a").find("NOAUTH"), std::string::npos);
  EXPECT_EQ(url_of(queue).expose(), "redis://:redispass@127.0.0.1:" + port);
  const auto servers = processes();
  ASSERT_EQ(servers.size(), 1U);
  ::kill(servers.front(), SIGKILL);
  EXPECT_TRUE(eventually([&] { return says("redispass", "get a") == "b\n"; }));
  Value rotated = redis();
  rotated.set("/password", Secret("newpass"));
  ASSERT_TRUE(update("local.redis", "queue", rotated));
  EXPECT_EQ(says("newpass", "get a"), "b\n");
  ASSERT_TRUE(remove("local.redis", "queue"));
  EXPECT_TRUE(eventually([&] { return processes().empty(); }));
}

TEST_F(Databases, FilesAreMadeAndRemoved) {
  const auto made = create("local.file", "notes", Object{{"name", "notes"}, {"engine", "sqlite"}});
  ASSERT_TRUE(made) << made.error().message;
  const std::string url(url_of(*made).expose());
  ASSERT_TRUE(url.starts_with("file:/")) << url;
  EXPECT_TRUE(std::filesystem::exists(url.substr(5)));
  EXPECT_EQ(find("local.file", "notes").id, "notes");
  std::filesystem::remove(url.substr(5));
  EXPECT_EQ(find("local.file", "notes").status, Status::broken);
  ASSERT_TRUE(create("local.file", "notes", Object{{"name", "notes"}, {"engine", "sqlite"}}));
  ASSERT_TRUE(remove("local.file", "notes"));
  EXPECT_FALSE(std::filesystem::exists(url.substr(5)));
}

}  // namespace
}  // namespace infra
