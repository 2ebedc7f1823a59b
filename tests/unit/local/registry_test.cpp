#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "providers/local/agent_registry.h"

namespace infra::local {
namespace {

class AgentRegistry : public ::testing::Test {
 protected:
  AgentRegistry() {
    std::string name = (std::filesystem::temp_directory_path() / "infra-registry-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    file = folder + "/registry.json";
  }
  ~AgentRegistry() override { std::filesystem::remove_all(folder); }
  std::string folder, file;
};

TEST_F(AgentRegistry, RemembersWhatWasPutUntilItIsErased) {
  Registry registry(file);
  ASSERT_EQ(registry.load(), "");
  EXPECT_TRUE(registry.empty());
  ASSERT_EQ(registry.put(services_kind, "a", Object{{"port", 20001}}), "");
  ASSERT_EQ(registry.set_note("cluster", Object{{"port", 20002}}), "");

  Registry again(file);
  ASSERT_EQ(again.load(), "");
  EXPECT_FALSE(again.empty());
  EXPECT_EQ(again.find(services_kind, "a").at("/port").integer(), 20001);
  EXPECT_TRUE(again.holds_port(20001));
  EXPECT_TRUE(again.holds_port(20002));
  EXPECT_FALSE(again.holds_port(20003));
  ASSERT_EQ(again.erase(services_kind, "a"), "");
  EXPECT_TRUE(again.empty());
  EXPECT_TRUE(again.find(services_kind, "a").is_null());
}

TEST_F(AgentRegistry, IsForThisAccountAlone) {
  Registry registry(file);
  ASSERT_EQ(registry.put(volumes_kind, "v", Object{}), "");
  struct stat found {};
  ASSERT_EQ(::stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(AgentRegistry, RefusesSecrets) {
  Registry registry(file);
  EXPECT_THROW((void)registry.put(services_kind, "a", Object{{"x", Secret("s")}}),
               std::logic_error);
}

TEST_F(AgentRegistry, SaysWhatIsDamaged) {
  std::ofstream(file) << "{\"objects\": ";
  Registry registry(file);
  EXPECT_NE(registry.load().find(file), std::string::npos);
}

TEST_F(AgentRegistry, SaysWhyItCannotWrite) {
  Registry registry(folder + "/missing/registry.json");
  EXPECT_NE(registry.put(services_kind, "a", Object{}).find("missing"), std::string::npos);
}

TEST_F(AgentRegistry, IsReadWithoutAnAgent) {
  Registry registry(file);
  ASSERT_EQ(registry.put(buckets_kind, "b", Object{{"name", "books"}}), "");
  EXPECT_EQ(read_registry(file).at("/buckets/b/name").text(), "books");
  EXPECT_TRUE(read_registry(folder + "/none").at("/buckets").object().empty());
}

}  // namespace
}  // namespace infra::local
