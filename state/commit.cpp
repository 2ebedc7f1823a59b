// Commits as plain data: joining several into one.
#include <algorithm>
#include <unordered_set>

#include "state/store.h"

namespace infra {
namespace {

using Names = std::unordered_set<std::string>;

void drop(std::vector<std::string>& names, const Names& unwanted) {
  names.erase(std::remove_if(names.begin(), names.end(),
                             [&unwanted](const auto& name) { return unwanted.count(name) > 0; }),
              names.end());
}

template <class Record, class Key>
void drop(std::vector<Record>& records, const Names& unwanted, const Key& key) {
  records.erase(
      std::remove_if(records.begin(), records.end(),
                     [&](const Record& record) { return unwanted.count(key(record)) > 0; }),
      records.end());
}

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// Joins one table's part: what `other` does to a name takes the place of what was to be done to it.
template <class Record, class Key>
void join_part(std::vector<Record>& put, std::vector<std::string>& remove,
               std::vector<Record>& other_put, std::vector<std::string>& other_remove,
               const Key& key) {
  Names touched(other_remove.begin(), other_remove.end());
  drop(put, touched, key);
  Names written;
  for (const Record& record : other_put) {
    written.insert(key(record));
  }
  drop(put, written, key);
  drop(remove, written);
  append(put, std::move(other_put));
  append(remove, std::move(other_remove));
}

}  // namespace

bool Commit::empty() const {
  return put.empty() && remove.empty() && rename.empty() && put_deposed.empty() &&
         remove_deposed.empty() && put_intents.empty() && remove_intents.empty() && !outputs &&
         !run;
}

void Commit::merge(Commit other) {
  for (const auto& [from, to] : other.rename) {  // what was put under the old name moves along
    for (ResourceRecord& record : put) {
      if (record.address == from) {
        record.address = to;
      }
    }
    drop(remove, Names{to});
  }
  append(rename, std::move(other.rename));
  join_part(put, remove, other.put, other.remove,
            [](const ResourceRecord& record) { return record.address; });
  join_part(put_deposed, remove_deposed, other.put_deposed, other.remove_deposed,
            [](const DeposedRecord& record) { return record.op; });
  join_part(put_intents, remove_intents, other.put_intents, other.remove_intents,
            [](const Intent& record) { return record.op; });
  if (other.outputs) {
    outputs = std::move(other.outputs);
  }
  if (other.run) {
    run = std::move(other.run);
  }
}

}  // namespace infra
