#include "providers/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "providers/doors.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

struct AddressesEnd {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

bool is_link_local_v4(std::uint32_t address) {
  return (address >> 16U) == 0xA9FEU;
}

// One address within its time; the reason when nobody answers there.
std::string try_address(const addrinfo& address, milliseconds timeout) {
  if (is_metadata_address(address.ai_addr)) {
    return "a link-local address is never asked";
  }
  const int socket =
      ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (socket < 0) {
    return std::strerror(errno);
  }
  std::string reason;
  if (::connect(socket, address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) {
      reason = std::strerror(errno);
    } else {
      pollfd waiting{socket, POLLOUT, 0};
      const int ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
      int error = 0;
      socklen_t size = sizeof(error);
      ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
      reason = ready <= 0 ? "no answer in time" : (error != 0 ? std::strerror(error) : "");
    }
  }
  ::close(socket);
  return reason;
}

}  // namespace

bool is_metadata_address(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof(v4));
    return is_link_local_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) {
    return false;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof(v6));
  const auto& bytes = v6.sin6_addr.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    return bytes[12] == 169 && bytes[13] == 254;
  }
  static constexpr std::array<unsigned char, 16> metadata{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0,    0,
                                                          0,    0,    0,    0,    0, 0, 0x02, 0x54};
  return IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) ||
         std::memcmp(static_cast<const unsigned char*>(bytes), metadata.data(), 16) == 0;
}

bool is_this_machine(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost" || host == "::1") {
    return true;
  }
  in_addr v4{};
  return ::inet_pton(AF_INET, std::string(host).c_str(), &v4) == 1 &&
         (ntohl(v4.s_addr) >> 24U) == 127U;
}

Reply<Done> probe_tcp(const std::string& host, int port, milliseconds timeout) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    return Error{ErrorKind::not_sent, "`" + host + "`: " + ::gai_strerror(failed)};
  }
  const std::unique_ptr<addrinfo, AddressesEnd> addresses(found);
  std::string reason = "no address";
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    reason = try_address(*one, timeout);
    if (reason.empty()) {
      return Done{};
    }
  }
  return Error{ErrorKind::not_sent, host + ":" + std::to_string(port) + ": " + reason};
}

}  // namespace infra
