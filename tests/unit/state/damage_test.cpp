// Every change of the file by something else is noticed and named, and never ends in a wrong state.
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "state_fixture.h"

namespace infra::test {
namespace {

class DamageTest : public StateTest {
 protected:
  void SetUp() override {
    StateTest::SetUp();
    Store store = open();
    Commit commit;
    commit.put = {resource("service.a"), resource("service.b")};
    commit.put_intents = {intent("op-1")};
    commit.put_deposed = {{"op-2", "replaced", 0, resource("service.old")}};
    commit.outputs = {{"url", "https://x", false}};
    commit.run = RunRecord{"run-1", "apply", "hash", "ann", "abc", 5, 9, "done", {}};
    store.commit(std::move(commit));
    store.snapshot("run-1", "apply");
  }
  void sql(const std::string& text) const {
    SQLite::Database database(location.path, SQLite::OPEN_READWRITE);
    database.exec(text);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  // What reading says after the change; both ways of opening must agree.
  std::string damage(const std::string& text) {
    const std::string whole = bytes_of(location.path);
    sql(text);
    std::string message;
    EXPECT_EQ(status_of([this] { (void)read(); }, &message), 7) << text;
    EXPECT_EQ(status_of([this] { (void)open(); }), 7) << text;
    fs::remove(location.path + "-wal");
    fs::remove(location.path + "-shm");
    write_bytes(location.path, whole);
    EXPECT_EQ(status_of([this] { (void)read(); }), 0) << text;
    return message;
  }
};

TEST_F(DamageTest, ChangedRowsAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"UPDATE resource SET id = 'x' WHERE address = 'service.b'", "service.b"},
      {"UPDATE resource SET stateful = 0", "service.a"},
      {"UPDATE resource SET data = replace(data, '1', '2') WHERE address = 'service.a'",
       "service.a"},
      {"UPDATE resource SET generation = generation + 1 WHERE address = 'service.a'", "service.a"},
      {"UPDATE resource SET mac = zeroblob(32) WHERE address = 'service.b'", "service.b"},
      {"UPDATE resource SET mac = x'00' WHERE address = 'service.b'", "service.b"},
      {"UPDATE intent SET phase = 'sent'", "op-1"},
      {"UPDATE intent SET epoch = 99", "op-1"},
      {"UPDATE deposed SET id = 'x'", "op-2"},
      {"UPDATE output SET data = '{\"$sealed\":\"ie1.x\"}'", "url"},
      {"UPDATE run SET outcome = ''", "run-1"},
      {"UPDATE resource SET address = 'service.c' WHERE address = 'service.a'", "service.c"},
  };
  for (const auto& [text, name] : cases) {
    EXPECT_NE(damage(text).find(name), std::string::npos) << text;
  }
}

TEST_F(DamageTest, MissingExtraAndSwappedRowsAreNoticed) {
  for (const char* text : {
           "DELETE FROM resource WHERE address = 'service.a'",
           "DELETE FROM resource",
           "DELETE FROM intent",
           "DELETE FROM deposed",
           "DELETE FROM output",
           "DELETE FROM run",
           "INSERT INTO resource SELECT 'service.z', generation, provider, type, id, parent, "
           "status, marker, stateful, "
           "protected, delete_first, schema_version, updated_serial, dependencies, marks, data, "
           "mac FROM resource "
           "WHERE address = 'service.a'",
           "UPDATE resource SET data = (SELECT data FROM resource r WHERE r.address = "
           "'service.b'), mac = (SELECT mac "
           "FROM resource r WHERE r.address = 'service.b') WHERE address = 'service.a'",
           "UPDATE resource SET address = CASE address WHEN 'service.a' THEN 'service.b ' ELSE "
           "'service.a' END",
           "UPDATE meta SET v = '7' WHERE k = 'serial'",
           "UPDATE meta SET v = '9' WHERE k = 'epoch'",
           "UPDATE meta SET v = 'x' WHERE k = 'serial'",
           "UPDATE meta SET v = 'ffff' WHERE k = 'lineage'",
           "UPDATE meta SET v = '' WHERE k = 'mac'",
           "DELETE FROM meta WHERE k = 'epoch'",
           "DROP TABLE intent",
           "PRAGMA application_id = 5",
           "PRAGMA user_version = 0",
       }) {
    damage(text);
  }
}

TEST_F(DamageTest, RowsPutBackFromAnEarlierStateAreNoticed) {
  const std::string before = bytes_of(location.path);
  {
    Store store = open();
    ResourceRecord changed = resource("service.a");
    changed.id = "moved on";
    Commit commit;
    commit.put = {changed};
    store.commit(std::move(commit));
  }
  write_bytes(folder / "earlier.db", before);
  SQLite::Database database(location.path, SQLite::OPEN_READWRITE);
  database.exec("ATTACH '" + (folder / "earlier.db").string() + "' AS earlier");
  database.exec("REPLACE INTO resource SELECT * FROM earlier.resource WHERE address = 'service.a'");
  std::string message;
  EXPECT_EQ(status_of([this] { (void)read(); }, &message), 7);
  EXPECT_NE(message.find("put back"), std::string::npos) << message;
}

TEST_F(DamageTest, NoFlippedByteIsTakenForTheTruth) {
  const State wanted = read();
  const std::string whole = bytes_of(location.path);
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); i += 97) {
    std::string changed = whole;
    changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ 0x11U);
    write_bytes(location.path, changed);
    try {
      const State state = read();
      ASSERT_EQ(state.serial, wanted.serial) << i;
      ASSERT_EQ(state.resources.size(), wanted.resources.size()) << i;
      expect_same(state.resources.at("service.a"), wanted.resources.at("service.a"));
      ASSERT_EQ(state.intents.size(), 1U);
    } catch (const StateError& error) {
      ASSERT_TRUE(error.exit_status() == 7 || error.exit_status() == 1) << i << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 50);
}

TEST_F(DamageTest, CutFilesAreDamaged) {
  const std::string whole = bytes_of(location.path);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{100}, whole.size() / 2, whole.size() - 4096}) {
    write_bytes(location.path, whole.substr(0, size));
    EXPECT_EQ(status_of([this] { (void)read(); }), 7) << size;
    EXPECT_EQ(status_of([this] { (void)open(); }), 7) << size;
  }
  write_bytes(location.path, std::string(5000, 'x'));
  EXPECT_EQ(status_of([this] { (void)read(); }), 7);
}

TEST_F(DamageTest, ALogWithoutItsFileIsDamage) {
  fs::remove(location.path);
  write_bytes(location.path + "-wal", std::string(4152, 'x'));
  EXPECT_EQ(status_of([this] { (void)read(); }), 7);
  EXPECT_EQ(status_of([this] { (void)open(); }), 7);
  EXPECT_FALSE(fs::exists(location.path));
}

TEST_F(DamageTest, ChangedSnapshotsAreRefused) {
  sql("UPDATE snapshot SET id = 'x' WHERE address = 'service.a'");
  std::string message;
  Store store = open();
  EXPECT_EQ(status_of([&store] { store.rollback(1); }, &message), 7);
  EXPECT_NE(message.find("snapshot"), std::string::npos);
  EXPECT_EQ(store.state().serial, 1U) << "nothing was done";
}

}  // namespace
}  // namespace infra::test
