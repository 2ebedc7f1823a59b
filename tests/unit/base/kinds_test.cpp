#include "base/kinds.h"

#include <gtest/gtest.h>

#include <set>

namespace infra {
namespace {

TEST(Kinds, AreFive) {
  ASSERT_EQ(kinds().size(), 5U);
  EXPECT_EQ(find_kind("table"), nullptr);
  for (const Kind& kind : kinds()) {
    EXPECT_EQ(find_kind(kind.name), &kind);
    ASSERT_NE(find_attribute(kind, "/name"), nullptr) << kind.name;
    std::set<std::string> paths;
    for (const KindAttribute& one : kind.attributes) {
      EXPECT_TRUE(paths.insert(one.path).second) << one.path;
      EXPECT_TRUE(one.path.starts_with('/')) << one.path;
      EXPECT_TRUE(one.doc.ends_with('.')) << one.path;
      EXPECT_NE(one.type.base, Type::portable) << one.path;
    }
    EXPECT_FALSE(kind.outputs.empty());
  }
}

TEST(Kinds, GuardWhatHoldsData) {
  EXPECT_TRUE(find_kind("database")->guarded);
  EXPECT_TRUE(find_kind("bucket")->guarded);
  EXPECT_FALSE(find_kind("service")->guarded);
  EXPECT_FALSE(find_kind("secret")->placeable);
}

TEST(Kinds, FindTheAttributeOfAPath) {
  const Kind& service = *find_kind("service");
  EXPECT_EQ(find_attribute(service, "/volume/data/mount")->path, "/volume/*/mount");
  EXPECT_EQ(find_attribute(service, "/env/A")->path, "/env");
  EXPECT_EQ(find_attribute(service, "/env")->secrecy, Secrecy::allowed);
  EXPECT_EQ(find_attribute(service, "/health/timeout")->type.base, Type::duration);
  EXPECT_EQ(find_attribute(service, "/volume/data"), nullptr);
  EXPECT_EQ(find_attribute(service, "/environment"), nullptr);
  EXPECT_EQ(find_attribute(service, ""), nullptr);
  EXPECT_TRUE(find_attribute(*find_kind("database"), "/migrations")->files);
}

TEST(Kinds, TellOutputsThatAreSecret) {
  for (const KindOutput& output : find_kind("database")->outputs) {
    EXPECT_EQ(output.secret,
              output.path == "/url" || output.path == "/password" || output.path == "/rest_token")
        << output.path;
  }
  for (const KindOutput& output : find_kind("service")->outputs) {
    EXPECT_TRUE(output.made) << output.path;
  }
}

TEST(DefaultName, IsMadeOfItsParts) {
  const std::pair<const char*, const char*> cases[] = {
      {"service.web", "odys-web-prod"},
      {"service.api[\"eu\"][\"Blue Sky\"]", "odys-api-eu-blue-sky-prod"},
      {"main[\"x\"].database.my_db", "odys-main-x-my-db-prod"},
      {"service.bot.volume.data", "odys-bot-volume-data-prod"},
      {"resource.hook", "odys-hook-prod"},
  };
  for (const auto& [address, name] : cases) {
    EXPECT_EQ(default_name("Odys", address, "prod"), name);
  }
  EXPECT_NE(default_name("s", "service.a[\"ключ\"]", "p"),
            default_name("s", "service.a[\"замок\"]", "p"));
}

TEST(DefaultName, IsCutWithAHashOfTheWhole) {
  const std::string a =
      default_name("stack", "service.a-very-long-name-indeed-one", "production", 24);
  const std::string b =
      default_name("stack", "service.a-very-long-name-indeed-two", "production", 24);
  EXPECT_LE(a.size(), 24U);
  EXPECT_NE(a, b);
  EXPECT_EQ(a.find("--"), std::string::npos);
  EXPECT_EQ(default_name("s", "service.a", "p", 7), "s-a-p");
  for (std::size_t most = 1; most < 40; ++most) {
    EXPECT_LE(
        default_name("stack", "service.a-very-long-name-indeed-one", "production", most).size(),
        most);
  }
}

TEST(Types, HaveTexts) {
  const Type text{Type::text, {}, {}};
  EXPECT_EQ(type_text(text), "string");
  EXPECT_EQ(type_text({Type::list, {}, {text}}), "list<string>");
  EXPECT_EQ(type_text({Type::map, {}, {{Type::list, {}, {text}}}}), "map<list<string>>");
  EXPECT_EQ(type_text({Type::enumeration, {"a", "b"}, {}}), "\"a\" | \"b\"");
  EXPECT_EQ(effect_text(Effect::data_loss), "data loss");
}

TEST(Schemas, FindTypesAndAttributes) {
  ProviderSchema provider{"vercel"};
  TypeSchema type;
  type.name = "vercel.service";
  type.attributes = {{"/env"}, {"/env/*/target"}, {"/name"}};
  provider.types.push_back(type);
  const TypeSchema* found = find_type(provider, "vercel.service");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(find_type(provider, "service"), nullptr);
  EXPECT_EQ(find_attribute(*found, "/env/A")->path, "/env");
  EXPECT_EQ(find_attribute(*found, "/env/A/target")->path, "/env/*/target");
  EXPECT_EQ(find_attribute(*found, "/names"), nullptr);
}

}  // namespace
}  // namespace infra
