// providers/local/agent_crons.h — crons: fired by the agent on their schedule and in their zone, as
// a request to a service or a command in its folder, with their secret, tried again when they fail.
//
// A cron's secret is held in memory alone; after the agent died such a cron rests until it is put
// again. What a firing ended with is remembered.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/cron.h"
#include "providers/local/agent_http.h"
#include "providers/local/agent_keeper.h"
#include "providers/local/agent_services.h"

namespace infra::local {

class Crons : public Keeper {
 public:
  Crons(Shared shared, Services& services);
  ~Crons() override;

  void resume() override;
  void list(const Responder& responder) override;
  void get(const std::string& id, const ServerRequest& request,
           const Responder& responder) override;
  void put(const std::string& id, const ServerRequest& request,
           const Responder& responder) override;
  void remove(const std::string& id, const Responder& responder) override;
  // "fire": runs it now, once, with its retries; answers with its view when it has ended.
  void act(const std::string& id, const std::string& verb, const Responder& responder) override;

 private:
  struct Cron;
  using Ended = std::function<void()>;
  static void prepare(Cron& cron, const Value& request);
  static void arm(Cron& cron);
  void fire(const std::string& id, const std::string& cause, Ended ended);
  void attempt(const std::string& id, int left, milliseconds began, Ended ended);
  void call(const Cron& cron, std::function<void(bool, std::string)> done);
  void run(const Cron& cron, std::function<void(bool, std::string)> done);
  void note(const std::string& id, bool good, const std::string& result, milliseconds took);
  [[nodiscard]] Value view(const Cron& cron) const;

  Shared shared_;
  Services& services_;
  std::map<std::string, std::unique_ptr<Cron>, std::less<>> crons_;
  Timer clock_;
};

// HMAC-SHA-256 in hex (RFC 2104).
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view text);
[[nodiscard]] std::string encode_base64(std::string_view bytes);
// application/x-www-form-urlencoded.
[[nodiscard]] std::string encode_form(const Object& fields);

}  // namespace infra::local
