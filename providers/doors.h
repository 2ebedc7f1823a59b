// providers/doors.h — how the engine opens the doors through which a driver reaches its platform.
//
// A door is bound to one endpoint, one credential, one deadline. It fills in addresses and
// credentials, obeys budgets, retries reads, redacts, and turns every answer into an Answer or an
// Error by the schema's rules. Drivers never see more than the Reader or Writer; the engine never
// sees a socket.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/schema.h"
#include "base/value.h"
#include "base/world.h"
#include "providers/provider.h"

namespace infra {

// What one refresh, or one apply(), shares between its calls.
class Memory {
 public:
  Reply<Value> once(const std::string& key, const std::function<Reply<Value>()>& make);

 private:
  struct Entry {
    std::mutex making;
    std::optional<Value> value;
  };
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

// Token buckets and concurrency of all credentials; one for the whole command.
class Pace;
[[nodiscard]] std::shared_ptr<Pace> make_pace(const Clock& clock);

struct DoorContext {
  const ProviderSchema* schema = nullptr;
  const Endpoint* endpoint = nullptr;  // nullptr: the driver has none (the simulator)
  // The provider block's settings (and, for an endpoint `through` a resource, that resource's
  // outputs), with what every driver may use: /infra/stack, /infra/environment, /infra/folder (the
  // stack's, absolute), /infra/data (this environment's folder below .infra, absolute),
  // /infra/executable (this program).
  Value settings;
  World world{};
  std::function<Reply<Done>(std::chrono::milliseconds)>
      wait;  // the runner's; ends early with `pending` at a stop or the deadline
  std::function<bool()> stopped;          // an interrupt has come: start nothing new
  std::chrono::milliseconds deadline{0};  // on world.clock->steady(); 0: none
  std::shared_ptr<Memory> memory;
  std::shared_ptr<Pace> pace;
  std::function<void()> requested;  // called before each request: counts for footers and invariants
};

// The engine's side of a Writer: asked before each request, told what exists.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual Reply<Done> before_request(bool repeatable) = 0;  // stop, epoch, deadline; a birth not
                                                            // yet recorded is refused by the door
  virtual Reply<Done> record(std::size_t change, const Remote& remote,
                             std::vector<Path> took) = 0;  // durable when it returns
};

[[nodiscard]] std::unique_ptr<Reader> open_reader(DoorContext context);
[[nodiscard]] std::unique_ptr<Writer> open_writer(DoorContext context, Gate& gate);

// --- what probes need (checks run after apply; user-given addresses) ---

struct ProbeRequest {
  Method method = Method::get;
  std::string url;
  Object headers;  // may hold secrets
  Body body;
  std::string folder;  // of files in a form
  std::chrono::milliseconds timeout{30000};
};
struct ProbeAnswer {
  int status = 0;
  Object headers;
  std::string text;  // at most 1 MiB
  Value json;        // where the text is JSON; else null
};
[[nodiscard]] Reply<ProbeAnswer> probe_http(
    const ProbeRequest& request);  // never follows redirects
[[nodiscard]] Reply<Done> probe_tcp(const std::string& host, int port,
                                    std::chrono::milliseconds timeout);
[[nodiscard]] Reply<List> probe_sql(const Secret& url, const std::string& statement,
                                    std::chrono::milliseconds timeout);  // READ ONLY

}  // namespace infra
