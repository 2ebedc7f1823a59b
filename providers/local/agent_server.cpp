#include "providers/local/agent_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/secret.h"

namespace infra::local {
namespace {

constexpr std::size_t most_head = 16U << 10U;
constexpr std::size_t most_body = 8U << 20U;
constexpr milliseconds idle_limit{30'000};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char small = static_cast<char>(c | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) {
      return std::nullopt;
    }
    out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return out;
}

bool parse_target(std::string_view target, ServerRequest& request) {
  const std::size_t mark = target.find('?');
  const auto path = decode_percent(target.substr(0, mark));
  if (!path || !path->starts_with('/')) {
    return false;
  }
  request.path = *path;
  std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto key = decode_percent(pair.substr(0, equals));
    const auto value =
        decode_percent(equals == pair.size() ? std::string_view() : pair.substr(equals + 1));
    if (!key || !value) {
      return false;
    }
    request.query[*key] = *value;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return true;
}

bool same_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    };
    return lower(a) == lower(b);
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

// Reads the header lines; 0, or the status of the refusal.
int parse_headers(std::string_view head, std::size_t& length) {
  bool seen = false;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || line.front() == ' ') {
      return 400;
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (same_ignoring_case(name, "Transfer-Encoding") || same_ignoring_case(name, "Expect")) {
      return 501;
    }
    if (same_ignoring_case(name, "Content-Length")) {
      const auto read = std::from_chars(value.data(), value.data() + value.size(), length);
      if (seen || value.empty() || read.ec != std::errc() ||
          read.ptr != value.data() + value.size()) {
        return 400;
      }
      seen = true;
    }
  }
  return length > most_body ? 413 : 0;
}

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 422:
      return "Unprocessable Content";
    case 501:
      return "Not Implemented";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

int parse_request(std::string_view text, ServerRequest& request, std::size_t& used) {
  used = 0;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return text.size() > most_head ? 413 : 0;
  }
  if (end > most_head) {
    return 413;
  }
  const std::size_t line_end = text.find("\r\n");
  const std::string_view line = text.substr(0, line_end);
  const std::size_t first = line.find(' ');
  const std::size_t second = line.rfind(' ');
  if (first == std::string_view::npos || second <= first + 1 ||
      line.substr(second + 1) != "HTTP/1.1") {
    return 400;
  }
  request.method = line.substr(0, first);
  const bool upper = std::all_of(request.method.begin(), request.method.end(),
                                 [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!upper || !parse_target(line.substr(first + 1, second - first - 1), request)) {
    return 400;
  }
  std::size_t length = 0;
  const std::string_view head =
      line_end == end ? std::string_view() : text.substr(line_end + 2, end - line_end - 2);
  if (const int refused = parse_headers(head, length); refused != 0) {
    return refused;
  }
  if (text.size() < end + 4 + length) {
    return 0;
  }
  used = end + 4 + length;
  if (length == 0) {
    return 0;
  }
  auto body = parse_json(text.substr(end + 4, length));
  if (std::holds_alternative<std::string>(body)) {
    return 400;
  }
  request.body = std::move(std::get<Value>(body));
  return 0;
}

// Lives as long as its socket is open or a Responder may still answer.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(Server& server) : server_(&server), idle_(server.loop_) {
    uv_pipe_init(server.loop_.raw(), &pipe_, 0);
    pipe_.data = this;
  }
  ~Connection() { wipe(received_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool open(uv_stream_t* listener) {
    self_ = shared_from_this();
    if (uv_accept(listener, stream()) != 0 || !trusted()) {
      close();
      return false;
    }
    rest();
    uv_read_start(
        stream(),
        [](uv_handle_t* handle, std::size_t, uv_buf_t* space) {
          auto* me = static_cast<Connection*>(handle->data);
          *space = uv_buf_init(me->space_.data(), static_cast<unsigned>(me->space_.size()));
        },
        [](uv_stream_t* from, ssize_t got, const uv_buf_t*) {
          static_cast<Connection*>(from->data)->received(got);
        });
    return true;
  }

  void answer(int status, const Value& body) {
    if (closed_ || !std::exchange(busy_, false)) {
      return;
    }
    const std::string text = to_json(body, SecretText::refuse);
    struct Writing {
      uv_write_t request{};
      std::string text;
      std::shared_ptr<Connection> connection;
    };
    auto* writing = new Writing{
        {},
        fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}"
                    "\r\n{}",
                    status, reason_of(status), text.size(), last_ ? "Connection: close\r\n" : "",
                    text),
        shared_from_this()};
    writing->request.data = writing;
    uv_buf_t buffer =
        uv_buf_init(writing->text.data(), static_cast<unsigned>(writing->text.size()));
    const int refused =
        uv_write(&writing->request, stream(), &buffer, 1, [](uv_write_t* request, int failed) {
          const std::unique_ptr<Writing> done(static_cast<Writing*>(request->data));
          if (failed != 0 || done->connection->last_) {
            done->connection->close();
          }
        });
    if (refused != 0) {
      delete writing;
      close();
      return;
    }
    if (!last_) {
      rest();
    }
  }

 private:
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&pipe_); }

  bool trusted() {
    uv_os_fd_t descriptor = -1;
    ucred peer{};
    socklen_t size = sizeof(peer);
    return uv_fileno(reinterpret_cast<uv_handle_t*>(&pipe_), &descriptor) == 0 &&
           getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
  }

  void rest() {
    idle_.once(idle_limit, [this] {
      if (!busy_) {
        close();
      }
    });
  }

  void received(ssize_t got) {
    if (got < 0) {
      close();
      return;
    }
    received_.append(space_.data(), static_cast<std::size_t>(got));
    if (busy_ || received_.size() > most_head + most_body) {
      last_ = true;  // no second request before the first is answered
      uv_read_stop(stream());
      if (!busy_) {
        close();
      }
      return;
    }
    take();
  }

  // Handles the request once it is complete.
  void take() {
    if (closed_) {
      return;
    }
    ServerRequest request;
    std::size_t used = 0;
    const int refused = parse_request(received_, request, used);
    if (refused != 0) {
      busy_ = last_ = true;
      answer(refused, Object{{"message", "the agent takes JSON over HTTP/1.1 with a length"}});
      return;
    }
    if (used == 0) {
      return;
    }
    last_ = received_.size() > used;
    wipe(received_);
    busy_ = true;
    ++server_->served_;
    server_->handler_(request, Responder(shared_from_this()));
  }

  void close() {
    if (std::exchange(closed_, true)) {
      return;
    }
    idle_.cancel();
    uv_close(reinterpret_cast<uv_handle_t*>(&pipe_), [](uv_handle_t* handle) {
      auto* me = static_cast<Connection*>(handle->data);
      const auto last_reference = std::move(me->self_);
    });
  }

  Server* server_;
  uv_pipe_t pipe_{};
  Timer idle_;
  std::array<char, 16384> space_{};
  std::string received_;
  std::shared_ptr<Connection> self_;  // while the socket is open
  bool busy_ = false, last_ = false, closed_ = false;
};

void Responder::answer(int status, const Value& body) const {
  connection_->answer(status, body);
}

void Responder::refuse(int status, const std::string& message, const std::string& help) const {
  answer(status, Object{{"message", help.empty() ? message : message + "; " + help}});
}

Server::Server(Loop& loop, Handler handler) : loop_(loop), handler_(std::move(handler)) {}

Server::~Server() {
  if (pipe_ != nullptr) {
    uv_close(reinterpret_cast<uv_handle_t*>(pipe_),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_pipe_t*>(handle); });
  }
}

std::string Server::listen(const std::string& path) {
  pipe_ = new uv_pipe_t;
  uv_pipe_init(loop_.raw(), pipe_, 0);
  pipe_->data = this;
  unlink(path.c_str());
  int failed = uv_pipe_bind(pipe_, path.c_str());
  if (failed == 0) {
    failed =
        uv_listen(reinterpret_cast<uv_stream_t*>(pipe_), 64, [](uv_stream_t* listener, int status) {
          if (status == 0) {
            static_cast<Server*>(listener->data)->accept();
          }
        });
  }
  return failed == 0 ? "" : fmt::format("cannot listen at {}: {}", path, uv_strerror(failed));
}

void Server::accept() {
  std::make_shared<Connection>(*this)->open(reinterpret_cast<uv_stream_t*>(pipe_));
}

}  // namespace infra::local
