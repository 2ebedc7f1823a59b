#include "planner/probes.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/json.h"
#include "base/quantity.h"
#include "base/text.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_attempt{30000};
constexpr milliseconds first_pause{200};
constexpr milliseconds longest_pause{2000};

// One attempt: nothing when it holds; why it does not; or why it cannot be asked at all.
struct Attempt {
  std::optional<std::string> failed;
  bool impossible = false;
};
Attempt holds() {
  return {};
}
Attempt fails(std::string why) {
  return {std::move(why), false};
}
Attempt cannot(std::string why) {
  return {std::move(why), true};
}

std::string short_text(const Value& value) {
  if (contains_secret(value)) {
    return "(sensitive)";
  }
  return shorten(printable(to_json(value, SecretText::sensitive)), 120);
}

bool text_matches(const Value& value, const std::string& pattern) {
  RE2::Options quiet;
  quiet.set_log_errors(false);
  const RE2 expression(pattern, quiet);
  const std::string text =
      value.as<std::string>() != nullptr ? value.text() : to_json(value, SecretText::sensitive);
  return expression.ok() && RE2::PartialMatch(text, expression);
}

// Where `got` is not what `want` asks: the first place, or nothing. Objects by subset, lists item
// by item.
std::optional<std::string> difference(const Value& want, const Value& got, const std::string& at) {
  if (want.at("/$present").truth()) {
    return got.is_null() ? std::optional(at + " is missing") : std::nullopt;
  }
  if (const Value& pattern = want.at("/$matching"); pattern) {
    return text_matches(got, pattern.text())
               ? std::nullopt
               : std::optional(fmt::format("{} is {}, which does not match {}", at, short_text(got),
                                           pattern.text()));
  }
  if (const auto* object = want.as<Object>()) {
    for (const auto& [key, value] : *object) {
      if (auto found = difference(value, got.at("/" + escape_step(key)),
                                  at.empty() ? key : at + "." + key)) {
        return found;
      }
    }
    return std::nullopt;
  }
  if (const auto* list = want.as<List>()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (auto found = difference((*list)[i], got.at("/" + std::to_string(i)),
                                  fmt::format("{}[{}]", at, i))) {
        return found;
      }
    }
    return std::nullopt;
  }
  if (same(want, got)) {
    return std::nullopt;
  }
  return got.is_null() ? fmt::format("{} is missing", at)
                       : fmt::format("{} is {}, not {}", at, short_text(got), short_text(want));
}

std::optional<std::string> wrong_status(const Value& want, int status) {
  if (want.is_null()) {
    return status >= 200 && status < 300 ? std::nullopt
                                         : std::optional(fmt::format("it answered {}", status));
  }
  if (const auto* any_of = want.as<List>()) {
    const bool found =
        std::ranges::any_of(*any_of, [&](const Value& one) { return one.integer() == status; });
    return found ? std::nullopt
                 : std::optional(
                       fmt::format("it answered {}, not one of {}", status, short_text(want)));
  }
  return want.integer() == status
             ? std::nullopt
             : std::optional(fmt::format("it answered {}, not {}", status, want.integer()));
}

std::optional<std::string> wrong_headers(const Object& want, const Object& got) {
  for (const auto& [name, value] : want) {
    const auto found = std::ranges::find_if(got, [&, wanted = &name](const auto& header) {
      return header.first.size() == wanted->size() && contains_ignoring_case(header.first, *wanted);
    });
    if (auto wrong =
            difference(value, found == got.end() ? Value() : found->second, "header " + name)) {
      return wrong;
    }
  }
  return std::nullopt;
}

Method method_of(const std::string& text) {
  static const std::map<std::string, Method, std::less<>> methods{{"POST", Method::post},
                                                                  {"PUT", Method::put},
                                                                  {"PATCH", Method::patch},
                                                                  {"DELETE", Method::del}};
  const auto found = methods.find(text);
  return found == methods.end() ? Method::get : found->second;
}

Body body_of(const Value& call) {
  Body body;
  if (const auto* form = call.at("/form").as<Object>()) {
    for (const auto& [name, value] : *form) {
      Body part;
      if (const Value& file = value.at("/file"); file) {
        part.file = file.text();
        part.value = value.at("/type");
      } else {
        part.value = value;
      }
      body.form.emplace_back(name, std::move(part));
    }
  } else {
    body.value = call.at("/json");
  }
  return body;
}

class Prober {
 public:
  Prober(const Value& body, const ProbeSurroundings& surroundings)
      : body_(body), expect_(body.at("/expect")), surroundings_(surroundings) {}

  [[nodiscard]] Attempt attempt(milliseconds timeout) const {
    if (const Value& call = body_.at("/call"); call) {
      return http(call, timeout);
    }
    if (const Value& target = body_.at("/tcp"); target) {
      return tcp(target.text(), timeout);
    }
    if (const Value& statement = body_.at("/sql"); statement) {
      return sql(statement.text(), timeout);
    }
    return cannot("it has neither `call` nor `tcp` nor `sql`");
  }

 private:
  [[nodiscard]] Attempt http(const Value& call, milliseconds timeout) const {
    const std::string& service = call.at("/service").reference().address;
    const Value url = surroundings_.outputs(service, "/url");
    if (url.text().empty()) {
      return cannot(service + " has no url");
    }
    ProbeRequest request;
    request.method = method_of(call.at("/method").text());
    request.url = joined(url.text(), call.at("/path").text());
    request.headers = call.at("/headers").object();
    request.body = body_of(call);
    request.folder = surroundings_.folder;
    request.timeout = timeout;
    auto answer = probe_http(request);
    if (!answer) {
      return fails(answer.error().message);
    }
    return judge(*answer);
  }

  [[nodiscard]] Attempt judge(const ProbeAnswer& answer) const {
    if (auto wrong = wrong_status(expect_.at("/status"), answer.status)) {
      return fails(*wrong);
    }
    if (auto wrong = wrong_headers(expect_.at("/header").object(), answer.headers)) {
      return fails(*wrong);
    }
    if (const Value& part = expect_.at("/body"); part) {
      const bool matcher = part.as<Object>() != nullptr;
      if (matcher ? difference(part, answer.text, "the body").has_value()
                  : answer.text.find(part.text()) == std::string::npos) {
        return fails(fmt::format("the body does not have {}", short_text(part)));
      }
    }
    if (const Value& want = expect_.at("/json"); want) {
      if (answer.json.is_null()) {
        return fails("it did not answer with JSON");
      }
      if (auto wrong = difference(want, answer.json, "")) {
        return fails(*wrong);
      }
    }
    return holds();
  }

  [[nodiscard]] static Attempt tcp(const std::string& target, milliseconds timeout) {
    const auto colon = target.rfind(':');
    const auto port =
        colon == std::string::npos ? std::nullopt : parse_integer(target.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) {
      return cannot(fmt::format("`{}` is no HOST:PORT", printable(target)));
    }
    const auto reached = probe_tcp(target.substr(0, colon), static_cast<int>(*port), timeout);
    return reached ? holds() : fails(reached.error().message);
  }

  [[nodiscard]] Attempt sql(const std::string& statement, milliseconds timeout) const {
    const std::string& database = body_.at("/database").reference().address;
    const Value url = surroundings_.outputs(database, "/url");
    const auto* secret = url.as<Secret>();
    if (secret == nullptr) {
      return cannot(database + " has no url");
    }
    auto rows = probe_sql(*secret, statement, timeout);
    if (!rows) {
      return fails(rows.error().message);
    }
    const Value& wanted = expect_.at("/rows");
    if (wanted && wanted.integer() != static_cast<std::int64_t>(rows->size())) {
      return fails(
          fmt::format("it gave {}, not {}", plural(rows->size(), "row"), wanted.integer()));
    }
    return holds();
  }

  [[nodiscard]] static std::string joined(std::string base, std::string_view path) {
    if (base.ends_with('/') && path.starts_with('/')) {
      base.pop_back();
    }
    return base + std::string(path);
  }

  const Value& body_;
  const Value& expect_;
  const ProbeSurroundings& surroundings_;
};

}  // namespace

bool only_warns(const Value& body) {
  return body.at("/on_failure").text() == "warn";
}

CheckResult probe(const std::string& name, const Value& body,
                  const ProbeSurroundings& surroundings) {
  if (contains_unknown(body)) {
    return {name, "unknown", "something it needs is not known yet"};
  }
  const auto* within = body.at("/expect/within").as<Duration>();
  const milliseconds most(within == nullptr ? 0 : within->milliseconds);
  const milliseconds begun = surroundings.clock->steady();
  const Prober prober(body, surroundings);
  milliseconds pause = first_pause;
  for (;;) {
    const milliseconds left = most - (surroundings.clock->steady() - begun);
    const milliseconds timeout =
        std::clamp(left, milliseconds(within == nullptr ? 10000 : 1000), longest_attempt);
    const Attempt result = prober.attempt(timeout);
    if (!result.failed) {
      return {name, "pass", ""};
    }
    if (result.impossible) {
      return {name, "error", *result.failed};
    }
    if (surroundings.stopped && surroundings.stopped()) {
      return {name, "unknown", "interrupted: " + *result.failed};
    }
    if (surroundings.clock->steady() - begun + pause > most) {
      return {name, "fail",
              within == nullptr ? *result.failed
                                : fmt::format("{} (within {})", *result.failed, to_text(*within))};
    }
    surroundings.wait(pause);
    pause = std::min(pause * 2, longest_pause);
  }
}

}  // namespace infra
