// The only file that knows libpq.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/json.h"
#include "base/quantity.h"
#include "base/text.h"
#include "providers/doors.h"
#include "providers/http_exchange.h"
#include "providers/sql_connection.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

struct ConnectionEnd {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ResultEnd {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ConnectionHandle = std::unique_ptr<PGconn, ConnectionEnd>;
using ResultHandle = std::unique_ptr<PGresult, ResultEnd>;

std::string first_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  const auto end = text.rfind('\n');  // libpq tells one line per address tried: the last decides
  return printable(end == std::string_view::npos ? text : text.substr(end + 1));
}

Error connection_error(PGconn* connection) {
  const std::string said = first_line(PQerrorMessage(connection));
  if (contains_ignoring_case(said, "authentication failed") ||
      contains_ignoring_case(said, "no password supplied") ||
      (contains_ignoring_case(said, "role") && contains_ignoring_case(said, "does not exist"))) {
    return {ErrorKind::denied, said, {}, "check the user and password of the connection's url"};
  }
  if (contains_ignoring_case(said, "database") && contains_ignoring_case(said, "does not exist")) {
    return {ErrorKind::missing, said};
  }
  return {ErrorKind::not_sent, said, {}, "is the database running, and reachable from here?"};
}

ErrorKind kind_of(std::string_view state) {
  const std::string_view kind = state.substr(0, 2);
  if (kind == "08" || kind == "58" || kind == "XX") {
    return ErrorKind::unclear;
  }
  if (kind == "40" || kind == "53" || state == "55P03" || state == "57P03") {
    return ErrorKind::busy;
  }
  if (kind == "28") {
    return ErrorKind::denied;
  }
  return ErrorKind::invalid;
}

// The line of `sql` that the server points at (its position counts characters from 1).
std::string place_in(std::string_view sql, const char* position) {
  if (position == nullptr || std::count(sql.begin(), sql.end(), '\n') == 0) {
    return {};
  }
  auto left = std::strtoul(position, nullptr, 10);
  std::size_t line = 1;
  for (const char byte : sql) {
    const bool starts_character = (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    if (starts_character && left-- <= 1) {
      break;
    }
    line += byte == '\n' ? 1 : 0;
  }
  return fmt::format("line {}: ", line);
}

Error refusal(const PGresult* result, std::string_view sql) {
  const auto field = [&](int code) -> const char* { return PQresultErrorField(result, code); };
  const char* state = field(PG_DIAG_SQLSTATE);
  const char* message = field(PG_DIAG_MESSAGE_PRIMARY);
  Error error{state == nullptr ? ErrorKind::unclear : kind_of(state),
              place_in(sql, field(PG_DIAG_STATEMENT_POSITION)) +
                  printable(message == nullptr ? PQresultErrorMessage(result) : message)};
  if (const char* hint = field(PG_DIAG_MESSAGE_HINT); hint != nullptr) {
    error.help = printable(hint);
  }
  return error;
}

// A statement with its names quoted in place and its values numbered anew.
struct Bound {
  std::string sql;
  std::vector<std::optional<std::string>> values;

  Bound() = default;
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;
  Bound(Bound&&) = default;
  Bound& operator=(Bound&&) = default;
  ~Bound() {
    for (auto& value : values) {
      if (value) {
        wipe(*value);
      }
    }
  }
};

std::optional<std::string> parameter_text(const Value& value) {
  if (value.is_null()) {
    return std::nullopt;
  }
  if (const auto* secret = value.as<Secret>()) {
    return std::string(secret->expose());
  }
  if (const auto* text = value.as<std::string>()) {
    return *text;
  }
  if (const auto* truth = value.as<bool>()) {
    return *truth ? "true" : "false";
  }
  return to_json(value, SecretText::exposed);
}

std::size_t number_at(std::string_view sql, std::size_t& at) {
  std::size_t number = 0;
  while (at < sql.size() && sql[at] >= '0' && sql[at] <= '9') {
    number = number * 10 + static_cast<std::size_t>(sql[at++] - '0');
  }
  return number;
}

struct LibpqText {
  void operator()(char* text) const { PQfreemem(text); }
};
using LibpqHandle = std::unique_ptr<char, LibpqText>;

// What stands for a parameter in the text itself: a quoted name, or a password's quoted verifier.
Reply<std::string> inlined(PGconn* connection, const Value& parameter, bool password) {
  LibpqHandle quoted;
  if (password) {
    const auto* secret = parameter.as<Secret>();
    std::string text(secret != nullptr ? secret->expose() : std::string_view(parameter.text()));
    const LibpqHandle verifier(
        PQencryptPasswordConn(connection, text.c_str(), "", "scram-sha-256"));
    wipe(text);
    if (verifier != nullptr) {
      quoted.reset(PQescapeLiteral(connection, verifier.get(), std::strlen(verifier.get())));
    }
  } else {
    quoted.reset(PQescapeIdentifier(connection, parameter.text().data(), parameter.text().size()));
  }
  if (quoted == nullptr) {
    return Error{ErrorKind::invalid, "a name or password in the statement cannot be quoted"};
  }
  return std::string(quoted.get());
}

Reply<Bound> bind(PGconn* connection, const Statement& statement) {
  Bound bound;
  if (statement.parameters.empty()) {  // a file's text is sent as it is: `$1` there is its own
    bound.sql = std::string(statement.sql);
    return bound;
  }
  constexpr std::string_view name_mark = "$ident";
  constexpr std::string_view password_mark = "$scram";
  const std::string_view sql = statement.sql;
  for (std::size_t at = 0; at < sql.size();) {
    const bool name = sql.substr(at).starts_with(name_mark);
    const bool password = sql.substr(at).starts_with(password_mark);
    const bool value =
        !name && sql[at] == '$' && at + 1 < sql.size() && sql[at + 1] >= '1' && sql[at + 1] <= '9';
    if (!name && !password && !value) {
      bound.sql += sql[at++];
      continue;
    }
    at += name ? name_mark.size() : (password ? password_mark.size() : 1);
    const std::size_t number = number_at(sql, at);
    if (number < 1 || number > statement.parameters.size()) {
      return Error{ErrorKind::invalid, fmt::format("the statement has no parameter {}", number)};
    }
    const Value& parameter = statement.parameters[number - 1];
    if (value) {
      bound.values.push_back(parameter_text(parameter));
      bound.sql += fmt::format("${}", bound.values.size());
      continue;
    }
    auto quoted = inlined(connection, parameter, password);
    if (!quoted) {
      return quoted.error();
    }
    bound.sql += *quoted;
  }
  return bound;
}

Value cell(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) {
    return {};
  }
  const std::string text(PQgetvalue(result, row, column),
                         static_cast<std::size_t>(PQgetlength(result, row, column)));
  switch (PQftype(result, column)) {
    case 16:  // bool
      return text == "t";
    case 20:  // int8
    case 21:  // int2
    case 23:  // int4
    case 26:  // oid
      if (const auto number = parse_integer(text[0] == '-' ? text.substr(1) : text)) {
        return text[0] == '-' ? -*number : *number;
      }
      return text;
    case 700:  // float4
    case 701:  // float8
      return std::strtod(text.c_str(), nullptr);
    case 114:     // json
    case 3802: {  // jsonb
      auto parsed = parse_json(text);
      return parsed.index() == 0 ? std::get<0>(std::move(parsed)) : Value(text);
    }
    default:
      return text;
  }
}

List rows_of(const PGresult* result) {
  List rows;
  for (int row = 0; row < PQntuples(result); ++row) {
    Object object;
    for (int column = 0; column < PQnfields(result); ++column) {
      object[PQfname(result, column)] = cell(result, row, column);
    }
    rows.emplace_back(std::move(object));
  }
  return rows;
}

}  // namespace

struct SqlConnection::Implementation {
  ConnectionHandle connection;
  SqlLimits limits;

  [[nodiscard]] bool lost() const { return PQstatus(connection.get()) != CONNECTION_OK; }
  [[nodiscard]] Reply<Done> await_answer() const;
  [[nodiscard]] Reply<List> run(const Statement& statement) const;
  [[nodiscard]] Reply<List> transaction(std::string_view begin,
                                        const std::vector<Statement>& statements) const;
};

// Until the server has answered, the deadline is over or the run is stopped; then the statement is
// cancelled.
Reply<Done> SqlConnection::Implementation::await_answer() const {
  while (PQisBusy(connection.get()) != 0) {
    const bool late = limits.left && limits.left() <= milliseconds{0};
    if (late || (limits.stopped && limits.stopped())) {
      std::array<char, 256> ignored{};
      if (PGcancel* cancel = PQgetCancel(connection.get()); cancel != nullptr) {
        PQcancel(cancel, ignored.data(), static_cast<int>(ignored.size()));
        PQfreeCancel(cancel);
      }
      return Error{ErrorKind::unclear, late ? "the statement took longer than its time allows"
                                            : "interrupted while a statement ran"};
    }
    pollfd socket{PQsocket(connection.get()), POLLIN, 0};
    poll(&socket, 1, 100);
    if (PQconsumeInput(connection.get()) == 0) {
      return Error{ErrorKind::unclear,
                   "the connection was lost: " + first_line(PQerrorMessage(connection.get()))};
    }
  }
  return Done{};
}

Reply<List> SqlConnection::Implementation::run(const Statement& statement) const {
  auto bound = bind(connection.get(), statement);
  if (!bound) {
    return bound.error();
  }
  std::vector<const char*> values;
  for (const auto& value : bound->values) {
    values.push_back(value ? value->c_str() : nullptr);
  }
  const int sent =
      statement.parameters.empty()
          ? PQsendQuery(connection.get(), bound->sql.c_str())
          : PQsendQueryParams(connection.get(), bound->sql.c_str(), static_cast<int>(values.size()),
                              nullptr, values.data(), nullptr, nullptr, 0);
  if (sent == 0) {
    return Error{ErrorKind::not_sent, first_line(PQerrorMessage(connection.get()))};
  }
  List rows;
  std::optional<Error> failed;
  for (;;) {
    if (auto answered = await_answer(); !answered) {
      return answered.error();
    }
    const ResultHandle result(PQgetResult(connection.get()));
    if (!result) {
      break;
    }
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK) {
      rows = rows_of(result.get());
    } else if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      return Error{ErrorKind::invalid, "COPY from or to the client is not possible here"};
    } else if (status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY && !failed) {
      failed = refusal(result.get(), bound->sql);
    }
  }
  if (failed) {
    return *failed;
  }
  return rows;
}

Reply<List> SqlConnection::Implementation::transaction(
    std::string_view begin, const std::vector<Statement>& statements) const {
  List rows;
  auto failed = run({begin, {}});
  for (std::size_t i = 0; failed && i < statements.size(); ++i) {
    failed = run(statements[i]);
    if (failed) {
      rows = *failed;
    }
  }
  if (!failed) {
    Error error = failed.error();
    if (!lost()) {
      (void)run({"rollback", {}});
    } else if (error.kind == ErrorKind::unclear) {
      error.kind = ErrorKind::not_sent;  // COMMIT was never sent: the server rolls back
    }
    return error;
  }
  if (auto committed = run({"commit", {}}); !committed) {
    Error error = committed.error();
    error.kind = lost() ? ErrorKind::unclear : error.kind;
    return error;
  }
  return rows;
}

SqlConnection::SqlConnection(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
SqlConnection::~SqlConnection() = default;

Reply<std::unique_ptr<SqlConnection>> SqlConnection::open(const Secret& url, SqlLimits limits) {
  std::string text(url.expose());
  const auto timeout = std::max<std::int64_t>(2, limits.connect.count() / 1000);
  const std::string seconds_text = std::to_string(timeout);
  // With expand_dbname, a dbname that is a URL sets all the rest; what stands before it are
  // defaults.
  const std::array<const char*, 6> names{"connect_timeout", "application_name", "client_encoding",
                                         "options",         "dbname",           nullptr};
  const std::array<const char*, 6> values{seconds_text.c_str(),           "infra",      "UTF8",
                                          "-c client_min_messages=error", text.c_str(), nullptr};
  ConnectionHandle connection(PQconnectdbParams(names.data(), values.data(), 1));
  wipe(text);
  if (!connection) {
    return Error{ErrorKind::not_sent, "out of memory for a connection"};
  }
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return connection_error(connection.get());
  }
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  auto implementation = std::make_unique<Implementation>();
  implementation->connection = std::move(connection);
  implementation->limits = std::move(limits);
  return std::unique_ptr<SqlConnection>(new SqlConnection(std::move(implementation)));
}

Reply<List> SqlConnection::select(const Statement& statement) {
  return implementation_->transaction("begin transaction read only", {statement});
}

Reply<List> SqlConnection::execute(const std::vector<Statement>& statements) {
  return implementation_->transaction("begin", statements);
}

Secret url_as(const Secret& url, const std::string& user, const Secret& password) {
  std::string text(url.expose());
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos) {
    wipe(text);
    return Secret();
  }
  const std::size_t begin = scheme + 3;
  const std::size_t end = text.find_first_of("/?", begin);
  const std::size_t at = text.rfind('@', end);
  std::string rest = text.substr(at == std::string::npos || at < begin ? begin : at + 1);
  std::string made = text.substr(0, begin) + percent_encoded(user) + ":" +
                     percent_encoded(password.expose()) + "@" + rest;
  wipe(text);
  return Secret(std::move(made));
}

Reply<List> probe_sql(const Secret& url, const std::string& statement, milliseconds timeout) {
  const auto begun = std::chrono::steady_clock::now();
  SqlLimits limits;
  limits.connect = timeout;
  limits.left = [begun, timeout] {
    return timeout -
           std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
  };
  auto connection = SqlConnection::open(url, std::move(limits));
  if (!connection) {
    return connection.error();
  }
  return (*connection)->select({statement, {}});
}

}  // namespace infra
