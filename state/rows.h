// state/rows.h — records as rows of tables and back: secrets sealed, values as tagged JSON, every
// row signed.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/sealing.h"
#include "state/record.h"

namespace infra {

using Cell = std::variant<std::int64_t, std::string>;
using Row = std::vector<Cell>;

struct Table {
  std::string_view name;
  std::vector<std::string_view> columns;  // the first is the key
};

enum TableId : std::size_t { resource_table, deposed_table, intent_table, output_table, run_table };
constexpr std::size_t table_count = 5;

[[nodiscard]] const std::array<Table, table_count>& tables();

// Signs a row. Empty and zero cells do not count, so that a column that a later version adds with
// such a default changes no signature.
[[nodiscard]] SealingKey::Mac sign_row(const SealingKey& key, const Table& table, const Row& row);

// Several texts as one, so that no two lists of texts look alike.
[[nodiscard]] std::string pieces(std::initializer_list<std::string_view> texts);

// Reading throws SealingError for a secret that does not open and std::runtime_error for a row that
// holds something else than it should.
class RowCodec {
 public:
  RowCodec(const SealingKey& key, Random& random, std::string lineage, std::string environment)
      : key_(&key),
        random_(&random),
        lineage_(std::move(lineage)),
        environment_(std::move(environment)) {}

  [[nodiscard]] Row row(const ResourceRecord& record) const;
  [[nodiscard]] Row row(const DeposedRecord& deposed) const;
  [[nodiscard]] Row row(const Intent& intent) const;
  [[nodiscard]] Row row(const OutputRecord& output) const;
  [[nodiscard]] Row row(const RunRecord& run) const;

  [[nodiscard]] ResourceRecord resource(const Row& row) const;
  [[nodiscard]] DeposedRecord deposed(const Row& row) const;
  [[nodiscard]] Intent intent(const Row& row) const;
  [[nodiscard]] OutputRecord output(const Row& row) const;
  [[nodiscard]] static RunRecord run(const Row& row);

 private:
  [[nodiscard]] SealContext context(const std::string& address, const std::string& type) const;
  [[nodiscard]] std::string seal(Value value, const std::string& address,
                                 const std::string& type) const;
  [[nodiscard]] Value open(const std::string& text, const std::string& address,
                           const std::string& type) const;
  void append(Row& row, const ResourceRecord& record) const;
  [[nodiscard]] ResourceRecord resource_from(const Row& row, std::size_t first) const;

  const SealingKey* key_;
  Random* random_;
  std::string lineage_, environment_;
};

}  // namespace infra
