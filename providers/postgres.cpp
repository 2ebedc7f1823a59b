#include "providers/postgres.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "providers/postgres_access.h"
#include "providers/support.h"

namespace infra {
namespace {

constexpr std::string_view remote_id = "migrations";

ProviderSchema make_schema() {
  static const Type files{Type::list, {}, {Type{Type::object, {}, {}}}};
  ProviderSchema schema{
      .name = "postgres",
      .endpoints = {{.name = "sql",
                     .base_url = "postgres:",
                     .auth = Endpoint::none,
                     .through = "/connection",
                     .takes = {{"url", "/url"}}}},
      .types = {{.name = "postgres.migrations",
                 .attributes = {{.path = "/connection",
                                 .presence = Presence::required,
                                 .type = {Type::reference, {"*.database"}, {}},
                                 .on_change = OnChange::replace,
                                 .doc = "The database they belong to."},
                                {.path = "/files",
                                 .type = files,
                                 .doc = "SQL files with their SHA-256, run once each, in order."},
                                {.path = "/seed",
                                 .type = files,
                                 .doc = "SQL files run after the migrations, once per content."}},
                 .adoption = {Adoption::key, seconds{5}},
                 .parent = "/connection",
                 .ready_within = seconds{600}}}};
  for (TypeSchema& type : postgres_access_types()) {
    schema.types.push_back(std::move(type));
  }
  return schema;
}

const ProviderSchema& postgres_schema() {
  static const ProviderSchema schema = make_schema();
  return schema;
}

// The last step of a path: files are known by it, so that a moved folder runs nothing again.
std::string base_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

struct Applied {
  std::string name, file, sha256;
};

// What the table remembers, in the order of application.
struct Ledger {
  bool exists = false;
  std::vector<Applied> migrations, seeds;

  [[nodiscard]] Remote remote() const {
    Remote found{std::string(remote_id), Object{}};
    const auto shown = [](const std::vector<Applied>& rows) {
      List list;
      for (const Applied& row : rows) {
        list.emplace_back(Object{{"file", row.file}, {"sha256", row.sha256}});
      }
      return list;
    };
    found.attributes.set("/files", shown(migrations));
    if (!seeds.empty()) {
      found.attributes.set("/seed", shown(seeds));
    }
    return found;
  }
};

Reply<Ledger> read_ledger(Reader& database) {
  Ledger ledger;
  TRY(table, database.select({"select to_regclass('infra.migrations')::text as name", {}}));
  if (table->empty() || table->front().at("/name").is_null()) {
    return ledger;
  }
  ledger.exists = true;
  TRY(rows, database.select({"select kind, name, file, sha256 from infra.migrations "
                             "order by position",
                             {}}));
  for (const Value& row : *rows) {
    Applied applied{row.at("/name").text(), row.at("/file").text(), row.at("/sha256").text()};
    if (row.at("/kind").text() == "migration") {
      ledger.migrations.push_back(std::move(applied));
      continue;
    }
    // Of a seed's contents, the latest is what it is now.
    std::erase_if(ledger.seeds, [&](const Applied& one) { return one.name == applied.name; });
    ledger.seeds.push_back(std::move(applied));
  }
  std::ranges::sort(ledger.seeds, {}, &Applied::name);
  return ledger;
}

Reply<Done> make_table(Writer& database) {
  TRY(made, database.execute({{"create schema if not exists infra", {}},
                              {"create table if not exists infra.migrations ("
                               "position bigint generated always as identity primary key, "
                               "kind text not null check (kind in ('migration', 'seed')), "
                               "name text not null, file text not null, sha256 text not null, "
                               "applied_at timestamptz not null default now(), "
                               "unique (kind, name, sha256))",
                               {}}}));
  return Done{};
}

// A statement that no transaction takes: the server names its words and no place, so they are
// looked for in the text. "line 3: ", or nothing.
std::string line_of_words(std::string_view text, std::string_view message) {
  const std::string_view words = message.substr(0, message.find(" cannot run inside"));
  std::size_t line = 1;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string joined;
    for (const char c : text.substr(begin, end - begin)) {
      if (c != ' ' || (!joined.empty() && joined.back() != ' ')) {
        joined += c;
      }
    }
    if (contains_ignoring_case(joined, words)) {
      return "line " + std::to_string(line) + ": ";
    }
    begin = end + 1;
  }
  return {};
}

// What the server said of a file, with the file's name and a way out.
Error about_file(const std::string& path, std::string_view text, Error error) {
  const bool needs_no_transaction =
      contains_ignoring_case(error.message, "cannot run inside a transaction block");
  if (needs_no_transaction) {
    error.message.insert(0, line_of_words(text, error.message));
    error.help =
        "every file runs in one transaction, so that it is applied whole or not at all; "
        "leave the word that forbids it out (CONCURRENTLY), or run that statement by hand";
  }
  error.message = path + ": " + error.message;
  if (error.help.empty() && error.kind == ErrorKind::invalid) {
    error.help = "the whole file was rolled back; mend it and apply again";
  }
  return error;
}

// Runs one file and writes its row, in one transaction: a lost answer is settled by reading the
// table.
Reply<Done> run_file(const Value& file, std::string_view kind, Writer& database) {
  const std::string path = file.at("/file").text();
  TRY(text, database.file(path));
  auto done = database.execute(
      {{*text, {}},
       {"insert into infra.migrations(kind, name, file, sha256) values ($1, $2, $3, $4)",
        {std::string(kind), base_name(path), path, file.at("/sha256")}}});
  if (!done) {
    return about_file(path, *text, done.error());
  }
  return Done{};
}

// What was applied must still stand in the text, in the same order and with the same content.
Reply<Done> check_history(const std::vector<Applied>& applied, const List& wanted) {
  for (std::size_t i = 0; i < applied.size(); ++i) {
    const Applied& row = applied[i];
    const bool same_name = i < wanted.size() && base_name(wanted[i].at("/file").text()) == row.name;
    if (!same_name) {
      const bool elsewhere = std::ranges::any_of(
          wanted, [&](const Value& one) { return base_name(one.at("/file").text()) == row.name; });
      return Error{ErrorKind::invalid,
                   elsewhere ? row.name +
                                   " was applied before, and now a file that was not stands "
                                   "before it in the order"
                             : row.name + " was applied to this database and is no longer here",
                   "/files/" + std::to_string(i),
                   elsewhere ? "give the new file a name that sorts behind those already applied"
                             : "put the file back; undo what it did in a new migration"};
    }
    if (wanted[i].at("/sha256").text() != row.sha256) {
      return Error{ErrorKind::invalid, row.name + " was applied as another text",
                   "/files/" + std::to_string(i),
                   "put the old text back and write the change as a new migration"};
    }
  }
  return Done{};
}

// The files' folder was moved: their rows follow, nothing runs again.
Reply<Done> follow_folder(const std::vector<Applied>& applied, const List& wanted,
                          Writer& database) {
  std::vector<Statement> statements;
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (wanted[i].at("/file").text() != applied[i].file) {
      statements.push_back(
          {"update infra.migrations set file = $1 where kind = 'migration' "
           "and name = $2",
           {wanted[i].at("/file"), applied[i].name}});
    }
  }
  if (!statements.empty()) {
    TRY(done, database.execute(statements));
  }
  return Done{};
}

class Postgres : public Provider {
 public:
  [[nodiscard]] const ProviderSchema& schema() const override { return postgres_schema(); }

  Reply<std::vector<Remote>> list(const Query& query, Reader& database) const override {
    TRY(found, is_postgres_access(query.type) ? list_access(query.type, database)
                                              : list_migrations(database));
    for (Remote& one : *found) {
      one = in_database(std::move(one), query.parent);
    }
    return found;
  }

  Replies apply(const ApplyRequest& request, Writer& database) const override {
    return each(request, database, [&](std::size_t index, const Change& change) -> Reply<Remote> {
      TRY(done, is_postgres_access(change.type) ? apply_access(change, database)
                                                : migrate(index, change, request.parent, database));
      return in_database(std::move(*done), request.parent);
    });
  }

 private:
  // What was found over a database's connection belongs to that database.
  static Remote in_database(Remote found, std::string_view database) {
    if (!found.id.empty()) {
      found.attributes.set("/connection", Reference{"", std::string(database)});
    }
    return found;
  }

  static Reply<std::vector<Remote>> list_migrations(Reader& database) {
    TRY(ledger, read_ledger(database));
    std::vector<Remote> found;
    if (ledger->exists) {
      found.push_back(ledger->remote());
    }
    return found;
  }

  // A removal forgets: what migrations did stays until the database itself goes.
  static Reply<Remote> migrate(std::size_t index, const Change& change, std::string_view parent,
                               Writer& database) {
    if (change.action == Action::remove) {
      return Remote{};
    }
    TRY(ledger, read_ledger(database));
    if (!ledger->exists) {
      TRY(made, make_table(database));
    }
    const List& files = change.desired.at("/files").list();
    TRY(kept, check_history(ledger->migrations, files));
    TRY(renamed, follow_folder(ledger->migrations, files, database));
    for (std::size_t i = ledger->migrations.size(); i < files.size(); ++i) {
      TRY(done, run_file(files[i], "migration", database));
      TRY(seen, read_ledger(database));
      TRY(recorded, database.record(index, in_database(seen->remote(), parent)));
    }
    for (const Value& seed : change.desired.at("/seed").list()) {
      TRY(done, run_seed(seed, *ledger, database));
    }
    TRY(now, read_ledger(database));
    return now->remote();
  }

  static Reply<Done> run_seed(const Value& seed, const Ledger& ledger, Writer& database) {
    const std::string name = base_name(seed.at("/file").text());
    const bool known = std::ranges::any_of(ledger.seeds, [&](const Applied& one) {
      return one.name == name && one.sha256 == seed.at("/sha256").text();
    });
    return known ? Reply<Done>(Done{}) : run_file(seed, "seed", database);
  }
};

}  // namespace

const Provider& postgres_provider() {
  static const Postgres provider;
  return provider;
}

}  // namespace infra
