// providers/local/agent_http.h — the agent's own HTTP requests, to services on this machine: for
// health checks and crons. One request a connection, HTTP/1.1, no TLS, no redirects.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "providers/local/agent_loop.h"

namespace infra::local {

struct HttpRequest {
  std::string method = "GET";
  int port = 0;
  std::string path = "/";
  std::vector<std::pair<std::string, Secret>> headers;
  std::string body;
};
struct HttpResult {
  int status = 0;       // 0: no answer
  std::string failure;  // why not: "connection refused", "no answer within 5 s"
};

// Calls `done` once, from the loop. What the other side writes behind its status line is dropped.
void send_request(Loop& loop, const HttpRequest& request, milliseconds timeout,
                  std::function<void(HttpResult)> done);

// Only tries to connect; status is 1 when it could.
void try_connect(Loop& loop, int port, milliseconds timeout, std::function<void(HttpResult)> done);

}  // namespace infra::local
