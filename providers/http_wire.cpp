// From a driver's Call to a request on the wire, and back to an Answer or Error.
#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "providers/door.h"
#include "providers/http_exchange.h"
#include "providers/support.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_call{60'000};
constexpr std::string_view unix_scheme = "unix://";

// The texts of templates are filled with what must not lead to another origin.
bool is_safe_in_authority(std::string_view text) {
  return !text.empty() && text.find_first_of("/@?#\\ :") == std::string_view::npos;
}

Reply<std::string> base_url(const Endpoint& endpoint, const Value& settings) {
  const std::string& other = settings.at("/infra/endpoints/" + escape_step(endpoint.name)).text();
  const std::string& written = other.empty() ? endpoint.base_url : other;
  const std::size_t scheme = written.find("://");
  if (scheme != std::string::npos && !written.starts_with(unix_scheme)) {
    const std::string_view authority =
        std::string_view(written).substr(scheme + 3, written.find('/', scheme + 3) - scheme - 3);
    for (std::size_t at = authority.find('{'); at != std::string_view::npos;
         at = authority.find('{', at + 1)) {
      const std::string name(authority.substr(at + 1, authority.find('}', at) - at - 1));
      const Value& value = settings.at(name.starts_with('/') ? name : "/" + name);
      if (value && !is_safe_in_authority(value.text())) {
        return Error{ErrorKind::invalid, "the setting `" + name + "` is no part of a host name",
                     "/" + name};
      }
    }
  }
  TRY(url, filled(written, settings));
  if (url->as<Secret>() != nullptr) {
    return Error{ErrorKind::invalid, "the address of `" + endpoint.name + "` holds a secret"};
  }
  return url->text();
}

// The braces of a template, filled with encoded arguments.
Reply<std::string> path_of(const Call& call) {
  std::string path;
  std::size_t used = 0;
  const std::string_view text = call.path;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t close = text[i] == '{' ? text.find('}', i) : std::string_view::npos;
    if (close == std::string_view::npos) {
      path += text[i++];
      continue;
    }
    if (used >= call.arguments.size()) {
      break;
    }
    const std::string& argument = call.arguments[used++];
    if (argument.empty() || argument == "." || argument == "..") {
      return Error{ErrorKind::invalid, std::string(call.path) + ": the argument for `" +
                                           std::string(text.substr(i, close - i + 1)) + "` is " +
                                           (argument.empty() ? "empty" : "a dot")};
    }
    path += percent_encoded(argument);
    i = close + 1;
  }
  const auto braces = static_cast<std::size_t>(std::ranges::count(text, '{'));
  if (braces != call.arguments.size()) {
    return Error{ErrorKind::invalid, std::string(call.path) + " has " + plural(braces, "brace") +
                                         " and got " + plural(call.arguments.size(), "argument")};
  }
  return path;
}

Reply<std::string> plain_text(const Value& value, std::string_view where) {
  if (contains_secret(value)) {
    return Error{ErrorKind::invalid,
                 "a secret must not stand in the address: `" + std::string(where) + "`"};
  }
  return value.as<std::string>() != nullptr ? value.text() : to_json(value, SecretText::refuse);
}

Reply<std::string> query_of(const Object& query) {
  std::string text;
  const auto add = [&](std::string_view name, const Value& value) -> Reply<Done> {
    TRY(plain, plain_text(value, name));
    text += text.empty() ? "?" : "&";
    text += percent_encoded(name) + "=" + percent_encoded(*plain);
    return Done{};
  };
  for (const auto& [name, value] : query) {
    if (value.is_null()) {
      continue;
    }
    if (const auto* list = value.as<List>()) {
      for (const Value& item : *list) {
        TRY(added, add(name, item));
      }
      continue;
    }
    TRY(added, add(name, value));
  }
  return text;
}

std::string exposed(const Value& value) {
  if (const auto* secret = value.as<Secret>()) {
    return std::string(secret->expose());
  }
  return value.as<std::string>() != nullptr ? value.text() : to_json(value, SecretText::exposed);
}

Reply<Done> add_credential(const Endpoint& endpoint, const Value& settings, HttpRequest& request) {
  if (endpoint.auth == Endpoint::none || endpoint.credential.empty()) {
    return Done{};
  }
  std::vector<std::string> parts;
  for (const std::string& setting : endpoint.credential) {
    const Value& value = settings.at(setting);
    if (!value) {
      return Error{ErrorKind::denied, "the setting `" + setting.substr(1) + "` is missing", setting,
                   "write it into the provider block: its value is the credential"};
    }
    parts.push_back(exposed(value));
  }
  switch (endpoint.auth) {
    case Endpoint::bearer:
      request.headers.emplace_back("Authorization", "Bearer " + parts.front());
      break;
    case Endpoint::basic:
      request.headers.emplace_back(
          "Authorization",
          "Basic " + base64(parts.front() + ":" + (parts.size() > 1 ? parts[1] : "")));
      break;
    case Endpoint::sigv4:
      request.sign_user = parts.front();
      request.sign_password = parts.size() > 1 ? parts[1] : "";
      break;
    case Endpoint::header:  // stands in the endpoint's headers as {setting}
    case Endpoint::none:
      break;
  }
  for (std::string& part : parts) {
    wipe(part);
  }
  return Done{};
}

bool has_header(const HttpRequest& request, std::string_view name) {
  return std::ranges::any_of(request.headers, [&](const auto& header) {
    return header.first.size() == name.size() && contains_ignoring_case(header.first, name);
  });
}

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Reply<HttpPart> part_of(const std::string& name, const Body& body, const Value& settings) {
  HttpPart part;
  part.name = name;
  if (body.file.empty()) {
    part.bytes = exposed(body.value);
    return part;
  }
  TRY(text, read_source_file(settings, body.file));
  part.bytes = std::move(*text);
  part.file_name = file_name(body.file);
  part.type = body.value.text();
  return part;
}

Reply<Done> add_body(const Body& body, const Value& settings, HttpRequest& request) {
  for (const auto& [name, part] : body.form) {
    TRY(made, part_of(name, part, settings));
    request.form.push_back(std::move(*made));
  }
  if (!body.form.empty()) {
    return Done{};
  }
  if (!body.file.empty()) {
    TRY(text, read_source_file(settings, body.file));
    request.body = std::move(*text);
    request.has_body = true;
    return Done{};
  }
  if (body.value.is_null()) {
    if (request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
      request.has_body = true;  // an empty one, with its length
    }
    return Done{};
  }
  const bool own_type = has_header(request, "content-type");
  request.body = own_type ? exposed(body.value) : to_json(body.value, SecretText::exposed);
  request.has_body = true;
  if (!own_type) {
    request.headers.emplace_back("Content-Type", "application/json");
  }
  return Done{};
}

RawAnswer raw_answer(HttpResponse response) {
  RawAnswer raw;
  raw.status = response.status;
  raw.headers = std::move(response.headers);
  raw.is_empty = response.body.empty();
  const auto type = raw.headers.find("content-type");
  const bool says_json =
      type != raw.headers.end() && contains_ignoring_case(type->second.text(), "json");
  const bool looks_json =
      !raw.is_empty && (response.body.front() == '{' || response.body.front() == '[');
  if (says_json || looks_json) {
    auto parsed = parse_json(response.body);
    if (auto* value = std::get_if<Value>(&parsed)) {
      raw.body = std::move(*value);
      raw.is_json = true;
      return raw;
    }
  }
  if (!raw.is_empty) {
    raw.body = std::move(response.body);
  }
  return raw;
}

class HttpWire : public Wire {
 public:
  explicit HttpWire(std::shared_ptr<DoorState> state) : state_(std::move(state)) {}

  Reply<Answer> exchange(const Call& call, bool write) override {
    const DoorContext& context = state_->context;
    TRY(endpoint, endpoint_of(call));
    HttpRequest request;
    request.write = write;
    if (auto built = build(call, **endpoint, request); !built) {
      return scrubbed(built.error());
    }
    auto response = client_.exchange(request);
    if (!response) {
      return scrubbed(response.error());
    }
    const RawAnswer raw = raw_answer(std::move(*response));
    const auto now = context.world.clock == nullptr ? std::chrono::sys_time<milliseconds>{}
                                                    : context.world.clock->now();
    const bool reading = !write || call.method == Method::del;
    if (auto error = classify(*context.schema, raw, reading, now)) {
      error->message.insert(0, request.label + ": ");
      return scrubbed(*error);
    }
    return Answer{raw.status, raw.body, raw.headers};
  }

  Reply<List> query(const std::vector<Statement>& /*statements*/, bool /*write*/) override {
    return Error{ErrorKind::invalid, "this endpoint speaks HTTP, not SQL"};
  }

 private:
  Reply<const Endpoint*> endpoint_of(const Call& call) const {
    if (call.endpoint.empty() || call.endpoint == state_->context.endpoint->name) {
      return state_->context.endpoint;
    }
    for (const Endpoint& endpoint : state_->context.schema->endpoints) {
      if (endpoint.name == call.endpoint) {
        return &endpoint;
      }
    }
    return Error{ErrorKind::invalid, state_->context.schema->name + " has no endpoint `" +
                                         std::string(call.endpoint) + "`"};
  }

  Reply<Done> build(const Call& call, const Endpoint& endpoint, HttpRequest& request) {
    const Value& settings = state_->context.settings;
    request.method = method_name(call.method);
    request.label = request.method + " " + std::string(call.path);
    request.timeout = std::max(milliseconds{1}, time_left(state_->context, longest_call));
    request.stopped = state_->context.stopped;
    request.allow_http = settings.at("/allow_http").truth();
    request.certificates = settings.at("/ca_file").text();
    TRY(address, base_url(endpoint, settings));
    if (address->starts_with(unix_scheme)) {
      request.unix_socket = address->substr(unix_scheme.size());
      *address = "http://localhost";
    }
    while (address->ends_with('/')) {
      address->pop_back();
    }
    const bool graphql = endpoint.graphql && !call.path.starts_with('/');
    if (!graphql) {
      TRY(path, path_of(call));
      *address += *path;
    }
    TRY(query, query_of(call.query));
    request.url = *address + *query;
    request.headers.emplace_back("Accept", "application/json");
    TRY(headed, add_headers(call, endpoint, request));
    TRY(signed_in, add_credential(endpoint, settings, request));
    state_->scrubber.learn(call.body.value);
    return add_body(call.body, settings, request);
  }

  Reply<Done> add_headers(const Call& call, const Endpoint& endpoint, HttpRequest& request) {
    const auto put = [&](const std::string& name, const Value& value) {
      std::erase_if(request.headers, [&](const auto& header) {
        return header.first.size() == name.size() && contains_ignoring_case(header.first, name);
      });
      request.headers.emplace_back(name, exposed(value));
    };
    for (const auto& [name, text] : endpoint.headers) {
      TRY(value, filled(text, state_->context.settings));
      put(name, *value);
    }
    for (const auto& [name, value] : call.headers) {
      state_->scrubber.learn(value);
      if (value) {
        put(name, value);
      }
    }
    return Done{};
  }

  Error scrubbed(Error error) const {
    error.message = printable(state_->scrubber.clean(std::move(error.message)));
    error.help = state_->scrubber.clean(std::move(error.help));
    return error;
  }

  std::shared_ptr<DoorState> state_;
  HttpClient client_;
};

}  // namespace

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = (bits << 8U) | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += i + j > bytes.size() ? '=' : alphabet[(bits >> (18 - 6 * j)) & 63U];
    }
  }
  return out;
}

std::unique_ptr<Wire> make_http_wire(std::shared_ptr<DoorState> state) {
  return std::make_unique<HttpWire>(std::move(state));
}

Reply<ProbeAnswer> probe_http(const ProbeRequest& probe) {
  Scrubber scrubber;
  HttpRequest request;
  request.method = method_name(probe.method);
  request.label = request.method + " " + printable(probe.url.substr(0, probe.url.find('?')));
  request.url = probe.url;
  request.write = probe.method != Method::get;
  request.user_given = true;
  request.cut_body = true;
  request.most_body = std::size_t{1} << 20;
  request.timeout = std::max(milliseconds{1}, probe.timeout);
  for (const auto& [name, value] : probe.headers) {
    scrubber.learn(value);
    request.headers.emplace_back(name, exposed(value));
  }
  scrubber.learn(probe.body.value);
  if (auto built =
          add_body(probe.body, Object{{"infra", Object{{"folder", probe.folder}}}}, request);
      !built) {
    return built.error();
  }
  HttpClient client;
  auto response = client.exchange(request);
  if (!response) {
    Error error = response.error();
    error.message = scrubber.clean(std::move(error.message));
    return error;
  }
  ProbeAnswer answer{response->status, response->headers, std::move(response->body), {}};
  auto parsed = parse_json(answer.text);
  if (auto* value = std::get_if<Value>(&parsed)) {
    answer.json = std::move(*value);
  }
  return answer;
}

}  // namespace infra
