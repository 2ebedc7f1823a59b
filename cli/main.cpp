#include "cli/command_line.h"
#include "cli/process.h"

int main(int count, char** words) {
  infra::harden_process();
  return infra::run_command_line(count, words);
}
