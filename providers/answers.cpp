// What an answer means: the schema's rules first, then the status.
#include <algorithm>
#include <charconv>
#include <ctime>

#include "base/json.h"
#include "base/text.h"
#include "providers/door.h"

namespace infra {
namespace {

constexpr std::int64_t longest_pause = 86'400;

std::string text_of(const Value& value) {
  return value.as<std::string>() != nullptr ? value.text() : to_json(value, SecretText::sensitive);
}

bool fits(const AnswerRule& rule, const RawAnswer& answer) {
  if (rule.status != 0 && rule.status != answer.status) {
    return false;
  }
  if (rule.pointer.empty() && rule.text.empty()) {
    return true;
  }
  const Value& there = answer.body.at(rule.pointer);
  return there && (rule.text.empty() || contains_ignoring_case(text_of(there), rule.text));
}

// What the platform itself says is wrong; empty when it does not speak in its own shape.
std::string own_message(const ProviderSchema& schema, const RawAnswer& answer) {
  for (const Path& path : schema.messages) {
    if (const Value& message = answer.body.at(path)) {
      return text_of(message);
    }
  }
  return {};
}

std::string_view status_text(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 422:
      return "Unprocessable Content";
    case 423:
      return "Locked";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

std::string message_of(const ProviderSchema& schema, const RawAnswer& answer) {
  std::string text = std::to_string(answer.status);
  if (const std::string_view known = status_text(answer.status); !known.empty()) {
    text += " " + std::string(known);
  }
  const std::string own = own_message(schema, answer);
  if (!own.empty()) {
    return text + ": " + own;
  }
  if (answer.status >= 300 && answer.status < 400) {
    return text + ": it points elsewhere, and no redirect is followed";
  }
  return text;
}

bool unreadable(const RawAnswer& answer) {
  if (answer.is_json || answer.is_empty) {
    return false;
  }
  const auto type = answer.headers.find("content-type");
  return type != answer.headers.end() && (contains_ignoring_case(type->second.text(), "json") ||
                                          contains_ignoring_case(type->second.text(), "html"));
}

ErrorKind by_status(const ProviderSchema& schema, const RawAnswer& answer, bool reading) {
  const int status = answer.status;
  switch (status) {
    case 401:
    case 403:
      return ErrorKind::denied;
    case 404:
    case 410: {
      const bool own_shape =
          !own_message(schema, answer).empty() || (schema.messages.empty() && answer.is_empty);
      return own_shape ? ErrorKind::missing : (reading ? ErrorKind::unclear : ErrorKind::invalid);
    }
    case 409:
    case 412:
      return ErrorKind::exists;
    case 423:
    case 429:
      return ErrorKind::busy;
    case 408:
    case 425:
      return ErrorKind::unclear;
    default:
      return status >= 400 && status < 500 ? ErrorKind::invalid : ErrorKind::unclear;
  }
}

}  // namespace

std::optional<seconds> retry_after(std::string_view text,
                                   std::chrono::sys_time<std::chrono::milliseconds> now) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  double count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc::result_out_of_range) {
    return seconds(text.starts_with('-') ? 1 : longest_pause);
  }
  if (error == std::errc() && end == text.data() + text.size()) {
    // Rounded up, so that nothing is sent earlier than told.
    const double bounded = std::clamp(count, 1.0, static_cast<double>(longest_pause));
    const auto whole = static_cast<std::int64_t>(bounded);
    return seconds(whole + (static_cast<double>(whole) < bounded ? 1 : 0));
  }
  const std::string date(text);
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* rest = ::strptime(date.c_str(), form, &parts);
    if (rest != nullptr && *rest == '\0') {
      const std::chrono::sys_seconds at{seconds(::timegm(&parts))};
      const std::int64_t left = std::chrono::ceil<seconds>(at - now).count();
      return seconds(std::clamp<std::int64_t>(left, 1, longest_pause));
    }
  }
  return std::nullopt;
}

std::optional<Error> classify(const ProviderSchema& schema, const RawAnswer& answer, bool reading,
                              std::chrono::sys_time<std::chrono::milliseconds> now) {
  ErrorKind kind = ErrorKind::none;
  const auto rule = std::ranges::find_if(
      schema.answers, [&](const AnswerRule& candidate) { return fits(candidate, answer); });
  if (rule != schema.answers.end()) {
    kind = rule->kind;
  } else if (answer.status >= 200 && answer.status < 300) {
    if (!unreadable(answer)) {
      return std::nullopt;
    }
    return Error{ErrorKind::unclear,
                 std::to_string(answer.status) + " with a body that is not the JSON it should be"};
  } else {
    kind = by_status(schema, answer, reading);
  }
  if (kind == ErrorKind::none) {
    return std::nullopt;
  }
  Error error{kind, message_of(schema, answer)};
  if (kind == ErrorKind::missing && own_message(schema, answer).empty() && !answer.is_empty) {
    error.message += ": not in the platform's own words";
  }
  if (kind == ErrorKind::busy) {
    const auto header = answer.headers.find("retry-after");
    if (header != answer.headers.end()) {
      error.after = retry_after(header->second.text(), now);
    }
  }
  return error;
}

}  // namespace infra
