// The cloud on disk, and the built-in driver that uses it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "providers/simulator/simulator.h"
#include "tests/support/recording_gate.h"

namespace infra {
namespace {

class CloudOnDisk : public ::testing::Test {
 protected:
  CloudOnDisk() {
    std::string name = (std::filesystem::temp_directory_path() / "infra-cloud-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    path = folder + "/cloud.jsonl";
  }
  ~CloudOnDisk() override { std::filesystem::remove_all(folder); }
  CloudOnDisk(const CloudOnDisk&) = delete;
  CloudOnDisk& operator=(const CloudOnDisk&) = delete;
  CloudOnDisk(CloudOnDisk&&) = delete;
  CloudOnDisk& operator=(CloudOnDisk&&) = delete;

  std::unique_ptr<Cloud> open() const {
    CloudOptions options;
    options.journal = path;
    options.seed = ++seed;
    return std::make_unique<Cloud>(simulator_schema(), options);
  }
  static Reply<CloudAnswer> make(Cloud& cloud, const std::string& name, Value more = Object{}) {
    CloudRequest request;
    request.type = "simulator.thing";
    request.marker = "m-" + name;
    request.desired = std::move(more);
    request.desired.set("/name", name);
    return cloud.send(request);
  }
  std::string text() const {
    std::ifstream file(path);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }

  std::string folder, path;
  static std::uint64_t seed;
};
std::uint64_t CloudOnDisk::seed = 100;

TEST_F(CloudOnDisk, OutlivesItsProcess) {
  std::string gone;
  {
    auto cloud = open();
    ASSERT_TRUE(make(*cloud, "a", Object{{"secret", Secret("canary-of-mine")}, {"size", 7}}));
    auto second = make(*cloud, "b");
    ASSERT_TRUE(second);
    gone = second->id;
    ASSERT_TRUE(cloud->vanish("simulator.thing", gone));
  }
  const auto all = open()->objects();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].attributes.at("/size").integer(), 7);
  EXPECT_EQ(all[0].marker, "m-a");
  EXPECT_FALSE(all[0].marks.at("/secret").empty());
  EXPECT_EQ(text().find("canary"), std::string::npos);
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(CloudOnDisk, IgnoresATornLastLine) {
  ASSERT_TRUE(make(*open(), "a"));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 9);
  EXPECT_TRUE(open()->objects().empty());
  auto cloud = open();
  ASSERT_TRUE(make(*cloud, "b"));
  EXPECT_EQ(cloud->objects().size(), 1U);
  const auto all = open()->objects();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].attributes.at("/name").text(), "b");
}

TEST_F(CloudOnDisk, SeesWhatAnotherProcessDoes) {
  auto here = open();
  auto there = open();
  auto made = make(*here, "a");
  ASSERT_TRUE(made);
  ASSERT_EQ(there->objects().size(), 1U);
  ASSERT_TRUE(there->edit("simulator.thing", made->id, "/size", 9));
  ASSERT_TRUE(make(*there, "b"));
  ASSERT_TRUE(make(*here, "c"));
  EXPECT_EQ(here->objects().size(), 3U);
  EXPECT_EQ(there->objects().size(), 3U);
  EXPECT_EQ(here->read("simulator.thing", made->id)->attributes.at("/size").integer(), 9);
}

TEST_F(CloudOnDisk, SaysWhenItCannotBeWritten) {
  path = folder + "/no/such/folder/cloud.jsonl";
  auto refused = make(*open(), "a");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(path), std::string::npos) << refused.error().message;
}

TEST_F(CloudOnDisk, IsNamedByTheProviderBlock) {
  const auto settings = [&](const std::string& file) {
    return Value(Object{{"file", file}, {"infra", Object{{"folder", folder}}}});
  };
  testing::RecordingGate gate;
  auto writer = open_writer(testing::quick_context(simulator_schema(), settings("c.jsonl")), gate);
  ApplyRequest request;
  Change change{Action::create, "resource.a", "simulator.thing", ""};
  change.desired = Object{{"name", "a"}};
  request.changes = {change};
  ASSERT_TRUE(simulator_provider().apply(request, *writer).front());
  path = folder + "/c.jsonl";
  EXPECT_EQ(open()->objects().size(), 1U);
  for (const char* outside : {"/etc/cloud", "../cloud", "a/../../cloud", ".."}) {
    auto reader = open_reader(testing::quick_context(simulator_schema(), settings(outside)));
    auto refused = simulator_provider().list({"simulator.thing", ""}, *reader);
    ASSERT_FALSE(refused) << outside;
    EXPECT_EQ(refused.error().path, "/file");
  }
}

}  // namespace
}  // namespace infra
