#include "base/world.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

namespace infra {
namespace {

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "infra-world-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }
  void write(const std::string& name, const std::string& text = "x") const {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
  }
  [[nodiscard]] std::vector<std::string> glob(const std::string& pattern) const {
    return real_world().files->glob(folder.string(), pattern);
  }
  fs::path folder;
};

using Names = std::vector<std::string>;

TEST_F(Folder, GlobsSortedBelowTheFolder) {
  for (const char* name : {"b.sql", "a.sql", "a.txt", ".hidden.sql", "drizzle/0001.sql",
                           "drizzle/0002.sql", "drizzle/meta/x.sql", "deep/er/y.sql"}) {
    write(name);
  }
  EXPECT_EQ(glob("*.sql"), (Names{"a.sql", "b.sql"}));
  EXPECT_EQ(glob("drizzle/*.sql"), (Names{"drizzle/0001.sql", "drizzle/0002.sql"}));
  EXPECT_EQ(glob("./drizzle/000[2-9].sql"), (Names{"drizzle/0002.sql"}));
  EXPECT_EQ(glob("drizzle/000[!1].sql"), (Names{"drizzle/0002.sql"}));
  EXPECT_EQ(glob("**/*.sql"), (Names{"a.sql", "b.sql", "deep/er/y.sql", "drizzle/0001.sql",
                                     "drizzle/0002.sql", "drizzle/meta/x.sql"}));
  EXPECT_EQ(glob("**/**/y.sql"), (Names{"deep/er/y.sql"}));
  EXPECT_EQ(glob("a.???"), (Names{"a.sql", "a.txt"}));
  EXPECT_EQ(glob("../*"), Names{});
  EXPECT_EQ(glob("nothing/*"), Names{});
  EXPECT_EQ(glob("a[.sql"), Names{});
}

TEST_F(Folder, GlobDoesNotGoRoundInCircles) {
  write("a/x.sql");
  fs::create_directory_symlink(folder, folder / "a" / "loop");
  EXPECT_EQ(glob("**/*.sql"), (Names{"a/x.sql"}));
}

TEST_F(Folder, ReadsFilesAndSaysWhyNot) {
  write("a", "text");
  const Files& files = *real_world().files;
  const auto read = files.read((folder / "a").string(), 10);
  ASSERT_EQ(read.index(), 0U);
  EXPECT_EQ(std::get<0>(read), "text");
  const auto error = [&files, this](const char* name, std::size_t most) {
    const auto result = files.read((folder / name).string(), most);
    return result.index() == 1 ? std::get<1>(result) : "";
  };
  EXPECT_NE(error("a", 3).find("larger than 3"), std::string::npos);
  EXPECT_NE(error("absent", 3).find("No such file"), std::string::npos);
  EXPECT_NE(error(".", 3).find("is a folder"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_NE(error("pipe", 3).find("no regular file"), std::string::npos) << "and does not hang";
  EXPECT_TRUE(files.exists((folder / "a").string()));
  EXPECT_FALSE(files.exists((folder / "b").string()));
}

TEST(World, ClocksGoOn) {
  const Clock& clock = *real_world().clock;
  EXPECT_GT(clock.now().time_since_epoch().count(), 1'700'000'000'000);
  const auto before = clock.steady();
  EXPECT_GE(clock.steady(), before);
}

TEST(World, WritesTimestamps) {
  using std::chrono::milliseconds;
  const auto text = [](std::int64_t ms) {
    return timestamp(std::chrono::sys_time<milliseconds>(milliseconds(ms)));
  };
  EXPECT_EQ(text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(text(1'767'225'599'999), "2025-12-31T23:59:59.999Z");
  EXPECT_EQ(text(-1), "1969-12-31T23:59:59.999Z");
}

class Counting final : public Random {
 public:
  void fill(unsigned char* bytes, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      bytes[i] = next_++;
    }
  }

 private:
  unsigned char next_ = 0;
};

TEST(World, RandomTextIsEven) {
  Counting random;  // gives each byte equally often
  const Secret secret = random_text(random, 252 / 6 * 100, "abcdef");
  std::map<char, int> counts;
  for (const char c : secret.expose()) {
    ++counts[c];
  }
  ASSERT_EQ(counts.size(), 6U);
  for (const auto& [letter, count] : counts) {
    EXPECT_NEAR(count, 700, 1) << letter;
  }
}

TEST(World, RandomThings) {
  Random& random = *real_world().random;
  EXPECT_EQ(random_hex(random, 16).size(), 32U);
  EXPECT_EQ(random_text(random, 40).expose().size(), 40U);
  EXPECT_EQ(random_text(random, 5, "x").expose(), "xxxxx");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = uuid(random);
    ASSERT_EQ(id.size(), 36U);
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

#ifdef INFRA_CRASH_POINTS
TEST(CrashPoint, KillsAtThePassingThatWasNamed) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("INFRA_CRASH", "here:2", 1);
    crash_point("elsewhere");
    crash_point("here");
    crash_point("elsewhere");
    if (::access("/", R_OK) == 0) {
      crash_point("here");
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}
#endif

}  // namespace
}  // namespace infra
