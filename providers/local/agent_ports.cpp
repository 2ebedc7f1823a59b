#include "providers/local/agent_ports.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "base/text.h"

namespace infra::local {
namespace {

constexpr int first_port = 20000;
constexpr int port_count = 12700;  // up to 32699: Linux hands out ports from 32768 by itself

bool can_bind(int port, in_addr_t address) {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) {
    return false;
  }
  const int yes = 1;
  setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  name.sin_addr.s_addr = htonl(address);
  const bool bound = bind(probe, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0 &&
                     listen(probe, 1) == 0;
  close(probe);
  return bound;
}

// Inodes of the sockets that listen on the port, from the kernel's tables.
std::set<std::string> listening_inodes(int port) {
  std::set<std::string> inodes;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::array<std::string, 10> field;
      for (auto& word : field) {
        words >> word;
      }
      const std::size_t colon = field[1].rfind(':');
      if (field[3] == "0A" && colon != std::string::npos &&
          std::strtol(field[1].c_str() + colon + 1, nullptr, 16) == port) {
        inodes.insert("socket:[" + field[9] + "]");
      }
    }
  }
  return inodes;
}

bool holds_one(const std::filesystem::path& process, const std::set<std::string>& inodes) {
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(process / "fd", error)) {
    std::error_code unreadable;
    const auto target = std::filesystem::read_symlink(file.path(), unreadable);
    if (!unreadable && inodes.contains(target.string())) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool port_is_free(int port) {
  return can_bind(port, INADDR_LOOPBACK) && can_bind(port, INADDR_ANY);
}

int choose_port(std::string_view seed, const std::function<bool(int)>& reserved) {
  const auto start =
      static_cast<int>(std::stoul(sha256_hex(seed).substr(0, 7), nullptr, 16) % port_count);
  for (int i = 0; i < port_count; ++i) {
    const int port = first_port + (start + i) % port_count;
    if (!reserved(port) && port_is_free(port)) {
      return port;
    }
  }
  return 0;
}

std::string port_holder(int port) {
  const auto inodes = listening_inodes(port);
  std::error_code error;
  if (!inodes.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
      const std::string pid = entry.path().filename();
      if (pid.find_first_not_of("0123456789") == std::string::npos &&
          holds_one(entry.path(), inodes)) {
        std::ifstream file(entry.path() / "comm");
        std::string name;
        std::getline(file, name);
        return fmt::format("`{}` (process {})", name, pid);
      }
    }
  }
  return "another process";
}

}  // namespace infra::local
