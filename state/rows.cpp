#include "state/rows.h"

#include <fmt/format.h>

#include <stdexcept>

#include "base/json.h"

namespace infra {
namespace {

// Puts the cells of a row in, one after the other.
class Filler {
 public:
  explicit Filler(Row& row) : row_(row) {}
  Filler& text(std::string value) {
    row_.emplace_back(std::move(value));
    return *this;
  }
  Filler& number(std::int64_t value) {
    row_.emplace_back(value);
    return *this;
  }
  Filler& number(std::uint64_t value) { return number(static_cast<std::int64_t>(value)); }

 private:
  Row& row_;
};

// Takes them out again in the same order.
class Taker {
 public:
  explicit Taker(const Row& row, std::size_t first = 0) : row_(row), next_(first) {}
  std::string text() {
    const auto* value = std::get_if<std::string>(&row_.at(next_++));
    if (value == nullptr) {
      throw std::runtime_error("a number stands where a text should");
    }
    return *value;
  }
  std::int64_t number() {
    const auto* value = std::get_if<std::int64_t>(&row_.at(next_++));
    if (value == nullptr) {
      throw std::runtime_error("a text stands where a number should");
    }
    return *value;
  }
  std::uint64_t count() { return static_cast<std::uint64_t>(number()); }
  bool truth() { return number() != 0; }

 private:
  const Row& row_;
  std::size_t next_;
};

template <class Enumeration, std::size_t N>
Enumeration named(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) {
      return static_cast<Enumeration>(i);
    }
  }
  throw std::runtime_error(fmt::format("`{}` is not one of its words", name));
}

template <class Enumeration, std::size_t N>
std::string name_of(const std::array<std::string_view, N>& names, Enumeration value) {
  return std::string(names.at(static_cast<std::size_t>(value)));
}

constexpr std::array<std::string_view, 3> status_names{"ready", "pending", "tainted"};
constexpr std::array<std::string_view, 3> kind_names{"create", "update", "remove"};
constexpr std::array<std::string_view, 2> phase_names{"sent", "known"};

Value texts(const std::vector<std::string>& items) {
  return List(items.begin(), items.end());
}

std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> items;
  items.reserve(value.list().size());
  for (const Value& item : value.list()) {
    items.push_back(item.text());
  }
  return items;
}

Value parse(const std::string& text) {
  if (text.empty()) {
    return {};
  }
  auto parsed = parse_tagged_json(text);
  if (const auto* error = std::get_if<std::string>(&parsed)) {
    throw std::runtime_error(*error);
  }
  return std::get<Value>(std::move(parsed));
}

std::string plain_json(const Value& value) {
  const bool empty = value.is_null() || (value.as<List>() != nullptr && value.list().empty()) ||
                     (value.as<Object>() != nullptr && value.object().empty());
  return empty ? std::string() : to_tagged_json(value);
}

void append_piece(std::string& out, std::string_view text) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>(static_cast<std::uint64_t>(text.size()) >> shift & 0xFFU);
  }
  out += text;
}

const std::vector<std::string_view> resource_columns{
    "address",        "generation",   "provider", "type",      "id",           "parent",
    "status",         "marker",       "stateful", "protected", "delete_first", "schema_version",
    "updated_serial", "dependencies", "marks",    "data"};

std::vector<std::string_view> deposed_columns() {
  std::vector<std::string_view> columns{"op", "reason", "since_serial"};
  columns.insert(columns.end(), resource_columns.begin(), resource_columns.end());
  return columns;
}

}  // namespace

const std::array<Table, table_count>& tables() {
  static const std::array<Table, table_count> all{{
      {"resource", resource_columns},
      {"deposed", deposed_columns()},
      {"intent", {"op",     "call",     "run",     "epoch",     "address",   "generation",
                  "kind",   "provider", "type",    "adoption",  "marker",    "request_hash",
                  "phase",  "attempt",  "sent_at", "settle_ms", "before_id", "result_id",
                  "parent", "error",    "deposed", "data"}},
      {"output", {"name", "revealed", "data"}},
      {"run",
       {"run", "command", "plan_hash", "holder", "commit_id", "started", "ended", "outcome",
        "checks"}},
  }};
  return all;
}

SealingKey::Mac sign_row(const SealingKey& key, const Table& table, const Row& row) {
  std::string signed_text;
  append_piece(signed_text, table.name);
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (const auto* text = std::get_if<std::string>(&row[i]); text != nullptr && !text->empty()) {
      append_piece(signed_text, table.columns[i]);
      signed_text += 't';
      append_piece(signed_text, *text);
    } else if (const auto* number = std::get_if<std::int64_t>(&row[i]);
               number != nullptr && *number != 0) {
      append_piece(signed_text, table.columns[i]);
      signed_text += 'n';
      append_piece(signed_text, fmt::format_int(*number).c_str());
    }
  }
  return key.row_mac(signed_text);
}

std::string pieces(std::initializer_list<std::string_view> texts) {
  std::string out;
  for (const std::string_view text : texts) {
    append_piece(out, text);
  }
  return out;
}

SealContext RowCodec::context(const std::string& address, const std::string& type) const {
  return {lineage_, environment_, address, type};
}

std::string RowCodec::seal(Value value, const std::string& address, const std::string& type) const {
  return to_tagged_json(seal_leaves(std::move(value), context(address, type), *key_, *random_));
}

Value RowCodec::open(const std::string& text, const std::string& address,
                     const std::string& type) const {
  return open_leaves(parse(text), context(address, type), *key_);
}

void RowCodec::append(Row& row, const ResourceRecord& record) const {
  Object data{{"applied", record.applied}, {"live", record.live}};
  if (!record.keep.is_null()) {
    data.emplace("keep", record.keep);
  }
  Object marks;
  for (const auto& [path, mark] : record.marks) {
    marks.emplace(path, mark);
  }
  Filler(row)
      .text(record.address)
      .number(std::int64_t{record.generation})
      .text(record.provider)
      .text(record.type)
      .text(record.id)
      .text(record.parent)
      .text(name_of(status_names, record.status))
      .text(record.marker)
      .number(std::int64_t{record.stateful})
      .number(std::int64_t{record.protected_})
      .number(std::int64_t{record.delete_first})
      .number(record.schema_version)
      .number(record.updated_serial)
      .text(plain_json(texts(record.dependencies)))
      .text(plain_json(std::move(marks)))
      .text(seal(std::move(data), record.address, record.type));
}

ResourceRecord RowCodec::resource_from(const Row& row, std::size_t first) const {
  Taker cells(row, first);
  ResourceRecord record;
  record.address = cells.text();
  record.generation = static_cast<std::uint32_t>(cells.number());
  record.provider = cells.text();
  record.type = cells.text();
  record.id = cells.text();
  record.parent = cells.text();
  record.status = named<RecordStatus>(status_names, cells.text());
  record.marker = cells.text();
  record.stateful = cells.truth();
  record.protected_ = cells.truth();
  record.delete_first = cells.truth();
  record.schema_version = cells.number();
  record.updated_serial = cells.count();
  record.dependencies = texts(parse(cells.text()));
  const Value marks = parse(cells.text());
  for (const auto& [path, mark] : marks.object()) {
    record.marks.emplace(path, mark.text());
  }
  Value data = open(cells.text(), record.address, record.type);
  if (auto* parts = data.as<Object>()) {
    record.applied = std::move((*parts)["applied"]);
    record.live = std::move((*parts)["live"]);
    record.keep = std::move((*parts)["keep"]);
  }
  return record;
}

Row RowCodec::row(const ResourceRecord& record) const {
  Row row;
  append(row, record);
  return row;
}

ResourceRecord RowCodec::resource(const Row& row) const {
  return resource_from(row, 0);
}

Row RowCodec::row(const DeposedRecord& deposed) const {
  Row row;
  Filler(row).text(deposed.op).text(deposed.reason).number(deposed.since_serial);
  append(row, deposed.record);
  return row;
}

DeposedRecord RowCodec::deposed(const Row& row) const {
  Taker cells(row);
  DeposedRecord deposed;
  deposed.op = cells.text();
  deposed.reason = cells.text();
  deposed.since_serial = cells.count();
  deposed.record = resource_from(row, 3);
  return deposed;
}

Row RowCodec::row(const Intent& intent) const {
  Object data{{"desired", intent.desired}};
  if (!intent.baseline.empty()) {
    data.emplace("baseline", texts(intent.baseline));
  }
  if (!intent.took.empty()) {
    data.emplace("took", texts(intent.took));
  }
  Row row;
  Filler(row)
      .text(intent.op)
      .text(intent.call)
      .text(intent.run)
      .number(intent.epoch)
      .text(intent.address)
      .number(std::int64_t{intent.generation})
      .text(name_of(kind_names, intent.kind))
      .text(intent.provider)
      .text(intent.type)
      .text(intent.adoption)
      .text(intent.marker)
      .text(intent.request_hash)
      .text(name_of(phase_names, intent.phase))
      .number(std::int64_t{intent.attempt})
      .number(intent.sent_at)
      .number(intent.settle_ms)
      .text(intent.before_id)
      .text(intent.result_id)
      .text(intent.parent)
      .text(intent.error)
      .number(std::int64_t{intent.deposed})
      .text(seal(std::move(data), intent.address, intent.type));
  return row;
}

Intent RowCodec::intent(const Row& row) const {
  Taker cells(row);
  Intent intent;
  intent.op = cells.text();
  intent.call = cells.text();
  intent.run = cells.text();
  intent.epoch = cells.count();
  intent.address = cells.text();
  intent.generation = static_cast<std::uint32_t>(cells.number());
  intent.kind = named<IntentKind>(kind_names, cells.text());
  intent.provider = cells.text();
  intent.type = cells.text();
  intent.adoption = cells.text();
  intent.marker = cells.text();
  intent.request_hash = cells.text();
  intent.phase = named<IntentPhase>(phase_names, cells.text());
  intent.attempt = static_cast<std::uint32_t>(cells.number());
  intent.sent_at = cells.number();
  intent.settle_ms = cells.number();
  intent.before_id = cells.text();
  intent.result_id = cells.text();
  intent.parent = cells.text();
  intent.error = cells.text();
  intent.deposed = cells.truth();
  const Value data = open(cells.text(), intent.address, intent.type);
  intent.desired = data.at("/desired");
  intent.baseline = texts(data.at("/baseline"));
  intent.took = texts(data.at("/took"));
  return intent;
}

Row RowCodec::row(const OutputRecord& output) const {
  Row row;
  Filler(row)
      .text(output.name)
      .number(std::int64_t{output.revealed})
      .text(seal(output.value, "output." + output.name, "output"));
  return row;
}

OutputRecord RowCodec::output(const Row& row) const {
  Taker cells(row);
  OutputRecord output;
  output.name = cells.text();
  output.revealed = cells.truth();
  output.value = open(cells.text(), "output." + output.name, "output");
  return output;
}

Row RowCodec::row(const RunRecord& run) const {
  List checks;
  for (const CheckResult& check : run.checks) {
    checks.emplace_back(List{check.name, check.status, check.message});
  }
  Row row;
  Filler(row)
      .text(run.run)
      .text(run.command)
      .text(run.plan_hash)
      .text(run.holder)
      .text(run.commit)
      .number(run.started)
      .number(run.ended)
      .text(run.outcome)
      .text(plain_json(std::move(checks)));
  return row;
}

RunRecord RowCodec::run(const Row& row) {
  Taker cells(row);
  RunRecord run;
  run.run = cells.text();
  run.command = cells.text();
  run.plan_hash = cells.text();
  run.holder = cells.text();
  run.commit = cells.text();
  run.started = cells.number();
  run.ended = cells.number();
  run.outcome = cells.text();
  const Value checks = parse(cells.text());
  for (const Value& check : checks.list()) {
    run.checks.push_back({check.at("/0").text(), check.at("/1").text(), check.at("/2").text()});
  }
  return run;
}

}  // namespace infra
