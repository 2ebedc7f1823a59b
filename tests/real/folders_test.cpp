// Buckets: folders with their rules beside them.
#include <filesystem>
#include <fstream>

#include "tests/real/local_fixture.h"

namespace infra {
namespace {

class Buckets : public LocalTest {
 protected:
  static Value books() {
    Value desired(Object{{"name", "books"}});
    desired.set("/allowed_types", List{"application/pdf"});
    desired.set("/max_object_size", Size{50'000'000});
    return desired;
  }
};

TEST_F(Buckets, AreFoldersWithRulesThatCountAsTheyAreOnDisk) {
  const auto made = create("local.bucket", "books", books());
  ASSERT_TRUE(made) << made.error().message;
  Remote remote = *made;
  const std::string endpoint = remote.attributes.at("/endpoint").text();
  ASSERT_TRUE(endpoint.starts_with("file:///"));
  const std::string path = endpoint.substr(7);
  EXPECT_TRUE(std::filesystem::is_directory(path));
  EXPECT_TRUE(same(remote.attributes.at("/max_object_size"), Size{50'000'000}));

  std::string rules = read(path + ".rules.json");
  rules.replace(rules.find("application/pdf"), 15, "image/png");
  std::ofstream(path + ".rules.json") << rules;
  EXPECT_EQ(find("local.bucket", "books").attributes.at("/allowed_types/0").text(), "image/png");
  std::ofstream(path + ".rules.json") << "{ no rules";
  EXPECT_TRUE(find("local.bucket", "books").attributes.at("/allowed_types").is_null());

  const auto repaired = update("local.bucket", "books", books());
  ASSERT_TRUE(repaired);
  remote = *repaired;
  EXPECT_EQ(remote.attributes.at("/allowed_types/0").text(), "application/pdf");
}

TEST_F(Buckets, KeepWhatIsInThemUntilTheyAreRemoved) {
  const auto made = create("local.bucket", "books", books());
  ASSERT_TRUE(made);
  const std::string path = Remote(*made).attributes.at("/endpoint").text().substr(7);
  std::ofstream(path + "/a.pdf") << "x";
  ASSERT_TRUE(update("local.bucket", "books", books()));
  EXPECT_TRUE(std::filesystem::exists(path + "/a.pdf"));
  ASSERT_TRUE(remove("local.bucket", "books"));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(path + ".rules.json"));
}

TEST_F(Buckets, OfOneNameAreOne) {
  ASSERT_TRUE(create("local.bucket", "books", books()));
  const auto twin = create("local.bucket", "twin", books());
  ASSERT_FALSE(twin);
  EXPECT_NE(twin.error().message.find("books"), std::string::npos);
  EXPECT_FALSE(create("local.bucket", "bad", Object{{"name", "../x"}}));
}

}  // namespace
}  // namespace infra
