// providers/pace.h — how fast a credential may be used: token buckets per operation, and a number
// of calls at once that rises by one with each success and halves when the platform says "slower".
#pragma once
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/schema.h"
#include "base/world.h"

namespace infra {

class Pace {
 public:
  explicit Pace(const Clock& clock) : clock_(clock) {}

  // How long to wait until the budgets allow this call ("POST /services"); 0 takes the tokens.
  [[nodiscard]] std::chrono::milliseconds take(const ProviderSchema& schema,
                                               std::string_view credential, std::string_view call,
                                               std::string_view parent);
  // Blocks while too many calls of the credential are under way.
  void enter(std::string_view credential);
  void leave(std::string_view credential, bool throttled);
  // Nothing more is sent with it: the platform refused it.
  void deny(std::string_view credential);
  [[nodiscard]] bool denied(std::string_view credential) const;
  // Calls that the narrowest budget of the credential has left now; -1: none is declared.
  [[nodiscard]] int left(const ProviderSchema& schema, std::string_view credential);

 private:
  struct Bucket {
    double tokens = 0;
    std::chrono::milliseconds at{0};
  };
  struct Line {
    std::size_t under_way = 0, most = 10;
    bool denied = false;
  };
  double refill(Bucket& bucket, const Budget& budget);
  [[nodiscard]] static std::string key(const Budget& budget, std::string_view credential,
                                       std::string_view parent);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::map<std::string, Bucket, std::less<>> buckets_;
  std::map<std::string, Line, std::less<>> lines_;
};

}  // namespace infra
