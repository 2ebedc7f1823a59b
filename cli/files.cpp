#include "cli/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/text.h"
#include "planner/engine.h"

namespace infra {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} << 20U;

[[noreturn]] void fail(std::string_view verb, const std::string& path, int number) {
  throw CommandError(1,
                     fmt::format("cannot {} {}: {}", verb, printable(path), std::strerror(number)));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { (void)close(); }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool close() {
    const int number = number_;
    number_ = -1;
    return number < 0 || ::close(number) == 0;
  }

 private:
  int number_;
};

std::string read_all(int descriptor, const std::string& path) {
  std::string text;
  char buffer[65536];
  while (true) {
    const ssize_t got = ::read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      fail("read", path, errno);
    }
    if (got == 0) {
      return text;
    }
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > most_bytes) {
      throw CommandError(1, fmt::format("{} is larger than 64 MiB", printable(path)));
    }
  }
}

void write_all(int descriptor, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      fail("write", path, errno);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::string read_text_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    fail("read", path, errno);
  }
  return read_all(file.number(), path);
}

std::string read_standard_input() {
  return read_all(STDIN_FILENO, "standard input");
}

void write_text_file(const std::string& path, std::string_view text, mode_t mode) {
  std::error_code none;
  const std::string target = std::filesystem::is_symlink(path, none)
                                 ? std::filesystem::weakly_canonical(path, none).string()
                                 : path;
  struct stat known {};
  if (::stat(target.c_str(), &known) == 0) {
    if (!S_ISREG(known.st_mode)) {  // a pipe or a device is written to, never replaced
      Descriptor file(::open(target.c_str(), O_WRONLY | O_CLOEXEC));
      if (file.number() < 0) {
        fail("write", path, errno);
      }
      return write_all(file.number(), text, path);
    }
    mode = known.st_mode & 07777U;
  }
  std::string temporary = target + ".XXXXXX";
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.number() < 0) {
    fail("write", path, errno);
  }
  try {
    write_all(file.number(), text, path);
    if (::fchmod(file.number(), mode) != 0 || ::fsync(file.number()) != 0 || !file.close() ||
        ::rename(temporary.c_str(), target.c_str()) != 0) {
      fail("write", path, errno);
    }
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

bool is_folder(const std::string& path) {
  std::error_code none;
  return std::filesystem::is_directory(path, none);
}

bool file_exists(const std::string& path) {
  std::error_code none;
  return std::filesystem::exists(path, none);
}

void make_folders(const std::string& path, mode_t mode) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (!is_folder(part)) {
      if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
        fail("make the folder", part, errno);
      }
      ::chmod(part.c_str(), mode);
    }
    if (end == std::string::npos) {
      return;
    }
  }
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  std::string absolute = std::filesystem::weakly_canonical(path, error).string();
  if (error) {
    absolute = std::filesystem::absolute(path, error).lexically_normal().string();
  }
  while (absolute.size() > 1 && absolute.back() == '/') {
    absolute.pop_back();
  }
  return absolute;
}

std::vector<std::string> infra_files(const std::string& folder, bool deep) {
  std::vector<std::string> files;
  std::vector<std::string> folders{folder};
  while (!folders.empty()) {
    const std::string next = folders.back();
    folders.pop_back();
    std::error_code error;
    for (std::filesystem::directory_iterator it(next, error), end; !error && it != end;
         it.increment(error)) {
      const std::string name = it->path().filename().string();
      std::error_code none;
      if (it->is_directory(none)) {
        if (deep && name.front() != '.' && !it->is_symlink(none)) {
          folders.push_back(it->path().string());
        }
      } else if (name.ends_with(".infra") && name.front() != '.') {
        files.push_back(it->path().string());
      }
    }
    if (error && next == folder) {
      throw CommandError(
          1, fmt::format("cannot read the folder {}: {}", printable(folder), error.message()));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace infra
