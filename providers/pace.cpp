#include "providers/pace.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "providers/doors.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_at_once = 32;

// "POST /services" fits "*", "* /services" and itself.
bool fits(std::string_view rule, std::string_view call) {
  if (rule == "*" || rule == call) {
    return true;
  }
  if (!rule.starts_with("* ")) {
    return false;
  }
  const std::size_t space = call.find(' ');
  return space != std::string_view::npos && call.substr(space + 1) == rule.substr(2);
}

double per_millisecond(const Budget& budget) {
  return static_cast<double>(budget.requests) /
         static_cast<double>(std::max<std::int64_t>(milliseconds(budget.window).count(), 1));
}

}  // namespace

std::shared_ptr<Pace> make_pace(const Clock& clock) {
  return std::make_shared<Pace>(clock);
}

std::string Pace::key(const Budget& budget, std::string_view credential, std::string_view parent) {
  return std::string(credential) + '\0' + budget.call + '\0' +
         std::to_string(budget.window.count()) + '\0' +
         (budget.per_parent ? std::string(parent) : std::string());
}

double Pace::refill(Bucket& bucket, const Budget& budget) {
  const milliseconds now = clock_.steady();
  const double most = std::max(budget.burst, 1);
  if (bucket.at.count() == 0) {
    bucket.tokens = most;
  } else {
    bucket.tokens =
        std::min(most, bucket.tokens + per_millisecond(budget) *
                                           static_cast<double>((now - bucket.at).count()));
  }
  bucket.at = std::max(now, milliseconds{1});
  return bucket.tokens;
}

milliseconds Pace::take(const ProviderSchema& schema, std::string_view credential,
                        std::string_view call, std::string_view parent) {
  const std::scoped_lock lock(mutex_);
  milliseconds longest{0};
  for (const Budget& budget : schema.budgets) {
    if (!fits(budget.call, call)) {
      continue;
    }
    const double tokens = refill(buckets_[key(budget, credential, parent)], budget);
    if (tokens < 1) {
      const double missing = (1 - tokens) / per_millisecond(budget);
      longest = std::max(longest, milliseconds(static_cast<std::int64_t>(std::ceil(missing))));
    }
  }
  if (longest.count() > 0) {
    return longest;
  }
  for (const Budget& budget : schema.budgets) {
    if (fits(budget.call, call)) {
      buckets_[key(budget, credential, parent)].tokens -= 1;
    }
  }
  return longest;
}

void Pace::enter(std::string_view credential) {
  std::unique_lock lock(mutex_);
  Line& line = lines_[std::string(credential)];
  freed_.wait(lock, [&] { return line.under_way < line.most; });
  ++line.under_way;
}

void Pace::leave(std::string_view credential, bool throttled) {
  const std::scoped_lock lock(mutex_);
  Line& line = lines_[std::string(credential)];
  line.under_way -= line.under_way > 0 ? 1 : 0;
  line.most =
      throttled ? std::max<std::size_t>(1, line.most / 2) : std::min(most_at_once, line.most + 1);
  freed_.notify_all();
}

void Pace::deny(std::string_view credential) {
  const std::scoped_lock lock(mutex_);
  lines_[std::string(credential)].denied = true;
}

bool Pace::denied(std::string_view credential) const {
  const std::scoped_lock lock(mutex_);
  const auto found = lines_.find(credential);
  return found != lines_.end() && found->second.denied;
}

int Pace::left(const ProviderSchema& schema, std::string_view credential) {
  const std::scoped_lock lock(mutex_);
  int least = -1;
  for (const Budget& budget : schema.budgets) {
    const int here = static_cast<int>(refill(buckets_[key(budget, credential, "")], budget));
    least = least < 0 ? here : std::min(least, here);
  }
  return least;
}

}  // namespace infra
