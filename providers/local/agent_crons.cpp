#include "providers/local/agent_crons.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "base/json.h"
#include "base/quantity.h"
#include "base/text.h"
#include "base/world.h"

namespace infra::local {
namespace {

constexpr milliseconds default_timeout{60'000};
constexpr milliseconds retry_pause{1'000};
constexpr milliseconds look_period{1'000};

std::chrono::sys_seconds wall_clock() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string hex_to_bytes(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

// Text of a scalar for a form field.
std::string field_text(const Value& value) {
  if (const auto* text = value.as<std::string>()) {
    return *text;
  }
  return to_json(value, SecretText::refuse);
}

// Nothing that would end a line of a request.
bool fits_a_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string encode_query(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  constexpr std::size_t block = 64;
  std::string padded(key.size() > block ? hex_to_bytes(sha256_hex(key)) : std::string(key));
  padded.resize(block, '\0');
  std::string inner;
  std::string outer;
  for (const char c : padded) {
    inner += static_cast<char>(c ^ 0x36);
    outer += static_cast<char>(c ^ 0x5c);
  }
  inner += text;
  outer += hex_to_bytes(sha256_hex(inner));
  std::string result = sha256_hex(outer);
  wipe(padded);
  wipe(inner);
  wipe(outer);
  return result;
}

std::string encode_base64(std::string_view bytes) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > bytes.size() ? '=' : alphabet[group >> (18 - 6 * k) & 63U];
    }
  }
  return out;
}

std::string encode_form(const Object& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += (out.empty() ? "" : "&") + encode_query(name) + "=" + encode_query(field_text(value));
  }
  return out;
}

struct Crons::Cron {
  std::string id;
  Value record = Object{};                              // as in the registry: no secrets
  std::string body;                                     // of its request; may hold secrets
  std::vector<std::pair<std::string, Secret>> headers;  // its own and those of its auth
  std::optional<Schedule> schedule;
  std::optional<std::chrono::sys_seconds> next;
  bool armed = false;  // has all it needs
  int running = 0;
};

Crons::Crons(Shared shared, Services& services)
    : shared_(std::move(shared)), services_(services), clock_(shared_.loop) {
  clock_.every(look_period, [this] {
    const auto now = wall_clock();
    std::vector<std::string> due;
    for (auto& [id, cron] : crons_) {
      if (cron->armed && cron->next && *cron->next <= now) {
        due.push_back(id);
        arm(*cron);
      }
    }
    for (const auto& id : due) {
      fire(id, "schedule", [] {});
    }
  });
}

Crons::~Crons() = default;

// Lays out the request: {headers, json | form, bearer | basic | header | hmac}.
void Crons::prepare(Cron& cron, const Value& request) {
  for (const auto& [name, value] : request.at("/headers").object()) {
    cron.headers.emplace_back(name, Secret(value.text()));
  }
  if (const Value& json = request.at("/json")) {
    cron.body = to_json(json, SecretText::refuse);
    cron.headers.emplace_back("Content-Type", Secret("application/json"));
  } else if (const Value& form = request.at("/form")) {
    cron.body = encode_form(form.object());
    cron.headers.emplace_back("Content-Type", Secret("application/x-www-form-urlencoded"));
  }
  const Value& auth = request.at("/auth");
  if (const Value& bearer = auth.at("/bearer")) {
    cron.headers.emplace_back("Authorization", Secret("Bearer " + bearer.text()));
  } else if (const Value& basic = auth.at("/basic")) {
    std::string pair = basic.at("/user").text() + ":" + basic.at("/password").text();
    cron.headers.emplace_back("Authorization", Secret("Basic " + encode_base64(pair)));
    wipe(pair);
  } else if (const Value& header = auth.at("/header")) {
    cron.headers.emplace_back(header.at("/name").text(), Secret(header.at("/value").text()));
  } else if (const Value& key = auth.at("/hmac")) {
    cron.headers.emplace_back("X-Signature",
                              Secret("sha256=" + hmac_sha256_hex(key.text(), cron.body)));
  }
}

void Crons::arm(Cron& cron) {
  auto parsed = Schedule::parse(cron.record.at("/schedule").text());
  if (auto* schedule = std::get_if<Schedule>(&parsed)) {
    const std::string zone = cron.record.at("/timezone").text();
    cron.next = schedule->next(wall_clock(), zone.empty() ? "UTC" : zone);
  }
}

void Crons::resume() {
  for (const auto& [id, record] : shared_.registry.all(crons_kind)) {
    auto cron = std::make_unique<Cron>();
    cron->id = id;
    cron->record = record;
    cron->armed = !record.at("/has_secrets").truth();
    if (cron->armed) {
      prepare(*cron, record.at("/request"));
    }
    arm(*cron);
    crons_.emplace(id, std::move(cron));
  }
}

Value Crons::view(const Cron& cron) const {
  Value shown(Object{{"id", cron.id},
                     {"name", cron.record.at("/name")},
                     {"noted", cron.record.at("/noted")},
                     {"armed", cron.armed},
                     {"last", shared_.registry.note("firings").at(join("", cron.id))}});
  if (cron.next && cron.armed) {
    shown.set("/next_run", timestamp(*cron.next));
  }
  return shown;
}

void Crons::list(const Responder& responder) {
  List items;
  for (const auto& [id, cron] : crons_) {
    items.push_back(view(*cron));
  }
  responder.answer(200, Object{{"items", std::move(items)}});
}

void Crons::get(const std::string& id, const ServerRequest& /*request*/,
                const Responder& responder) {
  const auto found = crons_.find(id);
  if (found == crons_.end()) {
    refuse_missing(responder, crons_kind, id);
  } else {
    responder.answer(200, view(*found->second));
  }
}

void Crons::put(const std::string& id, const ServerRequest& request, const Responder& responder) {
  const Value& body = request.body;
  auto parsed = Schedule::parse(body.at("/schedule").text());
  if (const auto* wrong = std::get_if<std::string>(&parsed)) {
    responder.refuse(422, "the schedule is none: " + *wrong);
    return;
  }
  auto cron = std::make_unique<Cron>();
  cron->id = id;
  cron->armed = true;
  for (const char* field : {"name", "noted", "schedule", "timezone", "service", "method", "path",
                            "command", "timeout_ms", "retries", "has_secrets"}) {
    cron->record.set(join("", field), body.at(join("", field)));
  }
  prepare(*cron, body.at("/request"));
  const std::string path = body.at("/path").text();
  const bool clean = fits_a_line(path) && path.find(' ') == std::string::npos &&
                     std::ranges::all_of(cron->headers, [](const auto& header) {
                       return fits_a_line(header.first) && fits_a_line(header.second.expose());
                     });
  if (!clean) {
    responder.refuse(422, "a path or header of the cron's request holds a line break or a space");
    return;
  }
  if (!body.at("/has_secrets").truth()) {
    cron->record.set("/request", body.at("/request"));
  }
  if (const std::string wrong = shared_.registry.put(crons_kind, id, cron->record);
      !wrong.empty()) {
    responder.refuse(500, wrong);
    return;
  }
  arm(*cron);
  const Value shown = view(*cron);
  crons_[id] = std::move(cron);
  responder.answer(200, shown);
}

void Crons::remove(const std::string& id, const Responder& responder) {
  const auto found = crons_.find(id);
  if (found == crons_.end()) {
    refuse_missing(responder, crons_kind, id);
    return;
  }
  crons_.erase(found);
  std::string wrong = shared_.registry.erase(crons_kind, id);
  Value firings = shared_.registry.note("firings");
  firings.erase(join("", id));
  if (wrong.empty()) {
    wrong = shared_.registry.set_note("firings", firings);
  }
  if (!wrong.empty()) {
    responder.refuse(500, wrong);
    return;
  }
  responder.answer(200, Object{});
}

void Crons::act(const std::string& id, const std::string& verb, const Responder& responder) {
  const auto found = crons_.find(id);
  if (found == crons_.end()) {
    refuse_missing(responder, crons_kind, id);
  } else if (verb != "fire") {
    Keeper::act(id, verb, responder);
  } else if (!found->second->armed) {
    responder.refuse(409, "the agent was started again and does not have the cron's secret",
                     "infra apply hands it over again");
  } else {
    fire(id, "request", [this, id, responder] {
      const auto still = crons_.find(id);
      if (still == crons_.end()) {
        refuse_missing(responder, crons_kind, id);
      } else {
        responder.answer(200, view(*still->second));
      }
    });
  }
}

// A firing that begins while the last one still runs is left out, except on request.
void Crons::fire(const std::string& id, const std::string& cause, Ended ended) {
  Cron& cron = *crons_.at(id);
  if (cron.running > 0 && cause == "schedule") {
    ended();
    return;
  }
  ++cron.running;
  attempt(id, static_cast<int>(cron.record.at("/retries").integer(0)), shared_.loop.now(),
          std::move(ended));
}

void Crons::attempt(const std::string& id, int left, milliseconds began, Ended ended) {
  const auto found = crons_.find(id);
  if (found == crons_.end()) {
    ended();
    return;
  }
  auto done = [this, id, left, began, ended = std::move(ended)](bool good,
                                                                const std::string& result) {
    const auto still = crons_.find(id);
    if (!good && left > 0 && still != crons_.end()) {
      shared_.loop.later(retry_pause,
                         [this, id, left, began, ended] { attempt(id, left - 1, began, ended); });
      return;
    }
    if (still != crons_.end()) {
      still->second->running = std::max(0, still->second->running - 1);
      note(id, good, result, shared_.loop.now() - began);
    }
    ended();
  };
  if (found->second->record.at("/command").text().empty()) {
    call(*found->second, std::move(done));
  } else {
    run(*found->second, std::move(done));
  }
}

void Crons::call(const Cron& cron, std::function<void(bool, std::string)> done) {
  HttpRequest request;
  request.port = services_.port_of(cron.record.at("/service").text());
  if (request.port == 0) {
    done(false, "its service is not held by this agent");
    return;
  }
  request.method = cron.record.at("/method").text();
  request.path = cron.record.at("/path").text();
  request.headers = cron.headers;
  request.body = cron.body;
  const milliseconds limit(
      cron.record.at("/timeout_ms").integer(std::int64_t{default_timeout.count()}));
  send_request(shared_.loop, request, limit, [done = std::move(done)](const HttpResult& result) {
    done(result.status >= 200 && result.status < 400,
         result.status != 0 ? fmt::format("HTTP {}", result.status) : result.failure);
  });
  wipe(request.body);
}

void Crons::run(const Cron& cron, std::function<void(bool, std::string)> done) {
  auto program =
      services_.program_of(cron.record.at("/service").text(), cron.record.at("/command").text());
  if (!program) {
    done(false, "its service is not held by this agent, or lacks its secrets");
    return;
  }
  const milliseconds limit(
      cron.record.at("/timeout_ms").integer(std::int64_t{default_timeout.count()}));
  run_command(shared_.loop, std::move(*program), limit,
              [done = std::move(done)](const CommandResult& result) {
                done(result.succeeded(), result.failure.empty()
                                             ? fmt::format("status {}", result.exit_status)
                                             : result.failure);
              });
}

void Crons::note(const std::string& id, bool good, const std::string& result, milliseconds took) {
  Value firings = shared_.registry.note("firings");
  if (firings.as<Object>() == nullptr) {
    firings = Object{};
  }
  const Value old = firings.at(join("", id));
  firings.set(
      join("", id),
      Object{{"at", timestamp(std::chrono::floor<milliseconds>(std::chrono::system_clock::now()))},
             {"succeeded", good},
             {"result", result},
             {"took", to_text(Duration{took.count()})},
             {"count", old.at("/count").integer() + 1}});
  // A result that cannot be kept (a full disk) is shown all the same until the agent ends.
  const std::string unsaved = shared_.registry.set_note("firings", firings);
}

}  // namespace infra::local
