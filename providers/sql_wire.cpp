// The SQL door: statements over one connection that is kept while it works.
#include <mutex>

#include "base/text.h"
#include "providers/door.h"
#include "providers/sql_connection.h"
#include "providers/support.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_statement{std::chrono::hours(1)};

class SqlWire : public Wire {
 public:
  explicit SqlWire(std::shared_ptr<DoorState> state) : state_(std::move(state)) {}

  Reply<Answer> exchange(const Call& /*call*/, bool /*write*/) override {
    return Error{ErrorKind::invalid, "this endpoint speaks SQL, not HTTP"};
  }

  Reply<List> query(const std::vector<Statement>& statements, bool write) override {
    const std::scoped_lock lock(mutex_);
    for (const Statement& statement : statements) {
      state_->scrubber.learn(Value(statement.parameters));
    }
    if (connection_ == nullptr) {
      auto opened = open();
      if (!opened) {
        return scrubbed(opened.error());
      }
      connection_ = std::move(*opened);
    }
    writing_ = write;
    auto rows = write ? connection_->execute(statements) : connection_->select(statements.front());
    if (rows) {
      return rows;
    }
    const ErrorKind kind = rows.error().kind;
    if (kind == ErrorKind::unclear || kind == ErrorKind::not_sent || kind == ErrorKind::denied) {
      connection_.reset();  // a new one next time
    }
    return scrubbed(rows.error());
  }

 private:
  Reply<std::unique_ptr<SqlConnection>> open() {
    const Value& url = state_->context.settings.at("/url");
    if (!url) {
      return Error{ErrorKind::invalid, "the database's url is not known", "/url"};
    }
    SqlLimits limits;
    limits.connect = std::max(milliseconds{1}, time_left(state_->context, limits.connect));
    limits.left = [state = state_] { return time_left(state->context, longest_statement); };
    limits.stopped = [this] {  // a change is heard out
      return !writing_ && state_->context.stopped && state_->context.stopped();
    };
    const auto* secret = url.as<Secret>();
    return SqlConnection::open(secret != nullptr ? *secret : Secret(url.text()), std::move(limits));
  }

  Error scrubbed(Error error) const {
    error.message = state_->scrubber.clean(std::move(error.message));
    error.help = state_->scrubber.clean(std::move(error.help));
    return error;
  }

  std::shared_ptr<DoorState> state_;
  std::mutex mutex_;
  bool writing_ = false;
  std::unique_ptr<SqlConnection> connection_;
};

}  // namespace

std::unique_ptr<Wire> make_sql_wire(std::shared_ptr<DoorState> state) {
  return std::make_unique<SqlWire>(std::move(state));
}

}  // namespace infra
