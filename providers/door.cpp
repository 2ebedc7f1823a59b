// The two doors, Reader and Writer, over one core.
#include "providers/door.h"

#include <algorithm>
#include <thread>

#include "providers/pace.h"
#include "providers/support.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

constexpr int most_tries = 4;            // of a read
constexpr milliseconds patience{5'000};  // busy for longer is handed to the engine
constexpr milliseconds first_pause{500};

Error interrupted() {
  return {ErrorKind::pending, "interrupted: nothing more was started"};
}

Error no_wire(std::string_view what) {
  return {ErrorKind::invalid, "this driver has no endpoint that speaks " + std::string(what)};
}

bool worth_another_try(const Error& error) {
  return error.kind == ErrorKind::not_sent || error.kind == ErrorKind::unclear ||
         error.kind == ErrorKind::busy;
}

// Everything that reading and writing share.
class Core {
 public:
  explicit Core(DoorContext context) : state_(std::make_shared<DoorState>()) {
    state_->context = std::move(context);
    state_->scrubber.learn(state_->context.settings);
    const Endpoint* endpoint = state_->context.endpoint;
    if (endpoint == nullptr) {
      return;
    }
    credential_ = credential_key(*state_->context.schema, *endpoint, state_->context.settings);
    wire_ = endpoint->base_url.starts_with("postgres:") ? make_sql_wire(state_)
                                                        : make_http_wire(state_);
  }

  const DoorContext& context() const { return state_->context; }
  Wire* wire() const { return wire_.get(); }

  Reply<Done> wait(milliseconds time) const {
    if (context().stopped && context().stopped()) {
      return interrupted();
    }
    if (context().wait) {
      return context().wait(time);
    }
    if (time_left(context(), time) < time) {
      return Error{ErrorKind::pending, "not ready in time"};
    }
    std::this_thread::sleep_for(time);
    return Done{};
  }

  // Stop, deadline, a refused credential, and the budgets: what every request asks first.
  Reply<Done> may_go(const Call& call) const {
    if (context().stopped && context().stopped()) {
      return interrupted();
    }
    if (time_left(context(), milliseconds{1}).count() == 0) {
      return Error{ErrorKind::pending, "the time for this change is over"};
    }
    if (wire_ == nullptr || context().pace == nullptr) {
      return Done{};
    }
    if (context().pace->denied(credential_)) {
      return Error{ErrorKind::denied,
                   "not sent: " + context().schema->name + " has refused this credential before"};
    }
    const std::string name = std::string(method_name(call.method)) + " " + std::string(call.path);
    const std::string parent = call.arguments.empty() ? "" : call.arguments.front();
    for (;;) {
      const milliseconds pause = context().pace->take(*context().schema, credential_, name, parent);
      if (pause.count() == 0) {
        return Done{};
      }
      TRY(waited, wait(pause));
    }
  }

  // One request, judged.
  Reply<Answer> once_over(const Call& call, bool write) const {
    TRY(may, may_go(call));
    if (context().requested) {
      context().requested();
    }
    if (wire_ == nullptr) {
      return Answer{204, {}, {}};  // nobody to talk to: the driver holds its platform itself
    }
    Pace* pace = context().pace.get();
    if (pace != nullptr) {
      pace->enter(credential_);
    }
    auto answer = wire_->exchange(call, write);
    if (pace != nullptr) {
      pace->leave(credential_, !answer && answer.error().kind == ErrorKind::busy);
      if (!answer && answer.error().kind == ErrorKind::denied) {
        pace->deny(credential_);
      }
    }
    return answer;
  }

  // Reads are tried again, but never earlier than told and never past the deadline.
  Reply<Answer> read(const Call& call) const {
    milliseconds pause = first_pause;
    for (int attempt = 1;; ++attempt) {
      auto answer = once_over(call, false);
      if (answer || !worth_another_try(answer.error()) || attempt == most_tries) {
        return answer;
      }
      const milliseconds told = milliseconds(answer.error().after.value_or(seconds{0}));
      if (told > patience) {
        return answer;
      }
      const milliseconds rest = std::max(told, pause);
      if (time_left(context(), rest) < rest) {
        return answer;
      }
      if (auto waited = wait(rest); !waited) {
        return answer;
      }
      pause *= 2;
    }
  }

  Reply<Answer> ask(const Call& call) const {
    if (call.method != Method::post) {
      return Error{ErrorKind::invalid, "`ask` posts; use `get` to read with GET"};
    }
    const Endpoint* endpoint = context().endpoint;
    const bool graphql = endpoint != nullptr && endpoint->graphql;
    const bool allowed = graphql ? is_single_query(call.body.value.at("/query").text())
                                 : std::ranges::find(context().schema->reading_posts,
                                                     "POST " + std::string(call.path)) !=
                                       context().schema->reading_posts.end();
    if (!allowed) {
      return Error{ErrorKind::invalid,
                   "refused before it was sent: `" + std::string(call.path) +
                       (graphql ? "` is not a single GraphQL query"
                                : "` is not among the POST calls that only read")};
    }
    return read(call);
  }

  Reply<List> select(const Statement& statement) const {
    if (wire_ == nullptr) {
      return no_wire("SQL");
    }
    milliseconds pause = first_pause;
    for (int attempt = 1;; ++attempt) {
      TRY(may, may_go(Call{Method::get, "select"}));
      if (context().requested) {
        context().requested();
      }
      auto rows = wire_->query({statement}, false);
      if (rows || !worth_another_try(rows.error()) || attempt == most_tries) {
        return rows;
      }
      if (auto waited = wait(pause); !waited) {
        return rows;
      }
      pause *= 2;
    }
  }

  Reply<Value> once(const std::string& key, const std::function<Reply<Value>()>& make) const {
    return context().memory == nullptr ? make() : context().memory->once(key, make);
  }

 private:
  std::shared_ptr<DoorState> state_;
  std::unique_ptr<Wire> wire_;
  std::string credential_;  // whose pace this is
};

class ReaderDoor : public Reader {
 public:
  explicit ReaderDoor(DoorContext context) : core_(std::move(context)) {}
  Reply<Answer> get(const Call& call) override { return core_.read(call); }
  Reply<Answer> ask(const Call& call) override { return core_.ask(call); }
  Reply<List> select(const Statement& statement) override { return core_.select(statement); }
  Reply<std::string> file(const std::string& path) override {
    return read_source_file(settings(), path);
  }
  Reply<Done> wait(seconds time) override { return core_.wait(time); }
  Reply<Value> once(const std::string& key, const std::function<Reply<Value>()>& make) override {
    return core_.once(key, make);
  }
  const Value& settings() const override { return core_.context().settings; }

 private:
  Core core_;
};

class WriterDoor : public Writer {
 public:
  WriterDoor(DoorContext context, Gate& gate) : core_(std::move(context)), gate_(gate) {}
  Reply<Answer> get(const Call& call) override { return core_.read(call); }
  Reply<Answer> ask(const Call& call) override { return core_.ask(call); }
  Reply<List> select(const Statement& statement) override { return core_.select(statement); }
  Reply<std::string> file(const std::string& path) override {
    return read_source_file(settings(), path);
  }
  Reply<Done> wait(seconds time) override { return core_.wait(time); }
  Reply<Value> once(const std::string& key, const std::function<Reply<Value>()>& make) override {
    return core_.once(key, make);
  }
  const Value& settings() const override { return core_.context().settings; }

  Reply<Answer> send(const Call& call) override {
    if (call.method == Method::get) {
      return core_.read(call);
    }
    const bool repeatable = is_repeatable(call);
    if (!repeatable && unrecorded_) {
      return Error{ErrorKind::invalid,
                   "not sent: `" + std::string(method_name(call.method)) + " " +
                       std::string(call.path) +
                       "` cannot be repeated, and what the call before it made is not recorded"};
    }
    TRY(may, gate_.before_request(repeatable));
    auto answer = core_.once_over(call, true);
    unrecorded_ = unrecorded_ || (!repeatable && answer);
    if (!answer && answer.error().kind == ErrorKind::unclear) {
      Error error = answer.error();
      error.repeatable = repeatable;
      return error;
    }
    return answer;
  }

  Reply<List> execute(const std::vector<Statement>& statements) override {
    if (core_.wire() == nullptr) {
      return no_wire("SQL");
    }
    TRY(open, gate_.before_request(true));
    TRY(may, core_.may_go(Call{Method::post, "execute"}));
    if (core_.context().requested) {
      core_.context().requested();
    }
    return core_.wire()->query(statements, true);
  }

  Reply<Done> record(std::size_t change, const Remote& remote, std::vector<Path> took) override {
    auto kept = gate_.record(change, remote, std::move(took));
    if (kept) {
      unrecorded_ = false;
    }
    return kept;
  }

 private:
  Core core_;
  Gate& gate_;
  bool unrecorded_ = false;  // something was made that is not on disk yet
};

}  // namespace

Reply<Value> Memory::once(const std::string& key, const std::function<Reply<Value>()>& make) {
  std::shared_ptr<Entry> entry;
  {
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<Entry>& slot = entries_[key];
    if (slot == nullptr) {
      slot = std::make_shared<Entry>();
    }
    entry = slot;
  }
  const std::scoped_lock making(entry->making);
  if (!entry->value) {
    TRY(made, make());  // a failure is not kept: the next one tries again
    entry->value = std::move(*made);
  }
  return *entry->value;
}

milliseconds time_left(const DoorContext& context, milliseconds most) {
  if (context.deadline.count() == 0 || context.world.clock == nullptr) {
    return most;
  }
  return std::clamp(context.deadline - context.world.clock->steady(), milliseconds{0}, most);
}

std::string_view method_name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
  }
  return "GET";
}

bool is_repeatable(const Call& call) {
  return call.repeatable || call.method == Method::put || call.method == Method::del ||
         call.method == Method::get;
}

std::unique_ptr<Reader> open_reader(DoorContext context) {
  return std::make_unique<ReaderDoor>(std::move(context));
}

std::unique_ptr<Writer> open_writer(DoorContext context, Gate& gate) {
  return std::make_unique<WriterDoor>(std::move(context), gate);
}

}  // namespace infra
