// providers/http_exchange.h — one HTTP request and its answer, under rules that no caller can
// relax. libcurl stays behind it.
//
// Never a redirect, a cookie, .netrc or a second send; certificates are always checked; plain HTTP
// only to a Unix socket, to this machine, or where `allow_http` says so; time, headers and body are
// bounded. A request that may change something gets a connection of its own: libcurl would send it
// again by itself when a kept connection dies before the first byte of the answer.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/value.h"
#include "providers/provider.h"

namespace infra {

struct HttpPart {  // of a multipart form
  std::string name, file_name, type, bytes;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;    // path and query encoded already
  std::string label;  // "GET /v9/projects/{id}": how messages call it
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool has_body = false;
  std::vector<HttpPart> form;
  std::string unix_socket;
  bool write = false;       // may change something: a fresh connection, sent once
  bool allow_http = false;  // plain HTTP to another machine, by the author's own word
  bool user_given = false;  // an address from the text: link-local and metadata ones are refused
  bool cut_body = false;    // beyond `most_body`: the rest is dropped; else it is an error
  std::size_t most_body = std::size_t{64} << 20;
  std::chrono::milliseconds timeout{60'000};
  std::string certificates;              // a file of authorities; "": the system's
  std::string sign_user, sign_password;  // AWS signature version 4
  std::function<bool()> stopped;         // a read ends at once then; a write is heard out

  HttpRequest() = default;
  HttpRequest(const HttpRequest&) = delete;
  HttpRequest& operator=(const HttpRequest&) = delete;
  HttpRequest(HttpRequest&&) = default;
  HttpRequest& operator=(HttpRequest&&) = default;
  ~HttpRequest();  // wipes headers, body and form
};

struct HttpResponse {
  int status = 0;
  Object headers;  // names in lower case; the last of each
  std::string body;
};

// Keeps connections for reading. Thread-safe.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  HttpClient(HttpClient&&) = delete;
  HttpClient& operator=(HttpClient&&) = delete;

  // Whatever status came is an answer. Errors: `not_sent` when provably nothing left this machine,
  // `invalid` for a request that must not be made, `pending` for an interrupted read, else
  // `unclear`.
  [[nodiscard]] Reply<HttpResponse> exchange(const HttpRequest& request);

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

// RFC 3986: all but letters, digits and `-._~`.
[[nodiscard]] std::string percent_encoded(std::string_view text);
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace infra
