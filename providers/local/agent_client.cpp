#include "providers/local/agent_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <vector>

#include "base/json.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

// Closes itself.
struct Handle {
  int number = -1;
  explicit Handle(int value) : number(value) {}
  ~Handle() {
    if (number >= 0) {
      close(number);
    }
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
};

// Connects to the agent's socket. Its path may be longer than a socket's name can be, so it is
// named through the open folder.
int connect_to(const std::string& folder) {
  const Handle directory(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (directory.number < 0) {
    return -1;
  }
  const int channel = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (channel < 0) {
    return -1;
  }
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/agent.sock", directory.number);
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  if (connect(channel, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0) {
    close(channel);
    return -1;
  }
  return channel;
}

bool send_all(int channel, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(channel, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Reads until the other side closes or the time is over.
std::string receive_all(int channel, milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    pollfd ready{channel, POLLIN, 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
      return text;
    }
    const ssize_t got = recv(channel, buffer.data(), buffer.size(), 0);
    if (got <= 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t head = text.find("\r\n\r\n");
    const std::size_t length = text.find("Content-Length: ");
    std::size_t size = 0;
    if (head != std::string::npos && length < head) {
      std::from_chars(text.data() + length + 16, text.data() + head, size);
      if (text.size() >= head + 4 + size) {
        return text;
      }
    }
  }
}

// What the agent may know of this process's environment: no token or key of anybody's.
std::vector<std::string> agent_environment() {
  static constexpr std::array names{
      "PATH",         "HOME",         "LANG",          "LC_ALL",
      "LC_CTYPE",     "TZ",           "USER",          "LOGNAME",
      "SHELL",        "TMPDIR",       "VIRTUAL_ENV",   "NVM_DIR",
      "NVM_BIN",      "PYENV_ROOT",   "SSL_CERT_FILE", "INFRA_POSTGRES_BIN",
      "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"};
  std::vector<std::string> kept;
  for (const char* name : names) {
    if (const char* value = std::getenv(name)) {
      kept.push_back(fmt::format("{}={}", name, value));
    }
  }
  return kept;
}

// Runs `executable agent --data FOLDER --detach`, which returns when the agent answers. What it
// said on standard error, with its exit status.
struct Started {
  int status = -1;
  std::string said;
};
Started start_agent(const std::string& executable, const std::string& data) {
  std::vector<std::string> arguments{executable, "agent", "--data", data, "--detach"};
  std::vector<std::string> environment = agent_environment();
  std::vector<char*> argument_pointers;
  std::vector<char*> environment_pointers;
  for (auto& one : arguments) {
    argument_pointers.push_back(one.data());
  }
  for (auto& one : environment) {
    environment_pointers.push_back(one.data());
  }
  argument_pointers.push_back(nullptr);
  environment_pointers.push_back(nullptr);
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return {-1, std::strerror(errno)};
  }
  const Handle reading(ends[0]);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, ends[1], 2);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  pid_t child = 0;
  const int failed = posix_spawn(&child, executable.c_str(), &files, nullptr,
                                 argument_pointers.data(), environment_pointers.data());
  posix_spawn_file_actions_destroy(&files);
  close(ends[1]);
  if (failed != 0) {
    return {-1, fmt::format("cannot start {}: {}", executable, std::strerror(failed))};
  }
  Started started;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = read(reading.number, buffer.data(), buffer.size())) != 0;) {
    if (got > 0) {
      started.said.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      break;
    }
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  started.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  while (!started.said.empty() && started.said.back() == '\n') {
    started.said.pop_back();
  }
  return started;
}

}  // namespace

std::string agent_folder(const std::string& environment_data) {
  return environment_data + "/local";
}

std::string agent_socket(const std::string& environment_data) {
  return agent_folder(environment_data) + "/agent.sock";
}

std::string agent_registry_file(const std::string& environment_data) {
  return agent_folder(environment_data) + "/registry.json";
}

std::string log_file(const std::string& environment_data, const std::string& id) {
  return agent_folder(environment_data) + "/logs/" + id + ".log";
}

bool agent_answers(const std::string& environment_data) {
  const Handle channel(connect_to(agent_folder(environment_data)));
  return channel.number >= 0;
}

std::string ensure_agent(const std::string& environment_data, const std::string& executable) {
  static std::mutex starting;  // one start at a time; between programs the agent's lock decides
  const std::lock_guard lock(starting);
  if (agent_answers(environment_data)) {
    return "";
  }
  const Started started = start_agent(executable, environment_data);
  if (started.status == 0 && agent_answers(environment_data)) {
    return "";
  }
  return started.said.empty()
             ? fmt::format("the agent ended at once with status {}", started.status)
             : started.said;
}

AgentAnswer ask_agent(const std::string& environment_data, const std::string& method,
                      const std::string& path, milliseconds timeout) {
  const Handle channel(connect_to(agent_folder(environment_data)));
  if (channel.number < 0) {
    return {0, {}, "no agent runs for this environment; infra apply starts one"};
  }
  const std::string request =
      fmt::format("{} {} HTTP/1.1\r\nHost: agent\r\nContent-Length: 0\r\n\r\n", method, path);
  if (!send_all(channel.number, request)) {
    return {0, {}, "the agent closed the connection"};
  }
  const std::string text = receive_all(channel.number, timeout);
  const std::size_t head = text.find("\r\n\r\n");
  AgentAnswer answer;
  if (head == std::string::npos || !text.starts_with("HTTP/1.1 ")) {
    answer.failure = "the agent did not answer in time";
    return answer;
  }
  std::from_chars(text.data() + 9, text.data() + head, answer.status);
  auto body = parse_json(std::string_view(text).substr(head + 4));
  if (auto* value = std::get_if<Value>(&body)) {
    answer.body = std::move(*value);
  }
  return answer;
}

LogText read_log(const std::string& environment_data, const std::string& id, std::size_t lines) {
  LogText result;
  const std::string path = log_file(environment_data, id);
  for (const std::string& file : {path + ".1", path}) {
    std::ifstream stream(file, std::ios::binary);
    result.text.append(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  std::error_code error;
  if (result.text.empty() && !std::filesystem::exists(path, error)) {
    result.failure = fmt::format("nothing was written yet: {} is not there", path);
    return result;
  }
  std::size_t from = result.text.size();
  for (std::size_t count = 0; from > 0; --from) {
    if (result.text[from - 1] == '\n' && from != result.text.size() && ++count == lines) {
      break;
    }
  }
  result.text.erase(0, from);
  return result;
}

FireResult fire_cron(const std::string& environment_data, const std::string& id) {
  const AgentAnswer answer =
      ask_agent(environment_data, "POST", "/crons/" + id + "/fire", milliseconds(600'000));
  if (answer.status != 200) {
    return {false, answer.status == 0 ? answer.failure : answer.body.at("/message").text()};
  }
  return {answer.body.at("/last/succeeded").truth(), answer.body.at("/last/result").text()};
}

}  // namespace infra
