// tests/support/loopback_server.h — a small HTTP/1.1 server on this machine that answers by a
// function, misbehaves when told, and remembers every request that reached it whole.
//
// One thread per connection; connections are kept alive. All of it ends with the object.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace infra::testing {

struct SeenRequest {
  std::string method, target;                  // "/a%20b?x=1"
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::size_t connection = 0;  // its number, from 1
};

enum class Manner {
  answer,
  close,            // after the whole request, before the first byte of an answer
  stall,            // never says anything
  endless_body,     // a body without end
  endless_headers,  // headers without end
  cut,              // half of the promised body, then closes
};

struct ServerAnswer {
  int status = 200;
  std::string body;
  std::map<std::string, std::string> headers{};
  Manner manner = Manner::answer;
};

[[nodiscard]] ServerAnswer json_answer(int status, std::string body,
                                       std::map<std::string, std::string> headers = {});

class LoopbackServer {
 public:
  using Handler = std::function<ServerAnswer(const SeenRequest&)>;
  // On 127.0.0.1 with a free port; or on the Unix socket `path`.
  explicit LoopbackServer(Handler handler, const std::string& path = {});
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  LoopbackServer(LoopbackServer&&) = delete;
  LoopbackServer& operator=(LoopbackServer&&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::vector<SeenRequest> seen() const;
  [[nodiscard]] std::size_t count(const std::string& method) const;
  [[nodiscard]] std::size_t connections() const { return accepted_; }

 private:
  void accept_all();
  void serve(int socket, std::size_t number);
  void misbehave(int socket, const ServerAnswer& answer) const;

  Handler handler_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> ends_{false};
  std::atomic<std::size_t> accepted_{0};
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace infra::testing
