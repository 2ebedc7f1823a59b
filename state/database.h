// state/database.h — opening the state file safely: who may have put it there, with which settings
// SQLite works on it, and what its errors mean.
#pragma once
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace infra {

// What SQLite said, as a StateError with its exit status, the path, the reason and what to do.
[[noreturn]] void throw_state_error(const SQLite::Exception& error, const std::string& path,
                                    std::string_view doing);
// The same for a system call that left its reason in errno.
[[noreturn]] void throw_system_error(int reason, const std::string& path, std::string_view doing);
[[noreturn]] void throw_damaged(const std::string& path, std::string_view what);

// The path with its folder resolved, so that no link is followed behind the check.
[[nodiscard]] std::string resolved(const std::string& path);

// Makes the folder (0700) where it is missing; refuses one that others may write to.
void prepare_folder(const std::string& path);

// Refuses a link, a pipe, a folder or a second name in the place of the file or of what SQLite
// keeps beside it. False when there is no file.
[[nodiscard]] bool check_file(const std::string& path);

// An empty file of mode 0600 that was not there before.
void make_empty_file(const std::string& path);

// Gives a finished file its name, durably. A file that has the name already is never replaced.
void put_in_place(const std::string& draft, const std::string& path);

// A new, complete, empty file with the tables of this version: made under another name, then put in
// place, so that nobody ever meets half of it. `fill` writes its first rows.
void create_database(const std::string& path, const std::string& draft_suffix,
                     const std::function<void(SQLite::Database&)>& fill);

// For writing: WAL, every commit durable. The file is there already.
[[nodiscard]] std::unique_ptr<SQLite::Database> open_for_writing(const std::string& path);

// For reading, without a trace in the folder: the file as it lies there when no write-ahead log
// stands beside it; with the log otherwise; where the folder does not allow that, a private copy. A
// file of an older version is brought up to date in memory. `use` may run again from the start when
// somebody wrote to the file meanwhile.
void read_database(const std::string& path, const std::function<void(SQLite::Database&)>& use);

// That the file is one of ours, of a version this binary knows, and whole.
void check_database(SQLite::Database& database, const std::string& path);

}  // namespace infra
