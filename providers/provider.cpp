#include "providers/provider.h"

#include "providers/support.h"

namespace infra {

Call graphql(std::string_view document, Object variables, bool repeatable) {
  // The operation's name ("query projects") is the call's name in budgets and logs.
  const std::size_t space = document.find(' ');
  const std::size_t from = space == std::string_view::npos ? document.size() : space + 1;
  const std::size_t end = document.find_first_of("({ \n@", from);
  Call call{Method::post, document.substr(0, end)};
  call.body.value =
      Object{{"query", std::string(document)}, {"variables", Value(std::move(variables))}};
  call.repeatable = repeatable;
  return call;
}

Reply<Remote> Provider::read(const Query& query, Reader& reader) const {
  Query all{query.type, query.parent};
  all.marker = query.marker;
  TRY(found, list(all, reader));
  for (Remote& remote : *found) {
    if (remote.id == query.id) {
      return std::move(remote);
    }
  }
  return Error{ErrorKind::missing, std::string(query.type) + " `" + std::string(query.id) +
                                       "` is not among the " + std::to_string(found->size()) +
                                       " that " + schema().name + " lists"};
}

}  // namespace infra
