#include "providers/simulator/faults.h"

#include <algorithm>

namespace infra {
namespace {

bool possible(Fault fault, CloudVerb verb) {
  switch (fault) {
    case Fault::ok:
    case Fault::count_:
      return false;
    case Fault::stale_read:
    case Fault::broken_page:
      return verb == CloudVerb::list;
    case Fault::sent_twice:
    case Fault::fails_later:
    case Fault::exists_ours:
    case Fault::exists_foreign:
      return verb == CloudVerb::create;
    case Fault::partial:
      return verb == CloudVerb::create || verb == CloudVerb::update;
    default:
      return verb != CloudVerb::list;
  }
}

}  // namespace

std::string_view fault_name(Fault fault) {
  static constexpr std::array<std::string_view, fault_kinds> names{
      "ok",        "lost_before",  "lost_after", "delayed",    "500_no",     "500_yes",
      "429",       "conn_refused", "dup",        "partial",    "async_fail", "409_self",
      "409_other", "401_mid",      "bad_json",   "stale_read", "wrong_page", "drift"};
  return names[static_cast<std::size_t>(fault)];
}

std::uint64_t Dice::next() {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

std::uint64_t Dice::below(std::uint64_t bound) {
  return bound == 0 ? 0 : next() % bound;
}

bool Dice::chance(double probability) {
  return static_cast<double>(next() >> 11U) * 0x1.0p-53 < probability;
}

FaultSchedule::FaultSchedule(std::uint64_t seed, double rate) : rate_(rate) {
  Dice dice(seed ^ 0x6A09E667F3BCC909U);
  for (std::uint32_t& weight : weights_) {
    weight = dice.chance(0.5) ? static_cast<std::uint32_t>(1 + dice.below(10)) : 0;
  }
}

Fault FaultSchedule::draw(CloudVerb verb, Dice& dice) const {
  if (rate_ <= 0 || !dice.chance(rate_)) {
    return Fault::ok;
  }
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    total += possible(static_cast<Fault>(i), verb) ? weights_[i] : 0;
  }
  std::uint64_t at = dice.below(total);
  for (std::size_t i = 0; total > 0 && i < fault_kinds; ++i) {
    const std::uint64_t weight = possible(static_cast<Fault>(i), verb) ? weights_[i] : 0;
    if (at < weight) {
      return static_cast<Fault>(i);
    }
    at -= weight;
  }
  return Fault::ok;
}

void FaultSchedule::enable_only(Fault fault) {
  weights_.fill(0);
  weights_[static_cast<std::size_t>(fault)] = 1;
}

}  // namespace infra
