// program.h — the built program run in a temporary folder, as a person or a pipeline would run it.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/value.h"

namespace infra::test {

struct Ended {
  int status = -1;  // 128 + signal when it was killed
  std::string out, err;
};

// A stack on the simulator, whose cloud is a file of the folder; the folder goes with the test.
class Program : public testing::Test {
 protected:
  Program();
  ~Program() override;

  // Runs `infra WORDS` in the folder, without a terminal, and waits for its end.
  Ended run(const std::vector<std::string>& words);
  // The same, sending `signals` one after the other once standard output holds `sign`.
  Ended run_and_signal(const std::vector<std::string>& words, const std::string& sign,
                       const std::vector<int>& signals);

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string read(const std::string& name) const;
  void write(const std::string& name, const std::string& text) const;
  void replace(const std::string& name, const std::string& from, const std::string& to) const;
  [[nodiscard]] bool exists(const std::string& name) const;

  // main.infra with a database, a service that uses it, and a bucket; `prod` guards them.
  void write_shop() const;
  // Somebody changes the service in the platform's console.
  void change_behind_the_back() const;

  std::vector<std::string> environment_;  // further variables, NAME=VALUE

 private:
  [[nodiscard]] int spawn(const std::vector<std::string>& words, const std::string& out,
                          const std::string& err) const;
  std::string folder_, home_;
};

// The lines of a text.
[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);
// The one JSON document that the text is; fails the test when it is none.
[[nodiscard]] Value json_of(const std::string& text);
// Each line as a JSON document.
[[nodiscard]] std::vector<Value> events_of(const std::string& text);
[[nodiscard]] bool has(const std::string& text, const std::string& part);

}  // namespace infra::test
