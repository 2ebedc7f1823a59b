// Folders and disks that do not let a state be kept: one line with the path and the reason.
#include <sys/mount.h>
#include <sys/wait.h>

#include "state_fixture.h"

namespace infra::test {
namespace {

// A file system of its own; only root may mount one.
class Mount {
 public:
  Mount(const fs::path& at, const std::string& options) : at_(at) {
    fs::create_directories(at);
    mounted_ = ::mount("tmpfs", at.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~Mount() {
    if (mounted_) {
      ::umount2(at_.c_str(), MNT_DETACH);
    }
  }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] bool make_read_only() const {
    return ::mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }

 private:
  fs::path at_;
  bool mounted_;
};

TEST_F(StateTest, FoldersOpenToOthersAreRefused) {
  put("service.a");
  const fs::path place = fs::path(location.path).parent_path();
  fs::permissions(place, fs::perms::all);
  std::string message;
  EXPECT_EQ(status_of([this] { (void)open(); }, &message), 1);
  EXPECT_NE(message.find(place.string()), std::string::npos) << message;
}

TEST_F(StateTest, PlantedFilesAreRefused) {
  put("service.a");
  for (const std::string suffix : {"", "-wal", "-shm", "-journal", ".lock"}) {
    const fs::path name = location.path + suffix;
    const fs::path aside = folder / "aside";
    const fs::path victim = folder / "victim";
    write_bytes(victim, "do not touch");
    const bool moved = fs::exists(name);
    if (moved) {
      fs::rename(name, aside);
    }
    fs::create_symlink(victim, name);
    EXPECT_EQ(status_of([this] { (void)open(); }), 1) << "link " << suffix;
    fs::remove(name);
    fs::create_hard_link(victim, name);
    EXPECT_EQ(status_of([this] { (void)open(); }), 1) << "hard link " << suffix;
    fs::remove(name);
    fs::create_directory(name);
    EXPECT_EQ(status_of([this] { (void)open(); }), 1) << "folder " << suffix;
    fs::remove(name);
    ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0);
    EXPECT_EQ(status_of([this] { (void)open(); }), 1) << "pipe " << suffix;
    fs::remove(name);
    EXPECT_EQ(bytes_of(victim), "do not touch");
    if (moved) {
      fs::rename(aside, name);
    }
    fs::remove(victim);
    EXPECT_EQ(status_of([this] { (void)open(); }), 0) << suffix;
  }
}

TEST_F(StateTest, WidenedFilesAreNarrowedAgain) {
  put("service.a");
  ::chmod(location.path.c_str(), 0644);
  put("service.b");
  struct stat status {};
  ASSERT_EQ(::stat(location.path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(StateTest, ReadOnlyDisksAreReadAndNotWritten) {
  const Mount mount(folder / "disk", "size=8m,mode=0700");
  if (!mount.mounted()) {
    GTEST_SKIP() << "mounting needs root";
  }
  location.path = (folder / "disk" / "state.db").string();
  put("service.a");
  ASSERT_TRUE(mount.make_read_only());
  EXPECT_EQ(read().resources.size(), 1U);
  std::string message;
  EXPECT_EQ(status_of([this] { (void)open(); }, &message), 1);
  EXPECT_NE(message.find(location.path), std::string::npos) << message;
  EXPECT_NE(message.find("Read-only"), std::string::npos) << message;
}

// A log that no one has folded in holds commits that the file does not: they are seen all the same.
TEST_F(StateTest, ReadOnlyDisksShowWhatOnlyTheLogHolds) {
  const Mount mount(folder / "disk", "size=8m,mode=0700");
  if (!mount.mounted()) {
    GTEST_SKIP() << "mounting needs root";
  }
  location.path = (folder / "disk" / "state.db").string();
  put("service.a");
  const pid_t child = ::fork();
  if (child == 0) {  // ends without closing anything, as a killed process does
    Store store = open();
    Commit commit;
    commit.put = {resource("service.b")};
    store.commit(std::move(commit));
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_GT(fs::file_size(location.path + "-wal"), 0U);
  fs::remove(location.path + "-shm");
  ASSERT_TRUE(mount.make_read_only());
  EXPECT_EQ(read().resources.size(), 2U);
}

TEST_F(StateTest, AFullDiskLosesNothingThatWasCommitted) {
  const Mount mount(folder / "disk", "size=1m,mode=0700");
  if (!mount.mounted()) {
    GTEST_SKIP() << "mounting needs root";
  }
  location.path = (folder / "disk" / "state.db").string();
  std::uint64_t serial = 0;
  std::string message;
  {
    Store store = open();
    int status = 0;
    for (int i = 0; i < 5000 && status == 0; ++i) {
      Commit commit;
      commit.put = {resource("service.s" + std::to_string(i))};
      status = status_of([&] { store.commit(std::move(commit)); }, &message);
      serial += status == 0 ? 1 : 0;
    }
    EXPECT_EQ(status, 1);
    EXPECT_NE(message.find("No space left"), std::string::npos) << message;
    EXPECT_NE(message.find(location.path), std::string::npos) << message;
    EXPECT_EQ(store.state().serial, serial);
    EXPECT_EQ(store.state().resources.size(), serial);
  }
  const State state = read();
  EXPECT_EQ(state.serial, serial);
  EXPECT_EQ(state.resources.size(), serial);
  ASSERT_EQ(::mount("tmpfs", (folder / "disk").c_str(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
  put("service.more");
  EXPECT_EQ(read().serial, serial + 1) << "with space it goes on";
}

TEST_F(StateTest, AFullDiskMakesNoHalfState) {
  const Mount mount(folder / "disk", "size=8k,mode=0700");
  if (!mount.mounted()) {
    GTEST_SKIP() << "mounting needs root";
  }
  location.path = (folder / "disk" / "state.db").string();
  EXPECT_EQ(status_of([this] { (void)open(); }), 1);
  EXPECT_FALSE(fs::exists(location.path));
  EXPECT_TRUE(read().lineage.empty());
}

}  // namespace
}  // namespace infra::test
