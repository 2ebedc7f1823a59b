#include "state/database.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/text.h"
#include "state/schema.h"
#include "state/store.h"

namespace infra {
namespace {

namespace fs = std::filesystem;
constexpr std::array<std::string_view, 3> companions{"-wal", "-shm", "-journal"};
constexpr int busy_milliseconds = 5000;

std::string reason_text(int reason) {
  return std::generic_category().message(reason);
}

// Settings that both ways of opening share: nothing in the file may run code or write elsewhere.
void harden(SQLite::Database& database) {
  sqlite3* handle = database.getHandle();
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(handle, SQLITE_LIMIT_TRIGGER_DEPTH, 1);
  sqlite3_limit(handle, SQLITE_LIMIT_EXPR_DEPTH, 32);
  sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, 100'000);
  sqlite3_extended_result_codes(handle, 1);
  database.exec("PRAGMA trusted_schema = OFF");
  database.exec("PRAGMA cell_size_check = ON");
  database.exec("PRAGMA temp_store = MEMORY");
  database.exec("PRAGMA cache_size = -65536");  // KiB: checking and reading touch each page once
}

std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '-' || c == '_';
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri + "?immutable=1";
}

bool has_log(const std::string& path) {
  struct stat status {};
  return ::lstat((path + "-wal").c_str(), &status) == 0 && status.st_size > 0;
}

void synchronise(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 || ::fsync(file) != 0) {
    const int reason = errno;
    if (file >= 0) {
      ::close(file);
    }
    throw_system_error(reason, path, "write");
  }
  ::close(file);
}

}  // namespace

void make_empty_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) {
    throw_system_error(errno, path, "make");
  }
  ::fchmod(file, 0600);  // whatever the umask took away
  ::close(file);
}

void put_in_place(const std::string& draft, const std::string& path) {
  synchronise(draft);
  if (::link(draft.c_str(), path.c_str()) != 0) {
    throw_system_error(errno, path, "make");
  }
  ::unlink(draft.c_str());
  synchronise(fs::path(path).parent_path().string());
}

void throw_system_error(int reason, const std::string& path, std::string_view doing) {
  std::string help;
  if (reason == EROFS || reason == EACCES || reason == EPERM) {
    help = "make it writable for this user, or name another place with --state PATH";
  } else if (reason == ENOSPC || reason == EDQUOT) {
    help = "free some space and run the command again: nothing that was committed is lost";
  }
  throw StateError(1, fmt::format("cannot {} the state {}: {}", doing, path, reason_text(reason)),
                   help);
}

void throw_damaged(const std::string& path, std::string_view what) {
  throw StateError(
      7, fmt::format("the state {} is damaged: {}", path, what),
      "put a backup in its place (`infra state backup` makes them); nothing was changed");
}

void throw_state_error(const SQLite::Exception& error, const std::string& path,
                       std::string_view doing) {
  const int code = error.getErrorCode() & 0xFF;
  const std::string reason = printable(error.what());
  switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR:  // a table or column is not what this version made
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
      throw_damaged(path, reason);
    case SQLITE_FULL:
      throw_system_error(ENOSPC, path, doing);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw StateError(5,
                       fmt::format("cannot {} the state {}: another program has it open ({})",
                                   doing, path, reason),
                       "close the program that works on the file");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw StateError(1, fmt::format("cannot {} the state {}: {}", doing, path, reason),
                       "make the file and its folder writable for this user, or name another place "
                       "with --state PATH");
    default:
      throw StateError(1, fmt::format("cannot {} the state {}: {}", doing, path, reason),
                       "look at the disk: its free space, its quota, its health");
  }
}

std::string resolved(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  const fs::path folder = fs::weakly_canonical(absolute.parent_path(), error);
  return error ? path : (folder / absolute.filename()).string();
}

void prepare_folder(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  fs::path part;
  for (const fs::path& step : folder) {
    part /= step;
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST && errno != EISDIR) {
      struct stat there {};
      const int reason = errno;
      if (::stat(part.c_str(), &there) != 0) {
        throw_system_error(reason, path, "make the folder of");
      }
    }
  }
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0) {
    throw_system_error(errno, path, "look at the folder of");
  }
  if (!S_ISDIR(status.st_mode)) {
    throw_system_error(ENOTDIR, path, "open");
  }
  if ((status.st_mode & 022U) != 0) {
    throw StateError(
        1, fmt::format("the folder {} of the state can be written to by others", folder.string()),
        fmt::format("chmod go-w {}", folder.string()));
  }
}

bool check_file(const std::string& path) {
  const auto refuse = [](const std::string& name, std::string_view what) {
    throw StateError(
        1, fmt::format("refused to open {}: it {}", name, what),
        "look at who put it there; remove it, or name another place with --state PATH");
  };
  bool there = false;
  for (std::size_t i = 0; i <= companions.size(); ++i) {
    const std::string name = i == 0 ? path : path + std::string(companions[i - 1]);
    struct stat status {};
    if (::lstat(name.c_str(), &status) != 0) {
      if (errno != ENOENT && errno != ENOTDIR) {
        throw_system_error(errno, name, "look at");
      }
      continue;
    }
    there = there || i == 0;
    if (!S_ISREG(status.st_mode)) {
      refuse(name, S_ISLNK(status.st_mode) ? "is a symbolic link" : "is no regular file");
    }
    if (status.st_nlink > 1) {
      refuse(name, "has a second name (a hard link)");
    }
    if (status.st_uid != ::geteuid() && ::geteuid() != 0) {
      refuse(name, "belongs to another user");
    }
  }
  if (!there && has_log(path)) {
    throw_damaged(path, "the file is gone, but its write-ahead log is still there");
  }
  return there;
}

void create_database(const std::string& path, const std::string& draft_suffix,
                     const std::function<void(SQLite::Database&)>& fill) {
  const std::string draft = path + ".new-" + draft_suffix;
  make_empty_file(draft);
  try {
    {
      SQLite::Database database(draft, SQLite::OPEN_READWRITE | SQLite::OPEN_NOFOLLOW);
      harden(database);
      database.exec("PRAGMA journal_mode = MEMORY");  // nobody sees the draft: it is synchronised
      database.exec("PRAGMA synchronous = OFF");      // as a whole before it gets its name
      database.exec(fmt::format("PRAGMA application_id = {}", application_id));
      migrate(database, migrations());
      fill(database);
    }
    put_in_place(draft, path);
  } catch (const SQLite::Exception& error) {
    ::unlink(draft.c_str());
    throw_state_error(error, path, "make");
  } catch (...) {
    ::unlink(draft.c_str());
    throw;
  }
}

std::unique_ptr<SQLite::Database> open_for_writing(const std::string& path) {
  ::chmod(path.c_str(), 0600);  // a checkout or a copy may have widened it
  auto database = std::make_unique<SQLite::Database>(
      path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOFOLLOW, busy_milliseconds);
  harden(*database);
  check_database(*database, path);
  const std::string mode = database->execAndGet("PRAGMA journal_mode = WAL").getString();
  if (mode != "wal") {
    throw StateError(1,
                     fmt::format("cannot keep a write-ahead log beside the state {}: the file "
                                 "system offers only `{}`",
                                 path, mode),
                     "name a place on a local disk with --state PATH");
  }
  database->exec("PRAGMA synchronous = FULL");
  database->exec("PRAGMA foreign_keys = ON");
  database->exec("PRAGMA secure_delete = ON");
  return database;
}

void check_database(SQLite::Database& database, const std::string& path) {
  if (database.execAndGet("PRAGMA application_id").getInt() != application_id) {
    throw_damaged(path, "it is no state file of infra");
  }
  const int version = schema_version_of(database);
  if (version > static_cast<int>(migrations().size())) {
    throw StateError(1,
                     fmt::format("the state {} was written by a newer infra (format {}, this one "
                                 "knows {})",
                                 path, version, migrations().size()),
                     "install the newer infra");
  }
  if (version < 1) {
    throw_damaged(path, "it has no tables");
  }
  SQLite::Statement check(database, "PRAGMA quick_check(1)");
  if (!check.executeStep() || check.getColumn(0).getString() != "ok") {
    throw_damaged(path, printable(check.getColumn(0).getString()));
  }
}

namespace {

struct Stamp {  // changes with every write to a file
  std::int64_t size = -1, seconds = 0, nanoseconds = 0;
  std::uint64_t inode = 0;
  bool operator==(const Stamp&) const = default;
};

Stamp stamp(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return {};
  }
  return {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino};
}

class ReadOnlyDatabase {
 public:
  ReadOnlyDatabase(const std::string& path, bool immutable) : path_(path) {
    if (immutable) {
      database_ = std::make_unique<SQLite::Database>(
          immutable_uri(path), SQLite::OPEN_READONLY | SQLite::OPEN_URI | SQLite::OPEN_NOFOLLOW);
    } else {
      open_with_log();
    }
    harden(*database_);
    check_database(*database_, path);
    bring_up_to_date();
  }
  ~ReadOnlyDatabase() {
    database_.reset();
    remove_copy();
  }
  ReadOnlyDatabase(const ReadOnlyDatabase&) = delete;
  ReadOnlyDatabase& operator=(const ReadOnlyDatabase&) = delete;

  [[nodiscard]] SQLite::Database& database() { return *database_; }

 private:
  void open_with_log();
  void open_copy();
  void bring_up_to_date();
  void remove_copy() {
    std::error_code error;
    if (!copy_.empty()) {
      fs::remove_all(copy_, error);
    }
  }

  std::string path_;
  fs::path copy_;  // folder of the private copy
  std::unique_ptr<SQLite::Database> database_;
};

void ReadOnlyDatabase::open_with_log() {
  try {
    database_ = std::make_unique<SQLite::Database>(
        path_, SQLite::OPEN_READONLY | SQLite::OPEN_NOFOLLOW, busy_milliseconds);
    (void)database_->execAndGet("PRAGMA user_version").getInt();  // the first to touch the log
  } catch (const SQLite::Exception& error) {
    const int code = error.getErrorCode() & 0xFF;
    if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY) {
      throw;
    }
    open_copy();
  }
}

// The log holds commits that the file does not: leaving it out would show an old state.
void ReadOnlyDatabase::open_copy() {
  std::string pattern = (fs::temp_directory_path() / "infra-state-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw_system_error(errno, path_, "copy, for reading,");
  }
  copy_ = pattern;
  std::error_code error;
  const fs::path to = copy_ / "state.db";
  fs::copy_file(path_, to, error);
  if (!error) {
    fs::copy_file(path_ + "-wal", to.string() + "-wal", error);
  }
  if (error) {
    remove_copy();
    throw_system_error(error.value(), path_, "copy, for reading,");
  }
  database_ = std::make_unique<SQLite::Database>(to.string(),
                                                 SQLite::OPEN_READWRITE | SQLite::OPEN_NOFOLLOW);
}

// A file of an older version is brought up to date in memory; the file stays as it is.
void ReadOnlyDatabase::bring_up_to_date() {
  if (schema_version_of(*database_) == static_cast<int>(migrations().size())) {
    return;
  }
  auto memory = std::make_unique<SQLite::Database>(
      ":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_MEMORY);
  SQLite::Backup(*memory, *database_).executeStep(-1);
  migrate(*memory, migrations());
  database_ = std::move(memory);
}

}  // namespace

void read_database(const std::string& path, const std::function<void(SQLite::Database&)>& use) {
  constexpr int most_attempts = 4;
  for (int attempt = 1;; ++attempt) {
    // As it lies there, unless a log stands beside it or somebody keeps writing to it.
    const bool immutable = attempt < most_attempts && !has_log(path);
    const Stamp before = stamp(path);
    const auto disturbed = [&] { return immutable && (before != stamp(path) || has_log(path)); };
    try {
      ReadOnlyDatabase opened(path, immutable);
      use(opened.database());
      if (!disturbed()) {
        return;
      }
    } catch (const SQLite::Exception& error) {
      if (!disturbed()) {
        throw_state_error(error, path, "read");
      }
    } catch (const StateError&) {
      if (!disturbed()) {
        throw;
      }
    }
  }
}

}  // namespace infra
