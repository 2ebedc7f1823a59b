// providers/provider.h — the contract between the engine and a platform.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/schema.h"
#include "base/value.h"

namespace infra {

struct Error {
  ErrorKind kind;
  std::string message;  // scrubbed of secrets by the door
  Path path{};          // the attribute at fault
  std::string help{};
  std::optional<seconds> after{};  // busy
  bool repeatable = false;         // unclear, but the request may simply be sent again
};

template <class T>
class [[nodiscard]] Reply {
 public:
  Reply(T value) : v_(std::move(value)) {}
  Reply(Error error) : v_(std::move(error)) {}
  explicit operator bool() const { return v_.index() == 0; }
  T& operator*() { return std::get<0>(v_); }
  const T& operator*() const { return std::get<0>(v_); }
  T* operator->() { return &std::get<0>(v_); }
  const Error& error() const { return std::get<1>(v_); }

 private:
  std::variant<T, Error> v_;
};
struct Done {};

// --- doors: bound to one endpoint, one deadline, one budget ---

enum class Method { get, post, put, patch, del };
struct Body {
  Value value{};       // JSON; only the door exposes the secrets in it
  std::string file{};  // or a file of a directory() source
  std::vector<std::pair<std::string, Body>> form{};  // or multipart
};
struct Call {
  Method method;
  std::string_view path;  // the description's template, "/v9/projects/{idOrName}/env/{id}": the
                          // operation's name in logs, budgets, tests
  std::vector<std::string> arguments{};  // fill the braces; the door encodes
  Object query{}, headers{};
  Body body{};
  bool repeatable = false;      // PUT and DELETE are. A POST that makes something is not
  std::string_view endpoint{};  // "": the type's
};
struct Answer {
  int status;
  Value body;
  Object headers;
};
Call graphql(std::string_view document, Object variables, bool repeatable = false);
struct Statement {
  std::string_view sql;  // $1 a value, $ident1 a name: the door quotes
  List parameters{};
};

// All that planning has. Blocks; ends at the stop request or the deadline. A refusal has become an
// Error by the schema's answers.
class Reader {
 public:
  virtual Reply<Answer> get(const Call&) = 0;
  virtual Reply<Answer> ask(
      const Call&) = 0;  // a reading POST; a GraphQL document of `query` alone
  virtual Reply<List> select(const Statement&) = 0;              // in a READ ONLY transaction
  virtual Reply<std::string> file(const std::string& path) = 0;  // of a source that `desired` names
  virtual Reply<Done> wait(seconds) = 0;                         // the only clock
  virtual Reply<Value> once(
      const std::string& key,
      const std::function<Reply<Value>()>&) = 0;  // shared by one refresh, or one apply()
  virtual const Value& settings() const = 0;
  virtual ~Reader() = default;
};

// Exists for one apply(), made after its intents are durable. Before each request it asks: stopped?
// lease long enough? budget?
class Writer : public Reader {
 public:
  virtual Reply<Answer> send(const Call&) = 0;
  virtual Reply<List> execute(const std::vector<Statement>&) = 0;  // one transaction
  // What exists now; durable when it returns (T2). Due between any two sends that are not
  // repeatable. `took`: of a change that will fail, the leaves that did take.
  virtual Reply<Done> record(std::size_t change, const struct Remote&,
                             std::vector<Path> took = {}) = 0;
};

// --- data ---

enum class Status { ready, pending, broken };
struct Remote {        // as the platform shows it, never an echo of what was asked for
  std::string id;      // "": nothing exists
  Value attributes{};  // portable names; Hidden where a value is not shown; what the schema does
                       // not list is left out
  Status status = Status::ready;
  std::string marker{};   // as found on it
  std::string version{};  // ETag of the document it lives in
  std::map<Path, std::string>
      marks{};   // digest, updated_at, encrypted form: moves when a hidden value does
  Value keep{};  // the driver's own notes: ids of what it holds inside
};

struct Query {
  std::string_view type, parent;  // parent: id of the container; "": all that the credential sees
  std::string_view id{};          // read
  std::string_view marker{};      // list: a hint. The platform may filter, the engine does
};

enum class Action { create, update, remove, stay };
struct Change {  // "make it so, from live": right however often, and with nothing changed it means:
                 // see it to readiness
  Action action;
  std::string address, type, id;
  Value desired{};  // nothing unknown; absent: not the author's. Hidden: unchanged, its source
                    // cannot be read here
  Value live{};     // as read in this run; remove: as last known
  Value keep{};
  std::vector<Path> changed{};  // owned leaves that differ, and `once` values to issue
  bool redeploy = false;        // to be made anew, though nothing of its own need differ
  std::string op{},
      marker{};        // op: the same in every attempt; put it into whatever is made. marker: D1
  bool again = false;  // an earlier attempt may have been sent: look inside for what carries op
};
struct ApplyRequest {
  std::string_view parent;  // id of the container; "": born in this call
  std::string call;         // one for all changes, for commit messages
  std::string version;      // of the container's document, as planned against
  std::vector<Change>
      changes;  // one; in a group, all of this step, and its other members as `stay`
};

// Stateless, thread-safe: three functions and a table.
class Provider {
 public:
  virtual const ProviderSchema& schema() const = 0;
  virtual Reply<std::vector<Remote>> list(const Query&,
                                          Reader&) const = 0;  // to the last page; ours or not
  virtual Reply<Remote> read(const Query&, Reader&) const;     // default: list, and pick
  virtual std::vector<Reply<Remote>> apply(const ApplyRequest&, Writer&)
      const = 0;  // one per change, when the remote has settled as far as it does by itself
  virtual ~Provider() = default;
};

}  // namespace infra
