#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace infra {
namespace {

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return errno == EPIPE;  // who does not want to read on is no failure
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

winsize window() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
    size = {};
  }
  return size;
}

}  // namespace

Terminal::Terminal()
    : input_(::isatty(STDIN_FILENO) == 1),
      output_(::isatty(STDOUT_FILENO) == 1),
      error_(::isatty(STDERR_FILENO) == 1) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  smart_ = output_ && kind != nullptr && std::string_view(kind) != "dumb";
  const bool wanted = (no_colour == nullptr || *no_colour == '\0') && kind != nullptr &&
                      std::string_view(kind) != "dumb";
  colour_ = wanted && output_;
  error_colour_ = wanted && error_;
}

void Terminal::print(std::string_view text) {
  failed_ = !write_all(STDOUT_FILENO, text) || failed_;
}

void Terminal::complain(std::string_view text) {
  (void)write_all(STDERR_FILENO, text);
}

std::size_t Terminal::columns() const {
  const winsize size = output_ ? window() : winsize{};
  return size.ws_col == 0 ? 80 : std::clamp<std::size_t>(size.ws_col, 50, 120);
}

std::size_t Terminal::rows() const {
  const winsize size = output_ ? window() : winsize{};
  return size.ws_row == 0 ? 24 : size.ws_row;
}

TextStyle Terminal::style() const {
  return {colour_, columns()};
}

TextStyle Terminal::error_style() const {
  return {error_colour_, columns()};
}

bool Terminal::read_line(std::string& line) const {
  line.clear();
  char c = 0;
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) {
      return false;  // an interrupt is an answer too: no
    }
    if (got <= 0) {
      return !line.empty();
    }
    if (c == '\n') {
      return true;
    }
    line += c;
  }
}

}  // namespace infra
