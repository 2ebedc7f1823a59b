// cli/files.h — files that commands read and write at the user's word. Errors are CommandError 1
// with the path and the system's reason.
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace infra {

[[nodiscard]] std::string read_text_file(const std::string& path);  // at most 64 MiB
[[nodiscard]] std::string read_standard_input();

// Replaces the file as a whole or not at all. Keeps the mode of a file that is there; `mode` is for
// a new one.
void write_text_file(const std::string& path, std::string_view text, mode_t mode = 0644);

[[nodiscard]] bool is_folder(const std::string& path);
[[nodiscard]] bool file_exists(const std::string& path);
void make_folders(const std::string& path, mode_t mode = 0755);
[[nodiscard]] std::string absolute_path(const std::string& path);
// The *.infra files of a folder, sorted; below it too when `deep` (hidden folders are left out).
[[nodiscard]] std::vector<std::string> infra_files(const std::string& folder, bool deep);

}  // namespace infra
