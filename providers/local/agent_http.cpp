#include "providers/local/agent_http.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

namespace infra::local {
namespace {

// One exchange; deletes itself when its socket is closed. The bytes sent are wiped: they may hold
// a cron's secret.
class Exchange {
 public:
  Exchange(Loop& loop, std::string text, milliseconds timeout, std::function<void(HttpResult)> done)
      : timer_(loop), text_(std::move(text)), timeout_(timeout), done_(std::move(done)) {
    uv_tcp_init(loop.raw(), &socket_);
    socket_.data = this;
    connect_.data = this;
    write_.data = this;
  }
  ~Exchange() { wipe(text_); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void start(int port) {
    timer_.once(timeout_, [this] {
      finish({0, fmt::format("no answer within {} s", (timeout_.count() + 999) / 1000)});
    });
    sockaddr_in address{};
    uv_ip4_addr("127.0.0.1", port, &address);
    const int refused =
        uv_tcp_connect(&connect_, &socket_, reinterpret_cast<const sockaddr*>(&address),
                       [](uv_connect_t* request, int status) {
                         static_cast<Exchange*>(request->data)->connected(status);
                       });
    if (refused != 0) {
      finish({0, uv_strerror(refused)});
    }
  }

 private:
  void connected(int status) {
    if (finished_) {
      return;
    }
    if (status != 0) {
      finish({0, uv_strerror(status)});
    } else if (text_.empty()) {
      finish({1, ""});
    } else {
      send();
    }
  }

  void send() {
    uv_buf_t buffer = uv_buf_init(text_.data(), static_cast<unsigned>(text_.size()));
    uv_write(&write_, reinterpret_cast<uv_stream_t*>(&socket_), &buffer, 1,
             [](uv_write_t* request, int status) {
               auto* self = static_cast<Exchange*>(request->data);
               if (status != 0) {
                 self->finish({0, uv_strerror(status)});
               }
             });
    uv_read_start(
        reinterpret_cast<uv_stream_t*>(&socket_),
        [](uv_handle_t* handle, std::size_t, uv_buf_t* space) {
          auto* self = static_cast<Exchange*>(handle->data);
          *space = uv_buf_init(self->space_.data(), static_cast<unsigned>(self->space_.size()));
        },
        [](uv_stream_t* stream, ssize_t got, const uv_buf_t*) {
          static_cast<Exchange*>(stream->data)->received(got);
        });
  }

  void received(ssize_t got) {
    if (finished_ || got == 0) {
      return;
    }
    if (got < 0) {
      finish({0, "the connection was closed without an answer"});
      return;
    }
    answer_.append(space_.data(), static_cast<std::size_t>(got));
    if (const std::size_t end = answer_.find('\n');
        end != std::string::npos || answer_.size() > 4096) {
      read_status();
    }
  }

  void read_status() {
    const std::size_t space = answer_.find(' ');
    int status = 0;
    if (answer_.starts_with("HTTP/1.") && space != std::string::npos) {
      std::from_chars(answer_.data() + space + 1, answer_.data() + answer_.size(), status);
    }
    if (status >= 100 && status < 200) {  // an interim answer: the next line that counts follows
      const std::size_t next = answer_.find("\r\n\r\n");
      answer_.erase(0, next == std::string::npos ? answer_.size() : next + 4);
      return;
    }
    finish(status == 0 ? HttpResult{0, "what answered does not speak HTTP"}
                       : HttpResult{status, ""});
  }

  void finish(HttpResult result) {
    if (std::exchange(finished_, true)) {
      return;
    }
    timer_.cancel();
    done_(std::move(result));
    uv_close(reinterpret_cast<uv_handle_t*>(&socket_),
             [](uv_handle_t* handle) { delete static_cast<Exchange*>(handle->data); });
  }

  uv_tcp_t socket_{};
  uv_connect_t connect_{};
  uv_write_t write_{};
  Timer timer_;
  std::string text_, answer_;
  std::array<char, 4096> space_{};
  milliseconds timeout_;
  std::function<void(HttpResult)> done_;
  bool finished_ = false;
};

}  // namespace

void send_request(Loop& loop, const HttpRequest& request, milliseconds timeout,
                  std::function<void(HttpResult)> done) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", request.method,
                                 request.path, request.port);
  for (const auto& [name, value] : request.headers) {
    text += fmt::format("{}: {}\r\n", name, value.expose());
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    text += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  text += "User-Agent: infra\r\nConnection: close\r\n\r\n" + request.body;
  (new Exchange(loop, std::move(text), timeout, std::move(done)))->start(request.port);
}

void try_connect(Loop& loop, int port, milliseconds timeout, std::function<void(HttpResult)> done) {
  (new Exchange(loop, "", timeout, std::move(done)))->start(port);
}

}  // namespace infra::local
