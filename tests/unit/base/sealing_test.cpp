#include "base/sealing.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/json.h"

namespace infra {
namespace {

namespace fs = std::filesystem;

class Environment final : public Variables {
 public:
  std::map<std::string, std::string> values;
  [[nodiscard]] std::optional<std::string> get(const std::string& name) const override {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
};

class Keys : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "infra-keys-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    variables.values["XDG_CONFIG_HOME"] = folder.string() + "/config";
    world.variables = &variables;
  }
  void TearDown() override { fs::remove_all(folder); }
  [[nodiscard]] fs::path file() const { return folder / "config" / "infra" / "key"; }
  void write_key(const std::string& text, mode_t mode = 0600) const {
    fs::create_directories(file().parent_path());
    std::ofstream(file()) << text;
    ::chmod(file().c_str(), mode);
  }

  fs::path folder;
  Environment variables;
  World world = real_world();
  const std::string hex_key = std::string(31, '0') + "1" + std::string(32, 'a');
};

SealingKey key_of(char c) {
  return SealingKey::from_bytes(Secret(std::string(32, c)));
}
Secret secret(const char* text) {
  return Secret(std::string(text));
}
const SealContext context{"lineage", "prod", "database.main", "supabase.database"};

TEST_F(Keys, ReadingNeverMakesOne) {
  EXPECT_FALSE(SealingKey::find(world));
  EXPECT_FALSE(fs::exists(folder / "config"));
}

TEST_F(Keys, AreMadeOncePrivately) {
  ::umask(0);
  const SealingKey made = SealingKey::find_or_create(world);
  ::umask(022);
  struct stat status {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat(file().parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
  EXPECT_EQ(SealingKey::find_or_create(world).id(), made.id());
  EXPECT_EQ(SealingKey::find(world)->id(), made.id());
  std::size_t files = 0;
  for (const auto& item : fs::directory_iterator(file().parent_path())) {
    files += item.exists() ? 1 : 0;
  }
  EXPECT_EQ(files, 1U) << "no draft is left";
}

TEST_F(Keys, VariableWinsInHexAndBase64) {
  write_key(hex_key + "\n");
  const std::string from_file = SealingKey::find(world)->id();
  variables.values["INFRA_KEY"] = std::string(64, '0');
  const std::string from_hex = SealingKey::find(world)->id();
  variables.values["INFRA_KEY"] = std::string(43, 'A') + "=\n";
  EXPECT_EQ(SealingKey::find(world)->id(), from_hex);
  variables.values["INFRA_KEY"] = std::string(43, 'A');
  EXPECT_EQ(SealingKey::find(world)->id(), from_hex);
  EXPECT_NE(from_file, from_hex);
}

TEST_F(Keys, RefuseWhatIsNone) {
  for (const char* bad :
       {"4f4f", "hunter2hunter2", "secret passphrase that is long enough to be thirty-two bytes"}) {
    variables.values["INFRA_KEY"] = bad;
    try {
      (void)SealingKey::find(world);
      ADD_FAILURE() << bad;
    } catch (const SealingError& error) {
      EXPECT_EQ(std::string(error.what()).find(bad), std::string::npos) << "the key is not shown";
      EXPECT_FALSE(error.help().empty());
    }
  }
  variables.values.erase("INFRA_KEY");
  write_key("half a key");
  EXPECT_THROW((void)SealingKey::find(world), SealingError);
  EXPECT_THROW((void)SealingKey::find_or_create(world), SealingError) << "never overwritten";
}

TEST_F(Keys, RefuseFilesThatAreNotPrivate) {
  write_key(hex_key, 0640);
  EXPECT_THROW((void)SealingKey::find(world), SealingError);
  fs::remove(file());
  std::ofstream(folder / "elsewhere") << hex_key;
  ::chmod((folder / "elsewhere").c_str(), 0600);
  fs::create_symlink(folder / "elsewhere", file());
  EXPECT_THROW((void)SealingKey::find(world), SealingError);
  fs::remove(file());
  fs::create_directory(file());
  EXPECT_THROW((void)SealingKey::find(world), SealingError);
}

TEST_F(Keys, NeedAPlace) {
  variables.values.clear();
  EXPECT_FALSE(SealingKey::find(world));
  EXPECT_THROW((void)SealingKey::find_or_create(world), SealingError);
  variables.values["HOME"] = folder.string();
  (void)SealingKey::find_or_create(world);
  EXPECT_TRUE(fs::exists(folder / ".config" / "infra" / "key"));
}

TEST(Sealing, OpensOnlyWhereItBelongs) {
  Random& random = *real_world().random;
  const SealingKey key = key_of('k');
  const std::string sealed = key.seal(secret("hunter2"), context, "/password", random);
  EXPECT_TRUE(sealed.starts_with("ie1."));
  EXPECT_EQ(sealed.find("hunter2"), std::string::npos);
  ASSERT_TRUE(key.open(sealed, context, "/password"));
  EXPECT_EQ(key.open(sealed, context, "/password")->expose(), "hunter2");
  EXPECT_FALSE(key.open(sealed, context, "/other"));
  EXPECT_FALSE(key_of('x').open(sealed, context, "/password"));
  for (int field = 0; field < 4; ++field) {
    SealContext other = context;
    std::string* parts[] = {&other.lineage, &other.environment, &other.address, &other.type};
    *parts[field] += "x";
    EXPECT_FALSE(key.open(sealed, other, "/password")) << field;
  }
  const SealContext shifted{"lineag", "eprod", "database.main", "supabase.database"};
  EXPECT_FALSE(key.open(sealed, shifted, "/password"));
}

TEST(Sealing, NoticesEveryChangedByte) {
  Random& random = *real_world().random;
  const SealingKey key = key_of('k');
  const std::string sealed = key.seal(secret("hunter2"), context, "/p", random);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (const char c : {'A', 'b', '_', '.', '\0'}) {
      std::string changed = sealed;
      if (changed[i] != c) {
        changed[i] = c;
        EXPECT_FALSE(key.open(changed, context, "/p")) << i;
      }
    }
    EXPECT_FALSE(key.open(std::string_view(sealed).substr(0, i), context, "/p")) << i;
  }
  EXPECT_FALSE(key.open(sealed + "A", context, "/p"));
}

TEST(Sealing, IsDifferentEveryTime) {
  Random& random = *real_world().random;
  EXPECT_NE(key_of('k').seal(secret("a"), context, "/p", random),
            key_of('k').seal(secret("a"), context, "/p", random));
}

TEST(Sealing, KnownText) {
  class Zero final : public Random {
   public:
    void fill(unsigned char* bytes, std::size_t count) override { std::fill_n(bytes, count, '\0'); }
  } zero;
  // Holds the format: what was sealed by an earlier version has to open.
  const std::string sealed = key_of('k').seal(secret("known"), context, "/p", zero);
  EXPECT_EQ(sealed, "ie1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA6WMOJQm0TePZU5YFJjuyghN8LjqR");
}

TEST(Sealing, LeavesRoundTripThroughTaggedJson) {
  Random& random = *real_world().random;
  const SealingKey key = key_of('k');
  const Value value = Object{
      {"env", Object{{"A", secret("one")}, {"B", "public"}}},
      {"list", List{secret("two"), Duration{5}, Object{}}},
      {"empty", Secret()},
      {"mine", Object{{"$sealed", "ie1.AAAA"}}},
      {"more", Object{{"$$sealed", secret("three")}}},
      {"most", List{Object{{"$$$sealed", Object{{"$sealed", 1}}}}}},
  };
  const Value sealed = seal_leaves(value, context, key, random);
  EXPECT_FALSE(contains_secret(sealed));
  const std::string text = to_tagged_json(sealed);
  for (const char* word : {"one", "two", "three"}) {
    EXPECT_EQ(text.find('"' + std::string(word) + '"'), std::string::npos);
  }
  const auto back = parse_tagged_json(text);
  ASSERT_EQ(back.index(), 0U);
  EXPECT_TRUE(same(open_leaves(std::get<0>(back), context, key), value));
  EXPECT_TRUE(same(open_leaves(seal_leaves(secret("top"), context, key, random), context, key),
                   secret("top")));
}

TEST(Sealing, LeavesMovedElsewhereAreRefusedByName) {
  Random& random = *real_world().random;
  const SealingKey key = key_of('k');
  Value sealed = seal_leaves(Object{{"a", secret("1")}, {"b", secret("2")}}, context, key, random);
  const Value b = sealed.at("/b");
  sealed.set("/b", sealed.at("/a")).set("/a", b);
  try {
    (void)open_leaves(sealed, context, key);
    ADD_FAILURE();
  } catch (const SealingError& error) {
    EXPECT_NE(std::string(error.what()).find("database.main"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("/a"), std::string::npos);
  }
}

TEST(Compare, AgreesWithSame) {
  const SealingKey key = key_of('k');
  const Value values[] = {Value(),
                          true,
                          false,
                          1,
                          1.0,
                          1.5,
                          "1",
                          secret("1"),
                          Secret(),
                          "",
                          Duration{1},
                          Size{1},
                          List{},
                          List{1},
                          List{1, List{}},
                          List{List{1}},
                          Object{},
                          Object{{"a", 1}},
                          Object{{"a", "1"}},
                          Object{{"a1", ""}},
                          Reference{"a", "b"},
                          Reference{"ab", ""},
                          Hidden{}};
  for (const Value& left : values) {
    for (const Value& right : values) {
      EXPECT_EQ(key.compare(left, "p") == key.compare(right, "p"), same(left, right))
          << left.variant().index() << " " << right.variant().index();
    }
  }
  EXPECT_NE(key.compare(1, "p"), key.compare(1, "q"));
  EXPECT_NE(key.compare(1, "p"), key_of('x').compare(1, "p"));
  EXPECT_EQ(key.compare(1, "p").size(), 64U);
}

TEST(Macs, DependOnKeyAndText) {
  const SealingKey key = key_of('k');
  EXPECT_EQ(key.row_mac("row"), key.row_mac("row"));
  EXPECT_NE(key.row_mac("row"), key.row_mac("rox"));
  EXPECT_NE(key.row_mac("row"), key_of('x').row_mac("row"));
  EXPECT_NE(key.plan_mac("a"), key.plan_mac("b"));
  EXPECT_TRUE(same_mac(key.plan_mac("a"), key.plan_mac("a")));
  EXPECT_FALSE(same_mac(key.plan_mac("a"), key.plan_mac("b")));
  EXPECT_FALSE(same_mac("a", ""));
  EXPECT_THROW((void)SealingKey::from_bytes(secret("short")), SealingError);
}

}  // namespace
}  // namespace infra
