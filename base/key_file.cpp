#include "base/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/sealing.h"

namespace infra {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t most_text = 4096;

std::string system_reason() {
  return std::generic_category().message(errno);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

// 64 hex digits, or base64 of either alphabet with or without padding.
std::optional<Secret> decode(std::string& text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
  std::array<unsigned char, key_bytes> bytes{};
  std::size_t size = 0;
  const char* end = nullptr;
  bool read = sodium_hex2bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size,
                             &end) == 0 &&
              size == key_bytes && end == text.data() + text.size();
  for (const int variant :
       {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
        sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING}) {
    read = read || (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr,
                                      &size, &end, variant) == 0 &&
                    size == key_bytes && end == text.data() + text.size());
  }
  wipe(text);
  if (!read) {
    return std::nullopt;
  }
  Secret key(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  sodium_memzero(bytes.data(), bytes.size());
  return key;
}

// "" when neither variable says where.
std::string key_folder(World world) {
  const auto config = world.variables->get("XDG_CONFIG_HOME");
  if (config && config->starts_with('/')) {
    return *config + "/infra";
  }
  const auto home = world.variables->get("HOME");
  return home && home->starts_with('/') ? *home + "/.config/infra" : std::string();
}

void refuse_unless_private(const std::string& path, int file) {
  struct stat status {};
  if (::fstat(file, &status) != 0) {
    throw SealingError(fmt::format("cannot read the key file {}: {}", path, system_reason()));
  }
  if (!S_ISREG(status.st_mode)) {
    throw SealingError(fmt::format("the key file {} is no regular file", path),
                       "remove it, or set INFRA_KEY");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    throw SealingError(fmt::format("the key file {} belongs to another user", path),
                       "set INFRA_KEY, or point XDG_CONFIG_HOME at a folder of your own");
  }
  if ((status.st_mode & 077U) != 0) {
    throw SealingError(fmt::format("the key file {} can be read or written by others (mode {:04o})",
                                   path, status.st_mode & 07777U),
                       fmt::format("chmod 600 {}", path));
  }
}

std::optional<Secret> read_key_file(const std::string& path) {
  const Descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK));
  if (file.number() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return std::nullopt;
    }
    const bool link = errno == ELOOP;
    throw SealingError(fmt::format("cannot read the key file {}: {}", path,
                                   link ? "it is a symbolic link" : system_reason()));
  }
  refuse_unless_private(path, file.number());
  std::string text(most_text, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.number(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      wipe(text);
      throw SealingError(fmt::format("cannot read the key file {}: {}", path, system_reason()));
    }
    if (count == 0) {
      break;
    }
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  auto key = decode(text);
  if (!key) {
    throw SealingError(
        fmt::format("the key file {} does not hold a key of 32 bytes in hex or base64", path),
        "restore it from where you keep a copy; a new key cannot open what the old one sealed");
  }
  return key;
}

// Makes every missing folder on the way with mode 0700.
void make_folders(const std::string& folder) {
  for (std::size_t at = folder.find('/', 1);; at = folder.find('/', at + 1)) {
    const std::string part = folder.substr(0, at);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      throw SealingError(
          fmt::format("cannot make the folder {} for the key file: {}", part, system_reason()),
          "set INFRA_KEY, or make the folder writable");
    }
    if (at == std::string::npos) {
      return;
    }
  }
}

void write_durably(const std::string& path, std::string_view text) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  bool written = file.number() >= 0;
  while (written && !text.empty()) {
    const ssize_t count = ::write(file.number(), text.data(), text.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    written = count > 0;
    text.remove_prefix(written ? static_cast<std::size_t>(count) : 0);
  }
  if (!written || ::fsync(file.number()) != 0) {
    const std::string reason = system_reason();
    ::unlink(path.c_str());
    throw SealingError(fmt::format("cannot write the key file {}: {}", path, reason),
                       "set INFRA_KEY, or make the folder writable");
  }
}

}  // namespace

std::optional<Secret> find_key(World world) {
  if (auto text = world.variables->get("INFRA_KEY"); text && !text->empty()) {
    auto key = decode(*text);
    if (!key) {
      throw SealingError("INFRA_KEY is no key: it takes 32 bytes as 64 hex digits or as base64",
                         "make one with `openssl rand -hex 32` and keep it where your secrets are");
    }
    return key;
  }
  const std::string folder = key_folder(world);
  return folder.empty() ? std::nullopt : read_key_file(folder + "/key");
}

Secret create_key_file(World world) {
  const std::string folder = key_folder(world);
  if (folder.empty()) {
    throw SealingError("there is no sealing key, and no place to keep one: HOME is not set",
                       "set INFRA_KEY to 32 random bytes in hex (`openssl rand -hex 32`)");
  }
  make_folders(folder);
  // The whole text first under a name of its own, then linked: nobody ever reads half a key, and of
  // two that start together one wins.
  const std::string path = folder + "/key";
  const std::string draft = path + "." + random_hex(*world.random, 8);
  std::string text = random_hex(*world.random, key_bytes) + "\n";
  try {
    write_durably(draft, text);
  } catch (...) {
    wipe(text);
    throw;
  }
  wipe(text);
  const bool linked = ::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const std::string reason = system_reason();
  ::unlink(draft.c_str());
  if (!linked) {
    throw SealingError(fmt::format("cannot make the key file {}: {}", path, reason),
                       "set INFRA_KEY, or make the folder writable");
  }
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.number() >= 0) {
    ::fsync(directory.number());
  }
  auto key = read_key_file(path);
  if (!key) {
    throw SealingError(fmt::format("the key file {} was removed while it was made", path));
  }
  return *key;
}

}  // namespace infra
