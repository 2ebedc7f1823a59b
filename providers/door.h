// providers/door.h — what all doors share: one endpoint resolved, one gate asked, one interpreter
// of answers. Behind it stands a Wire: HTTP, SQL, or none.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/schema.h"
#include "providers/doors.h"
#include "providers/provider.h"

namespace infra {

// Remembers the secrets of one door and blanks them wherever they turn up in a text: raw, percent
// encoded, base64 and JSON escaped. Thread-safe.
class Scrubber {
 public:
  // Takes in all Secret leaves of a value.
  void learn(const Value& value);
  void learn_text(std::string_view secret);
  [[nodiscard]] std::string clean(std::string text) const;  // and at most 2 KiB

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> forms_;  // longest first
};

// An answer as it came, before anybody judged it.
struct RawAnswer {
  int status = 0;
  Value body;      // parsed JSON; a text where it is none
  Object headers;  // names in lower case
  bool is_json = false;
  bool is_empty = false;
};

// The error that an answer means, or nothing where it is a success: the schema's rules first, then
// the status. `reading`: an absence is believed only in the platform's own shape.
[[nodiscard]] std::optional<Error> classify(const ProviderSchema& schema, const RawAnswer& answer,
                                            bool reading,
                                            std::chrono::sys_time<std::chrono::milliseconds> now);

// How long a `Retry-After` (seconds, or a date of HTTP) asks to wait: never less than a second,
// never more than a day; nothing where the text is neither.
[[nodiscard]] std::optional<seconds> retry_after(
    std::string_view text, std::chrono::sys_time<std::chrono::milliseconds> now);

// `{infra/data}` and `{/url}` in a template become the setting of that name; an error names one
// that is missing. A secret among them makes the whole a Secret.
[[nodiscard]] Reply<Value> filled(std::string_view text, const Value& settings);

// Whose budget and pace a call counts against: the driver, the endpoint's credential, and where it
// leads. Tells two tokens apart without holding either.
[[nodiscard]] std::string credential_key(const ProviderSchema& schema, const Endpoint& endpoint,
                                         const Value& settings);

// The words of a GraphQL document that decide whether it only reads: true when it holds exactly one
// operation, that one is a `query` (or the anonymous short form), and nothing is left over. Strings
// and comments are skipped as the language defines them.
[[nodiscard]] bool is_single_query(std::string_view document);

[[nodiscard]] std::string_view method_name(Method method);
[[nodiscard]] bool is_repeatable(const Call& call);

// What goes over the network. `write`: the request may change something.
class Wire {
 public:
  virtual ~Wire() = default;
  virtual Reply<Answer> exchange(const Call& call, bool write) = 0;
  virtual Reply<List> query(const std::vector<Statement>& statements, bool write) = 0;
};

// Shared by a door and its wire.
struct DoorState {
  DoorContext context;
  Scrubber scrubber;
};

// The endpoint's base_url begins with http:, https: or unix:; or with postgres:.
[[nodiscard]] std::unique_ptr<Wire> make_http_wire(std::shared_ptr<DoorState> state);
[[nodiscard]] std::unique_ptr<Wire> make_sql_wire(std::shared_ptr<DoorState> state);

// How long is left until the door's deadline, at most `most`; 0: it has passed.
[[nodiscard]] std::chrono::milliseconds time_left(const DoorContext& context,
                                                  std::chrono::milliseconds most);

// A text of the stack's folder or of this environment's data; nothing outside, no links out.
[[nodiscard]] Reply<std::string> read_source_file(const Value& settings, const std::string& path);

}  // namespace infra
