// The only file that knows libcurl: every handle is built by one function, `configure`.
#include <curl/curl.h>
#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <optional>

#include "base/secret.h"
#include "base/text.h"
#include "providers/http_exchange.h"
#include "providers/network.h"
#include "providers/support.h"

namespace infra {
namespace {

constexpr std::size_t most_header_bytes = std::size_t{256} << 10;
constexpr std::size_t most_header_lines = 1000;

struct HandleEnd {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct UrlEnd {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FormEnd {
  void operator()(curl_mime* form) const { curl_mime_free(form); }
};
struct HeadersEnd {
  void operator()(curl_slist* list) const {
    for (curl_slist* one = list; one != nullptr; one = one->next) {  // may hold credentials
      std::fill_n(static_cast<volatile char*>(one->data), std::string_view(one->data).size(), '\0');
    }
    curl_slist_free_all(list);
  }
};
using Handle = std::unique_ptr<CURL, HandleEnd>;
using HeaderList = std::unique_ptr<curl_slist, HeadersEnd>;
using Form = std::unique_ptr<curl_mime, FormEnd>;

// A Unix socket's path may be longer than a socket's name can be (107 bytes); such a one is named
// through its folder, held open.
class SocketName {
 public:
  explicit SocketName(const std::string& path) : name_(path) {
    const std::size_t slash = path.rfind('/');
    if (path.size() < sizeof(sockaddr_un::sun_path) || slash == std::string::npos) {
      return;
    }
    folder_ = ::open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder_ >= 0) {
      name_ = "/proc/self/fd/" + std::to_string(folder_) + path.substr(slash);
    }
  }
  ~SocketName() {
    if (folder_ >= 0) {
      ::close(folder_);
    }
  }
  SocketName(const SocketName&) = delete;
  SocketName& operator=(const SocketName&) = delete;

  [[nodiscard]] const char* name() const { return name_.c_str(); }
  [[nodiscard]] bool passing() const { return folder_ >= 0; }  // means another socket later

 private:
  std::string name_;
  int folder_ = -1;
};

// What one transfer gathers.
struct Transfer {
  const HttpRequest* request = nullptr;
  std::optional<SocketName> socket;
  HttpResponse response;
  std::size_t header_bytes = 0, header_lines = 0;
  bool too_large = false, headers_too_large = false, interrupted = false, forbidden = false;
  bool cut = false;
};

std::size_t take_body(char* bytes, std::size_t /*one*/, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string& body = transfer.response.body;
  const std::size_t room = transfer.request->most_body - body.size();
  body.append(bytes, std::min(room, count));
  if (count > room) {
    (transfer.request->cut_body ? transfer.cut : transfer.too_large) = true;
    return 0;
  }
  return count;
}

std::size_t take_header(char* bytes, std::size_t /*one*/, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.header_bytes += count;
  if (transfer.header_bytes > most_header_bytes || ++transfer.header_lines > most_header_lines) {
    transfer.headers_too_large = true;
    return 0;
  }
  std::string_view line(bytes, count);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ')) {
    line.remove_suffix(1);
  }
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();  // an interim answer (100) came before
  } else if (colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') {
      value.remove_prefix(1);
    }
    transfer.response.headers.insert_or_assign(std::move(name), Value(value));
  }
  return count;
}

int look_up(void* user, curl_off_t /*down*/, curl_off_t /*got*/, curl_off_t /*up*/,
            curl_off_t /*sent*/) {
  auto& transfer = *static_cast<Transfer*>(user);
  const HttpRequest& request = *transfer.request;
  transfer.interrupted = !request.write && request.stopped && request.stopped();
  return transfer.interrupted ? 1 : 0;
}

curl_socket_t open_socket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.request->user_given && is_metadata_address(&address->addr)) {
    transfer.forbidden = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::string part_of(CURLU* url, CURLUPart what) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, 0) != CURLUE_OK) {
    return {};
  }
  std::string part(text);
  curl_free(text);
  return part;
}

// What must not be asked at all; else the scheme.
Reply<std::string> checked_scheme(const HttpRequest& request) {
  const std::unique_ptr<CURLU, UrlEnd> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, request.url.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK) {
    return Error{ErrorKind::invalid, request.label + ": the address is no URL"};
  }
  if (!part_of(url.get(), CURLUPART_USER).empty() ||
      !part_of(url.get(), CURLUPART_PASSWORD).empty()) {
    return Error{ErrorKind::invalid, request.label + ": a URL must not hold a user or password"};
  }
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  const std::string host = part_of(url.get(), CURLUPART_HOST);
  const bool plain_is_fine = !request.unix_socket.empty() || request.allow_http ||
                             request.user_given || is_this_machine(host);
  if (scheme == "https" || (scheme == "http" && plain_is_fine)) {
    return scheme;
  }
  if (scheme == "http") {
    return Error{ErrorKind::invalid,
                 request.label + ": refused to speak plain HTTP to " + host,
                 {},
                 "use https; or write `allow_http = true` into the provider block, if that network "
                 "is your own"};
  }
  return Error{ErrorKind::invalid, request.label + ": `" + scheme + "` is not spoken here"};
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
}

Reply<HeaderList> header_list(const HttpRequest& request) {
  curl_slist* list = nullptr;
  HeaderList owned;
  for (const auto& [name, value] : request.headers) {
    const bool clean = value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
    if (!is_header_name(name) || !clean) {
      return Error{ErrorKind::invalid, request.label + ": the header `" + printable(name) +
                                           "` holds a line break or another forbidden character"};
    }
    std::string line = name + (value.empty() ? std::string(";") : ": " + value);
    list = curl_slist_append(list, line.c_str());
    wipe(line);
    (void)owned.release();
    owned.reset(list);
  }
  list = curl_slist_append(list, "Expect:");  // no waiting for a 100
  (void)owned.release();
  owned.reset(list);
  return owned;
}

Form form_of(CURL* handle, const HttpRequest& request) {
  Form form(curl_mime_init(handle));
  for (const HttpPart& part : request.form) {
    curl_mimepart* made = curl_mime_addpart(form.get());
    curl_mime_name(made, part.name.c_str());
    curl_mime_data(made, part.bytes.data(), part.bytes.size());
    if (!part.file_name.empty()) {
      curl_mime_filename(made, part.file_name.c_str());
    }
    if (!part.type.empty()) {
      curl_mime_type(made, part.type.c_str());
    }
  }
  return form;
}

template <class T>
void set(CURL* handle, CURLoption option, T value) {
  curl_easy_setopt(handle, option, value);
}

// Everything that holds for each request.
void configure(CURL* handle, Transfer& transfer, const std::string& scheme) {
  const HttpRequest& request = *transfer.request;
  curl_easy_reset(handle);
  set(handle, CURLOPT_URL, request.url.c_str());
  set(handle, CURLOPT_PATH_AS_IS, 1L);
  set(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_USERAGENT, "infra");

  set(handle, CURLOPT_PROTOCOLS_STR, scheme.c_str());
  set(handle, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  set(handle, CURLOPT_FOLLOWLOCATION, 0L);
  set(handle, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  set(handle, CURLOPT_UNRESTRICTED_AUTH, 0L);
  set(handle, CURLOPT_AUTOREFERER, 0L);
  set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  set(handle, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!request.certificates.empty()) {
    set(handle, CURLOPT_CAINFO, request.certificates.c_str());
  }
  if (scheme == "http") {
    set(handle, CURLOPT_PROXY, "");  // a proxy is not this machine
  }
  if (!request.unix_socket.empty()) {
    transfer.socket.emplace(request.unix_socket);
    set(handle, CURLOPT_UNIX_SOCKET_PATH, transfer.socket->name());
    set(handle, CURLOPT_FORBID_REUSE, transfer.socket->passing() ? 1L : 0L);
  }

  set(handle, CURLOPT_FRESH_CONNECT, request.write ? 1L : 0L);
  set(handle, CURLOPT_HTTP_VERSION,
      request.write ? long{CURL_HTTP_VERSION_1_1} : long{CURL_HTTP_VERSION_2TLS});
  set(handle, CURLOPT_MAXLIFETIME_CONN, 300L);
  set(handle, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::min<std::int64_t>(10'000, request.timeout.count())));
  set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(handle, CURLOPT_LOW_SPEED_TIME, 30L);

  set(handle, CURLOPT_ACCEPT_ENCODING, "");
  set(handle, CURLOPT_WRITEFUNCTION, &take_body);
  set(handle, CURLOPT_WRITEDATA, &transfer);
  set(handle, CURLOPT_HEADERFUNCTION, &take_header);
  set(handle, CURLOPT_HEADERDATA, &transfer);
  set(handle, CURLOPT_NOPROGRESS, 0L);
  set(handle, CURLOPT_XFERINFOFUNCTION, &look_up);
  set(handle, CURLOPT_XFERINFODATA, &transfer);
  set(handle, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(handle, CURLOPT_OPENSOCKETDATA, &transfer);
}

void configure_body(CURL* handle, const HttpRequest& request, const Form& form) {
  if (form != nullptr) {
    set(handle, CURLOPT_MIMEPOST, form.get());
  } else if (request.has_body) {
    set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(handle, CURLOPT_POSTFIELDS, request.body.data());
  }
  if (!request.sign_user.empty()) {
    set(handle, CURLOPT_AWS_SIGV4, "aws:amz");
    set(handle, CURLOPT_USERNAME, request.sign_user.c_str());
    set(handle, CURLOPT_PASSWORD, request.sign_password.c_str());
  }
}

// True when no byte of the request can have left.
bool provably_unsent(CURL* handle, CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_PROXY:
      return true;
    default: {
      long sent = 0;
      curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &sent);
      curl_off_t connected = 0;
      curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &connected);
      return sent == 0 && connected == 0;
    }
  }
}

Error failure(CURL* handle, CURLcode code, const Transfer& transfer) {
  const HttpRequest& request = *transfer.request;
  if (transfer.forbidden) {
    return {ErrorKind::invalid,
            request.label +
                ": refused: it leads to a link-local address, where clouds hand out "
                "credentials"};
  }
  if (transfer.interrupted) {
    return {ErrorKind::pending, request.label + ": interrupted"};
  }
  if (transfer.too_large) {
    return {ErrorKind::unclear, request.label + ": the answer is larger than " +
                                    std::to_string(request.most_body >> 20U) + " MiB"};
  }
  if (transfer.headers_too_large) {
    return {ErrorKind::unclear, request.label + ": the answer's headers have no end"};
  }
  const bool unsent = provably_unsent(handle, code);
  Error error{unsent ? ErrorKind::not_sent : ErrorKind::unclear,
              request.label + ": " + curl_easy_strerror(code)};
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    error.help = "the certificate is not valid for this host; it is never accepted unchecked";
  }
  return error;
}

}  // namespace

struct HttpClient::Pool {
  std::mutex mutex;
  std::vector<Handle> idle;

  Handle take() {
    const std::scoped_lock lock(mutex);
    if (idle.empty()) {
      return Handle(curl_easy_init());
    }
    Handle handle = std::move(idle.back());
    idle.pop_back();
    return handle;
  }
  void give_back(Handle handle) {
    const std::scoped_lock lock(mutex);
    idle.push_back(std::move(handle));
  }
};

HttpClient::HttpClient() : pool_(std::make_unique<Pool>()) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)ready;
}

HttpClient::~HttpClient() = default;

Reply<HttpResponse> HttpClient::exchange(const HttpRequest& request) {
  TRY(scheme, checked_scheme(request));
  TRY(headers, header_list(request));
  Handle handle = pool_->take();
  if (handle == nullptr) {
    return Error{ErrorKind::not_sent, request.label + ": out of memory"};
  }
  Transfer transfer;
  transfer.request = &request;
  configure(handle.get(), transfer, *scheme);
  set(handle.get(), CURLOPT_HTTPHEADER, headers->get());
  const Form form = request.form.empty() ? nullptr : form_of(handle.get(), request);
  configure_body(handle.get(), request, form);
  const CURLcode code = curl_easy_perform(handle.get());
  if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && transfer.cut)) {
    return failure(handle.get(), code, transfer);  // the handle and its connections go with it
  }
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  curl_easy_reset(handle.get());
  pool_->give_back(std::move(handle));
  return std::move(transfer.response);
}

HttpRequest::~HttpRequest() {
  wipe(body);
  wipe(sign_password);
  for (auto& [name, value] : headers) {
    wipe(value);
  }
  for (HttpPart& part : form) {
    wipe(part.bytes);
  }
}

}  // namespace infra
