#include "tests/support/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace infra::testing {
namespace {

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// More bytes into `buffer`; false at the end of the connection.
bool receive(int socket, std::string& buffer) {
  char bytes[16384];
  const ssize_t got = ::recv(socket, bytes, sizeof(bytes), 0);
  if (got <= 0) {
    return false;
  }
  buffer.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The request line and headers; what is behind them stays in `buffer`.
bool read_head(int socket, std::string& buffer, SeenRequest& request) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!receive(socket, buffer)) {
      return false;
    }
  }
  const std::string head = buffer.substr(0, end + 2);
  buffer.erase(0, end + 4);
  const std::size_t line = head.find("\r\n");
  const std::size_t space = head.find(' ');
  request.method = head.substr(0, space);
  request.target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  for (std::size_t at = line + 2; at < head.size();) {
    const std::size_t stop = head.find("\r\n", at);
    const std::size_t colon = head.find(':', at);
    const std::size_t value = head.find_first_not_of(' ', colon + 1);
    request.headers[lower(head.substr(at, colon - at))] = head.substr(value, stop - value);
    at = stop + 2;
  }
  return true;
}

bool read_sized(int socket, std::string& buffer, std::size_t size, std::string& body) {
  while (buffer.size() < size) {
    if (!receive(socket, buffer)) {
      return false;
    }
  }
  body += buffer.substr(0, size);
  buffer.erase(0, size);
  return true;
}

bool read_chunked(int socket, std::string& buffer, std::string& body) {
  for (;;) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n")) == std::string::npos) {
      if (!receive(socket, buffer)) {
        return false;
      }
    }
    const std::size_t size = std::stoul(buffer.substr(0, end), nullptr, 16);
    buffer.erase(0, end + 2);
    std::string line_end;
    if (!read_sized(socket, buffer, size, body) || !read_sized(socket, buffer, 2, line_end)) {
      return false;
    }
    if (size == 0) {
      return true;
    }
  }
}

bool read_request(int socket, std::string& buffer, SeenRequest& request) {
  if (!read_head(socket, buffer, request)) {
    return false;
  }
  if (request.headers["transfer-encoding"] == "chunked") {
    return read_chunked(socket, buffer, request.body);
  }
  const std::string length = request.headers["content-length"];
  return length.empty() || read_sized(socket, buffer, std::stoul(length), request.body);
}

std::string text_of(const ServerAnswer& answer) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " X\r\n";
  for (const auto& [name, value] : answer.headers) {
    text += name + ": " + value + "\r\n";
  }
  if (answer.status != 204 && answer.status != 304) {
    text += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  }
  return text + "\r\n" + answer.body;
}

}  // namespace

ServerAnswer json_answer(int status, std::string body, std::map<std::string, std::string> headers) {
  headers.emplace("Content-Type", "application/json");
  return {status, std::move(body), std::move(headers)};
}

LoopbackServer::LoopbackServer(Handler handler, const std::string& path)
    : handler_(std::move(handler)) {
  bool ready = false;
  if (path.empty()) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ready = ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    socklen_t size = sizeof(address);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  } else {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    ready = ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  if (!ready || ::listen(listener_, 64) != 0) {
    throw std::runtime_error(std::string("no loopback server: ") + std::strerror(errno));
  }
  acceptor_ = std::thread([this] { accept_all(); });
}

LoopbackServer::~LoopbackServer() {
  ends_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::scoped_lock lock(mutex_);
    for (const int socket : sockets_) {
      ::shutdown(socket, SHUT_RDWR);
    }
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
  for (const int socket : sockets_) {
    ::close(socket);
  }
}

std::vector<SeenRequest> LoopbackServer::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

std::size_t LoopbackServer::count(const std::string& method) const {
  const auto all = seen();
  return static_cast<std::size_t>(std::ranges::count(all, method, &SeenRequest::method));
}

void LoopbackServer::accept_all() {
  while (!ends_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      continue;
    }
    const std::scoped_lock lock(mutex_);
    sockets_.push_back(socket);
    const std::size_t number = ++accepted_;
    threads_.emplace_back([this, socket, number] { serve(socket, number); });
  }
}

void LoopbackServer::serve(int socket, std::size_t number) {
  std::string buffer;
  for (;;) {
    SeenRequest request;
    request.connection = number;
    if (!read_request(socket, buffer, request)) {
      break;
    }
    {
      const std::scoped_lock lock(mutex_);
      seen_.push_back(request);
    }
    const ServerAnswer answer = handler_(request);
    if (answer.manner != Manner::answer) {
      misbehave(socket, answer);
      break;
    }
    if (!send_all(socket, text_of(answer))) {
      break;
    }
  }
  ::shutdown(socket, SHUT_RDWR);
}

void LoopbackServer::misbehave(int socket, const ServerAnswer& answer) const {
  static const std::string block(std::size_t{1} << 16, 'x');
  switch (answer.manner) {
    case Manner::stall:
      while (!ends_) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      return;
    case Manner::endless_body:
      if (send_all(socket, "HTTP/1.1 200 X\r\nContent-Type: application/json\r\n\r\n")) {
        while (!ends_ && send_all(socket, block)) {
        }
      }
      return;
    case Manner::endless_headers:
      if (send_all(socket, "HTTP/1.1 200 X\r\n")) {
        while (!ends_ && send_all(socket, "X-More: and more\r\n")) {
        }
      }
      return;
    case Manner::cut: {
      const std::string whole = text_of(answer);
      (void)send_all(socket, std::string_view(whole).substr(0, whole.size() - 1));
      return;
    }
    case Manner::answer:
    case Manner::close:
      return;
  }
}

}  // namespace infra::testing
