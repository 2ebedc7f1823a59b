// providers/simulator/faults.h — what can go wrong between a driver and its platform, drawn from a
// seed.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace infra {

enum class Fault : std::uint8_t {  //         what happens there                  what is heard
  ok,                              //         now                                 the answer
  lost_before,                     //         nothing                             nothing
  lost_after,                      //         now                                 nothing
  delayed,                         //         some time later                     nothing
  server_error_undone,             //         nothing                             5xx
  server_error_done,               //         now                                 5xx
  throttled,                       //         nothing                             429, Retry-After
  refused_connection,              //         nothing, provably                   no connection
  sent_twice,                      //         twice                               the answer
  partial,                         //         the thing, but not all of it        5xx
  fails_later,                     //         it exists and goes bad              accepted
  exists_ours,                     //         now                                 409
  exists_foreign,                  //         a stranger takes the name           409
  revoked,                         //         nothing                             401
  garbled,                         //         now                                 no readable answer
  stale_read,                      //         (a listing) nothing                 an older version
  broken_page,                     //         (a listing) nothing                 a page that fails
  drift,                           //         a person changes something first    the answer
  count_
};
inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(Fault::count_);

[[nodiscard]] std::string_view fault_name(Fault fault);

enum class CloudVerb : std::uint8_t { create, update, remove, list };

// A small, fast, repeatable generator (SplitMix64); not for secrets.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);  // 0 … bound - 1
  bool chance(double probability);

 private:
  std::uint64_t state_;
};

// Draws one fault per call. Each seed switches whole kinds off, so that rare combinations get room.
class FaultSchedule {
 public:
  FaultSchedule() = default;  // nothing ever goes wrong
  // `rate`: the share of calls that go wrong, 0 … 1.
  FaultSchedule(std::uint64_t seed, double rate);

  [[nodiscard]] Fault draw(CloudVerb verb, Dice& dice) const;
  void stop() { rate_ = 0; }
  void enable_only(Fault fault);  // for a test of one kind
  [[nodiscard]] bool enabled(Fault fault) const {
    return weights_[static_cast<std::size_t>(fault)] > 0;
  }

 private:
  double rate_ = 0;
  std::array<std::uint32_t, fault_kinds> weights_{};
};

}  // namespace infra
