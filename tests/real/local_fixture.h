// tests/real/local_fixture.h — a stack's folder on this machine, the local driver with real doors,
// and its real agent, which is ended with the test whatever happens.
#pragma once
#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "providers/doors.h"
#include "providers/local/agent_client.h"
#include "providers/local/local.h"
#include "tests/support/recording_gate.h"

namespace infra {

class LocalTest : public ::testing::Test {
 protected:
  LocalTest();
  ~LocalTest() override;
  LocalTest(const LocalTest&) = delete;
  LocalTest& operator=(const LocalTest&) = delete;

  // One change through the driver. The id and marker are `name`.
  Reply<Remote> change(Action action, const std::string& type, const std::string& name,
                       Value desired, bool redeploy = false);
  Reply<Remote> create(const std::string& type, const std::string& name, Value desired) {
    return change(Action::create, type, name, std::move(desired));
  }
  Reply<Remote> update(const std::string& type, const std::string& name, Value desired) {
    return change(Action::update, type, name, std::move(desired));
  }
  Reply<Remote> remove(const std::string& type, const std::string& name) {
    return change(Action::remove, type, name, Value(Object{}));
  }
  // Made and live.
  Reply<Remote> run(const std::string& name, Value desired);
  std::vector<Remote> list(const std::string& type);
  Remote find(const std::string& type, const std::string& name);  // id "": absent

  // A web server in the stack's folder that answers with the value of KEY.
  Value web(const std::string& key = "") const;
  void write(const std::string& name, const std::string& text) const;
  [[nodiscard]] std::string read(const std::string& path) const;
  [[nodiscard]] Reply<ProbeAnswer> get(const std::string& url) const;
  // Processes (no zombies) that carry this agent's mark; the agent itself not.
  [[nodiscard]] std::vector<pid_t> processes() const;
  [[nodiscard]] pid_t agent() const;  // 0: none runs
  void kill_agent() const;            // SIGKILL, and waits until it is gone
  // Looks again and again, for at most 30 s.
  [[nodiscard]] bool eventually(const std::function<bool()>& condition) const;

  std::string folder, data;

 private:
  [[nodiscard]] DoorContext context() const;
  testing::RecordingGate gate_;
};

}  // namespace infra
