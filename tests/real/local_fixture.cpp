#include "tests/real/local_fixture.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace infra {
namespace {

namespace fs = std::filesystem;

// Answers every path with the value of KEY; /refuse with 500; /secret with 401 unless told KEY;
// ends at /end.
constexpr const char* web_program = R"(
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        given = self.headers.get("Authorization", "") or self.headers.get("X-Signature", "")
        if self.path == "/end":
            os._exit(3)
        status = 500 if self.path == "/refuse" else 200
        if self.path == "/secret" and given != "Bearer " + os.environ.get("KEY", ""):
            status = 401
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        print(self.command, self.path, given[:6], body, flush=True)
        text = os.environ.get("KEY", "none").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    do_POST = do_GET
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
)";

bool is_zombie(const fs::path& process) {
  std::ifstream file(process / "stat");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t end = text.rfind(')');
  return end == std::string::npos || text.substr(end + 2, 1) == "Z";
}

}  // namespace

LocalTest::LocalTest() {
  std::string name = (fs::temp_directory_path() / "infra-local-XXXXXX").string();
  folder = ::mkdtemp(name.data());
  // As deep as a stack may lie: longer than the name of a socket can be.
  data = folder + "/" + std::string(60, 'd') + "/" + std::string(60, 'e') + "/.infra/dev";
  fs::create_directories(data);
  write("web.py", web_program);
}

LocalTest::~LocalTest() {
  for (const char* type : {"local.cron", "local.service", "local.volume", "local.bucket",
                           "local.redis", "local.file", "local.database"}) {
    for (const Remote& remote : list(type)) {
      (void)remove(type, remote.id);
    }
  }
  const Value left = ask_agent(data, "GET", "/databases", std::chrono::seconds(30)).body;
  for (const Value& item : left.at("/items").list()) {
    (void)remove("local.database", item.at("/id").text());
  }
  (void)eventually([&] { return !agent_answers(data); });
  fs::remove_all(folder);
}

DoorContext LocalTest::context() const {
  Value settings(Object{});
  settings.set("/infra/stack", "shop");
  settings.set("/infra/environment", "dev");
  settings.set("/infra/folder", folder);
  settings.set("/infra/data", data);
  settings.set("/infra/executable", AGENT_PROGRAM);
  return testing::quick_context(local_schema(), std::move(settings));
}

Reply<Remote> LocalTest::change(Action action, const std::string& type, const std::string& name,
                                Value desired, bool redeploy) {
  const auto door = open_writer(context(), gate_);
  static int operations = 0;
  Change one;
  one.action = action;
  one.address = type.substr(type.find('.') + 1) + "." + name;
  one.type = type;
  one.id = action == Action::create ? "" : name;
  one.desired = std::move(desired);
  one.op = "op" + std::to_string(++operations);
  one.marker = name;
  one.redeploy = redeploy;
  ApplyRequest request;
  request.changes = {one};
  return local_provider().apply(request, *door).at(0);
}

Reply<Remote> LocalTest::run(const std::string& name, Value desired) {
  if (auto made = create("local.service", name, desired); !made) {
    return made.error();
  }
  return update("local.service", name, std::move(desired));
}

std::vector<Remote> LocalTest::list(const std::string& type) {
  const auto door = open_reader(context());
  auto found = local_provider().list({type, ""}, *door);
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  return found ? *found : std::vector<Remote>{};
}

Remote LocalTest::find(const std::string& type, const std::string& name) {
  for (Remote& remote : list(type)) {
    if (remote.id == name) {
      return remote;
    }
  }
  return Remote{};
}

Value LocalTest::web(const std::string& key) const {
  Value desired(Object{{"name", "web"}, {"command", "exec python3 web.py"}});
  desired.set("/source/directory", ".");
  desired.set("/health/path", "/");
  if (!key.empty()) {
    desired.set("/env/KEY", Secret(key));
  }
  return desired;
}

void LocalTest::write(const std::string& name, const std::string& text) const {
  std::ofstream(folder + "/" + name) << text;
}

std::string LocalTest::read(const std::string& path) const {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Reply<ProbeAnswer> LocalTest::get(const std::string& url) const {
  ProbeRequest request;
  request.url = url;
  return probe_http(request);
}

std::vector<pid_t> LocalTest::processes() const {
  std::vector<pid_t> found;
  const std::string mark = "INFRA_AGENT=" + agent_folder(data) + std::string(1, '\0');
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos &&
        read(entry.path() / "environ").find(mark) != std::string::npos &&
        !is_zombie(entry.path())) {
      found.push_back(std::stoi(name));
    }
  }
  return found;
}

pid_t LocalTest::agent() const {
  return static_cast<pid_t>(
      ask_agent(data, "GET", "/", std::chrono::seconds(10)).body.at("/pid").integer());
}

void LocalTest::kill_agent() const {
  const pid_t pid = agent();
  ASSERT_GT(pid, 0);
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return !agent_answers(data); }));
}

bool LocalTest::eventually(const std::function<bool()>& condition) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

}  // namespace infra
