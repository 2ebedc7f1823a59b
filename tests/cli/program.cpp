#include "program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/json.h"

namespace infra::test {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string temporary_folder(const char* pattern) {
  std::string folder = pattern;
  if (::mkdtemp(folder.data()) == nullptr) {
    throw std::runtime_error("no temporary folder");
  }
  return folder;
}

const char* program_path() {
  const char* other = std::getenv("INFRA_PROGRAM");  // to try another build
  return other != nullptr ? other : INFRA_PROGRAM;
}

int status_of(int raw) {
  return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

// In the child: nothing of the tester's own environment but where programs are.
[[noreturn]] void become(const std::vector<std::string>& words, const std::string& folder,
                         const std::vector<std::string>& variables, const std::string& out,
                         const std::string& err) {
  const int null = ::open("/dev/null", O_RDONLY);
  const int out_file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err_file = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(null, 0);
  ::dup2(out_file, 1);
  ::dup2(err_file, 2);
  std::vector<char*> arguments{const_cast<char*>("infra")};
  for (const std::string& word : words) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  std::vector<char*> environment;
  for (const std::string& variable : variables) {
    environment.push_back(const_cast<char*>(variable.c_str()));
  }
  environment.push_back(nullptr);
  if (::chdir(folder.c_str()) == 0) {
    ::execve(program_path(), arguments.data(), environment.data());
  }
  ::_exit(127);
}

}  // namespace

Program::Program()
    : folder_(temporary_folder("/tmp/infra-cli-XXXXXX")),
      home_(temporary_folder("/tmp/infra-home-XXXXXX")) {}

Program::~Program() {
  std::error_code none;
  std::filesystem::remove_all(folder_, none);
  std::filesystem::remove_all(home_, none);
}

int Program::spawn(const std::vector<std::string>& words, const std::string& out,
                   const std::string& err) const {
  const char* paths = std::getenv("PATH");
  std::vector<std::string> variables{"HOME=" + home_, "XDG_CONFIG_HOME=" + home_,
                                     std::string("PATH=") + (paths == nullptr ? "" : paths),
                                     "TERM=xterm", "LANG=C.UTF-8"};
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) {
      variables.push_back(std::string(name) + "=" + value);
    }
  }
  variables.insert(variables.end(), environment_.begin(), environment_.end());
  const pid_t child = ::fork();
  if (child == 0) {
    become(words, folder_, variables, out, err);
  }
  return child;
}

Ended Program::run(const std::vector<std::string>& words) {
  const std::string out = home_ + "/out";
  const std::string err = home_ + "/err";
  const pid_t child = spawn(words, out, err);
  int raw = 0;
  ::waitpid(child, &raw, 0);
  return {status_of(raw), slurp(out), slurp(err)};
}

Ended Program::run_and_signal(const std::vector<std::string>& words, const std::string& sign,
                              const std::vector<int>& signals) {
  const std::string out = home_ + "/out";
  const std::string err = home_ + "/err";
  std::filesystem::remove(out);
  const pid_t child = spawn(words, out, err);
  int raw = 0;
  bool ended = false;
  while (!has(slurp(out), sign) && !ended) {
    ended = ::waitpid(child, &raw, WNOHANG) == child;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  for (const int signal : signals) {
    if (!ended) {
      ::kill(child, signal);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  if (!ended) {
    ::waitpid(child, &raw, 0);
  }
  return {status_of(raw), slurp(out), slurp(err)};
}

std::string Program::read(const std::string& name) const {
  return slurp(path(name));
}

void Program::write(const std::string& name, const std::string& text) const {
  std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
  std::ofstream(path(name), std::ios::binary) << text;
}

void Program::replace(const std::string& name, const std::string& from,
                      const std::string& to) const {
  std::string text = read(name);
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " is not in " << name;
  write(name, text.replace(at, from.size(), to));
}

bool Program::exists(const std::string& name) const {
  return std::filesystem::exists(path(name));
}

void Program::write_shop() const {
  write("main.infra", R"(stack shop { environments = [dev, prod] }
environment dev  { ephemeral = true }
environment prod { protect = [bucket.files] }

provider simulator { file = "cloud.jsonl" }

database main on simulator {
  engine  = postgres
  version = "15"
}

service web on simulator {
  source = image("shop/web")
  port   = 3000
  env {
    DATABASE_URL = database.main.url
    MODE         = "plain"
  }
}

bucket files on simulator { region = "us-east4" }

output url = service.web.url
output dsn = reveal(database.main.url)
)");
}

void Program::change_behind_the_back() const {
  std::string found;
  for (const std::string& line : lines_of(read("cloud.jsonl"))) {
    if (has(line, R"("type":"simulator.service")") && has(line, R"("MODE":"plain")")) {
      found = line;
    }
  }
  ASSERT_FALSE(found.empty());
  const std::string before = R"("MODE":"plain")";
  found.replace(found.find(before), before.size(), R"("MODE":"edited")");
  write("cloud.jsonl", read("cloud.jsonl") + found + "\n");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

Value json_of(const std::string& text) {
  auto parsed = parse_json(text);
  if (const auto* error = std::get_if<std::string>(&parsed)) {
    ADD_FAILURE() << *error << "\n" << text;
    return {};
  }
  return std::get<Value>(parsed);
}

std::vector<Value> events_of(const std::string& text) {
  std::vector<Value> events;
  for (const std::string& line : lines_of(text)) {
    events.push_back(json_of(line));
  }
  return events;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace infra::test
