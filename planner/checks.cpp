#include "planner/checks.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/quantity.h"
#include "base/text.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds pause_between_tries{1000};
constexpr milliseconds longest_try{30000};
constexpr std::size_t most_shown = 120;

std::string text_of(const Value& value) {
  return value.as<std::string>() != nullptr ? value.text() : to_json(value, SecretText::sensitive);
}

bool is_matcher(const Value& value) {
  return value.object().size() == 1 && value.object().begin()->first.starts_with("$");
}

bool matcher_fits(const Value& matcher, const Value& have) {
  if (matcher.at("/$present")) {
    return !have.is_null();
  }
  const std::string& pattern = matcher.at("/$matching").text();
  return !have.is_null() && RE2::PartialMatch(text_of(have), RE2(pattern, RE2::Quiet));
}

bool same_number(const Value& left, const Value& right) {
  return same(left, right);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

const Value& header_of(const Object& headers, const std::string& name) {
  static const Value none;
  for (const auto& [key, value] : headers) {
    if (lower(key) == lower(name)) {
      return value;
    }
  }
  return none;
}

bool status_fits(const Value& want, int status) {
  if (want.is_null()) {
    return status < 400;
  }
  if (want.as<List>() != nullptr) {
    return std::ranges::any_of(want.list(),
                               [&](const Value& one) { return one.integer() == status; });
  }
  return want.integer() == status;
}

Method method_of(const std::string& text) {
  if (text == "POST") {
    return Method::post;
  }
  if (text == "PUT") {
    return Method::put;
  }
  if (text == "PATCH") {
    return Method::patch;
  }
  return text == "DELETE" ? Method::del : Method::get;
}

std::string_view exposed(const Value& value) {
  if (const auto* secret = value.as<Secret>()) {
    return secret->expose();
  }
  return value.text();
}

Body body_of(const Value& call) {
  Body body;
  if (const Value& json = call.at("/json")) {
    body.value = json;
  }
  for (const auto& [name, entry] : call.at("/form").object()) {
    Body part;
    if (const auto& file = entry.at("/file").text(); !file.empty()) {
      part.file = file;
    } else {
      part.value = entry;
    }
    body.form.emplace_back(name, std::move(part));
  }
  return body;
}

class Probe {
 public:
  Probe(const PlannedCheck& check, Value body, const Outputs& outputs, const EngineOptions& options,
        Runner& runner)
      : check_(check),
        body_(std::move(body)),
        outputs_(outputs),
        options_(options),
        runner_(runner) {}

  // Blocks until it holds or its time has passed.
  CheckResult run() {
    CheckResult result{check_.name, "pass", ""};
    const auto* within = body_.at("/expect/within").as<Duration>();
    const milliseconds most(within == nullptr ? 0 : within->milliseconds);
    const milliseconds start = options_.world.clock->steady();
    for (;;) {
      const milliseconds passed = options_.world.clock->steady() - start;
      const std::string wrong = once(std::clamp(most - passed, milliseconds(1000), longest_try));
      if (wrong.empty()) {
        return result;
      }
      result.message = wrong;
      const bool over = options_.world.clock->steady() - start + pause_between_tries > most;
      if (over || !runner_.wait(pause_between_tries, [this] { return stopped(); })) {
        break;
      }
    }
    result.status = body_.at("/on_failure").text() == "warn" ? "warn" : "fail";
    if (within != nullptr) {
      result.message += fmt::format(", for {}", to_text(*within));
    }
    return result;
  }

 private:
  bool stopped() const { return options_.interrupts != nullptr && *options_.interrupts > 0; }

  std::string once(milliseconds timeout) {
    if (body_.at("/call")) {
      return ask_http(timeout);
    }
    if (body_.at("/tcp")) {
      return ask_tcp(timeout);
    }
    return ask_sql(timeout);
  }

  std::string ask_http(milliseconds timeout) {
    const Value& call = body_.at("/call");
    const std::string& service = call.at("/service").reference().address;
    const Value url = outputs_(service, "/url");
    if (exposed(url).empty()) {
      return service + " has no url";
    }
    ProbeRequest request;
    request.method = method_of(call.at("/method").text());
    std::string base(exposed(url));
    const std::string& path = call.at("/path").text();
    if (base.ends_with('/') && path.starts_with('/')) {
      base.pop_back();
    }
    request.url = base + path;
    request.headers = call.at("/headers").object();
    request.body = body_of(call);
    request.folder = options_.folder;
    request.timeout = timeout;
    auto answer = probe_http(request);
    if (!answer) {
      return printable(answer.error().message);
    }
    return shortfall(body_.at("/expect"),
                     {answer->status, answer->headers, answer->text, answer->json, 0});
  }

  std::string ask_tcp(milliseconds timeout) {
    const std::string text(exposed(body_.at("/tcp")));
    const auto colon = text.rfind(':');
    const auto port =
        colon == std::string::npos ? std::nullopt : parse_integer(text.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) {
      return fmt::format("`{}` is no address: write host:port", printable(text));
    }
    const auto answer = probe_tcp(text.substr(0, colon), static_cast<int>(*port), timeout);
    return answer ? std::string() : printable(answer.error().message);
  }

  std::string ask_sql(milliseconds timeout) {
    const std::string& database = body_.at("/database").reference().address;
    const Value url = outputs_(database, "/url");
    if (exposed(url).empty()) {
      return database + " has no url that is known here";
    }
    const Secret secret = url.as<Secret>() != nullptr ? *url.as<Secret>() : Secret(url.text());
    auto rows = probe_sql(secret, body_.at("/sql").text(), timeout);
    if (!rows) {
      return printable(rows.error().message);
    }
    ProbeOutcome outcome;
    outcome.rows = static_cast<std::int64_t>(rows->size());
    outcome.json = rows->size() == 1 ? rows->front() : Value(*rows);
    return shortfall(body_.at("/expect"), outcome);
  }

  const PlannedCheck& check_;
  const Value body_;
  const Outputs& outputs_;
  const EngineOptions& options_;
  Runner& runner_;
};

}  // namespace

bool json_fits(const Value& want, const Value& have) {
  if (is_matcher(want)) {
    return matcher_fits(want, have);
  }
  if (want.as<Object>() != nullptr) {
    return have.as<Object>() != nullptr &&
           std::ranges::all_of(want.object(), [&](const auto& entry) {
             const auto found = have.object().find(entry.first);
             return json_fits(entry.second, found == have.object().end() ? Value() : found->second);
           });
  }
  if (want.as<List>() != nullptr) {
    const List& wanted = want.list();
    const List& items = have.list();
    return have.as<List>() != nullptr && wanted.size() == items.size() &&
           std::equal(wanted.begin(), wanted.end(), items.begin(), json_fits);
  }
  return same_number(want, have);
}

std::string shortfall(const Value& expect, const ProbeOutcome& outcome) {
  if (outcome.status != 0 && !status_fits(expect.at("/status"), outcome.status)) {
    return fmt::format("answered {}", outcome.status);
  }
  for (const auto& [name, want] : expect.at("/header").object()) {
    const Value& have = header_of(outcome.headers, name);
    const bool fits = is_matcher(want) ? matcher_fits(want, have) : text_of(want) == text_of(have);
    if (!fits || have.is_null()) {
      return fmt::format(
          "the header {} is {}", name,
          have.is_null() ? "not there" : "`" + shorten(printable(text_of(have)), most_shown) + "`");
    }
  }
  if (const Value& want = expect.at("/body")) {
    const bool fits = is_matcher(want) ? matcher_fits(want, Value(outcome.text))
                                       : outcome.text.find(text_of(want)) != std::string::npos;
    if (!fits) {
      return fmt::format("the answer is `{}`", shorten(printable(outcome.text), most_shown));
    }
  }
  if (const Value& want = expect.at("/json"); want && !json_fits(want, outcome.json)) {
    return outcome.json.is_null()
               ? "the answer is no JSON"
               : fmt::format(
                     "the answer is {}",
                     shorten(printable(to_json(outcome.json, SecretText::sensitive)), most_shown));
  }
  if (const Value& want = expect.at("/rows"); want && want.integer() != outcome.rows) {
    return fmt::format("there are {}, not {}",
                       plural(static_cast<std::size_t>(outcome.rows), "row"), want.integer());
  }
  return {};
}

std::vector<CheckResult> run_checks(const ResourceGraph& graph, const Outputs& outputs,
                                    const EngineOptions& options, Runner& runner,
                                    const std::set<std::string>& down) {
  Listener silent;
  Listener& listener = options.listener == nullptr ? silent : *options.listener;
  std::vector<CheckResult> results(graph.checks.size());
  std::vector<Runner::Job> jobs;
  for (std::size_t i = 0; i < graph.checks.size(); ++i) {
    const PlannedCheck& check = graph.checks[i];
    const auto missing = std::ranges::find_if(check.dependencies, [&](const Dependency& needed) {
      return down.contains(graph.nodes[needed.target].address);
    });
    if (missing != check.dependencies.end()) {
      results[i] = {check.name, "unknown",
                    "not asked: " + graph.nodes[missing->target].address + " is not live"};
      continue;
    }
    listener.check_started(check.name);
    Diagnostics diagnostics;
    Value body = graph.check(check, outputs, diagnostics);
    if (body.is_null()) {  // what it asks is absent in this environment
      continue;
    }
    if (contains_unknown(body) || diagnostics.has_errors()) {
      results[i] = {check.name, "unknown",
                    diagnostics.has_errors() ? diagnostics.all().front().message
                                             : "what it asks is not known yet"};
      continue;
    }
    jobs.push_back([&, i, body = std::move(body)] {
      results[i] = Probe(graph.checks[i], body, outputs, options, runner).run();
    });
  }
  run_all(runner, std::move(jobs), [&] { listener.tick(); });
  std::erase_if(results, [](const CheckResult& result) { return result.name.empty(); });
  for (const auto& result : results) {
    listener.check_done(result);
  }
  return results;
}

}  // namespace infra
