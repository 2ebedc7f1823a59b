// tests/unit/doors/door_fixture.h — a schema with one HTTP endpoint, a server behind it, and doors
// to it.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "providers/support.h"
#include "tests/support/loopback_server.h"
#include "tests/support/recording_gate.h"

namespace infra {

class DoorTest : public ::testing::Test {
 protected:
  DoorTest() {
    schema.name = "platform";
    schema.endpoints = {{.name = "api", .base_url = "{address}", .credential = {"/token"}}};
    schema.messages = {"/message"};
    schema.reading_posts = {"POST /search"};
    std::string name = (std::filesystem::temp_directory_path() / "infra-door-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~DoorTest() override { std::filesystem::remove_all(folder); }
  DoorTest(const DoorTest&) = delete;
  DoorTest& operator=(const DoorTest&) = delete;
  DoorTest(DoorTest&&) = delete;
  DoorTest& operator=(DoorTest&&) = delete;

  void serve(testing::LoopbackServer::Handler handler) {
    server = std::make_unique<testing::LoopbackServer>(std::move(handler));
    address = server->url();
  }
  DoorContext context() {
    Value settings = Object{{"address", address}, {"token", Secret("t0ken-of-mine")}};
    settings.set("/infra/folder", folder);
    for (const auto& [path, value] : more_settings) {
      settings.set(path, value);
    }
    DoorContext made = testing::quick_context(schema, std::move(settings), &waited);
    made.requested = [this] { ++requested; };
    return made;
  }
  std::unique_ptr<Reader> reader() { return open_reader(context()); }
  std::unique_ptr<Writer> writer() { return open_writer(context(), gate); }
  void write_file(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(folder + "/" + name).parent_path());
    std::ofstream(folder + "/" + name) << text;
  }
  static Call post(std::string_view path, Value body = Object{{"a", 1}}) {
    Call call{Method::post, path};
    call.body.value = std::move(body);
    return call;
  }

  ProviderSchema schema;
  std::string folder, address;
  std::map<Path, Value> more_settings;
  std::unique_ptr<testing::LoopbackServer> server;
  testing::RecordingGate gate;
  std::chrono::milliseconds waited{0};
  int requested = 0;
};

}  // namespace infra
