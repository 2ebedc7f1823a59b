// providers/local/agent_server.h — the agent's HTTP interface on its Unix socket.
//
// A small, strict HTTP/1.1: JSON in and out, Content-Length only, at most 16 KiB of headers and
// 8 MiB of body, one request after the other on a connection (none is sent before the last one is
// answered), idle connections closed. Whatever
// else comes in is answered with an error and the connection is closed. Only this account (and
// root) is served.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/value.h"
#include "providers/local/agent_loop.h"

namespace infra::local {

struct ServerRequest {
  std::string method;
  std::string path;  // decoded, without the query
  std::map<std::string, std::string, std::less<>> query;
  Value body;  // null when there is none
};

class Connection;

// Answers one request, once, now or later.
class Responder {
 public:
  explicit Responder(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  void answer(int status, const Value& body) const;
  // {"message": …}, the shape that the driver's schema names; the help stands behind it.
  void refuse(int status, const std::string& message, const std::string& help = {}) const;

 private:
  std::shared_ptr<Connection> connection_;
};

class Server {
 public:
  using Handler = std::function<void(const ServerRequest&, const Responder&)>;
  Server(Loop& loop, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens at `path`, relative to the working folder (the length of a socket's path is limited).
  // What went wrong, or "".
  [[nodiscard]] std::string listen(const std::string& path);
  [[nodiscard]] std::size_t served() const { return served_; }

 private:
  friend class Connection;
  void accept();
  Loop& loop_;
  Handler handler_;
  uv_pipe_t* pipe_ = nullptr;
  std::size_t served_ = 0;
};

// The parser alone, for tests: what one complete request in `text` says. `used`: how many bytes it
// takes, 0 while more are needed. The status of the refusal when it is none.
[[nodiscard]] int parse_request(std::string_view text, ServerRequest& request, std::size_t& used);

}  // namespace infra::local
