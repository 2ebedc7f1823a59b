#include "providers/local/agent_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace infra::local {

void Keeper::act(const std::string& /*id*/, const std::string& verb, const Responder& responder) {
  responder.refuse(404, fmt::format("there is nothing called {} to do with it", verb));
}

milliseconds wait_of(const ServerRequest& request) {
  const auto found = request.query.find("wait_ms");
  int wait = 0;
  if (found != request.query.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), wait);
  }
  return milliseconds(std::clamp(wait, 0, 20'000));
}

void refuse_missing(const Responder& responder, std::string_view kind, const std::string& id) {
  responder.refuse(404, fmt::format("the agent holds no {} with the id {}",
                                    kind.substr(0, kind.size() - 1), id));
}

}  // namespace infra::local
