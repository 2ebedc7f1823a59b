#include "providers/simulator/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/json.h"

namespace infra {

CloudJournal::~CloudJournal() {
  if (file_ >= 0) {
    ::close(file_);
  }
}

std::string CloudJournal::failure(std::string_view doing) const {
  return "the simulated cloud cannot " + std::string(doing) + " `" + path_ +
         "`: " + std::strerror(errno);
}

std::optional<std::string> CloudJournal::open_for(bool writing) {
  if (file_ >= 0 && (writable_ || !writing)) {
    return std::nullopt;
  }
  const int flags = O_CLOEXEC | O_NOFOLLOW | (writing ? O_RDWR | O_APPEND | O_CREAT : O_RDONLY);
  const int opened = ::open(path_.c_str(), flags, 0600);
  if (opened < 0) {
    return failure(writing ? "write" : "read");
  }
  if (file_ >= 0) {
    ::close(file_);
  }
  file_ = opened;
  writable_ = writing;
  return std::nullopt;
}

std::optional<std::string> CloudJournal::catch_up(
    const std::function<void(const Value& line)>& take) {
  if (file_ < 0) {
    struct stat there {};
    if (::stat(path_.c_str(), &there) != 0 && errno == ENOENT) {
      return std::nullopt;
    }
    if (auto error = open_for(false)) {
      return error;
    }
  }
  struct stat now {};
  if (::fstat(file_, &now) != 0) {
    return failure("read");
  }
  while (read_to_ < now.st_size) {
    std::string buffer(static_cast<std::size_t>(
                           std::min<std::int64_t>(now.st_size - read_to_, std::int64_t{1} << 20)),
                       '\0');
    const ssize_t got = ::pread(file_, buffer.data(), buffer.size(), read_to_);
    if (got < 0) {
      return failure("read");
    }
    if (got == 0) {
      break;
    }
    read_to_ += got;
    rest_.append(buffer, 0, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = rest_.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      auto parsed = parse_tagged_json(std::string_view(rest_).substr(begin, end - begin));
      if (const auto* line = std::get_if<Value>(&parsed)) {  // else: torn by a killed writer
        take(*line);
      }
    }
    rest_.erase(0, begin);
  }
  return std::nullopt;
}

std::optional<std::string> CloudJournal::append(const Value& line) {
  if (auto error = open_for(true)) {
    return error;
  }
  std::string text = to_tagged_json(line);
  text += '\n';
  if (!rest_.empty()) {  // a torn line of a killed writer: end it
    text.insert(text.begin(), '\n');
    rest_.clear();
  }
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t got = ::write(file_, text.data() + written, text.size() - written);
    if (got < 0 && errno != EINTR) {
      return failure("write");
    }
    written += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  // Lines of others that slipped in before ours are still unread; then ours is read again with
  // them.
  const auto size = static_cast<std::int64_t>(text.size());
  if (::lseek(file_, 0, SEEK_CUR) - size == read_to_) {
    read_to_ += size;
  }
  return std::nullopt;
}

}  // namespace infra
